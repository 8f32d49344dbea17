"""How an organisation writes: as whom, where answers go, and when it leaves people alone."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec

from tenfold.db.database import Reader, Transaction
from tenfold.kernel import spans

_READ = """SELECT sender_name, reply_to, postal_address, quiet_from, quiet_until
FROM tenfold.message_settings WHERE tenant_id = $1"""
_KEEP = """INSERT INTO tenfold.message_settings
(tenant_id, sender_name, reply_to, postal_address, quiet_from, quiet_until)
VALUES ($1, $2, $3, $4, $5, $6)
ON CONFLICT (tenant_id) DO UPDATE SET sender_name = excluded.sender_name,
    reply_to = excluded.reply_to, postal_address = excluded.postal_address,
    quiet_from = excluded.quiet_from, quiet_until = excluded.quiet_until, changed_at = now()"""


class Manner(msgspec.Struct, frozen=True, kw_only=True):
    """What is set; an empty sender is the organisation's name, equal hours are never quiet."""

    sender_name: str = ""
    reply_to: str = ""
    postal_address: str = ""
    """What mailings name at their end, as the law asks in many countries."""
    quiet_from: time = time(21)
    quiet_until: time = time(8)

    def due(self, moment: datetime, zone: str) -> datetime:
        """When a message goes out that could go now: at the end of the quiet hours it falls in."""
        if self.quiet_from == self.quiet_until:
            return moment
        there = moment.astimezone(ZoneInfo(zone))
        at, over = there.time(), self.quiet_from > self.quiet_until
        late, early = at >= self.quiet_from, at < self.quiet_until
        if not (late or early if over else late and early):
            return moment
        day = there.date() + timedelta(days=1 if over and late else 0)
        return spans.local(day, self.quiet_until, zone)


async def manner(reader: Reader, tenant: UUID) -> Manner:
    """How an organisation writes."""
    row = await reader.row(_READ, tenant)
    return Manner() if row is None else Manner(**dict(row.items()))


async def keep(tx: Transaction, wanted: Manner) -> None:
    """Write it otherwise from now on."""
    told = (wanted.sender_name, wanted.reply_to, wanted.postal_address)
    await tx.execute(_KEEP, tx.context.tenant, *told, wanted.quiet_from, wanted.quiet_until)
