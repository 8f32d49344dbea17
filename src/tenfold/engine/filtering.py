"""The conditions of a list: one by one, and in groups of which all or any must hold."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

import msgspec

from tenfold.engine.access import Access
from tenfold.engine.definition import Definition, Field
from tenfold.engine.types import Locale, Refused
from tenfold.engine.unknown import unknown
from tenfold.kernel import digits
from tenfold.kernel.errors import UnknownField

NESTED, CONDITIONS = 3, 30
"""How deep groups may lie in one another, and how many conditions they may hold together."""
_VALUES = 100
_NAME = re.compile(r"^([a-z][a-z0-9_.]*)(?:\[([a-z]+)\])?$")
_JOINERS = ("all", "any")


@dataclass(frozen=True, slots=True)
class Filter:
    """One condition: a field, an operator, and the value as its column stores it.

    An amount is compared with others of its `currency` only.
    """

    field: Field
    operator: str
    value: object
    currency: str = ""


@dataclass(frozen=True, slots=True)
class Group:
    """Conditions and groups of them; `any` of them must hold, or all."""

    any: bool
    parts: tuple[Filter | Group, ...]

    def leaves(self) -> Iterator[Filter]:
        """The conditions within, in order."""
        for part in self.parts:
            if isinstance(part, Group):
                yield from part.leaves()
            else:
                yield part


@dataclass(frozen=True, slots=True)
class Conditions:
    """Reads conditions for one reader of one type; mistakes are noted under their parameters."""

    definition: Definition
    access: Access
    locale: Locale
    problems: dict[str, str]

    def all_of(self, given: Sequence[tuple[str, str, str]], within: str = "") -> tuple[Filter, ...]:
        """Conditions that must all hold, given as (field, operator, text); raises UnknownField."""
        named = {(name, operator): text for name, operator, text in given}
        found: list[Filter] = []
        for name, operator, text in given:
            parameter = name if operator == "eq" else f"{name}[{operator}]"
            field = compared(name, self.definition, self.access, f"{within}{name}")
            try:
                at = _at(field, operator, f"{name}_currency", named, self.locale)
                found.append(_filter(field, self.access.operators(field), operator, text, at))
            except Refused as refusal:
                self.problems[f"{within}{parameter}"] = str(refusal)
        return tuple(found)

    def nested(self, text: str) -> Group | None:
        """The group that `where` spells: `{"any": [{"status": "new"}, {"score[gte]": 80}]}`.

        An object with several conditions wants all of them. None where it can't be read.
        """
        try:
            given = decoded(text)
        except ValueError:
            self.problems["where"] = 'must be JSON, like {"any": [{"status": "new"}]}'
            return None
        group = self._group(given, "where", 1)
        if group is not None and sum(1 for _ in group.leaves()) > CONDITIONS:
            self.problems["where"] = f"takes at most {CONDITIONS} conditions"
        return group

    def _group(self, given: object, place: str, depth: int) -> Group | None:
        """One object of `where`: a group of others, or conditions that must all hold."""
        if not isinstance(given, dict) or not given:
            self.problems[place] = 'must be an object, like {"status": "new"}'
            return None
        item = cast("dict[str, Any]", given)
        joiner = next((name for name in _JOINERS if name in item), None)
        if joiner is None:
            pairs = [
                (*named(name, self.definition, self.access, f"{place}."), text_of(value))
                for name, value in item.items()
            ]
            return Group(any=False, parts=self.all_of(pairs, f"{place}."))
        inside: object = item[joiner]
        if len(item) > 1 or not isinstance(inside, list) or not inside:
            self.problems[place] = f'must hold {joiner} alone, with a list: {{"{joiner}": [{{…}}]}}'
            return None
        if depth > NESTED:
            self.problems[place] = f"goes at most {NESTED} groups deep"
            return None
        parts = [
            self._group(part, f"{place}.{joiner}[{number}]", depth + 1)
            for number, part in enumerate(cast("list[object]", inside))
        ]
        return Group(any=joiner == "any", parts=tuple(_bare(p) for p in parts if p is not None))


def decoded(where: str) -> object:
    """The JSON of `where`; raises ValueError."""
    try:
        return digits.decode(where)
    except (msgspec.DecodeError, UnicodeEncodeError, RecursionError) as error:
        raise ValueError("no JSON") from error


def named(
    parameter: str, definition: Definition, access: Access, within: str = ""
) -> tuple[str, str]:
    """The field and the operator that a condition's name spells: `score[gte]`."""
    found = _NAME.match(parameter)
    if not found:
        raise unknown(parameter, definition, access, f"{within}{parameter}")
    return found[1], found[2] or "eq"


def visible(name: str, definition: Definition, access: Access, parameter: str = "") -> Field:
    """The field of a JSON name; a hidden one is unknown like one that does not exist.

    The error is about the `parameter` that names the field, or about the field itself.
    """
    if name.startswith("custom."):
        field = definition.custom_fields.get(name.removeprefix("custom."))
    else:
        field = definition.by_json.get(name) or definition.fields.get(name)
    if field is None or not access.sees(field):
        raise unknown(name, definition, access, parameter)
    return field


def compared(name: str, definition: Definition, access: Access, parameter: str = "") -> Field:
    """The field that a filter or sort names, which may be the currency of an amount."""
    bare = name.removesuffix("_currency")
    if bare != name and name not in definition.by_json:
        try:
            found = visible(bare, definition, access).currency
        except UnknownField:
            found = None
        if found is not None:
            return found
    return visible(name, definition, access, parameter)


def _bare(group: Group) -> Filter | Group:
    """A group of one condition is that condition."""
    return group.parts[0] if len(group.parts) == 1 else group


def text_of(value: object) -> str:
    """A value of JSON as it would stand in an address."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list):
        return ",".join(text_of(item) for item in cast("list[object]", value))
    return "" if value is None else str(value)


def _filter(
    field: Field, allowed: Sequence[str], operator: str, text: str, locale: Locale
) -> Filter:
    if operator not in allowed:
        if not allowed:
            raise Refused("can't be filtered by")
        raise Refused(f"has no operator {operator!r}; it has {', '.join(allowed)}")
    if operator == "null":
        if text not in ("true", "false"):
            raise Refused("must be true or false")
        return Filter(field, operator, text == "true")
    if operator == "in":
        texts = text.split(",")
        if len(texts) > _VALUES:
            raise Refused(f"takes at most {_VALUES} values")
        values = [field.type.filter_value(t, locale) for t in texts]
        return Filter(field, operator, values, _currency(field, locale))
    if operator == "prefix":
        return Filter(field, operator, field.type.beginning(text, locale))
    value = field.type.filter_value(text, locale)
    return Filter(field, operator, value, _currency(field, locale))


def _at(
    field: Field,
    operator: str,
    currency: str,
    named: Mapping[tuple[str, str], str],
    locale: Locale,
) -> Locale:
    """The locale of a condition: an amount is of the currency that another condition names."""
    if operator == "null" or not field.type.currency_column(field.name):
        return locale
    code = named.get((currency, "eq"))
    if code is None and (currency, "in") in named:
        raise Refused(f"is compared in one currency; name it with {currency}=USD")
    return locale if code is None else Locale(locale.region, code.upper())


def _currency(field: Field, locale: Locale) -> str:
    """The currency that a compared amount has; empty for what is no amount."""
    return locale.currency if field.type.currency_column(field.name) else ""
