"""Enqueue, look at, retry and cancel jobs: for one tenant, in the caller's transaction."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Literal
from uuid import UUID

import asyncpg
import msgspec

from tenfold.db.database import Connection
from tenfold.jobs import statements
from tenfold.kernel.errors import Conflict, NotFound
from tenfold.kernel.ids import new_id

State = Literal["pending", "processing", "completed", "failed", "cancelled"]

_LAST = UUID(int=(1 << 128) - 1)


class Status(msgspec.Struct, frozen=True, kw_only=True):
    """A job as people see it."""

    id: UUID
    name: str
    state: State
    attempt: int
    """Attempts begun so far."""
    done: int
    total: int | None
    note: str
    error: str
    """Why the last attempt failed; empty after success."""
    cancelling: bool
    """Somebody asked to cancel it."""
    actor_id: UUID | None
    created_at: datetime
    run_at: datetime
    """When it may run, or might have begun to."""
    started_at: datetime | None
    finished_at: datetime | None


class Tick(msgspec.Struct, frozen=True, kw_only=True):
    """A schedule: its cron line in a time zone, when it came last, and when it comes next."""

    name: str
    cron: str
    zone: str
    next_at: datetime
    last_at: datetime | None


class Backlog(msgspec.Struct, frozen=True, kw_only=True):
    """How full the queue is, over all tenants, for health checks and metrics."""

    ready: int
    waiting: int
    """Jobs whose time has not come."""
    processing: int
    lag: float
    """Seconds that the job waiting longest could have run already."""


async def enqueue(
    connection: Connection,
    name: str,
    payload: object,
    *,
    tenant: UUID,
    actor: UUID | None = None,
    key: str | None = None,
    delay: timedelta | None = None,
    priority: int = 0,
) -> UUID:
    """Add a job that exists if the caller's transaction commits; answers its id.

    With a `key`, answers the unfinished job of that tenant, name and key if there is one, and
    adds none; two transactions with the same key wait for each other. A job that is being
    processed counts as unfinished, so a key must not stand for "look again at what changed".
    A higher priority (-1000 to 1000) goes first, over all tenants.
    """
    arguments = (actor, name, key, _text(payload), _rank(priority), _seconds(delay))
    # Between the two statements the other job may finish; then it is added after all.
    for _ in range(5):
        added = await connection.fetchval(statements.ENQUEUE, tenant, new_id(), *arguments)
        if added is None:
            added = await connection.fetchval(statements.UNFINISHED_WITH_KEY, tenant, name, key)
        if added is not None:
            return added
    raise Conflict(f"The job {name} with the key {key} can't be added now; try again.")


async def enqueue_many(
    connection: Connection,
    name: str,
    payloads: Sequence[object],
    *,
    tenant: UUID,
    actor: UUID | None = None,
    delay: timedelta | None = None,
    priority: int = 0,
) -> list[UUID]:
    """Add one job for each payload in one statement; answers the ids in the same order."""
    ids = [new_id() for _ in payloads]
    texts = [_text(payload) for payload in payloads]
    await connection.execute(
        statements.ENQUEUE_MANY,
        tenant,
        ids,
        actor,
        name,
        texts,
        _rank(priority),
        _seconds(delay),
    )
    return ids


async def put_off(
    connection: Connection,
    tenant: UUID,
    id: UUID,  # noqa: A002
    *,
    seconds: float,
    done: int = 0,
    total: int | None = None,
    note: str = "",
) -> bool:
    """Keep a pending job waiting while somebody does its work; False where it has begun.

    A command that dies stops putting its job off, and a worker goes on with it.
    """
    arguments = (tenant, id, seconds, done, total, note)
    return await connection.fetchval(statements.PUT_OFF, *arguments) is not None


async def drop(connection: Connection, tenant: UUID, id: UUID) -> bool:  # noqa: A002
    """Note that a pending job's work is done already; False where it has begun."""
    return await connection.fetchval(statements.DROP, tenant, id) is not None


async def status(connection: Connection, tenant: UUID, id: UUID) -> Status:  # noqa: A002
    """One job of the tenant; NotFound also for another tenant's."""
    row = await connection.fetchrow(statements.STATUS, tenant, id)
    if row is None:
        raise NotFound("There is no such job.")
    return _status(row)


async def statuses(
    connection: Connection, tenant: UUID, ids: Collection[UUID]
) -> dict[UUID, Status]:
    """Those of these jobs that the tenant has, by their ids."""
    rows = await connection.fetch(statements.STATUSES, tenant, list(ids)) if ids else []
    return {row["id"]: _status(row) for row in rows}


async def listing(
    connection: Connection,
    tenant: UUID,
    *,
    state: State | None = None,
    name: str | None = None,
    before: UUID | None = None,
    limit: int = 50,
) -> list[Status]:
    """The tenant's jobs, newest first; `before` is the last id of the page before."""
    last, most = before or _LAST, min(max(limit, 1), 200)
    if state == "failed":
        rows = await connection.fetch(statements.LISTING_FAILED, tenant, last, name, most)
    else:
        rows = await connection.fetch(statements.LISTING, tenant, last, state, name, most)
    return [_status(row) for row in rows]


async def unfinished(
    connection: Connection,
    tenant: UUID,
    *,
    name: str | None = None,
    before: UUID | None = None,
    limit: int = 50,
) -> list[Status]:
    """The tenant's jobs that wait or run, newest first, however many are done."""
    last, most = before or _LAST, min(max(limit, 1), 200)
    rows = await connection.fetch(statements.UNFINISHED, tenant, last, name, most)
    return [_status(row) for row in rows]


async def ticks(connection: Connection) -> list[Tick]:
    """When the installation's schedules came and will come."""
    rows = await connection.fetch(statements.SCHEDULES)
    return [msgspec.convert(dict(row), Tick) for row in rows]


async def retry(connection: Connection, tenant: UUID, id: UUID) -> None:  # noqa: A002
    """Queue a failed or cancelled job again, with all its attempts.

    What it had done by steps stays done. Conflict in another state, and while a newer job with
    the same key is unfinished.
    """
    if await connection.fetchval(statements.RETRY, tenant, id) is not None:
        return
    found = await status(connection, tenant, id)
    if found.state in {"failed", "cancelled"}:
        raise Conflict("A newer job for the same thing is not finished yet.")
    raise Conflict(f"The job is {found.state}; only a failed or cancelled one can be retried.")


async def cancel(connection: Connection, tenant: UUID, id: UUID) -> State:  # noqa: A002
    """Cancel a job; answers its state.

    A pending job is cancelled at once. One that is being processed is told, and what it writes
    by `transaction` or `step` is no longer committed from then on.
    """
    state: State | None = await connection.fetchval(statements.CANCEL, tenant, id)
    if state is None:
        found = await status(connection, tenant, id)
        raise Conflict(f"The job is {found.state} already.")
    return state


async def backlog(connection: Connection) -> Backlog:
    """How full the queue is, over all tenants."""
    row = await connection.fetchrow(statements.BACKLOG)
    return msgspec.convert(dict(row or {}), Backlog)


async def tidy(connection: Connection, *, keep_days: int = 7, keep_failed_days: int = 90) -> None:
    """Delete at most 5,000 finished jobs that are older than this."""
    await connection.execute(statements.TIDY, keep_days, keep_failed_days)
    await connection.execute(statements.TIDY_WORKERS)


def _status(row: asyncpg.Record) -> Status:
    return msgspec.convert(dict(row), Status)


def _text(payload: object) -> str:
    return msgspec.json.encode(payload).decode()


def _rank(priority: int) -> int:
    if not -1000 <= priority <= 1000:
        raise ValueError("a priority is from -1000 to 1000")
    return -priority


def _seconds(delay: timedelta | None) -> float:
    return max(delay.total_seconds(), 0.0) if delay else 0.0
