"""Keeps what was written and what came back among the records, where people look for it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import structlog

from tenfold.db.database import Transaction
from tenfold.engine.definition import Definition
from tenfold.engine.records import Records
from tenfold.engine.tenants import Tenant
from tenfold.engine.types import Ref
from tenfold.kernel.channels import Channel
from tenfold.kernel.errors import TenfoldError
from tenfold.kernel.ids import new_id

KIND = "message"
"""What the batch of such records is."""
_BODY = 50_000
_log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """One message, as it is kept among the records."""

    channel: Channel
    incoming: bool
    subject: str
    text: str
    at: datetime
    type: str
    record: UUID
    owner: UUID | None
    depth: int


async def keep(tx: Transaction, records: Records, tenant: Tenant, one: Letter) -> None:
    """Make the record of a message about another record; where that is gone, there is none."""
    kept = next((d for d in tenant.types.values() if d.correspondence), None)
    about = tenant.types.get(one.type)
    if kept is None or about is None or kept.retired:
        return
    body: dict[str, Any] = {
        "subject": one.subject or one.text.partition("\n")[0][:200] or one.channel,
        "kind": one.channel,
        "at": one.at.isoformat(),
        "direction": "inbound" if one.incoming else "outbound",
        "about": {"type": one.type, "id": str(one.record)},
        "body": one.text[:_BODY],
        **_also(kept, about, one.record),
    }
    if one.owner is not None:
        body["owner_id"] = str(one.owner)
    await tx.join_batch(new_id(), depth=one.depth)
    person = tenant.person(one.owner or tenant.id)
    try:
        what = (tx, person, kept, [body], tenant.locale)
        _, refused = await records.create(*what, partial=True, answer=False)
    except TenfoldError as error:
        _log.warning("a message is kept nowhere", error=str(error), type=one.type)
        return
    for each in refused:
        _log.warning("a message is kept nowhere", error=str(each.error), type=one.type)


def _also(kept: Definition, about: Definition, record: UUID) -> dict[str, str]:
    """The relation of its own that leads to records of that type, where there is one."""
    for one in kept.fields.values():
        if isinstance(one.type, Ref) and one.type.to == about.name:
            return {one.json_name: str(record)}
    return {}
