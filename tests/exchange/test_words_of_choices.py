"""What the words of a file mean in fields of choices: found, told, and said by somebody."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path
from types import SimpleNamespace

import httpx
import pytest
from tests.exchange.imports import Person, counts, working

from tenfold.cli import data_commands, exchange
from tenfold.cli.exchange import PARTLY, run_import
from tenfold.cli.who import Who
from tenfold.engine import batches
from tenfold.exchange import previewing, value_choices
from tenfold.exchange.import_state import Options
from tenfold.exchange.unknown_values import LISTED
from tenfold.exchange.values import Reading, Refusal, read
from tenfold.kernel.errors import Invalid
from tenfold.kernel.settings import Settings
from tenfold.web.desk import Desk

pytestmark = pytest.mark.anyio
CSV = """First Name,Last Name,Status,Timeline
Ann,Lee,Aktiv,immediate
Bo,Ray,aktiv ,1-3 MONTHS
Cy,Fox,Not Started,Someday
Di,Kay,under-contract,
"""
SHOWN = {"column": "Status", "field": "status", "label": "Status", "more": 0}
TIERS = {"type": "lead", "name": "tiers", "kind": "choices", "options": ["gold", "A+", "A"]}


@pytest.fixture
async def person(client: httpx.AsyncClient, organisation, desk: Desk) -> AsyncIterator[Person]:
    async with working(desk):
        yield Person(client, await organisation.person("owner"))


async def previewed(person: Person, content: str = CSV, **options: object) -> httpx.Response:
    body = {"type": "leads", "filename": "x.csv", "content": content, "options": options}
    return await person.client.post("/v1/imports/preview", json=body, headers=person.who.headers)


async def test_words_that_no_choice_matches_are_listed_and_counted(person: Person):
    status, timeline = (await previewed(person)).json()["data"]["values"]
    assert {name: status[name] for name in SHOWN} == SHOWN
    assert status["choices"]["under_contract"] == "Under contract"
    assert status["values"] == [
        {"value": "Aktiv", "rows": 2, "choice": None, "given": False},
        {"value": "Not Started", "rows": 1, "choice": None, "given": False},
    ]
    assert [found["value"] for found in timeline["values"]] == ["Someday"]
    said = {"status": {"AKTIV": "Qualified", "not started": None}}
    status, _ = (await previewed(person, values=said)).json()["data"]["values"]
    assert [(v["choice"], v["given"]) for v in status["values"]] == [
        ("qualified", True), (None, True),
    ]  # fmt: skip


async def test_many_words_are_listed_in_part_the_most_frequent_first(person: Person):
    rows = [f"A,B,word {n}" for n in range(LISTED + 5)]
    content = "\n".join(["First Name,Last Name,Status", *rows, "A,B,often", "A,B,often"])
    (status,) = (await previewed(person, content)).json()["data"]["values"]
    assert status["values"][0] == {"value": "often", "rows": 2, "choice": None, "given": False}
    assert (len(status["values"]), status["more"]) == (LISTED, 6)


async def test_words_come_in_as_somebody_said(person: Person):
    said = '{"status": {"Aktiv": "qualified", "Not Started": ""}, "timeline": {"someday": null}}'
    view = await person.imported(CSV, "leads", values=said)
    assert counts(view) == (4, 4, 0, 0, 0)
    found = {r["first_name"]: (r["status"], r["timeline"]) for r in await person.every("leads")}
    assert found == {
        "Ann": ("qualified", "immediate"),
        "Bo": ("qualified", "1_3_months"),
        "Cy": ("new", None),
        "Di": ("under_contract", None),
    }


async def test_what_is_said_comes_before_what_is_known(person: Person):
    content = "First Name,Last Name,Status\nA,B,In Progress\n"
    assert (await previewed(person, content)).json()["data"]["values"] == []
    view = await person.imported(content, "leads", values='{"status": {"In Progress": "hot"}}')
    assert counts(view) == (1, 1, 0, 0, 0)
    assert [r["status"] for r in await person.every("leads")] == ["hot"]


async def test_several_choices_in_a_cell_are_explained_one_by_one(person: Person):
    await person.post("/v1/custom-fields", TIERS, 201)
    content = "First Name,Last Name,Tiers\nA,B,Gold;A+\nC,D,Oro; Oro |A\n"
    (tiers,) = (await previewed(person, content)).json()["data"]["values"]
    assert [(v["value"], v["rows"]) for v in tiers["values"]] == [("Oro", 2)]
    view = await person.imported(content, "leads", values='{"custom.tiers": {"oro": "Gold"}}')
    assert counts(view) == (2, 2, 0, 0, 0)
    found = {r["first_name"]: r["custom"]["tiers"] for r in await person.every("leads")}
    assert found == {"A": ["gold", "A+"], "C": ["gold", "A"]}


@pytest.mark.parametrize(
    ("values", "field", "says"),
    [
        ({"status": {"Aktiv": "hott"}}, "values.status", "'Aktiv' can't mean 'hott' (did you mean"),
        ({"status": {"Aktiv": "x" * 201}}, "values.status", "at most 200 characters"),
        ({"status": {f"{n}": "new" for n in range(1_001)}}, "values.status", "at most 1,000 words"),
        ({"statsu": {}}, "values.statsu", "no field of choices 'statsu'; did you mean 'status'?"),
        ({"first_name": {"a": "b"}}, "values.first_name", "no field of choices 'first_name'"),
        ({"status": "new"}, "options.values", "must be"),
    ],
)
async def test_a_wrong_choice_is_refused_when_it_is_given(person, values, field, says):
    body = {"type": "leads", "content": CSV, "options": {"values": values}}
    for path in ("/v1/imports/preview", "/v1/imports"):
        answer = await person.client.post(path, json=body, headers=person.who.headers)
        assert answer.status_code == 400, answer.text
        (found,) = answer.json()["error"]["fields"].items()
        assert found[0] == field
        assert says in found[1]
    assert await person.get("/v1/imports") == []


async def test_wrong_choices_are_told_together_at_the_price_of_a_few(person, monkeypatch):
    asked: list[str] = []
    nearest = value_choices.nearest
    monkeypatch.setattr(
        value_choices, "nearest", lambda text, options: asked.append(text) or nearest(text, options)
    )
    wrong = {"Aktiv": "qualfied", "Neu": "neww", **{f"word {n}": "x" for n in range(900)}}
    answer = await previewed(person, values={"status": wrong, "timeline": {"Someday": "never"}})
    says = answer.json()["error"]["fields"]
    assert says["values.status"].startswith(
        "'Aktiv' can't mean 'qualfied' (did you mean 'Qualified'?), 'Neu' can't mean 'neww' "
        "(did you mean 'New'?), 'word 0' can't mean 'x', nor can 899 other words what they "
        "should; the choices are New, Contacted, "
    )
    assert "'Someday' can't mean 'never'" in says["values.timeline"]
    assert len(asked) <= 4


async def test_the_nearest_choice_is_not_sought_for_words_that_are_only_counted(
    person, monkeypatch
):
    monkeypatch.setattr(value_choices, "nearest", None)
    monkeypatch.setattr(previewing, "SHOWN", 0)
    status, _ = (await previewed(person)).json()["data"]["values"]
    assert [found["value"] for found in status["values"]] == ["Aktiv", "Not Started"]


async def test_a_preview_counts_words_in_the_first_rows_and_says_so(person, monkeypatch):
    monkeypatch.setattr(previewing, "COUNTED", 2)
    shown = (await previewed(person)).json()["data"]
    assert [(one["column"], len(one["values"])) for one in shown["values"]] == [("Status", 1)]
    note = "Words were counted in the first 2 of 4 rows; a dry run counts all."
    assert note in shown["notes"]
    view = await person.imported(CSV, "leads", dry_run="true")
    assert [len(one["values"]) for one in view["files"][0]["values"]] == [2, 1]
    assert note not in view["notes"]


async def test_what_words_mean_is_written_down_once_not_with_each_piece(person, monkeypatch):
    saved: list[tuple[str, bool]] = []
    save = batches.save

    async def heard(tx, batch, status, summary, *, finished=False):
        saved.append((str(batch), "options" in summary))
        await save(tx, batch, status, summary, finished=finished)

    monkeypatch.setattr(batches, "save", heard)
    said = '{"status": {"Aktiv": "new", "Not Started": "new"}, "timeline": {"Someday": null}}'
    view = await person.imported(CSV, "leads", values=said)
    assert counts(view) == (4, 4, 0, 0, 0)
    # Other imports of this process are heard too: old ones are tidied up while this one runs.
    assert [said for batch, said in saved if batch == view["id"]] == [False, True, False, False]


def test_choices_that_differ_in_signs_alone_are_kept_apart():
    how = Reading(options={"c": "C", "cpp": "C++", "a_plus": "A+", "a_minus": "A-"})
    assert [read("choice", text, how) for text in ("c", "C++", "a+", "A-")] == [
        "c", "cpp", "a_plus", "a_minus",
    ]  # fmt: skip
    with pytest.raises(Refusal, match="none of the choices"):
        read("choice", "A", how)


async def test_a_dry_run_of_the_command_tells_the_words_and_how_to_explain_them(
    settings: Settings, person: Person, tmp_path
):
    path = tmp_path / "leads.csv"
    path.write_text(CSV)
    said: list[str] = []
    options = Options(dry_run=True, values={"timeline": {"Someday": None}})
    who = Who(person.who.email)
    code = await asyncio.to_thread(
        run_import, settings, path, "leads", who=who, options=options, say=said.append
    )
    assert code == PARTLY
    first = said.index("Words of 'Status' that are none of the choices of status:")
    assert said[first + 1 : first + 3] == ["  Aktiv  (2 rows)", "  Not Started  (1 row)"]
    assert said[first + 3].startswith("Say what each means with --value 'status:Aktiv=CHOICE'; ")
    assert not [line for line in said if "Timeline" in line and "none of" in line]


def test_the_command_takes_words_as_it_takes_columns(monkeypatch):
    taken: list[Options] = []
    place = contextlib.nullcontext(SimpleNamespace(settings=None))
    monkeypatch.setattr(data_commands, "at_work", lambda: place)
    monkeypatch.setattr(
        exchange, "run_import", lambda *_, options, **__: taken.append(options) or 0
    )
    typed = ("status:In: Progress=1=hot", "status:Neu=", "custom.tier:x=y")
    data_commands.import_file(Path("x.csv"), user="ann@example.com", value=list(typed))
    assert taken[0].values == {
        "status": {"In: Progress=1": "hot", "Neu": None},
        "custom.tier": {"x": "y"},
    }
    for wrong in ("status=new", "status:new"):
        with pytest.raises(Invalid, match="value"):
            data_commands.import_file(Path("x.csv"), user="ann@example.com", value=[wrong])
