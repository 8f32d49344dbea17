"""One transaction's work on runs of one automation, and what its steps read and note."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from tenfold.automation.plan import Plan, places
from tenfold.automation.runs import Run
from tenfold.db.database import Transaction
from tenfold.engine.access import Person
from tenfold.engine.ask import Embed
from tenfold.engine.definition import Definition
from tenfold.engine.tenants import Tenant
from tenfold.engine.told import Teller
from tenfold.engine.wording import Wording
from tenfold.kernel.errors import TenfoldError

_GONE = "stopped: the record is not there any more"


@dataclass(frozen=True, slots=True)
class Act:
    """One transaction's work on runs of one automation."""

    tx: Transaction
    plan: Plan
    person: Person
    tenant: Tenant
    automation: UUID
    now: datetime

    @property
    def definition(self) -> Definition:
        """The type of the records that it is about."""
        assert self.plan.definition is not None
        return self.plan.definition


@dataclass(frozen=True, slots=True)
class Reads:
    """Reads what the texts of steps name."""

    teller: Teller

    async def read(
        self,
        act: Act,
        some: list[Run],
        wordings: Iterable[Wording],
        *,
        record: bool = False,
        more: Sequence[Embed] = (),
    ) -> list[Run]:
        """Read it for some runs, which are answered; a run whose record is gone is stopped."""
        texts = [*wordings]
        common = self.teller.common(act.tenant, act.person, act.now)
        for run in some:
            run.values = {**common, "payload": run.payload}
        if act.plan.definition is None or not (texts or record):
            return some
        definition = act.plan.definition
        embeds = places(act.plan.automation, definition, self.teller.query.registry).embeds(texts)
        ids = list({run.record for run in some if run.record})
        told = await self.teller.records(
            act.tx, act.person, definition, ids, texts, (*embeds, *more)
        )
        for run in some:
            one = told.get(run.record) if run.record else None
            if one is None:
                run.end("stopped", _GONE)
                continue
            run.found = one.record
            run.values |= one.values
        return [run for run in some if run.live]


def fail(run: Run, number: int, text: str) -> None:
    """The run fails at a step, and why."""
    run.end("failed", f"step {number + 1}: {text}"[:1_000])


def reason_of(error: Exception) -> str:
    """An error as people read it: fields with what is wrong with them."""
    if isinstance(error, TenfoldError):
        told = "; ".join(f"{name} {text}" for name, text in error.fields.items())
        return told or error.message
    return f"something went wrong here ({type(error).__name__})"
