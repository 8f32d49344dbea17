"""How long the files of an import are kept: people's data does not lie about for ever."""

from __future__ import annotations

import asyncio
import shutil
from pathlib import Path
from uuid import UUID

from tenfold.db.database import Database
from tenfold.exchange.import_files import ImportFiles
from tenfold.kernel.clock import now
from tenfold.kernel.ids import parse_id

UPLOAD_DAYS = 7
"""Days after an import's last piece that its uploads are kept; it needs them no more."""

REFUSED_DAYS = 90
"""Days that the refused rows can be fetched."""

_DAY = 86_400
_STATUS = "SELECT status FROM tenfold.batches WHERE tenant_id = $1 AND id = $2"


async def tidy_files(database: Database, home: Path) -> int:
    """Remove what has had its time; uploads of an import that goes on stay. Answers how many."""
    gone = 0
    for folder in await asyncio.to_thread(_folders, home):
        tenant, identity = parse_id(folder.parent.name), parse_id(folder.name)
        if tenant is None or identity is None:
            continue
        age = now().timestamp() - await asyncio.to_thread(_touched, folder)
        if age < UPLOAD_DAYS * _DAY or await _unfinished(database, tenant, identity):
            continue
        files = ImportFiles(home, tenant, identity)
        if age >= REFUSED_DAYS * _DAY or not files.refused.exists():
            await asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True)
            gone += 1
        else:
            gone += await asyncio.to_thread(_without_uploads, folder)
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


async def _unfinished(database: Database, tenant: UUID, identity: UUID) -> bool:
    async with database.read(tenant) as reader:
        return await reader.value(_STATUS, tenant, identity) in ("pending", "processing")
