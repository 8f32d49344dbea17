"""Exports: the list as it is asked for, within the reader's access, and fit to come back."""

from __future__ import annotations

import csv
import io

import httpx
import pytest
from tests.exchange.imports import Person, counts, working

from tenfold.engine.query import Query
from tenfold.exchange import exporting
from tenfold.exchange.round_trip import round_trip
from tenfold.kernel.context import Context

pytestmark = pytest.mark.anyio


@pytest.fixture
async def person(client: httpx.AsyncClient, organisation, desk):
    async with working(desk):
        yield Person(client, await organisation.person("owner"))


async def exported(person: Person, path: str, **params: str) -> httpx.Response:
    answer = await person.client.get(path, params=params, headers=person.who.headers)
    assert answer.status_code == 200, answer.text
    return answer


def rows_of(answer: httpx.Response) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"), newline="")))


async def test_a_list_is_exported_as_it_is_filtered_and_sorted(person):
    company = await person.post("/v1/companies", {"name": "=Acme"}, 201)
    for name in ("Ann", "Bo", "Cy"):
        body = {"first_name": name, "last_name": "Lee", "company_id": company["id"]}
        if name == "Bo":
            body |= {"last_name": "Ray", "address": {"street": "1 A St", "city": "Davis"}}
        await person.post("/v1/contacts", body, 201)
    answer = await exported(person, "/v1/contacts/export", sort="-first_name", last_name="Lee")
    assert answer.headers["content-disposition"] == 'attachment; filename="contacts.csv"'
    rows = rows_of(answer)
    assert [row["first_name"] for row in rows] == ["Cy", "Ann"]
    assert {(row["company_id"], row["company"]) for row in rows} == {(company["id"], "'=Acme")}
    (row,) = rows_of(await exported(person, "/v1/contacts/export", first_name="Bo"))
    assert (row["address.street"], row["address.city"], row["address.state"]) == (
        "1 A St", "Davis", "",
    )  # fmt: skip


async def test_json_csv_fields_and_the_mark_for_excel(person):
    await person.post("/v1/leads", {"first_name": "A", "last_name": "B", "budget": 12.5}, 201)
    (record,) = (await exported(person, "/v1/leads/export", format="json")).json()
    assert record["budget"] == 12.5
    answer = await exported(person, "/v1/leads/export", fields="first_name,budget", bom="true")
    assert answer.content.startswith(b"\xef\xbb\xbf")
    (row,) = rows_of(answer)
    assert list(row) == ["id", "first_name", "budget", "budget_currency"]
    assert (row["budget"], row["budget_currency"]) == ("12.50", "USD")


async def test_an_empty_list_has_a_header_and_is_a_list(person):
    assert rows_of(await exported(person, "/v1/leads/export")) == []
    assert b"first_name" in (await exported(person, "/v1/leads/export")).content
    assert (await exported(person, "/v1/leads/export", format="json")).json() == []


async def test_head_tells_the_headers_of_an_export_without_reading_it(person, monkeypatch):
    await person.post("/v1/leads", {"first_name": "A", "last_name": "B"}, 201)
    whole = await exported(person, "/v1/leads/export", format="json")

    async def refuses(*_given: object, **_named: object) -> None:
        raise AssertionError("a page was read")

    monkeypatch.setattr(Query, "page", refuses)
    asked = {"params": {"format": "json"}, "headers": person.who.headers}
    head = await person.client.head("/v1/leads/export", **asked)
    assert (head.status_code, head.content) == (200, b"")
    for name in ("content-type", "content-disposition", "cache-control"):
        assert head.headers[name] == whole.headers[name]
    wrong = await person.client.head(
        "/v1/leads/export", params={"format": "xls"}, headers=person.who.headers
    )
    assert wrong.status_code == 400


async def test_every_page_of_a_long_list_comes_once(person, monkeypatch):
    monkeypatch.setattr(exporting, "ROWS", 7)
    records = [{"first_name": f"F{n}", "last_name": "L"} for n in range(50)]
    await person.post("/v1/leads/bulk", {"records": records}, 201)
    rows = rows_of(await exported(person, "/v1/leads/export"))
    assert sorted(row["first_name"] for row in rows) == sorted(f"F{n}" for n in range(50))
    found = (await exported(person, "/v1/leads/export", format="json")).json()
    assert len({record["id"] for record in found}) == 50


async def test_an_export_shows_no_more_than_its_reader_may_see(client, organisation, person):
    agent = Person(client, await organisation.person("member", ["agent"], team=organisation.team))
    await person.post("/v1/leads", {"first_name": "Not", "last_name": "Mine"}, 201)
    await agent.post("/v1/leads", {"first_name": "Mine", "last_name": "Own"}, 201)
    assert [r["first_name"] for r in rows_of(await exported(agent, "/v1/leads/export"))] == ["Mine"]


async def test_secrets_are_in_no_export(person):
    body = {"address": "1 A St", "list_price": 1, "lockbox_code": "Yellow 4711"}
    await person.post("/v1/listings", body, 201)
    for form in ("csv", "json"):
        text = (await exported(person, "/v1/listings/export", format=form)).text
        assert "Yellow 4711" not in text
        assert "lockbox_code" not in text


@pytest.mark.parametrize("params", [{"format": "xml"}, {"bom": "1"}, {"nonsense": "1"}])
async def test_a_wrong_parameter_is_refused_before_anything_is_sent(person, params):
    answer = await person.client.get("/v1/leads/export", params=params, headers=person.who.headers)
    assert answer.status_code == 400


@pytest.mark.parametrize("form", ["csv", "xlsx"])
async def test_what_is_exported_can_be_imported_again(person, desk, form):
    company = await person.post("/v1/companies", {"name": 'Acme, "Inc"'}, 201)
    full = {
        "first_name": "=Zoë",
        "last_name": "O'Brien",
        "email": "z@example.com",
        "phone": "+14155550101;ext=9",
        "company_id": company["id"],
        "address": {"street": "1 A St", "postal_code": "01742", "country": "US"},
        "birthday": "1990-02-28",
        "tags": ["a, b", "c"],
        "notes": 'two\nlines; and "quotes"',
        "do_not_call": True,
        "consent_at": "2026-03-29T01:30:00.123456+00:00",
    }
    await person.post("/v1/contacts", full, 201)
    await person.post("/v1/contacts", {"last_name": "Plain", "external_id": "x1"}, 201)
    context = Context(person.who.tenant, person.who.id)
    trip = await round_trip(desk.exchange, context, "contact", form)
    assert trip.differences == []
    assert trip.records == 2


@pytest.mark.parametrize("form", ["csv", "xlsx", "json"])
async def test_a_list_that_was_exported_and_edited_changes_its_records(person, tmp_path, form):
    rest = {"last_name": "Lee", "status": "hot", "budget": 1234.5}
    for name in ("Ada", "Bo"):
        await person.post("/v1/leads", {"first_name": name, **rest}, 201)
    fields = "first_name,budget,created_at"
    answer = await exported(person, "/v1/leads/export", fields=fields, format=form)
    file = tmp_path / f"leads.{form}"
    file.write_bytes(answer.content)
    assert counts(await person.imported(file, "leads")) == (2, 0, 0, 2, 0)
    if form == "csv":
        file.write_bytes(answer.content.replace(b"Ada", b"Ida"))
        assert counts(await person.imported(file, "leads")) == (2, 0, 1, 1, 0)
        assert {one["first_name"] for one in await person.every("leads")} == {"Ida", "Bo"}


async def test_an_id_that_another_program_made_is_an_external_id(person, tmp_path):
    file = tmp_path / "leads.csv"
    theirs = "0f8fad5b-d9cb-469f-a165-70867728950e"
    file.write_text(f"id,first_name,last_name,budget\n{theirs},Ada,Lee,5\n")
    assert counts(await person.imported(file, "leads")) == (1, 1, 0, 0, 0)
    assert [one["external_id"] for one in await person.every("leads")] == [theirs]


async def test_amounts_of_ones_own_come_back_in_their_currency(person, desk, tmp_path):
    fee = {"type": "lead", "name": "fee", "kind": "money"}
    await person.post("/v1/custom-fields", fee, 201)
    for number, currency in ((500, "JPY"), (12.5, "USD"), (1.234, "KWD")):
        custom = {"fee": number, "fee_currency": currency}
        body = {"first_name": "A", "last_name": currency, "external_id": currency}
        await person.post("/v1/leads", {**body, "custom": custom}, 201)
    answer = await exported(person, "/v1/leads/export", last_name="JPY")
    (row,) = rows_of(answer)
    assert (row["custom.fee"], row["custom.fee_currency"]) == ("500", "JPY")
    file = tmp_path / "leads.json"
    file.write_bytes((await exported(person, "/v1/leads/export", format="json")).content)
    assert counts(await person.imported(file, "leads")) == (3, 0, 0, 3, 0)
    trip = await round_trip(desk.exchange, Context(person.who.tenant, person.who.id), "lead")
    assert (trip.records, trip.differences) == (3, [])


async def test_an_export_goes_into_another_organisation(client, person, organisation, stranger):
    manager = await organisation.person("manager")
    body = {"first_name": "A", "last_name": "B", "budget": 5, "budget_currency": "EUR"}
    await person.post("/v1/leads", {**body, "owner_id": str(manager.id)}, 201)
    file = (await exported(person, "/v1/leads/export")).content
    other = Person(client, await stranger.person("owner"))
    view = await other.imported(file, "leads")
    assert counts(view) == (1, 1, 0, 0, 0)
    assert "1 row has nobody of your organisation as owner." in view["notes"]
    assert counts(await other.imported(file, "leads")) == (1, 0, 0, 1, 0)
    (lead,) = await other.every("leads", last_name="B")
    assert (lead["budget"], lead["budget_currency"]) == (5, "EUR")
    assert lead["owner_id"] == str(other.who.id)
