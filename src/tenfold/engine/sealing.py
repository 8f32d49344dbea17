"""Secrets of records: sealed for their place, opened, and what they are found by."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any
from uuid import UUID

import asyncpg

from tenfold.db.database import Transaction
from tenfold.db.keys import DataKeys, Keyring
from tenfold.engine.definition import Definition
from tenfold.engine.filtering import Filter
from tenfold.engine.types.other import INDEX, IndexedSecret
from tenfold.engine.values import Values
from tenfold.kernel.text import essence


async def keys_for(keyring: Keyring, tx: Transaction, values: Iterable[Values]) -> DataKeys | None:
    """What seals the secrets among these values; asked for only where there are any."""
    if not any(one.secrets for one in values):
        return None
    return await keyring.sealing(tx, tx.context.tenant)


def sealed(
    keys: DataKeys, definition: Definition, identity: UUID, name: str, text: str
) -> dict[str, bytes]:
    """The columns of a secret."""
    table = definition.table
    made = {name: keys.seal(text, table, name, identity)}
    if isinstance(definition.secrets[name], IndexedSecret):
        made[name + INDEX] = keys.index(essence(text), table, name)
    return made


def opened(
    keys: DataKeys, definition: Definition, row: Mapping[str, Any] | asyncpg.Record, name: str
) -> str | None:
    """A secret of a row; raises Unsealable where it does not open."""
    if row[name] is None:
        return None
    return keys.unseal(row[name], definition.table, name, row["id"])


def found_by(keys: DataKeys, definition: Definition, one: Filter) -> list[bytes]:
    """What a filter by a secret looks for: under each key that may have sealed one."""
    texts: list[str] = one.value if isinstance(one.value, list) else [str(one.value)]  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]
    return [
        index for text in texts for index in keys.indexes(text, definition.table, one.field.name)
    ]
