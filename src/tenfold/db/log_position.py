"""How far a consumer has read in a log that grows: its place, held by the one that works on it.

A reader never passes a transaction that has not ended: it stays below the oldest one that runs
(`pg_snapshot_xmin`), and goes by (transaction, sequence), so that what commits late is never
missed.
"""

from __future__ import annotations

from tenfold.db.transaction import Reader

Place = tuple[str, int]
"""A transaction and the sequence of an entry: all up to it has been read."""

START: Place = ("0", 0)
NEW = "xid < pg_snapshot_xmin(pg_current_snapshot()) AND (xid, seq) > ($1::text::xid8, $2)"
"""The condition that finds what comes after the place of which $1 and $2 are the parts."""

_BEGIN = """INSERT INTO tenfold.log_positions (consumer, log) VALUES ($1, $2)
ON CONFLICT DO NOTHING"""
_LOOK = "SELECT xid::text, seq FROM tenfold.log_positions WHERE consumer = $1"
_HOLD = f"{_LOOK} FOR UPDATE SKIP LOCKED"
_MOVE = """UPDATE tenfold.log_positions SET xid = $2::text::xid8, seq = $3, at = now()
WHERE consumer = $1"""


async def begin(reader: Reader, consumer: str, log: str = "changes") -> None:
    """Give a consumer its place in a log, where it has none yet."""
    await reader.connection.execute(_BEGIN, consumer, log)


async def look(reader: Reader, consumer: str) -> Place:
    """How far a consumer is; the start where it is unknown."""
    row = await reader.row(_LOOK, consumer)
    return (row[0], row[1]) if row else START


async def hold(reader: Reader, consumer: str) -> Place | None:
    """The same, held until the transaction ends; None where another one works on it."""
    row = await reader.row(_HOLD, consumer)
    return (row[0], row[1]) if row else None


async def move(reader: Reader, consumer: str, place: Place) -> None:
    """Write down how far a consumer is now."""
    await reader.connection.execute(_MOVE, consumer, *place)
