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

_CALLED = {
    batches.UNDO: "undo",
    batches.HAND_OVER: "handing over",
    batches.BULK: "change",
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
        why = "Why is not known any more."
    elif job.state not in ("failed", "cancelled"):
        return batch
    else:
        why, ended = job.error or "It was cancelled.", job.finished_at
    what = _CALLED.get(batch.kind, "import")
    summary = {**batch.summary, "error": f"The {what} stopped: {why}"}
    return msgspec.structs.replace(batch, status="failed", summary=summary, finished_at=ended)
