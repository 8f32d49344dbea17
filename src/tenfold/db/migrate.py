"""Migrations: Alembic keeps the order, each revision is a reviewed pair of SQL scripts.

A script runs in one transaction (`run_script`), or statement by statement outside of any
(`run_each`); what died half way in the second is simply run again.
"""

from __future__ import annotations

import asyncio
import hashlib
import re
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import asyncpg
from alembic import command, op
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text
from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine
from sqlalchemy.pool import NullPool

from tenfold.db.roles import SCHEMA, Roles
from tenfold.kernel.errors import Unavailable

FOLDER = Path(__file__).parent / "migrations"
VERSIONS = FOLDER / "versions"
PLACEHOLDERS = ("app", "tail", "owner")
LOCK_TIMEOUT = "5s"
TURN_SECONDS = 3_600  # another process may be building the indexes of large tables
_TURN = text("SELECT pg_try_advisory_lock(20261122)")
_PLACEHOLDER = re.compile(rf"(?<!:):({'|'.join(PLACEHOLDERS)})\b")
_INDEX = re.compile(r"(?m)^CREATE (?:UNIQUE )?INDEX CONCURRENTLY IF NOT EXISTS (\S+) ON (\w+)\.")
FIRST = "0001_spine.up.sql"
_MADE_BY = text(f"SELECT obj_description('{SCHEMA}'::regnamespace, 'pg_namespace')")
_INVALID = "SELECT 1 FROM pg_index WHERE indexrelid = to_regclass($1) AND NOT indisvalid"


def config(versions: Path = VERSIONS) -> Config:
    """Alembic's configuration, without a file."""
    made = Config()
    made.set_main_option("script_location", str(FOLDER))
    made.set_main_option("version_locations", str(versions))
    made.set_main_option("path_separator", "os")
    return made


def head(versions: Path = VERSIONS) -> str:
    """The newest revision that this code knows."""
    return ScriptDirectory.from_config(config(versions)).get_current_head() or ""


async def upgrade(url: str, roles: Roles, to: str = "head", versions: Path = VERSIONS) -> None:
    """Bring the database to a revision, as the migration role acting for the owner.

    Raises Unavailable with what to do where a table is in use, or where the data does not fit.
    """
    await _run(url, roles, versions, lambda c: command.upgrade(c, to))


async def downgrade(url: str, roles: Roles, to: str, versions: Path = VERSIONS) -> None:
    """Bring the database back to an earlier revision."""
    await _run(url, roles, versions, lambda c: command.downgrade(c, to))


async def current(url: str) -> str:
    """The revision that the database is at, or an empty text.

    Raises Unavailable where the first revision that made its tables is not the one known here.
    """
    engine = create_async_engine(_driver(url), poolclass=NullPool)
    try:
        async with engine.connect() as connection:
            return await connection.run_sync(_revision, VERSIONS)
    finally:
        await engine.dispose()


def refuse_newer(found: str, versions: Path = VERSIONS) -> None:
    """Raise Unavailable where the database is at a revision that this code does not know."""
    known = ScriptDirectory.from_config(config(versions)).walk_revisions()
    if found and found not in {one.revision for one in known}:
        raise Unavailable(
            f"The database is at revision {found}, and this version of Tenfold knows none after "
            f"{head(versions)}: a newer version has changed the tables. Start that version."
        )


def _revision(connection: Connection, versions: Path) -> str:
    context = MigrationContext.configure(connection, opts={"version_table_schema": SCHEMA})
    found = context.get_current_revision() or ""
    # The first revision was written anew before the first release, under the same number.
    if found and connection.execute(_MADE_BY).scalar() != _made_by(versions):
        raise Unavailable(
            "The database's tables were made by an earlier development state of Tenfold, and can't "
            "be brought up to date. Start with a fresh TENFOLD_HOME (or DATABASE_URL); to take "
            "records along, export them with the state that made them and import them here."
        )
    return found


def _made_by(versions: Path) -> str:
    """What the schema's comment says of the script that made its tables."""
    return f"made by {hashlib.sha256((versions / FIRST).read_text().encode()).hexdigest()}"


async def _run(url: str, roles: Roles, versions: Path, step: Callable[[Config], None]) -> None:
    engine = create_async_engine(_driver(url), poolclass=NullPool)
    try:
        async with engine.connect() as connection:
            await _take_turn(connection)
            refuse_newer(await connection.run_sync(_revision, versions), versions)
            await connection.execute(text(f"SET ROLE {roles.owner}"))
            await connection.execute(text(f"SET lock_timeout = '{LOCK_TIMEOUT}'"))
            await connection.execute(text("SET statement_timeout = 0"))
            await connection.commit()
            await connection.run_sync(_alembic, roles, versions, step)
    finally:
        await engine.dispose()


async def _take_turn(connection: AsyncConnection) -> None:
    """Wait until no other process migrates this database."""
    # Asked again and again: whoever waits inside of a statement holds a snapshot, for which an
    # index that the other process builds concurrently would wait in its turn.
    for _ in range(TURN_SECONDS * 5):
        mine = (await connection.execute(_TURN)).scalar()
        await connection.commit()
        if mine:
            return
        await asyncio.sleep(0.2)
    raise Unavailable("Another process has been migrating this database for an hour; look at it.")


def _alembic(
    connection: Connection, roles: Roles, versions: Path, step: Callable[[Config], None]
) -> None:
    made = config(versions)
    made.attributes["connection"] = connection
    made.attributes["roles"] = roles
    made.attributes["versions"] = versions
    step(made)


def filled(script: str, roles: Roles) -> str:
    """The script with the names of the roles where it says `:app`, `:tail` and `:owner`."""
    return _PLACEHOLDER.sub(lambda found: getattr(roles, found[1]), script)


def run_script(name: str) -> None:
    """Run one of the revisions' SQL scripts whole, in the revision's transaction."""
    # SQLAlchemy's adapter opens its transaction only with the first statement of its own.
    op.get_bind().exec_driver_sql("SELECT 1")
    _execute(name, _script(name))
    if name == FIRST:
        made_by = _made_by(op.get_context().opts["versions"])
        _execute(name, f"COMMENT ON SCHEMA {SCHEMA} IS '{made_by}'")


def run_each(name: str) -> None:
    """Run each statement of a script alone and outside of a transaction.

    Every statement must bear being run again. What a `CREATE INDEX CONCURRENTLY` that died left
    behind is dropped first.
    """
    with op.get_context().autocommit_block():
        for statement in statements(_script(name)):
            made = _INDEX.search(statement)
            if made and _driver_call(lambda d, m=made: d.fetchval(_INVALID, f"{m[2]}.{m[1]}")):
                _execute(name, f"DROP INDEX CONCURRENTLY IF EXISTS {made[2]}.{made[1]}")
            _execute(name, statement)
        _execute(name, f"SET lock_timeout = '{LOCK_TIMEOUT}'")


def statements(script: str) -> Iterator[str]:
    """The statements of a script, each ending in `;` at the end of a line."""
    for one in re.split(r";[ \t]*(?:\n|$)", script):
        if re.sub(r"(?m)^\s*--.*$", "", one).strip():
            yield one.strip()


def _script(name: str) -> str:
    given = op.get_context().opts
    return filled((given["versions"] / name).read_text(), given["roles"])


def _execute(name: str, sql: str) -> None:
    try:
        _driver_call(lambda driver: driver.execute(sql))
    except asyncpg.PostgresError as error:
        raise _refusal(name, error) from error


def _refusal(name: str, error: asyncpg.PostgresError) -> Unavailable:
    if isinstance(error, asyncpg.LockNotAvailableError | asyncpg.DeadlockDetectedError):
        return Unavailable(
            f"A table that {name} changes is in use, and was not let go of for a while. Nothing is "
            "half done; run `tenfold migrate` again, best when less goes on."
        )
    said = " ".join(part for part in (error.args[0], error.detail) if part)
    return Unavailable(
        f"The data or the database does not take {name}: {said} Nothing is half done; put it right "
        "and run `tenfold migrate` again."
    )


def _driver_call(call: Callable[[asyncpg.Connection], Awaitable[Any]]) -> Any:
    raw: Any = op.get_bind().connection.dbapi_connection
    return raw.run_async(call)


def _driver(url: str) -> str:
    scheme, _, rest = url.partition("://")
    return f"postgresql+asyncpg://{rest}" if scheme.startswith("postgres") else url


__all__ = [
    "current",
    "downgrade",
    "filled",
    "head",
    "refuse_newer",
    "run_each",
    "run_script",
    "upgrade",
]
