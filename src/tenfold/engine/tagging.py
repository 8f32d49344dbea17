"""The tags that records hold, counted and changed for all of them: renamed, merged, taken off.

What is counted is read from the slots' index by tag, so that it costs what is in use and not what
there is; deleted records, which can be restored, are among it. What is changed goes the write path.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from uuid import UUID

from tenfold.db.database import Reader, Transaction
from tenfold.engine.access import Person
from tenfold.engine.definition import Definition, Field
from tenfold.engine.records import Records
from tenfold.engine.slots import slot_field
from tenfold.engine.types import Locale
from tenfold.engine.written import Change

COUNTED = 1_000
"""How many records a tag is counted up to on its page."""
MOST = 500
"""How many tags of one field are listed."""
PIECE = 2_000
"""How many records are changed by one call."""

# A loose index scan: each step goes to the next tag by the index, however many records have one.
_TAGS = """SELECT DISTINCT t.tag FROM unnest($2::text[]) AS f (field) CROSS JOIN LATERAL (
    WITH RECURSIVE one (tag, n) AS (
        (SELECT s.text_value, 1 FROM tenfold.slots s WHERE s.tenant_id = $1 AND s.field = f.field
            AND s.text_value IS NOT NULL ORDER BY s.text_value LIMIT 1)
        UNION ALL
        SELECT (SELECT s.text_value FROM tenfold.slots s WHERE s.tenant_id = $1
            AND s.field = f.field AND s.text_value > one.tag ORDER BY s.text_value LIMIT 1), n + 1
        FROM one WHERE one.tag IS NOT NULL AND one.n < $3
    ) SELECT tag FROM one WHERE tag IS NOT NULL) AS t"""
_COUNTS = """SELECT t.tag, f.field, c.n FROM unnest($2::text[]) AS t (tag)
CROSS JOIN unnest($3::text[]) AS f (field)
CROSS JOIN LATERAL (SELECT count(*) AS n FROM (SELECT FROM tenfold.slots s
    WHERE s.tenant_id = $1 AND s.field = f.field AND s.text_value = t.tag LIMIT $4) AS held) AS c
WHERE c.n > 0"""
_HOLDERS = """SELECT record_id FROM tenfold.slots
WHERE tenant_id = $1 AND field = $2 AND text_value = $3 AND ($4::uuid IS NULL OR record_id > $4)
ORDER BY record_id LIMIT $5"""
_HELD = """SELECT record_id, array_agg(text_value ORDER BY place) FROM tenfold.slots
WHERE tenant_id = $1 AND field = $2 AND record_id = ANY ($3) GROUP BY record_id"""


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


async def in_use(reader: Reader, tenant: UUID, fields: Sequence[Tagged]) -> list[str]:
    """The tags that records hold, as they are written, in order."""
    rows = await reader.rows(_TAGS, tenant, [one.slot for one in fields], MOST)
    return sorted((r[0] for r in rows), key=lambda tag: (tag.casefold(), tag))


async def counts(
    reader: Reader, tenant: UUID, fields: Sequence[Tagged], tags: Sequence[str], most: int
) -> list[tuple[str, str, int]]:
    """How many records hold each tag in each field, by its slot; counted up to `most`."""
    slots = [one.slot for one in fields]
    rows = await reader.rows(_COUNTS, tenant, list(tags), slots, most)
    return [(r[0], r[1], r[2]) for r in rows]


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
    what = (tx.context.tenant, one.slot)
    ids = [r[0] for r in await tx.rows(_HOLDERS, *what, old, after, PIECE)]
    if not ids:
        return Piece(0, 0, None)
    held: dict[UUID, list[str]] = {r[0]: r[1] for r in await tx.rows(_HELD, *what, ids)}
    name = one.field.name

    def body(identity: UUID) -> dict[str, object]:
        tags = [new if tag == old else tag for tag in held[identity]]
        kept = list(dict.fromkeys(tag for tag in tags if tag))
        return {"custom": {name: kept}} if one.field.custom else {one.field.json_name: kept}

    changes = [Change(identity, body(identity), None) for identity in ids]
    written, refused = await records.update(
        tx, person, one.definition, changes, Locale(), partial=True
    )
    return Piece(sum(1 for row in written if row is not None), len(refused), ids[-1])
