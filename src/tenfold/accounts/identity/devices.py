"""Browsers that a person has signed in from, known by a cookie.

From a known one its owner is let in while guesses from elsewhere lock the account, and a sign-in
from a new one is told to them.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from tenfold.accounts.client import Client
from tenfold.accounts.identity.secrets_kept import digest, new_secret
from tenfold.db.database import Reader, Transaction
from tenfold.kernel import clock
from tenfold.kernel.ids import new_id

LIFE = timedelta(days=365)
_KNOWN = """SELECT id FROM tenfold.devices
WHERE token_hash = $1 AND user_id = $2 AND expires_at > $3"""
_SEEN = """UPDATE tenfold.devices SET seen_at = $2, expires_at = $3, ip_address = $4,
user_agent = $5 WHERE id = $1"""
_ANY = "SELECT 1 FROM tenfold.devices WHERE user_id = $1 LIMIT 1"
# A program without cookies comes again and again: it is one device, not many. A cookie that was
# given out before stays good.
_ALIKE = """UPDATE tenfold.devices SET seen_at = $4, expires_at = $5
WHERE id = (SELECT id FROM tenfold.devices
            WHERE user_id = $1 AND ip_address = $2 AND user_agent = $3 LIMIT 1) RETURNING id"""
_ADD = """INSERT INTO tenfold.devices (id, user_id, token_hash, ip_address, user_agent,
seen_at, expires_at) VALUES ($1, $2, $3, $4, $5, $6, $7)"""
_FORGET = "DELETE FROM tenfold.devices WHERE user_id = $1"


@dataclass(frozen=True, slots=True)
class Device:
    """A browser of a person's; `token` is for its cookie where it needs a new one."""

    id: UUID
    token: str = ""
    new: bool = False
    """Whether the person has signed in from others before, and never from this one."""


async def known(reader: Reader, user: UUID, token: str) -> UUID | None:
    """The device of the cookie, if it is one of this person's."""
    if not token:
        return None
    return await reader.value(_KNOWN, digest(token), user, clock.now())


async def remember(tx: Transaction, user: UUID, token: str, client: Client) -> Device:
    """The device of somebody who has just signed in."""
    moment = clock.now()
    place = (client.address[:64], client.agent[:200])
    if (found := await known(tx, user, token)) is not None:
        await tx.execute(_SEEN, found, moment, moment + LIFE, *place)
        return Device(found)
    lives = (moment, moment + LIFE)
    if not _keeps_cookies(client.agent):
        alike = await tx.value(_ALIKE, user, *place, *lives)
        if alike is not None:
            return Device(alike)
    fresh = new_secret()
    others = await tx.value(_ANY, user) is not None
    identity = new_id()
    await tx.execute(_ADD, identity, user, digest(fresh), *place, *lives)
    return Device(identity, fresh, new=others)


def _keeps_cookies(agent: str) -> bool:
    """Whether it says that it is a browser, which would have brought the cookie that it was given.

    Else who shares its network and names itself like it would pass for it, unnoticed.
    """
    return agent.startswith(("Mozilla/", "Opera/"))


async def forget(tx: Transaction, user: UUID) -> None:
    """Let go of all of a person's devices: from now on each is a new one."""
    await tx.execute(_FORGET, user)
