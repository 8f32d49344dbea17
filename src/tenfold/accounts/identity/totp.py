"""One-time passwords of an authenticator app (TOTP, RFC 6238); each is good once."""

from __future__ import annotations

from uuid import UUID

from pyotp import random_base32
from pyotp.totp import TOTP
from pyotp.utils import strings_equal

from tenfold.db.database import Reader, Transaction
from tenfold.db.keys import Keyring
from tenfold.kernel import clock

STEP_SECONDS = 30
WINDOW = 1  # steps before and after, for clocks that go wrong
_BEGIN = """INSERT INTO tenfold.totp (user_id, sealed) VALUES ($1, $2)
ON CONFLICT (user_id) DO UPDATE SET sealed = excluded.sealed, step = 0, created_at = now()
WHERE tenfold.totp.confirmed_at IS NULL RETURNING user_id"""
_READ = "SELECT sealed, confirmed_at FROM tenfold.totp WHERE user_id = $1"
_USE = "UPDATE tenfold.totp SET step = $2 WHERE user_id = $1 AND step < $2 RETURNING step"
_CONFIRM = """UPDATE tenfold.totp SET confirmed_at = now()
WHERE user_id = $1 AND confirmed_at IS NULL RETURNING user_id"""
_REMOVE = "DELETE FROM tenfold.totp WHERE user_id = $1 RETURNING confirmed_at IS NOT NULL"


async def begin(tx: Transaction, keyring: Keyring, user: UUID) -> str:
    """A new key (Base32) for the app, not in force yet; empty where one is in force already."""
    made = random_base32()
    sealed = keyring.seal(made.encode(), _purpose(user))
    return made if await tx.value(_BEGIN, user, sealed) is not None else ""


async def begun(reader: Reader, keyring: Keyring, user: UUID) -> str:
    """The key that is not in force yet; empty where there is none."""
    return await _key(reader, keyring, user, confirmed=False) or ""


def address(key: str, email: str, issuer: str) -> str:
    """The `otpauth://` address that an app reads from a picture."""
    return TOTP(key, interval=STEP_SECONDS).provisioning_uri(name=email, issuer_name=issuer)


async def confirm(tx: Transaction, keyring: Keyring, user: UUID, code: str) -> bool:
    """Put the key in force with a first code of it."""
    return await _right(tx, keyring, user, code, confirmed=False) and bool(
        await tx.value(_CONFIRM, user)
    )


async def check(tx: Transaction, keyring: Keyring, user: UUID, code: str) -> bool:
    """Whether it is a code of this moment that was not used before; uses it."""
    return await _right(tx, keyring, user, code, confirmed=True)


async def remove(tx: Transaction, user: UUID) -> bool:
    """Take the app away; whether it was in force."""
    return bool(await tx.value(_REMOVE, user))


async def _right(
    tx: Transaction, keyring: Keyring, user: UUID, code: str, *, confirmed: bool
) -> bool:
    found = await _key(tx, keyring, user, confirmed=confirmed)
    if found is None:
        return False
    step = _step(TOTP(found, interval=STEP_SECONDS), "".join(code.split()))
    # Two requests with one code: the row is held, and only the first finds an earlier step.
    return step is not None and await tx.value(_USE, user, step) is not None


def _step(totp: TOTP, code: str) -> int | None:
    """The step that a code belongs to, counted from 1970, if it is of now or a neighbour."""
    now = int(clock.now().timestamp()) // STEP_SECONDS
    found: int | None = None
    for step in range(now - WINDOW, now + WINDOW + 1):
        if strings_equal(code, totp.generate_otp(step)):
            found = step
    return found


async def _key(reader: Reader, keyring: Keyring, user: UUID, *, confirmed: bool) -> str | None:
    row = await reader.row(_READ, user)
    if row is None or (row["confirmed_at"] is not None) != confirmed:
        return None
    return keyring.unseal(row["sealed"], _purpose(user)).decode()


def _purpose(user: UUID) -> str:
    return f"totp {user}"
