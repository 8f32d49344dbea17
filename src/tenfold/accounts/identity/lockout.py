"""Locks an account after failed sign-ins: for half an hour, doubling to a day, never for ever.

The account is known by a keyed hash of the address that was typed, so that one that does not exist
locks like one that does.
"""

from __future__ import annotations

import hmac
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import asyncpg

from tenfold.db.database import Reader, Transaction

FAILURES = 5
FIRST, LONGEST = timedelta(minutes=30), timedelta(days=1)
FORGOTTEN = timedelta(days=1)

_READ = """SELECT failures, locks, locked_until, at FROM tenfold.sign_in_failures
WHERE account_hash = $1"""
_HOLD = _READ + " FOR UPDATE"
_BEGIN = """INSERT INTO tenfold.sign_in_failures (account_hash, at) VALUES ($1, $2)
ON CONFLICT (account_hash) DO NOTHING"""
_KEEP = """UPDATE tenfold.sign_in_failures
SET failures = $2, locks = $3, locked_until = $4, at = $5 WHERE account_hash = $1"""
_ALONE = "SELECT pg_advisory_xact_lock(hashtextextended($1, 0))"
_CLEAR = "DELETE FROM tenfold.sign_in_failures WHERE account_hash = $1"


@dataclass(frozen=True, slots=True)
class Standing:
    """An account's failures since the last success, and its lock."""

    failures: int = 0
    locks: int = 0
    locked_until: datetime | None = None
    at: datetime | None = None

    def locked(self, moment: datetime) -> bool:
        """Whether the account is locked at this moment."""
        return self.locked_until is not None and self.locked_until > moment

    def after_failure(self, moment: datetime) -> Standing:
        """The standing after one more failure; the fifth locks."""
        last = max((t for t in (self.at, self.locked_until) if t), default=moment)
        if moment - last > FORGOTTEN:
            return Standing(1, 0, None, moment)
        failures = self.failures + 1
        if failures < FAILURES:
            return Standing(failures, self.locks, None, moment)
        length = min(FIRST * 2 ** min(self.locks, 16), LONGEST)
        return Standing(0, self.locks + 1, moment + length, moment)


def account_of(key: bytes, address: str, device: UUID | None = None) -> bytes:
    """What an account is known by here: the keyed hash of its address.

    A device that its owner has used before is counted apart, so that who guesses from elsewhere
    can't lock the owner out.
    """
    text = f"{address}|{device}" if device else address
    return hmac.digest(key, text.encode("utf-8", "replace"), "sha256")


def seconds_left(standing: Standing, moment: datetime) -> int:
    """How long an account stays locked, at least a second."""
    left = (standing.locked_until or moment) - moment
    return max(1, -(-left // timedelta(seconds=1)))


def minutes_left(standing: Standing, moment: datetime) -> int:
    """The same in minutes, rounded up."""
    return -(-seconds_left(standing, moment) // 60)


async def standing(reader: Reader, account: bytes) -> Standing:
    """How an account stands."""
    return _of(await reader.row(_READ, account))


async def alone(tx: Transaction, account: bytes) -> None:
    """Wait for others that try the same account, until the transaction ends."""
    await tx.execute(_ALONE, account.hex())


async def failed(tx: Transaction, account: bytes, moment: datetime) -> tuple[Standing, Standing]:
    """Count a failure; answers the standing before and after.

    Guesses sent at once are counted one after the other, and where the account is locked by then
    nothing changes: a lock can't be prolonged from outside.
    """
    await tx.execute(_BEGIN, account, moment)
    before = _of(await tx.row(_HOLD, account))
    if before.locked(moment):
        return before, before
    after = before.after_failure(moment)
    await tx.execute(_KEEP, account, after.failures, after.locks, after.locked_until, after.at)
    return before, after


async def succeeded(tx: Transaction, account: bytes, moment: datetime) -> Standing:
    """Forget the failures, unless guesses sent at the same time have locked the account."""
    found = _of(await tx.row(_HOLD, account))
    if found.at is not None and not found.locked(moment):
        await tx.execute(_CLEAR, account)
    return found


async def forget(tx: Transaction, account: bytes) -> None:
    """Open a locked account again; for whoever runs the installation."""
    await tx.execute(_CLEAR, account)


def _of(row: asyncpg.Record | None) -> Standing:
    return Standing(*row) if row is not None else Standing()
