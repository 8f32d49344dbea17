"""The sealer: a worker's task that seals what has committed, so that no writer waits for it."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Iterable, Sequence
from datetime import datetime
from uuid import UUID

import asyncpg
import structlog

from tenfold.audit.chain import SALT, Entry, Head, Run, Seal, sealed
from tenfold.audit.logs import LOGS, Log
from tenfold.db import log_position
from tenfold.db.database import Database
from tenfold.db.keys import Keyring
from tenfold.db.transaction import Reader
from tenfold.kernel.context import Context
from tenfold.kernel.errors import Unavailable
from tenfold.kernel.ids import NIL

MOST = 2_000
"""Entries that are read at a time."""
PAUSE = 1.0
"""Seconds between two looks where little is new: a seal over many costs like a seal over one."""
_OUTAGE = 2.0
_log = structlog.get_logger()

_NOW = "SELECT clock_timestamp()"
_HEADS = """SELECT t.id, s.number, s.hash FROM unnest($2::uuid[]) AS t (id) CROSS JOIN LATERAL (
    SELECT number, hash FROM tenfold.audit_seals
    WHERE tenant_id = t.id AND log = $1 ORDER BY number DESC LIMIT 1) s"""
_ADD = """INSERT INTO tenfold.audit_seals (tenant_id, log, number, since, sealed_at, seqs, digests,
    salts, before, hash, stamp) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)"""


def consumer(log: Log) -> str:
    """The name under which the sealer keeps its position in a log."""
    return f"audit {log.name}"


async def stamp_key(keyring: Keyring, database: Database) -> bytes:
    """The key that stamps seals: it stays the same when the master key changes."""
    async with database.transaction(Context(NIL, None)) as tx:
        return await keyring.lasting(tx, "audit chain")


class Sealer:
    """Seals both logs. Several may run: a log's position is locked by the one that works."""

    def __init__(self, tail: Database, key: bytes) -> None:
        self._tail, self._key = tail, key

    async def run(self, stop: asyncio.Event) -> None:
        """Work until `stop` is set."""
        while not stop.is_set():
            pause = PAUSE
            for log in LOGS:
                try:
                    while not stop.is_set() and await self.step(log) == MOST:
                        pass
                except Unavailable as error:
                    _log.warning("the audit chain waits", log=log.name, error=str(error))
                    pause = _OUTAGE
                except Exception as error:  # noqa: BLE001 - the worker's other tasks go on
                    _log.error("the audit chain stands still", log=log.name, error=repr(error))
                    pause = _OUTAGE
            try:
                await asyncio.wait_for(stop.wait(), pause)
            except TimeoutError:
                continue

    async def step(self, log: Log) -> int:
        """Seal what is new in a log, up to `MOST` entries; answers how many there were."""
        async with self._tail.system() as reader, reader.connection.transaction():
            await log_position.begin(reader, consumer(log), log.name)
            place = await log_position.hold(reader, consumer(log))
            if place is None:
                return 0
            rows = await reader.rows(f"{log.entries(log_position.NEW)} LIMIT {MOST}", *place)
            if not rows:
                return 0
            await self._seal(reader, log, _runs(log, rows))
            last = rows[-1]
            await log_position.move(reader, consumer(log), (last["transaction"], last["seq"]))
            return len(rows)

    async def _seal(self, reader: Reader, log: Log, runs: Sequence[Run]) -> None:
        at: datetime = await reader.value(_NOW)
        found = await reader.rows(_HEADS, log.name, [run.tenant for run in runs])
        heads = {row["id"]: Head(row["number"], row["hash"]) for row in found}
        seals = [
            sealed(
                heads.get(run.tenant, Head()),
                run,
                secrets.token_bytes(SALT * len(run.entries)),
                self._key,
                at,
            )
            for run in runs
        ]
        await reader.connection.executemany(_ADD, [_row(seal) for seal in seals])


def _runs(log: Log, rows: Iterable[asyncpg.Record]) -> list[Run]:
    """Entries by organisation, each in the order they committed."""
    runs: dict[UUID, Run] = {}
    for row in rows:
        run = runs.setdefault(row["tenant"], Run(row["tenant"], log.name, row["at"]))
        run.since = min(run.since, row["at"])
        run.entries.append(Entry(seq=row["seq"], about=row["about"], content=row["content"]))
    return list(runs.values())


def _row(seal: Seal) -> tuple[object, ...]:
    return (
        seal.tenant,
        seal.log,
        seal.number,
        seal.since,
        seal.sealed_at,
        seal.seqs,
        seal.digests,
        seal.salts,
        seal.before,
        seal.hash,
        seal.stamp,
    )
