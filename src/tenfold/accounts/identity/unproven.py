"""Accounts whose address nobody has proved yet to be theirs.

Whoever registers with another's address sets a password, and perhaps more. Where such an account
is given a place because of its address, all of that goes first: a link to the mailbox is then the
one way in. What it was elsewhere stays, and so do API keys, which act in their own organisation
alone.
"""

from __future__ import annotations

from uuid import UUID

from tenfold.accounts.identity import challenges, devices
from tenfold.accounts.identity.factors import clear_factors
from tenfold.accounts.identity.sessions import end_all
from tenfold.db.database import Transaction

# Held until the place is given: who signs in meanwhile comes before it, or not at all.
_UNPROVEN = """SELECT email_verified_at IS NULL FROM tenfold.users WHERE id = $1
FOR NO KEY UPDATE"""
_STRIP = (
    "UPDATE tenfold.users SET password_hash = NULL WHERE id = $1",
    "DELETE FROM tenfold.identities WHERE user_id = $1",
)


async def unproven(tx: Transaction, user: UUID) -> bool:
    """Whether the account's address was never confirmed."""
    return await tx.value(_UNPROVEN, user)


async def strip(tx: Transaction, user: UUID) -> None:
    """Take every way in from an account but a link to its mailbox, and end its sessions."""
    for sql in _STRIP:
        await tx.execute(sql, user)
    await challenges.forget(tx, user)
    await clear_factors(tx, user)
    await devices.forget(tx, user)
    await tx.forget_people(await end_all(tx, user, "password"))
