"""Amounts and their currencies: kept when an amount changes, never compared with one another."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import httpx
import pytest
from tests.factories import Somebody

pytestmark = pytest.mark.anyio
Ask = Callable[..., Awaitable[Any]]
NAMES = {"first_name": "Aiko", "last_name": "Sato"}
YEN = {"budget": 50_000, "budget_currency": "JPY"}
FEE = {"fee": 300, "fee_currency": "JPY"}


@pytest.fixture
def ask(client: httpx.AsyncClient, admin: Somebody) -> Ask:
    """Ask the API as an administrator; answers the data, or the fields that were refused."""

    async def asked(method: str, path: str, body: Any = None) -> Any:
        answer = await client.request(method, f"/v1/{path}", json=body, headers=admin.headers)
        document = answer.json()
        if answer.is_success:
            return document["data"]
        fields = document["error"]["fields"]
        return {name.removeprefix("records[0]."): text for name, text in fields.items()}

    return asked


@pytest.fixture
async def lead(ask: Ask) -> dict[str, Any]:
    """A lead in yen, in an organisation that has dollars, with an amount of its own kind."""
    await ask("POST", "custom-fields", {"type": "lead", "name": "fee", "kind": "money"})
    made = await ask("POST", "leads", {**NAMES, **YEN, "external_id": "a", "custom": FEE})
    assert (made["budget"], made["custom"]) == (50_000, FEE)
    return made


def ways(lead: dict[str, Any], change: dict[str, Any]) -> dict[str, tuple[str, str, Any]]:
    """The same change by every way that the API has for it."""
    by_key = {"key": "external_id", "records": [{"external_id": "a", **change}]}
    return {
        "one": ("PATCH", f"leads/{lead['id']}", change),
        "bulk": ("PATCH", "leads/bulk", {"records": [{"id": lead["id"], **change}]}),
        "upsert": ("POST", "leads/upsert", by_key),
    }


@pytest.mark.parametrize("way", ["one", "bulk", "upsert"])
async def test_an_amount_alone_keeps_the_records_own_currency(
    ask: Ask, lead: dict[str, Any], way: str
) -> None:
    await ask(*ways(lead, {"budget": 70_000, "custom": {"fee": 400}})[way])
    now = await ask("GET", f"leads/{lead['id']}")
    assert (now["budget"], now["budget_currency"]) == (70_000, "JPY")
    assert now["custom"] == {"fee": 400, "fee_currency": "JPY"}
    # Yen have no hundredths, whatever the organisation's own currency has.
    told = await ask(*ways(lead, {"budget": "12.50", "custom": {"fee": "1.5"}})[way])
    why = "must have at most 0 decimal places in JPY"
    assert told == {"budget": why, "custom.fee": why}
    again = await ask("GET", f"leads/{lead['id']}")
    assert again["version"] == now["version"]


async def test_a_first_amount_or_one_without_a_known_currency_is_the_organisations(
    ask: Ask, lead: dict[str, Any]
) -> None:
    path = f"leads/{lead['id']}"
    bare = await ask("PATCH", path, {"budget": None, "custom": {"fee": None}})
    assert (bare["budget_currency"], bare["custom"]) == (None, {})
    filled = await ask("PATCH", path, {"budget": "12.50", "custom": {"fee": 1.5}})
    assert (filled["budget"], filled["budget_currency"]) == (12.5, "USD")
    assert filled["custom"] == {"fee": 1.5, "fee_currency": "USD"}
    changed = await ask("PATCH", path, {"budget": 9, "budget_currency": "chf"})
    assert (changed["budget"], changed["budget_currency"]) == (9, "CHF")


@pytest.mark.parametrize("way", ["one", "bulk", "upsert", "new"])
async def test_a_currency_alone_is_refused(ask: Ask, lead: dict[str, Any], way: str) -> None:
    alone = {"budget_currency": "EUR", "custom": {"fee_currency": "EUR"}}
    known = {**ways(lead, alone), "new": ("POST", "leads", {**NAMES, **alone})}
    assert await ask(*known[way]) == {
        "budget_currency": "goes with budget; give both",
        "custom.fee_currency": "goes with custom.fee; give both",
    }
    wrong = {"budget": 1, "budget_currency": 5, "custom": {"fee": 1, "fee_currency": 5}}
    told = await ask("PATCH", f"leads/{lead['id']}", wrong)
    assert set(told) == {"budget_currency", "custom.fee_currency"}


@pytest.fixture
async def mixed(ask: Ask, lead: dict[str, Any]) -> dict[str, str]:
    """Leads in yen, dollars and euros, and one without an amount; the names of their ids."""
    found = {lead["id"]: "yen"}
    for name, amount, currency in (
        ("dollars", 600, "USD"),
        ("euros", 700, "EUR"),
        ("few dollars", 5, "USD"),
        ("nothing", None, None),
    ):
        own = {"budget": amount, "budget_currency": currency}
        custom = {"fee": amount, "fee_currency": currency}
        found[(await ask("POST", "leads", {**NAMES, **own, "custom": custom}))["id"]] = name
    return found


@pytest.mark.parametrize("name", ["budget", "custom.fee"])
@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("{}[gte]=100", {"dollars"}),
        ("{}=700", set[str]()),
        ("{}[in]=600,700,300", {"dollars"}),
        ("{}=700&{}_currency=EUR", {"euros"}),
        ("{}_currency=eur&{}[lt]=1000", {"euros"}),
        ("{}[gte]=100&{}_currency=JPY", {"yen"}),
        ("{}[ne]=600", {"yen", "euros", "few dollars", "nothing"}),
        ("{}[ne]=700", {"yen", "dollars", "euros", "few dollars", "nothing"}),
        ("{}_currency=EUR", {"euros"}),
        ("{}_currency[in]=EUR,JPY", {"euros", "yen"}),
        ("{}[null]=false&{}_currency=EUR", {"euros"}),
        ("{}[null]=true", {"nothing"}),
        ("{}[null]=false", {"yen", "dollars", "euros", "few dollars"}),
    ],
)
async def test_amounts_are_compared_in_one_currency(
    ask: Ask, mixed: dict[str, str], name: str, query: str, expected: set[str]
) -> None:
    found = await ask("GET", f"leads?{query.replace('{}', name)}")
    assert {mixed[row["id"]] for row in found} == expected


@pytest.mark.parametrize("name", ["budget", "custom.fee"])
async def test_filters_by_currency_say_what_they_can_not(
    ask: Ask, mixed: dict[str, str], name: str
) -> None:
    told = await ask("GET", f"leads?{name}[gte]=5&{name}_currency[in]=EUR,USD")
    why = f"is compared in one currency; name it with {name}_currency=USD"
    assert told == {f"{name}[gte]": why}
    assert f"{name}_currency" in await ask("GET", f"leads?{name}_currency=XXQ")
    # The exponent is that of the currency named.
    told = await ask("GET", f"leads?{name}=1.5&{name}_currency=JPY")
    assert told == {name: "must have at most 0 decimal places in JPY"}


@pytest.mark.parametrize(
    ("sort", "expected"),
    [
        ("budget", "euros,yen,few dollars,dollars,nothing,more nothing"),
        ("-budget", "dollars,few dollars,yen,euros,more nothing,nothing"),
        ("last_name,-budget", "more nothing,dollars,few dollars,yen,euros,nothing"),
    ],
)
async def test_amounts_are_sorted_within_their_currency(
    client: httpx.AsyncClient,
    admin: Somebody,
    ask: Ask,
    mixed: dict[str, str],
    sort: str,
    expected: str,
) -> None:
    late = await ask("POST", "leads", {"first_name": "Aiko", "last_name": "Abe"})
    names = {**mixed, late["id"]: "more nothing"}
    found: list[str] = []
    cursor = ""
    for _ in names:
        address = f"/v1/leads?sort={sort}&limit=1{cursor}"
        answer = (await client.get(address, headers=admin.headers)).json()
        found += [names[row["id"]] for row in answer["data"]]
        cursor = f"&cursor={answer['meta']['next_cursor']}"
    assert ",".join(found) == expected
    assert cursor == "&cursor=None"
    for limit in (2, 100):
        pages = [await ask("GET", f"leads?sort={sort}&limit={limit}&page={n}") for n in (1, 2, 3)]
        assert ",".join(names[row["id"]] for page in pages for row in page) == expected


async def test_a_currency_is_sorted_by_with_its_amount(ask: Ask, lead: dict[str, Any]) -> None:
    assert await ask("GET", "leads?sort=-budget_currency,budget") == {
        "sort": "can't sort by budget_currency; a list sorted by budget goes by its currency first"
    }
    assert await ask("GET", "leads?sort=custom.fee_currency") == {
        "sort": "can't sort by custom.fee_currency"
    }


async def test_figures_of_amounts_are_kept_apart_by_currency(
    ask: Ask, mixed: dict[str, str]
) -> None:
    groups = await ask("GET", "leads/aggregate?sum=budget&budget[gte]=1")
    assert groups == [{"count": 2, "sum_budget": 605, "budget_currency": "USD"}]
    groups = await ask("GET", "leads/aggregate?sum=budget")
    assert {g["budget_currency"]: g["sum_budget"] for g in groups} == {
        "USD": 605,
        "EUR": 700,
        "JPY": 50_000,
        None: None,
    }


async def test_a_companys_deals_have_no_figure_where_their_currencies_differ(ask: Ask) -> None:
    company = await ask("POST", "companies", {"name": "Acme"})
    deal = {"name": "One", "company_id": company["id"]}
    for amount, currency, status, figure in (
        (600, "USD", "proposal", 600),
        (50, "USD", "proposal", 650),
        # What is lost brings nothing, in whichever currency.
        (900, "EUR", "lost", 650),
        (900, "JPY", "proposal", None),
    ):
        given = {"amount": amount, "amount_currency": currency, "status": status}
        assert "id" in (await ask("POST", "deals", {**deal, **given}))
        now = await ask("GET", f"companies/{company['id']}")
        assert now["open_deal_amount"] == figure


async def test_the_timeline_shows_the_currency_of_its_time(
    client: httpx.AsyncClient, admin: Somebody, ask: Ask, lead: dict[str, Any]
) -> None:
    path = f"leads/{lead['id']}"
    for change in (
        {"budget": 60_000},
        {"budget": 600, "budget_currency": "USD", "custom": {"fee": 300, "fee_currency": "EUR"}},
        {"budget": 700, "budget_currency": "EUR"},
    ):
        assert "id" in await ask("PATCH", path, change)
    seen: list[Any] = []
    cursor = ""
    for _ in range(4):
        address = f"/v1/{path}/timeline?limit=1{cursor}"
        answer = (await client.get(address, headers=admin.headers)).json()
        (entry,) = answer["data"]
        for one in entry["fields"]:
            if one["field"] in ("budget", "custom.fee"):
                old, new = (one["old"], one["old_currency"]), (one["new"], one["currency"])
                seen.append((one["field"], old, new))
        cursor = f"&cursor={answer['meta']['next_cursor']}"
    assert seen == [
        ("budget", (600, "USD"), (700, "EUR")),
        ("budget", (60_000, "JPY"), (600, "USD")),
        ("custom.fee", (300, "JPY"), (300, "EUR")),
        ("budget", (50_000, "JPY"), (60_000, "JPY")),
        ("budget", (None, None), (50_000, "JPY")),
        ("custom.fee", (None, None), (300, "JPY")),
    ]
