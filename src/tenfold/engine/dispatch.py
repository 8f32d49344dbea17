"""The dispatcher: reads the change log as it grows and hands it to its consumers in order.

Each consumer keeps its own place, which moves only after it has done its work.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import asyncpg
import structlog

from tenfold.db import log_position
from tenfold.db.database import Database, Reader
from tenfold.kernel import digits
from tenfold.kernel.errors import Unavailable

BATCH = 1_000
_OUTAGE = 0.5  # seconds between two tries while the database is away
_log = structlog.get_logger()

# The text has a name of its own: ORDER BY xid would sort by it, and '10000' comes before '9999'.
_COLUMNS = """seq, at, tenant_id, type, record_id, operation, version, old, new, actor_id,
    request_id, batch_id, cause_id, depth"""
_NEXT = f"""SELECT xid::text AS transaction, {_COLUMNS}
FROM tenfold.change_log WHERE {log_position.NEW} ORDER BY xid, seq LIMIT $3"""  # noqa: S608
_SINCE = f"""SELECT {_COLUMNS} FROM tenfold.change_log
WHERE tenant_id = $1 AND type = $2 AND at > $3 AND operation <> 'reseal'
ORDER BY seq DESC LIMIT $4"""  # noqa: S608


@dataclass(frozen=True, slots=True)
class Change:
    """One committed change of one record, as the log has it."""

    seq: int
    at: datetime
    tenant: UUID
    type: str
    record: UUID
    operation: str
    version: int
    old: dict[str, object] | None
    new: dict[str, object] | None
    actor: UUID | None
    request: str | None
    batch: UUID | None
    cause: UUID | None
    depth: int


Consumer = Callable[[Sequence[Change]], Awaitable[None]]


class Dispatcher:
    """Hands committed changes to consumers, at least once each and in order.

    Several dispatchers may run: a consumer's position is locked while it works.
    """

    def __init__(self, database: Database, consumers: dict[str, Consumer]) -> None:
        self.database, self.consumers = database, consumers

    async def run(self, stop: asyncio.Event, pause: float = 0.1) -> None:
        """Work until `stop` is set; `pause` is how many seconds to rest when nothing is new."""
        known: set[str] = set()
        while not stop.is_set():
            seen, rest = 0, pause
            for name in self.consumers:
                try:
                    if name not in known:
                        await self._begin(name)
                        known.add(name)
                    seen += await self.step(name)
                except Unavailable as error:
                    _log.warning("consumer waits", consumer=name, error=str(error))
                    rest = _OUTAGE
                except Exception as error:  # noqa: BLE001 - one consumer's fault must not stop the others
                    _log.error("consumer failed", consumer=name, error=repr(error))
            if seen < BATCH:
                try:
                    await asyncio.wait_for(stop.wait(), rest if seen else rest * 2)
                except TimeoutError:
                    continue

    async def _begin(self, name: str) -> None:
        """Give a consumer its position, where it has none yet."""
        async with self.database.system() as reader:
            await log_position.begin(reader, name)

    async def step(self, name: str) -> int:
        """Hand one consumer what is new, up to a batch; answers how many changes it got."""
        async with self.database.system() as reader, reader.connection.transaction():
            place = await log_position.hold(reader, name)
            if place is None:
                return 0
            rows = await reader.rows(_NEXT, *place, BATCH)
            if not rows:
                return 0
            # What was only sealed anew is as it was to everybody.
            told = [_change(row) for row in rows if row["operation"] != "reseal"]
            await self.consumers[name](told)
            await log_position.move(reader, name, (rows[-1]["transaction"], rows[-1]["seq"]))
            return len(rows)


async def changes_since(
    reader: Reader, tenant: UUID, logged: str, since: datetime, most: int
) -> list[Change]:
    """A tenant's changes of records of a type since a moment, the newest first."""
    return [_change(row) for row in await reader.rows(_SINCE, tenant, logged, since, most)]


def _change(row: asyncpg.Record) -> Change:
    return Change(
        seq=row["seq"],
        at=row["at"],
        tenant=row["tenant_id"],
        type=row["type"],
        record=row["record_id"],
        operation=row["operation"],
        version=row["version"],
        old=None if row["old"] is None else digits.decode(row["old"]),
        new=None if row["new"] is None else digits.decode(row["new"]),
        actor=row["actor_id"],
        request=row["request_id"],
        batch=row["batch_id"],
        cause=row["cause_id"],
        depth=row["depth"],
    )


__all__ = ["Change", "Consumer", "Dispatcher", "changes_since"]
