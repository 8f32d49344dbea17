"""The sessions of everybody in an organisation: who is signed in, where, and ending it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg

from tenfold.accounts.events import note
from tenfold.accounts.organisation import members
from tenfold.accounts.organisation.administrator import Administrator
from tenfold.db.database import Reader
from tenfold.kernel import clock
from tenfold.kernel.errors import NotFound

# By when they began, which never changes, so that pages of it fit together.
_PAGE = """SELECT s.id, s.user_id AS "user", u.email,
    concat_ws(' ', u.first_name, u.last_name) AS name, s.methods,
    s.ip_address AS address, s.user_agent AS agent, s.created_at, s.seen_at
FROM tenfold.sessions s JOIN tenfold.users u ON u.id = s.user_id
WHERE s.tenant_id = $1 AND s.ended_at IS NULL AND s.expires_at > $2
    AND ($3::timestamptz IS NULL OR (s.created_at, s.id) < ($3, $4::uuid))
    AND ($5 = '' OR strpos(lower(concat_ws(' ', u.first_name, u.last_name, u.email)), $5) > 0)
ORDER BY s.created_at DESC, s.id DESC LIMIT $6"""
_ONE = """SELECT user_id FROM tenfold.sessions
WHERE tenant_id = $1 AND id = $2 AND ended_at IS NULL"""
_END = """UPDATE tenfold.sessions SET ended_at = $3, ended_by = 'revoked'
WHERE tenant_id = $1 AND id = $2 AND ended_at IS NULL"""
# Owners' sessions are for owners to end.
_END_ALL = """UPDATE tenfold.sessions s SET ended_at = $3, ended_by = 'revoked'
WHERE s.tenant_id = $1 AND s.ended_at IS NULL AND s.id IS DISTINCT FROM $2
    AND ($4 OR NOT EXISTS (SELECT 1 FROM tenfold.members m WHERE m.tenant_id = $1
        AND m.user_id = s.user_id AND m.role = 'owner'))"""


@dataclass(frozen=True, slots=True)
class Going:
    """A session that goes on."""

    id: UUID
    user: UUID
    name: str
    email: str
    methods: tuple[str, ...]
    address: str
    agent: str
    created_at: datetime
    seen_at: datetime


async def page(
    reader: Reader, tenant: UUID, words: str, after: tuple[datetime, UUID] | None, limit: int
) -> list[Going]:
    """Sessions of people whose name or address has the words, the newest first, one too many."""
    moment, identity = after or (None, None)
    asked = (tenant, clock.now(), moment, identity, words.lower(), limit + 1)
    return [_going(row) for row in await reader.rows(_PAGE, *asked)]


def _going(row: asyncpg.Record) -> Going:
    known: dict[str, Any] = dict(row.items())
    texts: dict[str, Any] = {name: known[name] or "" for name in ("name", "address", "agent")}
    known |= texts
    known["methods"] = tuple(known["methods"])
    return Going(**known)


async def end(act: Administrator, identity: UUID) -> None:
    """End one session; raises NotFound where it ended already, Forbidden for an owner's."""
    user = await act.tx.value(_ONE, act.tenant, identity)
    if user is None:
        raise NotFound("That session has ended already.")
    await members.need_may_end(act, user)
    await act.tx.execute(_END, act.tenant, identity, clock.now())
    await act.tx.forget_people([act.tenant])
    about = {"tenant": act.tenant, "user": user}
    await note(act.tx, "session_revoked", act.client, **about, sessions=1)


async def end_all(act: Administrator, but: UUID | None) -> int:
    """End everybody's sessions `but` one; those of owners only by an owner. Answers how many."""
    owner = act.person.role == "owner"
    done = await act.tx.execute(_END_ALL, act.tenant, but, clock.now(), owner)
    ended = int(done.rpartition(" ")[2])
    await act.tx.forget_people([act.tenant])
    told: dict[str, Any] = {"tenant": act.tenant, "sessions": ended, "everybody": True}
    await note(act.tx, "session_revoked", act.client, **told)
    return ended
