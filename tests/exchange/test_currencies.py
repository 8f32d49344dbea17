"""A file's currency: of one amount where its column says so, else of all amounts of the row."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from tests.exchange.imports import Person, counts, working

from tenfold.web.desk import Desk

pytestmark = pytest.mark.anyio
MANY = (
    "External ID,Address,List price,Close price,Tax annual amount,Tax annual amount currency,"
    "Fee,{}\n"
    "a,1 A St,100000,$90000,5,JPY,7.5,cad\n"
    "b,2 A St,100000,€90000,5,,7,CAD\n"
    "c,3 A St,100000,$90000,,,,\n"
)


@pytest.fixture
async def person(client: httpx.AsyncClient, organisation, desk: Desk) -> AsyncIterator[Person]:
    async with working(desk):
        yield Person(client, await organisation.person("owner"))


def amounts(one: dict[str, Any]) -> dict[str, tuple[float, str] | None]:
    """The amounts of a listing, each with its currency."""
    plain = {name: one.get(name) for name in ("list_price", "close_price", "tax_annual_amount")}
    found = {**plain, "fee": one["custom"].get("fee")}
    beside = {**one, **one["custom"]}
    return {name: (v, beside[f"{name}_currency"]) if v else None for name, v in found.items()}


@pytest.mark.parametrize("header", ["Currency", "CurrencyIsoCode", "Währung"])
async def test_a_bare_currency_is_that_of_every_amount_which_names_none(person, header):
    fee = {"type": "listing", "name": "fee", "kind": "money"}
    await person.post("/v1/custom-fields", fee, 201)
    # Whatever was asked for is for amounts of which nothing in the file tells.
    view = await person.imported(MANY.format(header), "listings", currency="CHF")
    assert counts(view) == (3, 3, 0, 0, 0), await person.refused(view)
    assert {o["external_id"]: amounts(o) for o in await person.every("listings")} == {
        "a": {
            "list_price": (100_000, "CAD"),
            # A dollar beside CAD is a Canadian one.
            "close_price": (90_000, "CAD"),
            "tax_annual_amount": (5, "JPY"),
            "fee": (7.5, "CAD"),
        },
        "b": {
            "list_price": (100_000, "CAD"),
            "close_price": (90_000, "EUR"),
            "tax_annual_amount": (5, "CAD"),
            "fee": (7, "CAD"),
        },
        "c": {
            "list_price": (100_000, "CHF"),
            "close_price": (90_000, "USD"),
            "tax_annual_amount": None,
            "fee": None,
        },
    }


async def test_a_bare_currency_goes_with_any_amount_and_is_left_out_beside_none(person):
    text = "External ID,Address,Close price,Currency\na,1 A St,90000,CAD\nb,2 A St,n/a,CAD\n"
    view = await person.imported(text, "listings")
    assert counts(view) == (2, 1, 0, 0, 1)
    (one,) = await person.every("listings")
    assert (one["close_price"], one["close_price_currency"]) == (90_000, "CAD")
    assert (one["list_price"], one["list_price_currency"]) == (90_000, "CAD")
    assert "1 value of 'Currency' left out: no amount beside." in view["notes"]


async def test_the_preview_shows_the_currency_of_every_amount(person):
    text = "Address,List price,Close price,Currency\n1 A St,100000,90000,CAD\n2 A St,1,2,dollars\n"
    answer = await person.client.post(
        "/v1/imports/preview",
        data={"type": "listings"},
        files=[("file", ("rows.csv", text.encode()))],
        headers=person.who.headers,
    )
    shown = answer.json()["data"]
    goals = {one["column"]: one["target"] for one in shown["mapping"]}
    assert goals["Currency"] == "currency"
    labels = {one["name"]: one["label"] for one in shown["targets"]}
    assert labels["currency"] == "Currency of all amounts"
    good, bad = shown["first"]
    for name in ("list_price", "close_price"):
        assert good["values"][f"{name}_currency"] == "CAD"
    assert bad["refused"] == "Currency: 'DOLLARS' is not a currency; USD and EUR are."


async def test_a_currency_of_one_amount_stays_with_it(person):
    text = "Address,List price,Close price,{}\n1 A St,100000,90000,CAD\n"
    own = text.format("List price currency")
    chosen = {"mapping": '{"Currency": "list_price_currency"}'}
    for file, form in ((own, {}), (text.format("Currency"), chosen)):
        view = await person.imported(file, "listings", **form)
        assert counts(view) == (1, 1, 0, 0, 0)
        one = (await person.every("listings", sort="-created_at"))[0]
        assert one["list_price_currency"] == "CAD"
        assert one["close_price_currency"] == "USD"
