"""All that automations need of an installation, put together once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from tenfold.automation.plans import Plans
from tenfold.automation.running import Runner
from tenfold.automation.timing import Timer
from tenfold.automation.trying import Trials
from tenfold.automation.watching import Watcher
from tenfold.db.database import Database
from tenfold.engine.query import Query
from tenfold.jobs import Handler, Schedule
from tenfold.messages import Messages


@dataclass(frozen=True, slots=True)
class Automations:
    """Plans, and what carries them out; of a server or a worker."""

    query: Query
    plans: Plans
    runner: Runner

    @classmethod
    def of(cls, messages: Messages, address: str) -> Automations:
        """Those of an installation, whose pages are at this address."""
        plans = Plans(messages.tenants)
        what = (messages.records, messages.query, plans, messages.poster, address)
        return cls(messages.query, plans, Runner(*what))

    @property
    def trials(self) -> Trials:
        """What tries automations."""
        return Trials(self.query, self.plans, self.runner)

    def watcher(self, database: Database) -> Watcher:
        """The consumer of the change log."""
        return Watcher(database, self.query, self.plans)

    def handlers(self, database: Database) -> list[Handler[Any]]:
        """The jobs of a worker."""
        timer = Timer(database, self.query, self.plans)
        return [*self.runner.handlers(), *timer.handlers()]

    @staticmethod
    def schedules() -> list[Schedule]:
        """When the clock is looked at."""
        return Timer.schedules()
