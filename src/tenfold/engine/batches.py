"""Batches: the imports, bulk edits and undos whose changes belong together in the change log."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

import asyncpg
import msgspec

from tenfold.db.database import Reader, Transaction
from tenfold.engine.access import Person
from tenfold.kernel.errors import NotFound

IMPORT, BULK, UNDO, HAND_OVER = "import", "bulk", "undo", "hand_over"
SAMPLE = "sample"
"""Data to try things with, which is taken back in one step."""
State = Literal["", "running", "done", "failed", "undone"]
"""Where a batch stands for people; empty: anywhere."""
_LAST = UUID(int=(1 << 128) - 1)

_COLUMNS = "id, kind, type, status, actor_id, summary, undone_by, created_at, finished_at"
_OPEN = """INSERT INTO tenfold.batches
(tenant_id, id, kind, type, status, actor_id, summary, finished_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, CASE WHEN $8 THEN now() END)"""
_FIND = f"SELECT {_COLUMNS} FROM tenfold.batches WHERE tenant_id = $1 AND id = $2"  # noqa: S608
_LOCK = f"{_FIND} FOR UPDATE"
_LIST = f"""SELECT {_COLUMNS} FROM tenfold.batches
WHERE tenant_id = $1 AND kind = ANY ($2) AND id < $3 AND ($4::uuid IS NULL OR actor_id = $4)
    AND ($6::text[] IS NULL OR string_to_array(type, ',') <@ $6)
    AND ($7::uuid IS NULL OR actor_id = $7)
    AND ($8 = '' OR $8 = CASE WHEN undone_by IS NOT NULL THEN 'undone'
        WHEN status IN ('pending', 'processing') THEN 'running'
        WHEN status = 'failed' THEN 'failed' ELSE 'done' END)
ORDER BY id DESC LIMIT $5"""  # noqa: S608
_SAVE = """UPDATE tenfold.batches SET status = $3, summary = summary || $4::jsonb,
finished_at = CASE WHEN $5 THEN now() ELSE finished_at END WHERE tenant_id = $1 AND id = $2"""
_UNDONE = "UPDATE tenfold.batches SET undone_by = $3 WHERE tenant_id = $1 AND id = $2"


class Batch(msgspec.Struct, frozen=True, kw_only=True):
    """One batch of changes; `type` names the record types, separated by commas."""

    id: UUID
    kind: str
    type: str
    status: str
    actor_id: UUID | None
    summary: dict[str, Any]
    undone_by: UUID | None
    created_at: datetime
    finished_at: datetime | None


async def begin(
    tx: Transaction,
    batch: UUID,
    kind: str,
    types: str,
    summary: Mapping[str, object],
    *,
    status: str = "done",
) -> None:
    """Write a batch down; one that is done from the start is finished now."""
    text = msgspec.json.encode(summary).decode()
    context = tx.context
    finished = status == "done"
    await tx.execute(
        _OPEN, context.tenant, batch, kind, types, status, context.actor, text, finished
    )


async def find(reader: Reader, person: Person, batch: UUID, *, lock: bool = False) -> Batch:
    """A batch of the person's own, or any for those who manage; raises NotFound."""
    found = await of(reader, person.tenant, batch, lock=lock)
    mine = found is not None and (sees_all(person) or found.actor_id == person.user)
    if found is None or not mine or not _within(person, found):
        raise NotFound(f"There is no batch with the id {batch}.")
    return found


async def of(reader: Reader, tenant: UUID, batch: UUID, *, lock: bool = False) -> Batch | None:
    """A tenant's batch, whoever may see it."""
    row = await reader.row(_LOCK if lock else _FIND, tenant, batch)
    return None if row is None else _batch(row)


async def kept(reader: Reader, tenant: UUID, batch: UUID) -> Batch:
    """A tenant's batch for the job that works on it; raises NotFound where it is gone."""
    found = await of(reader, tenant, batch)
    if found is None:
        raise NotFound("There is no such batch any more.")
    return found


async def listing(
    reader: Reader,
    person: Person,
    kinds: Sequence[str],
    before: UUID | None,
    limit: int,
    *,
    by: UUID | None = None,
    state: State = "",
) -> list[Batch]:
    """Batches of these kinds that the person may see, newest first: of somebody, in a state."""
    mine = None if sees_all(person) else person.user
    types = person.scopes.readable if person.scopes else None
    asked = (person.tenant, list(kinds), before or _LAST, mine, limit, types, by, state)
    rows = await reader.rows(_LIST, *asked)
    return [_batch(row) for row in rows]


async def save(
    tx: Transaction,
    batch: UUID,
    status: str,
    summary: Mapping[str, object],
    *,
    finished: bool = False,
) -> None:
    """Write down how far a batch is; what the summary does not name stays as it is."""
    text = msgspec.json.encode(summary).decode()
    await tx.execute(_SAVE, tx.context.tenant, batch, status, text, finished)


async def undone(tx: Transaction, batch: UUID, by: UUID | None) -> None:
    """Note which batch undid this one, or that none does any more."""
    await tx.execute(_UNDONE, tx.context.tenant, batch, by)


def sees_all(person: Person) -> bool:
    """Whether the person may see and undo what others did."""
    return person.role in ("owner", "admin", "manager")


def _within(person: Person, batch: Batch) -> bool:
    """Whether the API key that acts for somebody reads all types of a batch."""
    types = person.scopes.readable if person.scopes else None
    return types is None or set(batch.type.split(",")) <= set(types)


def _batch(row: asyncpg.Record) -> Batch:
    known: dict[str, Any] = dict(row.items())
    return Batch(**{**known, "summary": msgspec.json.decode(known["summary"])})
