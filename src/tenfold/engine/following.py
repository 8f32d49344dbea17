"""Who follows a record, and who is mentioned in its text.

Its owner and who made it follow without asking, and whom a text mentions; each of them may stop.
That somebody follows a record gives them no right to read it: whoever tells them of it asks first.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from tenfold.db.database import Reader, Transaction
from tenfold.engine.access import Person
from tenfold.engine.definition import Definition
from tenfold.engine.types import AnyRef, Ref, RichText
from tenfold.engine.types.text import mentioned
from tenfold.engine.values import Values
from tenfold.kernel.ids import parse_id

MOST = 200
"""How many followers of a record are told."""
FOLLOWERS = """SELECT u.id, f.at,
    CASE WHEN m.known_at IS NULL THEN u.email ELSE concat_ws(' ', u.first_name, u.last_name) END
FROM (SELECT user_id FROM tenfold.followers WHERE tenant_id = $1 AND record_id = $2 AND follows
    UNION SELECT unnest($3::uuid[])) w
JOIN tenfold.members m ON m.tenant_id = $1 AND m.user_id = w.user_id AND m.active
JOIN tenfold.users u ON u.id = w.user_id
LEFT JOIN tenfold.followers f
    ON f.tenant_id = $1 AND f.record_id = $2 AND f.user_id = w.user_id
WHERE f.follows IS NOT FALSE
ORDER BY f.at NULLS FIRST, u.id LIMIT 200"""
_SET = """INSERT INTO tenfold.followers (tenant_id, type, record_id, user_id, follows)
VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (tenant_id, record_id, user_id) DO UPDATE SET follows = excluded.follows, at = now()
WHERE tenfold.followers.tenant_id = $1 AND tenfold.followers.follows <> excluded.follows"""
# A mention makes nobody follow again who said that they don't.
_FOLLOW = """INSERT INTO tenfold.followers (tenant_id, type, record_id, user_id, follows)
SELECT $1, $2, $3, m.user_id, true FROM tenfold.members m
WHERE m.tenant_id = $1 AND m.user_id = ANY ($4) AND m.active
ON CONFLICT (tenant_id, record_id, user_id) DO NOTHING"""
_MENTION = """INSERT INTO tenfold.mentions (tenant_id, type, record_id, user_id, by_id)
SELECT $1, $2, $3, m.user_id, $5 FROM tenfold.members m
WHERE m.tenant_id = $1 AND m.user_id = ANY ($4) AND m.active
ON CONFLICT (tenant_id, record_id, user_id) DO NOTHING"""
_MINE = """SELECT type, record_id, by_id, at FROM tenfold.mentions
WHERE tenant_id = $1 AND user_id = $2 ORDER BY at DESC, record_id LIMIT $3"""


class Follower(msgspec.Struct, frozen=True, kw_only=True):
    """One who follows a record; `since` is null for its owner and for who made it."""

    user_id: UUID
    name: str
    since: datetime | None = None


class Mention(msgspec.Struct, frozen=True, kw_only=True):
    """A record in whose text somebody was mentioned; they may not be able to read it."""

    type: str
    record_id: UUID
    by_id: UUID | None
    at: datetime


async def followers(
    reader: Reader, tenant: UUID, record: Mapping[str, object]
) -> tuple[Follower, ...]:
    """Who follows a record that the caller has read, in the order in which they began to."""
    rows = await reader.rows(FOLLOWERS, tenant, parse_id(str(record["id"])), born(record))
    return tuple(Follower(user_id=row[0], since=row[1], name=row[2] or "") for row in rows)


def born(record: Mapping[str, object]) -> list[UUID]:
    """Who follows a record without a row: its owner, and who made it."""
    names = ("owner_id", "created_by_id", "created_by")
    return [found for name in names if (found := parse_id(str(record.get(name))))]


async def follow(tx: Transaction, kind: str, record: UUID, user: UUID, *, follows: bool) -> None:
    """Follow a record from now on, or no longer."""
    await tx.execute(_SET, tx.context.tenant, kind, record, user, follows)


async def mentions(reader: Reader, person: Person, most: int = 20) -> tuple[Mention, ...]:
    """Where somebody was mentioned, the last first; what they may not read is for the caller."""
    rows = await reader.rows(_MINE, person.tenant, person.user, most)
    return tuple(Mention(type=r[0], record_id=r[1], by_id=r[2], at=r[3]) for r in rows)


def mentioning(definition: Definition, values: Values) -> set[UUID]:
    """Whom the texts of a record mention."""
    rich = (f.name for f in definition.fields.values() if isinstance(f.type, RichText))
    found: set[UUID] = set()
    for name in rich:
        if text := values.columns.get(name):
            found |= mentioned(str(text))
    return found


async def note(
    tx: Transaction, person: Person, definition: Definition, written: Iterable[tuple[UUID, Values]]
) -> None:
    """Keep whom written texts mention; they follow what the text is about from now on."""
    for identity, values in written:
        people = sorted(mentioning(definition, values))
        if not people:
            continue
        about = (person.tenant, definition.name, identity, people)
        await tx.execute(_MENTION, *about, person.user)
        for kind, record in (*_about(definition, values), (definition.name, identity)):
            await tx.execute(_FOLLOW, person.tenant, kind, record, people)


def _about(definition: Definition, values: Values) -> Sequence[tuple[str, UUID]]:
    """The records that a written one points to, as far as that was given."""
    found: list[tuple[str, UUID]] = []
    for one in definition.fields.values():
        target = values.columns.get(f"{one.name}_id")
        if target is None:
            continue
        if isinstance(one.type, AnyRef):
            found.append((str(values.columns[f"{one.name}_type"]), target))
        elif isinstance(one.type, Ref):
            found.append((one.type.to, target))
    return found
