"""Second factors: which ones a person has, and whether an answer to them is right."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from tenfold.accounts.identity import passkeys, recovery, totp
from tenfold.accounts.identity.passkeys import Ceremony
from tenfold.db.database import Reader, Transaction
from tenfold.db.keys import Keyring

_ENROLLED = """SELECT
    EXISTS (SELECT 1 FROM tenfold.totp WHERE user_id = $1 AND confirmed_at IS NOT NULL),
    (SELECT count(*) FROM tenfold.passkeys WHERE user_id = $1),
    (SELECT count(*) FROM tenfold.recovery_codes WHERE user_id = $1 AND used_at IS NULL)"""
_SINCE = """SELECT
    CASE WHEN u.password_hash IS NOT NULL
        THEN coalesce(u.password_changed_at, u.created_at) END,
    (SELECT confirmed_at FROM tenfold.totp WHERE user_id = u.id),
    (SELECT min(created_at) FROM tenfold.recovery_codes WHERE user_id = u.id)
FROM tenfold.users u WHERE u.id = $1"""

_CLEAR = (
    "DELETE FROM tenfold.totp WHERE user_id = $1",
    "DELETE FROM tenfold.recovery_codes WHERE user_id = $1",
    "DELETE FROM tenfold.passkeys WHERE user_id = $1",
)


@dataclass(frozen=True, slots=True)
class Enrolled:
    """The second factors of a person."""

    totp: bool = False
    passkeys: int = 0
    recovery_codes: int = 0

    @property
    def any(self) -> bool:
        """Whether a second factor is asked of them."""
        return self.totp or self.passkeys > 0

    @property
    def methods(self) -> list[str]:
        """What they may answer with."""
        have = {
            "passkey": self.passkeys,
            "totp": self.totp,
            "recoveryCode": self.recovery_codes,
        }
        return [name for name, there in have.items() if there]


@dataclass(frozen=True, slots=True)
class Since:
    """Since when a person has what they sign in with; None for what they have not."""

    password: datetime | None
    totp: datetime | None
    recovery_codes: datetime | None


@dataclass(frozen=True, slots=True)
class Answer:
    """What somebody gives as their second factor: one of these."""

    code: str = ""
    recovery_code: str = ""
    passkey: Mapping[str, Any] | None = None


class Factors:
    """Checks second factors with the installation's keys."""

    def __init__(self, keyring: Keyring) -> None:
        self._keyring = keyring

    async def recovery_key(self, tx: Transaction) -> bytes:
        """The key under which recovery codes are hashed: for as long as people keep them."""
        return await self._keyring.lasting(tx, "recovery codes")

    async def right(
        self, tx: Transaction, user: UUID, answer: Answer, ceremony: Ceremony | None
    ) -> tuple[str, ...]:
        """The methods that an answer proves (RFC 8176); none where it is wrong."""
        if answer.passkey is not None:
            shown = await passkeys.answered(tx, ceremony, answer.passkey) if ceremony else None
            return ("swk",) if shown is not None and shown.user == user else ()
        if answer.recovery_code:
            key = await self.recovery_key(tx)
            used = await recovery.use(tx, key, user, answer.recovery_code)
            return ("rec",) if used else ()
        return ("otp",) if await totp.check(tx, self._keyring, user, answer.code) else ()


async def since(reader: Reader, user: UUID) -> Since:
    """Since when a person has each; a password that was never changed is as old as the account."""
    row = await reader.row(_SINCE, user)
    return Since(*row) if row is not None else Since(None, None, None)


async def enrolled(reader: Reader, user: UUID) -> Enrolled:
    """The second factors that a person has."""
    row = await reader.row(_ENROLLED, user)
    return Enrolled(*row) if row is not None else Enrolled()


async def clear_factors(tx: Transaction, user: UUID) -> None:
    """Take all second factors of a person away."""
    for sql in _CLEAR:
        await tx.execute(sql, user)
