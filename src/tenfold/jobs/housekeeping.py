"""What an installation does for itself on a schedule: partitions ahead, old answers forgotten."""

from __future__ import annotations

from typing import Any

from tenfold.db.database import Database
from tenfold.jobs import statements
from tenfold.jobs.registry import Handler, Job, job
from tenfold.jobs.schedules import Schedule

MONTHS_AHEAD = 3
_PARTITIONS = "SELECT tenfold.make_partitions($1)"
_FORGET = "SELECT tenfold.forget()"
_BATCHES = 200
_STOPS_BELOW = 5_000


class Housekeeping:
    """The jobs that keep the database tidy, and when they run."""

    def __init__(self, database: Database) -> None:
        self.database = database

    def handlers(self) -> list[Handler[Any]]:
        """The declared jobs."""

        @job("housekeeping.partitions", dict[str, str], attempts=5)
        async def partitions(_job: Job[dict[str, str]]) -> None:
            async with self.database.system() as reader:
                await reader.value(_PARTITIONS, MONTHS_AHEAD)

        @job("housekeeping.forget", dict[str, str], attempts=3)
        async def forget(_job: Job[dict[str, str]]) -> None:
            for _ in range(_BATCHES):
                async with self.database.system() as reader:
                    gone: int = await reader.value(_FORGET)
                    await reader.connection.execute(statements.TIDY, 7, 90)
                if gone < _STOPS_BELOW:
                    return

        return [partitions, forget]

    def schedules(self) -> list[Schedule]:
        """When they run, in UTC."""
        return [
            Schedule("partitions", "17 3 * * *", "housekeeping.partitions", {}),
            Schedule("forget", "*/30 * * * *", "housekeeping.forget", {}),
        ]
