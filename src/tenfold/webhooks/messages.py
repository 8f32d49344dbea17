"""Messages and their deliveries as they are stored: written once for each event."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from tenfold.db.database import Transaction
from tenfold.jobs import enqueue_many
from tenfold.kernel import digits
from tenfold.kernel.ids import new_ids

SEND_JOB = "webhook.send"

_ADD = """INSERT INTO tenfold.webhook_messages (tenant_id, id, key, type, record_id, payload)
SELECT $1, m.id, m.key, m.type, m.record_id, m.payload
FROM unnest($2::uuid[], $3::text[], $4::text[], $5::uuid[], $6::text[])
    AS m (id, key, type, record_id, payload)
ON CONFLICT (tenant_id, key) DO NOTHING RETURNING id, key"""
_DELIVER = """INSERT INTO tenfold.webhook_deliveries (tenant_id, id, webhook_id, message_id)
SELECT $1, d.id, d.webhook_id, d.message_id
FROM unnest($2::uuid[], $3::uuid[], $4::uuid[]) AS d (id, webhook_id, message_id)
ON CONFLICT (tenant_id, webhook_id, message_id) DO NOTHING RETURNING id"""


@dataclass(frozen=True, slots=True)
class Message:
    """What is to be sent to some webhooks; `key` is the same for the same event."""

    key: str
    type: str
    at: datetime
    data: Mapping[str, Any]
    webhooks: Sequence[UUID]
    record: UUID | None = None

    @property
    def payload(self) -> str:
        """Its text: `type`, `timestamp` and `data`, as Standard Webhooks recommends."""
        whole = {"type": self.type, "timestamp": self.at, "data": self.data}
        return digits.encode(whole).decode()


class Sending(msgspec.Struct, frozen=True):
    """The payload of a job: which delivery to try."""

    id: UUID


async def post(tx: Transaction, messages: Sequence[Message]) -> int:
    """Write down what is not written yet, with its deliveries; answers how many there are more."""
    if not messages:
        return 0
    tenant = tx.context.tenant
    rows = await tx.rows(
        _ADD,
        tenant,
        new_ids(len(messages)),
        [one.key for one in messages],
        [one.type for one in messages],
        [one.record for one in messages],
        [one.payload for one in messages],
    )
    written = {row["key"]: row["id"] for row in rows}
    pairs = [
        (to, written[one.key]) for one in messages if one.key in written for to in one.webhooks
    ]
    if not pairs:
        return 0
    ids = new_ids(len(pairs))
    made = await tx.rows(_DELIVER, tenant, ids, [p[0] for p in pairs], [p[1] for p in pairs])
    jobs = [Sending(row["id"]) for row in made]
    await enqueue_many(tx.connection, SEND_JOB, jobs, tenant=tenant)
    return len(jobs)
