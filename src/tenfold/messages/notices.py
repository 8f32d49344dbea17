"""What one of our own people is told in the product: each thing once, until it is read.

That somebody is told gives them no right to read: a record that they may not see is not named to
them, and of what is said about it they get nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

import msgspec

from tenfold.db.database import Reader, Transaction
from tenfold.engine.access import Person
from tenfold.engine.query import Query
from tenfold.engine.titles import titles
from tenfold.kernel.ids import new_ids

Kind = Literal[
    "mention", "assigned", "changed", "reminder", "reply", "bounce", "complaint", "automation"
]
_TEXT = 1_000
# Whoever left the organisation is told nothing any more.
_ADD = """INSERT INTO tenfold.notices (tenant_id, user_id, id, key, kind, type, record_id, by_id,
    text)
SELECT $1, n.user_id, n.id, n.key, n.kind, n.type, n.record_id, n.by_id, n.text
FROM unnest($2::uuid[], $3::uuid[], $4::text[], $5::text[], $6::text[], $7::uuid[], $8::uuid[],
    $9::text[]) AS n (id, user_id, key, kind, type, record_id, by_id, text)
JOIN tenfold.members m ON m.tenant_id = $1 AND m.user_id = n.user_id AND m.active
ON CONFLICT (tenant_id, user_id, key) DO NOTHING RETURNING id"""
_MINE = """SELECT n.id, n.kind, n.type, n.record_id, n.by_id, n.text, n.created_at, n.read_at,
    CASE WHEN m.known_at IS NULL THEN u.email ELSE concat_ws(' ', u.first_name, u.last_name) END
    AS by_name
FROM tenfold.notices n
LEFT JOIN tenfold.members m ON m.tenant_id = n.tenant_id AND m.user_id = n.by_id
LEFT JOIN tenfold.users u ON u.id = m.user_id
WHERE n.tenant_id = $1 AND n.user_id = $2 AND ($3::uuid IS NULL OR n.id < $3)
  AND (NOT $4 OR n.read_at IS NULL)
ORDER BY n.id DESC LIMIT $5"""
_READ = """UPDATE tenfold.notices SET read_at = now()
WHERE tenant_id = $1 AND user_id = $2 AND read_at IS NULL AND ($3::uuid[] IS NULL OR id = ANY ($3))
RETURNING id"""
_ARE = """SELECT count(*) = cardinality($3::uuid[]) FROM tenfold.notices
WHERE tenant_id = $1 AND user_id = $2 AND id = ANY ($3)"""
_UNREAD = """SELECT count(*) FROM (SELECT FROM tenfold.notices
WHERE tenant_id = $1 AND user_id = $2 AND read_at IS NULL LIMIT 100) n"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """Something that somebody is to be told; `key` is the same for the same event."""

    key: str
    user: UUID
    kind: Kind
    type: str = ""
    record: UUID | None = None
    by: UUID | None = None
    text: str = ""


class NoticeView(msgspec.Struct, frozen=True, kw_only=True):
    """Something that one was told. What one may not read has no record and no text."""

    id: UUID
    kind: Kind
    type: str | None
    record_id: UUID | None
    title: str | None
    """What the record is called."""
    by_id: UUID | None
    by_name: str | None
    text: str
    created_at: datetime
    read_at: datetime | None


async def post(tx: Transaction, told: Sequence[Notice]) -> int:
    """Tell these; what was told before is not told again. Answers how many there are more."""
    if not told:
        return 0
    rows = await tx.rows(
        _ADD,
        tx.context.tenant,
        new_ids(len(told)),
        [one.user for one in told],
        [one.key for one in told],
        [one.kind for one in told],
        [one.type for one in told],
        [one.record for one in told],
        [one.by for one in told],
        [one.text[:_TEXT] for one in told],
    )
    return len(rows)


async def mine(
    query: Query,
    reader: Reader,
    person: Person,
    before: UUID | None,
    most: int,
    *,
    unread: bool = False,
) -> list[NoticeView]:
    """What somebody was told, the newest first, one more than a page has."""
    rows = await reader.rows(_MINE, person.tenant, person.user, before, unread, most + 1)
    wanted: dict[str, set[UUID]] = {}
    for row in rows:
        if row["record_id"] is not None:
            wanted.setdefault(row["type"], set()).add(row["record_id"])
    named = await titles(query, reader, person, wanted)
    found: list[NoticeView] = []
    for row in rows:
        title = named.get(row["record_id"]) if row["record_id"] else None
        seen = row["record_id"] is None or title is not None
        found.append(
            NoticeView(
                id=row["id"],
                kind=row["kind"],
                type=row["type"] or None if seen else None,
                record_id=row["record_id"] if seen else None,
                title=title,
                by_id=row["by_id"],
                by_name=row["by_name"] or None,
                text=row["text"] if seen else "",
                created_at=row["created_at"],
                read_at=row["read_at"],
            )
        )
    return found


async def are(tx: Transaction, user: UUID, ids: Sequence[UUID]) -> bool:
    """Whether all of these are somebody's notices."""
    return await tx.value(_ARE, tx.context.tenant, user, list(ids))


async def read(tx: Transaction, user: UUID, ids: Sequence[UUID] | None = None) -> int:
    """Say that somebody read these, or all; answers how many were unread."""
    given = None if ids is None else list(ids)
    return len(await tx.rows(_READ, tx.context.tenant, user, given))


async def unread(reader: Reader, tenant: UUID, user: UUID) -> int:
    """How many somebody has not read, at most 100."""
    return await reader.value(_UNREAD, tenant, user)
