"""Records that were being written while their owner changed teams follow a little later.

Whoever began to write before the change was committed wrote the team of before, which the change
itself could not see. The job waits until all of them have ended.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

import msgspec

from tenfold.db.transaction import Transaction
from tenfold.engine.reassign import reassign_rest
from tenfold.engine.registry import Registry
from tenfold.jobs import Handler, Job, Later, enqueue, job

FOLLOW_JOB = "members.follow"
AFTER = timedelta(seconds=5)
"""A transaction that has begun and written nothing yet can't be seen; none is so long."""
_AGAIN = 5.0

_THIS = "SELECT pg_current_xact_id()::text"
_ALL_ENDED = "SELECT pg_snapshot_xmin(pg_current_snapshot()) > $1::text::xid8"
_TEAM = "SELECT team_id FROM tenfold.members WHERE tenant_id = $1 AND user_id = $2"


class Follow(msgspec.Struct, kw_only=True):
    """Who changed teams, from which, and in which transaction."""

    user: UUID
    was: UUID | None
    transaction: str


async def follow_later(tx: Transaction, user: UUID, was: UUID | None) -> None:
    """Let what is being written just now follow its owner, too."""
    change = Follow(user=user, was=was, transaction=await tx.value(_THIS))
    tenant, actor = tx.context.tenant, tx.context.actor
    await enqueue(tx.connection, FOLLOW_JOB, change, tenant=tenant, actor=actor, delay=AFTER)


def handlers(registry: Registry) -> list[Handler[Any]]:
    """The declared job."""

    @job(FOLLOW_JOB, Follow, attempts=5)
    async def follow(one: Job[Follow]) -> None:
        async with one.transaction() as tx:
            change = one.payload
            if not await tx.value(_ALL_ENDED, change.transaction):
                raise Later(_AGAIN)
            team = await tx.value(_TEAM, tx.context.tenant, change.user)
            await reassign_rest(tx, registry, change.user, change.was, team)

    return [follow]
