"""Security events as administrators, and whoever runs the installation, read and search them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg
import msgspec

from tenfold.accounts.client import plain_address
from tenfold.db.database import Reader
from tenfold.kernel.errors import Invalid

# The address of who belongs to the organisation, or did, alone: others' is not its business.
_PAGE = """SELECT e.id, e.event_type, e.user_id, u.email, e.ip_address, e.detail, e.created_at
FROM tenfold.security_events e
LEFT JOIN tenfold.members m ON m.tenant_id = $1 AND m.user_id = e.user_id
LEFT JOIN tenfold.users u ON u.id = m.user_id
WHERE e.tenant_id = $1
    AND ($2::text[] IS NULL OR e.event_type = ANY ($2)) AND ($3::uuid IS NULL OR e.user_id = $3)
    AND ($4::text IS NULL OR e.ip_address = $4)
    AND ($5::timestamptz IS NULL OR e.created_at >= $5)
    AND ($6::timestamptz IS NULL OR e.created_at < $6)
    AND ($7::uuid IS NULL OR (e.created_at, e.id) <
        (SELECT c.created_at, c.id FROM tenfold.security_events c
         WHERE c.id = $7 AND c.tenant_id = $1))
ORDER BY e.created_at DESC, e.id DESC LIMIT $8"""
_EVERYWHERE = """SELECT id, event_type, user_id, ip_address, detail, created_at, tenant_id
FROM tenfold.security_events
WHERE ($1::uuid IS NULL OR tenant_id = $1) AND (NOT $2 OR tenant_id IS NULL)
    AND ($3::text[] IS NULL OR event_type = ANY ($3)) AND ($4::text IS NULL OR ip_address = $4)
    AND ($5::timestamptz IS NULL OR created_at >= $5)
ORDER BY created_at DESC, id DESC LIMIT $6"""
_EMAILS = "SELECT id, email FROM tenfold.users WHERE id = ANY ($1)"
_NAMES = "SELECT id, name FROM tenfold.tenants WHERE id = ANY ($1)"
_OFTEN = ("actor_id", "user_agent", "request_id")


class SecurityEvent(msgspec.Struct, frozen=True, kw_only=True):
    """What happened to whom: `user_id` is whom it is about, `actor_id` in `detail` who did it."""

    id: UUID
    event_type: str
    user_id: UUID | None
    email: str | None
    ip_address: str | None
    detail: dict[str, Any]
    created_at: datetime


class PlacedEvent(SecurityEvent, frozen=True, kw_only=True):
    """An event of any organisation, or of none: of an account or an address that none knows."""

    tenant_id: UUID | None
    organization: str | None


@dataclass(frozen=True, slots=True)
class Which:
    """Which events are asked for; None: all."""

    types: tuple[str, ...] | None = None
    user: UUID | None = None
    address: str | None = None
    since: datetime | None = None
    until: datetime | None = None


def check_address(text: str | None, name: str) -> None:
    """Raise Invalid, with the field's name, for what is looked for and can't be an address."""
    if text and not plain_address(text):
        raise Invalid({name: "must be an address, like 203.0.113.7 or 2001:db8::1"})


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
    return [SecurityEvent(**_fields(row)) for row in rows]


async def newest(
    log: Reader,
    reader: Reader,
    which: Which,
    limit: int,
    *,
    tenant: UUID | None = None,
    nobodys: bool = False,
) -> list[PlacedEvent]:
    """The newest of the installation, of one organisation, or those that are `nobodys`.

    They are read by the role that reads the logs: the application's sees one organisation at a
    time, and knows what they and the people are called.
    """
    types = list(which.types) if which.types is not None else None
    asked = (tenant, nobodys, types, which.address, which.since)
    rows = await log.rows(_EVERYWHERE, *asked, limit)
    emails = await _called(reader, _EMAILS, {row["user_id"] for row in rows})
    names = await _called(reader, _NAMES, {row["tenant_id"] for row in rows})
    return [
        PlacedEvent(
            **_fields(row),
            email=emails.get(row["user_id"]),
            organization=names.get(row["tenant_id"]),
        )
        for row in rows
    ]


async def _called(reader: Reader, sql: str, ids: set[UUID | None]) -> dict[UUID | None, str]:
    return {row[0]: row[1] for row in await reader.rows(sql, [one for one in ids if one])}


def flat(event: SecurityEvent) -> dict[str, object]:
    """An event as a row of a table: what most have of their details stands in columns."""
    row: dict[str, Any] = msgspec.to_builtins(event)
    detail: dict[str, Any] = row.pop("detail")
    often = {name: detail.pop(name, None) for name in _OFTEN}
    return {**row, **often, "detail": detail or None}


def columns(kind: type[SecurityEvent] = SecurityEvent) -> list[str]:
    """The columns of such a table, the details last."""
    names = [name for name in kind.__struct_fields__ if name != "detail"]
    return [*names, *_OFTEN, "detail"]


def _fields(row: asyncpg.Record) -> dict[str, Any]:
    return {**dict(row.items()), "detail": msgspec.json.decode(row["detail"])}
