"""Sessions: refresh tokens that rotate, in families that end when a used one comes back.

A token is random and stored as its SHA-256. Its successor is an HMAC of it under a key of the
installation: nobody without the key can tell it, and it can be answered again, though only its
hash is stored, to a client that lost the answer (two tabs, a broken connection).
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from dataclasses import dataclass
from datetime import timedelta
from typing import Literal
from uuid import UUID

from tenfold.accounts.client import Client
from tenfold.db.database import Reader, Transaction
from tenfold.kernel import clock
from tenfold.kernel.ids import new_id
from tenfold.kernel.turning import Keys, live

_FIND = """SELECT family_id, user_id, tenant_id FROM tenfold.refresh_tokens
WHERE token_hash = $1"""
# The family's first token stands for the family: who rotates or ends it holds this row.
_HOLD = "SELECT 1 FROM tenfold.refresh_tokens WHERE id = $1 FOR UPDATE"
_READ = """SELECT id, expires_at, used_at, revoked_at, client_hash
FROM tenfold.refresh_tokens WHERE token_hash = $1"""
_ADD = """INSERT INTO tenfold.refresh_tokens (id, family_id, user_id, tenant_id, token_hash,
client_hash, expires_at, created_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)"""
_USED = "UPDATE tenfold.refresh_tokens SET used_at = $2, replaced_by = $3 WHERE id = $1"
_END = """UPDATE tenfold.refresh_tokens SET revoked_at = $2
WHERE family_id = $1 AND revoked_at IS NULL"""
_HOLD_ALL = """SELECT 1 FROM tenfold.refresh_tokens
WHERE user_id = $1 AND ($2::uuid IS NULL OR tenant_id = $2) AND id = family_id
ORDER BY id FOR UPDATE"""
_END_ALL = """UPDATE tenfold.refresh_tokens SET revoked_at = $3
WHERE user_id = $1 AND ($2::uuid IS NULL OR tenant_id = $2) AND revoked_at IS NULL"""

Outcome = Literal["rotated", "repeated", "over", "reused"]


@dataclass(frozen=True, slots=True)
class Session:
    """One sign-in of a person in an organisation: a family of refresh tokens."""

    id: UUID
    user: UUID
    tenant: UUID


class Sessions:
    """Starts, rotates and ends sessions inside a caller's transaction."""

    def __init__(self, keys: bytes | Keys, days: int, grace_seconds: float) -> None:
        self._keys = live(keys)
        self.life = timedelta(days=days)
        self.grace = timedelta(seconds=grace_seconds)

    async def start(
        self, tx: Transaction, user: UUID, tenant: UUID, client: Client
    ) -> tuple[Session, str]:
        """A new session and its first refresh token."""
        session, token = Session(new_id(), user, tenant), secrets.token_urlsafe(32)
        await self._add(tx, session, session.id, token, client)
        return session, token

    async def find(self, reader: Reader, token: str) -> Session | None:
        """The session that a refresh token was made for, whether it still counts or not."""
        row = await reader.row(_FIND, digest(token))
        return Session(row[0], row[1], row[2]) if row is not None else None

    async def rotate(
        self, tx: Transaction, session: Session, token: str, client: Client
    ) -> tuple[Outcome, str]:
        """The token's successor, or why there is none; a reuse has then ended the session.

        A used token is answered with the same successor again while nobody has used that one,
        within the grace and to the client that got it.
        """
        moment = clock.now()
        await tx.execute(_HOLD, session.id)
        row = await tx.row(_READ, digest(token))
        if row is None or row["revoked_at"] is not None or row["expires_at"] <= moment:
            return "over", ""
        successors = [_successor(key, token) for key in self._keys()]
        successor = successors[0]
        if row["used_at"] is None:
            identity = new_id()
            await self._add(tx, session, identity, successor, client)
            await tx.execute(_USED, row["id"], moment, identity)
            return "rotated", successor
        later = None
        for successor in successors:
            if (later := await tx.row(_READ, digest(successor))) is not None:
                break
        if (
            later is not None
            and later["used_at"] is None
            and later["client_hash"] == client.digest
            and moment - row["used_at"] <= self.grace
        ):
            return "repeated", successor
        await self.end(tx, session.id)
        return "reused", ""

    async def end(self, tx: Transaction, session: UUID) -> bool:
        """End a session and every token of it; whether it was still going."""
        await tx.execute(_HOLD, session)
        ended = await tx.execute(_END, session, clock.now())
        return not ended.endswith(" 0")

    async def _add(
        self, tx: Transaction, session: Session, identity: UUID, token: str, client: Client
    ) -> None:
        moment = clock.now()
        await tx.execute(
            _ADD,
            identity,
            session.id,
            session.user,
            session.tenant,
            digest(token),
            client.digest,
            moment + self.life,
            moment,
        )


def _successor(key: bytes, token: str) -> str:
    made = hmac.digest(key, token.encode(), "sha256")
    return base64.urlsafe_b64encode(made).rstrip(b"=").decode()


async def end_all(tx: Transaction, user: UUID, tenant: UUID | None = None) -> None:
    """End every session of a person, in one organisation or everywhere."""
    await tx.execute(_HOLD_ALL, user, tenant)
    await tx.execute(_END_ALL, user, tenant, clock.now())


def digest(token: str) -> bytes:
    """The form in which a refresh token is stored: it has 256 random bits, so no salt is needed."""
    return hashlib.sha256(token.encode()).digest()
