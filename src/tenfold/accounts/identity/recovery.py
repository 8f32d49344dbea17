"""Recovery codes: ten of them, each good once, for whoever lost the second factor."""

from __future__ import annotations

import hmac
import secrets
from uuid import UUID

from tenfold.db.database import Transaction
from tenfold.kernel import clock

MANY = 10
_LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"  # none that is taken for another
_LENGTH = 12  # 59 bits, guarded by the lock on second factors
_CLEAR = "DELETE FROM tenfold.recovery_codes WHERE user_id = $1"
_ADD = """INSERT INTO tenfold.recovery_codes (user_id, code_hash)
SELECT $1, h FROM unnest($2::bytea[]) AS h"""
_USE = """UPDATE tenfold.recovery_codes SET used_at = $3
WHERE user_id = $1 AND code_hash = $2 AND used_at IS NULL RETURNING code_hash"""


async def make(tx: Transaction, key: bytes, user: UUID) -> list[str]:
    """New codes in place of all earlier ones; they are stored as keyed hashes only."""
    codes = ["".join(secrets.choice(_LETTERS) for _ in range(_LENGTH)) for _ in range(MANY)]
    await tx.execute(_CLEAR, user)
    await tx.execute(_ADD, user, [_hash(key, user, code) for code in codes])
    return [f"{code[:4]}-{code[4:8]}-{code[8:]}" for code in codes]


async def use(tx: Transaction, key: bytes, user: UUID, code: str) -> bool:
    """Whether it is a code of theirs that was not used before; uses it."""
    plain = "".join(letter for letter in code.lower() if letter.isalnum())
    return await tx.value(_USE, user, _hash(key, user, plain), clock.now()) is not None


async def clear(tx: Transaction, user: UUID) -> None:
    """Take all codes away."""
    await tx.execute(_CLEAR, user)


def _hash(key: bytes, user: UUID, code: str) -> bytes:
    return hmac.digest(key, user.bytes + code.encode(), "sha256")
