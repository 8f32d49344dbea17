"""Filters in words: the chips of those that are on, and the form that adds one."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import cast
from urllib.parse import urlencode
from uuid import UUID
from zoneinfo import ZoneInfo

from tenfold.engine.access import Access
from tenfold.engine.ask import SHARED, Ask
from tenfold.engine.definition import Definition, Field
from tenfold.engine.filtering import Filter
from tenfold.engine.types import Boolean, Choice, Choices
from tenfold.kernel.money import Money
from tenfold.web.pages import words
from tenfold.web.pages.cells import Reader, kind_of

Pairs = Sequence[tuple[str, str]]

# What people choose → how the API says it: operator, and the value where it is fixed.
_SAYS = {
    "eq": "is",
    "ne": "is not",
    "in": "is one of",
    "prefix": "begins with",
    "gte": "is at least",
    "lte": "is at most",
    "gt": "is more than",
    "lt": "is less than",
    "empty": "is empty",
    "filled": "is filled in",
}
_SAYS_WHEN = {
    "gte": "is on or after",
    "lte": "is on or before",
    "gt": "is after",
    "lt": "is before",
}
_OFFERED = {
    "text": "eq prefix ne empty filled",
    "email": "eq prefix empty filled",
    "phone": "eq prefix empty filled",
    "url": "eq prefix empty filled",
    "address": "prefix eq empty filled",
    "choice": "eq ne in empty filled",
    "stage": "eq ne in",
    "choices": "eq in empty filled",
    "tags": "eq in empty filled",
    "boolean": "eq",
    "secret": "empty filled",  # its value would stand in the address
    "integer": "gte lte eq empty filled",
    "decimal": "gte lte eq empty filled",
    "money": "gte lte eq empty filled",
    "date": "gte lte eq empty filled",
    "datetime": "gte lt empty filled",
    "ref": "eq empty filled",
    "user": "eq empty filled",
}


@dataclass(frozen=True, slots=True)
class Chip:
    """One filter that is on: in words, and the address without it."""

    text: str
    without: str


@dataclass(frozen=True, slots=True)
class Option:
    """One choice of a select."""

    value: str
    label: str
    chosen: bool = False


@dataclass(frozen=True, slots=True)
class Builder:
    """The form that adds a filter: the fields, and for the chosen one operators and values."""

    fields: tuple[Option, ...]
    operators: tuple[Option, ...]
    input: str
    values: tuple[Option, ...]
    placeholder: str
    picks: str
    hidden: Pairs


def chips(asked: Ask, pairs: Pairs, path: str, reader: Reader) -> list[Chip]:
    """The chips of a list's filters."""
    made: list[Chip] = []
    for one in asked.filters:
        names = {_parameter(one)}
        if one.operator == "eq":
            names.add(f"{_parameter(one)}[eq]")
        rest = [p for p in without_place(pairs) if p[0] not in names]
        made.append(Chip(f"{one.field.label} {_in_words(one, reader)}", address(path, rest)))
    if asked.mine is not None:
        rest = [p for p in without_place(pairs) if p[0] != SHARED]
        made.append(Chip("Shared with me", address(path, rest)))
    return made


def without_place(pairs: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    """The parameters of a list without the place in it."""
    return [p for p in pairs if p[0] not in ("cursor", "page", "back", "n")]


def address(path: str, pairs: Iterable[tuple[str, str]]) -> str:
    """A path with parameters."""
    query = urlencode([p for p in pairs if p[1] != ""], safe="[]:,")
    return f"{path}?{query}" if query else path


def builder(
    definition: Definition, access: Access, chosen: str, pairs: Pairs, path: str
) -> Builder | None:
    """The form to add a filter; None where no field can be filtered by."""
    fields = [f for f in _filterable(definition) if access.sees(f)]
    if not fields:
        return None
    one = next((f for f in fields if parameter(f) == chosen), fields[0])
    kind = kind_of(one)
    allowed = _offered(one)
    says = {**_SAYS, **(_SAYS_WHEN if kind in ("date", "datetime") else {})}
    to = getattr(one.type, "to", "")
    return Builder(
        fields=tuple(Option(parameter(f), f.label, f is one) for f in fields),
        operators=tuple(Option(o, says[o]) for o in allowed),
        input=_INPUTS.get(kind, "text"),
        values=_values(one),
        placeholder=_PLACEHOLDERS.get(kind, ""),
        picks=f"{path}/pick?field={one.name}" if to or kind == "user" else "",
        hidden=without_place(pairs),
    )


_INPUTS = {"date": "date", "datetime": "date", "email": "text", "phone": "tel"}
_PLACEHOLDERS = {"money": "100,000", "tags": "A tag", "ref": "Begin to type a name"}


def added(
    definition: Definition,
    access: Access,
    pairs: Pairs,
    *,
    field: str,
    operator: str,
    value: str,
    zone: ZoneInfo,
) -> list[tuple[str, str]]:
    """The parameters with one more filter, a choice's value found by what people read."""
    fields = {parameter(f): f for f in _filterable(definition) if access.sees(f)}
    one = fields.get(field)
    if one is None or operator not in _offered(one):
        return without_place(pairs)
    name, text = _said(one, operator, value.strip(), zone)
    kept = [p for p in without_place(pairs) if p[0] not in (name, name.removesuffix("[eq]"))]
    return [*kept, (name, text)] if text else kept


def parameter(one: Field) -> str:
    """A field's name in a list's address."""
    return f"custom.{one.name}" if one.custom else one.json_name


def _said(one: Field, operator: str, value: str, zone: ZoneInfo) -> tuple[str, str]:
    """A filter as the address says it."""
    if operator in ("empty", "filled"):
        return f"{parameter(one)}[null]", "true" if operator == "empty" else "false"
    if isinstance(one.type, Choice | Choices):
        by_label = {one.type.label(o).casefold(): o for o in one.type.options}
        parts = [by_label.get(part.strip().casefold(), part.strip()) for part in value.split(",")]
        value = ",".join(p for p in parts if p)
    elif kind_of(one) in ("integer", "decimal", "money"):
        value = words.ungrouped(value)
    elif kind_of(one) == "datetime" and value:
        # A day begins at midnight where the person is.
        value = words.from_local(value if "T" in value else f"{value}T00:00", zone)
    elif isinstance(one.type, Boolean):
        value = {"yes": "true", "no": "false"}.get(value.casefold(), value)
    name = parameter(one)
    return (name if operator == "eq" else f"{name}[{operator}]"), value


def _offered(one: Field) -> list[str]:
    able = {*one.type.operators, *(("empty", "filled") if "null" in one.type.operators else ())}
    return [o for o in _OFFERED.get(kind_of(one), "eq empty filled").split() if o in able]


def _filterable(definition: Definition) -> list[Field]:
    """Fields with an index, or worth one scan: those declared for it, stages and custom ones."""
    declared = [
        f
        for f in definition.fields.values()
        if f.name not in ("id", "team", "created_by", "version", "deleted_at")
        and (f.filter or f.sort or f.title or f.type.kind in ("stage", "choice", "tags", "choices"))
        and f.type.operators
    ]
    return [*declared, *(f for f in definition.custom_fields.values() if f.type.operators)]


def _parameter(one: Filter) -> str:
    name = parameter(one.field)
    return name if one.operator == "eq" else f"{name}[{one.operator}]"


def _in_words(one: Filter, reader: Reader) -> str:
    if one.operator == "null":
        return _SAYS["empty" if one.value else "filled"]
    kind = kind_of(one.field)
    says = _SAYS_WHEN if kind in ("date", "datetime") else {}
    verb = says.get(one.operator) or _SAYS.get(one.operator, one.operator)
    value = one.value
    items = cast("list[object]", value) if isinstance(value, list) else [value]
    return f"{verb} {', '.join(_value(one, item, reader) for item in items)}"


def _value(asked: Filter, value: object, reader: Reader) -> str:
    one = asked.field
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(one.type, Choice | Choices):
        return one.type.label(str(value))
    if isinstance(value, UUID):
        return reader.names.get(value, "somebody" if kind_of(one) == "user" else "a record")
    if isinstance(value, datetime):
        return words.written(words.there(value, reader.zone).date(), reader.region)
    if isinstance(value, date):
        return words.written(value, reader.region)
    if isinstance(value, int) and kind_of(one) == "money":
        return words.money(Money(value, asked.currency).major(), asked.currency)
    if isinstance(value, int) and kind_of(one) == "decimal":
        return str(Decimal(value).scaleb(-getattr(one.type, "places", 0)))
    return words.number(value) if isinstance(value, int) else str(value)


def _values(one: Field) -> tuple[Option, ...]:
    if isinstance(one.type, Choice | Choices):
        return tuple(Option(o, one.type.label(o)) for o in one.type.options)
    if isinstance(one.type, Boolean):
        return (Option("true", "Yes"), Option("false", "No"))
    return ()
