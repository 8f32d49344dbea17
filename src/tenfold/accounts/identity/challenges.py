"""What has begun and waits for its second half, known by a secret that is good once."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Literal
from uuid import UUID

import msgspec

from tenfold.accounts.identity.secrets_kept import digest, new_secret
from tenfold.db.database import Reader, Transaction
from tenfold.kernel import clock

LIFE = timedelta(minutes=10)
TRIES = 5
Kind = Literal["second_factor", "passkey_sign_in", "passkey_new", "passkey_sure", "provider"]

_ADD = """INSERT INTO tenfold.challenges (token_hash, kind, user_id, detail, expires_at)
VALUES ($1, $2, $3, $4, $5)"""
_READ = """SELECT user_id, detail, tries FROM tenfold.challenges
WHERE token_hash = $1 AND kind = $2 AND expires_at > $3 AND tries < $4"""
_HOLD = _READ + " FOR UPDATE"
_TRIED = "UPDATE tenfold.challenges SET tries = tries + 1 WHERE token_hash = $1"
_SPENT = """INSERT INTO tenfold.challenges (token_hash, kind, expires_at) VALUES ($1, $2, $3)
ON CONFLICT (token_hash) DO NOTHING"""
_FORGET = "DELETE FROM tenfold.challenges WHERE user_id = $1"
_DONE = "DELETE FROM tenfold.challenges WHERE token_hash = $1"


@dataclass(frozen=True, slots=True)
class Challenge:
    """One that waits: whose, and what is needed to go on."""

    user: UUID | None
    detail: bytes


async def begin(tx: Transaction, kind: Kind, user: UUID | None, detail: object) -> str:
    """A new one; answers its secret."""
    secret = new_secret()
    text = msgspec.json.encode(detail).decode()
    await tx.execute(_ADD, digest(secret), kind, user, text, clock.now() + LIFE)
    return secret


async def waiting(reader: Reader, kind: Kind, secret: str) -> Challenge | None:
    """The one that a secret is for, if it still waits and was not tried too often."""
    row = await reader.row(_READ, digest(secret), kind, clock.now(), TRIES)
    return Challenge(row[0], row[1].encode()) if row is not None else None


async def hold(tx: Transaction, kind: Kind, secret: str) -> Challenge | None:
    """The same, and nobody else has it until the transaction ends."""
    row = await tx.row(_HOLD, digest(secret), kind, clock.now(), TRIES)
    return Challenge(row[0], row[1].encode()) if row is not None else None


async def tried(tx: Transaction, secret: str) -> None:
    """Count a wrong answer."""
    await tx.execute(_TRIED, digest(secret))


async def done(tx: Transaction, secret: str) -> None:
    """It was answered, and is never good again."""
    await tx.execute(_DONE, digest(secret))


async def forget(tx: Transaction, user: UUID) -> None:
    """Let go of all that a person has begun."""
    await tx.execute(_FORGET, user)


async def once(tx: Transaction, kind: Kind, secret: str) -> bool:
    """Note that a secret that was kept elsewhere comes back; False where it did before."""
    return await tx.execute(_SPENT, digest(secret), kind, clock.now() + LIFE) != "INSERT 0 0"
