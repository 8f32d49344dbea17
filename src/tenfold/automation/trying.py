"""A trial: what an automation would have done with what happened before, and nothing of it stays.

It is carried out like any other, in a transaction that is taken back.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import asyncpg
import msgspec

from tenfold.automation import watching
from tenfold.automation.act import Act
from tenfold.automation.automations import NewAutomation
from tenfold.automation.plan import Plan, next_time, plan
from tenfold.automation.plans import Plans
from tenfold.automation.running import Runner
from tenfold.automation.runs import Event, Mark, Run
from tenfold.automation.spec import Automation, Scheduled
from tenfold.automation.timing import Window, due
from tenfold.db.database import Transaction
from tenfold.engine.access import Person
from tenfold.engine.ask import Ask
from tenfold.engine.dispatch import changes_since
from tenfold.engine.halving import savepoint
from tenfold.engine.query import Query
from tenfold.engine.titles import titles
from tenfold.kernel.errors import Invalid
from tenfold.kernel.ids import new_id
from tenfold.kernel.spans import span

LOOKED, TRIED = 2_000, 25
"""How many changes a trial looks through, and how many runs it carries out."""
MOST_DAYS = 92
_BATCHES = "SELECT id, kind FROM tenfold.batches WHERE tenant_id = $1 AND id = ANY ($2)"


class TrialRun(msgspec.Struct, frozen=True, kw_only=True):
    """What would have become of one record."""

    record_id: UUID | None
    title: str | None
    at: datetime
    state: str
    reason: str | None
    trail: list[Mark]


class Trial(msgspec.Struct, frozen=True, kw_only=True):
    """What an automation would have done since a moment: `found` times, the last of them tried."""

    since: datetime
    looked: int
    """How many changes were looked through; at most the newest 2,000."""
    found: int
    runs: list[TrialRun]
    next_at: list[datetime]
    """When a schedule comes next."""


class Trying(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An automation, given or kept, and what to try it over: a span, or one record as it is now."""

    automation: NewAutomation | None = None
    automation_id: UUID | None = None
    since: str = "7 days"
    record_id: UUID | None = None


class _TakenBack(Exception):
    """Ends a trial."""


class Trials:
    """Tries automations."""

    def __init__(self, query: Query, plans: Plans, runner: Runner) -> None:
        self._query, self._plans, self._runner = query, plans, runner

    async def over(
        self, tx: Transaction, user: UUID, automation: Automation, wanted: Trying
    ) -> Trial:
        """Try an automation; raises Invalid where it can't be carried out."""
        tenant = await self._plans.tenants.of(tx, tx.context.tenant)
        made, person = plan(automation, tenant), tenant.person(user)
        now: datetime = await tx.value("SELECT now()")
        window = Window(now - _span(wanted.since), now)
        looked, events = await self._events(tx, person, made, window, wanted.record_id)
        runs = [_run(event, now) for event in events[:TRIED]]
        act = Act(tx, made, person, tenant, UUID(int=0), now)
        for run in runs:
            await self._try(act, run)
        ids = {run.record for run in runs if run.record}
        names = await self._titles(tx, person, made, ids)
        shown = [
            TrialRun(
                record_id=run.record,
                title=names.get(run.record) if run.record else None,
                at=run.at,
                state=run.state,
                reason=run.reason,
                trail=run.trail,
            )
            for run in runs
        ]
        coming = _coming(made, person.zone, now)
        found = len(events)
        return Trial(since=window.since, looked=looked, found=found, runs=shown, next_at=coming)

    async def _try(self, act: Act, run: Run) -> None:
        """Carry one run out, and take it back."""
        try:
            async with savepoint(act.tx):
                await self._runner.go(act, [run])
                raise _TakenBack
        except _TakenBack:
            return
        except (asyncpg.PostgresError, ValueError) as error:
            run.end("failed", f"something went wrong here ({type(error).__name__})")

    async def _events(
        self, tx: Transaction, person: Person, made: Plan, window: Window, record: UUID | None
    ) -> tuple[int, list[Event]]:
        """How much was looked through, and what of it would have set the automation off."""
        if record is not None and made.definition is not None:
            await self._query.one(tx, person, made.definition, record, fields=("id",))
            return 1, [Event("trial", window.now, record)]
        if made.event in watching.EVENTS:
            return await self._changes(tx, person, made, window)
        if made.definition is None:
            return 0, [Event("trial", window.now)]
        if made.event != "time":
            ask = Ask(where=made.where)
            found = await self._query.ids(tx, person, made.definition, ask, most=LOOKED)
            return len(found), [Event("trial", window.now, one) for one in found]
        events: list[Event] = []
        async for some in due(tx, self._query, person, made, window):
            events += some
            if len(events) >= LOOKED:
                break
        return len(events), events

    async def _changes(
        self, tx: Transaction, person: Person, made: Plan, window: Window
    ) -> tuple[int, list[Event]]:
        assert made.definition is not None
        what = (tx.context.tenant, made.definition.logged, window.since, LOOKED)
        changes = await changes_since(tx, *what)
        batches = list({one.batch for one in changes if one.batch})
        kinds = {row[0]: row[1] for row in await tx.rows(_BATCHES, tx.context.tenant, batches)}
        found = [*watching.matching(made, changes, kinds, None)]
        among = {one.record for one in found}
        held = await watching.meeting(tx, self._query, person, made, among)
        events = [watching.event_of(one, kinds) for one in found if one.record in held]
        return len(changes), events

    async def _titles(
        self, tx: Transaction, person: Person, made: Plan, ids: set[UUID]
    ) -> dict[UUID, str]:
        if made.definition is None or not ids:
            return {}
        return await titles(self._query, tx, person, {made.definition.name: ids})


def _run(event: Event, now: datetime) -> Run:
    return Run(new_id(), event.record, 0, event.depth, event.at, now, event.silent, [])


def _span(text: str) -> timedelta:
    try:
        found = span(text or "7 days").delta
    except ValueError as error:
        raise Invalid({"since": str(error)}) from None
    if not timedelta(0) < found <= timedelta(days=MOST_DAYS):
        raise Invalid({"since": f"must be at most {MOST_DAYS} days"})
    return found


def _coming(made: Plan, zone: str, now: datetime) -> list[datetime]:
    when: Any = made.automation.when
    if not isinstance(when, Scheduled):
        return []
    found = [next_time(when, zone, now)]
    while len(found) < 5:
        found.append(next_time(when, zone, found[-1]))
    return found
