"""Takes what people wrote back: it stands with the record that they were written to about."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

import asyncpg

from tenfold.db.database import Database, Transaction
from tenfold.engine.records import Records
from tenfold.engine.tenants import Tenants
from tenfold.kernel.context import Context
from tenfold.kernel.ids import new_id
from tenfold.messages import correspondence, notices, suppressions
from tenfold.messages.arrived import Incoming
from tenfold.messages.correspondence import Letter
from tenfold.messages.keys import Known
from tenfold.messages.notices import Notice

STOP = frozenset(
    {"stop", "stopall", "unsubscribe", "cancel", "end", "quit", "revoke", "optout", "stopp"}
)
START = frozenset({"start", "yes", "unstop"})
"""What everybody may answer to a text message, to get no more or to get them again."""
_MACHINE = 99
"""As deep as no automation goes: what a machine wrote sets none off, or two would talk for ever."""
_ONE = """SELECT id, channel, type, record_id, address, owner_id, by_id, user_id, now() AS now
FROM tenfold.messages WHERE tenant_id = $1 AND id = $2 AND NOT incoming"""
_ADD = """INSERT INTO tenfold.messages (tenant_id, id, key, channel, incoming, state, type,
    record_id, address, name, owner_id, answers_id, subject, text, sent_at, settled_at)
VALUES ($1, $2, $3, $4, true, 'received', $5, $6, $7, $8, $9, $10, $11, $12, now(), now())
ON CONFLICT (tenant_id, key) DO NOTHING RETURNING id"""
_ANSWERED = """UPDATE tenfold.messages SET answered_at = now(),
    state = CASE WHEN state IN ('sent', 'kept') THEN 'delivered' ELSE state END
WHERE tenant_id = $1 AND id = $2 AND answered_at IS NULL"""
_WRITTEN = "SELECT tenant, id FROM tenfold.written_to($1)"
_SHOWN = 300


@dataclass(frozen=True, slots=True)
class Mailbox:
    """Where what people write back arrives."""

    database: Database
    tenants: Tenants
    records: Records

    async def take(self, one: Incoming) -> bool:
        """Keep what somebody wrote, once; whether it answers something of ours."""
        if one.channel == "sms":
            return await self._text(one)
        if one.answers is None:
            return False
        return await self._keep(one.answers, one)

    async def _text(self, one: Incoming) -> bool:
        """A text message answers the last one that each organisation sent to its number."""
        async with self.database.system() as reader:
            rows = await reader.rows(_WRITTEN, one.address)
        word = one.text.strip().lower().rstrip(".!")
        for row in rows:
            async with self.database.transaction(Context(row["tenant"], None)) as tx:
                if word in STOP:
                    what: Any = ("sms", one.address, "unsubscribed")
                    await suppressions.add(tx, *what, message=row["id"])
                elif word in START:
                    await suppressions.drop(tx, "sms", one.address, "unsubscribed")
        for row in sorted(rows, key=lambda row: row["id"])[-1:]:
            await self._keep(Known(row["tenant"], row["id"]), one)
        return bool(rows)

    async def _keep(self, known: Known, one: Incoming) -> bool:
        async with self.database.transaction(Context(known.tenant, None)) as tx:
            to = await tx.row(_ONE, known.tenant, known.message)
            if to is None:
                return False
            identity = new_id()
            about = (to["type"], to["record_id"], one.address, one.name)
            owner = to["by_id"] or to["owner_id"]
            said = (owner, to["id"], one.subject, one.text)
            what = (identity, one.key, one.channel, *about, *said)
            if await tx.value(_ADD, known.tenant, *what) is None:
                return True
            if not one.automatic:
                await tx.execute(_ANSWERED, known.tenant, to["id"])
            await self._tell(tx, to, one, identity, owner)
        return True

    async def _tell(
        self, tx: Transaction, to: asyncpg.Record, one: Incoming, identity: UUID, owner: UUID | None
    ) -> None:
        """It stands among the records, and whoever wrote is told."""
        if owner is not None and not one.automatic:
            shown = " ".join(one.text.split())[:_SHOWN]
            told = Notice(
                key=f"reply {identity}",
                user=owner,
                kind="reply",
                type=to["type"],
                record=to["record_id"],
                text=f"{one.name or one.address}: {shown}",
            )
            await notices.post(tx, [told])
        if to["record_id"] is None or to["user_id"] is not None:
            return
        tenant = await self.tenants.of(tx, tx.context.tenant)
        letter = Letter(
            channel=one.channel,
            incoming=True,
            subject=one.subject,
            text=_with_attachments(one),
            at=to["now"],
            type=to["type"],
            record=to["record_id"],
            owner=owner,
            depth=_MACHINE if one.automatic else 0,
        )
        await correspondence.keep(tx, self.records, tenant, letter)


def _with_attachments(one: Incoming) -> str:
    if not one.attachments:
        return one.text
    return f"{one.text}\n\n[{one.attachments} attachments were left out]"
