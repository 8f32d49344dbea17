"""Automations with a worker of this process, as people use them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from typing import Any

import httpx
import pytest
from tests.exchange.imports import Person
from tests.factories import Organisation
from tests.following import Following
from tests.server import Base

from tenfold import jobs
from tenfold.automation.timing import Timer
from tenfold.db.database import Database
from tenfold.web.desk import Desk


class Machine(Following):
    """The automations of an organisation."""

    rooms: Sequence[str] = ("automation",)

    def __init__(self, desk: Desk, tail: Database, who: Person) -> None:
        super().__init__(desk, tail, who, desk.automations.watcher(desk.database))
        self.timer = Timer(desk.database, desk.query, desk.automations.plans)

    def handlers(self) -> list[jobs.Handler[Any]]:
        return self.desk.automations.handlers(self.desk.database)

    async def beside(self) -> None:
        await self.timer.look()

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
    await made.begin()
    return made


@pytest.fixture
async def machine(still: Machine) -> AsyncIterator[Machine]:
    """The machine, with a worker beside it."""
    async with still.working():
        yield still
