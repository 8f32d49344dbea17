"""Messages as people read them: those about a record, and all of an organisation."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg
import msgspec

from tenfold.db.database import Reader, Transaction
from tenfold.kernel.channels import Channel
from tenfold.kernel.errors import Conflict, NotFound
from tenfold.messages.posting import send_later

STATES = (
    "waiting",
    "sent",
    "kept",
    "delivered",
    "bounced",
    "complained",
    "failed",
    "withheld",
    "received",
)
_LAST = UUID(int=(1 << 128) - 1)
_COLUMNS = """id, channel, incoming, state, reason, type, record_id, address, name, user_id, by_id,
    answers_id, template_id, mailing, language, subject, text, html, due_at, created_at, sent_at,
    settled_at, answered_at"""
_PAGE = f"""SELECT {_COLUMNS} FROM tenfold.messages
WHERE tenant_id = $1 AND id < $2 AND ($3 = '' OR state = $3) AND ($4 = '' OR channel = $4)
ORDER BY id DESC LIMIT $5"""  # noqa: S608
_OF = f"""SELECT {_COLUMNS} FROM tenfold.messages
WHERE tenant_id = $1 AND record_id = $2 AND id < $3 ORDER BY id DESC LIMIT $4"""  # noqa: S608
_ONE = f"SELECT {_COLUMNS} FROM tenfold.messages WHERE tenant_id = $1 AND id = $2"  # noqa: S608
_CANCEL = """UPDATE tenfold.messages SET state = 'withheld', reason = 'it was called back'
WHERE tenant_id = $1 AND id = $2 AND state = 'waiting' RETURNING id"""
_AGAIN = """UPDATE tenfold.messages SET state = 'waiting', reason = NULL, due_at = now(),
    settled_at = NULL WHERE tenant_id = $1 AND id = $2 AND state = 'failed' AND NOT incoming
RETURNING due_at"""


class MessageView(msgspec.Struct, frozen=True, kw_only=True):
    """A message to or from one address.

    `state`: waiting, sent, kept (in the outbox, as nobody carries it), delivered, bounced,
    complained, failed, withheld (never sent; `reason` says why) or received.
    """

    id: UUID
    channel: Channel
    incoming: bool
    state: str
    reason: str | None
    type: str
    record_id: UUID | None
    address: str
    name: str
    user_id: UUID | None
    """Which member it is for, if one of them."""
    by_id: UUID | None
    """Who wrote it; null: an automation, or somebody outside."""
    answers_id: UUID | None
    """The message that it answers."""
    template_id: UUID | None
    mailing: bool
    language: str
    subject: str
    text: str
    html: str
    due_at: datetime
    """When it goes out, where it waits."""
    created_at: datetime
    sent_at: datetime | None
    settled_at: datetime | None
    """When it was known to have got there, or not."""
    answered_at: datetime | None


async def page(
    reader: Reader, tenant: UUID, state: str, channel: str, before: UUID | None, most: int
) -> list[MessageView]:
    """All messages, the newest first, one more than a page has."""
    rows = await reader.rows(_PAGE, tenant, before or _LAST, state, channel, most + 1)
    return [_view(row) for row in rows]


async def of_record(
    reader: Reader, tenant: UUID, record: UUID, before: UUID | None, most: int
) -> list[MessageView]:
    """The messages about a record, the newest first, one more than a page has."""
    rows = await reader.rows(_OF, tenant, record, before or _LAST, most + 1)
    return [_view(row) for row in rows]


async def one(reader: Reader, tenant: UUID, identity: UUID) -> MessageView:
    """One message; raises NotFound."""
    row = await reader.row(_ONE, tenant, identity)
    if row is None:
        raise NotFound(f"There is no message with the id {identity}.")
    return _view(row)


async def cancel(tx: Transaction, identity: UUID) -> MessageView:
    """Call back a message that still waits; raises Conflict for others."""
    tenant = tx.context.tenant
    if await tx.value(_CANCEL, tenant, identity) is None:
        found = await one(tx, tenant, identity)
        raise Conflict(f"Only a message that waits can be called back; this one is {found.state}.")
    return await one(tx, tenant, identity)


async def again(tx: Transaction, identity: UUID) -> MessageView:
    """Send a message that failed anew; raises Conflict for others."""
    tenant = tx.context.tenant
    due = await tx.value(_AGAIN, tenant, identity)
    if due is None:
        found = await one(tx, tenant, identity)
        raise Conflict(f"Only a message that failed can be sent again; this one is {found.state}.")
    await send_later(tx, identity, due, due)
    return await one(tx, tenant, identity)


def _view(row: asyncpg.Record) -> MessageView:
    known: dict[str, Any] = dict(row.items())
    return MessageView(**known)
