"""Deliveries as people read them: what was sent, how it went; and sending it anew."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg
import msgspec

from tenfold.db.database import Reader, Transaction
from tenfold.jobs import enqueue_many
from tenfold.kernel.errors import Conflict, NotFound
from tenfold.kernel.ids import new_id
from tenfold.webhooks import messages
from tenfold.webhooks.messages import SEND_JOB, Message, Sending

STATES = ("pending", "delivered", "failed")
REPLAYED = 10_000
"""How many dead letters one request sends anew."""
_LAST = UUID(int=(1 << 128) - 1)
_COLUMNS = """d.id, d.webhook_id, d.message_id, d.state, d.attempts, d.due_at, d.tried_at,
    d.delivered_at, d.status, d.error, d.answer, d.created_at, m.type, m.record_id, m.payload"""
_FROM = f"""SELECT {_COLUMNS} FROM tenfold.webhook_deliveries d
JOIN tenfold.webhook_messages m ON m.tenant_id = d.tenant_id AND m.id = d.message_id
WHERE d.tenant_id = $1"""  # noqa: S608
_OF = f"""{_FROM} AND d.webhook_id = $2 AND d.id < $3 AND ($4 = '' OR d.state = $4)
ORDER BY d.id DESC LIMIT $5"""
_ONE = f"{_FROM} AND d.id = $2"
_AGAIN = """UPDATE tenfold.webhook_deliveries SET state = 'pending', attempts = 0, due_at = now(),
    delivered_at = NULL
WHERE tenant_id = $1 AND id = ANY ($2) AND state <> 'pending' RETURNING id"""
_DEAD = """SELECT id FROM tenfold.webhook_deliveries
WHERE tenant_id = $1 AND webhook_id = $2 AND state = 'failed' AND created_at >= $3
ORDER BY id LIMIT $4"""
_ON = """SELECT w.enabled AND w.deleted_at IS NULL FROM tenfold.webhooks w
WHERE w.tenant_id = $1 AND w.id = $2"""


class Delivery(msgspec.Struct, frozen=True, kw_only=True):
    """One message to one webhook."""

    id: UUID
    webhook_id: UUID
    message_id: str
    """What its receiver knows it by: the header `webhook-id`."""
    type: str
    record_id: UUID | None
    state: str
    attempts: int
    due_at: datetime | None
    """When it is tried next."""
    tried_at: datetime | None
    delivered_at: datetime | None
    status: int | None
    error: str | None
    answer: str | None
    """The beginning of what the receiver last answered."""
    payload: str
    """What was sent, to the letter: JSON with `type`, `timestamp` and `data`."""
    created_at: datetime


class Replay(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Since when dead letters are to be sent anew."""

    since: datetime


class Replayed(msgspec.Struct, frozen=True, kw_only=True):
    """How many are sent anew; at most 10,000 at once."""

    count: int


async def of_webhook(
    reader: Reader, tenant: UUID, webhook: UUID, state: str, before: UUID | None, most: int
) -> list[Delivery]:
    """The deliveries of a webhook, newest first, one more than a page has."""
    rows = await reader.rows(_OF, tenant, webhook, before or _LAST, state, most + 1)
    return [_view(row) for row in rows]


async def one(reader: Reader, tenant: UUID, identity: UUID) -> Delivery:
    """One delivery; raises NotFound."""
    row = await reader.row(_ONE, tenant, identity)
    if row is None:
        raise NotFound(f"There is no delivery with the id {identity}.")
    return _view(row)


async def test(tx: Transaction, webhook: UUID) -> Delivery:
    """Send a message that says nothing."""
    await _need_on(tx, webhook)
    now: datetime = await tx.value("SELECT now()")
    await messages.post(tx, [Message(f"test {new_id()}", "test", now, {}, [webhook])])
    (sent, *_) = await of_webhook(tx, tx.context.tenant, webhook, "", None, 1)
    return sent


async def again(tx: Transaction, identity: UUID) -> Delivery:
    """Send one anew, to the letter as it was, whether it got there or not."""
    tenant = tx.context.tenant
    found = await one(tx, tenant, identity)
    if found.state == "pending":
        raise Conflict("It is being sent already.")
    await _need_on(tx, found.webhook_id)
    await _send(tx, [identity])
    return await one(tx, tenant, identity)


async def replay(tx: Transaction, webhook: UUID, since: datetime) -> Replayed:
    """Send the dead letters of a webhook anew."""
    await _need_on(tx, webhook)
    rows = await tx.rows(_DEAD, tx.context.tenant, webhook, since, REPLAYED)
    return Replayed(count=await _send(tx, [row["id"] for row in rows]))


async def _need_on(tx: Transaction, webhook: UUID) -> None:
    on = await tx.value(_ON, tx.context.tenant, webhook)
    if on is None:
        raise NotFound(f"There is no webhook with the id {webhook}.")
    if not on:
        raise Conflict("The webhook is switched off; switch it on first.")


async def _send(tx: Transaction, ids: list[UUID]) -> int:
    tenant = tx.context.tenant
    rows = await tx.rows(_AGAIN, tenant, ids)
    jobs = [Sending(row["id"]) for row in rows]
    await enqueue_many(tx.connection, SEND_JOB, jobs, tenant=tenant)
    return len(jobs)


def _view(row: asyncpg.Record) -> Delivery:
    known: dict[str, Any] = dict(row.items())
    known["message_id"] = f"msg_{known['message_id'].hex}"
    known["due_at"] = known["due_at"] if known["state"] == "pending" else None
    return Delivery(**known)
