"""Cron schedules: each tick enqueues one job, however many workers run."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from cronsim import CronSim, CronSimError

from tenfold.db.database import Connection
from tenfold.jobs import queue, statements
from tenfold.kernel.ids import NIL


@dataclass(frozen=True, slots=True)
class Schedule:
    """A job that is enqueued at the times of a cron line, as the installation's own tenant.

    While the job of an earlier tick is unfinished, a tick adds no second one; ticks missed while
    no worker ran are made up for by one.
    """

    name: str
    cron: str
    job: str
    payload: object = None
    zone: str = "UTC"

    def mistakes(self) -> Iterable[str]:
        """What is wrong with the cron line or the time zone."""
        try:
            next(CronSim(self.cron, datetime.now(ZoneInfo(self.zone))))
        except (CronSimError, StopIteration):
            yield f"schedule {self.name!r}: {self.cron!r} is not a cron line"
        except (ZoneInfoNotFoundError, ValueError):
            yield f"schedule {self.name!r}: there is no time zone {self.zone!r}"

    def next_after(self, moment: datetime) -> datetime:
        """The first time of the cron line after the moment, in UTC."""
        return next(CronSim(self.cron, moment.astimezone(ZoneInfo(self.zone)))).astimezone(UTC)


async def declare(connection: Connection, schedules: Sequence[Schedule]) -> None:
    """Make the schedules known; one whose cron line or zone changed starts anew from now."""
    now = await connection.fetchval(statements.NOW)
    for schedule in schedules:
        await connection.execute(
            statements.DECLARE,
            schedule.name,
            schedule.cron,
            schedule.zone,
            schedule.next_after(now),
        )


async def fire(connection: Connection, schedules: Sequence[Schedule]) -> int:
    """Enqueue the jobs whose time has come; must run in a transaction. Answers how many ticks."""
    mine = {schedule.name: schedule for schedule in schedules}
    due = await connection.fetch(
        statements.DUE, list(mine), [s.cron for s in schedules], [s.zone for s in schedules]
    )
    for row in due:
        schedule = mine[row["name"]]
        await connection.execute(statements.FIRED, schedule.name, schedule.next_after(row["now"]))
        await queue.enqueue(
            connection, schedule.job, schedule.payload, tenant=NIL, key=f"schedule {schedule.name}"
        )
    return len(due)
