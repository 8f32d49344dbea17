"""A database with an application, and the sealer of its log."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import asyncpg
import httpx
import pytest
from tests import factories
from tests.conftest import Serve, settings_for
from tests.factories import Organisation, Owner, Somebody
from tests.server import Base, Server

from tenfold.audit.chain import Seal
from tenfold.audit.logs import LOGS
from tenfold.audit.sealing import Sealer, stamp_key
from tenfold.audit.verifying import Verified, verify
from tenfold.db.database import Database
from tenfold.kernel.settings import Settings
from tenfold.web.desk import Desk

_UNSEALED = """SELECT count(*) FROM tenfold.{0} l WHERE tenant_id = $1 AND NOT EXISTS (
    SELECT 1 FROM tenfold.audit_seals s
    WHERE s.tenant_id = $1 AND s.log = $2 AND l.seq = ANY (s.seqs))"""


@dataclass
class Place:
    """An installation whose log is sealed when a test says so."""

    base: Base
    settings: Settings
    client: httpx.AsyncClient
    desk: Desk
    owner: Owner
    tail: Database
    key: bytes

    async def organisation(self) -> Organisation:
        """A new organisation."""
        return await factories.organisation(self.owner, self.desk.tokens, "Sealed")

    async def lead(self, admin: Somebody, name: str = "Ada") -> dict[str, Any]:
        """Make a lead."""
        body = {"first_name": name, "last_name": "Byron"}
        answer = await self.client.post("/v1/leads", json=body, headers=admin.headers)
        assert answer.status_code == 201, answer.text
        return answer.json()["data"]

    async def seal(self, organisation: Organisation) -> None:
        """Seal until nothing of the organisation waits: others' transactions hold a reader back."""
        sealer = Sealer(self.tail, self.key)
        for _ in range(5_000):  # that of a proof goes over all tables
            waiting = 0
            for log in LOGS:
                await sealer.step(log)
                table = log.table.removeprefix("tenfold.")
                asked = _UNSEALED.format(table)
                waiting += await self.owner.fetchval(asked, organisation.id, log.name)
            if not waiting:
                return
            await asyncio.sleep(0.02)
        raise AssertionError("the log is not sealed")

    async def verify(
        self, organisation: Organisation, known: dict[str, str] | None = None
    ) -> Verified:
        """Look at an organisation's chains again."""
        named = {organisation.id: "Sealed"}
        return await verify(self.tail, self.key, named, known or {}, str)

    async def seals(self, organisation: Organisation, log: str) -> list[Seal]:
        """The seals of a chain, as they are kept."""
        rows = await self.owner.fetch(
            "SELECT * FROM tenfold.audit_seals WHERE tenant_id = $1 AND log = $2 ORDER BY number",
            organisation.id,
            log,
        )
        return [Seal(tenant=row["tenant_id"], **dict(list(row.items())[1:])) for row in rows]


@pytest.fixture(scope="package")
async def place(
    server: Server, serve: Serve, tmp_path_factory: pytest.TempPathFactory, anyio_backend: str
) -> AsyncIterator[Place]:
    """A database of its own, as what is sealed is never taken away."""
    async with server.database("audit") as base:
        home: Path = tmp_path_factory.mktemp("audit")
        settings = settings_for(base, home)
        tail = await Database.connect(settings.tail_database_url, smallest=1, largest=4)
        owner = await asyncpg.connect(base.admin_url)
        async with serve(settings) as running:
            key = await stamp_key(running.desk.keyring, running.desk.database)
            yield Place(base, settings, running.client, running.desk, owner, tail, key)
        await owner.close()
        await tail.close()


@pytest.fixture
async def ours(place: Place) -> Organisation:
    """An organisation with a changed lead and security events, all sealed in several seals."""
    made = await place.organisation()
    admin = await made.person("owner")
    for n in range(3):
        lead = await place.lead(admin, f"Ada {n}")
        changed = {"first_name": f"Grace {n}"}
        where = f"/v1/leads/{lead['id']}"
        answer = await place.client.patch(where, json=changed, headers=admin.headers)
        assert answer.status_code == 200, answer.text
        role = {"name": f"role_{n}", "grants": {}}
        answer = await place.client.post("/v1/roles", json=role, headers=admin.headers)
        assert answer.status_code == 201, answer.text
        await place.seal(made)
    return made
