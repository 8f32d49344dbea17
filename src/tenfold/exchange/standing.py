"""How the job of a batch stands, also where it ended without a word in its batch."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

import msgspec

from tenfold.db.database import Reader
from tenfold.engine import batches
from tenfold.engine.batches import Batch
from tenfold.jobs import Status, statuses
from tenfold.kernel.ids import parse_id
from tenfold.kernel.language import mark, say

_IMPORT_STOPPED = mark("The import stopped: %(why)s")
_STOPPED = {
    batches.UNDO: mark("The undo stopped: %(why)s"),
    batches.HAND_OVER: mark("The handing over stopped: %(why)s"),
    batches.BULK: mark("The change stopped: %(why)s"),
}
UNFINISHED = ("pending", "processing")


async def standing(reader: Reader, tenant: UUID, batch: Batch) -> Batch:
    """The batch as failed where its job gave up for good, also when the job is forgotten."""
    return (await standings(reader, tenant, [batch]))[0]


async def standings(reader: Reader, tenant: UUID, several: Sequence[Batch]) -> list[Batch]:
    """Each of the batches so, with one question about all of their jobs."""
    jobs = {b.id: job for b in several if b.status in UNFINISHED and (job := _job(b)) is not None}
    found = await statuses(reader.connection, tenant, jobs.values())
    return [_stood(b, found.get(jobs[b.id])) if b.id in jobs else b for b in several]


def _job(batch: Batch) -> UUID | None:
    return parse_id(str(batch.summary.get("job", "")))


def _stood(batch: Batch, job: Status | None) -> Batch:
    ended = batch.finished_at
    if job is None:
        why = say("Why is not known any more.")
    elif job.state not in ("failed", "cancelled"):
        return batch
    else:
        why, ended = job.error or say("It was cancelled."), job.finished_at
    said = say(_STOPPED.get(batch.kind, _IMPORT_STOPPED), why=why)
    summary = {**batch.summary, "error": said}
    return msgspec.structs.replace(batch, status="failed", summary=summary, finished_at=ended)
