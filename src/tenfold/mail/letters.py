"""Letters: written down sealed in the transaction they belong to, and sent by a job after it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import msgspec

from tenfold.db.database import Reader, Transaction
from tenfold.db.keys import Keyring, Unsealable
from tenfold.db.sealed import MAILS, MAILS_HTML
from tenfold.jobs import enqueue
from tenfold.kernel.channels import Channel
from tenfold.kernel.ids import NIL, new_id

SEND_JOB = "mail.send"
_ADD = """INSERT INTO tenfold.mails (id, tenant_id, user_id, kind, recipient, subject, sealed)
VALUES ($1, $2, $3, $4, $5, $6, $7)"""
_ADD_MESSAGE = """INSERT INTO tenfold.mails (id, tenant_id, kind, recipient, subject, sealed,
    sealed_html, channel, message_id) VALUES ($1, $2, 'message', $3, $4, $5, $6, $7, $8)"""
_KEPT = """SELECT id, tenant_id, kind, recipient, subject, sealed, sealed_html, created_at, sent_at,
    error, channel, message_id
FROM tenfold.mails WHERE ($1::text IS NULL OR recipient = $1)
ORDER BY created_at DESC, id DESC LIMIT $2"""


@dataclass(frozen=True, slots=True)
class Letter:
    """A mail in plain text; `kind` says what for, in a word.

    What an organisation writes may have HTML too, and be a text message.
    """

    kind: str
    recipient: str
    subject: str
    text: str
    html: str = ""
    channel: Channel = "email"


class Sending(msgspec.Struct, kw_only=True):
    """Which letter to send; what it says stays where it is sealed."""

    id: UUID


@dataclass(frozen=True, slots=True)
class Message:
    """Which message of which organisation a letter is."""

    tenant: UUID
    id: UUID


@dataclass(frozen=True, slots=True)
class Kept:
    """A letter that was written down; `text` is empty once it was sent."""

    id: UUID
    letter: Letter
    created_at: datetime
    sent_at: datetime | None
    error: str | None
    message: Message | None = None


async def post(
    tx: Transaction,
    keyring: Keyring,
    letter: Letter,
    *,
    tenant: UUID | None = None,
    user: UUID | None = None,
) -> UUID:
    """Write a letter, to be sent once the transaction is committed."""
    identity = new_id()
    sealed = keyring.seal(letter.text.encode(), MAILS.place(identity))
    told = (letter.kind, letter.recipient, letter.subject)
    await tx.execute(_ADD, identity, tenant, user, *told, sealed)
    await enqueue(tx.connection, SEND_JOB, Sending(id=identity), tenant=NIL)
    return identity


async def keep(tx: Transaction, keyring: Keyring, letter: Letter, message: Message) -> None:
    """Put what an organisation writes into the outbox, where nobody carries it."""
    identity = new_id()
    sealed = keyring.seal(letter.text.encode(), MAILS.place(identity))
    html = keyring.seal(letter.html.encode(), MAILS_HTML.place(identity)) if letter.html else None
    told = (letter.recipient, letter.subject, sealed, html, letter.channel)
    await tx.execute(_ADD_MESSAGE, identity, message.tenant, *told, message.id)


async def kept(
    reader: Reader, keyring: Keyring, recipient: str | None = None, most: int = 50
) -> Sequence[Kept]:
    """The newest letters, all or those to one address."""
    found: list[Kept] = []
    for row in await reader.rows(_KEPT, recipient, most):
        text = opened(keyring, row["sealed"], MAILS.place(row["id"]))
        html = opened(keyring, row["sealed_html"], MAILS_HTML.place(row["id"]))
        said = (row["kind"], row["recipient"], row["subject"], text, html, row["channel"])
        of = Message(row["tenant_id"], row["message_id"]) if row["message_id"] else None
        when = (row["created_at"], row["sent_at"], row["error"])
        found.append(Kept(row["id"], Letter(*said), *when, of))
    return found


def opened(keyring: Keyring, sealed: bytes | None, place: str) -> str:
    """What a letter says; empty where it was sent, or can't be opened any more."""
    try:
        return keyring.unseal(sealed, place).decode() if sealed else ""
    except Unsealable:
        return ""
