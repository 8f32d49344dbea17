"""A worker that dies or freezes at any point: its job has exactly one effect all the same."""

from __future__ import annotations

import asyncio
import signal
from pathlib import Path
from uuid import uuid4

import asyncpg
import pytest
from tests.jobs.process import pay, poison, steps
from tests.jobs.tools import Work, effects, enqueue, look, process, until_state, working

import tenfold.jobs
from tenfold.db.database import Database

FOLDER = Path(tenfold.jobs.__file__).parent
CUT = (
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
    "WHERE datname = current_database() AND pid <> pg_backend_pid()"
)

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize("point", ["claimed", "written", "committed"])
async def test_kill_9_leaves_exactly_one_effect(
    database: Database, app_url: str, point: str
) -> None:
    tenant = uuid4()
    job = await enqueue(database, "pay", Work(point), tenant=tenant)
    async with process(app_url) as victim:
        await victim.says(f"at {point}")
        victim.send(signal.SIGKILL)
    async with working(database, pay):
        found = await until_state(database, tenant, job, "completed")
        await asyncio.sleep(0.3)
    assert await effects(database) == ["paid"]
    assert found.attempt == (1 if point == "committed" else 2)


async def test_long_job_goes_on_after_the_last_committed_step(
    database: Database, app_url: str
) -> None:
    tenant = uuid4()
    job = await enqueue(database, "import", Work("stepped"), tenant=tenant)
    async with process(app_url) as victim:
        await victim.says("at stepped")
        victim.send(signal.SIGKILL)
    async with working(database, steps):
        await until_state(database, tenant, job, "completed")
    assert await effects(database) == ["piece 0", "piece 1", "piece 2"]


async def test_frozen_worker_that_lost_its_job_cannot_commit(
    database: Database, app_url: str
) -> None:
    tenant = uuid4()
    job = await enqueue(database, "pay", Work("frozen"), tenant=tenant)
    async with process(app_url) as frozen:
        await frozen.says("at frozen")
        async with working(database, pay):
            await until_state(database, tenant, job, "completed")
            frozen.send(signal.SIGCONT)
            await frozen.says("refused")
    assert await effects(database) == ["paid"]


async def test_worker_outlives_the_loss_of_all_its_connections(
    database: Database, database_url: str
) -> None:
    tenant = uuid4()
    async with working(database, pay):
        await until_state(
            database, tenant, await enqueue(database, "pay", tenant=tenant), "completed"
        )
        owner = await asyncpg.connect(database_url)
        await owner.execute(CUT)
        await owner.close()
        await asyncio.sleep(0.2)
        await until_state(
            database, tenant, await enqueue(database, "pay", tenant=tenant), "completed"
        )
    assert await effects(database) == ["paid", "paid"]


async def test_tables_are_made_and_removed_again_and_again(
    database: Database, database_url: str
) -> None:
    owner = await asyncpg.connect(database_url)
    up, down = (FOLDER / name for name in ("schema.sql", "schema_down.sql"))
    undo = owner.transaction()
    await undo.start()
    for script in (up, up, down, down, up):
        await owner.execute(script.read_text())
    await undo.rollback()
    await owner.close()


async def test_job_that_kills_its_workers_becomes_a_dead_letter(
    database: Database, app_url: str
) -> None:
    tenant = uuid4()
    job = await enqueue(database, "poison", tenant=tenant)
    for _ in range(2):
        async with process(app_url) as victim:
            await victim.says("at poison")
            victim.send(signal.SIGKILL)
    async with working(database, poison):
        found = await until_state(database, tenant, job, "failed")
    assert "died in each of 2 attempts" in found.error
    assert (await look(database, tenant, job)).finished_at is not None
