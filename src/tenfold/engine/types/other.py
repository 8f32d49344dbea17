"""JSON, encrypted secrets, and the fields that PostgreSQL computes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.sql.elements import ColumnElement

from tenfold.engine.sql import TODAY
from tenfold.engine.types.base import (
    COMPARE,
    EQUAL,
    Column,
    Columns,
    FieldType,
    Locale,
    Refused,
    Schema,
    text_of,
)
from tenfold.kernel import digits
from tenfold.kernel.language import grouped, say
from tenfold.kernel.text import essence

MASK = "••••"


@dataclass(frozen=True, slots=True, kw_only=True)
class Json(FieldType):
    """Any JSON value, up to 100 kB."""

    kind: ClassVar[str] = "json"
    operators: ClassVar[tuple[str, ...]] = ("null",)

    def columns(self) -> tuple[Column, ...]:
        return (Column("", JSONB()),)

    def parse(self, value: object, at: Locale) -> tuple[object, ...]:
        try:
            encoded = digits.encode(value)
        except (TypeError, UnicodeEncodeError, RecursionError):
            raise Refused(say("must be JSON")) from None
        if len(encoded) > 100_000:
            raise Refused(say("must have at most 100 kB"))
        if b"\\u0000" in encoded:
            raise Refused(say("must not contain the NUL character"))
        return (encoded.decode(),)

    def schema(self) -> Schema:
        return {}

    def sample(self, n: int) -> object:
        return {"n": n, "list": [1, "two", None]}


@dataclass(frozen=True, slots=True, kw_only=True)
class Secret(FieldType):
    """A text that is stored encrypted and shown only by a logged reveal.

    With `filter=True` those who may reveal it also find by it (`eq`, `ne`, `in`), however written.
    """

    kind: ClassVar[str] = "secret"
    operators: ClassVar[tuple[str, ...]] = ("null",)
    max_length: int = 1_000

    def columns(self) -> tuple[Column, ...]:
        return (Column("", sa.LargeBinary()),)

    def parse(self, value: object, at: Locale) -> tuple[object, ...]:
        text = text_of(value)
        if len(text) > self.max_length:
            raise Refused(
                say("must have at most %(most)s characters", most=grouped(self.max_length))
            )
        if text == MASK:
            raise Refused(
                say("is the mask that stands for a hidden value; leave the field out to keep it")
            )
        return (text,)

    def select(self, field: str, columns: Columns) -> ColumnElement[Any]:
        return sa.case((columns[field].is_not(None), sa.literal_column(f"'{MASK}'", sa.Text)))

    def schema(self) -> Schema:
        return {"type": "string", "maxLength": self.max_length, "x-secret": True}

    def sample(self, n: int) -> object:
        return f"secret {n}"


INDEX = "_index"
"""What follows a secret's column in the name of the one by which it is found."""


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexedSecret(Secret):
    """A secret declared with `filter=True`: who may reveal it finds it by its whole value.

    Beside it lies a keyed hash of the value (a blind index), which tells nothing without the key.
    """

    operators: ClassVar[tuple[str, ...]] = EQUAL
    ordered: ClassVar[bool] = False

    def columns(self) -> tuple[Column, ...]:
        index = Column(INDEX, sa.LargeBinary(), derived=True, logged=False)
        return (*Secret.columns(self), index)

    def compared(self, field: str, columns: Columns) -> ColumnElement[Any]:
        return columns[field + INDEX]

    def filter_value(self, text: str, at: Locale) -> object:
        return essence(str(self.parse(text, at)[0]))


@dataclass(frozen=True, slots=True, kw_only=True)
class Expression(FieldType):
    """Base of what PostgreSQL computes: the SQL text names columns of the same table as {t}."""

    writable: ClassVar[bool] = False
    sql: str
    of: FieldType

    def parse(self, value: object, at: Locale) -> tuple[object, ...]:
        raise Refused(say("is computed and can't be set"))

    def filter_value(self, text: str, at: Locale) -> object:
        return self.of.filter_value(text, at)

    def schema(self) -> Schema:
        return {**self.of.schema(), "readOnly": True}

    def sample(self, n: int) -> object:
        return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Generated(Expression):
    """Stored by PostgreSQL beside its row, so that it sorts and filters like any column.

    `currency` is the amount of the same row whose currency a generated amount has; it is sorted
    by minor units of whatever currency.
    """

    kind: ClassVar[str] = "generated"
    operators: ClassVar[tuple[str, ...]] = COMPARE
    currency: str = ""

    def columns(self) -> tuple[Column, ...]:
        (first, *_) = self.of.columns()
        return (Column("", first.type, derived=True, generated=self.sql),)

    def select(self, field: str, columns: Columns) -> ColumnElement[Any]:
        if currency := self.currency_column(field):
            columns = columns.calling({f"{field}_currency": currency})
        return self.of.select(field, columns)

    def beside(self, field: str, columns: Columns) -> dict[str, ColumnElement[Any]]:
        currency = self.currency_column(field)
        return {f"{field}_currency": columns[currency]} if currency else {}

    def currency_column(self, field: str) -> str:
        return f"{self.currency}_currency" if self.currency else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Computed(Expression):
    """Computed by PostgreSQL each time it is read; not for filters or sorts.

    {today} in its SQL is the date where the organisation is.
    """

    kind: ClassVar[str] = "computed"
    operators: ClassVar[tuple[str, ...]] = ()
    stored: ClassVar[bool] = False

    def columns(self) -> tuple[Column, ...]:
        return ()

    def select(self, field: str, columns: Columns) -> ColumnElement[Any]:
        sql = f"({self.sql.replace('{t}', columns.alias)})"
        if "{today}" not in sql:
            return sa.literal_column(sql)
        # In a text with bound values, colons that are none of theirs are escaped.
        plain = sql.replace(":", "\\:").replace("{today}", ":today")
        return sa.type_coerce(sa.text(plain).bindparams(TODAY), sa.types.NULLTYPE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rollup(FieldType):
    """A figure over the records that point here, computed at read under the reader's own scope."""

    kind: ClassVar[str] = "rollup"
    operators: ClassVar[tuple[str, ...]] = ()
    stored: ClassVar[bool] = False
    writable: ClassVar[bool] = False
    relation: str
    function: str = "count"
    over: str = ""

    def columns(self) -> tuple[Column, ...]:
        return ()

    def parse(self, value: object, at: Locale) -> tuple[object, ...]:
        raise Refused(say("is computed and can't be set"))

    def schema(self) -> Schema:
        return {"type": "integer" if self.function == "count" else "number", "readOnly": True}

    def sample(self, n: int) -> object:
        return None

    def mistakes(self) -> tuple[str, ...]:
        if self.function not in ("count", "sum", "min", "max", "avg"):
            return (f"function {self.function!r} is unknown; use count, sum, min, max or avg",)
        return () if self.function == "count" or self.over else ("over must name the field to sum",)
