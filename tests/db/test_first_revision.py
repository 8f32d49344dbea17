"""Tables that another first revision made are refused at start, not found out by errors."""

from __future__ import annotations

import asyncio

import asyncpg
import pytest
from tests.server import Base, Server

from tenfold.cli.installation import Installation, migrated, need_migrated
from tenfold.db import migrate
from tenfold.kernel.errors import Unavailable
from tenfold.kernel.settings import Settings

pytestmark = pytest.mark.anyio


async def comment(base: Base, said: str) -> None:
    connection = await asyncpg.connect(base.admin_url)
    await connection.execute(f"COMMENT ON SCHEMA tenfold IS {said}")
    await connection.close()


@pytest.mark.parametrize("said", ["NULL", "'made by another'"])
async def test_tables_of_another_first_revision_are_refused(server: Server, said: str) -> None:
    async with server.database("other") as base:
        found = Installation(Settings(), base.admin_url, base.roles, base.passwords, None)
        assert await migrate.current(base.migrate_url) == migrate.head()
        assert not await asyncio.to_thread(migrated, found)
        await comment(base, said)
        for start in (migrated, need_migrated):
            with pytest.raises(Unavailable, match="Start with a fresh TENFOLD_HOME"):
                await asyncio.to_thread(start, found)
        with pytest.raises(Unavailable, match="an earlier development state"):
            await migrate.upgrade(base.migrate_url, base.roles)
