"""Security events as administrators read and search them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from tenfold.db.database import Reader

_PAGE = """SELECT e.id, e.event_type, e.user_id, u.email, e.ip_address, e.detail, e.created_at
FROM tenfold.security_events e LEFT JOIN tenfold.users u ON u.id = e.user_id
WHERE e.tenant_id = $1
    AND ($2::text[] IS NULL OR e.event_type = ANY ($2)) AND ($3::uuid IS NULL OR e.user_id = $3)
    AND ($4::text IS NULL OR e.ip_address = $4)
    AND ($5::timestamptz IS NULL OR e.created_at >= $5)
    AND ($6::timestamptz IS NULL OR e.created_at < $6)
    AND ($7::uuid IS NULL OR (e.created_at, e.id) <
        (SELECT c.created_at, c.id FROM tenfold.security_events c
         WHERE c.id = $7 AND c.tenant_id = $1))
ORDER BY e.created_at DESC, e.id DESC LIMIT $8"""


class SecurityEvent(msgspec.Struct, frozen=True, kw_only=True):
    """What happened to whom: `user_id` is whom it is about, `actor_id` in `detail` who did it."""

    id: UUID
    event_type: str
    user_id: UUID | None
    email: str | None
    ip_address: str | None
    detail: dict[str, Any]
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Which:
    """Which events are asked for; None: all."""

    types: tuple[str, ...] | None = None
    user: UUID | None = None
    address: str | None = None
    since: datetime | None = None
    until: datetime | None = None


async def page(
    reader: Reader, tenant: UUID, which: Which, after: UUID | None, limit: int
) -> list[SecurityEvent]:
    """Events, the newest first, one more than `limit` where there are more."""
    types = list(which.types) if which.types is not None else None
    rows = await reader.rows(
        _PAGE,
        tenant,
        types,
        which.user,
        which.address,
        which.since,
        which.until,
        after,
        limit + 1,
    )
    return [
        SecurityEvent(**{**dict(row.items()), "detail": msgspec.json.decode(row["detail"])})
        for row in rows
    ]
