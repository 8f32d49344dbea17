"""`tenfold import` and `tenfold export`: as by the API, with exit codes that say how it went."""

from __future__ import annotations

import asyncio
import csv
import io
from collections.abc import AsyncGenerator
from pathlib import Path

import httpx
import pytest
from tests.exchange.conftest import DATA
from tests.exchange.imports import Person

from tenfold.accounts.organisation.members import NewMember
from tenfold.cli import exchange
from tenfold.cli.exchange import DONE, FAILED, PARTLY, run_export, run_import
from tenfold.cli.people import add_person, list_people, search_records
from tenfold.cli.who import Who
from tenfold.exchange.import_state import Options
from tenfold.kernel.errors import Forbidden, Invalid, NotFound
from tenfold.kernel.settings import Settings

pytestmark = pytest.mark.anyio


@pytest.fixture
async def person(client: httpx.AsyncClient, organisation) -> Person:
    return Person(client, await organisation.person("owner"))


async def imported(settings: Settings, path: Path, kind: str, **more) -> tuple[int, list[str]]:
    said: list[str] = []
    code = await asyncio.to_thread(run_import, settings, path, kind, say=said.append, **more)
    return code, said


async def test_all_rows_in_is_0_and_some_refused_is_3_with_their_file(settings, person, tmp_path):
    path = tmp_path / "leads.csv"
    path.write_text("Id,First Name,Last Name\n1,A,B\n2,C,D\n")
    code, said = await imported(settings, path, "leads", who=Who(person.who.email))
    assert (code, said[-1]) == (
        DONE, "2 rows read: 2 created, 0 updated, 0 unchanged, 0 refused.",
    )  # fmt: skip
    path.write_text("Id,First Name,Last Name\n1,A,B\n2,,**CLEAR**\n3,X,\n")
    code, said = await imported(settings, path, "leads", who=Who(person.who.email))
    assert code == PARTLY
    assert said[-5:] == [
        "3 rows read: 0 created, 0 updated, 1 unchanged, 2 refused.",
        "These were refused:",
        "  line 3: last_name: is required and can't be empty.",
        "  line 4: last_name: is required.",
        f"The refused rows, each with its reason, are in {tmp_path / 'leads.refused.csv'}.",
    ]
    with (tmp_path / "leads.refused.csv").open(encoding="utf-8-sig") as file:
        assert [row["line"] for row in csv.DictReader(file)] == ["3", "4"]
    assert len(await person.every("leads")) == 2
    # What is mended and refused again lies in a file of its own, beside the mended one.
    for name in ("leads.refused.csv", "leads.refused-2.csv"):
        code, said = await imported(settings, tmp_path / name, "leads", who=Who(person.who.email))
        assert "2 rows read: 0 created, 0 updated, 0 unchanged, 2 refused." in said
    # Nor are they where the file itself is imported again, or another of that name.
    mended = (tmp_path / "leads.refused.csv").read_bytes()
    await imported(settings, path, "leads", who=Who(person.who.email))
    assert (tmp_path / "leads.refused.csv").read_bytes() == mended
    assert {one.name for one in tmp_path.iterdir()} == {
        "leads.csv",
        "leads.refused.csv",
        "leads.refused-2.csv",
        "leads.refused-3.csv",
        "leads.refused-4.csv",
    }


async def test_where_refused_rows_can_not_be_written_nothing_is_imported(
    settings, person, tmp_path
):
    path = tmp_path / "leads.csv"
    path.write_text("First Name,Last Name\nA,B\nC,\n")
    to, who = tmp_path / "none" / "x.csv", Who(person.who.email)
    with pytest.raises(NotFound, match=r"There is no folder .*none\."):
        await imported(settings, path, "leads", who=who, refused=to)
    assert await person.every("leads") == []


async def test_a_file_that_can_not_be_read_is_1(settings, person, tmp_path):
    path = tmp_path / "x.csv"
    path.write_bytes(b"\x89PNG\r\n\x1a\n\x00\x00")
    code, said = await imported(settings, path, "leads", who=Who(person.who.email))
    assert code == FAILED
    assert said[0].startswith("The import failed: ")


async def test_a_plan_brings_its_files_along(settings, person):
    plan = DATA / "realestate" / "dreamhouse-sample-data-plan.json"
    code, said = await imported(settings, plan, "", who=Who(person.who.email))
    assert code == DONE
    assert said[-1].startswith("25 rows read: 25 created")


async def test_a_dry_run_says_that_it_was_one(settings, person, tmp_path):
    path = tmp_path / "leads.csv"
    path.write_text("First Name,Last Name,Shoe\nA,B,9\n")
    code, said = await imported(
        settings, path, "leads", who=Who(person.who.email), options=Options(dry_run=True)
    )
    assert code == DONE
    figures = "1 row read; a real one would give 1 created, 0 updated, 0 unchanged, 0 refused."
    assert said == [
        "leads.csv into lead:",
        "  First Name → first_name  (A)",
        "  Last Name  → last_name  (B)",
        "  Shoe       → left out  (9)",
        "These columns have no field and were left out: Shoe.",
        f"Nothing was stored: this was a dry run. {figures}",
    ]
    assert await person.every("leads") == []


async def test_cells_that_were_left_out_are_said_with_their_line(settings, person, tmp_path):
    path = tmp_path / "leads.csv"
    path.write_text("First Name,Last Name,Phone\n" + "Ann,Lee,x\n" * 11)
    options = Options(unreadable="skip")
    code, said = await imported(settings, path, "leads", who=Who(person.who.email), options=options)
    assert code == DONE
    first = said.index("11 values of 'Phone' left out: can't be read.") + 1
    assert said[first] == "  line 2, Phone: x"
    assert said[first + 9 : first + 11] == [
        "  line 11, Phone: x", "  and more; the page of this import lists them.",
    ]  # fmt: skip


async def test_a_dry_run_says_what_would_be_refused_and_writes_no_file(settings, person, tmp_path):
    path = tmp_path / "leads.csv"
    path.write_text("First Name,Last Name\nA,B\n" + "C,\n" * 12)
    who, dry = Who(person.who.email), Options(dry_run=True)
    code, said = await imported(settings, path, "leads", who=who, options=dry)
    assert code == PARTLY
    assert [one.name for one in tmp_path.iterdir()] == ["leads.csv"]
    first = said.index("These would be refused:")
    assert said[first + 1] == "  line 3: last_name: is required."
    assert said[first + 10] == "  line 12: last_name: is required."
    assert said[first + 11 :] == ["  and 2 more; --refused PATH writes all of them to a file."]
    to = tmp_path / "why.csv"
    code, said = await imported(settings, path, "leads", who=who, options=dry, refused=to)
    assert code == PARTLY
    with to.open(encoding="utf-8-sig") as file:
        assert len(list(csv.DictReader(file))) == 12


async def test_a_column_to_leave_out_that_is_not_there_is_refused(settings, person, tmp_path):
    path = tmp_path / "leads.csv"
    path.write_text("First Name,Last Name,Status\nA,B,new\n")
    for field in (None, "source_detail"):
        wrong = "There is no column 'Statuss'; did you mean 'Status'?"
        with pytest.raises(Invalid) as told:
            await imported(
                settings, path, "leads", who=Who(person.who.email),
                options=Options(mapping={"Statuss": field}),
            )  # fmt: skip
        assert told.value.fields == {"mapping": wrong}


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (Options(mapping={"Frist Name": "first_name"}), "There is no column 'Frist Name'"),
        (Options(mapping={"First Name": "fist_name"}), "There is no field 'fist_name'"),
        (Options(key="first_name"), "must be one of external_id, email, or none"),
        (Options(encoding="utf-9"), "encoding: must be an encoding"),
    ],
)
async def test_what_is_said_of_a_file_and_is_not_so_is_refused_before_anything(
    settings, person, tmp_path, options, told
):
    path = tmp_path / "leads.csv"
    path.write_text("First Name,Last Name\nA,B\n")
    with pytest.raises(Invalid, match=told):
        await imported(settings, path, "leads", who=Who(person.who.email), options=options)
    assert await person.get("/v1/imports") == []


async def test_json_of_which_nothing_can_be_read_is_1_and_items_have_their_number(
    settings, person, tmp_path
):
    path, who = tmp_path / "leads.json", Who(person.who.email)
    path.write_text('[{"name":')
    code, said = await imported(settings, path, "leads", who=who)
    assert code == FAILED
    why = "the rest was not read: the file ends in the middle of a record."
    broken = f"The file could not be read: JSON is broken near line 1, {why}"
    assert said == [f"The import failed: {broken}"]
    one = '{"first_name": "A", "last_name": "B"}'
    path.write_text(f'[{one}, {{"first_name": "C"}}, 7]')
    code, said = await imported(settings, path, "leads", who=who)
    assert code == PARTLY
    with (tmp_path / "leads.refused.csv").open(encoding="utf-8-sig") as file:
        refused = list(csv.DictReader(file))
    assert [row["item"] for row in refused] == ["2", "3"]
    assert "line" not in refused[0]
    code, said = await imported(settings, tmp_path / "leads.refused.csv", "leads", who=who)
    assert not [line for line in said if "have no field" in line]


async def test_who_is_unknown_or_may_not_is_told(settings, person, organisation, tmp_path):
    path = tmp_path / "leads.csv"
    path.write_text("First Name,Last Name\nA,B\n")
    reader = await organisation.person("read-only")
    for error, more in (
        (NotFound, {"who": Who("nobody@example.com")}),
        (NotFound, {"who": Who(person.who.email, "Another")}),
        (Forbidden, {"who": Who(reader.email)}),
    ):
        with pytest.raises(error):
            await imported(settings, path, "leads", **more)
    with pytest.raises(NotFound):
        await imported(settings, tmp_path / "none.csv", "leads", who=Who(person.who.email))
    with pytest.raises(Invalid, match="did you mean leads"):
        await imported(settings, path, "leeds", who=Who(person.who.email))


async def test_a_list_is_exported_to_a_file(settings, person, tmp_path):
    for name in ("A", "B"):
        await person.post("/v1/leads", {"first_name": name, "last_name": "L"}, 201)
    to = tmp_path / "leads.csv"
    code = await asyncio.to_thread(
        run_export,
        settings,
        "leads",
        to,
        who=Who(person.who.email),
        query="first_name=B&fields=first_name",
        say=lambda _: None,
    )
    assert code == DONE
    with to.open() as file:
        assert [row["first_name"] for row in csv.DictReader(file)] == ["B"]
    assert [path.name for path in tmp_path.iterdir()] == ["leads.csv"]


async def test_a_file_in_a_folder_that_is_missing_is_told(settings, person, tmp_path):
    to = tmp_path / "none" / "leads.csv"
    with pytest.raises(NotFound, match=f"There is no folder {to.parent}"):
        await asyncio.to_thread(run_export, settings, "leads", to, who=Who(person.who.email))


async def test_an_export_that_nobody_reads_on_ends_where_it_is():
    ended: list[bool] = []

    async def pieces() -> AsyncGenerator[bytes]:
        try:
            yield b"one"
            yield b"two"
        finally:
            ended.append(True)

    class Closed(io.BytesIO):
        def write(self, _data):
            raise BrokenPipeError

    with pytest.raises(BrokenPipeError):
        await exchange._copied(pieces(), Closed())
    assert ended == [True]


async def test_search_finds_records_of_ones_own_types(settings, client, person) -> None:
    headers = person.who.headers
    await client.post("/v1/types", json={"name": "vehicles"}, headers=headers)
    made = await client.post("/v1/custom/vehicles", json={"name": "Zebra"}, headers=headers)
    for words in ("zebra", "ze"):
        said: list[str] = []
        assert await search_records(settings, words, Who(person.who.email), said.append) == DONE
        assert said == ["Vehicles", f"  Zebra  custom/vehicles/{made.json()['data']['id']}"]


async def test_search_says_where_there_are_more_than_it_shows(settings, person) -> None:
    for number in range(10):
        await person.post("/v1/leads", {"first_name": "Zebra", "last_name": f"No {number}"}, 201)
    said: list[str] = []
    assert await search_records(settings, "zebra", Who(person.who.email), said.append) == DONE
    assert len(said) == 11
    await person.post("/v1/leads", {"first_name": "Zebra", "last_name": "No 11"}, 201)
    said.clear()
    await search_records(settings, "zebra", Who(person.who.email), said.append)
    assert (len(said), said[-1]) == (12, "  … and more; one more word finds fewer.")


async def test_people_are_listed_by_their_addresses(settings, person):
    who = Who(person.who.email)
    new = NewMember(email=f"0.{who.email}", first_name="Ann", last_name="Lee")
    said: list[str] = []
    assert await add_person(settings, who, new, said.append) == DONE
    said.clear()
    assert await list_people(settings, who, said.append) == DONE
    assert said == [
        "An organisation",
        f"  {new.email}  Ann Lee  member",
        f"  {who.email}  Robin owner  owner",
    ]
