"""Addresses to which an organisation sends nothing any more, and why."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Literal
from uuid import UUID

import msgspec

from tenfold.db.database import Reader, Transaction
from tenfold.kernel.channels import Channel

Reason = Literal["unsubscribed", "bounced", "complained", "by_hand"]
ALWAYS = frozenset({"bounced", "complained", "by_hand"})
"""What keeps every mail from an address; who unsubscribed gets no mailings, and no texts at all."""
_OF = """SELECT address, reason FROM tenfold.suppressions
WHERE tenant_id = $1 AND channel = $2 AND address = ANY ($3)"""
# A graver reason is not replaced by a lighter one.
_ADD = """INSERT INTO tenfold.suppressions AS s (tenant_id, channel, address, reason, message_id,
    by_id) VALUES ($1, $2, $3, $4, $5, $6)
ON CONFLICT (tenant_id, channel, address) DO UPDATE SET reason = excluded.reason,
    message_id = excluded.message_id, by_id = excluded.by_id, at = now()
WHERE s.tenant_id = $1 AND s.reason = 'unsubscribed' AND excluded.reason <> 'unsubscribed'"""
_DROP = """DELETE FROM tenfold.suppressions
WHERE tenant_id = $1 AND channel = $2 AND address = $3 AND ($4::text IS NULL OR reason = $4)
RETURNING address"""
_PAGE = """SELECT channel, address, reason, message_id, by_id, at FROM tenfold.suppressions
WHERE tenant_id = $1 AND (channel, address) > ($2, $3) AND ($4 = '' OR address = $4)
ORDER BY channel, address LIMIT $5"""


class Suppression(msgspec.Struct, frozen=True, kw_only=True):
    """An address that is left alone."""

    channel: Channel
    address: str
    reason: Reason
    message_id: UUID | None
    """The message to which it answered so."""
    by_id: UUID | None
    at: datetime


async def among(
    reader: Reader, tenant: UUID, channel: Channel, addresses: Iterable[str]
) -> Mapping[str, str]:
    """Those of some addresses that are left alone, with why."""
    rows = await reader.rows(_OF, tenant, channel, sorted({*addresses}))
    return {row[0]: row[1] for row in rows}


async def add(
    tx: Transaction,
    channel: Channel,
    address: str,
    reason: Reason,
    *,
    message: UUID | None = None,
    by: UUID | None = None,
) -> None:
    """Leave an address alone from now on."""
    await tx.execute(_ADD, tx.context.tenant, channel, address, reason, message, by)


async def drop(
    tx: Transaction, channel: Channel, address: str, reason: Reason | None = None
) -> bool:
    """Write to an address again; whether it was left alone, for this reason where one is given."""
    what = (tx.context.tenant, channel, address, reason)
    return await tx.value(_DROP, *what) is not None


async def page(
    reader: Reader, tenant: UUID, after: tuple[str, str], address: str, most: int
) -> list[Suppression]:
    """Addresses that are left alone, in their order, one more than a page has."""
    rows = await reader.rows(_PAGE, tenant, *after, address, most + 1)
    return [Suppression(**dict(row.items())) for row in rows]
