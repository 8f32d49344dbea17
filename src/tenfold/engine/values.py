"""From what a client sent to values that can be stored: parsing and defaults."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal as PyDecimal
from typing import Any

import asyncpg
import msgspec

from tenfold.engine.access import Access
from tenfold.engine.definition import Definition, Field
from tenfold.engine.filtering import visible
from tenfold.engine.types import Locale, Refused, Secret
from tenfold.kernel import digits
from tenfold.kernel.answers import moment
from tenfold.kernel.errors import Invalid, MissingFields, UnknownField
from tenfold.kernel.language import say
from tenfold.kernel.money import exponent


class Values:
    """Parsed values: columns to store, custom fields as JSON, and what was given by field."""

    __slots__ = ("cleared", "columns", "custom", "given", "secrets")

    def __init__(self, columns: dict[str, Any] | None = None) -> None:
        self.columns: dict[str, Any] = {} if columns is None else columns
        self.custom: dict[str, object] = {}
        self.cleared: set[str] = set()
        self.secrets: dict[str, str] = {}
        self.given: set[str] = set()


def parse(
    body: Mapping[str, object],
    definition: Definition,
    access: Access,
    locale: Locale,
    *,
    creating: bool,
    current: asyncpg.Record | None = None,
) -> Values:
    """Check and convert a client's values; raises with every mistake, by field.

    `current` is the stored row of a record that changes: an amount that names no currency keeps
    the record's own, or else has the locale's; what was empty before it was required may stay so.
    """
    parsing = _Parsing(definition, access, locale, current)
    for name, value in body.items():
        parsing.take(name, value, body)
    for name, value in parsing.custom.items():
        parsing.take_custom(name, value)
    values, problems = parsing.values, parsing.problems
    if parsing.unknown:
        raise UnknownField({**parsing.unknown, **problems})
    missing = _defaults(parsing.plan, access, values, locale) if creating else {}
    _in_order(parsing.plan, values, current, problems)
    if missing and not problems:
        raise MissingFields(missing, f"Missing: {', '.join(missing)}.")
    if problems or missing:
        raise Invalid({**problems, **missing})
    return values


_TOLD = 20
"""Of how many names of a record it is told that they are unknown."""


class _Parsing:
    """One body on its way: the values so far, and what is wrong with the others, by field."""

    __slots__ = (
        "access",
        "current",
        "custom",
        "definition",
        "locale",
        "plan",
        "problems",
        "unknown",
        "values",
    )

    def __init__(
        self,
        definition: Definition,
        access: Access,
        locale: Locale,
        current: asyncpg.Record | None,
    ) -> None:
        self.definition, self.access, self.locale = definition, access, locale
        self.current = current
        self.plan = plan_of(definition)
        self.values = Values()
        self.custom: Mapping[str, object] = {}
        self.problems: dict[str, str] = {}
        self.unknown: dict[str, str] = {}

    def take(self, name: str, value: object, body: Mapping[str, object]) -> None:
        """Take one value of the body."""
        step = self.plan.by_json.get(name)
        if step is not None and self.access.sets(step.field):
            _store(step, value, self._at(step.field, body), self.values, self.problems)
        elif name == "custom":
            if isinstance(value, dict):
                self.custom = value  # pyright: ignore[reportUnknownMemberType]
            else:
                self.problems["custom"] = say("must be an object of custom fields")
        elif amount := _amount(self.definition.fields, self.access, name):
            self._take_currency(name, value, amount, body)
        else:
            self._cannot_take(name)

    def _take_currency(
        self, name: str, value: object, amount: str, beside: Mapping[str, object], path: str = ""
    ) -> None:
        """A currency is stored with its amount; alone it would say what an old amount never was."""
        if not isinstance(value, str | None):
            self.problems[path + name] = say("must be a currency by its ISO 4217 code, like USD")
        elif amount not in beside:
            self.problems[path + name] = f"goes with {path}{amount}; give both"

    def _at(self, one: Field, given: Mapping[str, object]) -> Locale:
        """The locale for a field: an amount has the currency beside it, or the record's own."""
        if one.type.kind != "money":
            return self.locale
        name = f"{one.name}_currency"
        currency = given.get(name) or None
        if currency is None and self.current is not None:
            row: Mapping[str, object] | asyncpg.Record = self.current
            if one.custom:
                row = msgspec.json.decode(self.current["custom"])
            currency = row.get(name)
        if isinstance(currency, str):
            return Locale(self.locale.region, currency.upper())
        return self.locale

    def _cannot_take(self, name: str) -> None:
        if len(self.unknown) >= _TOLD:
            return  # it is refused; to look for what each was meant to be takes its time
        try:
            one = visible(name, self.definition, self.access)
        except UnknownField as error:
            self.unknown |= error.fields
            return
        if one.json_name != name:
            self.unknown[name] = f"is written as {one.json_name}"
        else:
            why = say("is computed") if not one.type.writable else say("can't be set")
            self.problems[name] = say("%(why)s; leave it out", why=why)

    def take_custom(self, name: str, value: object) -> None:
        """Take one value of `custom`."""
        one = self.definition.custom_fields.get(name)
        customs = self.definition.custom_fields
        if one is None and (amount := _amount(customs, self.access, name)):
            self._take_currency(name, value, amount, self.custom, "custom.")
        elif one is None or not self.access.sees(one):
            if len(self.unknown) < _TOLD:
                self.unknown[f"custom.{name[:100]}"] = say("is not a custom field of this type")
        elif not self.access.sets(one):
            self.problems[f"custom.{name}"] = say("can't be set; leave it out")
        elif not self._stays_empty(one, value):
            at = self._at(one, self.custom)
            _store_custom(one, value, at, self.values, self.problems)

    def _stays_empty(self, one: Field, value: object) -> bool:
        """Whether a required field has been empty since before it was required, and is left so."""
        if not one.required or value not in (None, "") or self.current is None:
            return False
        return msgspec.json.decode(self.current["custom"]).get(one.name) in (None, "")


def _amount(fields: Mapping[str, Field], access: Access, name: str) -> str:
    """The amount whose currency is named so, if there is one to see."""
    bare = name.removesuffix("_currency")
    one = fields.get(bare) if bare != name else None
    return bare if one and one.type.kind == "money" and access.sees(one) else ""


@dataclass(frozen=True, slots=True)
class Step:
    """A field with what is asked of it for every row, made once."""

    field: Field
    columns: tuple[str, ...]


class Plan:
    """What parsing and searching ask of a definition for every row, made once."""

    def __init__(self, definition: Definition) -> None:
        self.definition = definition
        steps = [Step(one, one.column_names) for one in definition.fields.values()]
        self.by_json = {step.field.json_name: step for step in steps}
        self.expected = [s for s in steps if not s.field.system and _expected(s.field)]
        self.expected_custom = [f for f in definition.custom_fields.values() if f.required]
        amounts = [f for f in definition.fields.values() if f.type.kind == "money"]
        self.amounts = {f.json_name: f.type.currency_column(f.name) for f in amounts}
        self.later = [
            (f, definition.fields[f.after]) for f in definition.fields.values() if f.after
        ]
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


def _default(one: Field, values: Values) -> object:
    """What a field is that was not given: by what the choices before it are, or as ever."""
    found = (default for name, value, default in one.begins if values.columns.get(name) == value)
    return next(found, one.default)


def _store(step: Step, value: object, at: Locale, values: Values, problems: dict[str, str]) -> None:
    one, names = step.field, step.columns
    values.given.add(one.name)
    if value is None or value == "":
        if not one.nullable:
            problems[one.json_name] = say("is required and can't be empty")
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
        problems[one.json_name] = say("is required and can't be empty")
        return
    values.columns.update(zip(names, stored, strict=True))


def _store_custom(
    one: Field, value: object, at: Locale, values: Values, problems: dict[str, str]
) -> None:
    if value is None or value == "":
        if one.required:
            problems[one.json_path] = say("is required and can't be empty")
        values.custom[one.name] = None
        if one.type.kind == "money":
            values.custom[f"{one.name}_currency"] = None
        return
    try:
        stored = one.type.parse(value, at)
    except Refused as refusal:
        problems[one.json_path] = str(refusal)
        return
    if one.required and stored[0] == "":
        problems[one.json_path] = say("is required and can't be empty")
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
        return digits.plain(number)
    if isinstance(first, str) and kind in ("choices", "tags", "json", "address"):
        return digits.decode(first)
    if isinstance(first, datetime):
        return moment(first)
    return first.isoformat() if isinstance(first, date) else str(first)


def _in_order(
    plan: Plan, values: Values, current: asyncpg.Record | None, problems: dict[str, str]
) -> None:
    """Refuse what would be before the date or moment that it comes after, if either is given."""
    for one, before in plan.later:
        if values.given.isdisjoint((one.name, before.name)):
            continue
        end, start = (_now(f.name, values, current) for f in (one, before))
        if end is None or start is None or end >= start:
            continue
        if one.name in values.given:
            problems[one.json_name] = say("can't be before “%(label)s”", label=before.label)
        else:
            problems[before.json_name] = say("can't be after “%(label)s”", label=one.label)


def _now(column: str, values: Values, current: asyncpg.Record | None) -> Any:
    """What a column will hold; None also where what was given for it is refused."""
    if column in values.given or current is None:
        return values.columns.get(column)
    return current[column]


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
            missing[one.json_name] = say("is required")
        else:
            stored = one.type.parse(_default(one, values), locale)
            values.columns.update(zip(step.columns, stored, strict=True))
    for one in plan.expected_custom:
        if one.name not in values.custom and access.sets(one):
            missing[one.json_path] = say("is required")
    return missing
