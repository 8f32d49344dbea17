"""Excel workbooks: imported from their first sheet, exported with days, numbers and no formulas."""

from __future__ import annotations

import io
import os
import tempfile
import zipfile
from contextlib import asynccontextmanager
from datetime import date
from pathlib import Path
from typing import Any

import httpx
import pytest
import python_calamine
import xlsxwriter
from tests.exchange.imports import Person, counts, working

from tenfold.engine.ask import Ask, Sort
from tenfold.exchange import exporting, read_workbook, write_workbook
from tenfold.exchange.importing import TOPICS
from tenfold.exchange.rows import NotReadable
from tenfold.kernel.context import Context

pytestmark = pytest.mark.anyio
XLSX = exporting.FORMATS["xlsx"]


def workbook(*sheets: tuple[str, list[list[Any]]]) -> bytes:
    """A workbook with these sheets."""
    held = io.BytesIO()
    book = xlsxwriter.Workbook(
        held, {"default_date_format": "dd/mm/yyyy", "strings_to_formulas": False}
    )
    for name, rows in sheets:
        sheet = book.add_worksheet(name)
        for number, row in enumerate(rows):
            sheet.write_row(number, 0, row)
    book.close()
    return held.getvalue()


def sheets_of(content: bytes) -> dict[str, list[list[Any]]]:
    """What a workbook holds, by its sheets."""
    book = python_calamine.load_workbook(io.BytesIO(content))
    return {name: book.get_sheet_by_name(name).to_python() for name in book.sheet_names}


@pytest.fixture
async def person(client: httpx.AsyncClient, organisation, desk):
    async with working(desk):
        yield Person(client, await organisation.person("owner"))


LEADS = [
    ["First name", "Last name", "Phone", "Budget", "Next touch"],
    ["Zoë", "=Ünal", 14155550123, 610_000.5, date(2027, 1, 2)],
    [],
    ["Bo", "Lee\nRay", None, 500_000, None],
]


async def test_the_first_sheet_with_rows_is_imported(person):
    content = workbook(("Notes", []), ("Leads", LEADS), ("Old leads", [["x"]]))
    done = await person.imported(content, "leads", filename="leads.xlsx")
    assert counts(done) == (2, 2, 0, 0, 0), done
    assert "Read from the sheet Leads; not read: Notes, Old leads." in done["notes"]
    zoe, bo = sorted(await person.every("leads"), key=lambda one: one["last_name"])
    assert (zoe["first_name"], zoe["last_name"], zoe["phone"]) == ("Zoë", "=Ünal", "+14155550123")
    assert zoe["budget"] == 610_000.5
    assert zoe["next_touch"].startswith("2027-01-02")
    assert (bo["first_name"], bo["budget"]) == ("Bo", 500_000)


def archive(**parts: bytes) -> bytes:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as made:
        for name, content in parts.items():
            made.writestr(name.replace("__", "/"), content)
    return held.getvalue()


def broken() -> bytes:
    content = bytearray(workbook(("Leads", LEADS * 500)))
    place = content.index(b"xl/worksheets/sheet1.xml") + 200
    content[place : place + 50] = bytes(50)
    return bytes(content)


def torn() -> bytes:
    """A workbook whose directory, at its end, is overwritten in part."""
    content = bytearray(workbook(("Leads", LEADS)))
    place = content.index(b"PK\x01\x02")
    content[place + 60 : place + 64] = b"PK\x00\x00"
    content[place : place + 4] = b"XXXX"
    return bytes(content)


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (archive(readme=b"hello"), "is no Excel workbook"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(4_000), "is no Excel workbook"),
        (archive(xl__workbook=bytes(50 << 20)), "is too large"),
        (workbook(("Empty", [])), "holds no rows"),
        (broken(), "is damaged"),
        (torn(), "is no Excel workbook"),
    ],
    ids=["another archive", "a torn old file", "a bomb", "empty", "damaged", "a torn archive"],
)
async def test_what_is_no_workbook_is_refused_at_once(person, content: bytes, why: str):
    answer = await person.start(content, "leads", filename="leads.xlsx")
    assert answer.status_code == 400, answer.text
    assert why in answer.json()["error"]["fields"]["file"]


async def test_a_workbook_that_takes_too_long_is_given_up(tmp_path: Path, monkeypatch):
    path = tmp_path / "0.upload"
    path.write_bytes(workbook(("Leads", LEADS)))
    monkeypatch.setattr(read_workbook, "SECONDS", 0)
    with pytest.raises(NotReadable, match="too large"):
        await read_workbook.made_csv(path, 1_000)
    assert read_workbook.is_workbook(path), "it stays as it was"


async def test_a_sheet_that_is_longer_than_an_upload_may_be_is_refused(tmp_path: Path):
    path = tmp_path / "0.upload"
    path.write_bytes(workbook(("Leads", [["note"], *[["x" * 30_000]] * 50])))
    with pytest.raises(NotReadable, match="too large"):
        await read_workbook.made_csv(path, 1_000_000)
    assert os.listdir(tmp_path) == ["0.upload"]  # noqa: PTH208 - quick enough in a test


async def test_an_export_that_is_broken_off_leaves_nothing_behind(
    person, desk, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setattr(exporting, "ROWS", 1)
    for name in "ABC":
        await person.post("/v1/leads", {"first_name": name, "last_name": "B"}, 201)
    context, pages = Context(person.who.tenant, person.who.id), 0

    @asynccontextmanager
    async def opened():
        nonlocal pages
        pages += 1
        if pages == 3:
            raise ConnectionError("gone")
        async with desk.database.read(context.tenant, TOPICS) as reader:
            one = await desk.exchange.person(reader, context)
            definition = await desk.exchange.definition(reader, context.tenant, "lead")
            yield exporting.Reading(reader, one, definition)

    sort = Sort(desk.registry.by_name["lead"].fields["created_at"], descending=False)
    with pytest.raises(ConnectionError):
        async for _ in exporting.export(desk.query, opened, Ask(sorts=(sort,)), "xlsx"):
            pass
    assert os.listdir(tmp_path) == []  # noqa: PTH208 - quick enough in a test


async def test_a_list_is_exported_for_excel(person):
    text = {"first_name": "=1+1", "last_name": "O'Brien", "phone": "+14155550123"}
    await person.post("/v1/contacts", {**text, "birthday": "1990-02-28"}, 201)
    await person.post("/v1/leads", {"first_name": "A", "last_name": "B", "budget": 12.5}, 201)
    asked = {"format": "xlsx", "fields": "first_name,last_name,birthday"}
    path = "/v1/contacts/export"
    answer = await person.client.get(path, params=asked, headers=person.who.headers)
    assert answer.headers["content-type"] == XLSX
    assert answer.headers["content-disposition"] == 'attachment; filename="contacts.xlsx"'
    (head, row) = sheets_of(answer.content)["Contacts"]
    found = dict(zip(head, row, strict=True))
    assert found["first_name"] == "'=1+1", "no text is a formula, nor becomes one"
    assert (found["last_name"], found["birthday"]) == ("O'Brien", date(1990, 2, 28))
    answer = await person.client.get(
        "/v1/leads/export", params={"format": "xlsx"}, headers=person.who.headers
    )
    head, row = sheets_of(answer.content)["Leads"]
    assert dict(zip(head, row, strict=True))["budget"] == 12.5


async def test_an_empty_list_has_its_names(person):
    answer = await person.client.get(
        "/v1/leads/export", params={"format": "xlsx"}, headers=person.who.headers
    )
    (head,) = sheets_of(answer.content)["Leads"]
    assert "first_name" in head


def test_more_rows_than_a_sheet_holds_go_on_in_the_next(monkeypatch):
    monkeypatch.setattr(write_workbook, "ROWS", 3)
    held = io.BytesIO()
    book = write_workbook.Workbook(held, "A/B: [all] the 'things' of a long name", ["n"], ())
    book.add({"n": n} for n in range(5))
    book.close()
    sheets = sheets_of(held.getvalue())
    assert [rows[0] for rows in sheets.values()] == [["n"]] * 3
    assert [row[0] for rows in sheets.values() for row in rows[1:]] == [0, 1, 2, 3, 4]


def test_what_excel_can_not_hold_is_told_apart():
    held = io.BytesIO()
    book = write_workbook.Workbook(held, "Things", ["a", "b", "c", "d"], {"d"})
    far = {"a": 12345678901234567, "b": "x" * 40_000, "c": "a\x00b\ud800", "d": "1066-10-14"}
    book.add([far])
    book.close()
    _, row = sheets_of(held.getvalue())["Things"]
    assert row[0] == "12345678901234567", "Excel keeps fifteen digits of a number"
    assert (len(row[1]), row[1][-1]) == (32_767, "…")
    assert row[2:] == ["a\ufffdb\ufffd", "1066-10-14"]
