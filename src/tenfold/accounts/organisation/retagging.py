"""A tag is renamed, merged or taken off all records: in one batch, which can be undone.

What is many is done by a job, piece by piece, each committed with how far it is.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

import msgspec

from tenfold.accounts import people
from tenfold.accounts.organisation.administrator import Administrator
from tenfold.db.database import Transaction
from tenfold.engine import batches, tagging
from tenfold.engine.access import Person
from tenfold.engine.batches import Batch
from tenfold.engine.own_types import tailored_types
from tenfold.engine.records import Records
from tenfold.engine.registry import Registry
from tenfold.engine.tagging import Tagged
from tenfold.engine.types import Locale
from tenfold.engine.written import Change
from tenfold.jobs import Handler, Job, enqueue, job
from tenfold.kernel.errors import Unauthenticated
from tenfold.kernel.ids import new_id

RETAG_JOB = "tags.replace"
AT_ONCE = 10_000
"""So many records are changed while one waits; more by a job."""
_COUNTED = 10_000_000
_CALLED = """SELECT id FROM tenfold.tags WHERE tenant_id = $1 AND deleted_at IS NULL
AND lower(name) = lower($2) AND NOT EXISTS (SELECT FROM tenfold.tags WHERE tenant_id = $1
    AND deleted_at IS NULL AND lower(name) = lower($3) AND lower($2) <> lower($3))"""


class Retag(msgspec.Struct, kw_only=True):
    """A change of a tag, as its batch's summary holds it; `new` is empty where it is taken off."""

    old: str
    new: str
    slots: list[str]
    """The fields in which records hold the tag, in the order in which they are changed."""
    total: int
    operation: str = "bulk-update"
    at: int = 0
    """At which of the fields it is."""
    after: UUID | None = None
    """The last record of this field that is done."""
    written: int = 0
    refused: int = 0
    error: str = ""


class Run(msgspec.Struct):
    """The payload of the job: the batch."""

    id: UUID


async def start(act: Administrator, records: Records, old: str, new: str) -> Batch | None:
    """Give all records `new` instead of `old`, or nothing; None where no record has the tag.

    The batch that it answers is done, or pending where a job does it.
    """
    fields = await _fields(act.tx, act.tenant, act.registry)
    held = await tagging.counts(act.tx, act.person, list(fields.values()), [old], _COUNTED)
    if not held:
        return None
    total = sum(one.number for one in held)
    state = Retag(old=old, new=new, slots=[one.slot for one in held], total=total)
    names = dict.fromkeys(fields[slot].definition.name for slot in state.slots)
    batch, later = new_id(), total > AT_ONCE
    status = "pending" if later else "processing"
    await batches.begin(
        act.tx, batch, batches.BULK, ",".join(names), _summary(state), status=status
    )
    if later:
        made = await enqueue(
            act.tx.connection, RETAG_JOB, Run(batch), tenant=act.tenant, actor=act.person.user
        )
        await batches.save(act.tx, batch, "pending", {"job": str(made)})
    else:
        while state.at < len(state.slots):
            await _piece(act.tx, act.registry, records, act.person, batch, state, fields)
        await batches.save(act.tx, batch, "done", _summary(state), finished=True)
    return await batches.kept(act.tx, act.tenant, batch)


def handlers(registry: Registry, records: Records) -> list[Handler[Any]]:
    """The declared job."""

    @job(RETAG_JOB, Run, attempts=5, timeout=6 * 3_600.0)
    async def retag(one: Job[Run]) -> None:
        batch, state, done = one.payload.id, None, one.done
        while state is None or (not state.error and state.at < len(state.slots)):
            async with one.step(done, state.total if state else None) as tx:
                found = await batches.kept(tx, one.tenant, batch)
                state = msgspec.convert(found.summary, Retag)
                try:
                    person = await people.load(tx, one.tenant, one.actor or UUID(int=0))
                except Unauthenticated:
                    state.error = "Who began it has left; begin again for the rest."
                else:
                    fields = await _fields(tx, one.tenant, registry)
                    await _piece(tx, registry, records, person, batch, state, fields)
                await batches.save(tx, batch, "processing", _summary(state))
            done = state.written + state.refused
        async with one.transaction() as tx:
            status = "failed" if state.error else "done"
            await batches.save(tx, batch, status, _summary(state), finished=True)

    return [retag]


async def _fields(tx: Transaction, tenant: UUID, registry: Registry) -> dict[str, Tagged]:
    """The fields of tags of an organisation, by their slots."""
    types = await tailored_types(tx, tenant, registry)
    return {one.slot: one for one in tagging.fields_of(types.values())}


async def _piece(
    tx: Transaction,
    registry: Registry,
    records: Records,
    person: Person,
    batch: UUID,
    state: Retag,
    fields: Mapping[str, Tagged],
) -> None:
    """Change the next records, and write into the state how far it is."""
    if state.at >= len(state.slots):
        return
    await tx.join_batch(batch)
    one = fields.get(state.slots[state.at])
    # A field that is missing has ended meanwhile.
    part = one and await tagging.piece(records, tx, person, one, state.old, state.new, state.after)
    if part is None or part.last is None:
        state.at, state.after = state.at + 1, None
        return
    state.after = part.last
    if part.written and not state.written:
        await _coloured(tx, registry, records, person, state)
    state.written += part.written
    state.refused += part.refused


async def _coloured(
    tx: Transaction, registry: Registry, records: Records, person: Person, state: Retag
) -> None:
    """The colour and description of a tag go with its new name, where that has none."""
    called = (person.tenant, state.old, state.new)
    for row in await tx.rows(_CALLED, *called) if state.new else ():
        change = Change(row[0], {"name": state.new}, None)
        definition = registry.by_name["tag"]
        await records.update(tx, person, definition, [change], Locale(), partial=True)


def _summary(state: Retag) -> dict[str, Any]:
    return msgspec.to_builtins(state)


__all__ = ["AT_ONCE", "RETAG_JOB", "Retag", "handlers", "start"]
