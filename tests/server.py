"""The PostgreSQL that all tests share: one server, a migrated template, a database per worker.

By default the embedded server in a temporary home; with TENFOLD_TEST_DATABASE_URL or DATABASE_URL
any server of PostgreSQL 15 or newer, as a superuser. Each run has
role and database names of its own, so that two runs on one server do not meet.
"""

from __future__ import annotations

import asyncio
import fcntl
import os
import secrets
import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import asyncpg
import psutil

from tenfold.db import embedded, migrate, roles
from tenfold.db.roles import Roles

# What the run's processes share; set by the one that starts the others.
HOME, PREFIX = "TENFOLD_TEST_HOME", "TENFOLD_TEST_PREFIX"
_FAST = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "autovacuum": "off",
    "summarize_wal": "off",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "shared_buffers": "128MB",
    "log_min_messages": "fatal",
}


def begin() -> None:
    """Name this run's home and roles, in the process that starts the others."""
    if HOME not in os.environ:
        _sweep()
        home = Path(tempfile.mkdtemp(prefix="tenfold-tests-")).resolve()
        home.chmod(0o755)  # the account that PostgreSQL runs as must reach it
        (home / "run.pid").write_text(str(os.getpid()))
        os.environ[HOME] = str(home)
        os.environ[PREFIX] = f"tenfold_test_{secrets.token_hex(3)}"


def _sweep() -> None:
    """Stop the servers of runs that were killed and could not do it themselves."""
    temporary = Path(tempfile.gettempdir())
    # Another run that begins at the same moment sweeps the same places.
    with (temporary / f"tenfold-tests.{os.getuid()}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        for home in temporary.glob("tenfold-tests-*"):
            run = home / "run.pid"
            if (
                run.is_file()
                and run.read_text().isdigit()
                and not psutil.pid_exists(int(run.read_text()))
            ):
                embedded.remove(home)
                shutil.rmtree(home, ignore_errors=True)


def end() -> None:
    """Stop the server, or take this run's databases and roles off the one that was given."""
    home = Path(os.environ.pop(HOME))
    prefix = os.environ.pop(PREFIX)
    if (home / "ready").exists() and (url := given()):
        asyncio.run(_clean(url, prefix))
    embedded.remove(home)
    shutil.rmtree(home, ignore_errors=True)


def given(environment: Mapping[str, str] = os.environ) -> str:
    """The address of the server to test on, empty for the embedded one."""
    return environment.get("TENFOLD_TEST_DATABASE_URL") or environment.get("DATABASE_URL") or ""


@dataclass(frozen=True, slots=True)
class Base:
    """One database: its address by role."""

    admin_url: str
    roles: Roles
    passwords: Mapping[str, str]

    def as_role(self, role: str) -> str:
        """The database's address as one of the installation's roles."""
        return roles.as_role(self.admin_url, role, self.passwords.get(role))

    @property
    def app_url(self) -> str:
        """Its address as the application's role."""
        return self.as_role(self.roles.app)

    @property
    def migrate_url(self) -> str:
        """Its address as the role that migrates."""
        return self.as_role(self.roles.migrate)


@dataclass(frozen=True, slots=True)
class Server:
    """The run's server."""

    url: str
    roles: Roles
    passwords: Mapping[str, str]

    @property
    def template(self) -> str:
        """The name of the migrated database that others are copies of."""
        return f"{os.environ[PREFIX]}_template"

    def base(self, name: str) -> Base:
        """A database of the server."""
        return Base(_with_database(self.url, name), self.roles, self.passwords)

    @asynccontextmanager
    async def database(self, name: str = "base", *, empty: bool = False) -> AsyncIterator[Base]:
        """A database of one's own: a copy of the template, or an empty one.

        It goes when the run ends: to drop it earlier would cost a checkpoint.
        """
        async with self.bare(name, "template0" if empty else self.template) as base:
            if empty:
                await roles.ensure(base.admin_url, self.roles)
            yield base

    @asynccontextmanager
    async def bare(self, name: str, template: str = "template0") -> AsyncIterator[Base]:
        """A copy of a template as it is."""
        name = f"{os.environ[PREFIX]}_{name}_{secrets.token_hex(3)}"
        await _execute(self.url, f"CREATE DATABASE {name} TEMPLATE {template}")
        yield self.base(name)


async def shared() -> Server:
    """The run's server, started and migrated by whichever process asks first."""
    home = Path(os.environ[HOME])
    with _locked(home / "lock"):
        url = given() or embedded.start(home, settings=_FAST).url()
        chosen = Roles.of(os.environ[PREFIX])
        words = roles.passwords(home, chosen) if given() else {}
        server = Server(url, chosen, words)
        if not (home / "ready").exists():
            await _make_template(server)
            (home / "ready").touch()
        return server


async def _make_template(server: Server) -> None:
    await _execute(server.url, f"CREATE DATABASE {server.template} TEMPLATE template0")
    base = server.base(server.template)
    await roles.ensure(base.admin_url, server.roles, dict(server.passwords))
    await migrate.upgrade(base.migrate_url, server.roles)


async def _clean(url: str, prefix: str) -> None:
    connection = await asyncpg.connect(url)
    try:
        pattern = f"{prefix}\\_%"
        for row in await connection.fetch(
            "SELECT datname FROM pg_database WHERE datname LIKE $1", pattern
        ):
            await connection.execute(f"DROP DATABASE {row[0]} WITH (FORCE)")
        for row in await connection.fetch(
            "SELECT rolname FROM pg_roles WHERE rolname LIKE $1", pattern
        ):
            await connection.execute(f"DROP ROLE {row[0]}")
    finally:
        await connection.close()


async def _execute(url: str, sql: str) -> None:
    connection = await asyncpg.connect(url)
    try:
        await connection.execute(sql)
    finally:
        await connection.close()


def _with_database(url: str, name: str) -> str:
    parts = urlsplit(url)
    return urlunsplit((parts.scheme, parts.netloc, f"/{name}", parts.query, ""))


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    with path.open("a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
