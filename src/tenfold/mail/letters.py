"""Letters: written down sealed in the transaction they belong to, and sent by a job after it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import msgspec

from tenfold.db.database import Reader, Transaction
from tenfold.db.keys import Keyring, Unsealable
from tenfold.jobs import enqueue
from tenfold.kernel.ids import NIL, new_id

SEND_JOB = "mail.send"
_ADD = """INSERT INTO tenfold.mails (id, tenant_id, user_id, kind, recipient, subject, sealed)
VALUES ($1, $2, $3, $4, $5, $6, $7)"""
_KEPT = """SELECT id, kind, recipient, subject, sealed, created_at, sent_at, error
FROM tenfold.mails WHERE ($1::text IS NULL OR recipient = $1)
ORDER BY created_at DESC, id DESC LIMIT $2"""


@dataclass(frozen=True, slots=True)
class Letter:
    """A mail in plain text; `kind` says what for, in a word."""

    kind: str
    recipient: str
    subject: str
    text: str


class Sending(msgspec.Struct, kw_only=True):
    """Which letter to send; what it says stays where it is sealed."""

    id: UUID


@dataclass(frozen=True, slots=True)
class Kept:
    """A letter that was written down; `text` is empty once it was sent."""

    id: UUID
    letter: Letter
    created_at: datetime
    sent_at: datetime | None
    error: str | None


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
    sealed = keyring.seal(letter.text.encode(), purpose(identity))
    told = (letter.kind, letter.recipient, letter.subject)
    await tx.execute(_ADD, identity, tenant, user, *told, sealed)
    await enqueue(tx.connection, SEND_JOB, Sending(id=identity), tenant=NIL)
    return identity


async def kept(
    reader: Reader, keyring: Keyring, recipient: str | None = None, most: int = 50
) -> Sequence[Kept]:
    """The newest letters, all or those to one address."""
    found: list[Kept] = []
    for row in await reader.rows(_KEPT, recipient, most):
        text = opened(keyring, row["id"], row["sealed"])
        letter = Letter(row["kind"], row["recipient"], row["subject"], text)
        found.append(Kept(row["id"], letter, row["created_at"], row["sent_at"], row["error"]))
    return found


def opened(keyring: Keyring, identity: UUID, sealed: bytes | None) -> str:
    """What a letter says; empty where it was sent, or can't be opened any more."""
    try:
        return keyring.unseal(sealed, purpose(identity)).decode() if sealed else ""
    except Unsealable:
        return ""


def purpose(identity: UUID) -> str:
    """What a letter's seal is bound to."""
    return f"mail {identity}"
