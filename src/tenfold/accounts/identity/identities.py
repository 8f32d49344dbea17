"""Who people are at other providers: what their tokens call them, and whose account that is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from tenfold.accounts.client import Client
from tenfold.accounts.events import note_everywhere
from tenfold.accounts.identity.shown import Shown
from tenfold.db.database import Reader, Transaction
from tenfold.kernel import clock
from tenfold.kernel.errors import Conflict
from tenfold.kernel.ids import new_id
from tenfold.kernel.language import say

OUTSIDE = "outside"
"""What identities of issuers are kept under that nobody signs in with here."""
_FIND = "SELECT id, user_id FROM tenfold.identities WHERE issuer = $1 AND subject = $2"
_HOLD = _FIND + " FOR UPDATE"
_ADD = """INSERT INTO tenfold.identities (id, user_id, issuer, subject, provider, email,
created_at, used_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $7)
ON CONFLICT (issuer, subject) DO NOTHING"""
_USED = "UPDATE tenfold.identities SET used_at = $2, email = coalesce($3, email) WHERE id = $1"
_LIST = """SELECT id, issuer, provider, email, created_at, used_at FROM tenfold.identities
WHERE user_id = $1 ORDER BY created_at, id"""
_REMOVE = """DELETE FROM tenfold.identities WHERE id = $1 AND user_id = $2
RETURNING issuer, provider, email"""
_ANY_OF = "SELECT 1 FROM tenfold.identities WHERE user_id = $1 AND issuer = ANY ($2) LIMIT 1"
_MOST = 20


@dataclass(frozen=True, slots=True)
class Identity:
    """One of a person's identities, as they see it."""

    id: UUID
    issuer: str
    provider: str
    email: str | None
    created_at: datetime
    used_at: datetime | None


@dataclass(frozen=True, slots=True)
class Known:
    """An identity that belongs to an account."""

    id: UUID
    user: UUID


async def find(reader: Reader, issuer: str, subject: str) -> Known | None:
    """Whose an identity is."""
    row = await reader.row(_FIND, issuer, subject)
    return Known(*row) if row is not None else None


async def hold(tx: Transaction, issuer: str, subject: str) -> Known | None:
    """The same, and it stays theirs until the transaction ends."""
    row = await tx.row(_HOLD, issuer, subject)
    return Known(*row) if row is not None else None


async def link(tx: Transaction, user: UUID, shown: Shown) -> bool:
    """Let an identity be somebody's; False where it is theirs already, Conflict if another's."""
    args = (shown.issuer, shown.subject, shown.provider, shown.email or None, clock.now())
    if await tx.execute(_ADD, new_id(), user, *args) != "INSERT 0 0":
        if len(await tx.rows(_LIST, user)) > _MOST:
            raise Conflict(
                say("An account has %(most)s of these at most.", most=_MOST), code="TOO_MANY"
            )
        return True
    known = await find(tx, shown.issuer, shown.subject)
    if known is None or known.user != user:
        text = "It belongs to another account here; unlink it there first."
        raise Conflict(text, code="DUPLICATE")
    return False


async def link_new(tx: Transaction, user: UUID, shown: Shown, client: Client) -> None:
    """Let an identity be that of an account which is just being made."""
    await link(tx, user, shown)
    await note_everywhere(tx, "identity_linked", client, user, provider=shown.provider)


async def used(tx: Transaction, identity: UUID, shown: Shown) -> None:
    """Note that somebody came by it."""
    await tx.execute(_USED, identity, clock.now(), shown.email or None)


async def of_person(reader: Reader, user: UUID) -> list[Identity]:
    """The identities of a person, the oldest first."""
    return [Identity(*row) for row in await reader.rows(_LIST, user)]


async def remove(tx: Transaction, user: UUID, identity: UUID) -> Shown | None:
    """Take one away; answers what it was, None where they have no such one."""
    row = await tx.row(_REMOVE, identity, user)
    if row is None:
        return None
    return Shown(provider=row[1], issuer=row[0], subject="", email=row[2] or "")


async def lets_in(reader: Reader, user: UUID, issuers: Sequence[str]) -> bool:
    """Whether somebody can sign in by one of these providers."""
    return await reader.value(_ANY_OF, user, list(issuers)) is not None
