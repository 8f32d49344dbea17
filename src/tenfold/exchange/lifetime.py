"""How long the files of an import are kept: people's data does not lie about for ever."""

from __future__ import annotations

import asyncio
import shutil
from pathlib import Path
from uuid import UUID

from tenfold.db.database import Database
from tenfold.engine import batches
from tenfold.engine.batches import Batch
from tenfold.exchange.import_files import ImportFiles
from tenfold.exchange.import_state import State, state_of
from tenfold.exchange.standing import UNFINISHED, standing
from tenfold.kernel.clock import now
from tenfold.kernel.context import Context
from tenfold.kernel.ids import parse_id

UPLOAD_DAYS = 7
"""Days after an import's last piece that its uploads are kept; it needs them no more."""

REFUSED_DAYS = 90
"""Days that the refused rows can be fetched, and the cells that were left out be seen."""

_DAY = 86_400


async def tidy_files(database: Database, home: Path) -> int:
    """Remove what has had its time; uploads of an import that goes on stay. Answers how many."""
    gone = 0
    for folder in await asyncio.to_thread(_folders, home):
        tenant, identity = parse_id(folder.parent.name), parse_id(folder.name)
        if tenant is None or identity is None:
            continue
        age = now().timestamp() - await asyncio.to_thread(_touched, folder)
        if age < UPLOAD_DAYS * _DAY:
            continue
        batch = await _found(database, tenant, identity)
        if batch and batch.status in UNFINISHED:
            continue
        state = state_of(batch.summary) if batch else None
        left_out = ImportFiles(home, tenant, identity).refused.exists() or (state and state.skipped)
        if left_out and age < REFUSED_DAYS * _DAY:
            gone += await asyncio.to_thread(_without_uploads, folder)
            continue
        if batch and state:
            await _forget(database, tenant, batch, state)
        await asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True)
        gone += 1
    return gone


def _folders(home: Path) -> list[Path]:
    return sorted((home / "imports").glob("*/*"))


def _touched(folder: Path) -> float:
    """When anything in the folder was last written."""
    times = [path.stat().st_mtime for path in folder.glob("*")]
    return max(times, default=folder.stat().st_mtime)


def _without_uploads(folder: Path) -> int:
    uploads = list(folder.glob("*.upload"))
    for path in uploads:
        path.unlink(missing_ok=True)
    return len(uploads)


async def _found(database: Database, tenant: UUID, identity: UUID) -> Batch | None:
    async with database.read(tenant) as reader:
        found = await batches.of(reader, tenant, identity)
        return found and await standing(reader, tenant, found)


async def _forget(database: Database, tenant: UUID, batch: Batch, state: State) -> None:
    """Take what the import knows of the file's cells out of its batch."""
    async with database.transaction(Context(tenant, None)) as tx:
        await batches.save(tx, batch.id, batch.status, state.without_cells().summary())
