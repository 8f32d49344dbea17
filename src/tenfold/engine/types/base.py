"""What a field type must know: its columns, its JSON form, its filters and its import form."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.sql.elements import ColumnElement

from tenfold.kernel.language import say

Schema = dict[str, Any]


class Columns:
    """A row's columns by name, spelled `alias.name`, so that they fit any place of a statement."""

    def __init__(self, alias: str, kinds: Mapping[str, sa.types.TypeEngine[Any]]) -> None:
        self.alias, self._kinds = alias, kinds
        self._spelled: dict[str, ColumnElement[Any]] = {}

    def __getitem__(self, name: str) -> ColumnElement[Any]:
        if (found := self._spelled.get(name)) is None:
            found = sa.literal_column(f"{self.alias}.{name}", self._kinds[name])
            self._spelled[name] = found
        return found

    def calling(self, names: Mapping[str, str]) -> Columns:
        """These columns where some are called otherwise."""
        other = Columns(self.alias, self._kinds)
        other._spelled = {name: self[column] for name, column in names.items()}
        return other

    @classmethod
    def of(cls, table: sa.Table, alias: str = "") -> Columns:
        """The columns of a table, or of a subquery that has the same ones."""
        return cls(alias or table.name, {c.name: c.type for c in table.columns})


# Text compares byte by byte everywhere, so that every PostgreSQL sorts alike (no ICU needed).
TEXT = sa.Text(collation="C")

COMPARE = ("eq", "ne", "in", "gt", "gte", "lt", "lte", "null")
EQUAL = ("eq", "ne", "in", "null")


class Refused(ValueError):
    """A value that a field can't take; the text says what it takes."""


@dataclass(frozen=True, slots=True)
class Locale:
    """How a person's short forms are read: region of phone numbers, currency of amounts."""

    region: str = "US"
    currency: str = "USD"


@dataclass(frozen=True, slots=True)
class Column:
    """One stored column of a field; a derived one is made from another and never shown.

    The change log keeps all that PostgreSQL does not generate, but what is not `logged`.
    """

    suffix: str
    type: sa.types.TypeEngine[Any]
    derived: bool = False
    default: str | None = None
    generated: str | None = None
    logged: bool = True

    def named(self, field: str) -> str:
        """The column's name in the table of a field."""
        return field + self.suffix


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldType:
    """Base of all field types: a value in one column that compares as it stands."""

    kind: ClassVar[str]
    operators: ClassVar[Sequence[str]] = COMPARE
    stored: ClassVar[bool] = True
    writable: ClassVar[bool] = True
    many: ClassVar[bool] = False
    leakproof: ClassVar[bool] = True
    ordered: ClassVar[bool] = True

    def json_name(self, field: str) -> str:
        """The field's name in JSON."""
        return field

    def columns(self) -> tuple[Column, ...]:
        """The columns that hold the value."""
        raise NotImplementedError

    def parse(self, value: object, at: Locale) -> tuple[object, ...]:
        """The stored values, one per column, of a JSON value that isn't null; raises Refused."""
        raise NotImplementedError

    def select(self, field: str, columns: Columns) -> ColumnElement[Any]:
        """The SQL expression that becomes the JSON value."""
        return columns[field]

    def compared(self, field: str, columns: Columns) -> ColumnElement[Any]:
        """The column that filters compare."""
        return columns[field]

    def sorted_by(self, field: str, columns: Columns) -> ColumnElement[Any]:
        """The column that sorts by this field use."""
        return self.compared(field, columns)

    def filter_value(self, text: str, at: Locale) -> object:
        """What a filter's text stands for, as the compared column stores it; raises Refused."""
        return self.parse(text, at)[0]

    def beginning(self, text: str, at: Locale) -> str:
        """What the stored form begins with where the value as people write it begins so."""
        return text

    def beside(self, field: str, columns: Columns) -> dict[str, ColumnElement[Any]]:
        """What the JSON shows next to the value, by its name there."""
        return {}

    def currency_column(self, field: str) -> str:
        """The column that holds the currency of an amount; empty for what is no amount."""
        return ""

    def schema(self) -> Schema:
        """JSON Schema of the value."""
        raise NotImplementedError

    def sample(self, n: int) -> object:
        """The n-th of endless valid JSON values, for conformance and examples."""
        raise NotImplementedError

    def mistakes(self) -> Sequence[str]:
        """What is wrong with this type's parameters, a sentence each."""
        return ()


def text_of(value: object) -> str:
    """The value as text, refusing what isn't and what PostgreSQL can't hold."""
    if not isinstance(value, str):
        raise Refused(say("must be text"))
    if "\x00" in value:
        raise Refused(say("must not contain the NUL character"))
    try:
        value.encode()
    except UnicodeEncodeError:
        raise Refused(say("contains a broken character (a lone surrogate)")) from None
    return value


def uuid_of(value: object) -> UUID:
    """The value as a UUID."""
    if isinstance(value, UUID):
        return value
    if isinstance(value, str) and len(value) == 36:
        try:
            return UUID(value)
        except ValueError:
            pass
    raise Refused(say("must be an id (a UUID)"))
