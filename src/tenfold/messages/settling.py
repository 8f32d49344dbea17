"""What becomes of a message after it was sent: it got there, came back, or was called spam."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal
from uuid import UUID

from tenfold.db.database import Database, Transaction
from tenfold.kernel.channels import Channel
from tenfold.kernel.context import Context
from tenfold.messages import notices, suppressions
from tenfold.messages.keys import Known
from tenfold.messages.notices import Notice

Became = Literal["delivered", "bounced", "complained", "unsubscribed", "failed"]
# What is told late does not undo what is known: nobody is glad of spam that was delivered.
_SETTLE = """UPDATE tenfold.messages SET state = $3, reason = coalesce($4, reason),
    settled_at = now()
WHERE tenant_id = $1 AND id = $2 AND NOT incoming AND state = ANY ($5)
RETURNING channel, address, owner_id, type, record_id, user_id"""
_ONE = """SELECT channel, address, user_id FROM tenfold.messages
WHERE tenant_id = $1 AND id = $2 AND NOT incoming"""
_AFTER: dict[str, list[str]] = {
    "delivered": ["waiting", "sent", "kept"],
    "failed": ["waiting", "sent", "kept"],
    "bounced": ["waiting", "sent", "kept", "delivered", "failed"],
    "complained": ["waiting", "sent", "kept", "delivered", "failed"],
}


@dataclass(frozen=True, slots=True)
class Event:
    """What a carrier tells of one message; one that is not ours any more is heeded by nobody."""

    known: Known
    became: Became
    reason: str = ""


async def settle(database: Database, event: Event) -> bool:
    """Write down what became of a message, once; whether there is such a message."""
    async with database.transaction(Context(event.known.tenant, None)) as tx:
        return await settled(tx, event)


async def settled(tx: Transaction, event: Event) -> bool:
    """The same in a transaction of its organisation."""
    tenant, identity = tx.context.tenant, event.known.message
    found = await tx.row(_ONE, tenant, identity)
    if found is None:
        return False
    if event.became == "unsubscribed":
        await _leave_alone(tx, found["channel"], found["address"], "unsubscribed", identity)
        return True
    reason = event.reason[:500] or None
    after = _AFTER[event.became]
    row = await tx.row(_SETTLE, tenant, identity, event.became, reason, after)
    if row is None or event.became == "delivered":
        return True
    if event.became in ("bounced", "complained") and row["user_id"] is None:
        why: Any = event.became
        await _leave_alone(tx, row["channel"], row["address"], why, identity)
    if row["owner_id"] is not None and row["user_id"] is None:
        kind = "bounce" if event.became != "complained" else "complaint"
        told = Notice(
            key=f"{event.became} {identity}",
            user=row["owner_id"],
            kind=kind,
            type=row["type"],
            record=row["record_id"],
            text=f"{row['address']}: {reason}" if reason else row["address"],
        )
        await notices.post(tx, [told])
    return True


async def _leave_alone(
    tx: Transaction, channel: Channel, address: str, why: suppressions.Reason, message: UUID
) -> None:
    await suppressions.add(tx, channel, address, why, message=message)
