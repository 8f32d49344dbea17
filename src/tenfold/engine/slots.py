"""Slots: the values of many-valued and custom fields, typed for filters and sorts."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from uuid import UUID

import sqlalchemy as sa

from tenfold.engine.definition import TIMES, Definition, Field
from tenfold.engine.project.tables import SCHEMA
from tenfold.engine.sql import UUID_TYPE
from tenfold.engine.types import Locale

SLOTS = sa.Table(
    "slots",
    sa.MetaData(schema=SCHEMA),
    sa.Column("tenant_id", UUID_TYPE),
    sa.Column("field", sa.Text),
    sa.Column("record_id", UUID_TYPE),
    sa.Column("place", sa.SmallInteger),
    sa.Column("text_value", sa.Text),
    sa.Column("int_value", sa.BigInteger),
    sa.Column("time_value", sa.DateTime(timezone=True)),
    sa.Column("ref_value", UUID_TYPE),
)


@dataclass(frozen=True, slots=True)
class Slot:
    """One value of a many-valued or custom field, typed for filters and sorts."""

    field: str
    place: int
    text: str | None = None
    number: int | None = None
    moment: datetime | None = None
    ref: UUID | None = None


def slots_of(definition: Definition, one: Field, value: object, locale: Locale) -> list[Slot]:
    """The slots of a JSON value of a field."""
    if value is None:
        return []
    name, column = slot_field(definition, one), slot_column(one.type.kind)
    if one.type.many:
        items: list[object] = list(value) if isinstance(value, list) else []  # pyright: ignore[reportUnknownArgumentType]
        if column == "ref_value":
            return [Slot(name, i, ref=UUID(str(item))) for i, item in enumerate(items)]
        return [Slot(name, i, text=str(item)[:500]) for i, item in enumerate(items)]
    if set(one.type.operators) <= {"null"}:
        return [Slot(name, 0, text="")]  # it tells only that there is a value
    stored = one.type.parse(value, locale)[0]
    if column == "int_value":
        return [Slot(name, 0, number=int(str(int(stored))) if stored is not None else None)]  # pyright: ignore[reportArgumentType]
    if column == "time_value":
        if isinstance(stored, date) and not isinstance(stored, datetime):
            stored = datetime.combine(stored, time(), UTC)
        return [Slot(name, 0, moment=stored)]  # pyright: ignore[reportArgumentType]
    if column == "ref_value":
        return [Slot(name, 0, ref=UUID(str(stored)))]
    return [Slot(name, 0, text=str(stored)[:500])]


def slot_column(kind: str) -> str:
    """The slots' column that holds values of a field type."""
    if kind in ("integer", "decimal", "money", "boolean"):
        return "int_value"
    if kind in TIMES:
        return "time_value"
    return "ref_value" if kind in ("ref", "many", "user", "any_ref", "file") else "text_value"


def slot_field(definition: Definition, field: Field) -> str:
    """The name under which a field's values lie in the slots."""
    name = field.name.removesuffix("_currency") if field.type.kind == "currency" else field.name
    return f"{definition.name}.{'custom.' if field.custom else ''}{name}"
