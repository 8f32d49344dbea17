"""Sends messages when it is time; where nobody carries them, they go to the outbox.

A crash after a carrier took one hands it over again, under the same key and Message-ID.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from email.utils import parseaddr
from typing import Any

import asyncpg

from tenfold.db.database import Database, Transaction
from tenfold.db.keys import Keyring
from tenfold.engine.records import Records
from tenfold.engine.tenants import Tenants
from tenfold.jobs import Handler, Job, job, spread
from tenfold.kernel.settings import Settings
from tenfold.mail import letters
from tenfold.mail.carriers import Busy, Carrier, Parcel, Refused, mail_carrier, text_carrier
from tenfold.messages import correspondence, suppressions
from tenfold.messages.addresses import address_of
from tenfold.messages.correspondence import Letter
from tenfold.messages.keys import Known
from tenfold.messages.posting import SEND_JOB, Poster, Sending, send_later
from tenfold.messages.recipients import Recipient
from tenfold.messages.settling import Event, settled
from tenfold.outside.calls import Outside

PATIENCE = timedelta(days=2)
"""For how long a carrier that can't take a message is asked again."""
_WAIT, _LONGEST = 30.0, 3_600.0
_TAKE = """SELECT id, channel, state, type, record_id, address, name, user_id, owner_id, mailing,
    depth, sender, reply_to, subject, text, html, due_at, created_at, now() AS now,
    (SELECT substr(a.key, 6) FROM tenfold.messages a WHERE a.tenant_id = m.tenant_id
        AND a.id = m.answers_id AND a.key LIKE 'mail <%') AS answers
FROM tenfold.messages m WHERE tenant_id = $1 AND id = $2"""
_HOLD = "SELECT state FROM tenfold.messages WHERE tenant_id = $1 AND id = $2 FOR UPDATE"
_SENT = """UPDATE tenfold.messages SET state = $3, sent_at = now(), carrier = $4, carrier_id = $5,
    reason = NULL WHERE tenant_id = $1 AND id = $2"""
_WITHHELD = """UPDATE tenfold.messages SET state = 'withheld', reason = $3
WHERE tenant_id = $1 AND id = $2 AND state = 'waiting'"""
_TOLD = """UPDATE tenfold.messages SET reason = $3
WHERE tenant_id = $1 AND id = $2 AND state = 'waiting'"""


class Sender:
    """Sends the messages of an installation."""

    def __init__(
        self,
        now: Callable[[], Settings],
        database: Database,
        keyring: Keyring,
        outside: Outside,
        tenants: Tenants,
        records: Records,
    ) -> None:
        self._now, self._database, self._keyring = now, database, keyring
        self._outside, self._tenants, self._records = outside, tenants, records

    def handlers(self) -> list[Handler[Any]]:
        """The job of one message."""

        @job(SEND_JOB, Sending, attempts=10, timeout=60)
        async def send(work: Job[Sending]) -> None:
            await self.send(work)

        return [send]

    async def send(self, work: Job[Sending]) -> None:
        """Send one message, if it is still to be sent, and write down how it went."""
        settings, identity = self._now(), work.payload.id
        async with self._database.read(work.tenant) as reader:
            row = await reader.row(_TAKE, work.tenant, identity)
            if row is None or row["state"] != "waiting":
                return
            # Who said no while it waited gets nothing.
            channel, address = row["channel"], row["address"]
            left = await suppressions.among(reader, work.tenant, channel, [address])
        if row["due_at"] > row["now"]:
            async with work.transaction() as tx:
                await send_later(tx, identity, row["due_at"], row["now"])
            return
        reason = left.get(address, "")
        needs_leave = row["mailing"] or channel == "sms"
        if reason in suppressions.ALWAYS or (reason and needs_leave):
            async with work.transaction() as tx:
                await tx.execute(_WITHHELD, work.tenant, identity, f"left alone: {reason}")
            return
        carrier = self._carrier(settings, channel)
        try:
            # In no transaction, as a carrier may take its time.
            taken = await carrier.carry(self._parcel(settings, work, row)) if carrier else ""
        except Refused as error:
            async with work.transaction() as tx:
                event = Event(Known(work.tenant, identity), error.why, error.reason)
                await settled(tx, event)
                if error.why == "unsubscribed":
                    await tx.execute(_WITHHELD, work.tenant, identity, error.reason)
        except Busy as error:
            async with work.transaction() as tx:
                await _wait(tx, row, error)
        else:
            async with work.transaction() as tx:
                await self._sent(tx, row, carrier, taken)

    def _carrier(self, settings: Settings, channel: str) -> Carrier | None:
        if channel == "email":
            return mail_carrier(settings, self._outside)
        return text_carrier(settings, self._outside, address_of(settings, self._keyring, "twilio"))

    def _parcel(self, settings: Settings, work: Job[Sending], row: asyncpg.Record) -> Parcel:
        key = Known(work.tenant, row["id"]).key
        headers: dict[str, str] = {}
        if row["channel"] == "email":
            headers["Auto-Submitted"] = "auto-generated"
            if row["answers"]:
                headers["In-Reply-To"] = headers["References"] = row["answers"]
            if row["mailing"]:
                # RFC 2369 and 8058: one click in the mail program is enough.
                poster = Poster(settings, self._keyring)
                link = poster.unsubscribing(work.tenant, Recipient(row["address"]))
                headers["List-Unsubscribe"] = f"<{link}>"
                headers["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
        host = parseaddr(settings.mail_from)[1].rpartition("@")[2] or "localhost"
        return Parcel(
            key=key,
            channel=row["channel"],
            sender=row["sender"],
            recipient=row["address"],
            subject=row["subject"],
            text=row["text"],
            html=row["html"],
            reply_to=row["reply_to"],
            message_id=f"<{key}@{host}>",
            headers=headers,
            mailing=row["mailing"],
        )

    async def _sent(
        self, tx: Transaction, row: asyncpg.Record, carrier: Carrier | None, taken: str
    ) -> None:
        """It is sent, or in the outbox, and stands among the records."""
        tenant, identity = tx.context.tenant, row["id"]
        if await tx.value(_HOLD, tenant, identity) != "waiting":
            return  # its carrier told us how it went before we had written that it was sent
        if carrier is None:
            told = (row["address"], row["subject"], row["text"], row["html"], row["channel"])
            letter = letters.Letter("message", *told)
            await letters.keep(tx, self._keyring, letter, letters.Message(tenant, identity))
            await tx.execute(_SENT, tenant, identity, "kept", None, None)
        else:
            await tx.execute(_SENT, tenant, identity, "sent", carrier.name, taken or None)
        if row["record_id"] is None or row["user_id"] is not None:
            return
        organisation = await self._tenants.of(tx, tenant)
        letter = Letter(
            channel=row["channel"],
            incoming=False,
            subject=row["subject"],
            text=row["text"],
            at=row["now"],
            type=row["type"],
            record=row["record_id"],
            owner=row["owner_id"],
            depth=row["depth"],
        )
        await correspondence.keep(tx, self._records, organisation, letter)


async def _wait(tx: Transaction, row: asyncpg.Record, error: Busy) -> None:
    """Try again in a while, and give up after two days."""
    now: datetime = row["now"]
    tenant, identity = tx.context.tenant, row["id"]
    if now - max(row["created_at"], row["due_at"]) > PATIENCE:
        await settled(tx, Event(Known(tenant, identity), "failed", error.reason))
        return
    await tx.execute(_TOLD, tenant, identity, error.reason[:500])
    age = (now - max(row["created_at"], row["due_at"])).total_seconds()
    # Half as long again as it waits already: soon at first, every hour in the end.
    wait = max(error.after or 0.0, min(max(_WAIT, age / 2), _LONGEST))
    await send_later(tx, identity, now + timedelta(seconds=spread(wait, 0.1)), now)
