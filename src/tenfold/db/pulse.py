"""Whether the database answers in time, and how far the readers of the change log are behind."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import asyncpg

from tenfold.db.database import Database, Reader
from tenfold.kernel.errors import Unavailable

# A function of the tables' owner, since the application may not read all tenants' changes.
_KNOWS_LAG = "SELECT to_regprocedure('tenfold.log_lag()') IS NOT NULL"
_LOG_LAG = "SELECT tenfold.log_lag()"


@asynccontextmanager
async def answering(database: Database, seconds: float) -> AsyncGenerator[Reader]:
    """A connection of no tenant; raises Unavailable where anything takes longer or fails."""
    try:
        async with asyncio.timeout(seconds), database.system() as reader:
            yield reader
    except (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
        raise Unavailable(f"The database does not answer: {str(error) or 'too slow'}") from error


async def log_lag(reader: Reader) -> float | None:
    """The age in seconds of the oldest change that some reader of the log has not seen.

    None where the database is older than this process and can't tell yet.
    """
    return await reader.value(_LOG_LAG) if await reader.value(_KNOWS_LAG) else None
