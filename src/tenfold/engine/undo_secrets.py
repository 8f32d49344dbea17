"""Secrets in an undo: followed through what was sealed anew, and put back sealed as of now."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from tenfold.db.database import Reader, Transaction
from tenfold.db.keys import DataKeys, Keyring, Unsealable
from tenfold.engine.definition import Definition
from tenfold.engine.pointers import Refuse, Tell
from tenfold.engine.rows import Row
from tenfold.engine.sealing import opened, sealed
from tenfold.kernel import digits
from tenfold.kernel.errors import Conflict

_LOST = "What these secrets were does not open any more, so they stay as they are."
_RESEALED = """SELECT record_id, old, new FROM tenfold.change_log
WHERE tenant_id = $1 AND record_id = ANY ($2) AND operation = 'reseal' AND seq > $3
ORDER BY seq"""


async def follow(
    reader: Reader,
    tenant: UUID,
    definition: Definition,
    made: Mapping[UUID, dict[str, Any]],
    since: int,
) -> None:
    """Let what a batch made of secrets be as they are sealed now, where nobody edited them since.

    `made` are its values by record and column; `since` is where in the log they begin.
    """
    names = definition.secrets.keys()
    ids = [identity for identity, values in made.items() if not names.isdisjoint(values)]
    if not ids:
        return
    for row in await reader.rows(_RESEALED, tenant, ids, since):
        values, old, new = made[row[0]], digits.decode(row[1]), digits.decode(row[2])
        for name in old:
            if name in values and values[name] == old[name]:
                values[name] = new[name]


async def again(
    keyring: Keyring,
    tx: Transaction,
    definition: Definition,
    rows: Sequence[Row],
    refuse: Refuse,
    tell: Tell,
) -> list[Row]:
    """Rows of the change log with their secrets sealed as of now.

    What a secret is found by is not in the log, and the key that sealed it may be retired. Where
    that was erased the secret stays as it is: `tell` hears of it, or `refuse` if nothing else is
    to change.
    """
    if all(definition.secrets.keys().isdisjoint(row) for row in rows):
        return list(rows)
    keys = await keyring.sealing(tx, tx.context.tenant)
    made: list[Row] = []
    for row in rows:
        new, lost = _again(keys, definition, row)
        if len(new) == 1:
            refuse(row["id"], Conflict(_LOST))
            continue
        made.append(new)
        if lost:
            tell(row["id"], _LOST, lost)
    return made


def _again(keys: DataKeys, definition: Definition, row: Row) -> tuple[Row, tuple[str, ...]]:
    """The row, and the fields of which nothing is known any more."""
    new, lost = dict(row), list[str]()
    for name, kind in definition.secrets.items():
        if name not in row:
            continue
        try:
            text = opened(keys, definition, row, name)
        except Unsealable:
            del new[name]
            lost.append(name)
            continue
        empty = {column.named(name): None for column in kind.columns()}
        new |= empty if text is None else sealed(keys, definition, row["id"], name, text)
    return new, tuple(lost)
