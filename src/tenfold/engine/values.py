"""From what a client sent to what is stored: parsing, defaults, search words and slots."""

from __future__ import annotations

import re
from collections import OrderedDict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time
from decimal import Decimal as PyDecimal
from functools import lru_cache
from typing import Any
from uuid import UUID

import msgspec
import snowballstemmer

from tenfold.engine.access import Access
from tenfold.engine.ask import visible
from tenfold.engine.definition import Definition, Field
from tenfold.engine.statement import slot_column, slot_field
from tenfold.engine.types import Locale, LongText, Refused, Secret
from tenfold.kernel.errors import Invalid, MissingFields, UnknownField
from tenfold.kernel.money import exponent
from tenfold.kernel.text import words

_TAG = re.compile(r"<[^>]*>")
_MOST_WORDS = 2_000


@dataclass(slots=True)
class Values:
    """Parsed values: columns to store, custom fields as JSON, and what was given by field."""

    columns: dict[str, Any] = field(default_factory=dict[str, Any])
    custom: dict[str, object] = field(default_factory=dict[str, object])
    cleared: set[str] = field(default_factory=set[str])
    secrets: dict[str, str] = field(default_factory=dict[str, str])
    given: set[str] = field(default_factory=set[str])


def parse(
    body: Mapping[str, object],
    definition: Definition,
    access: Access,
    locale: Locale,
    *,
    creating: bool,
) -> Values:
    """Check and convert a client's values; raises with every mistake, by field."""
    values = Values()
    problems: dict[str, str] = {}
    unknown: dict[str, str] = {}
    custom: Mapping[str, object] = {}
    plan = plan_of(definition)
    for name, value in body.items():
        step = plan.by_json.get(name)
        if step is not None and access.sets(step.field):
            _store(step, value, _at(step.field, body, locale), values, problems)
            continue
        if name == "custom":
            if isinstance(value, dict):
                custom = value  # pyright: ignore[reportUnknownVariableType]
            else:
                problems["custom"] = "must be an object of custom fields"
            continue
        if name.endswith("_currency") and _money(definition, access, name):
            if not isinstance(value, str | None):
                problems[name] = "must be a currency by its ISO 4217 code, like USD"
            continue
        try:
            one = visible(name, definition, access)
        except UnknownField as error:
            unknown |= error.fields
            continue
        if one.json_name != name:
            unknown[name] = f"is written as {one.json_name}"
        else:
            why = "is computed" if not one.type.writable else "can't be set"
            problems[name] = f"{why}; leave it out"
    for name, value in custom.items():
        one = definition.custom_fields.get(name)
        if one is None and (amount := _amount(definition, access, name)):
            if amount not in custom:
                problems[f"custom.{name}"] = f"goes with {amount}; give both"
        elif one is None or not access.sees(one):
            unknown[f"custom.{name[:100]}"] = "is not a custom field of this type"
        elif not access.sets(one):
            problems[f"custom.{name}"] = "can't be set; leave it out"
        else:
            _store_custom(one, value, _at(one, custom, locale), values, problems)
    if unknown:
        raise UnknownField({**unknown, **problems})
    missing: dict[str, str] = {}
    if creating:
        missing = _defaults(plan, access, values, locale)
    if missing and not problems:
        raise MissingFields(missing, f"Missing: {', '.join(missing)}.")
    if problems or missing:
        raise Invalid({**problems, **missing})
    return values


def _amount(definition: Definition, access: Access, name: str) -> str:
    """The custom amount whose currency is named so, if there is one to see."""
    one = definition.custom_fields.get(name.removesuffix("_currency"))
    return one.name if one and one.type.kind == "money" and access.sees(one) else ""


def _money(definition: Definition, access: Access, name: str) -> bool:
    one = definition.fields.get(name.removesuffix("_currency"))
    return one is not None and one.type.kind == "money" and access.sees(one)


def _at(one: Field, body: Mapping[str, object], locale: Locale) -> Locale:
    """The locale for a field: an amount's currency may come beside it."""
    currency = body.get(f"{one.name}_currency") if one.type.kind == "money" else None
    if isinstance(currency, str):
        return Locale(locale.region, currency.upper())
    return locale


@dataclass(frozen=True, slots=True)
class Step:
    """A field with what is asked of it for every row, made once."""

    field: Field
    columns: tuple[str, ...]
    default: object = None


class Plan:
    """What parsing and searching ask of a definition for every row, made once."""

    def __init__(self, definition: Definition) -> None:
        self.definition = definition
        steps = [Step(one, one.column_names, one.default) for one in definition.fields.values()]
        self.by_json = {step.field.json_name: step for step in steps}
        self.expected = [s for s in steps if not s.field.system and _expected(s.field)]
        self.expected_custom = [f for f in definition.custom_fields.values() if f.required]
        self.public = [_searched(s) for s in steps if s.field.search and not s.field.private]
        self.private = [_searched(s) for s in steps if s.field.search and s.field.private]
        self.searched = frozenset(s.field.name for s in steps if s.field.search)


def _expected(one: Field) -> bool:
    """Whether a new record that is not given the field lacks it or gets a default."""
    return one.required or one.default is not None


def _searched(step: Step) -> tuple[Field, str]:
    """A field that is searched and the column that holds its words."""
    return step.field, step.columns[-1 if step.field.type.kind == "address" else 0]


_PLANS: OrderedDict[int, Plan] = OrderedDict()
_MOST_PLANS = 2_000


def plan_of(definition: Definition) -> Plan:
    """The plan of this very definition; a plan holds it, so that its id can't be another's."""
    found = _PLANS.get(id(definition))
    if found is None or found.definition is not definition:
        found = _PLANS[id(definition)] = Plan(definition)
        if len(_PLANS) > _MOST_PLANS:
            _PLANS.popitem(last=False)
    return found


def _store(step: Step, value: object, at: Locale, values: Values, problems: dict[str, str]) -> None:
    one, names = step.field, step.columns
    values.given.add(one.name)
    if value is None or value == "":
        if not one.nullable:
            problems[one.json_name] = "is required and can't be empty"
        values.columns.update(dict.fromkeys(names, None))
        values.cleared.add(one.name)
        return
    try:
        stored = one.type.parse(value, at)
    except Refused as refusal:
        problems[one.json_name] = str(refusal)
        return
    if isinstance(one.type, Secret):
        values.secrets[one.name] = str(stored[0])
        return
    if not one.nullable and stored[0] == "":
        problems[one.json_name] = "is required and can't be empty"
        return
    values.columns.update(zip(names, stored, strict=True))


def _store_custom(
    one: Field, value: object, at: Locale, values: Values, problems: dict[str, str]
) -> None:
    if value is None or value == "":
        if one.required:
            problems[f"custom.{one.name}"] = "is required and can't be empty"
        values.custom[one.name] = None
        if one.type.kind == "money":
            values.custom[f"{one.name}_currency"] = None
        return
    try:
        stored = one.type.parse(value, at)
    except Refused as refusal:
        problems[f"custom.{one.name}"] = str(refusal)
        return
    if one.required and stored[0] == "":
        problems[f"custom.{one.name}"] = "is required and can't be empty"
        return
    values.custom[one.name] = plain(one, stored)
    if one.type.kind == "money":
        values.custom[f"{one.name}_currency"] = stored[1]


def plain(one: Field, stored: Sequence[object]) -> object:
    """A custom field's value as its JSON keeps it: what a declared field would show."""
    kind, first = one.type.kind, stored[0]
    if kind in ("integer", "boolean"):
        return first
    if kind in ("decimal", "money"):
        places = exponent(str(stored[1])) if kind == "money" else getattr(one.type, "places", 0)
        number = PyDecimal(int(str(first))).scaleb(-places)
        return int(number) if number == number.to_integral_value() else float(number)
    if isinstance(first, str) and kind in ("choices", "tags", "json", "address"):
        return msgspec.json.decode(first)
    return first.isoformat() if isinstance(first, date | datetime) else str(first)


def _defaults(plan: Plan, access: Access, values: Values, locale: Locale) -> dict[str, str]:
    """Fill what a new record was not given; answers what is missing.

    A custom field that they may not know of is not asked for.
    """
    missing: dict[str, str] = {}
    for step in plan.expected:
        one = step.field
        if one.name in values.given:
            continue
        if one.required:
            missing[one.json_name] = "is required"
        else:
            stored = one.type.parse(step.default, locale)
            values.columns.update(zip(step.columns, stored, strict=True))
    for one in plan.expected_custom:
        if one.name not in values.custom and access.sets(one):
            missing[f"custom.{one.name}"] = "is required"
    return missing


# -- search words


def search_vector(
    definition: Definition, tenant: UUID, row: Mapping[str, Any], *, private: bool
) -> str | None:
    """The text form of a tsvector: folded words with weights, each behind its tenant's prefix."""
    prefix = tenant.hex[-8:]
    found: dict[str, list[str]] = {}
    place = 0
    plan = plan_of(definition)
    for one, column in plan.private if private else plan.public:
        text = row.get(column)
        if not isinstance(text, str):
            continue
        for word in _indexed(one, text):
            place += 1
            if place > _MOST_WORDS:
                break
            found.setdefault(word, []).append(f"{place}{one.search}")
    if not found:
        return None
    return " ".join(f"'{prefix}:{word}':{','.join(at[:50])}" for word, at in found.items())


def _indexed(one: Field, text: str) -> Iterable[str]:
    if isinstance(one.type, LongText):
        clean = _TAG.sub(" ", text) if one.type.kind == "rich_text" else text
        return (stem(word) for word in words(clean))
    if one.type.kind in ("email", "url"):
        return [*words(text), *_joined(text)]
    if one.type.kind == "phone":
        digits = "".join(c for c in text if c.isdigit())
        return [digits, digits[-7:]] if len(digits) > 7 else [digits]
    return words(text)


def _joined(text: str) -> list[str]:
    """An address's parts as people type them: the domain as one word."""
    domain = text.rpartition("@")[2].removeprefix("https://").removeprefix("http://")
    return _whole_word(domain.split("/")[0])


@lru_cache(maxsize=16_384)
def _whole_word(domain: str) -> list[str]:
    whole = re.sub(r"\W", "", domain)
    return [whole] if whole else []


_STEMMER = snowballstemmer.stemmer("english")


@lru_cache(maxsize=65_536)
def stem(word: str) -> str:
    """The English stem of a folded word (Snowball); a number is its own."""
    if word.isdecimal():
        return word[:100]
    return _STEMMER.stemWord(word)[:100]


# -- slots


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
