"""Loads the data inside PostgreSQL, and checks it against what the engine would have written."""

from __future__ import annotations

import shutil
import time
from collections.abc import AsyncGenerator, Callable, Iterable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from uuid import UUID

import asyncpg
import msgspec

from bench import names, people, statements
from bench.custom import FILLED
from bench.names import Name
from bench.options import Options
from bench.organisations import Organisation
from bench.site import BenchError, Site
from tenfold.engine.definition import Definition
from tenfold.engine.registry import Registry
from tenfold.engine.slots import slots_of
from tenfold.engine.tailored import FieldSpec, field_of
from tenfold.engine.types import Locale
from tenfold.engine.words import search_vector

Connection = asyncpg.Connection
Say = Callable[[str], None]
_CHUNK = 200_000
_FILLED = (
    *("tenfold.leads", "tenfold.students", "tenfold.slots", "tenfold.change_log"),
    *("tenfold.versions", "tenfold.users", "tenfold.members", "tenfold.sessions"),
    *("tenfold.security_events", "jobs.job"),
)
_SETUP = (Path(__file__).parent / "fill.sql").read_text("utf-8")


@asynccontextmanager
async def owner(site: Site) -> AsyncGenerator[Connection]:
    """A connection as the role that owns all tables, past row security; the bench's alone."""
    installation = site.installation
    connection = await asyncpg.connect(installation.url(installation.roles.migrate))
    try:
        await connection.execute(f"SET ROLE {installation.roles.owner}")
        await _codecs(connection)
        yield connection
    finally:
        await connection.close()


async def _codecs(connection: Connection) -> None:
    for kind in ("json", "jsonb"):
        await connection.set_type_codec(
            kind, schema="pg_catalog", encoder=_text, decoder=msgspec.json.decode
        )


def _text(value: object) -> str:
    return msgspec.json.encode(value).decode()


async def fill(
    site: Site, types: Registry, options: Options, made: list[Organisation], say: Say
) -> None:
    """Load all of it; the last organisation is the one with as many students as all others."""
    lead, student = types.by_name["lead"], types.by_name["student"]
    async with owner(site) as db:
        await prepare(db, site, made)
        await db.execute("SET synchronous_commit = off")
        await db.execute("SET maintenance_work_mem = '512MB'")
        many = [(lead, 0, options.leads), (student, 0, options.students)]
        last = [(student, len(made), options.one_tenant)]
        for definition in (lead, student):
            parts = [p for p in (*many, *last) if p[0] is definition]
            async with bare(db, definition.plural, say):
                for _, tenant, rows in parts:
                    sql = people.make(definition, one_tenant=tenant)
                    where = "in one organisation" if tenant else "over the organisations"
                    await load(db, sql, rows, f"{definition.plural} {where}", say)
        async with bare(db, "slots", say):
            for definition in (lead, student):
                say(f"  slots of {definition.plural} …")
                await db.execute(people.slots(definition, "true"))
        await db.execute(statements.PICKS)
        await settle(db)
        for definition in (lead, student):
            await _check(db, definition)


async def prepare(db: Connection, site: Site, made: list[Organisation]) -> None:
    """The schema that records are made with: organisations and names."""
    await db.execute(_SETUP)
    app = site.installation.roles.app
    await db.execute(f"GRANT USAGE ON SCHEMA bench TO {app}")
    await db.execute(f"GRANT SELECT ON bench.tenants, bench.picks TO {app}")
    rows = [(o.n, UUID(o.tenant), UUID(o.user), UUID(o.tenant).hex[-8:]) for o in made]
    await db.execute(statements.ADD_TENANTS, *map(list, zip(*rows, strict=True)))
    for table, found in (
        ("first_names", names.first_names()),
        ("last_names", names.last_names()),
        ("majors", names.majors()),
        ("domains", names.domains()),
    ):
        await _add_names(db, table, found)


async def _add_names(db: Connection, table: str, found: Iterable[Name]) -> None:
    rows = [(n, one.text, one.key, " ".join(one.words)) for n, one in enumerate(found, 1)]
    sql = statements.ADD_NAMES.format(table=table)
    await db.execute(sql, *map(list, zip(*rows, strict=True)))
    await db.execute(f"ANALYZE bench.{table}")


@asynccontextmanager
async def bare(db: Connection, table: str, say: Say) -> AsyncGenerator[None]:
    """Without triggers and secondary indexes while it is filled; both are back at the end."""
    await db.execute(statements.TRIGGERS.format(plural=table, word="DISABLE"))
    indexes = await db.fetch(statements.INDEXES, f"tenfold.{table}")
    for row in indexes:
        await db.execute(f"DROP INDEX tenfold.{row['name']}")
    yield
    say(f"  {len(indexes)} indexes of {table} …")
    for row in indexes:
        await db.execute(row["made"])
    await db.execute(statements.TRIGGERS.format(plural=table, word="ENABLE"))


async def load(db: Connection, sql: str, rows: int, what: str, say: Say, *more: object) -> None:
    """Run a statement that makes the rows $1 to $2 of $3, part by part; `more` is $4 and on."""
    began = time.monotonic()
    for start in range(1, rows + 1, _CHUNK):
        await db.execute(sql, start, min(rows, start + _CHUNK - 1), rows, *more)
    say(f"  {rows:,} {what} in {time.monotonic() - began:.0f} s")


async def settle(db: Connection) -> None:
    """Statistics and a clean visibility map, as autovacuum would leave them in time."""
    for table in _FILLED:
        await db.execute(f"VACUUM (ANALYZE) {table}")


async def tidy(site: Site, loaded_at: float) -> None:
    """Take away what earlier runs made, so that every run begins with the same data."""
    async with owner(site) as db:
        after = await db.fetchval("SELECT to_timestamp($1)", loaded_at)
        for plural in ("leads", "students"):
            async with db.transaction():
                await db.execute(statements.TRIGGERS.format(plural=plural, word="DISABLE"))
                await db.execute(statements.TIDY_SLOTS.format(plural=plural), after)
                await db.execute(statements.TIDY_RECORDS.format(plural=plural), after)
                await db.execute(statements.TRIGGERS.format(plural=plural, word="ENABLE"))
        await db.execute(statements.TIDY_LOG)
        await settle(db)
    shutil.rmtree(site.database.home / "imports", ignore_errors=True)


# --- is it what the engine would have written? ---


async def check_words(db: Connection, definition: Definition) -> list[asyncpg.Record]:
    """Compare the search words of a sample with the engine's own; answers the sample."""
    rows = await db.fetch(statements.SAMPLE.format(plural=definition.plural))
    vectors = [search_vector(definition, r["tenant_id"], dict(r), private=False) for r in rows]
    tenants, ids = [r["tenant_id"] for r in rows], [r["id"] for r in rows]
    different = statements.DIFFERENT.format(plural=definition.plural)
    wrong: int = await db.fetchval(different, tenants, ids, vectors)
    if wrong or not rows:
        raise BenchError(
            f"{wrong} of {len(rows)} {definition.plural} have other search words than the engine "
            f"would have written; bench/people.py no longer fits engine/values.py."
        )
    return rows


async def _check(db: Connection, definition: Definition) -> None:
    rows = await check_words(db, definition)
    for row in rows[:50]:
        await _check_slots(db, definition, row)


async def _check_slots(db: Connection, definition: Definition, row: Any) -> None:
    expected: set[tuple[object, ...]] = set()
    for custom in FILLED:
        one = field_of(FieldSpec(name=custom.name, kind=custom.kind, options=custom.options))
        for slot in slots_of(definition, one, row["custom"][custom.name], Locale()):
            expected.add((slot.field, slot.place, slot.text, slot.number, slot.moment, slot.ref))
    found = await db.fetch(statements.SLOTS_OF, row["tenant_id"], row["id"])
    if {tuple(r)[1:] for r in found} != expected:
        raise BenchError(
            f"The slots of a custom field of {definition.plural} are not those that the engine "
            f"would have written; bench/people.py no longer fits engine/values.py."
        )
