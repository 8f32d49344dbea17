"""Which columns of a record an undo may set back, told from the log's values and today's."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from datetime import date, datetime
from functools import lru_cache
from typing import Any
from uuid import UUID

import asyncpg
import msgspec
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql
from sqlalchemy.dialects.postgresql import JSONB

from tenfold.engine.definition import Definition, Field
from tenfold.engine.project.tables import logged_columns, table_of

CUSTOM = "custom"


def columns_of(definition: Definition) -> tuple[str, ...]:
    """The columns that the change log keeps of a type, besides its key."""
    plain, documents = logged_columns(definition)
    return (*plain, *documents)


def goes_back(
    definition: Definition,
    old: Mapping[str, Any],
    new: Mapping[str, Any],
    row: asyncpg.Record,
    later: frozenset[str],
) -> tuple[dict[str, Any], list[str]]:
    """The columns to set with their old values, and the fields that were edited since.

    A field goes back only where it still is what the batch made it; the columns of one field
    (amount and currency, parts and line) go together or stay together.
    """
    back: dict[str, Any] = {}
    kept: list[str] = []
    for one, names in _fields(definition):
        changed = [name for name in names if name in new]
        if not changed:
            continue
        others = later.intersection(names).difference(changed)
        if others or any(not _same(definition, n, new[n], row) for n in changed):
            if any(not _same(definition, n, old.get(n), row) for n in changed):
                kept.append(one.json_name)
            continue
        back.update({n: _stored(definition, n, old.get(n)) for n in changed})
    if CUSTOM in new:
        _custom(old.get(CUSTOM) or {}, new[CUSTOM] or {}, row, back, kept)
    return back, kept


def named(definition: Definition, columns: Collection[str]) -> tuple[str, ...]:
    """The fields whose columns these are, by the names that people know."""
    found = [one.json_name for one, names in _fields(definition) if {*names} & {*columns}]
    return tuple(sorted({*found, *([CUSTOM] if CUSTOM in columns else [])}))


def _custom(
    old: Mapping[str, Any],
    new: Mapping[str, Any],
    row: asyncpg.Record,
    back: dict[str, Any],
    kept: list[str],
) -> None:
    """The custom fields, each by itself though they lie in one column."""
    now: dict[str, Any] = msgspec.json.decode(row[CUSTOM])
    result = dict(now)
    for name in sorted({*old, *new}):
        if old.get(name) == new.get(name):
            continue
        if now.get(name) != new.get(name):
            if now.get(name) != old.get(name):
                kept.append(f"{CUSTOM}.{name}")
        elif name in old:
            result[name] = old[name]
        else:
            result.pop(name, None)
    if result != now:
        back[CUSTOM] = msgspec.json.encode(result).decode()


def _fields(definition: Definition) -> Iterator[tuple[Field, tuple[str, ...]]]:
    for one in definition.fields.values():
        if names := one.column_names:
            yield one, names


def _same(definition: Definition, name: str, logged: Any, row: asyncpg.Record) -> bool:
    """Whether the column holds today what the log says."""
    now = row[name]
    if isinstance(now, str) and _is_document(definition, name):
        now = msgspec.json.decode(now)
        return bool(now == logged)
    return bool(now == _stored(definition, name, logged))


def _stored(definition: Definition, name: str, logged: Any) -> Any:
    """A value of the log as the column takes it."""
    if logged is None:
        return None
    kind = table_of(definition).c[name].type
    return _reader(type(kind))(logged)


def _is_document(definition: Definition, name: str) -> bool:
    return isinstance(table_of(definition).c[name].type, JSONB)


@lru_cache(maxsize=64)
def _reader(kind: type[sa.types.TypeEngine[Any]]) -> Callable[[Any], Any]:
    """How the log's JSON spells a type's values."""
    if issubclass(kind, JSONB):
        return lambda value: msgspec.json.encode(value).decode()
    if issubclass(kind, postgresql.UUID):
        return UUID
    if issubclass(kind, sa.LargeBinary):
        return lambda value: bytes.fromhex(value[2:])
    if issubclass(kind, sa.DateTime):
        return datetime.fromisoformat
    if issubclass(kind, sa.Date):
        return date.fromisoformat
    return lambda value: value
