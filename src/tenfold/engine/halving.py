"""One bad row must not spoil the others: what a statement refuses as a whole is tried in halves."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from typing import TypeVar

import asyncpg

from tenfold.db.database import Transaction
from tenfold.kernel.errors import Invalid, TenfoldError

_T = TypeVar("_T")
_BEGIN = "SAVEPOINT piece"
_UNDO = "ROLLBACK TO SAVEPOINT piece"
_END = "RELEASE SAVEPOINT piece"
# What a row's own values may cause: bad data, a broken constraint, an index entry too large.
_OF_A_ROW = (
    asyncpg.DataError,
    asyncpg.IntegrityConstraintViolationError,
    asyncpg.ProgramLimitExceededError,
)


@asynccontextmanager
async def savepoint(tx: Transaction) -> AsyncGenerator[None]:
    """A part of a transaction that an error undoes by itself."""
    await tx.execute(_BEGIN)
    changed = set(tx.changed)
    try:
        yield
    except BaseException:
        if not tx.connection.is_closed():
            await tx.execute(_UNDO)
            await tx.execute(_END)
        tx.changed.clear()
        tx.changed.update(changed)
        raise
    await tx.execute(_END)


async def halved(
    tx: Transaction,
    rows: Sequence[_T],
    write: Callable[[Sequence[_T]], Awaitable[None]],
    refuse: Callable[[_T, TenfoldError], None],
) -> None:
    """Write the rows in one statement, or in ever smaller ones until the bad rows stand alone."""
    if not rows:
        return
    try:
        async with savepoint(tx):
            await write(rows)
    except (TenfoldError, *_OF_A_ROW) as error:
        if len(rows) == 1:
            refuse(rows[0], as_refusal(error))
            return
        middle = len(rows) // 2
        await halved(tx, rows[:middle], write, refuse)
        await halved(tx, rows[middle:], write, refuse)


def as_refusal(error: Exception) -> TenfoldError:
    """What the database said about one row, as people read it."""
    if isinstance(error, TenfoldError):
        return error
    return Invalid({}, f"The database refused it: {str(error).rstrip('.')}.")
