"""Relations: to one record, to many, to a record of any type; users and files."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, cast

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.sql.elements import ColumnElement

from tenfold.engine.types.base import (
    EQUAL,
    TEXT,
    Column,
    Columns,
    FieldType,
    Locale,
    Refused,
    Schema,
    uuid_of,
)
from tenfold.kernel.language import say

ON_DELETE = {
    "restrict": "The other record can't be deleted while a live record points to it (409).",
    "clear": "The relation is emptied with it, in the change log like any other change.",
}
"""What becomes of a relation to one record when that is deleted."""
_ID: Schema = {"type": "string", "format": "uuid"}


@dataclass(frozen=True, slots=True, kw_only=True)
class _OneId(FieldType):
    """What is kept as one id; in JSON `<name>_id`."""

    operators: ClassVar[tuple[str, ...]] = EQUAL

    def json_name(self, field: str) -> str:
        return field + "_id"

    def columns(self) -> tuple[Column, ...]:
        return (Column("_id", sa.UUID(as_uuid=True)),)

    def parse(self, value: object, at: Locale) -> tuple[object, ...]:
        return (uuid_of(value),)

    def select(self, field: str, columns: Columns) -> ColumnElement[Any]:
        return columns[field + "_id"]

    def compared(self, field: str, columns: Columns) -> ColumnElement[Any]:
        return columns[field + "_id"]

    def schema(self) -> Schema:
        return dict(_ID)

    def sample(self, n: int) -> object:
        return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Ref(_OneId):
    """A relation to one record of another type; in JSON `<name>_id`, embedded as `<name>`."""

    kind: ClassVar[str] = "ref"
    to: str
    back: str = ""
    on_delete: str = "restrict"

    def mistakes(self) -> tuple[str, ...]:
        if self.on_delete in ON_DELETE:
            return ()
        known = " or ".join(map(repr, ON_DELETE))
        return (f"on_delete={self.on_delete!r} is unknown; use {known}",)


@dataclass(frozen=True, slots=True, kw_only=True)
class Many(FieldType):
    """A relation to many records of another type, written as a resource of its own.

    Kept as JSON, from which the change log tells what it was, and in slots, by which it is read.
    """

    kind: ClassVar[str] = "many"
    operators: ClassVar[tuple[str, ...]] = ("eq", "in")
    many: ClassVar[bool] = True
    stored: ClassVar[bool] = False
    writable: ClassVar[bool] = False
    to: str
    back: str = ""

    def columns(self) -> tuple[Column, ...]:
        return (Column("", JSONB()),)

    def filter_value(self, text: str, at: Locale) -> object:
        return uuid_of(text)

    def schema(self) -> Schema:
        return {"type": "array", "items": dict(_ID)}

    def sample(self, n: int) -> object:
        return None


@dataclass(frozen=True, slots=True, kw_only=True)
class AnyRef(FieldType):
    """A relation to one record of any type: `{"type": …, "id": …}`."""

    kind: ClassVar[str] = "any_ref"
    operators: ClassVar[tuple[str, ...]] = EQUAL
    among: tuple[str, ...] = ()

    def columns(self) -> tuple[Column, ...]:
        return (Column("_id", sa.UUID(as_uuid=True)), Column("_type", TEXT))

    def parse(self, value: object, at: Locale) -> tuple[object, ...]:
        if not isinstance(value, dict) or set(value) != {"type", "id"}:  # pyright: ignore[reportUnknownArgumentType]
            raise Refused(say('must be an object like {"type": "lead", "id": "…"}'))
        given = cast("dict[str, object]", value)
        if not isinstance(given["type"], str):
            raise Refused(say("type must be the name of a record type"))
        return (uuid_of(given["id"]), given["type"])

    def select(self, field: str, columns: Columns) -> ColumnElement[Any]:
        kind, key = columns[field + "_type"], columns[field + "_id"]
        pair = sa.func.json_build_object("type", kind, "id", key)
        return sa.case((key.is_not(None), pair))

    def compared(self, field: str, columns: Columns) -> ColumnElement[Any]:
        return columns[field + "_id"]

    def filter_value(self, text: str, at: Locale) -> object:
        return uuid_of(text.rpartition(":")[2])

    def schema(self) -> Schema:
        name: Schema = {"type": "string"}
        return {
            "type": "object",
            "properties": {"type": name, "id": dict(_ID)},
            "required": ["type", "id"],
            "additionalProperties": False,
        }

    def sample(self, n: int) -> object:
        return None


@dataclass(frozen=True, slots=True, kw_only=True)
class User(_OneId):
    """A person of the same organisation; in JSON `<name>_id`."""

    kind: ClassVar[str] = "user"


@dataclass(frozen=True, slots=True, kw_only=True)
class File(FieldType):
    """A file kept outside of the database: its id, name, type and size."""

    kind: ClassVar[str] = "file"
    operators: ClassVar[tuple[str, ...]] = ("null",)

    def columns(self) -> tuple[Column, ...]:
        return (Column("_id", sa.UUID(as_uuid=True)),)

    def json_name(self, field: str) -> str:
        return field + "_id"

    def parse(self, value: object, at: Locale) -> tuple[object, ...]:
        return (uuid_of(value),)

    def select(self, field: str, columns: Columns) -> ColumnElement[Any]:
        return columns[field + "_id"]

    def compared(self, field: str, columns: Columns) -> ColumnElement[Any]:
        return columns[field + "_id"]

    def schema(self) -> Schema:
        return dict(_ID)

    def sample(self, n: int) -> object:
        return None
