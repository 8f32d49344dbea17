"""A consumer of the change log: finds what sets automations off, and begins their runs.

It may be given the same changes again, after a crash: a change begins a run only once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import structlog

from tenfold.automation import runs
from tenfold.automation.plan import Plan
from tenfold.automation.plans import Plans
from tenfold.automation.runs import Event
from tenfold.automation.spec import Changed, Created, Met, Moved
from tenfold.db.database import Database, Transaction
from tenfold.engine import batches
from tenfold.engine.access import Person
from tenfold.engine.ask import Ask
from tenfold.engine.definition import Definition, Field
from tenfold.engine.dispatch import Change
from tenfold.engine.query import Query
from tenfold.kernel.context import Context
from tenfold.kernel.errors import TenfoldError

CONSUMER = "automations"
EVENTS = ("created", "changed", "moved", "met")
"""What comes of a change of a record."""
_QUIET = frozenset({batches.UNDO, batches.SAMPLE})
"""What is taken back, and what is there to try things with, sets nothing off."""
_log = structlog.get_logger()

_AUTOMATED = "SELECT tenfold.automated($1, $2)"
_ENABLED = """SELECT id, version, enabled_at FROM tenfold.automations
WHERE tenant_id = $1 AND enabled AND deleted_at IS NULL AND event = ANY ($2) ORDER BY id"""
_BATCHES = "SELECT id, kind FROM tenfold.batches WHERE tenant_id = $1 AND id = ANY ($2)"
_MEET = """INSERT INTO tenfold.automation_met (tenant_id, automation_id, record_id)
SELECT $1, $2, unnest($3::uuid[]) ON CONFLICT DO NOTHING RETURNING record_id"""
_PART = """DELETE FROM tenfold.automation_met
WHERE tenant_id = $1 AND automation_id = $2 AND record_id = ANY ($3)"""


class Watcher:
    """Begins the runs of what changes set off."""

    def __init__(self, database: Database, query: Query, plans: Plans) -> None:
        self._database, self._query, self._plans = database, query, plans

    async def __call__(self, changes: Sequence[Change]) -> None:
        """Take what changed, of all organisations."""
        tenants = sorted({change.tenant for change in changes})
        async with self._database.system() as reader:
            automated: list[UUID] = await reader.value(_AUTOMATED, list(EVENTS), tenants)
        for tenant in automated:
            async with self._database.transaction(Context(tenant, None)) as tx:
                await self._watch(tx, [one for one in changes if one.tenant == tenant])

    async def _watch(self, tx: Transaction, changes: Sequence[Change]) -> None:
        tenant = tx.context.tenant
        wanted = {one.batch for one in changes if one.batch is not None}
        kinds = {row[0]: row[1] for row in await tx.rows(_BATCHES, tenant, list(wanted))}
        organisation = await self._plans.tenants.of(tx, tenant)
        for row in await tx.rows(_ENABLED, tenant, list(EVENTS)):
            try:
                what = (organisation, row["id"], row["version"])
                plan, person = await self._plans.plan(tx, *what)
            except TenfoldError as error:  # a field that it names was taken away: its page says so
                _log.warning("an automation can't run", automation=str(row["id"]), error=str(error))
                continue
            found = [*matching(plan, changes, kinds, row["enabled_at"])]
            if found:
                events = await self._events(tx, plan, person, row["id"], found, kinds)
                await runs.begin(tx, row["id"], row["version"], events)

    async def _events(
        self,
        tx: Transaction,
        plan: Plan,
        person: Person,
        automation: UUID,
        found: Sequence[Change],
        kinds: Mapping[UUID, str],
    ) -> list[Event]:
        """Those of the changes for whose record the conditions hold, as events."""
        among = {one.record for one in found}
        held = await meeting(tx, self._query, person, plan, among)
        if isinstance(plan.automation.when, Met):
            what = (tx.context.tenant, automation)
            await tx.execute(_PART, *what, list(among - held))
            held = {row[0] for row in await tx.rows(_MEET, *what, sorted(held))}
            found = list({one.record: one for one in found}.values())
        return [event_of(one, kinds) for one in found if one.record in held]


def matching(
    plan: Plan, changes: Sequence[Change], kinds: Mapping[UUID, str], since: datetime | None
) -> Iterator[Change]:
    """The changes of which an automation is about, apart from its conditions."""
    definition = plan.definition
    if definition is None:
        return
    wanted = _test(plan, definition)
    for one in changes:
        if one.type != definition.logged or (since is not None and one.at < since):
            continue
        kind = kinds.get(one.batch, "") if one.batch else ""
        if kind in _QUIET or (kind == batches.IMPORT and not plan.automation.on_import):
            continue
        if wanted(one):
            yield one


def event_of(change: Change, kinds: Mapping[UUID, str]) -> Event:
    """A change as what sets an automation off."""
    silent = kinds.get(change.batch, "") == batches.IMPORT if change.batch else False
    return Event(f"change {change.seq}", change.at, change.record, change.depth + 1, silent)


async def meeting(
    tx: Transaction, query: Query, person: Person, plan: Plan, among: set[UUID]
) -> set[UUID]:
    """Those of some records that there are, and for which the conditions hold now."""
    assert plan.definition is not None
    if plan.where is None and not plan.definition.tenant_made:
        return among  # whether it still is there is looked at as the run begins
    ask = Ask(where=plan.where, among=tuple(sorted(among)))
    return {*await query.ids(tx, person, plan.definition, ask, most=len(among))}


def _test(plan: Plan, definition: Definition) -> Callable[[Change], bool]:
    """What tells of a change whether it is of the kind that sets an automation off."""
    match plan.automation.when:
        case Created():
            return lambda one: one.operation == "insert"
        case Changed(fields=names):
            fields = [_field(definition, name) for name in names]
            return lambda one: _updated(one) and (not fields or any(_in(f, one) for f in fields))
        case Moved(to=to, left=left):
            return lambda one: _updated(one) and _moved(one, to, left)
        case _:
            return lambda one: one.operation == "insert" or _updated(one)


@dataclass(frozen=True, slots=True)
class _Named:
    columns: tuple[str, ...]
    custom: str = ""


def _field(definition: Definition, name: str) -> _Named:
    if name.startswith("custom."):
        return _Named((), name.removeprefix("custom."))
    one: Field = definition.by_json.get(name) or definition.fields[name]
    return _Named(one.column_names)


def _updated(one: Change) -> bool:
    """Whether a record changed that was there before and still is."""
    return one.operation == "update" and "deleted_at" not in (one.new or {})


def _in(field: _Named, one: Change) -> bool:
    new, old = one.new or {}, one.old or {}
    if field.custom:
        return _custom(new).get(field.custom) != _custom(old).get(field.custom)
    return any(column in new or column in old for column in field.columns)


def _custom(values: Mapping[str, object]) -> Mapping[str, object]:
    found = values.get("custom")
    return found if isinstance(found, Mapping) else {}  # pyright: ignore[reportUnknownVariableType]


def _moved(one: Change, to: Sequence[str], left: Sequence[str]) -> bool:
    new, old = (one.new or {}).get("status"), (one.old or {}).get("status")
    return new is not None and new != old and (not to or new in to) and (not left or old in left)
