"""The runs of automations as people read them: why each began, what it did, how it ended."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg
import msgspec

from tenfold.automation import runs
from tenfold.automation.plans import Plans
from tenfold.automation.runs import Event, Mark
from tenfold.db.database import Reader, Transaction
from tenfold.engine.query import Query
from tenfold.kernel.errors import Conflict, Invalid, MissingFields, NotFound
from tenfold.kernel.ids import new_id

_LAST = UUID(int=(1 << 128) - 1)
_COLUMNS = """r.id, r.automation_id, r.version, r.record_id, r.state, r.step, r.at, r.due_at,
    r.reason, r.trail, r.key, r.created_at, r.finished_at, a.spec ->> 'name' AS name, a.type"""
_FROM = f"""SELECT {_COLUMNS} FROM tenfold.automation_runs r
JOIN tenfold.automations a ON a.tenant_id = r.tenant_id AND a.id = r.automation_id
WHERE r.tenant_id = $1"""  # noqa: S608
_OF = f"""{_FROM} AND r.automation_id = $2 AND r.id < $3 AND ($4 = '' OR r.state = $4)
ORDER BY r.id DESC LIMIT $5"""
_ONE = f"{_FROM} AND r.id = $2"
_AGAIN = """UPDATE tenfold.automation_runs SET state = 'ready', reason = NULL, finished_at = NULL,
    due_at = now(), step = greatest(step - 1, 0)
WHERE tenant_id = $1 AND id = $2 AND state = 'failed' RETURNING automation_id, version"""
_STARTED = """SELECT version, enabled, now() AS now FROM tenfold.automations
WHERE tenant_id = $1 AND id = $2 AND deleted_at IS NULL"""
STATES = ("ready", "waiting", "done", "failed", "stopped")


class RunView(msgspec.Struct, frozen=True, kw_only=True):
    """One run of an automation."""

    id: UUID
    automation_id: UUID
    automation: str
    version: int
    type: str
    record_id: UUID | None
    state: str
    reason: str | None
    """Why it failed or stopped."""
    cause: str
    """What set it off: `change 1234`, `time …`, `run …`."""
    at: datetime
    """When that happened."""
    due_at: datetime | None
    """When it goes on, where it waits."""
    trail: list[Mark]
    created_at: datetime
    finished_at: datetime | None


async def of_automation(
    reader: Reader, tenant: UUID, automation: UUID, state: str, before: UUID | None, most: int
) -> list[RunView]:
    """The runs of an automation, newest first, one more than a page has."""
    rows = await reader.rows(_OF, tenant, automation, before or _LAST, state, most + 1)
    return [_view(row) for row in rows]


async def one(reader: Reader, tenant: UUID, identity: UUID) -> RunView:
    """One run; raises NotFound."""
    row = await reader.row(_ONE, tenant, identity)
    if row is None:
        raise NotFound(f"There is no run with the id {identity}.")
    return _view(row)


class NewRun(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """For which record an automation is to be started; none for one without a type."""

    record_id: UUID | None = None


async def start(
    tx: Transaction, plans: Plans, query: Query, automation: UUID, wanted: NewRun
) -> RunView:
    """Start an automation for a record, whatever else sets it off."""
    row = await tx.row(_STARTED, tx.context.tenant, automation)
    if row is None:
        raise NotFound(f"There is no automation with the id {automation}.")
    if not row["enabled"]:
        raise Conflict("The automation is switched off; switch it on first.")
    tenant = await plans.tenants.of(tx, tx.context.tenant)
    plan, person = await plans.plan(tx, tenant, automation, row["version"])
    if plan.definition is None and wanted.record_id is not None:
        raise Invalid({"record_id": "is not taken: the automation is about no record type"})
    if plan.definition is not None:
        if wanted.record_id is None:
            raise MissingFields({"record_id": "is required"})
        await query.one(tx, person, plan.definition, wanted.record_id, fields=("id",))
    event = Event(f"person {new_id()}", row["now"], wanted.record_id)
    (begun,) = await runs.begin(tx, automation, row["version"], [event])
    return await one(tx, tx.context.tenant, begun)


async def again(tx: Transaction, identity: UUID) -> RunView:
    """Have a failed run go on with the step that failed."""
    tenant = tx.context.tenant
    row = await tx.row(_AGAIN, tenant, identity)
    if row is None:
        found = await one(tx, tenant, identity)
        raise Conflict(f"Only a run that failed can be tried again; this one is {found.state}.")
    await runs.go_on(tx, row["automation_id"], row["version"], [identity])
    return await one(tx, tenant, identity)


def _view(row: asyncpg.Record) -> RunView:
    known: dict[str, Any] = dict(row.items())
    return RunView(
        id=known["id"],
        automation_id=known["automation_id"],
        automation=known["name"],
        version=known["version"],
        type=known["type"],
        record_id=known["record_id"],
        state=known["state"],
        reason=known["reason"],
        cause=known["key"],
        at=known["at"],
        due_at=known["due_at"] if known["state"] == "waiting" else None,
        trail=msgspec.json.decode(known["trail"], type=list[Mark]),
        created_at=known["created_at"],
        finished_at=known["finished_at"],
    )
