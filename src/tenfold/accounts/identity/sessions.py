"""Sessions, and their refresh tokens that rotate and end them when a used one comes back.

A token is random and stored as its SHA-256. Its successor is an HMAC of it under a key of the
installation: nobody without the key can tell it, and it can be answered again, though only its
hash is stored, to a client that lost the answer (two tabs, a broken connection).
"""

from __future__ import annotations

import hmac
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal
from uuid import UUID

from tenfold.accounts.client import Client
from tenfold.accounts.identity.secrets_kept import digest, new_secret
from tenfold.db.database import Reader, Transaction
from tenfold.kernel import clock
from tenfold.kernel.codec import spelled
from tenfold.kernel.ids import new_id
from tenfold.kernel.turning import Keys, live

MFA, FEDERATED = "mfa", "fed"
"""That a second factor was proved (RFC 8176), and that a provider says who it is."""
_FIND = """SELECT family_id, user_id, tenant_id FROM tenfold.refresh_tokens
WHERE token_hash = $1"""
_NEW = """INSERT INTO tenfold.sessions (id, user_id, tenant_id, methods, sure_at, device_id,
ip_address, user_agent, created_at, seen_at, expires_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)"""
_GOING = """SELECT methods, sure_at, device_id, created_at FROM tenfold.sessions
WHERE id = $1 AND user_id = $2 AND ended_at IS NULL FOR UPDATE"""
# Who rotates or ends a session holds its row.
_HOLD = """SELECT created_at FROM tenfold.sessions
WHERE id = $1 AND ended_at IS NULL FOR UPDATE"""
_SEEN = """UPDATE tenfold.sessions SET seen_at = $2, expires_at = $3, ip_address = $4,
user_agent = $5 WHERE id = $1"""
_READ = """SELECT id, expires_at, used_at, client_hash
FROM tenfold.refresh_tokens WHERE token_hash = $1"""
_ADD = """INSERT INTO tenfold.refresh_tokens (id, family_id, user_id, tenant_id, token_hash,
client_hash, expires_at, created_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)"""
_USED = "UPDATE tenfold.refresh_tokens SET used_at = $2, replaced_by = $3 WHERE id = $1"
_END = """UPDATE tenfold.sessions SET ended_at = $2, ended_by = $3
WHERE id = $1 AND ended_at IS NULL"""
_OPEN = """WHERE user_id = $1 AND ($2::uuid IS NULL OR tenant_id = $2) AND ended_at IS NULL
AND id IS DISTINCT FROM $3"""
_HOLD_ALL = f"SELECT 1 FROM tenfold.sessions {_OPEN} ORDER BY id FOR UPDATE"  # noqa: S608
_END_ALL = f"""UPDATE tenfold.sessions SET ended_at = $4, ended_by = $5 {_OPEN}
RETURNING tenant_id"""  # noqa: S608
_UNPROVEN = """UPDATE tenfold.sessions SET ended_at = $3, ended_by = 'second_factor'
WHERE user_id = $1 AND id <> $2 AND ended_at IS NULL AND NOT 'mfa' = ANY (methods)
RETURNING tenant_id"""
_FORGET_MFA = """UPDATE tenfold.sessions SET methods = array_remove(methods, 'mfa')
WHERE user_id = $1 AND ended_at IS NULL"""
_LIST = """SELECT id, tenant_id, methods, ip_address, user_agent, created_at, seen_at, expires_at
FROM tenfold.sessions
WHERE user_id = $1 AND ($2::uuid IS NULL OR tenant_id = $2) AND ended_at IS NULL
    AND expires_at > $3 ORDER BY seen_at DESC, id LIMIT 200"""

Outcome = Literal["rotated", "repeated", "over", "reused"]
Ending = Literal["logout", "reuse", "revoked", "password", "rise", "left", "second_factor", "email"]


@dataclass(frozen=True, slots=True)
class Session:
    """One sign-in of a person in an organisation: a family of refresh tokens."""

    id: UUID
    user: UUID
    tenant: UUID


@dataclass(frozen=True, slots=True)
class Proof:
    """How somebody proved who they are, by the names of RFC 8176, and from which device.

    `sure_at` is when they did, `began` when the session that goes on did; None: now.
    """

    methods: tuple[str, ...]
    device: UUID | None = None
    sure_at: datetime | None = None
    began: datetime | None = None


@dataclass(frozen=True, slots=True)
class Open:
    """A session that goes on, as its owner sees it."""

    id: UUID
    tenant: UUID
    methods: Sequence[str]
    address: str | None
    agent: str | None
    created_at: datetime
    seen_at: datetime
    expires_at: datetime


class Sessions:
    """Starts, rotates and ends sessions inside a caller's transaction."""

    def __init__(
        self, keys: bytes | Keys, days: int, grace_seconds: float, most_days: int = 30
    ) -> None:
        self._keys = live(keys)
        self.life, self.longest = timedelta(days=days), timedelta(days=max(days, most_days))
        self.grace = timedelta(seconds=grace_seconds)

    async def start(
        self, tx: Transaction, user: UUID, tenant: UUID, client: Client, proof: Proof
    ) -> tuple[Session, str]:
        """A new session and its first refresh token."""
        session, token, moment = Session(new_id(), user, tenant), new_secret(), clock.now()
        began = proof.began or moment
        until = min(moment + self.life, began + self.longest)
        await tx.execute(
            _NEW,
            session.id,
            user,
            tenant,
            list(proof.methods),
            proof.sure_at or moment,
            proof.device,
            client.address[:64] or None,
            client.agent[:200] or None,
            began,
            moment,
            until,
        )
        await self._add(tx, session, session.id, token, client, until)
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
        began: datetime | None = await tx.value(_HOLD, session.id)
        row = await tx.row(_READ, digest(token))
        if began is None or row is None or row["expires_at"] <= moment:
            return "over", ""
        successors = [_successor(key, token) for key in self._keys()]
        successor = successors[0]
        if row["used_at"] is None:
            until = min(moment + self.life, began + self.longest)
            if until <= moment:
                return "over", ""
            identity = new_id()
            await self._add(tx, session, identity, successor, client, until)
            await tx.execute(_USED, row["id"], moment, identity)
            place = (client.address[:64] or None, client.agent[:200] or None)
            await tx.execute(_SEEN, session.id, moment, until, *place)
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
        await self.end(tx, session.id, "reuse")
        return "reused", ""

    async def end(self, tx: Transaction, session: UUID, by: Ending) -> bool:
        """End a session and with it every token of it; whether it was still going."""
        ended = await tx.execute(_END, session, clock.now(), by)
        return not ended.endswith(" 0")

    async def _add(
        self,
        tx: Transaction,
        session: Session,
        identity: UUID,
        token: str,
        client: Client,
        until: datetime,
    ) -> None:
        await tx.execute(
            _ADD,
            identity,
            session.id,
            session.user,
            session.tenant,
            digest(token),
            client.digest,
            until,
            clock.now(),
        )


def _successor(key: bytes, token: str) -> str:
    return spelled(hmac.digest(key, token.encode(), "sha256"))


async def end_all(
    tx: Transaction,
    user: UUID,
    by: Ending,
    *,
    tenant: UUID | None = None,
    but: UUID | None = None,
) -> list[UUID]:
    """End the sessions of a person, in one organisation or everywhere, `but` one.

    Answers the organisation of each that was still going.
    """
    await tx.execute(_HOLD_ALL, user, tenant, but)
    rows = await tx.rows(_END_ALL, user, tenant, but, clock.now(), by)
    return [row[0] for row in rows]


async def held(tx: Transaction, session: UUID, user: UUID) -> Proof | None:
    """What was proved in a session that goes on, which nobody ends meanwhile; else None."""
    row = await tx.row(_GOING, session, user)
    return Proof(tuple(row[0]), row[2], row[1], row[3]) if row is not None else None


async def end_unproven(tx: Transaction, user: UUID, but: UUID) -> list[UUID]:
    """End a person's sessions in which no second factor was proved; the organisations of them."""
    rows = await tx.rows(_UNPROVEN, user, but, clock.now())
    return [row[0] for row in rows]


async def forget_mfa(tx: Transaction, user: UUID) -> None:
    """Without a second factor no session has proved one."""
    await tx.execute(_FORGET_MFA, user)


async def going(reader: Reader, user: UUID, tenant: UUID | None = None) -> list[Open]:
    """The sessions of a person that go on, the one used last first."""
    rows = await reader.rows(_LIST, user, tenant, clock.now())
    return [Open(*row) for row in rows]
