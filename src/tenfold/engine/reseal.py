"""The job that seals a tenant's secrets anew, under the newest of its keys.

What a row is sealed with says whether it is done: a try that died is simply begun again, and what
is done is passed by. Writes go on meanwhile, all of them under the newest key: who read the keys
before that was made is waited for, and each row is locked from its reading to its writing.
A record that is sealed anew stays at its version; the change log tells it as a `reseal`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import asyncpg
import msgspec

from tenfold.db.database import Transaction
from tenfold.db.keys import DataKeys, Keyring, Unsealable, number_in
from tenfold.engine.definition import Definition
from tenfold.engine.project.tables import SCHEMA, sealed_columns
from tenfold.engine.registry import Registry
from tenfold.engine.sealing import opened, sealed
from tenfold.engine.writing import plan_for
from tenfold.jobs import Handler, Job, enqueue, job
from tenfold.kernel.ids import NIL
from tenfold.kernel.text import plural

RESEAL_JOB = "secrets.reseal"
LOOKED, PIECE = 5_000, 500
"""How many rows are looked at in one transaction at most, and how many sealed anew."""
_PASSES = 5
_WAIT = 0.2

_QUIETLY = "SET LOCAL app.reseal = 'on'"
_SEALERS = "SELECT tenfold.sealers($1)"
_COUNT = f"SELECT count(*) FROM {SCHEMA}.{{table}} WHERE tenant_id = $1"  # noqa: S608
_LOOK = f"""SELECT id, {{columns}} FROM {SCHEMA}.{{table}}
WHERE tenant_id = $1 AND id > $2 ORDER BY id LIMIT $3"""  # noqa: S608
_LOCK = f"""SELECT id, {{columns}} FROM {SCHEMA}.{{table}}
WHERE tenant_id = $1 AND id = ANY ($2) ORDER BY id FOR NO KEY UPDATE"""  # noqa: S608
_CHANGE = f"""UPDATE {SCHEMA}.{{table}} AS t SET {{assigned}}
FROM unnest($2::uuid[], {{arrays}}) AS v (id, {{columns}})
WHERE t.tenant_id = $1 AND t.id = v.id"""  # noqa: S608
_RETIRE = """UPDATE tenfold.data_keys SET retired_at = now()
WHERE tenant_id = $1 AND number < $2 AND retired_at IS NULL"""


class Reseal(msgspec.Struct):
    """The payload: nothing, as the tenant is the job's and the rows say the rest."""


@dataclass(slots=True)
class Outcome:
    """What one pass over all rows did: looked at, sealed anew, and left as they don't open."""

    looked: int = 0
    done: int = 0
    closed: int = 0


async def reseal_later(tx: Transaction) -> UUID:
    """Let a worker seal the tenant's secrets anew; answers the job's id, of one that waits too."""
    tenant, actor = tx.context.tenant, tx.context.actor
    return await enqueue(
        tx.connection, RESEAL_JOB, Reseal(), tenant=tenant, actor=actor, key="secrets"
    )


def handlers(registry: Registry, keyring: Keyring) -> list[Handler[Any]]:
    """The declared job."""

    @job(RESEAL_JOB, Reseal, attempts=10, timeout=6 * 3_600.0)
    async def reseal(work: Job[Reseal]) -> None:
        await Resealing(work, registry, keyring).run()

    return [reseal]


class Resealing:
    """One attempt."""

    def __init__(self, work: Job[Reseal], registry: Registry, keyring: Keyring) -> None:
        self._work, self._keyring, self._total = work, keyring, 0
        self._kinds = [one for one in registry.stored.values() if one.secrets]

    async def run(self) -> None:
        """Pass over all rows until nothing is left under an older key, and retire those."""
        await self._begin()
        for _ in range(_PASSES):
            outcome = Outcome()
            for kind in self._kinds:
                await self._kind(kind, outcome)
            if not outcome.done:
                break
        else:
            raise RuntimeError("secrets come back under an old key; who writes them so?")
        told = plural(outcome.closed, "secret does", "secrets do")
        note = f"{told} not open and stayed as they were" if outcome.closed else ""
        await self._work.progress(self._total, self._total, note)
        async with self._work.transaction() as tx:
            keys = await self._keyring.keys(tx, self._work.tenant)
            await tx.execute(_RETIRE, self._work.tenant, keys.newest)

    async def _begin(self) -> None:
        """Count the rows, and wait for the writes that may not know of the newest key."""
        tenant = self._work.tenant
        async with self._work.step(0, None) as tx:
            for kind in self._kinds:
                self._total += await tx.value(_COUNT.format(table=kind.table), tenant)
            before: set[str] = {*await tx.value(_SEALERS, tenant)}
        while before:
            async with self._work.step(0, self._total, "Waiting for writes that are on") as tx:
                before &= {*await tx.value(_SEALERS, tenant)}
            await asyncio.sleep(_WAIT)

    async def _kind(self, kind: Definition, outcome: Outcome) -> None:
        """All rows of a type, deleted ones too, in pieces."""
        after, more = NIL, True
        while more:
            done = min(outcome.looked, self._total)
            async with self._work.step(done, self._total, f"Under way in {kind.plural}") as tx:
                after, more = await self._piece(tx, kind, after, outcome)

    async def _piece(
        self, tx: Transaction, kind: Definition, after: UUID, outcome: Outcome
    ) -> tuple[UUID, bool]:
        """The next rows; answers the last that was looked at, and whether there may be more."""
        tenant = self._work.tenant
        keys = await self._keyring.keys(tx, tenant)
        columns = sealed_columns(kind)
        named = {"table": kind.table, "columns": ", ".join(columns)}
        rows = await tx.rows(_LOOK.format(**named), tenant, after, LOOKED)
        stale = [row for row in rows if _stale(kind, keys, row)][:PIECE]
        if len(stale) == PIECE:  # there may be more of them among these rows
            rows = [row for row in rows if row["id"] <= stale[-1]["id"]]
        if stale:
            ids = [row["id"] for row in stale]
            await self._change(tx, kind, keys, ids, outcome)
        outcome.looked += len(rows)
        more = len(rows) == LOOKED or len(stale) == PIECE
        return (rows[-1]["id"], more) if rows else (after, False)

    async def _change(
        self,
        tx: Transaction,
        kind: Definition,
        keys: DataKeys,
        ids: Sequence[UUID],
        outcome: Outcome,
    ) -> None:
        """Seal the secrets of these rows anew, as they are now."""
        columns = sealed_columns(kind)
        table = {"table": kind.table, "columns": ", ".join(columns)}
        made: list[dict[str, Any]] = []
        for row in await tx.rows(_LOCK.format(**table), self._work.tenant, ids):
            new, closed = _anew(kind, keys, row)
            outcome.closed += closed
            if new:
                made.append({**{c: row[c] for c in columns}, **new, "id": row["id"]})
        if not made:
            return
        await plan_for(tx, len(made))
        await tx.execute(_QUIETLY)
        assigned = ", ".join(f"{c} = v.{c}" for c in columns)
        arrays = ", ".join(f"${place}::bytea[]" for place in range(3, 3 + len(columns)))
        statement = _CHANGE.format(assigned=assigned, arrays=arrays, **table)
        given = [[row[c] for row in made] for c in ("id", *columns)]
        await tx.execute(statement, self._work.tenant, *given)
        outcome.done += len(made)


def _stale(kind: Definition, keys: DataKeys, row: asyncpg.Record) -> bool:
    """Whether a secret of the row is sealed with an older key that can be read, or not indexed."""
    return any(True for _ in _waiting(kind, keys, row))


def _waiting(kind: Definition, keys: DataKeys, row: asyncpg.Record) -> Iterable[str]:
    """The secrets of a row that are to be sealed anew."""
    for name, secret in kind.secrets.items():
        held: bytes | None = row[name]
        if held is None:
            continue
        indexed = all(row[c.named(name)] is not None for c in secret.columns())
        if number_in(held) != keys.newest or not indexed:
            yield name


def _anew(kind: Definition, keys: DataKeys, row: asyncpg.Record) -> tuple[dict[str, bytes], int]:
    """The columns of a row's secrets sealed anew, and how many of them don't open."""
    made: dict[str, bytes] = {}
    closed = 0
    for name in _waiting(kind, keys, row):
        try:
            text = opened(keys, kind, row, name)
        except Unsealable:
            closed += 1
            continue
        assert text is not None
        made |= sealed(keys, kind, row["id"], name, text)
    return made, closed
