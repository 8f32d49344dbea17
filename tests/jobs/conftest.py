"""A database for the tests of the queue alone, since they look at the whole queue."""

from __future__ import annotations

from collections.abc import AsyncIterator

import asyncpg
import pytest
from tests.jobs.tools import SYSTEM
from tests.server import Base, Server

from tenfold.db.database import Database


@pytest.fixture(scope="session")
async def queue_base(server: Server, anyio_backend: str) -> AsyncIterator[Base]:
    """A migrated database with a table for the effects of jobs."""
    async with server.database() as base:
        owner = await asyncpg.connect(base.admin_url)
        await owner.execute("CREATE TABLE effect (job uuid, tenant uuid, note text)")
        await owner.execute(f"GRANT ALL ON effect TO {base.roles.app}")
        await owner.close()
        yield base


@pytest.fixture(scope="session")
def database_url(queue_base: Base) -> str:
    """The queue's database as its owner."""
    return queue_base.admin_url


@pytest.fixture(scope="session")
def app_url(queue_base: Base) -> str:
    """The queue's database as the application's role, which owns nothing."""
    return queue_base.app_url


@pytest.fixture
async def database(app_url: str) -> AsyncIterator[Database]:
    """The application's pool over an empty queue."""
    database = await Database.connect(app_url, largest=20)
    async with database.transaction(SYSTEM) as tx:
        await tx.execute("DELETE FROM jobs.job")
        await tx.execute("DELETE FROM jobs.worker")
        await tx.execute("DELETE FROM jobs.schedule")
        await tx.execute("DELETE FROM effect")
    yield database
    await database.close()
