"""Which columns of a record an undo may set back, told from the log's values and today's."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import lru_cache
from typing import Any
from uuid import UUID

import asyncpg
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql
from sqlalchemy.dialects.postgresql import JSONB

from tenfold.engine.access import Access
from tenfold.engine.definition import Definition, Field
from tenfold.engine.project.tables import logged_columns, table_of
from tenfold.kernel import digits

CUSTOM = "custom"


def columns_of(definition: Definition) -> tuple[str, ...]:
    """The columns that the change log keeps of a type, besides its key."""
    plain, documents = logged_columns(definition)
    return (*plain, *documents)


@dataclass(slots=True)
class Fields:
    """What an undo does with one record's fields, as one person may know it.

    `back` are the columns to set with their old values, `kept` the fields that were edited since,
    `barred` those that the person may not set by now. Fields that they can't see are not named:
    `barred` is then marked by `unseen` alone, and edited ones stay without a word.
    """

    access: Access
    back: dict[str, Any] = field(default_factory=dict[str, Any])
    kept: list[str] = field(default_factory=list[str])
    barred: list[str] = field(default_factory=list[str])
    unseen: bool = False

    def keep(self, name: str, shown: str) -> None:
        """Leave a field that was edited since."""
        if name not in self.access.hidden:
            self.kept.append(shown)

    def bars(self, name: str, shown: str) -> bool:
        """Whether the person may not set the field; it is then noted."""
        if name in self.access.hidden:
            self.unseen = True
            return True
        if name in self.access.locked:
            self.barred.append(shown)
            return True
        return False


def goes_back(
    definition: Definition,
    access: Access,
    old: Mapping[str, Any],
    new: Mapping[str, Any],
    row: asyncpg.Record,
    later: frozenset[str],
) -> Fields:
    """What of the batch's changes to a record goes back, and what stays.

    A field goes back only where it still is what the batch made it and the person may set it; the
    columns of one field (amount and currency, parts and line) go together or stay together.
    """
    made = Fields(access)
    for one, names in _fields(definition):
        changed = [name for name in names if name in new]
        if not changed or all(_same(definition, n, old.get(n), row) for n in changed):
            continue
        others = later.intersection(names).difference(changed)
        if others or any(not _same(definition, n, new[n], row) for n in changed):
            made.keep(one.name, one.json_name)
        elif one.name == "deleted_at" or not made.bars(_set_by(one), one.json_name):
            made.back.update({n: _stored(definition, n, old.get(n)) for n in changed})
    if CUSTOM in new:
        _custom(old.get(CUSTOM) or {}, new[CUSTOM] or {}, row, made)
    return made


def _set_by(one: Field) -> str:
    """The field that a person sets to change this one: a team follows the owner."""
    return "owner" if one.name == "team" else one.name


def named(definition: Definition, access: Access, columns: Collection[str]) -> tuple[str, ...]:
    """The fields whose columns these are, by the names that people know, as one may see them."""
    touched = ((one, names) for one, names in _fields(definition) if {*names} & {*columns})
    found = [one.json_name for one, _ in touched if access.sees(one)]
    return tuple(sorted({*found, *([CUSTOM] if CUSTOM in columns else [])}))


def _custom(
    old: Mapping[str, Any], new: Mapping[str, Any], row: asyncpg.Record, made: Fields
) -> None:
    """The custom fields, each by itself though they lie in one column; an amount is one field."""
    now: dict[str, Any] = digits.decode(row[CUSTOM])
    result = dict(now)
    for name in sorted({name.removesuffix("_currency") for name in {*old, *new}}):
        pair, shown = (name, f"{name}_currency"), f"{CUSTOM}.{name}"
        if _alike(pair, old, new) or _alike(pair, now, old):
            continue
        if not _alike(pair, now, new):
            made.keep(name, shown)
        elif not made.bars(name, shown):
            result = {key: value for key, value in result.items() if key not in pair}
            result |= {key: old[key] for key in pair if key in old}
    if result != now:
        made.back[CUSTOM] = digits.encode(result).decode()


def _alike(names: Iterable[str], one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    return all(one.get(name) == other.get(name) for name in names)


def _fields(definition: Definition) -> Iterator[tuple[Field, tuple[str, ...]]]:
    for one in definition.fields.values():
        if names := one.column_names:
            yield one, names


def _same(definition: Definition, name: str, logged: Any, row: asyncpg.Record) -> bool:
    """Whether the column holds today what the log says."""
    now = row[name]
    if isinstance(now, str) and _is_document(definition, name):
        now = digits.decode(now)
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
        return lambda value: digits.encode(value).decode()
    if issubclass(kind, postgresql.UUID):
        return UUID
    if issubclass(kind, sa.LargeBinary):
        return lambda value: bytes.fromhex(value[2:])
    if issubclass(kind, sa.DateTime):
        return datetime.fromisoformat
    if issubclass(kind, sa.Date):
        return date.fromisoformat
    return lambda value: value
