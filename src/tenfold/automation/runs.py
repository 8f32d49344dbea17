"""Runs of automations as they are stored: begun once for each event, taken up, written down."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

import msgspec

from tenfold.db.database import Transaction
from tenfold.jobs import enqueue_many
from tenfold.kernel.ids import new_ids

RUN_JOB = "automation.run"
AT_ONCE = 200
"""How many runs of one automation a job takes together."""
DEEPEST = 5
"""After so many automations that set each other off, the next is stopped."""
LOOP = "stopped: automations set each other off, more than five in a row"

State = Literal["ready", "waiting", "done", "failed", "stopped"]

_BEGIN = """INSERT INTO tenfold.automation_runs (tenant_id, id, automation_id, version, key,
    record_id, depth, at, silent, payload, state, reason, finished_at)
SELECT $1, r.id, $2, $3, r.key, r.record_id, r.depth, r.at, r.silent, r.payload,
    CASE WHEN r.depth > $11 THEN 'stopped' ELSE 'ready' END,
    CASE WHEN r.depth > $11 THEN $12 END, CASE WHEN r.depth > $11 THEN now() END
FROM unnest($4::uuid[], $5::text[], $6::uuid[], $7::smallint[], $8::timestamptz[], $9::boolean[],
    $10::jsonb[]) AS r (id, key, record_id, depth, at, silent, payload)
ON CONFLICT (tenant_id, automation_id, key) DO NOTHING RETURNING id, state"""
_TAKE = """SELECT id, record_id, step, depth, at, due_at, silent, trail, payload
FROM tenfold.automation_runs
WHERE tenant_id = $1 AND id = ANY ($2) AND state IN ('ready', 'waiting') ORDER BY id FOR UPDATE"""
_SAVE = """UPDATE tenfold.automation_runs r SET state = s.state, step = s.step, due_at = s.due_at,
    reason = s.reason, trail = s.trail,
    finished_at = CASE WHEN s.state IN ('done', 'failed', 'stopped') THEN now() END
FROM unnest($2::uuid[], $3::text[], $4::smallint[], $5::timestamptz[], $6::text[], $7::jsonb[])
    AS s (id, state, step, due_at, reason, trail)
WHERE r.tenant_id = $1 AND r.id = s.id"""


@dataclass(frozen=True, slots=True)
class Event:
    """What sets an automation off, for one record or none; `key` is the same for the same event."""

    key: str
    at: datetime
    record: UUID | None = None
    depth: int = 1
    silent: bool = False
    payload: object = None


class Mark(msgspec.Struct, frozen=True, kw_only=True):
    """What became of one step of a run: `did` in a word, and what there is to say about it."""

    step: int
    did: str
    at: datetime
    text: str = ""
    record: UUID | None = None
    """What was made, if anything was."""
    type: str = ""


@dataclass(slots=True)
class Run:
    """One run, as far as it is."""

    id: UUID
    record: UUID | None
    step: int
    depth: int
    at: datetime
    due_at: datetime
    silent: bool
    trail: list[Mark]
    payload: Any = None
    state: State = "ready"
    reason: str | None = None
    found: Mapping[str, Any] | None = None
    """The record, as it was read last."""
    values: dict[str, Any] = field(default_factory=dict[str, Any])
    """What the texts of the step may name."""

    @property
    def live(self) -> bool:
        """Whether it goes on at once."""
        return self.state == "ready"

    def end(self, state: State, reason: str | None = None) -> None:
        """It goes no further, and why."""
        self.state, self.reason = state, reason


class Going(msgspec.Struct, frozen=True):
    """The payload of a job: runs of one version of an automation."""

    automation: UUID
    version: int
    runs: list[UUID]


async def begin(
    tx: Transaction, automation: UUID, version: int, events: Sequence[Event]
) -> list[UUID]:
    """Begin a run for each event that has none yet, with the jobs that carry them out."""
    if not events:
        return []
    rows = await tx.rows(
        _BEGIN,
        tx.context.tenant,
        automation,
        version,
        new_ids(len(events)),
        [one.key for one in events],
        [one.record for one in events],
        [one.depth for one in events],
        [one.at for one in events],
        [one.silent for one in events],
        [None if one.payload is None else encoded(one.payload) for one in events],
        DEEPEST,
        LOOP,
    )
    begun: list[UUID] = [row["id"] for row in rows]
    await go_on(tx, automation, version, [r["id"] for r in rows if r["state"] == "ready"])
    return begun


async def go_on(tx: Transaction, automation: UUID, version: int, runs: Sequence[UUID]) -> None:
    """Have jobs carry these runs on."""
    starts = range(0, len(runs), AT_ONCE)
    parts = [Going(automation, version, [*runs[n : n + AT_ONCE]]) for n in starts]
    if parts:
        await enqueue_many(tx.connection, RUN_JOB, parts, tenant=tx.context.tenant)


async def take(tx: Transaction, ids: Sequence[UUID]) -> list[Run]:
    """The runs of these that are not finished, held until the transaction ends."""
    return [
        Run(
            row["id"],
            row["record_id"],
            row["step"],
            row["depth"],
            row["at"],
            row["due_at"],
            row["silent"],
            msgspec.json.decode(row["trail"], type=list[Mark]),
            None if row["payload"] is None else msgspec.json.decode(row["payload"]),
        )
        for row in await tx.rows(_TAKE, tx.context.tenant, list(ids))
    ]


async def save(tx: Transaction, runs: Sequence[Run]) -> None:
    """Write down how far these runs are."""
    await tx.execute(
        _SAVE,
        tx.context.tenant,
        [run.id for run in runs],
        [run.state for run in runs],
        [run.step for run in runs],
        [run.due_at for run in runs],
        [run.reason for run in runs],
        [encoded(run.trail) for run in runs],
    )


def encoded(value: object) -> str:
    """A value as JSON text."""
    return msgspec.json.encode(value).decode()


__all__ = ["AT_ONCE", "RUN_JOB", "Event", "Going", "Mark", "Run", "begin", "save", "take"]
