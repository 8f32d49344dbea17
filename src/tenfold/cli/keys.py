"""`tenfold rotate-keys`, `erase-keys` and `rotate-master-key`: the keys of an installation."""

from __future__ import annotations

import asyncio
import fcntl
import os
import sys
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

import asyncpg

from tenfold.accounts.events import note
from tenfold.accounts.organisation import data_keys
from tenfold.accounts.organisation.organisation import hold
from tenfold.app import Parts
from tenfold.cli.seat import TERMINAL, opened
from tenfold.db import master
from tenfold.db.database import Database
from tenfold.db.sealed import Rewrapped, rewrap
from tenfold.kernel.context import Context
from tenfold.kernel.errors import Conflict, Invalid, NotFound
from tenfold.kernel.ids import NIL, parse_id
from tenfold.kernel.settings import Settings, variable
from tenfold.kernel.text import plural

Say = Callable[[str], None]
_TENANTS = "SELECT id, name FROM tenfold.tenants ORDER BY id"
_RENEW = "VACUUM (FULL) tenfold.data_keys"
_NOW = "SELECT pg_current_xact_id()::text"
# Those that write, in any database of the server, and those that only read in this one.
_BEFORE = """SELECT pg_snapshot_xmin(pg_current_snapshot()) < $1::text::xid8
    OR EXISTS (SELECT FROM pg_stat_activity WHERE datname = current_database()
        AND pid <> pg_backend_pid() AND age(backend_xmin) > age($1::text::xid8::xid))"""
_PATIENCE = 30  # seconds


@dataclass(frozen=True, slots=True)
class _Organisation:
    id: UUID
    name: str


async def rotate(settings: Settings, wanted: str, say: Say) -> int:
    """Give one organisation, or each that has secrets, a new key; a worker does the rest."""
    async with opened(settings) as (made, database):
        chosen = await _chosen(database, wanted)
        for one in chosen:
            try:
                fresh = await _rotate(made, database, one)
            except Conflict as error:
                if wanted:
                    raise
                say(f"{one.name}: {error.message}")
                continue
            say(f"{one.name}: {'a new key' if fresh else 'the last change is gone on with'}.")
    say("A worker (`tenfold up` has one) now seals what is there anew; secrets open meanwhile.")
    return 0


async def _rotate(made: Parts, database: Database, one: _Organisation) -> bool:
    async with database.transaction(Context(one.id, None)) as tx:
        await hold(tx)
        fresh = await data_keys.rotate(tx, made.keyring)
        if fresh:
            await note(tx, "keys_rotated", TERMINAL, tenant=one.id, which="data")
    return fresh


async def erase(
    settings: Settings, wanted: str, admin_url: str, say: Say, *, sure: bool, retired: bool
) -> int:
    """Destroy an organisation's keys, once its name was typed."""
    if not wanted.strip():
        raise Invalid({"organisation": "is required: a name or an id"})
    async with opened(settings) as (made, database):
        (one,) = await _chosen(database, wanted)
        if not sure and not _confirmed(one, say, retired=retired):
            say("Nothing was changed.")
            return 1
        async with database.transaction(Context(one.id, None)) as tx:
            await hold(tx)
            types = made.registry.stored.values()
            count = await data_keys.erase(tx, made.keyring, types, retired=retired)
            told = "retired" if retired else "all"
            await note(tx, "keys_erased", TERMINAL, tenant=one.id, keys=count, which=told)
    await _overwrite(admin_url, say)
    say(f"{plural(count, 'key was', 'keys were')} erased: what they sealed is lost for good.")
    say("Backups still hold them until they expire; see docs/how-to/secret-fields.md.")
    return 0


def _confirmed(one: _Organisation, say: Say, *, retired: bool) -> bool:
    what = "what its history holds of secrets" if retired else "all secrets"
    say(f"This destroys {what} of {one.name} ({one.id}). Nobody can bring them back.")
    say("Type the organisation's name to go on:")
    return sys.stdin.readline().strip() == one.name


async def _overwrite(admin_url: str, say: Say) -> None:
    """Let the table's file be written anew, so that it holds no trace of what was erased."""
    try:
        connection = await asyncpg.connect(admin_url, timeout=10)
        try:
            await connection.execute("SET lock_timeout = '5s'")
            await _unseen(connection)
            await connection.execute(_RENEW)
        finally:
            await connection.close()
    except (OSError, asyncpg.PostgresError) as error:
        say(f"The table's file still holds traces ({error}); run as its owner: {_RENEW}")


async def _unseen(connection: asyncpg.Connection[asyncpg.Record]) -> None:
    """Wait a while for those who began before: what they may still see would be kept for them."""
    now = await connection.fetchval(_NOW)
    for _ in range(_PATIENCE * 10 + 1):
        if not await connection.fetchval(_BEFORE, now):
            return
        await asyncio.sleep(0.1)
    raise TimeoutError(f"a transaction has been open for {_PATIENCE} seconds")


async def rotate_master(settings: Settings, say: Say, *, finish: bool) -> int:
    """Make a new master key and seal everything with it; to `finish`, let go of the old one."""
    home, given = settings.folder, settings.master_key
    with _alone(home):
        if not finish and not given:
            _begin(home, say)
        async with opened(settings) as (made, database):
            if len(made.keyring.numbers) == 1:
                return _only_one(given, say, finish=finish)
            found = await rewrap(database, made.keyring, say)
            if found.closed:
                return _stuck(found, say)
            async with database.transaction(Context(NIL, None)) as tx:
                await note(
                    tx, "keys_rotated", TERMINAL, which="master", sealed=found.done, finished=finish
                )
        if finish and not given:
            _finish(home)
    say(_NEXT[finish, bool(given)].format(file=master.file_of(home), name=variable("master_key")))
    return 0


_DONE = "Everything is sealed with the new master key. "
_LATER = "In a day or later run `tenfold rotate-master-key --finish`."
_BACKUPS = " Old backups need the old one."
# By whether it is the end, and whether the keys come from outside.
_NEXT = {
    (False, False): f"{_DONE}Keep a copy of {{file}}. The old one still counts. {_LATER}",
    (False, True): f"{_DONE}The old one still counts. {_LATER}",
    (True, False): f"{_DONE}The old one is let go of; keep a copy of {{file}}.{_BACKUPS}",
    (True, True): f"{_DONE}Take the old one out of {{name}}.{_BACKUPS}",
}


def _begin(home: Path, say: Say) -> None:
    """Put a new key in front, unless a change is on already."""
    known = master.texts(home)
    if len(known) == 1:
        master.write(home, (master.new(), *known))
        say("There is a new master key; processes that run take it up by themselves.")
    else:
        say("A new master key is there already; what is left is done.")


def _finish(home: Path) -> None:
    master.write(home, master.texts(home)[:1])


def _only_one(given: str, say: Say, *, finish: bool) -> int:
    name = variable("master_key")
    if finish:
        say("There is one master key alone: nothing to finish.")
    elif given:
        say(
            f"{name} is set from outside. Put a new key of 64 hex digits (`openssl rand -hex 32`) "
            "in front of it, a comma between, let all processes know of it, and run this again."
        )
    return 1 if not finish else 0


def _stuck(found: Rewrapped, say: Say) -> int:
    where = ", ".join(f"{count:,} in {table}" for table, count in (found.closed or {}).items())
    say(f"Some do not open with any master key ({where}); the old key stays. Nothing was lost.")
    return 1


@contextmanager
def _alone(home: Path) -> Generator[None]:
    """Only one such change at a time, or a key that has sealed something might be lost."""
    folder = master.file_of(home).parent
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    handle = os.open(folder / "master.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise Conflict("Another `tenfold rotate-master-key` is at work; wait for it.") from None
        yield
    finally:
        os.close(handle)


async def _chosen(database: Database, wanted: str) -> list[_Organisation]:
    """The organisation of a name or id, or all of them; raises where it isn't one."""
    async with database.system() as reader:
        every = [_Organisation(row[0], row[1]) for row in await reader.rows(_TENANTS)]
    if not wanted:
        return every
    key, named = parse_id(wanted), wanted.strip().casefold()
    found = [one for one in every if one.id == key or one.name.casefold() == named]
    if not found:
        raise NotFound(f"There is no organisation {wanted!r}.")
    if len(found) > 1:
        ids = ", ".join(str(one.id) for one in found)
        raise Invalid({"organisation": f"is the name of several; say which by its id: {ids}"})
    return found
