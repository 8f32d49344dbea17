"""How an organisation writes: as whom, where answers go, and when it leaves people alone."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec

from tenfold.db.database import Reader, Transaction
from tenfold.kernel import spans

_READ = """SELECT sender_name, reply_to, postal_address,
    to_char(quiet_from, 'HH24:MI') AS quiet_from, to_char(quiet_until, 'HH24:MI') AS quiet_until
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
    quiet_from: str = "21:00"
    quiet_until: str = "08:00"

    def due(self, moment: datetime, zone: str) -> datetime:
        """When a message goes out that could go now: at the end of the quiet hours it falls in."""
        start, end = spans.clock(self.quiet_from), spans.clock(self.quiet_until)
        if start is None or end is None or start == end:
            return moment
        there = moment.astimezone(ZoneInfo(zone))
        at, over = there.time(), start > end
        late, early = at >= start, at < end
        if not (late or early if over else late and early):
            return moment
        day = there.date() + timedelta(days=1 if over and late else 0)
        return spans.local(day, end, zone)


async def manner(reader: Reader, tenant: UUID) -> Manner:
    """How an organisation writes."""
    row = await reader.row(_READ, tenant)
    return Manner() if row is None else Manner(**dict(row.items()))


async def keep(tx: Transaction, wanted: Manner) -> None:
    """Write it otherwise from now on."""
    told = (wanted.sender_name, wanted.reply_to, wanted.postal_address)
    hours = (spans.clock(wanted.quiet_from), spans.clock(wanted.quiet_until))
    await tx.execute(_KEEP, tx.context.tenant, *told, *hours)
