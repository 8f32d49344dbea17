"""What a list's statement binds: `f0` … filters, `s_name` sorts, `c0` … the cursor, `_among`."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, time

from tenfold.engine.ask import Ask
from tenfold.engine.definition import Definition
from tenfold.engine.filtering import Filter
from tenfold.engine.slots import slot_field
from tenfold.kernel.text import sort_key

AMONG = "_among"
"""The only ids that count, where not all do."""
_LAST = "\U0010ffff"


def key_values(
    definition: Definition, ask: Ask, cursor: Sequence[object] | None
) -> dict[str, object]:
    """The bound values of a list's filters, sorts and cursor."""
    values: dict[str, object] = {}
    for sort in ask.sorts:
        if sort.field.custom:
            values[f"s_{sort.field.name}"] = slot_field(definition, sort.field)
    if ask.page:
        values["offset"] = (ask.page - 1) * ask.limit
    for place, one in enumerate(ask.conditions):
        values |= filter_values(definition, one, f"f{place}")
    if ask.among is not None:
        values[AMONG] = ask.among
    for place, value in enumerate(cursor or ()):
        values[f"c{place}"] = value
    return values


def filter_values(definition: Definition, one: Filter, bind: str) -> dict[str, object]:
    """The bound values of one filter."""
    value = one.value
    named: dict[str, object] = {}
    if one.field.custom or one.field.type.many:
        value = _slot_value(value)
        named[f"{bind}_field"] = slot_field(definition, one.field)
        named[f"{bind}_key"] = f"{one.field.name.removesuffix('_currency')}_currency"
    if one.currency:
        named[f"{bind}_currency"] = one.currency
    if one.operator == "prefix":
        text = str(value)
        if one.field.folded:
            text = sort_key(text)
        return {**named, bind: text, f"{bind}_end": text + _LAST}
    if one.field.by_key and one.operator in ("eq", "in"):
        named[f"{bind}_folded"] = _keys(value)
    return named if one.operator == "null" else {**named, bind: value}


def _keys(value: object) -> object:
    if isinstance(value, list):
        items: list[object] = list(value)  # pyright: ignore[reportUnknownArgumentType]
        return [sort_key(str(item)) for item in items]
    return sort_key(str(value))


def _slot_value(value: object) -> object:
    if isinstance(value, bool):
        return int(value)
    if isinstance(value, list):
        items: list[object] = list(value)  # pyright: ignore[reportUnknownArgumentType]
        return [_slot_value(item) for item in items]
    if isinstance(value, date) and not isinstance(value, datetime):
        return datetime.combine(value, time(), UTC)
    return value
