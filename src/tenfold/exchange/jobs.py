"""The jobs of imports and undos, and the same work done at once in a command."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

import msgspec

from tenfold.db.database import BUSY, Database, Reader, Transaction
from tenfold.engine import batches, undo
from tenfold.engine.access import Person
from tenfold.engine.batches import Batch
from tenfold.engine.definition import Definition
from tenfold.engine.halving import savepoint
from tenfold.engine.scopes import WRITE
from tenfold.engine.undo import Outcome
from tenfold.exchange.import_state import state_of
from tenfold.exchange.importing import TOPICS, Exchange, Importer, Steps
from tenfold.exchange.lifetime import tidy_files
from tenfold.exchange.standing import UNFINISHED, standing
from tenfold.jobs import Handler, Job, LeaseLost, Schedule, cancel, drop, enqueue, job, put_off
from tenfold.kernel.context import Context
from tenfold.kernel.errors import Conflict, Forbidden, NotFound, TenfoldError
from tenfold.kernel.ids import new_id, parse_id
from tenfold.kernel.language import say

IMPORT_JOB, UNDO_JOB, TIDY_JOB = "import", "undo", "import.tidy"
_SHARED = "custom_record"
_KINDS = "SELECT id, kind FROM tenfold.custom_records WHERE tenant_id = $1 AND id = ANY ($2)"
AT_ONCE = 2_000
"""A batch of at most so many records is undone in the request; a larger one by a job."""
TRIED = 200
"""An undo of at most so many records is tried for its preview; those of a larger one are counted.

While it is tried it holds its records, for which those who edit them wait.
"""

_BRIEFLY = "SET LOCAL lock_timeout = '500ms'"
_COUNTS = ("deleted", "restored", "kept", "gone")
SILENT = 60.0
"""Seconds without a committed piece after which a worker goes on with a command's import."""


class _TakenBack(Exception):
    """Ends the trial of an undo."""


class Run(msgspec.Struct):
    """The payload of both jobs: the batch to bring in, or that undoes another; by which key."""

    id: UUID
    key: UUID | None = None


class Undoing(msgspec.Struct, kw_only=True):
    """An undo, as its batch's summary holds it."""

    undoes: UUID
    kind: str = ""
    """What it undoes: an import, a bulk edit, a handing over, an undo."""
    name: str = ""
    """What that is called: an import is by its file."""
    beyond: bool = False
    """Whether that was a handing over, or undid one: private records go back, too."""
    types: list[str] = []
    total: int = 0
    done: int = 0
    type: int = 0
    after: UUID = UUID(int=0)
    deleted: int = 0
    restored: int = 0
    kept: int = 0
    gone: int = 0
    details: list[Any] = []
    error: str = ""


@dataclass(slots=True)
class AtOnce:
    """Work that commits its pieces by itself; `say` hears how far it is.

    A `job` waits as long as the work goes on; when the process dies, a worker takes it up. Raises
    LeaseLost instead of committing where one has done so already.
    """

    database: Database
    context: Context
    say: Callable[[int, int | None], None] = lambda _done, _total: None
    job: UUID | None = None

    @asynccontextmanager
    async def step(
        self, done: int, total: int | None = None, note: str = ""
    ) -> AsyncGenerator[Transaction]:
        """One piece."""
        async with self.database.transaction(self.context) as tx:
            yield tx
            if self.job is not None and not await put_off(
                tx.connection,
                self.context.tenant,
                self.job,
                seconds=SILENT,
                done=done,
                total=total,
                note=note,
            ):
                raise LeaseLost
        self.say(done, total)

    @asynccontextmanager
    async def transaction(self) -> AsyncGenerator[Transaction]:
        """The last piece."""
        async with self.database.transaction(self.context) as tx:
            yield tx
            tenant = self.context.tenant
            if self.job is not None and not await drop(tx.connection, tenant, self.job):
                raise LeaseLost


def handlers(exchange: Exchange) -> list[Handler[Any]]:
    """What a worker runs of imports and undos."""
    importer, undoer = Importer(exchange), Undoer(exchange)

    @job(IMPORT_JOB, Run, attempts=5, timeout=6 * 3_600.0)
    async def bring_in(work: Job[Run]) -> None:
        await importer.run(work, work.payload.id, work.payload.key)

    @job(UNDO_JOB, Run, attempts=5, timeout=6 * 3_600.0)
    async def take_back(work: Job[Run]) -> None:
        await undoer.run(work, work.payload.id, work.payload.key)

    @job(TIDY_JOB, dict[str, str], timeout=3_600.0)
    async def tidy(_work: Job[dict[str, str]]) -> None:
        await tidy_files(exchange.database, exchange.home)

    return [bring_in, take_back, tidy]


def schedules() -> list[Schedule]:
    """When the files of old imports are removed, in UTC."""
    return [Schedule("import files", "43 3 * * *", TIDY_JOB, {})]


async def stand_by(tx: Transaction, identity: UUID) -> UUID:
    """A job for an import that this process runs itself, in case it does not reach the end."""
    return await enqueue(
        tx.connection,
        IMPORT_JOB,
        Run(identity),
        tenant=tx.context.tenant,
        actor=tx.context.actor,
        key=str(identity),
        delay=timedelta(seconds=2 * SILENT),
    )


async def stop(tx: Transaction, person: Person, identity: UUID) -> Batch:
    """End an import where it is: what came in stays, and can be undone. One that is over stays so.

    The piece that is being written waits for this, or this for it; it is then taken back.
    """
    batch = await batches.find(tx, person, identity, lock=True)
    if batch.kind != batches.IMPORT:
        raise NotFound(say("Only imports can be stopped."))
    if person.scopes and not all(person.scopes.gives(WRITE, t) for t in batch.type.split(",")):
        raise Forbidden(f"This API key may not stop it: that needs to write {batch.type}.")
    batch = await standing(tx, person.tenant, batch)
    if batch.status not in UNFINISHED:
        return batch
    state = state_of(batch.summary)
    state.stop()
    if (found := parse_id(state.job)) is not None:
        with suppress(Conflict, NotFound):  # it has just ended, or is forgotten
            await cancel(tx.connection, person.tenant, found)
    await batches.save(tx, identity, "failed", state.progress(), finished=True)
    return await batches.find(tx, person, identity)


class Undoer:
    """Runs undos of batches."""

    def __init__(self, exchange: Exchange) -> None:
        self.exchange = exchange

    async def start(
        self, tx: Transaction, person: Person, batch: UUID, administrator: Callable[[], None]
    ) -> tuple[UUID, int]:
        """Write an undo down; answers its own batch and how many records it is about.

        Raises Conflict where the batch is undone already, or still being written. `administrator`
        raises Forbidden for who may not undo what reached beyond what its actor sees.
        """
        found = await batches.find(tx, person, batch, lock=True)
        if person.scopes and not all(person.scopes.gives(WRITE, t) for t in found.type.split(",")):
            raise Forbidden(f"This API key may not undo it: that needs to write {found.type}.")
        found = await standing(tx, person.tenant, found)
        if found.undone_by is not None:
            raise Conflict(say("This batch is undone already."), code="UNDONE")
        if found.status in UNFINISHED:
            raise Conflict(say("This batch is not finished yet; wait for it."), code="NOT_FINISHED")
        beyond = _beyond(found)
        if beyond:
            administrator()
        kinds = await undo.types_of(tx, person.tenant, batch)
        identity = new_id()
        state = Undoing(
            undoes=batch,
            kind=found.kind,
            name=str(found.summary.get("filename") or found.summary.get("name") or ""),
            beyond=beyond,
            types=[kind for kind, _ in kinds],
            total=sum(count for _, count in kinds),
        )
        await batches.begin(
            tx,
            identity,
            batches.UNDO,
            ",".join(state.types) or found.type,
            msgspec.to_builtins(state),
            status="pending",
        )
        await batches.undone(tx, batch, identity)
        # What an undo undid can be undone again once that undo is undone.
        if undone := found.summary.get("undoes"):
            await batches.undone(tx, UUID(undone), None)
        return identity, state.total

    async def run(self, work: Steps, identity: UUID, key: UUID | None = None) -> Undoing:
        """Undo what is left of a batch, piece by piece."""
        context = work.context
        async with self.exchange.database.read(context.tenant, TOPICS) as reader:
            person = await self.exchange.person(reader, context, key)
            batch = await batches.find(reader, person, identity)
            state = msgspec.convert(batch.summary, Undoing)
            chain = await undo.chain_of(reader, context.tenant, state.undoes)
        if batch.status == "done":
            async with work.transaction():
                return state
        try:
            while state.type < len(state.types):
                async with work.step(state.done, state.total) as tx:
                    person = await self._still(tx, context, key, state)
                    changed = await self.piece(tx, person, identity, state, chain)
                    await batches.save(tx, identity, "processing", msgspec.to_builtins(changed))
                state = changed
        except TenfoldError as error:
            if error.status >= 500:
                raise
            state.error = error.message
        async with work.transaction() as tx:
            status = "failed" if state.error else "done"
            await batches.save(tx, identity, status, msgspec.to_builtins(state), finished=True)
        return state

    async def _still(
        self, tx: Transaction, context: Context, key: UUID | None, state: Undoing
    ) -> Person:
        """Who undoes it, as they are now; raises where they may not any more."""
        person = await self.exchange.person(tx, context, key)
        if state.beyond and not person.administers:
            raise Forbidden(say("Only an owner or an admin of the organisation may undo this."))
        return person

    async def at_once(self, tx: Transaction, person: Person, identity: UUID) -> Undoing:
        """Undo a small batch in one transaction."""
        batch = await batches.find(tx, person, identity)
        state = await self._whole(tx, person, identity, msgspec.convert(batch.summary, Undoing))
        await batches.save(tx, identity, "done", msgspec.to_builtins(state), finished=True)
        return state

    async def preview(self, tx: Transaction, person: Person, batch: Batch) -> dict[str, object]:
        """What an undo would do: done and taken back, or counted where there are more than TRIED.

        Where others hold its records, they are counted too.
        """
        kinds = await undo.types_of(tx, person.tenant, batch.id)
        total = sum(count for _, count in kinds)
        told: dict[str, object] = {"records": total, "exact": total <= TRIED}
        # Whom it is not shown to hears nothing of what others keep private.
        if total > TRIED or (_beyond(batch) and not person.administers):
            return told | {"exact": False}
        state = Undoing(undoes=batch.id, types=[k for k, _ in kinds], beyond=_beyond(batch))
        try:
            async with savepoint(tx):
                await tx.execute(_BRIEFLY)  # taken back with the rest
                state = await self._whole(tx, person, new_id(), state)
                raise _TakenBack
        except _TakenBack:
            return told | {name: getattr(state, name) for name in (*_COUNTS, "details")}
        except BUSY:
            return told | {"exact": False}

    async def _whole(
        self, tx: Transaction, person: Person, identity: UUID, state: Undoing
    ) -> Undoing:
        """Undo all that is left; answers how far the undo is then."""
        chain = await undo.chain_of(tx, person.tenant, state.undoes)
        while state.type < len(state.types):
            state = await self.piece(tx, person, identity, state, chain)
        return state

    async def piece(
        self,
        tx: Transaction,
        person: Person,
        identity: UUID,
        state: Undoing,
        chain: Sequence[UUID],
    ) -> Undoing:
        """Undo the next records; answers how far the undo is then."""
        await tx.join_batch(identity, state.undoes)
        kind = state.types[state.type]
        ids = await undo.records_of(tx, person.tenant, state.undoes, kind, state.after)
        changed = msgspec.convert(msgspec.to_builtins(state), Undoing)
        if not ids:
            changed.type, changed.after = state.type + 1, UUID(int=0)
            return changed
        if state.beyond:
            person = person.beyond_privacy()
        groups = await self._by_type(tx, person.tenant, kind, ids)
        outcome = Outcome(gone=len(ids) - sum(len(some) for _, some in groups))
        for definition, some in groups:
            task = undo.Task(tx, self.exchange.records, person, definition, state.undoes, chain)
            await undo.put_back(task, some, outcome)
        for name in _COUNTS:
            setattr(changed, name, getattr(changed, name) + getattr(outcome, name))
        room = undo.REPORTED - len(changed.details)
        changed.details += msgspec.to_builtins(outcome.details[:room])
        changed.done, changed.after = state.done + len(ids), ids[-1]
        return changed

    async def _by_type(
        self, reader: Reader, tenant: UUID, kind: str, ids: Sequence[UUID]
    ) -> list[tuple[Definition, Sequence[UUID]]]:
        """The ids under their definitions: a tenant's own types share one table and log name.

        Those of a type that was deleted since are left out.
        """
        groups: dict[str, list[UUID]] = {}
        if kind == _SHARED:
            for identity, name in await reader.rows(_KINDS, tenant, list(ids)):
                groups.setdefault(name, []).append(identity)
        else:
            groups[kind] = list(ids)
        found: list[tuple[Definition, Sequence[UUID]]] = []
        for name, some in groups.items():
            with suppress(NotFound):
                found.append((await self.exchange.definition(reader, tenant, name), some))
        return found


def _beyond(batch: Batch) -> bool:
    """Whether a batch changed what its actor may not see."""
    return batch.kind in (batches.HAND_OVER, batches.SAMPLE) or bool(batch.summary.get("beyond"))


async def enqueued(tx: Transaction, name: str, identity: UUID) -> UUID:
    """Let a worker do the import or undo of a batch, which notes it; answers the job's id."""
    context = tx.context
    made = await enqueue(
        tx.connection,
        name,
        Run(identity, context.key),
        tenant=context.tenant,
        actor=context.actor,
        key=str(identity),
    )
    await batches.save(tx, identity, "pending", {"job": str(made)})
    return made
