"""Sends letters by the carrier that is set; where none is, they stay in the outbox."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from tenfold.db.database import Database
from tenfold.db.keys import Keyring
from tenfold.db.sealed import MAILS
from tenfold.jobs import Handler, Job, Later, job
from tenfold.kernel import clock
from tenfold.kernel.settings import Settings
from tenfold.mail.carriers import Busy, Parcel, Refused, mail_carrier
from tenfold.mail.letters import SEND_JOB, Letter, Sending, opened
from tenfold.outside.calls import Outside

PATIENCE = timedelta(days=2)
"""For how long a carrier that can't take a letter is asked again."""
_READ = """SELECT kind, recipient, subject, sealed, sent_at, created_at FROM tenfold.mails
WHERE id = $1 AND channel = 'email' AND message_id IS NULL"""
_SENT = "UPDATE tenfold.mails SET sent_at = now(), sealed = NULL, error = NULL WHERE id = $1"
_FAILED = "UPDATE tenfold.mails SET error = $2 WHERE id = $1"


def handlers(
    now: Callable[[], Settings], keyring: Keyring, database: Database, outside: Outside
) -> list[Handler[Any]]:
    """The declared job; the carrier's password may be another one for each letter."""

    @job(SEND_JOB, Sending, attempts=8, timeout=60)
    async def send(one: Job[Sending]) -> None:
        identity, settings = one.payload.id, now()
        async with database.system() as reader:
            row = await reader.row(_READ, identity)
        if row is None or row["sent_at"] is not None:
            return
        text = opened(keyring, row["sealed"], MAILS.place(identity))
        letter = Letter(row["kind"], row["recipient"], row["subject"], text)
        # In no transaction, as a carrier may take its time; a crash after it sends it again.
        refused = await _refused(settings, outside, identity, letter, row["created_at"])
        async with one.transaction() as tx:
            if refused:
                await tx.execute(_FAILED, identity, refused[:500])
            elif refused is not None:
                await tx.execute(_SENT, identity)

    return [send]


async def _refused(
    settings: Settings, outside: Outside, identity: UUID, letter: Letter, since: datetime
) -> str | None:
    """Why the letter will never be taken, empty where it was; None where nobody takes any."""
    carrier = mail_carrier(settings, outside)
    if carrier is None:
        return None
    try:
        await carrier.carry(parcel(settings, identity, letter))
    except Refused as error:
        return error.reason
    except Busy as error:
        if clock.now() - since > PATIENCE:
            return error.reason
        if error.after is not None:
            raise Later(error.after) from error
        raise
    return ""


def parcel(settings: Settings, identity: UUID, letter: Letter) -> Parcel:
    """A letter, ready to be handed over; it is the same each time."""
    return Parcel(
        key=identity.hex,
        sender=settings.mail_from,
        recipient=letter.recipient,
        subject=" ".join(letter.subject.split()),
        text=letter.text,
        message_id=f"<{identity.hex}@{domain(settings.mail_from)}>",
        headers={"Auto-Submitted": "auto-generated"},
    )


def domain(sender: str) -> str:
    """Where a sender's mail is at home."""
    return sender.rpartition("@")[2].strip("> ") or "localhost"
