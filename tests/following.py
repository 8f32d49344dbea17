"""What follows from changes, done when a test asks for it: a consumer of the log, its jobs."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID

import asyncpg
from tests.exchange.imports import Person
from tests.jobs.tools import QUICK

from tenfold import jobs
from tenfold.db.database import Database
from tenfold.engine.dispatch import Consumer, Dispatcher
from tenfold.kernel.ids import new_id
from tenfold.web.desk import Desk

_NOW = """INSERT INTO tenfold.log_positions (consumer, xid, seq)
SELECT $1, coalesce(max(xid)::text, '0')::xid8, coalesce(max(seq), 0) FROM
(SELECT xid, seq FROM tenfold.change_log ORDER BY xid DESC, seq DESC LIMIT 1) AS newest"""
_LEFT = """SELECT count(*) FROM jobs.job
WHERE tenant_id = $1 AND state IN ('pending', 'processing')
    AND run_at <= clock_timestamp() AND split_part(name, '.', 1) = ANY ($2)"""
_REWIND = """UPDATE tenfold.log_positions SET (xid, seq) = (SELECT xid, seq - 1
FROM tenfold.change_log WHERE tenant_id = $2 ORDER BY xid, seq LIMIT 1) WHERE consumer = $1"""
_BEHIND = """SELECT EXISTS (SELECT 1 FROM tenfold.change_log c, tenfold.log_positions p
WHERE p.consumer = $1 AND c.tenant_id = $2 AND (c.xid, c.seq) > (p.xid, p.seq))"""
_SOONER = """UPDATE jobs.job SET run_at = run_at - $2::interval
WHERE tenant_id = $1 AND state = 'pending'"""


class Following:
    """A consumer of the log that is at its end now, and the jobs that it leads to."""

    rooms: Sequence[str] = ()
    """How the names of its jobs begin."""

    def __init__(self, desk: Desk, tail: Database, who: Person, consumer: Consumer) -> None:
        self.desk, self.who, self.tenant = desk, who, who.who.tenant
        self.name = f"test {new_id()}"
        self.dispatcher = Dispatcher(tail, {self.name: consumer})

    async def begin(self) -> None:
        """Begin at the end of the log."""
        async with self.dispatcher.database.system() as reader:
            await reader.connection.execute(_NOW, self.name)

    async def settle(self) -> None:
        """Go on until nothing follows any more, but what waits for its time."""
        async with asyncio.timeout(60):
            while await self._step():
                pass

    async def _step(self) -> bool:
        seen = 0
        while found := await self.dispatcher.step(self.name):
            seen += found
        await self.beside()
        async with self.desk.database.read(self.tenant) as reader:
            left = await reader.value(_LEFT, self.tenant, list(self.rooms))
        if left:
            await asyncio.sleep(0.02)
        async with self.dispatcher.database.system() as reader:
            # A transaction that still runs holds the reader back.
            behind = await reader.value(_BEHIND, self.name, self.tenant)
        return bool(seen or left or behind)

    async def beside(self) -> None:
        """What is done at each step beside the log."""

    async def rewind(self) -> None:
        """Let the consumer be given all changes of the organisation again."""
        async with self.dispatcher.database.system() as reader:
            await reader.connection.execute(_REWIND, self.name, self.tenant)

    def handlers(self) -> list[jobs.Handler[Any]]:
        """Its jobs."""
        raise NotImplementedError

    @asynccontextmanager
    async def working(self) -> AsyncIterator[None]:
        """A worker, until the end of the block."""
        stop, registry = asyncio.Event(), jobs.Registry(self.handlers())
        task = asyncio.create_task(
            jobs.work(self.desk.database, registry, stop=stop, concurrency=2, pace=QUICK)
        )
        try:
            yield
        finally:
            stop.set()
            await asyncio.wait_for(task, 20)


async def sooner(owner: asyncpg.Connection, tenant: UUID, by: str) -> None:
    """Let jobs that wait come so much sooner."""
    await owner.execute(_SOONER.replace("$2", f"'{by}'"), tenant)
