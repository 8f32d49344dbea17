"""What the clock sets off: times relative to a date of a record, and schedules.

It is looked for every minute; what came while no worker ran is made up for by the next look.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec
import structlog

from tenfold.automation import runs
from tenfold.automation.plan import Plan, next_time
from tenfold.automation.plans import Plans
from tenfold.automation.runs import Event
from tenfold.automation.spec import Reached, Scheduled
from tenfold.db.database import Database, Transaction
from tenfold.engine.access import Person
from tenfold.engine.ask import Ask
from tenfold.engine.filtering import Filter, Group
from tenfold.engine.query import Query
from tenfold.engine.types import Date
from tenfold.jobs import Handler, Job, Schedule, job
from tenfold.kernel import clock, spans
from tenfold.kernel.context import Context
from tenfold.kernel.errors import TenfoldError

LOOK_JOB = "automation.look"
EVENTS = ("time", "schedule")
PAGE = 1_000
_log = structlog.get_logger()

_AUTOMATED = "SELECT tenfold.automated($1, NULL)"
_DUE = """SELECT id, version, looked_at FROM tenfold.automations
WHERE tenant_id = $1 AND enabled AND deleted_at IS NULL AND event = ANY ($2)
ORDER BY id FOR UPDATE SKIP LOCKED"""
_LOOKED = "UPDATE tenfold.automations SET looked_at = $3 WHERE tenant_id = $1 AND id = $2"


class Look(msgspec.Struct, frozen=True):
    """The payload of a look: nothing."""


@dataclass(frozen=True, slots=True)
class Window:
    """The time that was not looked at yet: after `since`, up to `now`."""

    since: datetime
    now: datetime

    def holds(self, moment: datetime) -> bool:
        """Whether a moment lies in it."""
        return self.since < moment <= self.now


class Timer:
    """Looks for what the clock sets off."""

    def __init__(self, database: Database, query: Query, plans: Plans) -> None:
        self._database, self._query, self._plans = database, query, plans
        self.clock = clock.now

    def handlers(self) -> list[Handler[Any]]:
        """The job that looks."""

        @job(LOOK_JOB, Look)
        async def look(_work: Job[Look]) -> None:
            await self.look()

        return [look]

    @staticmethod
    def schedules() -> list[Schedule]:
        """When it looks: every minute."""
        return [Schedule("automations", "* * * * *", LOOK_JOB, Look())]

    async def look(self) -> int:
        """Begin what is due in all organisations; answers how many runs there are more."""
        begun = 0
        async with self._database.system() as reader:
            tenants: list[UUID] = await reader.value(_AUTOMATED, list(EVENTS))
        for tenant in tenants:
            async with self._database.transaction(Context(tenant, None)) as tx:
                for row in await tx.rows(_DUE, tenant, list(EVENTS)):
                    now = self.clock()
                    window = Window(row["looked_at"] or now, now)
                    begun += await self._due(tx, row["id"], row["version"], window)
                    await tx.execute(_LOOKED, tenant, row["id"], now)
        return begun

    async def _due(self, tx: Transaction, automation: UUID, version: int, window: Window) -> int:
        tenant = await self._plans.tenants.of(tx, tx.context.tenant)
        try:
            plan, person = await self._plans.plan(tx, tenant, automation, version)
        except TenfoldError as error:  # its page says so
            _log.warning("an automation can't run", automation=str(automation), error=str(error))
            return 0
        begun = 0
        async for events in due(tx, self._query, person, plan, window):
            begun += len(await runs.begin(tx, automation, version, events))
        return begun


async def due(
    tx: Transaction, query: Query, person: Person, plan: Plan, window: Window
) -> AsyncIterator[list[Event]]:
    """What of a window sets an automation off, a page at a time."""
    when = plan.automation.when
    if isinstance(when, Scheduled):
        moment = _last(when, person.zone, window)
        if moment is None:
            return
        if plan.definition is None:
            yield [Event(f"schedule {moment.isoformat()}", moment)]
            return
        ask, key = Ask(where=plan.where), f"schedule {moment.isoformat()}"
    elif isinstance(when, Reached):
        reached = _reached(plan, person.zone, window)
        if reached is None:
            return
        parts = (reached,) if plan.where is None else (reached, plan.where)
        ask, key = Ask(where=Group(any=False, parts=parts)), f"time {window.now.isoformat()}"
        moment = window.now
    else:
        return
    assert plan.definition is not None
    after = UUID(int=0)
    while found := await query.ids(tx, person, plan.definition, ask, after=after, most=PAGE):
        yield [Event(f"{key} {one}", moment, one) for one in found]
        after = found[-1]


def _last(when: Scheduled, zone: str, window: Window) -> datetime | None:
    """The last time of a schedule in a window; those before it are made up for by it."""
    found, moment = None, next_time(when, zone, window.since)
    while moment <= window.now:
        found, moment = moment, next_time(when, zone, moment)
    return found


def _reached(plan: Plan, zone: str, window: Window) -> Filter | Group | None:
    """The condition under which a record's moment lies in a window; None where none can."""
    field, offset, at = plan.field, plan.offset, plan.at
    assert field is not None
    if at is None:
        return Group(
            any=False,
            parts=(
                Filter(field, "gt", window.since - offset.delta),
                Filter(field, "lte", window.now - offset.delta),
            ),
        )
    days = [*_days(plan, zone, window)]
    if not days:
        return None
    if isinstance(field.type, Date):
        return Filter(field, "in", days)
    whole = [(spans.local(d, _MIDNIGHT, zone), d + timedelta(days=1)) for d in days]
    parts = [
        Group(
            any=False,
            parts=(
                Filter(field, "gte", start),
                Filter(field, "lt", spans.local(end, _MIDNIGHT, zone)),
            ),
        )
        for start, end in whole
    ]
    return Group(any=True, parts=tuple(parts))


_MIDNIGHT = datetime.min.time()


def _days(plan: Plan, zone: str, window: Window) -> Iterator[date]:
    """The days whose time of day, moved by the offset, lies in a window."""
    assert plan.at is not None
    day = (window.since - plan.offset.delta).date() - timedelta(days=2)
    end = (window.now - plan.offset.delta).date() + timedelta(days=2)
    while day <= end:
        if window.holds(spans.on_day(day, plan.offset, plan.at, zone)):
            yield day
        day += timedelta(days=1)
