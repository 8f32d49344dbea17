"""Imports on pages, without JavaScript: a file, its columns, its refused rows, its undo."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest
from tests.exchange.imports import working
from tests.factories import Organisation, Somebody
from tests.guards import Counter
from tests.pages.conftest import Make, Visit, Visitor
from tests.pages.html import Element

from tenfold.exchange import drafts, previewing
from tenfold.exchange.import_files import ImportFiles
from tenfold.exchange.import_state import State
from tenfold.exchange.rows import Row
from tenfold.exchange.surveying import Survey
from tenfold.web.desk import Desk
from tenfold.web.pages import import_kept, import_views, imports

pytestmark = pytest.mark.anyio
CSV = b"""First Name,Last Name,E-mail,Colour
Grace,Hopper,grace@example.com,red
Joan,Clarke,joan@example.com,blue
Nobody,,not an address,green
"""


@pytest.fixture
async def worker(desk: Desk) -> AsyncIterator[None]:
    """A worker that runs imports."""
    async with working(desk):
        yield


async def send(
    visitor: Visitor, content: bytes = CSV, name: str = "people.csv", **changed: str
) -> Element:
    """Send a file by the form of the page."""
    page = await visitor.get("/imports/new?type=leads")
    values = dict(page.one("form", id="send-form").fields()) | changed
    values.pop("file", None)
    return await visitor.upload("/imports/new", values, (name, content))


async def foreseen(visitor: Visitor, path: str) -> Element:
    """The page of a batch with what its undo would do, as its link leads to it."""
    page = await visitor.get(path)
    (link,) = page.one("p", id="undo-says").all("a")
    return await visitor.get(link["href"])


async def finished(visitor: Visitor) -> Element:
    """Load the page again until the work is done, as its refresh does."""
    for _ in range(200):
        if not visitor.page.all("progress"):
            return visitor.page
        await asyncio.sleep(0.05)
        await visitor.get(visitor.path)
    raise AssertionError("the import did not end")


def figures(visitor: Visitor) -> dict[str, str]:
    """The numbers of the page by what they count."""
    parts = visitor.page.one("dl", class_="figures").all("div")
    return {p.one("dt").text: p.one("dd").text for p in parts}


async def test_what_no_column_gives_is_told_once_by_its_label(visitor: Visitor) -> None:
    page = await send(visitor, b"E-mail\ngrace@example.com\n")
    assert "First name and Last name are required" in page.text
    assert "first_name" not in page.one("main").text
    assert "UTF-8" in page.text


async def test_an_address_that_comes_in_parts_is_not_missing(visitor: Visitor) -> None:
    csv = b"Street Number,Street Name,City,List Price\n12,Elm St,Sacramento,500000\n"
    page = await send(visitor, csv, type="listings")
    assert not page.all("p", class_="amber")
    page = await send(visitor, b"City\nSacramento\n", type="leads")
    (told,) = page.all("p", class_="amber")
    assert "First name and Last name are required" in told.text


async def test_what_the_rows_are_is_chosen_and_not_guessed(visitor: Visitor) -> None:
    page = await visitor.get("/imports/new")
    assert dict(page.one("form", id="send-form").fields())["type"] == ""
    page = await send(visitor, type="")
    assert visitor.answer.status_code == 400
    assert "Choose what the rows are." in page.one("p", role="alert").text


async def test_an_address_of_two_people_is_told_before_all_are_made_anew(visitor: Visitor) -> None:
    twins = b"Last name,E-mail\nA,us@example.com\nB,us@example.com\n"
    page = await send(visitor, twins)
    assert "Every row makes a new record" in " ".join(p.text for p in page.all(class_="note"))


async def test_old_drafts_are_removed_beside_the_requests(
    visitor: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    threads = list[threading.Thread]()
    monkeypatch.setattr(drafts, "sweep", lambda _folder: threads.append(threading.current_thread()))
    await send(visitor)
    assert len(threads) == 1
    assert threading.main_thread() not in threads


async def test_the_refused_rows_are_read_when_nothing_is_held(
    visitor: Visitor, worker: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = await send(visitor)
    await visitor.send(page.one("form", id="columns-form"), button="do=import")
    await finished(visitor)
    held, seen, changing = 0, list[int](), imports.changing

    @asynccontextmanager
    async def counted(*given: Any) -> AsyncGenerator[Any]:
        nonlocal held
        async with changing(*given) as entered:
            held += 1
            try:
                yield entered
            finally:
                held -= 1

    def rows(_files: ImportFiles, _state: State) -> list[Row]:
        seen.append(held)
        return []

    monkeypatch.setattr(imports, "changing", counted)
    monkeypatch.setattr(ImportFiles, "refused_rows", rows)
    await visitor.get(visitor.path)
    assert seen == [0]


async def test_a_file_is_imported_and_taken_back(visitor: Visitor, worker: None) -> None:
    await visitor.get("/leads")
    assert "/imports/new?type=leads" in {a["href"] for a in visitor.page.all("a")}
    page = await send(visitor)
    assert visitor.path.endswith("/columns"), page.text
    chosen = dict(page.one("form", id="columns-form").fields())
    assert [chosen[f"column.{n}"] for n in range(4)] == ["first_name", "last_name", "email", ""]
    assert "Grace" in page.text
    assert "Refused" in page.text
    await visitor.send(page.one("form", id="columns-form"), button="do=import")
    await finished(visitor)
    assert figures(visitor) == {"new": "2", "changed": "0", "the same already": "0", "refused": "1"}
    assert "not an address" in visitor.page.text
    here = visitor.path
    await visitor.get(f"{here}/refused")
    assert visitor.answer.headers["content-type"].startswith("text/csv")
    assert "Nobody" in visitor.answer.text
    assert "Grace" not in visitor.answer.text
    await visitor.get("/leads")
    assert "2 leads" in visitor.page.text
    page = await foreseen(visitor, here)
    assert "takes away 2 records" in page.text
    await visitor.send(page.one("form", class_="undo-form"))
    assert figures(visitor)["taken away"] == "2"
    await visitor.get("/leads")
    assert "No leads yet" in visitor.page.text
    page = await visitor.get("/imports")
    assert [a.text for a in page.all("a", class_="what")] == ["Undo of an import", "people.csv"]
    page = await visitor.get(here)
    assert "This was undone" in page.text
    assert not page.all("form", class_="undo-form")


async def test_a_file_that_is_sent_again_changes_or_skips_what_it_made(
    visitor: Visitor, worker: None
) -> None:
    form = (await send(visitor)).one("form", id="columns-form")
    await visitor.send(form, button="do=import")
    await finished(visitor)
    changed = CSV.replace(b"Hopper", b"Murray")
    form = (await send(visitor, changed)).one("form", id="columns-form")
    key = form.one("select", name="key")
    assert [o.text for o in key.all("option")] == ["Nothing: every row is new", "Email"]
    assert key.one("option", selected="").text == "Email"
    await visitor.send(form, button="do=try", existing="skip")
    page = await finished(visitor)
    assert figures(visitor)["would be skipped"] == "2"
    assert figures(visitor)["would be new"] == "0"
    (back,) = [a for a in page.all("a") if a.text == "Back to the columns"]
    form = (await visitor.get(back["href"])).one("form", id="columns-form")
    assert form.one("select", name="existing").one("option", selected="").text == "Skip their rows"
    page = await visitor.send(form, button="do=look", key="none")
    form = page.one("form", id="columns-form")
    page = await visitor.send(form, button="do=look", key="email", column__2="")
    assert "No column goes into the field by which" in page.one("p", role="alert").text
    form = (await visitor.get(back["href"])).one("form", id="columns-form")
    await visitor.send(form, button="do=import", existing="update", column__2="email", key="email")
    await finished(visitor)
    assert {"new": "0", "changed": "1"}.items() <= figures(visitor).items()
    await visitor.get("/leads")
    assert "2 leads" in visitor.page.text
    form = (await send(visitor, changed)).one("form", id="columns-form")
    await visitor.send(form, button="do=import", key="none")
    await finished(visitor)
    assert figures(visitor)["new"] == "2"


async def test_columns_can_be_sent_elsewhere_and_tried_without_storing(
    visitor: Visitor, worker: None
) -> None:
    page = await send(visitor)
    form = page.one("form", id="columns-form")
    page = await visitor.send(form, button="do=look", column__3="source_detail", column__2="")
    assert "Source detail" in page.one("table").text
    assert "grace@example.com" not in page.one("table").text
    await visitor.send(page.one("form", id="columns-form"), button="do=try")
    await finished(visitor)
    assert figures(visitor)["would be new"] == "2"
    assert not visitor.page.all("form", class_="undo-form")
    assert "left out as asked: E-mail" in visitor.page.text
    await visitor.get("/leads")
    assert "No leads yet" in visitor.page.text


async def test_what_was_tried_is_imported_or_looked_at_again(
    visitor: Visitor, worker: None
) -> None:
    page = await send(visitor)
    form = page.one("form", id="columns-form")
    await visitor.send(form, button="do=try", column__3="source_detail")
    page = await finished(visitor)
    tried = visitor.path
    assert "left out as asked" not in page.text
    (back,) = [a for a in page.all("a") if a.text == "Back to the columns"]
    page = await visitor.get(back["href"])
    chosen = dict(page.one("form", id="columns-form").fields())
    assert [chosen[f"column.{n}"] for n in (2, 3)] == ["email", "source_detail"]
    page = await visitor.get(tried)
    go = page.one("form", action=back["href"])
    assert go.one("button").text == "Import these 2 leads now"
    await visitor.send(go, button="do=import")
    await finished(visitor)
    assert figures(visitor)["new"] == "2"
    await visitor.get("/leads")
    assert "2 leads" in visitor.page.text
    # What it tried is imported now, so that there is nothing left to begin.
    page = await visitor.get(tried)
    assert not page.all("form", action=back["href"])


async def test_columns_that_nobody_left_out_are_not_told_as_that(
    visitor: Visitor, worker: None
) -> None:
    page = await send(visitor)
    await visitor.send(
        page.one("form", id="columns-form"), button="do=try", column__1="source_detail"
    )
    page = await finished(visitor)
    assert "as asked" not in page.text
    assert "have no field and were left out: Colour" in page.text


async def test_words_that_are_no_choice_are_explained_on_the_page(
    visitor: Visitor, worker: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = b"First Name,Last Name,Status\nA,B,Aktiv\nC,D,aktiv\nE,F,On: ice\nG,H,Neu\n"
    page = await send(visitor, rows)
    assert "none of the choices of Status" in page.text
    asked = {s["name"]: s for s in page.all("select") if s["name"].startswith("value.")}
    assert list(asked) == ["value.status:Aktiv", "value.status:On: ice", "value.status:Neu"]
    options = [o.text for o in asked["value.status:Aktiv"].all("option")]
    assert options[:3] == ["Refuse these rows", "Leave out", "New"]
    said = {"value.status:Aktiv": "=hot", "value.status:On: ice": "="}
    page = await visitor.send(page.one("form", id="columns-form"), button="do=look", **said)
    form = page.one("form", id="columns-form")
    kept = {name: value for name, value in form.fields() if name.startswith("value.")}
    assert kept == {**said, "value.status:Neu": ""}
    assert "A B Hot 3 C D Hot" in page.one("table").text
    page = await visitor.send(form, button="do=look", **{"value.status:Aktiv": "=mild"})
    assert "'Aktiv' can't mean 'mild'; the choices are New, " in page.one("p", role="alert").text
    page = await visitor.get(visitor.path)
    await visitor.send(page.one("form", id="columns-form"), button="do=try")
    page = await finished(visitor)
    assert figures(visitor)["refused"] == "1"
    assert "'Neu' is none of the choices" in page.text
    (back,) = [a for a in page.all("a") if a.text == "Back to the columns"]
    form = (await visitor.get(back["href"])).one("form", id="columns-form")
    page = await visitor.send(form, button="do=look", unreadable="skip")
    assert (
        page.one("select", id="how-unreadable").one("option", selected="").text == "Leave them out"
    )
    assert "1 value of 'Status' left out: can't be read." in page.text
    await visitor.send(page.one("form", id="columns-form"), button="do=import")
    await finished(visitor)
    assert figures(visitor) == {"new": "4", "changed": "0", "the same already": "0", "refused": "0"}
    assert "1 value of 'Status' left out: can't be read." in visitor.page.text
    assert "Line Column What it held 5 Status Neu" in visitor.page.one("table").text
    assert "listed" not in visitor.page.text
    monkeypatch.setattr(import_views, "SKIPPED", 1)
    assert "The first 1 are listed." in (await visitor.get(visitor.path)).text


async def test_what_may_mend_refused_rows_is_open_and_names_fields_as_people_do(
    visitor: Visitor, worker: None
) -> None:
    page = await send(visitor, b"First Name,Last Name\nAda,Byron\n")
    assert not page.one("details", class_="how").has("open")
    page = await send(visitor, b"First Name,Last Name,Email\nAda,Byron,x\nNobody,,\n")
    assert page.one("details", class_="how").has("open")
    await visitor.send(page.one("form", id="columns-form"), button="do=import")
    page = await finished(visitor)
    assert "3 Nobody Last name: is required." in page.one("table").text
    assert {a.text for a in page.all("a", class_="button")} >= {"See leads"}


async def test_a_whole_file_is_read_for_its_words_only_where_they_are_shown(
    visitor: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[Survey] = []
    looked = previewing.unknown_values
    monkeypatch.setattr(
        previewing, "unknown_values", lambda found, most: read.append(found) or looked(found, most)
    )
    page = await send(visitor)
    assert len(read) == 1
    await visitor.send(page.one("form", id="columns-form"), button="do=look")
    assert len(read) == 2


async def test_how_a_file_is_written_can_be_mended(visitor: Visitor, worker: None) -> None:
    content = "First Name;Last Name;Budget;Phone\nJos\xe9;M\xfcller;1.250;030 901820\n"
    page = await send(visitor, content.encode("cp1252"))
    form = page.one("form", id="columns-form")
    how = dict(form.fields())
    assert [how[n] for n in ("region", "currency", "encoding", "separator")] == [
        "US", "USD", "cp1252", ";",
    ]  # fmt: skip
    assert "'030 901820' is not a possible telephone number" in page.text
    page = await visitor.send(form, button="do=look", region="DE", currency="EUR")
    assert "€1,250" in page.text
    assert page.one("details", class_="how").has("open")
    page = await visitor.send(
        page.one("form", id="columns-form"), button="do=look", encoding="mac_roman"
    )
    assert "José" not in page.text
    chosen = dict(page.one("form", id="columns-form").fields())
    assert (chosen["encoding"], chosen["region"]) == ("mac_roman", "DE")
    page = await visitor.send(page.one("form", id="columns-form"), button="do=look", separator="|")
    assert len([n for n, _ in page.one("form", id="columns-form").fields() if "column." in n]) == 1
    # Columns that nobody has seen are shown before anything is imported.
    page = await visitor.send(
        page.one("form", id="columns-form"), button="do=import", separator=";", encoding="cp1252"
    )
    assert visitor.answer.status_code == 400
    assert "another way now" in page.one("p", role="alert").text
    await visitor.send(page.one("form", id="columns-form"), button="do=import")
    await finished(visitor)
    assert figures(visitor)["new"] == "1"
    await visitor.get("/leads")
    assert "José Müller" in visitor.page.text
    assert "€1,250" in visitor.page.text


async def test_what_can_not_be_chosen_is_refused_in_a_sentence(visitor: Visitor) -> None:
    page = await send(visitor)
    for name, value in (("region", "XX"), ("encoding", "idna"), ("separator", '"')):
        form = page.one("form", id="columns-form")
        page = await visitor.send(form, button="do=look", **{name: value})
        assert visitor.answer.status_code == 400, name
        assert page.one("p", role="alert").text
        chosen = dict(page.one("form", id="columns-form").fields())
        assert chosen["column.0"] == "first_name"


async def test_every_kind_of_value_is_previewed(visitor: Visitor) -> None:
    content = (
        "Address;City;List Price;Living Area;Year Built;Bathrooms;Latitude;Listing Date;Status\n"
        "Hauptstr. 1;Berlin;1.234.567,89 €;120,5;1908;1,5;52,5;21.11.2026;active\n"
    )
    page = await send(visitor, content.encode(), "homes.csv", type="listings")
    assert visitor.answer.status_code == 200
    table = page.one("table").text
    assert "120.5" in table
    assert "€1,234,567.89" in table


async def test_items_of_json_have_their_number_and_broken_json_its_reason(
    visitor: Visitor, worker: None
) -> None:
    one = b'{"first_name": "A", "last_name": "B"}'
    page = await send(visitor, b'[{"first_name": "C"}, ' + one + b"]", "people.json")
    assert next(th.text for th in page.one("table").all("th")) == "Item"
    await visitor.send(page.one("form", id="columns-form"), button="do=import")
    page = await finished(visitor)
    table = page.one("table")
    assert next(th.text for th in table.all("th")) == "Item"
    assert table.all("td")[0].text == "1"
    page = await send(visitor, b'[{"name":', "people.json")
    assert visitor.answer.status_code == 400
    assert "The file could not be read: JSON is broken" in page.one("p", role="alert").text


async def test_a_file_that_can_not_be_read_is_told_beside_it(visitor: Visitor) -> None:
    page = await send(visitor, b"", "nothing.csv")
    assert visitor.answer.status_code == 400
    assert page.one("p", role="alert").text
    await visitor.get("/imports")
    assert "Nothing imported yet" in visitor.page.text


async def test_a_file_from_elsewhere_is_refused(visitor: Visitor) -> None:
    await send(visitor, csrf="no token")
    assert visitor.answer.status_code == 403
    await visitor.get("/imports/new")
    await visitor.upload(
        "/imports/new", {"csrf": "x", "type": "leads"}, ("a.csv", CSV), origin="https://evil.test"
    )
    assert visitor.answer.status_code == 403


async def test_uploads_and_imports_of_others_are_not_here(
    visitor: Visitor, visit: Visit, organisation: Organisation, stranger: Organisation
) -> None:
    await send(visitor)
    draft = visitor.path
    for somebody in (await organisation.person("admin"), await stranger.person("owner")):
        other = visit(somebody)
        await other.get(draft)
        assert other.answer.status_code == 404


async def test_who_may_make_nothing_is_offered_no_import(
    visit: Visit, organisation: Organisation
) -> None:
    visitor = visit(await organisation.person("read-only"))
    await visitor.get("/imports")
    assert "/imports/new" not in {a["href"] for a in visitor.page.all("a")}
    await visitor.get("/leads")
    assert "/imports/new?type=leads" not in {a["href"] for a in visitor.page.all("a")}


async def test_two_columns_for_one_field_are_refused_beside_the_second(visitor: Visitor) -> None:
    page = await send(visitor)
    form = page.one("form", id="columns-form")
    page = await visitor.send(form, button="do=import", column__3="email")
    assert visitor.answer.status_code == 400
    assert visitor.path.endswith("/columns")
    assert "Another column goes into Email already." in page.one("p", id="e-3").text
    assert page.one("select", id="c-3")["aria-describedby"] == "e-3"
    chosen = dict(page.one("form", id="columns-form").fields())
    assert (chosen["column.2"], chosen["column.3"]) == ("email", "email")


async def test_a_column_says_how_sure_it_is_and_shows_three_values(visitor: Visitor) -> None:
    page = await send(visitor)
    first, *_, colour = page.one("ul", class_="mapping").all("li")
    assert first.one("span", class_="samples").text == "Grace, Joan, Nobody"
    assert first.one("span", class_="chip").text == "Sure"
    assert not colour.all("span", class_="chip")
    assert page.one("li", aria_current="step").text == "Columns"


async def test_what_an_import_made_is_a_list_of_just_that(
    visitor: Visitor, make: Make, worker: None
) -> None:
    await make("leads", first_name="Before", last_name="It")
    page = await send(visitor)
    await visitor.send(page.one("form", id="columns-form"), button="do=import")
    page = await finished(visitor)
    (see,) = (a for a in page.all("a") if a.text == "See leads")
    await visitor.get(see["href"])
    assert "2 leads" in visitor.page.text
    assert "Grace" in visitor.page.text
    assert "Before" not in visitor.page.one("main").text


async def test_batches_are_looked_for_by_kind_person_and_state(
    visitor: Visitor, visit: Visit, organisation: Organisation, worker: None
) -> None:
    page = await send(visitor)
    await visitor.send(page.one("form", id="columns-form"), button="do=import")
    page = await finished(visitor)
    await visitor.send(page.one("form", class_="undo-form"))

    async def shown(query: str) -> list[str]:
        page = await visitor.get(f"/imports?{query}")
        return [a.text for a in page.all("a", class_="what")]

    assert await shown("kind=undo") == ["Undo of an import"]
    assert await shown("status=undone") == ["people.csv"]
    assert await shown("status=running") == []
    assert "Nothing was done that fits." in visitor.page.text
    other = await organisation.person("manager")
    assert await shown(f"by={other.id}") == []
    assert await shown("kind=nothing") == ["Undo of an import", "people.csv"]
    (undo,) = (a for a in visitor.page.all("a") if a.text == "Undo")
    assert undo["href"].endswith("#undo")
    member = visit(await organisation.person("member"))
    await member.get("/imports?status=done")
    assert not member.page.all("select", name="by")


async def test_what_was_edited_since_is_named_before_an_undo(
    visitor: Visitor, client: httpx.AsyncClient, admin: Somebody, worker: None
) -> None:
    page = await send(visitor)
    await visitor.send(page.one("form", id="columns-form"), button="do=import")
    await finished(visitor)
    here = visitor.path
    found = (await client.get("/v1/leads", headers=admin.headers)).json()["data"]
    path = f"/v1/leads/{found[0]['id']}"
    changed = await client.patch(path, json={"source_detail": "Bonn"}, headers=admin.headers)
    assert changed.status_code == 200, changed.text
    part = await visitor.get(f"{here}/undo", headers={"hx-target": "p#undo-says"})
    assert part.text.startswith("Undo takes away 1 record")
    page = await foreseen(visitor, here)
    assert "takes away 1 record" in page.text
    (kept,) = page.one("ul", class_="kept").all("li")
    assert kept.one("a")["href"] == f"/leads/{found[0]['id']}"
    assert "It was edited after the batch made it." in kept.text
    assert kept.one("a").text == f"{found[0]['first_name']} {found[0]['last_name']}"
    await visitor.send(page.one("form", class_="undo-form"))
    page = visitor.page
    told = figures(visitor)
    assert (told["taken away"], told["left as now"]) == ("1", "1")
    (kept,) = page.one("ul", class_="kept").all("li")
    assert kept.one("a")["href"] == f"/leads/{found[0]['id']}"
    assert "It was edited after the batch made it. (Source detail)" in kept.text
    assert page.one("a", href=here).text == "people.csv"
    undo = visitor.path
    page = await visitor.get("/imports")
    lines = [one for one in page.all("li") if one.all("a", class_="what")]
    assert [a["href"] for one in lines for a in one.all("a", class_="inline")] == [here, undo]


async def test_of_many_kept_records_the_first_are_listed_and_all_counted(
    visitor: Visitor, client: httpx.AsyncClient, admin: Somebody, worker: None,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.setattr(import_kept, "_KEPT_SHOWN", 2)
    rows = "".join(f"A,B{n},b{n}@example.com\n" for n in range(5))
    page = await send(visitor, f"First Name,Last Name,E-mail\n{rows}".encode())
    await visitor.send(page.one("form", id="columns-form"), button="do=import")
    await finished(visitor)
    found = (await client.get("/v1/leads", headers=admin.headers)).json()["data"]
    for one in found[:4]:
        path = f"/v1/leads/{one['id']}"
        await client.patch(path, json={"source_detail": "Bonn"}, headers=admin.headers)
    page = await foreseen(visitor, visitor.path)
    assert page.one("ul", class_="kept").all("li")[-1].text == "and 2 more"
    await visitor.send(page.one("form", class_="undo-form"))
    assert [one.text for one in visitor.page.one("ul", class_="kept").all("li")][2:] == [
        "and 2 more"
    ]
    told = [figures(visitor)[name] for name in ("taken away", "left as now")]
    assert told == ["1", "4"]


async def test_an_import_is_stopped_by_its_button_and_says_what_is_in(visitor: Visitor) -> None:
    page = await send(visitor)
    page = await visitor.send(page.one("form", id="columns-form"), button="do=import")
    assert page.one("section", id="batch")["hx-trigger"] == "every 1s"
    (stop,) = [form for form in page.all("form") if form["action"].endswith("/stop")]
    page = await visitor.send(stop)
    assert page.one("p", role="alert").text == "It was stopped before it began. Nothing was stored."
    assert not page.all("progress")
    assert figures(visitor)["new"] == "0"


async def test_what_a_file_names_and_is_not_here_is_made_left_empty_or_refused(
    visitor: Visitor, client: httpx.AsyncClient, admin: Somebody, worker: None
) -> None:
    rows = b"Last Name,Works at\nLee,Acme\nRay,Acme\nRoe,Best\nDoe,\n"

    async def names(plural: str) -> set[str]:
        found = (await client.get(f"/v1/{plural}", headers=admin.headers)).json()["data"]
        return {one.get("name") or one["last_name"] for one in found}

    async def asked() -> Element:
        form = (await send(visitor, rows, type="contacts")).one("form", id="columns-form")
        page = await visitor.send(form, button="do=look", column__1="company")
        return page.one("form", id="columns-form")

    form = await asked()
    assert "Company (3 rows) Acme, Best" in visitor.page.text
    link = form.one("select", name="link.company")
    assert [o.text for o in link.all("option")] == [
        "Refuse these rows", "Make 2 records with just the name", "Leave it empty",
    ]  # fmt: skip
    await visitor.send(form, button="do=try", link__company="leave")
    await finished(visitor)
    assert figures(visitor)["would be new"] == "4"
    assert "3 rows name a company that is not here, and came in without it." in visitor.page.text
    form = await asked()
    page = await visitor.send(form, button="do=look", link__company="make")
    link = page.one("select", name="link.company")
    assert link.one("option", selected="").text == "Make 2 records with just the name"
    assert "Refused" not in page.one("table").text
    await visitor.send(page.one("form", id="columns-form"), button="do=import")
    page = await finished(visitor)
    assert "2 companies made, as named in the file." in page.text
    assert await names("companies") == {"Acme", "Best"}
    await visitor.send(page.one("form", class_="undo-form"))
    assert figures(visitor)["taken away"] == "6"
    assert await names("companies") == await names("contacts") == set()
    await visitor.send(await asked(), button="do=import")
    await finished(visitor)
    assert (figures(visitor)["new"], figures(visitor)["refused"]) == ("1", "3")


async def test_the_page_of_a_finished_import_needs_few_statements(
    visitor: Visitor, queries: Counter, desk: Desk
) -> None:
    """What an undo would do is tried apart from the page, and asks more."""
    async with working(desk):  # what a worker asks is not the page's
        await visitor.send((await send(visitor)).one("form", id="columns-form"), "do=import")
        await finished(visitor)
    queries.clear()
    page = await visitor.get(visitor.path)
    assert page.all("form", class_="undo-form")
    assert 0 < len(queries) <= 5, queries.statements


async def test_every_page_of_imports_needs_few_statements(
    visitor: Visitor, queries: Counter
) -> None:
    form = (await send(visitor)).one("form", id="columns-form")
    columns = visitor.path
    for _ in range(3):
        page = await visitor.send((await send(visitor)).one("form", id="columns-form"), "do=try")
    await visitor.send(form, button="do=look")
    tried = visitor.path
    await visitor.send(page.one("form", action=f"{page.one('section', id='batch')['hx-get']}/stop"))
    pages = ["/imports/new", "/imports", "/imports?status=running", columns, tried, visitor.path]
    for path in pages:
        await visitor.get(path)
        queries.clear()
        await visitor.get(path)
        assert visitor.answer.status_code == 200
        assert len(queries) <= 5, (path, queries.statements)


async def test_the_number_of_a_column_may_be_anything(visitor: Visitor) -> None:
    form = (await send(visitor)).one("form", id="columns-form")
    name = f"column.{'9' * 5_000}"
    await visitor.send(form, button="do=look", **{name: "first_name"})
    assert visitor.answer.status_code == 200


async def test_the_guide_sends_a_file_of_what_comes_next(visitor: Visitor) -> None:
    page = await visitor.get("/")
    files = [a["href"] for a in page.all("a") if a.text == "Import a file"]
    guides = [one for one in files if "type=" in one]
    assert guides
    for guide in guides:
        page = await visitor.get(guide)
        chosen = page.one("select", name="type").one("option", selected="")
        assert guide.endswith(f"type={chosen['value']}")


async def test_a_file_is_counted_in_the_language_of_the_page(visitor: Visitor) -> None:
    await send(visitor, b"First Name,Last Name,Status\nA,B,Aktiv\n")
    page = await visitor.get(visitor.path, headers={"accept-language": "de"})
    assert "1 Zeile" in page.text
    assert "1 row" not in page.text


async def test_what_is_wrong_with_a_file_is_told_in_ones_language(
    visitor: Visitor, worker: None
) -> None:
    await visitor.get("/settings/language")
    await visitor.send(visitor.form("/settings/language"), language="de", region="DE")
    page = await send(
        visitor, b"Last Name,E-mail,Status,Odd\nHopper,nobody,hmm,x\n,a@b.example,,\n"
    )
    told = page.one("main").text
    assert "'nobody' ist keine E-Mail-Adresse." in told
    assert "'hmm' ist keine der Möglichkeiten: Neu" in told
    assert "Diese Spalten haben kein Feld und wurden ausgelassen: Odd." in told
    assert "führt in" not in told, "what is required is told above the columns"
    await visitor.send(page.one("form", id="columns-form"), button="do=try")
    await finished(visitor)
    first, second = (row.text for row in visitor.page.one("table").all("tr")[1:])
    assert "ist keine E-Mail-Adresse" in first
    assert "Nachname: ist erforderlich." in second
    await visitor.get(f"{visitor.path}/refused")
    assert "ist keine E-Mail-Adresse" in visitor.answer.text


async def test_a_file_is_read_as_one_writes_oneself(visitor: Visitor) -> None:
    await visitor.get("/settings/language")
    await visitor.send(visitor.form("/settings/language"), region="GB")
    page = await send(visitor, b"First name,Last name,Next touch\nGrace,Hopper,03/04/2031\n")
    form = page.one("form", id="columns-form")
    assert form.one("select", name="region").one("option", selected="")["value"] == "GB"
    assert "3 Apr 2031" in page.text
