"""Carries runs of automations out: many of one automation together, each of them exactly once.

All that a run does up to where it waits is committed with how far it is, or not at all.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

import asyncpg
import msgspec

from tenfold.automation import runs
from tenfold.automation.act import Act, Reads, fail, reason_of
from tenfold.automation.plan import Filled, Planned, body
from tenfold.automation.plans import Plans
from tenfold.automation.runs import RUN_JOB, Event, Going, Mark, Run
from tenfold.automation.saying import Speaker
from tenfold.automation.spec import Call, Send
from tenfold.automation.spec import kind as kind_of
from tenfold.db.database import Transaction
from tenfold.engine import batches
from tenfold.engine.ask import Ask
from tenfold.engine.definition import Definition, Field
from tenfold.engine.filtering import Group
from tenfold.engine.halving import savepoint
from tenfold.engine.query import Query
from tenfold.engine.records import Records
from tenfold.engine.told import Teller
from tenfold.engine.types import AnyRef, Date
from tenfold.engine.wording import Wording
from tenfold.engine.written import Change, Refusal
from tenfold.jobs import Handler, Job, enqueue, job
from tenfold.kernel import spans
from tenfold.kernel.errors import TenfoldError
from tenfold.kernel.ids import new_id
from tenfold.messages.posting import Poster
from tenfold.webhooks import messages
from tenfold.webhooks.messages import Message

KIND = "automation"
"""What a batch of an automation's changes is."""
_WEBHOOK = """SELECT enabled AND deleted_at IS NULL FROM tenfold.webhooks
WHERE tenant_id = $1 AND id = $2"""
_ON = """SELECT enabled AND deleted_at IS NULL FROM tenfold.automations
WHERE tenant_id = $1 AND id = $2"""
_OTHER = """SELECT version, enabled AND deleted_at IS NULL AS enabled FROM tenfold.automations
WHERE tenant_id = $1 AND id = $2"""
_OFF = "stopped: the automation was switched off"
_NUMBERS = frozenset({"integer", "boolean", "json", "choices", "tags"})


class Runner:
    """Carries runs out."""

    def __init__(
        self, records: Records, query: Query, plans: Plans, poster: Poster, address: str
    ) -> None:
        self._records, self._query, self._plans = records, query, plans
        self._reads = Reads(Teller(query, address))
        speaker = Speaker(self._reads, poster)
        self._takes: dict[str, Callable[[Act, int, Planned, list[Run]], Awaitable[None]]] = {
            "set": self._set,
            "create": self._create,
            "wait": self._wait,
            "call": self._call,
            "webhook": self._send,
            "email": speaker.write,
            "sms": speaker.write,
            "notify": speaker.notify,
        }

    def handlers(self) -> list[Handler[Any]]:
        """The job that carries runs out."""

        @job(RUN_JOB, Going, attempts=5)
        async def carry_out(work: Job[Going]) -> None:
            async with work.transaction() as tx:
                # What fails for all of them together is tried with each by itself.
                await self.carry_out(tx, work.payload, alone=work.attempt > 1)

        return [carry_out]

    async def carry_out(self, tx: Transaction, going: Going, *, alone: bool = False) -> list[Run]:
        """Take these runs as far as they go now; answers them as they are then."""
        taken = await runs.take(tx, going.runs)
        now: datetime = await tx.value("SELECT now()")
        due = [run for run in taken if run.due_at <= now]
        for run in due:
            run.state = "ready"
        if due:
            await self._begin(tx, going, due, now, alone=alone)
            await runs.save(tx, due)
        for run in taken:
            if run.state == "waiting":
                await _later(tx, going, run, now)
        return taken

    async def _begin(
        self, tx: Transaction, going: Going, due: list[Run], now: datetime, *, alone: bool
    ) -> None:
        if not await tx.value(_ON, tx.context.tenant, going.automation):
            for run in due:
                run.end("stopped", _OFF)
            return
        tenant = await self._plans.tenants.of(tx, tx.context.tenant)
        try:
            what = (tenant, going.automation, going.version)
            plan, person = await self._plans.plan(tx, *what)
        except TenfoldError as error:
            for run in due:
                run.end("failed", reason_of(error))
            return
        act = Act(tx, plan, person, tenant, going.automation, now)
        for wave in _waves(due, alone=alone):
            if not alone:
                await self.go(act, wave)
                continue
            try:
                async with savepoint(tx):
                    await self.go(act, wave)
            except (TenfoldError, asyncpg.PostgresError, ValueError) as error:
                for run in wave:
                    run.end("failed", reason_of(error))

    async def go(self, act: Act, wave: list[Run]) -> None:
        """Take runs that stand at the same step onward, none of them twice for one record."""
        plan, tx = act.plan, act.tx
        batch = new_id()
        await tx.join_batch(batch, depth=wave[0].depth)
        for number in range(wave[0].step, len(plan.steps)):
            live = [run for run in wave if run.live]
            if not live:
                break
            step = plan.steps[number]
            chosen = await self._meeting(act, live, step.only_if)
            for run in live:
                run.step = number + 1
                if run.id not in chosen:
                    run.trail.append(Mark(step=number, did="left out", at=act.now))
            some = [run for run in live if run.id in chosen]
            if some:
                await self._takes[kind_of(step.step)](act, number, step, some)
        for run in wave:
            if run.live:
                run.end("done")
        if tx.changed:
            about = {"automation": act.automation, "name": plan.automation.name}
            types = sorted({step.definition.name for step in plan.steps if step.definition})
            own = [plan.definition.name] if plan.definition else []
            await batches.begin(tx, batch, KIND, ",".join({*types, *own}), about)

    async def _meeting(
        self, act: Act, live: Sequence[Run], conditions: Group | None
    ) -> frozenset[UUID]:
        """Those runs for whose record conditions hold now."""
        if conditions is None:
            return frozenset(run.id for run in live)
        among = tuple({run.record for run in live if run.record})
        ask = Ask(where=conditions, among=among)
        held = {*await self._query.ids(act.tx, act.person, act.definition, ask, most=len(among))}
        return frozenset(run.id for run in live if run.record in held)

    # -- the steps

    async def _set(self, act: Act, number: int, step: Planned, some: list[Run]) -> None:
        some = await self._reads.read(act, some, step.filled.wordings.values())
        bodies = _bodies(number, act.definition, step.filled, some)
        changes = [Change(run.record, values) for run, values in bodies if run.record]
        same: set[int] = set()
        what = (act.tx, act.person, act.definition, changes, act.person.locale)
        _, refused = await self._records.update(*what, partial=True, same=same)
        _refuse(number, refused, [run for run, _ in bodies])
        for place, (run, _) in enumerate(bodies):
            if run.live:
                did = "was so already" if place in same else "set"
                run.trail.append(Mark(step=number, did=did, at=act.now))

    async def _create(self, act: Act, number: int, step: Planned, some: list[Run]) -> None:
        assert step.definition is not None
        some = await self._reads.read(act, some, step.filled.wordings.values(), record=True)
        made = step.definition
        bodies = _bodies(number, made, step.filled, some)
        for run, values in bodies:
            values.update(_linked(act.plan.definition, step.links, run))
            if "owner_id" not in values and (owner := run.values.get("owner_id")):
                values["owner_id"] = owner
        what = (act.tx, act.person, made, [values for _, values in bodies], act.person.locale)
        written, refused = await self._records.create(*what, partial=True, answer=False)
        _refuse(number, refused, [run for run, _ in bodies])
        for (run, _), one in zip(bodies, written, strict=True):
            if one is not None:
                mark = Mark(step=number, did="created", at=act.now, record=one.id, type=made.name)
                run.trail.append(mark)

    async def _wait(self, act: Act, number: int, step: Planned, some: list[Run]) -> None:
        if step.until is not None:
            some = await self._reads.read(act, some, (), record=True)
        for run in some:
            due = _due(act, step, run)
            if due is None:
                assert step.until is not None
                run.end("stopped", f"stopped: {step.until.json_path} is empty")
            elif due > act.now:
                run.state, run.due_at = "waiting", due
                mark = Mark(step=number, did="waits", at=act.now, text=due.isoformat())
                run.trail.append(mark)

    async def _call(self, act: Act, number: int, step: Planned, some: list[Run]) -> None:
        assert isinstance(step.step, Call)
        other = step.step.automation_id
        row = await act.tx.row(_OTHER, act.tx.context.tenant, other)
        if row is None or not row["enabled"]:
            for run in some:
                fail(run, number, "the automation that it starts is switched off")
            return
        events = [
            Event(f"run {run.id} {number}", act.now, run.record, run.depth + 1, run.silent)
            for run in some
        ]
        await runs.begin(act.tx, other, row["version"], events)
        for run in some:
            run.trail.append(Mark(step=number, did="started", at=act.now))

    async def _send(self, act: Act, number: int, step: Planned, some: list[Run]) -> None:
        assert isinstance(step.step, Send)
        on = await act.tx.value(_WEBHOOK, act.tx.context.tenant, step.step.webhook_id)
        if not on:
            for run in some:
                fail(run, number, "the webhook is switched off")
            return
        some = await self._reads.read(act, some, step.filled.wordings.values(), record=True)
        about = {"automation_id": act.automation, "automation": act.plan.automation.name}
        kind = act.plan.definition.name if act.plan.definition else None
        told: list[Message] = []
        for run, data in _bodies(number, None, step.filled, some):
            whole = {**about, "type": kind, "id": run.record, "record": run.found, "data": data}
            key = f"run {run.id} {number}"
            told.append(
                Message(key, "automation", act.now, whole, [step.step.webhook_id], run.record)
            )
            run.trail.append(Mark(step=number, did="sent", at=act.now))
        await messages.post(act.tx, told)


def _waves(due: Sequence[Run], *, alone: bool) -> Iterator[list[Run]]:
    """Runs that may go together: at the same step and depth, and no record twice."""
    waves: dict[tuple[int, int, int], list[Run]] = {}
    seen: dict[UUID, int] = {}
    for place, run in enumerate(due):
        turn = place
        if not alone:
            turn = seen.get(run.record, 0) if run.record else 0
            if run.record:
                seen[run.record] = turn + 1
        waves.setdefault((turn, run.step, run.depth), []).append(run)
    yield from (waves[key] for key in sorted(waves))


def _bodies(
    number: int, definition: Definition | None, filled: Filled, some: Sequence[Run]
) -> list[tuple[Run, dict[str, Any]]]:
    """For each run the values to write; one whose texts can't be filled in fails."""
    found: list[tuple[Run, dict[str, Any]]] = []
    for run in some:
        values: dict[str, Any] = dict(filled.fast)
        try:
            for name, wording in filled.wordings.items():
                kind = _kind(definition, name)
                values[name] = _valued(kind, wording, run.values)
        except ValueError as error:
            fail(run, number, str(error))
            continue
        found.append((run, body(values)))
    return found


def _kind(definition: Definition | None, name: str) -> str:
    """The kind of a field, by its name or the path of an organisation's own."""
    if definition is None:
        return ""
    own = definition.custom_fields.get(name.removeprefix("custom."))
    field = own if name.startswith("custom.") else definition.by_json.get(name)
    return field.type.kind if field is not None else ""


def _valued(kind: str, wording: Wording, values: Mapping[str, Any]) -> object:
    """A text's value for a field: what is no text there is read as JSON, and nothing is null."""
    value = wording.value(values)
    if not isinstance(value, str) or wording.alone:
        return value
    if not value.strip():
        return None
    if kind in _NUMBERS:
        try:
            return msgspec.json.decode(value.strip())
        except msgspec.DecodeError:
            return value
    return value


def _linked(about: Definition | None, links: Sequence[Field], run: Run) -> dict[str, object]:
    """The relations by which what is made leads back to the run's record."""
    if about is None or run.record is None:
        return {}
    found: dict[str, object] = {}
    for one in links:
        whole = {"type": about.name, "id": str(run.record)}
        found[one.json_name] = whole if isinstance(one.type, AnyRef) else str(run.record)
    return found


def _due(act: Act, step: Planned, run: Run) -> datetime | None:
    """When a run goes on; None where the date that it waits for is empty."""
    zone = act.person.zone
    if step.until is None:
        return spans.moved(act.now, step.span, step.at, zone)
    value: str | None = run.values.get(step.until.json_name)
    if step.until.custom:
        own: dict[str, str] = run.values.get("custom") or {}
        value = own.get(step.until.name)
    if not value:
        return None
    if isinstance(step.until.type, Date):
        assert step.at is not None
        return spans.on_day(date.fromisoformat(value), step.span, step.at, zone)
    return spans.moved(datetime.fromisoformat(value), step.span, step.at, zone)


def _refuse(number: int, refused: Sequence[Refusal], some: Sequence[Run]) -> None:
    for one in refused:
        fail(some[one.index], number, reason_of(one.error))


async def _later(tx: Transaction, going: Going, run: Run, now: datetime) -> None:
    """Have a job go on with a run when its time has come."""
    one = Going(going.automation, going.version, [run.id])
    delay = max(run.due_at - now, timedelta(0))
    await enqueue(tx.connection, RUN_JOB, one, tenant=tx.context.tenant, delay=delay)
