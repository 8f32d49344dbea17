"""What an import promises: good rows come in, bad ones are explained, nothing comes twice."""

from __future__ import annotations

from collections.abc import AsyncIterator

import httpx
import pytest
from tests.exchange.imports import Person, counts, working

from tenfold.exchange import importing
from tenfold.exchange.writing_rows import Writer
from tenfold.web.desk import Desk

pytestmark = pytest.mark.anyio


@pytest.fixture
async def person(client: httpx.AsyncClient, organisation, desk: Desk) -> AsyncIterator[Person]:
    """The owner of an organisation, with a worker running."""
    async with working(desk):
        yield Person(client, await organisation.person("owner"))


async def test_good_rows_come_in_and_bad_ones_are_explained(person):
    text = (
        "First Name,Last Name,E-mail,Budget,Favourite colour\n"
        'Ann,Lee,ann@example.com,"$500,000",red\n'
        "Bo,Ray,not an address,1,blue\n"
        ",Nameless,n@example.com,,\n"
    )
    view = await person.imported(text, "leads")
    assert view["state"] == "completed"
    assert counts(view) == (3, 1, 0, 0, 2)
    assert view["progress"] == {"done": 3, "total": 3}
    assert "These columns have no field and were left out: Favourite colour." in view["notes"]
    (lead,) = await person.every("leads")
    assert (lead["email"], lead["budget"]) == ("ann@example.com", 500_000)
    refused = await person.refused(view)
    assert [row["line"] for row in refused] == ["3", "4"]
    assert "not an e-mail address" in refused[0]["reason"]
    assert refused[1]["reason"] == "first_name: is required."
    assert refused[0]["First Name"] == "Bo"


async def test_the_same_file_again_changes_nothing(person):
    text = "Id,First Name,Last Name,Tags\nA1,Ann,Lee,x;y\nA2,Bo,Ray,\n"
    assert counts(await person.imported(text, "contacts")) == (2, 2, 0, 0, 0)
    before = await person.every("contacts")
    assert counts(await person.imported(text, "contacts")) == (2, 0, 0, 2, 0)
    assert await person.every("contacts") == before
    changed = text.replace("Ray", "Roe")
    assert counts(await person.imported(changed, "contacts")) == (2, 0, 1, 1, 0)


CARDS = """BEGIN:VCARD
VERSION:3.0
N:Lee;Ann
EMAIL:ann@example.com
BDAY:1980-02-30
END:VCARD
BEGIN:VCARD
VERSION:3.0
N:Ray;Bo
BDAY:1980-02-29
END:VCARD
"""


async def test_what_can_not_be_read_costs_its_row_or_where_that_is_asked_only_itself(person):
    cards = {"filename": "people.vcf"}
    view = await person.imported(CARDS, "contacts", **cards)
    assert counts(view) == (2, 1, 0, 0, 1)
    (row,) = await person.refused(view)
    assert "1980-02-30" in row["reason"]
    view = await person.imported(CARDS, "contacts", **cards, unreadable="skip")
    assert counts(view) == (2, 2, 0, 0, 0)
    assert "1 value of 'birthday' left out: can't be read." in view["notes"]
    cell = {"file": "people.vcf", "line": 1, "column": "birthday", "text": "1980-02-30"}
    assert view["skipped"] == [cell]
    found = {r["email"]: r["birthday"] for r in await person.every("contacts", first_name="Ann")}
    assert found == {"ann@example.com": None}


async def test_what_a_record_needs_its_key_and_a_currency_are_not_passed_over(person):
    text = (
        "Id,Address,List price,List price currency,Status,Living area\n"
        'a,"1 A St, B, CA 94000",5,USD,lost,many\n'
        'b,"2 A St, B, CA 94000",cheap,USD,active,1\n'
        'c,"3 A St, B, CA 94000",5,XQQ,active,1\n'
    )
    view = await person.imported(text, "listings", unreadable="skip")
    assert counts(view) == (3, 1, 0, 0, 2)
    assert [row["Id"] for row in await person.refused(view)] == ["b", "c"]
    assert [note for note in view["notes"] if "can't be read" in note] == [
        "1 value of 'Status' left out: can't be read.",
        "1 value of 'Living area' left out: can't be read.",
    ]
    left = [(cell["line"], cell["column"], cell["text"]) for cell in view["skipped"]]
    assert left == [(2, "Status", "lost"), (2, "Living area", "many")]


async def test_a_preview_tells_what_the_first_rows_would_leave_out(person):
    text = "First Name,Last Name,Phone\nA,Lee,x\n"
    body = {"type": "leads", "content": text, "options": {"unreadable": "skip"}}
    shown = await person.post("/v1/imports/preview", body)
    assert "In the first rows: 1 value of 'Phone' left out: can't be read." in shown["notes"]


async def test_of_cells_that_are_left_out_the_first_are_listed(person, monkeypatch):
    monkeypatch.setattr(importing, "SKIPPED", 2)
    text = "First Name,Last Name,Phone\nA,Lee,x\nB,,y\nC,Ray,z\nD,Fox,0\n"
    view = await person.imported(text, "leads", unreadable="skip")
    # The row of line 3 is refused: it has not come in without anything.
    assert [(cell["line"], cell["text"]) for cell in view["skipped"]] == [(2, "x"), (4, "z")]


async def test_a_blank_cell_leaves_and_the_clear_word_empties(person):
    await person.imported("Id,Last Name,Job Title,Department\n1,Lee,Boss,Sales\n", "contacts")
    view = await person.imported(
        "Id,Last Name,Job Title,Department\n1,Lee,,**CLEAR**\n", "contacts"
    )
    assert counts(view) == (1, 0, 1, 0, 0)
    (contact,) = await person.every("contacts")
    assert (contact["job_title"], contact["department"]) == ("Boss", None)


async def test_an_amount_without_a_currency_keeps_that_of_its_record(person):
    fee = {"type": "lead", "name": "fee", "kind": "money"}
    await person.post("/v1/custom-fields", fee, 201)
    yen = {"budget": 500, "budget_currency": "JPY", "custom": {"fee": 5, "fee_currency": "JPY"}}
    for name in ("a", "b", "c"):
        body = {"first_name": "A", "last_name": name, "external_id": name, **yen}
        await person.post("/v1/leads", body, 201)
    lines = ("a,A,a,600,7,", "b,A,b,12.50,,", "c,A,c,€9,8,eur", "d,A,d,10,3,", "e,A,e,,,EUR")
    text = "\n".join(["External ID,First Name,Last Name,Budget,Fee,Fee currency", *lines])
    view = await person.imported(text, "leads")
    assert counts(view) == (5, 2, 2, 0, 1)
    (row,) = await person.refused(view)
    assert row["reason"] == "budget: must have at most 0 decimal places in JPY."
    # A currency beside no amount says nothing, as other programs write it in every row.
    assert "1 value of 'Fee currency' left out: no amount beside." in view["notes"]
    kept = {"fee": 7, "fee_currency": "JPY"}
    euros, dollars = {"fee": 8, "fee_currency": "EUR"}, {"fee": 3, "fee_currency": "USD"}
    assert {
        one["last_name"]: (one["budget"], one["budget_currency"], one["custom"])
        for one in await person.every("leads")
    } == {
        "a": (600, "JPY", kept),
        "b": (500, "JPY", {"fee": 5, "fee_currency": "JPY"}),
        "c": (9, "EUR", euros),
        "d": (10, "USD", dollars),
        "e": (None, None, {}),
    }
    # A currency that was asked for is that of every amount which names none.
    view = await person.imported("External ID,Budget\na,700\n", "leads", currency="CHF")
    (one,) = await person.every("leads", external_id="a")
    assert (one["budget"], one["budget_currency"]) == (700, "CHF")


async def test_a_key_that_comes_twice_is_refused_with_the_first_line(person):
    view = await person.imported("Id,Last Name\n1,Lee\n2,Ray\n1,Roe\n", "contacts")
    assert counts(view) == (3, 2, 0, 0, 1)
    (row,) = await person.refused(view)
    assert row["reason"] == "Line 2 has the same external ID '1' already."
    twice = '[{"id": 1, "last_name": "Lee"},\n\n{"id": 1, "last_name": "Ray"}]'
    view = await person.imported(twice, "contacts", filename="x.json")
    (row,) = await person.refused(view)
    assert (row["item"], row["reason"]) == ("2", "Item 1 has the same external ID '1' already.")


async def test_relations_are_found_by_title_key_and_id_or_refused(person):
    acme = await person.post("/v1/companies", {"name": "Acme", "external_id": "c1"}, 201)
    for _ in range(2):
        await person.post("/v1/companies", {"name": "Double"}, 201)
    text = "Last Name,Company\nOne,acme\nTwo,c1\nThree,{}\nFour,Double\nFive,Nobody\n"
    view = await person.imported(
        text.format(acme["id"]), "contacts", mapping='{"Company": "company"}'
    )
    assert counts(view) == (5, 3, 0, 0, 2)
    contacts = await person.every("contacts")
    assert {contact["company_id"] for contact in contacts} == {acme["id"]}
    several, none = [row["reason"] for row in await person.refused(view)]
    assert several.startswith("company_id: 2 companies have the name 'Double'")
    assert (
        none
        == "company_id: There is no company 'Nobody'; import it first or let missing ones be made."
    )


async def test_missing_relations_are_made_where_that_is_asked(person):
    view = await person.imported(
        "Last Name,Company\nOne,New Co\nTwo,New Co\n",
        "contacts",
        mapping='{"Company": "company"}',
        create_missing="company",
    )
    assert counts(view) == (2, 2, 0, 0, 0)
    (company,) = await person.every("companies")
    assert company["name"] == "New Co"
    assert "1 company made, as named in the file." in view["notes"]
    form = {"type": "contacts", "create_missing": "compny"}
    answer = await person.client.post(
        "/v1/imports", data=form, files={"file": b"Last Name\nOne\n"}, headers=person.who.headers
    )
    why = {"create_missing": "there is no relation 'compny'; did you mean 'company'?"}
    assert (answer.status_code, answer.json()["error"]["fields"]) == (400, why)


async def test_relations_that_lead_nowhere_stay_empty_where_that_is_asked(person):
    for _ in range(2):
        await person.post("/v1/companies", {"name": "Double"}, 201)
    text = "Last Name,Company\nOne,Nobody\nTwo,Double\n"
    more = {"mapping": '{"Company": "company"}', "leave_missing": "company"}
    view = await person.imported(text, "contacts", **more)
    assert counts(view) == (2, 1, 0, 0, 1)
    told = "1 row names a company that is not here, and came in without it."
    assert told in view["notes"]
    (row,) = await person.refused(view)
    assert "2 companies have the name 'Double'" in row["reason"]
    form = {"type": "contacts", "leave_missing": "email"}
    answer = await person.client.post(
        "/v1/imports", data=form, files={"file": b"Last Name\nOne\n"}, headers=person.who.headers
    )
    assert answer.json()["error"]["fields"].keys() == {"leave_missing"}


async def test_a_relation_never_leads_to_what_the_importer_may_not_read(
    client, organisation, person
):
    other = Person(client, await organisation.person("member", team=organisation.other_team))
    await other.post("/v1/contacts", {"last_name": "Hidden", "external_id": "h"}, 201)
    agent = Person(client, await organisation.person("member", ["agent"], team=organisation.team))
    mapping = '{"who": "contact"}'
    text = "First Name,Last Name,who\nA,B,h\n"
    view = await agent.imported(text, "leads", mapping=mapping)
    (row,) = await agent.refused(view)
    assert (
        row["reason"]
        == "contact_id: There is no contact 'h'; import it first or let missing ones be made."
    )
    assert counts(await person.imported(text, "leads", mapping=mapping)) == (1, 1, 0, 0, 0)


async def test_a_key_of_a_record_that_the_importer_may_not_read_is_refused(
    client, organisation, person
):
    await person.post("/v1/contacts", {"last_name": "Hidden", "external_id": "h"}, 201)
    agent = Person(client, await organisation.person("member", team=organisation.team))
    view = await agent.imported("Id,Last Name\nh,Mine\ni,Other\n", "contacts")
    assert counts(view) == (2, 1, 0, 0, 1)
    (row,) = await agent.refused(view)
    assert row["reason"] == "A contact with this key exists, but you may not change it."


async def test_a_dry_run_counts_everything_and_stores_nothing(person):
    text = "Id,First Name,Last Name\n1,Ann,Lee\n2,Bo,\n"
    view = await person.imported(text, "leads", dry_run="true")
    assert view["dry_run"] is True
    assert counts(view) == (2, 1, 0, 0, 1)
    assert await person.every("leads") == []


async def test_a_dry_run_finds_what_earlier_rows_would_have_made(person, monkeypatch, data):
    monkeypatch.setattr(importing, "_FIRST", 2)
    monkeypatch.setattr(importing, "_MOST", 2)
    files = [
        data / "realestate" / f"dreamhouse-{name}.json"
        for name in ("sample-data-plan", "brokers-data", "properties-data", "contacts-data")
    ]
    dry = await person.imported(files, dry_run="true")
    assert await person.every("agents") == []
    assert counts(dry) == counts(await person.imported(files)) == (25, 25, 0, 0, 0)


async def test_refused_rows_are_mended_and_come_in(person):
    view = await person.imported("Id,First Name,Last Name\n1,Ann,Lee\n2,Bo,\n", "leads")
    (row,) = await person.refused(view)
    mended = {**row, "Last Name": "Ray"}
    text = ",".join(mended) + "\n" + ",".join(f'"{cell}"' for cell in mended.values())
    again = await person.imported(text, "leads")
    assert counts(again) == (1, 1, 0, 0, 0)
    assert not [note for note in again["notes"] if "left out" in note]


async def test_a_preview_shows_the_mapping_and_the_first_rows(person):
    answer = await person.client.post(
        "/v1/imports/preview",
        data={"type": "leads"},
        files={"file": ("x.csv", b"First Name,Last Name,Phone\nAnn,Lee,(415) 555-0101\nB,C,x\n")},
        headers=person.who.headers,
    )
    assert answer.status_code == 200, answer.text
    shown = answer.json()["data"]
    targets = {column["column"]: column["target"] for column in shown["mapping"]}
    assert targets == {"First Name": "first_name", "Last Name": "last_name", "Phone": "phone"}
    good, bad = shown["first"]
    assert good["values"] == {"first_name": "Ann", "last_name": "Lee", "phone": "+14155550101"}
    assert "not a telephone number" in bad["refused"]
    assert await person.get("/v1/imports") == []


async def test_a_file_that_can_not_be_read_fails_with_a_sentence(person):
    view = await person.imported(b"%PDF-1.7 a document", "leads", filename="x.pdf")
    assert view["state"] == "failed"
    assert view["error"].endswith(".")
    assert counts(view) == (0, 0, 0, 0, 0)


async def test_a_mapping_to_an_unknown_field_fails_with_the_nearest_name(person):
    view = await person.imported("a,b\n1,2\n", "leads", mapping='{"a": "frst_name"}')
    assert view["state"] == "failed"
    assert "did you mean 'first_name'" in view["error"]


async def test_json_bodies_and_wrong_options(person):
    content = '[{"first_name": "A", "last_name": "B"}]'
    body = {"type": "leads", "filename": "x.json", "content": content}
    made = await person.post("/v1/imports", body, 202)
    assert counts(await person.finished(made["id"])) == (1, 1, 0, 0, 0)
    for wrong in (
        {"zone": "Nowhere"},
        {"currency": "XXQ"},
        {"unreadable": "x"},
        {"type": "nothing"},
        {"what": 1},
    ):
        answer = await person.client.post(
            "/v1/imports", json={**body, **wrong}, headers=person.who.headers
        )
        assert answer.status_code == 400, wrong
    assert len(await person.get("/v1/imports")) == 1


async def test_another_organisation_finds_no_import(client, person, stranger):
    view = await person.imported("First Name,Last Name\nA,B\n", "leads")
    other = await stranger.person("owner")
    for path in (f"/v1/imports/{view['id']}", f"/v1/imports/{view['id']}/refused"):
        answer = await client.get(path, headers=other.headers)
        assert answer.status_code == 404
    answer = await client.post(f"/v1/imports/{view['id']}/undo", headers=other.headers)
    assert answer.status_code == 404


async def test_who_may_not_create_may_not_import(client, organisation, person):
    reader = await organisation.person("read-only")
    answer = await Person(client, reader).start("First Name,Last Name\nA,B\n", "leads")
    assert answer.status_code == 403


async def test_a_row_that_only_the_database_refuses_does_not_spoil_its_neighbours(person):
    rows = [f"r{n},{n} Main St,{n + 1},100" for n in range(40)]
    # Each value fits by itself, but the price by area, which PostgreSQL computes, does not.
    rows[17] = "r17,17 Main St,90000000000000000,0.01"
    text = "Id,Street,List Price,Living Area\n" + "\n".join(rows) + "\n"
    view = await person.imported(text, "listings")
    assert counts(view) == (40, 39, 0, 0, 1)
    (row,) = await person.refused(view)
    assert row["line"] == "19"
    assert row["reason"].startswith("What is computed from these values is too large a number")


async def test_an_import_is_undone_and_what_was_edited_since_is_kept(person):
    text = "Id,First Name,Last Name\n" + "".join(f"{n},F{n},L{n}\n" for n in range(5))
    view = await person.imported(text, "leads")
    leads = {lead["external_id"]: lead for lead in await person.every("leads")}
    await person.patch(f"/v1/leads/{leads['3']['id']}", {"first_name": "Edited"})
    shown = await person.get(f"/v1/batches/{view['id']}")
    assert (shown["undo"]["deleted"], shown["undo"]["kept"]) == (4, 1)
    undo = await person.post(f"/v1/imports/{view['id']}/undo")
    assert undo["result"]["deleted"] == 4
    assert [one["id"] for one in undo["result"]["details"]] == [leads["3"]["id"]]
    assert [lead["first_name"] for lead in await person.every("leads")] == ["Edited"]
    await person.post(f"/v1/imports/{view['id']}/undo", status=409)
    assert counts(await person.imported(text, "leads")) == (5, 4, 1, 0, 0)


async def test_an_import_that_died_between_pieces_goes_on_where_it_was(person, desk, monkeypatch):
    monkeypatch.setattr(importing, "_FIRST", 10)
    monkeypatch.setattr(importing, "_MOST", 10)
    lines = [f"{n},F{n},{'' if n % 10 == 3 else 'L'}" for n in range(60)]
    text = "Id,First Name,Last Name\n" + "\n".join(lines) + "\n"
    written = Writer.write
    calls = 0

    async def dies(self, tx, piece, **more):
        nonlocal calls
        calls += 1
        result = await written(self, tx, piece, **more)
        if calls in (3, 5):
            raise RuntimeError("killed after the write, before the commit")
        return result

    monkeypatch.setattr(Writer, "write", dies)
    view = await person.imported(text, "leads")
    assert counts(view) == (60, 54, 0, 0, 6), view
    assert calls >= 8  # pieces get smaller on a busy machine
    assert len(await person.every("leads")) == 54
    refused = await person.refused(view)
    assert [row["line"] for row in refused] == ["5", "15", "25", "35", "45", "55"]
