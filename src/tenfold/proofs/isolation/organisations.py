"""Two organisations to try the wall with, made for one run and taken away after it.

Their ids are written down before they are made, so that the next run takes away what a run that
was killed left behind.
"""

from __future__ import annotations

import asyncio
import fcntl
import secrets
import shutil
from collections.abc import AsyncGenerator, Generator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import UUID

import asyncpg
import msgspec

from tenfold.audit.verifying import PASSING
from tenfold.kernel.ids import NIL, new_id
from tenfold.proofs.evidence import FOLDER

if TYPE_CHECKING:
    Connection = asyncpg.Connection[asyncpg.Record]

_PREFIX = ".isolation-"
_SET = "SELECT set_config('app.tenant_id', $1, true)"
# Nobody is held up by the many questions of a proof.
_TENANT = "INSERT INTO tenfold.tenants (id, name, rate_per_minute) VALUES ($1, $2, 1000000)"
_USER = """INSERT INTO tenfold.users (id, email, first_name, last_name, email_verified_at)
VALUES ($1, $2, 'Isolation', 'Proof', now())"""
_MEMBER = "INSERT INTO tenfold.members (tenant_id, user_id, role) VALUES ($1, $2, 'owner')"
_SESSION = """INSERT INTO tenfold.sessions (id, user_id, tenant_id, methods, expires_at)
VALUES ($1, $2, $3, '{pwd}', now() + interval '1 hour')"""
# Tables of whole rows, not their partitions, that have a column; the log last, as it is written
# while the others are emptied.
_HAVING = """SELECT format('%I.%I', n.nspname, c.relname) FROM pg_class c
JOIN pg_namespace n ON n.oid = c.relnamespace
JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = $1 AND NOT a.attisdropped
WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition AND n.nspname IN ('tenfold', 'jobs')
ORDER BY c.relname = 'change_log', 1"""
_WORKING = "SELECT count(*) FROM jobs.job WHERE tenant_id = ANY ($1) AND state = 'processing'"
_NOT_BEGUN = "DELETE FROM jobs.job WHERE tenant_id = ANY ($1) AND state = 'pending'"
_PROGRAMS = """SELECT u.id FROM tenfold.users u JOIN tenfold.members m ON m.user_id = u.id
WHERE m.tenant_id = ANY ($1) AND u.kind = 'service'"""
_PASSES = 20


@dataclass(frozen=True, slots=True)
class Side:
    """An organisation with its owner, who is signed in."""

    tenant: UUID
    user: UUID
    session: UUID
    word: str
    """What nobody else writes, for all their texts."""


class Noted(msgspec.Struct, frozen=True):
    """What is to be taken away."""

    tenants: list[UUID]
    users: list[UUID]


@asynccontextmanager
async def made(app_url: str, owner: Owner, home: Path) -> AsyncGenerator[tuple[Side, Side]]:
    """The two, for as long as they are needed."""
    await tidy(owner, home)
    sides = (_side("ours"), _side("theirs"))
    note = Noted([s.tenant for s in sides], [s.user for s in sides])
    with _noted(home, note) as path:
        try:
            for side in sides:
                await _make(app_url, side)
            yield sides
        finally:
            await asyncio.shield(take_away(owner, home, note))
            path.unlink()


def _side(name: str) -> Side:
    return Side(new_id(), new_id(), new_id(), f"{name}{secrets.token_hex(6)}")


async def _make(app_url: str, side: Side) -> None:
    connection = await asyncpg.connect(app_url, server_settings={"app.tenant_id": str(NIL)})
    try:
        async with connection.transaction():
            await connection.execute(_SET, str(side.tenant))
            await connection.execute(_TENANT, side.tenant, f"{PASSING}{side.word}")
            await connection.execute(_USER, side.user, f"{side.word}@isolation.invalid")
            await connection.execute(_MEMBER, side.tenant, side.user)
            await connection.execute(_SESSION, side.session, side.user, side.tenant)
    finally:
        await connection.close()


# -- taking away


@dataclass(frozen=True, slots=True)
class Owner:
    """How to act as the owner of all tables, who alone may take rows out of the log."""

    url: str
    role: str


@contextmanager
def _noted(home: Path, note: Noted) -> Generator[Path]:
    """The note lies in the home, and is held, for as long as it is not taken away."""
    folder = home / FOLDER
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    path = folder / f"{_PREFIX}{secrets.token_hex(6)}"
    with path.open("xb") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        file.write(msgspec.json.encode(note))
        file.flush()
        yield path


async def tidy(owner: Owner, home: Path) -> int:
    """Take away what runs that were killed left behind; answers of how many runs."""
    found = 0
    for path in sorted((home / FOLDER).glob(f"{_PREFIX}*")):
        with path.open("rb") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:  # of a run that goes on
                continue
            if body := file.read():
                await take_away(owner, home, msgspec.json.decode(body, type=Noted))
            path.unlink(missing_ok=True)
            found += 1
    return found


async def take_away(owner: Owner, home: Path, note: Noted) -> None:
    """Take away all that is of these organisations and their people."""
    connection = await asyncpg.connect(owner.url)
    try:
        await connection.execute(f"SET ROLE {owner.role}")
        await _wait_for_jobs(connection, note.tenants)
        programs = [row[0] for row in await connection.fetch(_PROGRAMS, note.tenants)]
        users = [*note.users, *programs]
        rows = [("tenant_id", note.tenants), ("user_id", users)]
        for column, ids in rows:
            names = [row[0] for row in await connection.fetch(_HAVING, column)]
            await _emptied(connection, names, column, ids)
        await connection.execute("DELETE FROM tenfold.users WHERE id = ANY ($1)", users)
        await connection.execute("DELETE FROM tenfold.tenants WHERE id = ANY ($1)", note.tenants)
    finally:
        await connection.close()
    for tenant in note.tenants:
        shutil.rmtree(home / "imports" / str(tenant), ignore_errors=True)


async def _wait_for_jobs(connection: Connection, tenants: Sequence[UUID]) -> None:
    """What a worker is at would write after we have gone."""
    await connection.execute(_NOT_BEGUN, tenants)
    for _ in range(_PASSES):
        if not await connection.fetchval(_WORKING, tenants):
            return
        await asyncio.sleep(0.5)


async def _emptied(
    connection: Connection, names: Sequence[str], column: str, ids: Sequence[UUID]
) -> None:
    """Pass after pass, as rows point to each other, and deleting a record writes to the log."""
    for _ in range(_PASSES):
        gone = 0
        for name in names:
            try:
                tag = await connection.execute(
                    f"DELETE FROM {name} WHERE {column} = ANY ($1)",  # noqa: S608 - names of the catalogue
                    ids,
                )
            except asyncpg.ForeignKeyViolationError:
                gone += 1
            else:
                gone += int(tag.rpartition(" ")[2])
        if not gone:
            return
