"""A database that Tenfold can't use is told in a sentence with what to do."""

from __future__ import annotations

import secrets
import socket
from collections.abc import AsyncIterator
from dataclasses import dataclass
from types import SimpleNamespace

import asyncpg
import pytest
from tests.server import Server

from tenfold.db import roles
from tenfold.db.roles import Roles
from tenfold.kernel.errors import Unavailable

pytestmark = pytest.mark.anyio


@dataclass(frozen=True, slots=True)
class Stranger:
    """A role of the server that may do nothing yet, and a database."""

    name: str
    url: str
    admin: asyncpg.Connection[asyncpg.Record]


@pytest.fixture
async def stranger(server: Server) -> AsyncIterator[Stranger]:
    async with server.database("stranger", empty=True) as base:
        admin = await asyncpg.connect(base.admin_url)
        name = f"{server.roles.app}_{secrets.token_hex(3)}"
        await admin.execute("DROP SCHEMA tenfold CASCADE")
        await admin.execute(f"CREATE ROLE {name} LOGIN PASSWORD 'word'")
        yield Stranger(name, roles.as_role(base.admin_url, name, "word"), admin)
        await admin.execute(f"DROP OWNED BY {name} CASCADE")
        await admin.execute(f"DROP ROLE {name}")
        await admin.close()


async def refused(url: str, prefix: str = "tenfold_none", **words: str) -> str:
    with pytest.raises(Unavailable) as caught:
        await roles.ensure(url, Roles.of(prefix), words)
    return str(caught.value)


async def test_nobody_at_the_address() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
    told = await refused(f"postgresql://me:secret@127.0.0.1:{port}/x")
    assert told == f"No PostgreSQL answers at 127.0.0.1:{port} (Connection refused)."


async def test_an_option_that_is_none() -> None:
    told = await refused("postgresql://me:secret@127.0.0.1:1/x?sslmode=maybe")
    assert told.startswith("DATABASE_URL can't be used: `sslmode` parameter must be one of")


async def test_a_database_that_is_missing(server: Server) -> None:
    told = await refused(server.base("nowhere").admin_url)
    assert told == 'The database refuses the connection: database "nowhere" does not exist.'


async def test_a_server_that_is_too_old(monkeypatch: pytest.MonkeyPatch) -> None:
    class Old:
        def get_server_version(self) -> SimpleNamespace:
            return SimpleNamespace(major=14)

        async def close(self) -> None: ...

    async def connected(_url: str) -> Old:
        return Old()

    monkeypatch.setattr(roles, "_connected", connected)
    told = await refused("postgresql://x/y")
    assert told == "The database is PostgreSQL 14; Tenfold needs 15 or newer."


async def test_a_role_that_may_make_no_roles(stranger: Stranger) -> None:
    told = await refused(stranger.url)
    assert f"The role {stranger.name} of DATABASE_URL may not make or change the roles" in told
    assert told.endswith(f"let a superuser run: ALTER ROLE {stranger.name} CREATEROLE.")
