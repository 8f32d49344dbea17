"""Conditions in words, and the form that adds one."""

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
from tenfold.engine.definition import TIMES, Definition, Field
from tenfold.engine.filtering import Filter
from tenfold.engine.types import Boolean, Choice, Choices, Stage
from tenfold.kernel.language import mark, say
from tenfold.kernel.money import Money
from tenfold.web.pages import words
from tenfold.web.pages.cells import Reader, kind_of
from tenfold.web.pages.lists.conditions import ME, Leaf, Pairs, days_of

# What people choose → how the API says it: operator, and the value where it is fixed.
_SAYS = {
    "eq": mark("is"),
    "ne": mark("is not"),
    "in": mark("is"),
    "prefix": mark("begins with"),
    "gte": mark("is at least"),
    "lte": mark("is at most"),
    "gt": mark("is more than"),
    "lt": mark("is less than"),
    "empty": mark("is empty"),
    "filled": mark("is filled in"),
    "me": mark("is me"),
    "day": mark("is today"),
    "past": mark("is before today"),
    "last7": mark("in the last 7 days"),
    "last30": mark("in the last 30 days"),
    "next7": mark("in the next 7 days"),
    "next30": mark("in the next 30 days"),
}
# What needs no value: how the address says it, which moves along with the day and who looks.
_FIXED = {
    "empty": [("[null]", "true")],
    "filled": [("[null]", "false")],
    "me": [("", "me")],
    "day": [("[gte]", "today"), ("[lt]", "+1d")],
    "past": [("[lt]", "today")],
    "last7": [("[gte]", "-7d"), ("[lt]", "+1d")],
    "last30": [("[gte]", "-30d"), ("[lt]", "+1d")],
    "next7": [("[gte]", "today"), ("[lt]", "+8d")],
    "next30": [("[gte]", "today"), ("[lt]", "+31d")],
}
_SAYS_WHEN = {
    "gte": mark("is on or after"),
    "lte": mark("is on or before"),
    "gt": mark("is after"),
    "lt": mark("is before"),
}
_OFFERED = {
    "text": "eq prefix ne empty filled",
    "email": "eq prefix empty filled",
    "phone": "eq prefix empty filled",
    "url": "eq prefix empty filled",
    "address": "prefix eq empty filled",
    "choice": "eq ne empty filled",
    "stage": "eq ne",
    "choices": "eq empty filled",
    "tags": "eq in empty filled",
    "boolean": "eq",
    "secret": "empty filled",  # its value would stand in the address
    "integer": "gte lte eq empty filled",
    "decimal": "gte lte eq empty filled",
    "money": "gte lte eq empty filled",
    "date": "day last7 last30 next7 next30 past gte lte eq empty filled",
    "datetime": "day last7 last30 next7 next30 past gte lt empty filled",
    "ref": "eq empty filled",
    "user": "me eq empty filled",
}


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
    typed: str
    placeholder: str
    picks: str
    hidden: Pairs
    mistake: str = ""

    @property
    def replacing(self) -> bool:
        """Whether it says a condition otherwise."""
        return any(name == "edit" for name, _ in self.hidden)

    @property
    def beside(self) -> bool:
        """Whether it adds an alternative to one."""
        return any(name == "add_to" for name, _ in self.hidden)


def address(path: str, pairs: Iterable[tuple[str, str]]) -> str:
    """A path with parameters."""
    query = urlencode([p for p in pairs if p[1] != ""], safe="[]:,")
    return f"{path}?{query}" if query else path


def builder(
    definition: Definition,
    access: Access,
    path: str,
    *,
    chosen: str = "",
    operator: str = "",
    values: Sequence[str] = (),
    hidden: Pairs = (),
    mistake: str = "",
) -> Builder | None:
    """The form to add a condition, or to say one otherwise; None where no field can be asked for.

    `hidden` are the list's other parameters, which the form sends along, `mistake` is why what it
    said was not taken.
    """
    fields = [f for f in filterable(definition) if access.sees(f)]
    if not fields:
        return None
    one = next((f for f in fields if f.json_path == chosen), fields[0])
    kind = kind_of(one)
    to = getattr(one.type, "to", "")
    return Builder(
        fields=tuple(Option(f.json_path, f.label, f is one) for f in fields),
        operators=tuple(Option(o, verb(one, o), o == operator) for o in _offered(one)),
        input=_INPUTS.get(kind, "text"),
        values=_values(one, values),
        typed="" if isinstance(one.type, Choice | Choices) else ", ".join(values),
        placeholder=_example(kind),
        picks=f"{path}/pick?field={one.name}" if to or kind == "user" else "",
        hidden=hidden,
        mistake=mistake,
    )


_INPUTS = {"date": "date", "datetime": "date", "email": "text", "phone": "tel"}
_PLACEHOLDERS = {"tags": mark("A tag"), "ref": mark("Begin to type a name")}


def _example(kind: str) -> str:
    """What an empty box suggests."""
    if kind == "money":
        return words.number(100_000)
    return say(_PLACEHOLDERS[kind]) if kind in _PLACEHOLDERS else ""


def conditions_of(
    definition: Definition,
    access: Access,
    field: str,
    operator: str,
    values: Sequence[str],
    zone: ZoneInfo,
) -> list[Leaf]:
    """What the form says, as an address spells it; nothing where it says nothing."""
    fields = {f.json_path: f for f in filterable(definition) if access.sees(f)}
    one = fields.get(field)
    if one is None or operator not in _offered(one):
        return []
    name = one.json_path
    if operator in _FIXED:
        return [Leaf(f"{name}{how}", text) for how, text in _FIXED[operator]]
    given = [text for value in values if (text := _said(one, value.strip(), zone))]
    if not given:
        return []
    if operator in ("eq", "in") and "in" in one.type.operators and _several(one, operator, given):
        return [Leaf(f"{name}[in]", ",".join(given))]
    if operator == "ne":
        return [Leaf(f"{name}[ne]", text) for text in given]
    return [Leaf(name if operator == "eq" else f"{name}[{operator}]", given[0])]


def _several(one: Field, operator: str, given: Sequence[str]) -> bool:
    """Whether these are several values, and not one that has commas in it."""
    if isinstance(one.type, Choice | Choices):
        return len(given) > 1
    return operator == "in" or len(given) > 1


def _said(one: Field, value: str, zone: ZoneInfo) -> str:
    """A value as the address says it; a choice is found by what people read."""
    if isinstance(one.type, Choice | Choices):
        by_label = {one.type.label(o).casefold(): o for o in one.type.options}
        return ",".join(by_label.get(p.strip().casefold(), p.strip()) for p in value.split(","))
    if kind_of(one) in ("integer", "decimal", "money"):
        return words.ungrouped(value)
    if kind_of(one) == "datetime" and value:
        # A day begins at midnight where the person is.
        return words.from_local(value if "T" in value else f"{value}T00:00", zone)
    if isinstance(one.type, Boolean):
        return {"yes": "true", "no": "false"}.get(value.casefold(), value)
    return value


def verb(one: Field, operator: str) -> str:
    """How a condition with this operator is read, up to its value."""
    says = _SAYS_WHEN if kind_of(one) in TIMES else {}
    return say(says.get(operator) or _SAYS.get(operator, operator))


def _offered(one: Field) -> list[str]:
    able = {*one.type.operators, *_FIXED}
    if "null" not in one.type.operators:
        able -= {"empty", "filled"}
    return [o for o in _OFFERED.get(kind_of(one), "eq empty filled").split() if o in able]


def filterable(definition: Definition) -> list[Field]:
    """Fields with an index, or worth one scan: those declared for it, stages and custom ones."""
    declared = [
        f
        for f in definition.fields.values()
        if f.name not in ("id", "team", "created_by", "version", "deleted_at")
        and (f.filter or f.sort or f.title or f.type.kind in ("stage", "choice", "tags", "choices"))
        and f.type.operators
    ]
    return [*declared, *(f for f in definition.custom_fields.values() if f.type.operators)]


def in_words(leaf: Leaf, asked: Filter, reader: Reader) -> str:
    """A condition in words: `is at least $100,000`, `is on or after 7 days ago`, `is me`."""
    one = asked.field
    if asked.operator == "null":
        how = "empty" if asked.value else "filled"
        return say(_SAYS[how])
    says = verb(one, asked.operator)
    if leaf.text == ME and kind_of(one) == "user":
        return say("%(is)s me", **{"is": says})
    if (day := _day_words(leaf.text)) and kind_of(one) in TIMES:
        return f"{says} {day}"
    value = asked.value
    items = cast("list[object]", value) if isinstance(value, list) else [value]
    return f"{says} {_either([_value(asked, item, reader) for item in items])}"


def form_values(leaf: Leaf, asked: Filter, reader: Reader) -> tuple[str, list[str]]:
    """The operator and the values with which the form begins to say a condition otherwise."""
    how = leaf.name.removeprefix(asked.field.json_path)
    fixed = (name for name, pairs in _FIXED.items() if pairs == [(how, leaf.text)])
    if (found := next(fixed, "")) in _offered(asked.field):
        return found, []
    operator = "eq" if asked.operator == "in" else asked.operator
    if isinstance(asked.field.type, Choice | Choices):
        return operator, leaf.text.split(",")
    if isinstance(asked.value, UUID):
        return operator, [reader.names.get(asked.value, leaf.text)]
    if isinstance(asked.value, datetime):
        return operator, [words.there(asked.value, reader.zone).date().isoformat()]
    return asked.operator, [leaf.text]


def _either(parts: Sequence[str]) -> str:
    *most, last = parts
    return say("%(most)s or %(last)s", most=", ".join(most), last=last) if most else last


_NEAR = {0: mark("today"), -1: mark("yesterday"), 1: mark("tomorrow")}


def _day_words(text: str) -> str:
    """A day that moves along, in words; empty for a fixed one."""
    days = days_of(text)
    if days is None:
        return ""
    if days in _NEAR:
        return say(_NEAR[days])
    said = mark("%(n)s days ago") if days < 0 else mark("%(n)s days from now")
    return say(said, n=abs(days))


def _value(asked: Filter, value: object, reader: Reader) -> str:
    one = asked.field
    if isinstance(value, bool):
        return say("yes") if value else say("no")
    if isinstance(one.type, Choice | Choices):
        return one.type.label(str(value))
    if isinstance(value, UUID):
        unknown = say("somebody") if kind_of(one) == "user" else say("a record")
        return reader.names.get(value, unknown)
    if isinstance(value, datetime):
        return words.written(words.there(value, reader.zone).date(), reader.region)
    if isinstance(value, date):
        return words.written(value, reader.region)
    if isinstance(value, int) and kind_of(one) == "money":
        return words.money(Money(value, asked.currency).major(), asked.currency)
    if isinstance(value, int) and kind_of(one) == "decimal":
        return words.number(Decimal(value).scaleb(-getattr(one.type, "places", 0)))
    return words.number(value) if isinstance(value, int) else str(value)


def _values(one: Field, chosen: Sequence[str]) -> tuple[Option, ...]:
    if isinstance(one.type, Stage):
        shown = {*one.type.offered(), *chosen}
        return tuple(
            Option(o, one.type.label(o), o in chosen) for o in one.type.options if o in shown
        )
    if isinstance(one.type, Choice | Choices):
        return tuple(Option(o, one.type.label(o), o in chosen) for o in one.type.options)
    if isinstance(one.type, Boolean):
        answers = (("true", say("Yes")), ("false", say("No")))
        return tuple(Option(value, label, value in chosen) for value, label in answers)
    return ()
