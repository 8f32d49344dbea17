"""Databases as earlier states of Tenfold made and filled them, brought up to date.

`tests/states/REVISION.sql.gz` is what a demo database looked like when an issue was done;
`tools/state.py` writes it.
"""

from __future__ import annotations

import gzip
import os
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

import asyncpg
from tests.server import Base, Server

from tenfold.db import migrate, roles

FOLDER = Path(__file__).parent / "states"
MASTER_KEY = "5e" * 32
EMAIL, PASSWORD = "demo@example.com", "quiet-heron-lantern"
CHOICE = "TENFOLD_TEST_STATE"
"""Names the state that conformance runs on; without it, the newest."""


def names() -> list[str]:
    """All states, the oldest first."""
    return sorted(path.name.removesuffix(".sql.gz") for path in FOLDER.glob("*.sql.gz"))


def chosen() -> str:
    """The state that conformance runs on."""
    return os.environ.get(CHOICE) or names()[-1]


@asynccontextmanager
async def database(server: Server, state: str) -> AsyncGenerator[Base]:
    """A database of one's own with a state's tables and rows, not migrated yet."""
    script = gzip.decompress((FOLDER / f"{state}.sql.gz").read_bytes()).decode()
    async with server.bare(f"state{state}") as base:
        connection = await asyncpg.connect(base.admin_url)
        try:
            await connection.execute(migrate.filled(script, base.roles))
        finally:
            await connection.close()
        await roles.ensure(base.admin_url, base.roles, dict(server.passwords))
        yield base


@asynccontextmanager
async def migrated(server: Server, state: str) -> AsyncGenerator[Base]:
    """The same, brought up to date."""
    async with database(server, state) as base:
        await migrate.upgrade(base.migrate_url, base.roles)
        yield base
