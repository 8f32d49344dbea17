"""Custom fields end to end: defined, written, filtered, sorted, cleared, required, retired."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import pytest
from tests.accounts.conftest import Api
from tests.factories import Organisation, Owner, Somebody

pytestmark = pytest.mark.anyio


async def define(api: Api, admin: Somebody, name: str, kind: str, **more: Any) -> dict[str, Any]:
    body = {"type": "lead", "name": name, "kind": kind, **more}
    return await api.data(admin, "POST", "custom-fields", body)


# Kind, parameters, a value, what is kept of it, a filter that finds it, one that doesn't.
VALUES: list[tuple[str, dict[str, Any], Any, Any, str, str]] = [
    ("text", {}, " Oak  Park ", "Oak Park", "=Oak Park", "=oak"),
    ("text", {}, "Oak Park", "Oak Park", "[prefix]=Oak", "[prefix]=Park"),
    ("long_text", {}, "a\r\nb", "a\nb", "[null]=false", "[null]=true"),
    ("integer", {}, 42, 42, "[gt]=41", "[gt]=42"),
    ("integer", {}, "42", 42, "=42", "[lt]=42"),
    ("decimal", {"places": 3}, 1.125, 1.125, "[gte]=1.125", "[gt]=1.125"),
    ("decimal", {}, "12.50", 12.5, "=12.5", "=12.51"),
    ("money", {}, 500_000, 500_000, "=500000", "[lt]=500000"),
    ("boolean", {}, False, False, "=false", "=true"),
    ("date", {}, "2026-11-21", "2026-11-21", "[lte]=2026-11-21", "[lt]=2026-11-21"),
    (
        "datetime",
        {},
        "2026-11-21T10:00:00+02:00",
        "2026-11-21T08:00:00+00:00",
        "=2026-11-21T08:00:00Z",
        "[gt]=2026-11-21T08:00:00Z",
    ),
    ("email", {}, "Zoe@Example.com", "zoe@example.com", "=ZOE@example.com", "=a@example.com"),
    ("phone", {}, "(415) 555-0101", "+14155550101", "=4155550101", "=4155550102"),
    ("url", {}, "https://a.example/x", "https://a.example/x", "[prefix]=https://a", "=https://b"),
    ("choice", {"options": ["a", "b"]}, "b", "b", "[in]=a,b", "[in]=a"),
    ("choices", {"options": ["a", "b"]}, ["b", "a"], ["b", "a"], "=a", "[null]=true"),
    ("tags", {}, ["vip", "vip", "x y"], ["vip", "x y"], "=x y", "=x"),
]


@pytest.mark.parametrize("case", VALUES, ids=lambda case: f"{case[0]}{case[4]}")
async def test_every_kind_is_written_found_and_cleared(
    api: Api, admin: Somebody, case: tuple[str, dict[str, Any], Any, Any, str, str]
) -> None:
    kind, more, value, kept, finds, misses = case
    await define(api, admin, "extra", kind, **more)
    other = await api.lead(admin)
    lead = await api.lead(admin, custom={"extra": value})
    shown = await api.data(admin, "GET", f"leads/{lead}")
    assert shown["custom"]["extra"] == kept
    (again,) = [r for r in await api.data(admin, "GET", "leads") if r["id"] == lead]
    assert again["custom"] == shown["custom"]

    def asked(condition: str) -> str:
        name, _, text = condition.rpartition("=")
        return f"custom.extra{name}={quote(text)}"

    assert await api.leads(admin, asked(finds)) == [lead]
    assert lead not in await api.leads(admin, asked(misses))
    assert await api.leads(admin, "custom.extra[null]=false") == [lead]
    same = await api.data(admin, "PATCH", f"leads/{lead}", {"custom": shown["custom"]})
    assert same["custom"] == shown["custom"]
    cleared = await api.data(admin, "PATCH", f"leads/{lead}", {"custom": {"extra": None}})
    assert cleared["custom"] == {}
    assert set(await api.leads(admin, "custom.extra[null]=true")) == {lead, other}
    assert await api.leads(admin, asked(finds)) == []


@pytest.mark.parametrize(
    ("kind", "more", "value"),
    [
        ("text", {"max_length": 3}, "four"),
        ("text", {}, 4),
        ("integer", {}, 1.5),
        ("decimal", {"places": 1}, 1.25),
        ("money", {}, "much"),
        ("boolean", {}, "yes"),
        ("date", {}, "21.11.2026"),
        ("datetime", {}, "2026-11-21T08:00:00"),
        ("email", {}, "nobody"),
        ("phone", {}, "12"),
        ("url", {}, "ftp://x"),
        ("choice", {"options": ["a"]}, "b"),
        ("choices", {"options": ["a"]}, ["b"]),
        ("tags", {}, "one"),
    ],
)
async def test_every_kind_refuses_what_it_is_not(
    api: Api, admin: Somebody, kind: str, more: Any, value: Any
) -> None:
    await define(api, admin, "extra", kind, **more)
    body = {"first_name": "A", "last_name": "B", "custom": {"extra": value}}
    status, code, fields = await api.refused(admin, "POST", "leads", body)
    assert (status, code, set(fields)) == (400, "INVALID_FIELDS", {"custom.extra"})


async def test_amount_keeps_its_currency_beside_it(api: Api, admin: Somebody) -> None:
    await define(api, admin, "fee", "money")
    lead = await api.lead(admin, custom={"fee": 1_500, "fee_currency": "JPY"})
    shown = await api.data(admin, "GET", f"leads/{lead}")
    assert shown["custom"] == {"fee": 1_500, "fee_currency": "JPY"}
    body = {"custom": {"fee": 10.55}}
    # Yen have no hundredths, and the amount stays one of yen.
    _, _, told = await api.refused(admin, "PATCH", f"leads/{lead}", body)
    assert told == {"custom.fee": "must have at most 0 decimal places in JPY"}
    body = {"custom": {"fee": 10}}
    changed = await api.data(admin, "PATCH", f"leads/{lead}", body)
    assert changed["custom"] == {"fee": 10, "fee_currency": "JPY"}
    alone = {"custom": {"fee_currency": "EUR"}}
    assert (await api.refused(admin, "PATCH", f"leads/{lead}", alone))[0] == 400
    wrong = {"custom": {"fee": 1, "fee_currency": "XXY"}}
    assert (await api.refused(admin, "PATCH", f"leads/{lead}", wrong))[0] == 400


@pytest.mark.parametrize("way", ["", "-"])
@pytest.mark.parametrize(
    ("kind", "values"),
    [
        ("integer", [3, None, 1, 2, None, 2, -5]),
        ("text", ["b", None, "a", "c", None, "c", "aa"]),
        ("date", ["2026-01-03", None, "2026-01-01", None, "2025-12-31"]),
    ],
)
async def test_sorting_pages_through_everything_in_order(
    api: Api, admin: Somebody, kind: str, values: list[Any], way: str
) -> None:
    await define(api, admin, "rank", kind)
    records = [{"first_name": "A", "last_name": "B", "custom": {"rank": v}} for v in values]
    answer = await api.ask(admin, "POST", "leads/bulk", {"records": records})
    assert answer.status_code == 201
    seen: list[Any] = []
    cursor = ""
    while True:
        page = (await api.ask(admin, "GET", f"leads?sort={way}custom.rank&limit=2{cursor}")).json()
        seen += [row["custom"].get("rank") for row in page["data"]]
        if not page["meta"]["has_more"]:
            break
        cursor = f"&cursor={page['meta']['next_cursor']}"
    some = sorted((v for v in values if v is not None), reverse=way == "-")
    assert seen == some + [None] * values.count(None)


async def test_bulk_change_of_different_fields_keeps_the_others_findable(
    api: Api, admin: Somebody
) -> None:
    await define(api, admin, "one", "text")
    await define(api, admin, "two", "text")
    first = await api.lead(admin, custom={"one": "x", "two": "x"})
    second = await api.lead(admin, custom={"one": "x", "two": "x"})
    changes = [{"id": first, "custom": {"one": "y"}}, {"id": second, "custom": {"two": "y"}}]
    answer = await api.ask(admin, "PATCH", "leads/bulk", {"records": changes})
    assert answer.status_code == 200
    assert await api.leads(admin, "custom.two=x") == [first]
    assert await api.leads(admin, "custom.one=x") == [second]


async def test_required_field_is_asked_for_and_not_emptied(api: Api, admin: Somebody) -> None:
    before = await api.lead(admin)
    await define(api, admin, "extra", "text", required=True)
    body = {"first_name": "A", "last_name": "B"}
    refused = await api.refused(admin, "POST", "leads", body)
    assert (refused[1], set(refused[2])) == ("MISSING_FIELDS", {"custom.extra"})
    lead = await api.lead(admin, custom={"extra": "x"})
    for empty in (None, "", "  "):
        change = {"custom": {"extra": empty}}
        refused = await api.refused(admin, "PATCH", f"leads/{lead}", change)
        assert (refused[0], set(refused[2])) == (400, {"custom.extra"})
    assert (await api.data(admin, "PATCH", f"leads/{before}", {"first_name": "Z"}))["version"] == 2


async def test_unknown_custom_fields_are_named(api: Api, admin: Somebody) -> None:
    body = {"first_name": "A", "last_name": "B", "custom": {"extra": 1}}
    refused = await api.refused(admin, "POST", "leads", body)
    assert (refused[1], set(refused[2])) == ("UNKNOWN_FIELD", {"custom.extra"})
    for query in ("custom.extra=1", "sort=custom.extra", "fields=custom.extra"):
        assert (await api.refused(admin, "GET", f"leads?{query}"))[1] == "UNKNOWN_FIELD"
    await define(api, admin, "extra", "integer")
    lead = await api.lead(admin, custom={"extra": 1})
    (row,) = await api.data(admin, "GET", "leads?fields=custom.extra")
    assert row == {"id": lead, "custom": {"extra": 1}}


async def test_definition_is_there_at_once_and_only_for_its_organisation(
    api: Api, admin: Somebody, stranger: Organisation
) -> None:
    them = await stranger.person("owner")
    made = await define(api, admin, "extra", "text", label="Extra", help="More.")
    assert made["label"] == "Extra"
    assert await api.data(admin, "GET", "custom-fields?type=lead") == [made]
    assert made not in await api.data(them, "GET", "custom-fields")
    path = f"custom-fields/{made['id']}"
    assert (await api.refused(them, "PATCH", path, {"label": "x"}))[0] == 404
    assert (await api.refused(them, "DELETE", path))[0] == 404
    body = {"first_name": "A", "last_name": "B", "custom": {"extra": "x"}}
    assert (await api.refused(them, "POST", "leads", body))[1] == "UNKNOWN_FIELD"
    await api.lead(admin, custom={"extra": "x"})


@pytest.mark.parametrize(
    ("body", "fields"),
    [
        ({}, {"type", "name", "kind"}),
        ({"type": "leed", "name": "x", "kind": "text"}, {"type"}),
        ({"type": "lead", "name": "X y", "kind": "text"}, {"name"}),
        ({"type": "lead", "name": "budget", "kind": "text"}, {"name"}),
        ({"type": "lead", "name": "owner_id", "kind": "text"}, {"name"}),
        ({"type": "lead", "name": "fee_currency", "kind": "text"}, {"name"}),
        ({"type": "lead", "name": "x", "kind": "colour"}, {"kind"}),
        ({"type": "lead", "name": "x", "kind": "choice"}, {"options"}),
        ({"type": "lead", "name": "x", "kind": "choice", "options": ["a", "a"]}, {"options"}),
        ({"type": "lead", "name": "x", "kind": "choice", "options": ["a,b"]}, {"options"}),
        ({"type": "lead", "name": "x", "kind": "text", "options": ["a"]}, {"options"}),
        ({"type": "lead", "name": "x", "kind": "decimal", "places": 10}, {"places"}),
        ({"type": "lead", "name": "x", "kind": "text", "max_length": 501}, {"max_length"}),
        ({"type": "lead", "name": "x", "kind": "text", "label": "x" * 101}, {"label"}),
        ({"type": "lead", "name": "x", "kind": "text", "colour": "red"}, {"colour"}),
    ],
)
async def test_definition_names_what_is_wrong(
    api: Api, admin: Somebody, body: Any, fields: set[str]
) -> None:
    status, _, found = await api.refused(admin, "POST", "custom-fields", body)
    assert (status, set(found)) == (400, fields)


async def test_a_new_field_is_where_its_location_says(
    api: Api, organisation: Organisation, admin: Somebody, stranger: Organisation
) -> None:
    body = {"type": "lead", "name": "lucky", "kind": "integer"}
    made = await api.ask(admin, "POST", "custom-fields", body)
    place = made.headers["location"].removeprefix("/v1/")
    assert await api.data(admin, "GET", place) == made.json()["data"]
    outsider = await stranger.person("owner")
    assert (await api.refused(outsider, "GET", place))[0] == 404
    helper = await organisation.person("member", ["agent"])
    assert (await api.ask(helper, "GET", place)).status_code == 200
    await api.data(admin, "DELETE", place)
    assert (await api.refused(admin, "GET", place))[0] == 404


async def test_options_are_only_added(api: Api, admin: Somebody) -> None:
    made = await define(api, admin, "size", "choice", options=["s", "m"])
    path = f"custom-fields/{made['id']}"
    more = await api.data(admin, "PATCH", path, {"options": ["xs", "s", "m"], "label": "Size!"})
    assert (more["options"], more["label"]) == (["xs", "s", "m"], "Size!")
    await api.lead(admin, custom={"size": "xs"})
    fewer = await api.refused(admin, "PATCH", path, {"options": ["xs", "s"]})
    assert (fewer[0], set(fewer[2])) == (400, {"options"})
    assert (await api.refused(admin, "PATCH", path, {"kind": "text"}))[1] == "UNKNOWN_FIELD"
    assert (await api.refused(admin, "PATCH", path, {"name": "x"}))[1] == "UNKNOWN_FIELD"


async def test_retired_field_is_gone_and_comes_back_with_its_values(
    api: Api, admin: Somebody, owner: Owner
) -> None:
    made = await define(api, admin, "extra", "money")
    await define(api, admin, "other", "text")
    lead = await api.lead(admin, custom={"extra": 5, "other": "x"})
    gone = await api.data(admin, "DELETE", f"custom-fields/{made['id']}")
    assert gone["retired_at"] is not None
    shown = await api.data(admin, "GET", f"leads/{lead}")
    assert shown["custom"] == {"other": "x"}
    (row,) = await api.data(admin, "GET", "leads")
    assert row["custom"] == {"other": "x"}
    changed = await api.data(admin, "PATCH", f"leads/{lead}", {"custom": {"other": "y"}})
    assert changed["custom"] == {"other": "y"}
    assert (await api.refused(admin, "GET", "leads?custom.extra=5"))[1] == "UNKNOWN_FIELD"
    assert (await api.refused(admin, "DELETE", f"custom-fields/{made['id']}"))[0] == 404
    names = [f["name"] for f in await api.data(admin, "GET", "custom-fields")]
    assert names == ["other"]
    assert len(await api.data(admin, "GET", "custom-fields?retired=true")) == 1
    clash = {"type": "lead", "name": "extra", "kind": "text"}
    assert (await api.refused(admin, "POST", "custom-fields", clash))[:2] == (409, "DUPLICATE")
    back = await define(api, admin, "extra", "money")
    assert back["id"] == made["id"]
    again = await api.data(admin, "GET", f"leads/{lead}")
    assert again["custom"] == {"extra": 5, "extra_currency": "USD", "other": "y"}
    assert await api.leads(admin, "custom.extra=5") == [lead]


async def test_retired_field_is_gone_from_an_embedded_record_too(api: Api, admin: Somebody) -> None:
    body = {"type": "contact", "name": "extra", "kind": "text"}
    made = await api.data(admin, "POST", "custom-fields", body)
    company = await api.data(admin, "POST", "companies", {"name": "Acme"})
    person = {"first_name": "A", "last_name": "B", "company_id": company["id"]}
    contact = await api.data(admin, "POST", "contacts", {**person, "custom": {"extra": "x"}})
    deal = {"name": "Big", "contact_id": contact["id"]}
    deal_id = (await api.data(admin, "POST", "deals", deal))["id"]
    path = f"deals/{deal_id}?embed=contact"
    assert (await api.data(admin, "GET", path))["contact"]["custom"] == {"extra": "x"}
    await api.data(admin, "DELETE", f"custom-fields/{made['id']}")
    assert (await api.data(admin, "GET", path))["contact"]["custom"] == {}


async def test_hidden_custom_field_is_an_unknown_one_everywhere(
    api: Api, organisation: Organisation, admin: Somebody
) -> None:
    await define(api, admin, "salary", "money", required=True)
    await define(api, admin, "other", "text")
    grant = {"read": "all", "create": True, "update": "all", "hide": ["custom.salary"]}
    await api.data(admin, "POST", "roles", {"name": "helper", "grants": {"lead": grant}})
    role = await api.data(admin, "GET", "roles/helper")
    assert role["grants"]["lead"]["hide"] == ["custom.salary"]
    who = await organisation.person("member", ["helper"])
    lead = await api.lead(admin, custom={"salary": 5, "other": "x"})
    assert (await api.data(who, "GET", f"leads/{lead}"))["custom"] == {"other": "x"}
    for query in ("custom.salary=5", "sort=custom.salary", "fields=custom.salary"):
        refused = await api.refused(who, "GET", f"leads?{query}")
        assert refused[:2] == (400, "UNKNOWN_FIELD")
    for near in ("custom.salari", "zzz"):
        assert "salary" not in (await api.ask(who, "GET", f"leads?{near}=1")).text
    for name in ("salary", "salary_currency"):
        change = {"custom": {name: 6}}
        refused = await api.refused(who, "PATCH", f"leads/{lead}", change)
        assert refused[:2] == (400, "UNKNOWN_FIELD")
    listed = await api.data(who, "GET", "custom-fields?type=lead")
    assert [f["name"] for f in listed] == ["other"]
    changed = await api.data(who, "PATCH", f"leads/{lead}", {"custom": {"other": "y"}})
    assert changed["custom"] == {"other": "y"}
    await api.lead(who)  # nobody is asked for what they may not know
    kept = await api.data(admin, "GET", f"leads/{lead}")
    assert kept["custom"] == {"salary": 5, "salary_currency": "USD", "other": "y"}


async def test_hidden_field_stays_hidden_whoever_asked_first(
    api: Api, organisation: Organisation, admin: Somebody, stranger: Organisation
) -> None:
    """Statements are shared by organisations with equal access; their fields are not."""
    them = await stranger.person("owner")
    body = {"type": "lead", "name": "pay", "kind": "text"}
    theirs = await api.data(them, "POST", "custom-fields", body)
    grants = {"lead": {"read": "all", "hide": ["custom.pay"]}}
    await api.data(them, "POST", "roles", {"name": "blind", "grants": grants})
    reader = await stranger.person("member", ["blind"])
    await api.data(them, "DELETE", f"custom-fields/{theirs['id']}")
    await api.leads(reader)
    await define(api, admin, "pay", "text")
    old = await define(api, admin, "old", "text")
    await api.data(admin, "DELETE", f"custom-fields/{old['id']}")
    await api.data(admin, "POST", "roles", {"name": "blind", "grants": grants})
    who = await organisation.person("member", ["blind"])
    lead = await api.lead(admin, custom={"pay": "secret"})
    assert (await api.data(who, "GET", f"leads/{lead}"))["custom"] == {}
    (row,) = await api.data(who, "GET", "leads")
    assert row["custom"] == {}
