"""Automations with a worker of this process, as people use them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest
from tests.exchange.imports import Person
from tests.factories import Organisation
from tests.jobs.tools import QUICK
from tests.server import Base

from tenfold import jobs
from tenfold.automation.timing import Timer
from tenfold.db.database import Database
from tenfold.engine.dispatch import Dispatcher
from tenfold.kernel.ids import new_id
from tenfold.web.desk import Desk

_NOW = """INSERT INTO tenfold.log_positions (consumer, xid, seq)
SELECT $1, coalesce(max(xid)::text, '0')::xid8, coalesce(max(seq), 0) FROM
(SELECT xid, seq FROM tenfold.change_log ORDER BY xid DESC, seq DESC LIMIT 1) AS newest"""
_LEFT = """SELECT count(*) FROM jobs.job
WHERE tenant_id = $1 AND state IN ('pending', 'processing')
    AND run_at <= clock_timestamp() AND name LIKE 'automation.%'"""


class Machine:
    """What follows from changes, carried out when a test asks for it."""

    def __init__(self, desk: Desk, tail: Database, who: Person) -> None:
        self.desk, self.who = desk, who
        self.tenant = who.who.tenant
        self.consumer = f"automations {new_id()}"
        watcher = desk.automations.watcher(desk.database)
        self.dispatcher = Dispatcher(tail, {self.consumer: watcher})
        self.timer = Timer(desk.database, desk.query, desk.automations.plans)

    async def settle(self) -> None:
        """Go on until nothing follows any more, but what waits for its time."""
        async with asyncio.timeout(60):
            while await self._step():
                pass

    async def _step(self) -> bool:
        seen = 0
        while found := await self.dispatcher.step(self.consumer):
            seen += found
        await self.timer.look()
        left = await self.left()
        if left:
            await asyncio.sleep(0.02)
        return bool(seen or left or await self._behind())

    async def rewind(self) -> None:
        """Let the consumer be given all changes of the organisation again."""
        async with self.dispatcher.database.system() as reader:
            await reader.connection.execute(_REWIND, self.consumer, self.tenant)

    async def left(self) -> int:
        """How many jobs are to be done now."""
        async with self.desk.database.read(self.tenant) as reader:
            return await reader.value(_LEFT, self.tenant)

    async def _behind(self) -> bool:
        """Whether the log holds what the consumer has not seen: a transaction may still run."""
        async with self.dispatcher.database.system() as reader:
            return await reader.value(_BEHIND, self.consumer, self.tenant)

    async def make(self, **body: Any) -> dict[str, Any]:
        """An automation that is switched on."""
        return await self.who.post("/v1/automations", {"enabled": True, **body}, 201)

    async def refused(self, **body: Any) -> dict[str, str]:
        """What is said of each field of an automation that can't be."""
        made = await self.who.client.post(
            "/v1/automations", json={"enabled": True, **body}, headers=self.who.who.headers
        )
        assert made.status_code in (400, 422), made.text
        return made.json()["error"]["fields"]

    async def runs(self, automation: dict[str, Any], **params: str) -> list[dict[str, Any]]:
        """The runs of an automation, newest first."""
        return await self.who.get(f"/v1/automations/{automation['id']}/runs", **params)


_REWIND = """UPDATE tenfold.log_positions SET (xid, seq) = (SELECT xid, seq - 1
FROM tenfold.change_log WHERE tenant_id = $2 ORDER BY xid, seq LIMIT 1) WHERE consumer = $1"""
_BEHIND = """SELECT EXISTS (SELECT 1 FROM tenfold.change_log c, tenfold.log_positions p
WHERE p.consumer = $1 AND c.tenant_id = $2 AND (c.xid, c.seq) > (p.xid, p.seq))"""


@pytest.fixture
async def tail(base: Base) -> AsyncIterator[Database]:
    """A pool of the role that reads the log."""
    database = await Database.connect(base.as_role(base.roles.tail), smallest=1, largest=2)
    yield database
    await database.close()


@pytest.fixture
async def person(client: httpx.AsyncClient, organisation: Organisation) -> Person:
    """The owner of an organisation."""
    return Person(client, await organisation.person("owner"))


@pytest.fixture
async def still(desk: Desk, tail: Database, person: Person) -> Machine:
    """The machine without a worker."""
    made = Machine(desk, tail, person)
    async with tail.system() as reader:
        await reader.connection.execute(_NOW, made.consumer)
    return made


@pytest.fixture
async def machine(still: Machine) -> AsyncIterator[Machine]:
    """The machine, with a worker beside it."""
    async with working(still):
        yield still


@asynccontextmanager
async def working(machine: Machine) -> AsyncIterator[None]:
    """A worker, until the end of the block."""
    desk, stop = machine.desk, asyncio.Event()
    registry = jobs.Registry(desk.automations.handlers(desk.database))
    running = jobs.work(desk.database, registry, stop=stop, concurrency=2, pace=QUICK)
    task = asyncio.create_task(running)
    try:
        yield
    finally:
        stop.set()
        await asyncio.wait_for(task, 20)
