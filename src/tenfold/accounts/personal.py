"""What people keep for themselves in an organisation: favourites, pins, columns, what they saw."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal
from uuid import UUID

from tenfold.db.database import Reader, Transaction
from tenfold.kernel.errors import Conflict
from tenfold.kernel.language import say

TOPIC = "personal"
"""Rises when anybody of the organisation keeps something else; not with what they look at."""
MOST = 200
"""How much of a kind a person keeps."""
RECENT = 12
"""How many records that they looked at are remembered."""

Kind = Literal["favourite", "pin", "list", "guide"]
_KEPT = """SELECT kind, key, value FROM tenfold.personal
WHERE tenant_id = $1 AND user_id = $2 AND kind <> 'recent' ORDER BY at, key"""
_KEEP = """INSERT INTO tenfold.personal (tenant_id, user_id, kind, key, value)
SELECT $1, $2, $3, $4, $5 WHERE (SELECT count(*) FROM tenfold.personal
    WHERE tenant_id = $1 AND user_id = $2 AND kind = $3 AND key <> $4) < $6
ON CONFLICT (tenant_id, user_id, kind, key) DO UPDATE SET value = excluded.value"""
_DROP = """DELETE FROM tenfold.personal
WHERE tenant_id = $1 AND user_id = $2 AND kind = $3 AND key = $4"""
_SEEN = """WITH gone AS (
    DELETE FROM tenfold.personal WHERE tenant_id = $1 AND user_id = $2 AND kind = 'recent'
        AND key IN (SELECT key FROM tenfold.personal WHERE tenant_id = $1 AND user_id = $2
            AND kind = 'recent' AND key <> $3 ORDER BY at DESC OFFSET $4)
) INSERT INTO tenfold.personal (tenant_id, user_id, kind, key) VALUES ($1, $2, 'recent', $3)
ON CONFLICT (tenant_id, user_id, kind, key) DO UPDATE SET at = now()"""
_RECENT = """SELECT key FROM tenfold.personal
WHERE tenant_id = $1 AND user_id = $2 AND kind = 'recent' ORDER BY at DESC LIMIT $3"""


@dataclass(frozen=True, slots=True)
class Kept:
    """What one person keeps, by kind: key and value, the oldest first."""

    favourites: Mapping[str, str] = field(default_factory=dict[str, str])
    pins: Mapping[str, str] = field(default_factory=dict[str, str])
    lists: Mapping[str, str] = field(default_factory=dict[str, str])
    guide: Mapping[str, str] = field(default_factory=dict[str, str])


async def kept(reader: Reader, tenant: UUID, user: UUID) -> Kept:
    """All that a person keeps."""
    found: dict[str, dict[str, str]] = {}
    for kind, key, value in await reader.rows(_KEPT, tenant, user):
        found.setdefault(kind, {})[key] = value
    kinds = ("favourite", "pin", "list", "guide")
    return Kept(*(found.get(kind, {}) for kind in kinds))


async def keep(tx: Transaction, kind: Kind, key: str, value: str = "") -> None:
    """Keep something for the acting person; raises Conflict where that is too much."""
    who = tx.context
    done = await tx.execute(_KEEP, who.tenant, who.actor, kind, key, value, MOST)
    if done.endswith(" 0"):
        raise Conflict(
            say("There are %(most)s already; take one away first.", most=MOST), code="TOO_MANY"
        )
    tx.touch(TOPIC)


async def drop(tx: Transaction, kind: Kind, key: str) -> None:
    """Let go of something that the acting person keeps."""
    await tx.execute(_DROP, tx.context.tenant, tx.context.actor, kind, key)
    tx.touch(TOPIC)


async def seen(tx: Transaction, kind: str, record: UUID) -> None:
    """Remember that the acting person looked at a record."""
    who = tx.context
    await tx.execute(_SEEN, who.tenant, who.actor, f"{kind}/{record}", RECENT - 1)


async def recent(reader: Reader, tenant: UUID, user: UUID) -> list[tuple[str, UUID]]:
    """The records that a person looked at last, newest first: type and id."""
    rows = await reader.rows(_RECENT, tenant, user, RECENT)
    pairs = (row[0].rpartition("/") for row in rows)
    return [(kind, UUID(identity)) for kind, _, identity in pairs]
