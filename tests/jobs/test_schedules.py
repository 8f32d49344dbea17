"""Schedules: each tick enqueues one job, however many workers run."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

import pytest
from tests.jobs.tools import SYSTEM, Work, until, working

from tenfold import jobs
from tenfold.db.database import Database

pytestmark = pytest.mark.anyio

DAILY = jobs.Schedule("daily", "0 3 * * *", "sweep", Work("swept"))


async def test_tick_fires_once_with_two_workers(database: Database) -> None:
    runs: list[str] = []

    @jobs.job("sweep", Work)
    async def sweep(job: jobs.Job[Work]) -> None:
        runs.append(job.payload.note)

    async def declared() -> object:
        async with database.transaction(SYSTEM) as tx:
            return await tx.value("SELECT count(*) FROM jobs.schedule")

    async with (
        working(database, sweep, schedules=(DAILY,)),
        working(database, sweep, schedules=(DAILY,)),
    ):
        await until(declared)
        for tick in (1, 2):
            async with database.transaction(SYSTEM) as tx:
                await tx.execute("UPDATE jobs.schedule SET next_at = now() - interval '3 days'")
            await asyncio.sleep(0.6)
            assert runs == ["swept"] * tick
    async with database.transaction(SYSTEM) as tx:
        assert await tx.value("SELECT next_at > now() FROM jobs.schedule")


@pytest.mark.parametrize(
    ("zone", "after", "expected"),
    [
        ("UTC", datetime(2026, 3, 28, 12, tzinfo=UTC), datetime(2026, 3, 29, 3, tzinfo=UTC)),
        # Berlin: 03:00 is 02:00 UTC in winter and 01:00 UTC from 29 March on.
        (
            "Europe/Berlin",
            datetime(2026, 3, 27, 12, tzinfo=UTC),
            datetime(2026, 3, 28, 2, tzinfo=UTC),
        ),
        (
            "Europe/Berlin",
            datetime(2026, 3, 28, 12, tzinfo=UTC),
            datetime(2026, 3, 29, 1, tzinfo=UTC),
        ),
    ],
)
def test_cron_line_is_read_in_its_time_zone(zone: str, after: datetime, expected: datetime) -> None:
    assert jobs.Schedule("s", "0 3 * * *", "sweep", zone=zone).next_after(after) == expected
