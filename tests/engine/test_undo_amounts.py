"""Undo of one's own amounts, which go with their currency, and of types that are gone by now."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from tests.engine.test_undo import bulk, changed, leads
from tests.exchange.imports import Person, working
from tests.factories import Owner

pytestmark = pytest.mark.anyio
USD = {"fee": 500, "fee_currency": "USD"}


@pytest.fixture
async def person(client: httpx.AsyncClient, organisation, desk):
    async with working(desk):
        yield Person(client, await organisation.person("owner"))


@pytest.fixture
async def lead(person: Person) -> dict[str, Any]:
    """A lead with an amount of the organisation's own, in dollars."""
    fee = {"type": "lead", "name": "fee", "kind": "money"}
    await person.post("/v1/custom-fields", fee, 201)
    (made,) = await leads(person, 1, notes="old", custom=USD)
    return made


@pytest.mark.parametrize("fee", [(700, "JPY"), (900, "USD"), (500, "JPY"), (None, None)])
async def test_an_amount_that_was_edited_since_is_kept_with_its_currency(person, lead, fee):
    batch = await changed(person, [lead], notes="new", custom={"fee": 700})
    edited = dict(zip(USD, fee, strict=True))
    await person.patch(f"/v1/leads/{lead['id']}", {"custom": edited})
    undo = await person.undone(batch)
    (told,) = undo["result"]["details"]
    assert told["fields"] == ["custom.fee"]
    (now,) = await person.every("leads")
    assert (now["notes"], now["custom"]) == ("old", edited if fee[0] else {})


async def test_an_amount_goes_back_with_its_currency_and_is_found_by_it(person, lead):
    for new in ({"fee": 500, "fee_currency": "JPY"}, {"fee": 7, "fee_currency": "EUR"}):
        batch = await changed(person, [lead], custom=new)
        assert await person.every("leads", **{"custom.fee": "500"}) == []
        undo = await person.undone(batch)
        assert undo["result"]["details"] == []
        (now,) = await person.every("leads", **{"custom.fee": "500"})
        assert now["custom"] == USD


async def test_a_first_amount_goes_with_its_currency(person, lead):
    (bare,) = await leads(person, 1)
    batch = await changed(person, [bare], custom={"fee": 1})
    assert (await person.undone(batch))["result"]["restored"] == 1
    assert (await person.get(f"/v1/leads/{bare['id']}"))["custom"] == {}
    assert [one["id"] for one in await person.every("leads", **{"custom.fee[gte]": "0"})] == [
        lead["id"]
    ]


async def test_records_of_a_type_that_was_deleted_are_gone_and_the_rest_is_undone(
    person, owner: Owner
):
    made: list[str] = []
    for name in ("vehicles", "boats"):
        await person.post("/v1/types", {"name": name}, 201)
        rows = await bulk(person, "POST", f"custom/{name}", [{"name": "A"}, {"name": "B"}])
        made.append(rows["meta"]["batch_id"])
    (lead,) = await leads(person, 1)
    made.append((await person.get("/v1/batches"))[0]["id"])
    join = "UPDATE tenfold.change_log SET batch_id = $1::text::uuid WHERE batch_id::text = $2"
    for batch in made[1:]:
        await owner.execute(join, made[0], batch)
    answer = await person.client.delete("/v1/types/vehicles", headers=person.who.headers)
    assert answer.status_code == 200
    undo = await person.undone(made[0])
    assert (undo["status"], undo["result"]["total"]) == ("done", 5)
    assert (undo["result"]["deleted"], undo["result"]["gone"]) == (3, 2)
    assert await person.every("custom/boats") == []
    deleted = await person.every("leads", deleted="true")
    assert [one["id"] for one in deleted] == [lead["id"]]
