"""An import run by a command that dies is taken up by a worker, and ends once."""

from __future__ import annotations

from uuid import UUID

import httpx
import pytest
from tests.exchange.imports import Person, counts, working

from tenfold.engine import batches
from tenfold.exchange import importing, starting
from tenfold.exchange.import_files import pieces_of
from tenfold.exchange.import_state import Options
from tenfold.exchange.importing import TOPICS, Importer
from tenfold.exchange.jobs import AtOnce, stand_by
from tenfold.exchange.starting import Upload
from tenfold.exchange.writing_rows import Writer
from tenfold.jobs import LeaseLost
from tenfold.kernel.context import Context
from tenfold.kernel.ids import new_id
from tenfold.web.desk import Desk

pytestmark = pytest.mark.anyio
FILE = b"Id,First Name,Last Name\n" + b"".join(b"%d,F,L\n" % n for n in range(30))


@pytest.fixture
async def person(client: httpx.AsyncClient, organisation) -> Person:
    return Person(client, await organisation.person("owner"))


@pytest.fixture(autouse=True)
def small_pieces(monkeypatch):
    monkeypatch.setattr(importing, "_FIRST", 10)
    monkeypatch.setattr(importing, "_MOST", 10)


async def begun(desk: Desk, person: Person, file: bytes = FILE) -> tuple[AtOnce, UUID]:
    """An import as the command begins it."""
    exchange, identity = desk.exchange, new_id()
    context = Context(person.who.tenant, person.who.id, request="test")
    files = exchange.files(context.tenant, identity)
    uploads = [Upload("leads.csv", await files.store(0, pieces_of(file), len(file)))]
    parts = starting.parts_of(exchange, files, uploads, "leads", Options())
    async with desk.database.transaction(context) as tx:
        state = await starting.begin(tx, identity, parts, Options())
        job = await stand_by(tx, identity)
        state.job = str(job)
        await batches.save(tx, identity, "pending", state.summary())
    return AtOnce(desk.database, context, job=job), identity


async def due(desk: Desk, work: AtOnce) -> None:
    """Let the time pass after which a worker takes the import up."""
    async with desk.database.transaction(work.context) as tx:
        await tx.execute(
            "UPDATE jobs.job SET run_at = now() WHERE id = $1 AND state = 'pending'", work.job
        )


async def dies_in_the_second_piece(desk: Desk, work: AtOnce, identity: UUID, monkeypatch) -> None:
    written, calls = Writer.write, 0

    async def dies(self, tx, piece, **more):
        nonlocal calls
        calls += 1
        result = await written(self, tx, piece, **more)
        if calls == 2:
            raise RuntimeError("killed after the write, before the commit")
        return result

    monkeypatch.setattr(Writer, "write", dies)
    with pytest.raises(RuntimeError):
        await Importer(desk.exchange).run(work, identity)


async def test_a_worker_goes_on_where_a_command_died(desk, person, monkeypatch):
    work, identity = await begun(desk, person)
    await dies_in_the_second_piece(desk, work, identity, monkeypatch)
    view = await person.get(f"/v1/imports/{identity}")
    assert (view["state"], view["progress"]) == ("processing", {"done": 10, "total": 30})
    await due(desk, work)
    async with working(desk):
        assert counts(await person.finished(str(identity))) == (30, 30, 0, 0, 0)
    assert len(await person.every("leads")) == 30


async def test_a_command_that_wakes_too_late_leaves_the_refused_rows_alone(
    desk, person, monkeypatch
):
    work, identity = await begun(desk, person, FILE.replace(b",L\n", b",\n"))
    written, calls = Writer.write, 0

    async def sleeps(self, tx, piece, **more):
        nonlocal calls
        calls += 1
        if calls == 2:  # meanwhile a worker does all that is left
            await due(desk, work)
            async with working(desk):
                await person.finished(str(identity))
        return await written(self, tx, piece, **more)

    monkeypatch.setattr(Writer, "write", sleeps)
    with pytest.raises(LeaseLost):
        await Importer(desk.exchange).run(work, identity)
    view = await person.get(f"/v1/imports/{identity}")
    assert counts(view) == (30, 0, 0, 0, 30)
    assert len(await person.refused(view)) == 30


async def test_a_command_that_ends_leaves_nothing_to_a_worker(desk, person):
    work, identity = await begun(desk, person)
    await Importer(desk.exchange).run(work, identity)
    async with desk.database.read(work.context.tenant, TOPICS) as reader:
        state = await reader.value("SELECT state FROM jobs.job WHERE id = $1", work.job)
    assert state == "completed"


async def test_a_command_that_was_given_up_commits_nothing_more(desk, person):
    work, identity = await begun(desk, person)
    async with desk.database.transaction(work.context) as tx:
        await tx.execute("UPDATE jobs.job SET state = 'processing' WHERE id = $1", work.job)
    with pytest.raises(LeaseLost):
        await Importer(desk.exchange).run(work, identity)
    assert await person.every("leads") == []


async def test_a_command_that_is_stopped_says_so_and_can_be_undone(desk, person, monkeypatch):
    work, identity = await begun(desk, person)
    await dies_in_the_second_piece(desk, work, identity, monkeypatch)
    await Importer(desk.exchange).stop(work, identity)
    view = await person.get(f"/v1/imports/{identity}")
    assert (view["state"], view["error"]) == ("failed", "It was stopped after 10 rows.")
    undo = await person.post(f"/v1/imports/{identity}/undo")
    assert undo["result"]["deleted"] == 10
    assert await person.every("leads") == []


async def gives_up(desk: Desk, person: Person, identity: UUID | str) -> None:
    """The job of an import or undo has used up its attempts."""
    async with desk.database.transaction(Context(person.who.tenant, None)) as tx:
        await tx.execute("UPDATE jobs.job SET state = 'failed' WHERE key = $1", str(identity))


async def test_what_a_dead_job_left_half_done_can_be_undone(desk, person, monkeypatch):
    monkeypatch.setattr("tenfold.web.api.batches.AT_ONCE", 0)
    work, identity = await begun(desk, person)
    await dies_in_the_second_piece(desk, work, identity, monkeypatch)
    await gives_up(desk, person, identity)
    undo = (await person.post(f"/v1/imports/{identity}/undo", status=202))["id"]
    await gives_up(desk, person, undo)
    assert (await person.get(f"/v1/batches/{undo}"))["status"] == "failed"
    assert (await person.post(f"/v1/batches/{undo}/undo"))["status"] == "done"
    async with working(desk):
        await person.undone(str(identity))
    assert await person.every("leads") == []
