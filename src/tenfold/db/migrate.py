"""Migrations: Alembic keeps the order, each revision is a reviewed pair of SQL scripts."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import asyncpg
from alembic import command, op
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from tenfold.db.roles import SCHEMA, Roles

FOLDER = Path(__file__).parent / "migrations"
LOCK_TIMEOUT = "5s"


def config() -> Config:
    """Alembic's configuration, without a file."""
    made = Config()
    made.set_main_option("script_location", str(FOLDER))
    made.set_main_option("path_separator", "os")
    return made


def head() -> str:
    """The newest revision that this code knows."""
    return ScriptDirectory.from_config(config()).get_current_head() or ""


async def upgrade(url: str, roles: Roles, to: str = "head") -> None:
    """Bring the database to a revision, as the migration role acting for the owner."""
    await _run(url, roles, lambda c: command.upgrade(c, to))


async def downgrade(url: str, roles: Roles, to: str) -> None:
    """Bring the database back to an earlier revision."""
    await _run(url, roles, lambda c: command.downgrade(c, to))


async def current(url: str) -> str:
    """The revision that the database is at, or an empty text."""
    engine = create_async_engine(_driver(url), poolclass=NullPool)
    try:
        async with engine.connect() as connection:
            return await connection.run_sync(_revision)
    finally:
        await engine.dispose()


def _revision(connection: Connection) -> str:
    context = MigrationContext.configure(connection, opts={"version_table_schema": SCHEMA})
    return context.get_current_revision() or ""


async def _run(url: str, roles: Roles, step: Callable[[Config], None]) -> None:
    engine = create_async_engine(_driver(url), poolclass=NullPool)
    try:
        async with engine.connect() as connection:
            # One migration at a time, however many processes start.
            await connection.execute(text("SELECT pg_advisory_lock(20261122)"))
            await connection.execute(text(f"SET ROLE {roles.owner}"))
            await connection.execute(text(f"SET lock_timeout = '{LOCK_TIMEOUT}'"))
            await connection.execute(text("SET statement_timeout = 0"))
            await connection.commit()
            await connection.run_sync(_alembic, roles, step)
    finally:
        await engine.dispose()


def _alembic(connection: Connection, roles: Roles, step: Callable[[Config], None]) -> None:
    made = config()
    made.attributes["connection"] = connection
    made.attributes["roles"] = roles
    step(made)


def run_script(name: str) -> None:
    """Run one of the revisions' SQL scripts; `:app`, `:tail`, `:owner` become the roles' names."""
    script = (FOLDER / "versions" / name).read_text()
    run_sql(script)


def run_sql(script: str) -> None:
    """Run SQL text of any number of statements in the revision's transaction."""
    bind = op.get_bind()
    roles = op.get_context().opts["roles"]
    for word in ("app", "tail", "owner"):
        script = script.replace(f":{word}", getattr(roles, word))
    raw = bind.connection.dbapi_connection
    assert raw is not None
    # SQLAlchemy's adapter opens its transaction only with the first statement of its own.
    bind.exec_driver_sql("SELECT 1")
    adapted: Any = raw

    def run(driver: asyncpg.Connection) -> Awaitable[str]:
        return driver.execute(script)

    adapted.run_async(run)


def _driver(url: str) -> str:
    scheme, _, rest = url.partition("://")
    return f"postgresql+asyncpg://{rest}" if scheme.startswith("postgres") else url


__all__ = ["current", "downgrade", "head", "run_script", "run_sql", "upgrade"]
