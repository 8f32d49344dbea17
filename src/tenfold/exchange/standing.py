"""How the job of a batch stands, also where it ended without a word in its batch."""

from __future__ import annotations

from uuid import UUID

import msgspec

from tenfold.db.database import Reader
from tenfold.engine import batches
from tenfold.engine.batches import Batch
from tenfold.jobs import status
from tenfold.kernel.errors import NotFound
from tenfold.kernel.ids import parse_id

_CALLED = {
    batches.UNDO: "undo",
    batches.HAND_OVER: "handing over",
    batches.BULK: "change",
}
UNFINISHED = ("pending", "processing")


async def standing(reader: Reader, tenant: UUID, batch: Batch) -> Batch:
    """The batch as failed where its job gave up for good, also when the job is forgotten."""
    job = parse_id(str(batch.summary.get("job", "")))
    if batch.status not in UNFINISHED or job is None:
        return batch
    ended = batch.finished_at
    try:
        found = await status(reader.connection, tenant, job)
    except NotFound:
        why = "Why is not known any more."
    else:
        if found.state not in ("failed", "cancelled"):
            return batch
        why, ended = found.error or "It was cancelled.", found.finished_at
    what = _CALLED.get(batch.kind, "import")
    summary = {**batch.summary, "error": f"The {what} stopped: {why}"}
    return msgspec.structs.replace(batch, status="failed", summary=summary, finished_at=ended)
