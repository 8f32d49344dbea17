"""Undo of a batch, read from the change log: what was made goes, what was changed comes back.

What somebody edited after the batch is kept and reported. An undo is itself a batch, so that it can
be undone. It restores values as they were: it asks for the right to change each record, but not
whether a stage may move back.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import asyncpg
import msgspec

from tenfold.db.database import Reader, Transaction
from tenfold.engine import checks, undo_secrets
from tenfold.engine.access import Person
from tenfold.engine.custom_types import PREFIX
from tenfold.engine.definition import Definition
from tenfold.engine.records import Records
from tenfold.engine.registry import CUSTOM, Registry
from tenfold.engine.undo_fields import columns_of, goes_back, named
from tenfold.kernel import digits
from tenfold.kernel.errors import TenfoldError
from tenfold.kernel.ids import NIL
from tenfold.kernel.language import mark

PIECE = 1_000
REPORTED = 1_000
"""How many records that were kept an undo names; all of them are counted."""

_TYPES = """SELECT type, count(DISTINCT record_id) FROM tenfold.change_log
WHERE tenant_id = $1 AND batch_id = $2 GROUP BY type ORDER BY min(seq) DESC"""
_RECORDS = """SELECT DISTINCT record_id FROM tenfold.change_log
WHERE tenant_id = $1 AND batch_id = $2 AND type = $3 AND record_id > $4
ORDER BY record_id LIMIT $5"""
_CHANGES = """SELECT seq, record_id, operation, old, new FROM tenfold.change_log
WHERE tenant_id = $1 AND batch_id = $2 AND record_id = ANY ($3) ORDER BY seq"""
# The columns that others changed after a record's first change in the batch. What was changed and
# taken back, by hand or by an undo, is no edit.
_LATER = """WITH edits AS (
    SELECT l.record_id, k.name, (array_agg(l.old -> k.name ORDER BY l.seq))[1] AS was,
        (array_agg(l.new -> k.name ORDER BY l.seq DESC))[1] AS now
    FROM unnest($2::uuid[], $3::bigint[]) AS f (id, seq)
    JOIN tenfold.change_log l ON l.tenant_id = $1 AND l.record_id = f.id AND l.seq > f.seq
    CROSS JOIN LATERAL jsonb_object_keys(coalesce(l.new, l.old)) AS k (name)
    WHERE (l.batch_id IS NULL OR l.batch_id <> ALL ($4)) AND l.operation <> 'reseal'
    GROUP BY l.record_id, k.name
) SELECT record_id, array_agg(name) FROM edits WHERE was IS DISTINCT FROM now GROUP BY record_id"""
# A batch, what undid it, what undid that, and so on: their changes are no edits of others.
_CHAIN = """WITH RECURSIVE chain (id, depth) AS (
    SELECT $2::uuid, 0
    UNION ALL
    SELECT b.id, c.depth + 1 FROM chain c JOIN tenfold.batches b
        ON b.tenant_id = $1 AND b.summary ->> 'undoes' = c.id::text AND c.depth < 100
) SELECT id FROM chain"""


class Kept(msgspec.Struct, frozen=True):
    """A record, or some of its fields, that an undo leaves as it is now, and why."""

    type: str
    id: UUID
    reason: str
    fields: tuple[str, ...] = ()


@dataclass(slots=True)
class Outcome:
    """What an undo did; each record counts once, and as kept where any of it is.

    `gone` counts those that there is nothing to do about: deleted since, or as before already.
    """

    deleted: int = 0
    restored: int = 0
    gone: int = 0
    details: list[Kept] = field(default_factory=list[Kept])
    records: set[UUID] = field(default_factory=set[UUID])
    """Those that are kept, in part or whole."""

    @property
    def kept(self) -> int:
        """How many records are kept."""
        return len(self.records)

    def keep(self, one: Kept) -> None:
        """Report a record that is kept; it may have several reasons."""
        self.records.add(one.id)
        if len(self.details) < REPORTED:
            self.details.append(one)


@dataclass(slots=True)
class _Effect:
    """What the batch did to one record: values before its first and after its last change."""

    first: int
    created: bool
    old: dict[str, Any] = field(default_factory=dict[str, Any])
    new: dict[str, Any] = field(default_factory=dict[str, Any])


@dataclass(frozen=True, slots=True)
class Task:
    """The undo of a batch's changes of one type; `chain` are its batches, see `chain_of`."""

    tx: Transaction
    records: Records
    person: Person
    definition: Definition
    batch: UUID
    chain: Sequence[UUID]

    @property
    def type(self) -> str:
        """The type's name."""
        return self.definition.name


@dataclass(slots=True)
class _Plan:
    """What is to be done to a piece of records of one type."""

    delete: list[UUID] = field(default_factory=list[UUID])
    rows: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])


def shown_to(
    person: Person, registry: Registry, details: Sequence[dict[str, Any]]
) -> list[dict[str, Any]]:
    """What an undo kept, as written down, with the fields that a reader of it may see."""
    return [{**one, "fields": _seen(person, registry, one)} for one in details]


def _seen(person: Person, registry: Registry, kept: Mapping[str, Any]) -> list[str]:
    name: str = kept["type"]
    own = f"{CUSTOM}{name.removeprefix(PREFIX)}"
    definition = registry.by_name.get(name) or registry.named(own)
    access = person.access(definition) if definition else None
    if definition is None or access is None or access.read == "none":
        return []
    fields = definition.by_json
    return [
        n
        for n in kept["fields"]
        if (fields[n].name if n in fields else n.removeprefix("custom.")) not in access.hidden
    ]


async def types_of(reader: Reader, tenant: UUID, batch: UUID) -> list[tuple[str, int]]:
    """The types that a batch changed, the last first, each with its number of records."""
    return [(r[0], r[1]) for r in await reader.rows(_TYPES, tenant, batch)]


async def chain_of(reader: Reader, tenant: UUID, batch: UUID) -> list[UUID]:
    """The batch with all undos that followed from it."""
    return [r[0] for r in await reader.rows(_CHAIN, tenant, batch)]


async def records_of(
    reader: Reader, tenant: UUID, batch: UUID, kind: str, after: UUID = NIL
) -> list[UUID]:
    """The next piece of records that a batch changed, in the order of their ids."""
    return [r[0] for r in await reader.rows(_RECORDS, tenant, batch, kind, after, PIECE)]


async def put_back(task: Task, ids: Sequence[UUID], outcome: Outcome) -> None:
    """Undo the batch for a piece of records; the transaction has entered the undo's own batch."""
    plan, current = await _plan(task, ids, outcome)
    tx, records, person, definition = task.tx, task.records, task.person, task.definition
    if plan.delete:
        _, refused = await records.delete(tx, person, definition, plan.delete, partial=True)
        for refusal in refused:
            outcome.keep(Kept(task.type, plan.delete[refusal.index], refusal.error.message))

    def refuse(identity: UUID, error: TenfoldError) -> None:
        outcome.keep(Kept(task.type, identity, error.message))

    def tell(identity: UUID, reason: str, fields: tuple[str, ...]) -> None:
        outcome.keep(Kept(task.type, identity, reason, fields))

    if plan.rows:
        await records.put_back(tx, person, definition, plan.rows, current, refuse, tell)
    deleted = {*plan.delete} - outcome.records
    restored = {row["id"] for row in plan.rows} - outcome.records
    outcome.deleted += len(deleted)
    outcome.restored += len(restored)
    outcome.gone += len({*ids} - outcome.records - deleted - restored)


async def _plan(
    task: Task, ids: Sequence[UUID], outcome: Outcome
) -> tuple[_Plan, Mapping[UUID, asyncpg.Record]]:
    tx, person, definition = task.tx, task.person, task.definition
    effects = await _effects(tx, person.tenant, task.batch, ids)
    firsts = [effects[i].first for i in ids]
    made = {i: effects[i].new for i in ids}
    await undo_secrets.follow(tx, person.tenant, definition, made, min(firsts))
    later_rows = await tx.rows(_LATER, person.tenant, list(ids), firsts, list(task.chain))
    later = {r[0]: frozenset[str](r[1]) for r in later_rows}
    current = await task.records.current(tx, person, definition, ids, columns_of(definition))
    plan = _Plan()
    for identity in ids:
        row = current.get(identity)
        if row is None:
            continue
        try:
            since = later.get(identity, frozenset[str]())
            _one(plan, task, effects[identity], row, later=since, outcome=outcome)
        except TenfoldError as error:
            outcome.keep(Kept(task.type, identity, error.message))
    return plan, current


def _one(
    plan: _Plan,
    task: Task,
    effect: _Effect,
    row: asyncpg.Record,
    *,
    later: frozenset[str],
    outcome: Outcome,
) -> None:
    """Decide about one record; raises where the person may not change it."""
    person, definition = task.person, task.definition
    access = person.access(definition)
    identity: UUID = row["id"]
    if effect.created:
        if row["deleted_at"] is not None:
            return
        if later:
            reason = mark("It was edited after the batch made it.")
            outcome.keep(Kept(task.type, identity, reason, named(definition, access, later)))
        else:
            access.need("delete", definition)
            checks.within(access.delete, person, row, "delete", definition)
            plan.delete.append(identity)
        return
    fields = goes_back(definition, access, effect.old, effect.new, row, later)
    back = fields.back
    if fields.kept:
        reason = mark("These fields were edited after the batch.")
        outcome.keep(Kept(task.type, identity, reason, tuple(fields.kept)))
    if fields.barred:
        reason = mark("You may not set these fields; they stay as the batch left them.")
        outcome.keep(Kept(task.type, identity, reason, tuple(fields.barred)))
    if fields.unseen:
        reason = mark("Fields that you may not see stay as the batch left them.")
        outcome.keep(Kept(task.type, identity, reason))
    if not back:
        return
    if "deleted_at" in back:
        access.need("delete", definition)
        checks.within(access.delete, person, row, "change", definition)
    else:
        access.need("update", definition)
        checks.change(access, person, row, definition)
        checks.handed_on(access, person, row, definition, back)
        checks.owned(definition, row, back)
    if back.get("deleted_at") is not None:
        plan.delete.append(identity)
    else:
        plan.rows.append({"id": identity, **back})


async def _effects(
    reader: Reader, tenant: UUID, batch: UUID, ids: Sequence[UUID]
) -> dict[UUID, _Effect]:
    effects: dict[UUID, _Effect] = {}
    for row in await reader.rows(_CHANGES, tenant, batch, list(ids)):
        effect = effects.setdefault(
            row["record_id"], _Effect(row["seq"], row["operation"] == "insert")
        )
        if row["operation"] == "update":
            old, new = digits.decode(row["old"]), digits.decode(row["new"])
            effect.old = {**old, **effect.old}
            effect.new.update(new)
    return effects
