"""What the tests of the queue share: jobs to run, workers in this process and in others."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import msgspec
from tests.children import unmeasured

from tenfold import jobs
from tenfold.db.database import Database
from tenfold.kernel.context import Context
from tenfold.kernel.ids import NIL

SYSTEM = Context(tenant=NIL, actor=None)
QUICK = jobs.Pace(lease=1.0, poll=0.05, tick=0.1, backoff=0.1, grace=0.3)
ROOT = Path(__file__).parents[2]


class Work(msgspec.Struct):
    """The payload of the tests' jobs."""

    note: str = ""


async def enqueue(database: Database, name: str, payload: object = None, **options: Any) -> UUID:
    options.setdefault("tenant", uuid4())
    async with database.transaction(SYSTEM) as tx:
        return await jobs.enqueue(tx.connection, name, payload or Work(), **options)


async def look(database: Database, tenant: UUID, job: UUID) -> jobs.Status:
    async with database.transaction(SYSTEM) as tx:
        return await jobs.status(tx.connection, tenant, job)


async def effects(database: Database) -> list[str]:
    async with database.transaction(SYSTEM) as tx:
        return [row["note"] for row in await tx.rows("SELECT note FROM effect ORDER BY note")]


async def until(true: Callable[[], Awaitable[object]], seconds: float = 8.0) -> None:
    """Wait until the question is answered with yes."""
    async with asyncio.timeout(seconds):
        while not await true():  # noqa: ASYNC110 - the database has no event to wait for
            await asyncio.sleep(0.02)


async def until_state(
    database: Database, tenant: UUID, job: UUID, state: str, seconds: float = 8.0
) -> jobs.Status:
    async def there() -> bool:
        return (await look(database, tenant, job)).state == state

    await until(there, seconds)
    return await look(database, tenant, job)


@asynccontextmanager
async def working(
    database: Database,
    *handlers: jobs.Handler[Any],
    schedules: tuple[jobs.Schedule, ...] = (),
    pace: jobs.Pace = QUICK,
    concurrency: int = 4,
) -> AsyncIterator[asyncio.Event]:
    """A worker in this process, stopped at the end; yields its stop."""
    stop = asyncio.Event()
    registry = jobs.Registry(handlers, schedules)
    task = asyncio.create_task(
        jobs.work(database, registry, stop=stop, concurrency=concurrency, pace=pace)
    )
    try:
        yield stop
    finally:
        stop.set()
        await asyncio.wait_for(task, 10)


class Process:
    """A worker in a process of its own (tests/jobs/process.py), to be stopped by force."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process

    async def says(self, word: str) -> None:
        """Wait until it prints the word."""
        assert self._process.stdout is not None
        async with asyncio.timeout(10):
            while True:
                line = await self._process.stdout.readline()
                assert line, "the process ended"
                if line.decode().strip() == word:
                    return

    def send(self, number: signal.Signals) -> None:
        self._process.send_signal(number)

    async def end(self) -> None:
        if self._process.returncode is None:
            self._process.kill()
        await self._process.wait()
        # The pipe's transport is closed here, not by the collector after the loop's end.
        self._process._transport.close()


@asynccontextmanager
async def process(*arguments: str, module: str = "tests.jobs.process") -> AsyncIterator[Process]:
    """A process of a module; it says its `at …` and waits to be killed there."""
    environment = unmeasured(PYTHONPATH=os.pathsep.join([str(ROOT / "src"), str(ROOT)]))
    started = Process(
        await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            module,
            *arguments,
            env=environment,
            cwd=ROOT,
            stdout=asyncio.subprocess.PIPE,
        )
    )
    try:
        yield started
    finally:
        await started.end()
