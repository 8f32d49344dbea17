"""The tags that records hold, counted and changed for all of them: renamed, merged, taken off.

What is counted is read from the slots' index by tag, so that it costs what is in use and not what
there is; deleted records, which can be restored, are among it. Of a type of which a person may not
see all (privacy is strict for administrators, too) only what they see counts, each record asked
for by its id. What is changed goes the write path.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql.asyncpg import dialect
from sqlalchemy.sql.elements import ColumnElement

from tenfold.db.database import Reader, Transaction
from tenfold.engine.access import Person
from tenfold.engine.conditions import scoped
from tenfold.engine.definition import Definition, Field
from tenfold.engine.project.tables import table_of
from tenfold.engine.records import Records
from tenfold.engine.slots import slot_field
from tenfold.engine.sql import TENANT, UUID_TYPE, Statement
from tenfold.engine.types import Locale
from tenfold.engine.written import Change
from tenfold.kernel.ids import NIL

COUNTED = 1_000
"""How many records a tag is counted up to on its page."""
MOST = 500
"""How many tags are listed."""
REACH = 5_000
"""How many tags of a field are gone through to find them, one step of an index for each."""
PIECE = 2_000
"""How many records are changed by one call."""

# A loose index scan: each step goes to the next tag by the index, however many records have one.
_TAGS = """SELECT t.tag, t.step, t.seen FROM unnest({fields}) AS f (field) CROSS JOIN LATERAL (
    WITH RECURSIVE one (tag, step) AS (
        (SELECT s.text_value, 1 FROM tenfold.slots s WHERE s.tenant_id = :tenant::uuid
            AND s.field = f.field AND s.text_value IS NOT NULL ORDER BY s.text_value LIMIT 1)
        UNION ALL
        SELECT (SELECT s.text_value FROM tenfold.slots s WHERE s.tenant_id = :tenant::uuid
            AND s.field = f.field AND s.text_value > one.tag ORDER BY s.text_value LIMIT 1),
            one.step + 1
        FROM one WHERE one.tag IS NOT NULL AND one.step < :reach::int
    ) SELECT one.tag, one.step, {any} AS seen FROM one WHERE one.tag IS NOT NULL) AS t"""
_ANY = """EXISTS (SELECT FROM (SELECT s.record_id FROM tenfold.slots s
    WHERE s.tenant_id = :tenant::uuid AND s.field = f.field AND s.text_value = one.tag
    ORDER BY s.record_id LIMIT :most::int) AS s WHERE {seen})"""
_COUNTS = """SELECT t.tag, f.field, c.n, c.more FROM unnest(:tags::text[]) AS t (tag)
CROSS JOIN unnest({fields}) AS f (field)
CROSS JOIN LATERAL (SELECT count(*) FILTER (WHERE {seen}) AS n, count(*) = :most::int AS more
    FROM (SELECT s.record_id FROM tenfold.slots s WHERE s.tenant_id = :tenant::uuid
        AND s.field = f.field AND s.text_value = t.tag
        ORDER BY s.record_id LIMIT :most::int) AS s) AS c
WHERE c.n > 0"""
_HOLDERS = """SELECT s.record_id FROM tenfold.slots s
WHERE s.tenant_id = :tenant::uuid AND s.field = ANY ({fields}) AND s.text_value = :tag::text
    AND s.record_id > :after::uuid AND {seen} ORDER BY s.record_id LIMIT :most::int"""
_HELD = """SELECT record_id, array_agg(text_value ORDER BY place) FROM tenfold.slots
WHERE tenant_id = $1 AND field = $2 AND record_id = ANY ($3) GROUP BY record_id"""
_ALWAYS = "true"
_NAMING = dialect(paramstyle="named")
_BOUND = re.compile(r"(?<!:):(\w+)")


@dataclass(frozen=True, slots=True)
class Tagged:
    """A field of tags of a record type."""

    definition: Definition
    field: Field

    @property
    def slot(self) -> str:
        """The name under which its tags lie in the slots."""
        return slot_field(self.definition, self.field)


def fields_of(types: Iterable[Definition]) -> list[Tagged]:
    """The fields of tags of these types, shipped and custom."""
    return [
        Tagged(one, field)
        for one in types
        for field in (*one.own_fields(), *one.custom_fields.values())
        if field.type.kind == "tags"
    ]


@dataclass(frozen=True, slots=True)
class Tags:
    """The tags that records hold, as they are written; `cut` where there may be more."""

    names: list[str]
    cut: bool


@dataclass(frozen=True, slots=True)
class Count:
    """How many records hold a tag in a field; `more`: not all that hold it were looked at."""

    tag: str
    slot: str
    number: int
    more: bool


async def in_use(reader: Reader, person: Person, fields: Sequence[Tagged], part: str = "") -> Tags:
    """The tags that records hold which the person sees, in order; with a part those that have it.

    A tag of which the first thousand records are all kept from the person is not among them.
    """
    binds = {"reach": REACH, "most": COUNTED + 1}
    rows = await _rows(reader, person, fields, _TAGS, binds)
    wanted = part.casefold()
    found = sorted({r[0] for r in rows if r[2] and wanted in r[0].casefold()})
    cut = len(found) > MOST or any(r[1] == REACH for r in rows)
    return Tags(sorted(found[:MOST], key=lambda tag: (tag.casefold(), tag)), cut)


async def counts(
    reader: Reader, person: Person, fields: Sequence[Tagged], tags: Sequence[str], most: int
) -> list[Count]:
    """How many records that the person sees hold each tag in each field, of the first `most`."""
    binds = {"tags": list(tags), "most": most}
    rows = await _rows(reader, person, fields, _COUNTS, binds)
    return [Count(r[0], r[1], r[2], r[3]) for r in rows]


async def _rows(
    reader: Reader,
    person: Person,
    fields: Sequence[Tagged],
    text: str,
    values: dict[str, Any],
) -> list[Any]:
    """What a statement answers for all fields: once for those of which the person sees all."""
    groups: dict[str, list[str]] = {}
    for one in fields:
        groups.setdefault(_seen(one.definition, person), []).append(one.slot)
    if not groups:
        return []
    parts: list[str] = []
    for place, (seen, slots) in enumerate(groups.items()):
        some = seen if seen == _ALWAYS else _ANY.format(seen=seen)
        parts.append(text.format(fields=f":fields_{place}::text[]", any=some, seen=seen))
        values = {**values, f"fields_{place}": slots}
    statement = _numbered("\nUNION ALL\n".join(f"({part})" for part in parts))
    return await reader.rows(statement.text, *statement.arguments(person.bound(**values)))


def _seen(definition: Definition, person: Person) -> str:
    """The condition that a record in the slots `s` is one that the person sees."""
    table = table_of(definition)
    scope = scoped(person.access(definition), definition, table)
    if scope is None:
        return _ALWAYS
    this = table.c.id == sa.literal_column("s.record_id", UUID_TYPE)
    nothing: ColumnElement[int] = sa.literal_column("0")
    row = sa.select(nothing).where(table.c.tenant_id == TENANT, this, scope)
    # Not joined: the offset keeps it a question by the id for each, however large the table.
    return str(sa.exists(row.offset(nothing)).compile(dialect=_NAMING))


def _numbered(text: str) -> Statement:
    """A text that names what it binds, as PostgreSQL takes it."""
    names = list(dict.fromkeys(_BOUND.findall(text)))
    return Statement(_BOUND.sub(lambda m: f"${names.index(m[1]) + 1}", text), tuple(names))


@dataclass(frozen=True, slots=True)
class Piece:
    """What became of some records with a tag; `last` of them is None where none was left."""

    written: int
    refused: int
    last: UUID | None


async def piece(
    records: Records,
    tx: Transaction,
    person: Person,
    one: Tagged,
    old: str,
    new: str,
    after: UUID | None,
) -> Piece:
    """Give the next records, by their ids, `new` instead of `old`, or nothing."""
    asked = {"tag": old, "after": after or NIL, "most": PIECE}
    ids: list[UUID] = [r[0] for r in await _rows(tx, person, [one], _HOLDERS, asked)]
    if not ids:
        return Piece(0, 0, None)
    # Locked before they are read: nobody adds a tag between, which would then be written over.
    await records.current(tx, person, one.definition, ids, ())
    rows = await tx.rows(_HELD, tx.context.tenant, one.slot, ids)
    held: dict[UUID, list[str]] = {r[0]: r[1] for r in rows if old in r[1]}
    name = one.field.name

    def body(identity: UUID) -> dict[str, object]:
        tags = [new if tag == old else tag for tag in held[identity]]
        kept = list(dict.fromkeys(tag for tag in tags if tag))
        return {"custom": {name: kept}} if one.field.custom else {one.field.json_name: kept}

    changes = [Change(identity, body(identity), None) for identity in held]
    written, refused = await records.update(
        tx, person, one.definition, changes, Locale(), partial=True
    )
    return Piece(sum(1 for row in written if row is not None), len(refused), ids[-1])
