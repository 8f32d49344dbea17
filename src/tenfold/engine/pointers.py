"""Relations to one record when their targets go or come back: what holds, clears or leads nowhere.

Whoever deletes a record has locked it; whoever points to one holds it with a key share. So neither
can happen behind the other's back.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY

from tenfold.db.database import Transaction
from tenfold.engine import writing
from tenfold.engine.access import Person
from tenfold.engine.definition import Definition, Field
from tenfold.engine.project.tables import table_of
from tenfold.engine.registry import Registry
from tenfold.engine.rows import Row
from tenfold.engine.sql import TENANT, UUID_TYPE, Statement, compiled
from tenfold.engine.types import Ref
from tenfold.kernel.errors import Conflict, TenfoldError
from tenfold.kernel.language import mark, say, within

PIECE = 10_000
"""How many records let go of their pointers in one statement."""

Refuse = Callable[[UUID, TenfoldError], None]
Tell = Callable[[UUID, str, tuple[str, ...]], None]
_GONE = mark("What this points to was deleted meanwhile")
_IDS = sa.bindparam("ids", type_=ARRAY(UUID_TYPE))
_GONE_IDS = sa.bindparam("gone", type_=ARRAY(UUID_TYPE))


async def let_go(
    tx: Transaction,
    registry: Registry,
    definition: Definition,
    ids: Iterable[UUID],
    refuse: Refuse,
) -> None:
    """Apply the on-delete rules of what points here; those that are held are refused.

    All holders are asked before any pointer is cleared: a record that stays keeps them.
    """
    left = set(ids)
    relations = [(o, f, _rule(f)) for o, f in registry.pointing_to(definition)]
    for other, one, rule in relations:
        if rule != "restrict":
            continue
        word = within(other.label_plural)
        for identity in await _held(tx, other, one, left):
            left.discard(identity)
            refuse(
                identity,
                Conflict(say("It is still used by %(word)s; change those first.", word=word)),
            )
    for other, one, rule in relations:
        if rule == "clear":
            await _clear(tx, other, one, left)


async def settled(
    tx: Transaction,
    person: Person,
    registry: Registry,
    definition: Definition,
    rows: Sequence[Row],
    current: Mapping[UUID, Any],
    refuse: Refuse,
    tell: Tell,
) -> list[Row]:
    """The rows that come back, none of them pointing to what was deleted meanwhile.

    What clears on deletion is left empty. What restricts it stays as it is, and what would come
    back from deletion with it is refused. Fields that the person can't see are not named.
    """
    found = {row["id"]: _brought(definition, row, current[row["id"]]) for row in rows}
    gone = await _gone(tx, registry, [(f.type, to) for some in found.values() for f, to in some])
    gone -= {row["id"] for row in rows if "deleted_at" in row}  # they come back together
    access = person.access(definition)
    kept: list[Row] = []
    for row in rows:
        dead = [one for one, to in found[row["id"]] if to in gone]
        held = [one for one in dead if _rule(one) == "restrict"]
        row.update({f"{one.name}_id": None for one in dead if one not in held})
        if "deleted_at" not in row:
            for one in held:
                del row[f"{one.name}_id"]
        if held and ("deleted_at" in row or len(row) == 1):
            fields = {
                one.json_name: "points to what was deleted" for one in held if access.sees(one)
            }
            refuse(
                row["id"],
                Conflict(say("%(gone)s; restore that first.", gone=say(_GONE)), fields=fields),
            )
            continue
        kept.append(row)
        if dead:
            end = "it stays as it is" if held else "it is left empty"
            names = tuple(one.json_name for one in dead if access.sees(one))
            tell(row["id"], f"{_GONE}; {end}.", names)
    return kept


def _rule(one: Field) -> str:
    return one.type.on_delete if isinstance(one.type, Ref) else ""


def _brought(definition: Definition, row: Row, now: Mapping[str, Any]) -> list[tuple[Field, UUID]]:
    """The pointers that a row brings back; none while it stays deleted."""
    if row.get("deleted_at", now["deleted_at"]) is not None:
        return []
    whole = {**dict(now.items()), **row} if "deleted_at" in row else row
    pointers = ((f, whole.get(f"{f.name}_id")) for f in definition.fields.values() if _rule(f))
    return [(one, to) for one, to in pointers if to is not None]


async def _held(tx: Transaction, other: Definition, one: Field, ids: Iterable[UUID]) -> list[UUID]:
    """Which of the ids live records point to."""
    statement = _holding(table_of(other), f"{one.name}_id")
    return [row[0] for row in await tx.rows(statement.text, *_given(tx, statement, ids))]


async def _clear(tx: Transaction, other: Definition, one: Field, ids: Iterable[UUID]) -> None:
    """Empty the relation in all live records that point to some ids, a piece at a time.

    One that is made to point elsewhere at this moment keeps that.
    """
    table, column = table_of(other), f"{one.name}_id"
    some, clear = _pointing(table, column, PIECE), _clearing(table, column)
    gone = sorted(ids)
    while rows := await tx.rows(some.text, *_given(tx, some, gone)):
        await writing.plan_for(tx, len(rows))
        await tx.execute(clear.text, *_given(tx, clear, (row[0] for row in rows), gone))
        tx.touch(other.name)


async def _gone(
    tx: Transaction, registry: Registry, pointers: Iterable[tuple[Any, UUID]]
) -> set[UUID]:
    """Which targets are deleted; the others can't be until this transaction ends."""
    wanted: dict[str, set[UUID]] = {}
    for kind, to in pointers:
        wanted.setdefault(kind.to, set()).add(to)
    live: set[UUID] = set()
    for name, ids in sorted(wanted.items()):
        statement = _living(table_of(registry.by_name[name]))
        live |= {r[0] for r in await tx.rows(statement.text, *_given(tx, statement, ids))}
    return set[UUID]().union(*wanted.values()) - live


def _given(
    tx: Transaction, statement: Statement, ids: Iterable[UUID], gone: Sequence[UUID] = ()
) -> list[object]:
    return statement.arguments({"tenant": tx.context.tenant, "ids": sorted(ids), "gone": gone})


@lru_cache(maxsize=1_000)
def _holding(table: sa.Table, column: str) -> Statement:
    """One look into the relation's index for each id, however many point to it."""
    asked = sa.func.unnest(_IDS).table_valued(sa.column("id", UUID_TYPE), name="v").render_derived()
    one = (
        sa.select(table.c.id)
        .where(
            table.c.tenant_id == TENANT,
            table.c.deleted_at.is_(None),
            table.c[column] == asked.c.id,
        )
        .limit(sa.literal_column("1"))
        .lateral("one")
    )
    return compiled(sa.select(asked.c.id).select_from(asked.join(one, sa.true())))


@lru_cache(maxsize=1_000)
def _pointing(table: sa.Table, column: str, most: int) -> Statement:
    there = (table.c.tenant_id == TENANT, table.c.deleted_at.is_(None))
    some = sa.select(table.c.id).where(*there, table.c[column] == sa.any_(_IDS))
    return compiled(some.limit(sa.literal_column(str(most))))


@lru_cache(maxsize=1_000)
def _clearing(table: sa.Table, column: str) -> Statement:
    still = table.c[column] == sa.any_(_GONE_IDS)
    where = (table.c.tenant_id == TENANT, table.c.id == sa.any_(_IDS), still)
    return compiled(sa.update(table).where(*where).values({column: sa.null()}))


@lru_cache(maxsize=1_000)
def _living(table: sa.Table) -> Statement:
    return compiled(
        sa.select(table.c.id)
        .where(
            table.c.tenant_id == TENANT,
            table.c.deleted_at.is_(None),
            table.c.id == sa.any_(_IDS),
        )
        .order_by(table.c.id)
        .with_for_update(key_share=True, read=True)
    )
