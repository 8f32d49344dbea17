"""Rows find the records that are here already by a field that was chosen, or guessed."""

from __future__ import annotations

import asyncio
import contextlib
from pathlib import Path
from types import SimpleNamespace

import httpx
import pytest
from tests.exchange.imports import Person, counts, working

from tenfold.cli import data_commands
from tenfold.cli import exchange as commands
from tenfold.cli.exchange import DONE, run_import
from tenfold.cli.who import Who
from tenfold.exchange.import_state import Options
from tenfold.kernel.settings import Settings

pytestmark = pytest.mark.anyio
FILE = "First Name,Last Name,E-mail\nAnn,Lee,ann@example.com\nBo,Ray,bo@example.com\nCy,Roe,\n"


@pytest.fixture
async def person(client: httpx.AsyncClient, organisation, desk):
    async with working(desk):
        yield Person(client, await organisation.person("owner"))


async def test_a_file_imported_twice_makes_people_once_by_their_addresses(person):
    assert counts(await person.imported(FILE, "contacts")) == (3, 3, 0, 0, 0)
    changed = FILE.replace("Lee,ann@", "Leigh,ANN@")
    dry = await person.imported(changed, "contacts", dry_run="true")
    assert counts(dry) == (3, 1, 1, 1, 0)
    view = await person.imported(changed, "contacts")
    assert counts(view) == (3, 1, 1, 1, 0)
    assert "Rows whose email exists change that record." in view["notes"]
    names = sorted(one["last_name"] for one in await person.every("contacts"))
    assert names == ["Leigh", "Ray", "Roe", "Roe"]


async def test_records_that_are_here_can_be_skipped_and_nothing_is_made_for_them(person):
    await person.imported(FILE, "contacts")
    text = "Last Name,E-mail,Company\nNew,ann@example.com,Acme\nTwo,two@example.com,Best\n"
    form = {"mapping": '{"Company": "company"}', "create_missing": "company"}
    form["existing"] = "skip"
    dry = await person.imported(text, "contacts", **form, dry_run="true")
    view = await person.imported(text, "contacts", **form)
    for one in (dry, view):
        assert counts(one) == (2, 1, 0, 0, 0)
        assert one["counts"]["skipped"] == 1
    assert [one["name"] for one in await person.every("companies")] == ["Best"]
    assert "Lee" in {one["last_name"] for one in await person.every("contacts")}


async def test_an_address_that_several_records_have_is_refused_in_words(person):
    for name in ("One", "Two"):
        body = {"last_name": name, "email": "both@example.com"}
        await person.post("/v1/contacts", body, 201)
    text = "Last Name,E-mail\nX,both@example.com\nY,y@example.com\n"
    for existing in ("update", "skip"):
        view = await person.imported(text, "contacts", existing=existing, dry_run="true")
        assert counts(view) == (2, 1, 0, 0, 1)
        (row,) = await person.refused(view)
        assert (row["line"], row["reason"]) == (
            "2",
            "email: 2 contacts have the email 'both@example.com'; give an id or external id.",
        )


async def test_an_address_that_comes_twice_in_the_file_is_no_key_until_it_is_chosen(person):
    text = "Last Name,E-mail\nA,us@example.com\nB,Us@Example.com\n"
    trial = await person.imported(text, "contacts", dry_run="true")
    assert counts(trial) == (2, 2, 0, 0, 0)
    (note,) = trial["notes"]
    assert "several have the same email ('us@example.com')" in note
    chosen = await person.imported(text, "contacts", dry_run="true", key="none")
    assert not chosen["notes"], "whoever chose it knows"
    view = await person.imported(text, "contacts", key="email")
    assert counts(view) == (2, 1, 0, 0, 1)
    (row,) = await person.refused(view)
    assert row["reason"] == "Line 2 has the same email 'us@example.com' already."


async def test_companies_are_found_by_their_name_whatever_its_capitals(person):
    text = "Name,Website\nAcme,https://acme.example\nBest,\n"
    assert counts(await person.imported(text, "companies")) == (2, 2, 0, 0, 0)
    again = text.replace("Acme", "ACME")
    assert counts(await person.imported(again, "companies", key="name")) == (2, 0, 1, 1, 0)
    assert counts(await person.imported(text, "companies", key="website")) == (2, 1, 1, 0, 0)
    view = await person.imported("Name\nNew\nNEW\n", "companies", key="name")
    assert counts(view) == (2, 1, 0, 0, 1)


async def test_a_key_that_is_none_or_has_no_column_is_told_in_words(person):
    for key, why in (
        ("first_name", "must be one of external_id, email, "),
        ("website", "no column goes into website"),
    ):
        form = {"type": "contacts", "key": key}
        files = {"file": ("x.csv", FILE.encode())}
        answer = await person.client.post(
            "/v1/imports/preview", data=form, files=files, headers=person.who.headers
        )
        assert answer.status_code == 400
        assert answer.json()["error"]["fields"]["key"].startswith(why)
    assert counts(await person.imported(FILE, "contacts", key="none")) == (3, 3, 0, 0, 0)
    assert counts(await person.imported(FILE, "contacts", key="none")) == (3, 3, 0, 0, 0)


async def test_a_preview_tells_the_key_and_what_it_could_be(person):
    form = {"type": "contacts", "content": FILE, "filename": "x.csv"}
    view = await person.post("/v1/imports/preview", form)
    assert (view["key"], view["keys"]) == ("email", {"email": "Email"})


async def test_an_address_of_a_record_that_one_may_not_see_is_told_to_nobody(
    client, organisation, person
):
    body = {"last_name": "Hidden", "email": "hidden@example.com"}
    await person.post("/v1/contacts", body, 201)
    agent = Person(client, await organisation.person("member", team=organisation.team))
    view = await agent.imported("Last Name,E-mail\nMine,hidden@example.com\n", "contacts")
    assert counts(view) == (1, 1, 0, 0, 0)
    (hidden,) = await person.every("contacts", last_name="Hidden")
    assert hidden["email"] == "hidden@example.com"


async def test_the_command_counts_the_rows_that_it_skips(
    settings: Settings, person: Person, tmp_path: Path
) -> None:
    await person.imported(FILE, "contacts")
    path = tmp_path / "people.csv"
    path.write_text(FILE)
    said: list[str] = []
    options, who = Options(key="email", existing="skip"), Who(person.who.email)
    code = await asyncio.to_thread(
        run_import, settings, path, "contacts", who=who, options=options, say=said.append
    )
    assert code == DONE
    assert said[-1] == "3 rows read: 1 created, 0 updated, 2 skipped, 0 unchanged, 0 refused."


def test_the_command_takes_what_becomes_of_records(monkeypatch: pytest.MonkeyPatch) -> None:
    taken: list[Options] = []
    place = contextlib.nullcontext(SimpleNamespace(settings=None))
    monkeypatch.setattr(data_commands, "at_work", lambda: place)
    monkeypatch.setattr(
        commands, "run_import", lambda *_, options, **__: taken.append(options) or 0
    )
    more = {"key": "email", "existing": "skip", "leave_missing": ["company"]}
    data_commands.import_file(Path("x.csv"), user="ann@example.com", **more)
    (one,) = taken
    assert (one.key, one.existing, one.leave_missing) == ("email", "skip", ["company"])
