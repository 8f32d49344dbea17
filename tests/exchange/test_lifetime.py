"""The files of an import go when nobody needs them any more."""

from __future__ import annotations

import os
import time
from collections.abc import AsyncIterator
from pathlib import Path
from uuid import UUID

import httpx
import pytest
from tests.exchange.imports import Person, working

from tenfold.exchange import jobs, lifetime
from tenfold.exchange.lifetime import REFUSED_DAYS, UPLOAD_DAYS, tidy_files
from tenfold.jobs import queue
from tenfold.kernel.context import Context
from tenfold.web.desk import Desk

pytestmark = pytest.mark.anyio
FILE = "Id,First Name,Last Name\n1,A,B\n2,,\n"


@pytest.fixture
async def person(client: httpx.AsyncClient, organisation, desk: Desk) -> AsyncIterator[Person]:
    async with working(desk):
        yield Person(client, await organisation.person("owner"))


def aged(folder: Path, days: float) -> None:
    for path in [*folder.iterdir(), folder]:
        then = time.time() - days * 86_400
        os.utime(path, (then, then))


async def test_uploads_go_after_a_week_and_refused_rows_after_three_months(person, desk):
    view = await person.imported(FILE, "leads")
    home = desk.settings.folder
    (folder,) = home.glob(f"imports/*/{view['id']}")
    await tidy_files(desk.database, home)
    assert list(folder.glob("*.upload"))
    aged(folder, UPLOAD_DAYS + 1)
    await tidy_files(desk.database, home)
    assert not list(folder.glob("*.upload"))
    assert len(await person.refused(view)) == 1
    aged(folder, REFUSED_DAYS + 1)
    await tidy_files(desk.database, home)
    assert not folder.exists()
    answer = await person.client.get(
        f"/v1/imports/{view['id']}/refused", headers=person.who.headers
    )
    assert answer.status_code == 404, answer.text
    seen = {"accept": "text/html", "cookie": f"session={person.who.token}"}
    page = await person.client.get(f"/imports/{view['id']}", headers=seen)
    assert page.status_code == 200, page.text
    assert f"{view['id']}/refused" not in page.text


async def test_the_cells_of_a_file_are_forgotten_with_its_refused_rows(person, desk):
    file = "First Name,Last Name,Budget\nGrace,Hopper,lots\n"
    view = await person.imported(file, "leads", unreadable="skip")
    assert [one["text"] for one in view["skipped"]] == ["lots"]
    home = desk.settings.folder
    (folder,) = home.glob(f"imports/*/{view['id']}")
    aged(folder, UPLOAD_DAYS + 1)
    await tidy_files(desk.database, home)
    kept = await person.get(f"/v1/imports/{view['id']}")
    assert [one["text"] for one in kept["skipped"]] == ["lots"]
    aged(folder, REFUSED_DAYS + 1)
    await tidy_files(desk.database, home)
    answer = await person.client.get(f"/v1/imports/{view['id']}", headers=person.who.headers)
    assert answer.status_code == 200
    assert "lots" not in answer.text
    assert "Hopper" not in answer.text
    assert answer.json()["data"]["counts"] == view["counts"]


async def test_the_upload_of_an_import_that_waits_stays(client, organisation, desk, monkeypatch):
    waiting = Person(client, await organisation.person("owner"))
    answer = await waiting.start(FILE, "leads")
    (folder,) = desk.settings.folder.glob(f"imports/*/{answer.json()['data']['id']}")
    monkeypatch.setattr(lifetime, "UPLOAD_DAYS", -1)
    await tidy_files(desk.database, desk.settings.folder)
    assert list(folder.glob("*.upload"))


async def ended(desk: Desk, tenant: UUID, state: str, days: int) -> None:
    """Let the organisation's job have ended so long ago, without a word in its batch."""
    async with desk.database.transaction(Context(tenant, None)) as tx:
        await tx.execute(
            "UPDATE jobs.job SET state = $2, finished_at = now() - make_interval(days => $3), "
            "error = 'The disk was full.' WHERE tenant_id = $1",
            tenant,
            state,
            days,
        )


@pytest.mark.parametrize(
    ("state", "days", "why"),
    [
        ("failed", 1, "The disk was full."),
        ("failed", 91, "Why is not known any more."),
        ("cancelled", 8, "Why is not known any more."),
    ],
)
async def test_an_import_whose_job_is_over_has_stopped_for_everybody_who_asks(
    client, organisation, desk, state, days, why
):
    person = Person(client, await organisation.person("owner"))
    identity = (await person.start(FILE, "leads")).json()["data"]["id"]
    await ended(desk, organisation.id, state, days)
    async with desk.database.system() as reader:
        await queue.tidy(reader.connection)
    view = await person.get(f"/v1/imports/{identity}")
    assert (view["state"], view["error"]) == ("failed", f"The import stopped: {why}")
    assert view["counts"]["read"] == 0
    assert [one["state"] for one in await person.get("/v1/imports")] == ["failed"]
    assert [one["status"] for one in await person.get("/v1/batches")] == ["failed"]
    seen = {"accept": "text/html", "cookie": f"session={person.who.token}"}
    for path in ("/imports", f"/imports/{identity}"):
        page = await client.get(path, headers=seen)
        assert "Stopped" in page.text
    (folder,) = desk.settings.folder.glob(f"imports/*/{identity}")
    aged(folder, UPLOAD_DAYS + 1)
    await tidy_files(desk.database, desk.settings.folder)
    assert not folder.exists()
    await person.post(f"/v1/imports/{identity}/undo")


def test_it_is_done_by_a_schedule():
    assert [schedule.job for schedule in jobs.schedules()] == [jobs.TIDY_JOB]
