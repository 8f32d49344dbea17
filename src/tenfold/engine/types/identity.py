"""The record's own id."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import sqlalchemy as sa

from tenfold.engine.types.base import EQUAL, Column, FieldType, Locale, Schema, uuid_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Id(FieldType):
    """A UUID version 7, made by Tenfold."""

    kind: ClassVar[str] = "id"
    operators: ClassVar[tuple[str, ...]] = (*EQUAL, "gt", "gte", "lt", "lte")
    writable: ClassVar[bool] = False

    def columns(self) -> tuple[Column, ...]:
        return (Column("", sa.UUID(as_uuid=True)),)

    def parse(self, value: object, at: Locale) -> tuple[object, ...]:
        return (uuid_of(value),)

    def schema(self) -> Schema:
        return {"type": "string", "format": "uuid"}

    def sample(self, n: int) -> object:
        return None
