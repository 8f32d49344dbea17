"""From what a client sent to what is stored: parsing, defaults, search words and slots."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time
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
    for name, value in body.items():
        if name == "custom":
            if isinstance(value, dict):
                custom = value  # pyright: ignore[reportUnknownVariableType]
            else:
                problems["custom"] = "must be an object of custom fields"
            continue
        if name.endswith("_currency") and _money(definition, access, name):
            continue
        try:
            one = visible(name, definition, access)
        except UnknownField as error:
            unknown |= error.fields
            continue
        if one.json_name != name:
            unknown[name] = f"is written as {one.json_name}"
        elif not access.sets(one):
            why = "is computed" if not one.type.writable else "can't be set"
            problems[name] = f"{why}; leave it out"
        else:
            _store(one, value, _at(one, body, locale), values, problems)
    for name, value in custom.items():
        one = definition.custom_fields.get(name)
        if one is None or not access.sees(one):
            unknown[f"custom.{name}"] = "is not a custom field of this type"
        elif not access.sets(one):
            problems[f"custom.{name}"] = "can't be set; leave it out"
        else:
            _store_custom(one, value, locale, values, problems)
    if unknown:
        raise UnknownField({**unknown, **problems})
    missing: dict[str, str] = {}
    if creating:
        missing = _defaults(definition, values, locale)
    if missing and not problems:
        raise MissingFields(missing, f"Missing: {', '.join(missing)}.")
    if problems or missing:
        raise Invalid({**problems, **missing})
    return values


def _money(definition: Definition, access: Access, name: str) -> bool:
    one = definition.fields.get(name.removesuffix("_currency"))
    return one is not None and one.type.kind == "money" and access.sees(one)


def _at(one: Field, body: Mapping[str, object], locale: Locale) -> Locale:
    """The locale for a field: an amount's currency may come beside it."""
    currency = body.get(f"{one.name}_currency") if one.type.kind == "money" else None
    if isinstance(currency, str):
        return Locale(locale.region, currency.upper())
    return locale


def _store(
    one: Field, value: object, at: Locale, values: Values, problems: dict[str, str]
) -> None:
    values.given.add(one.name)
    names = one.column_names
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
        return
    try:
        stored = one.type.parse(value, at)
    except Refused as refusal:
        problems[f"custom.{one.name}"] = str(refusal)
        return
    values.custom[one.name] = plain(one, stored, value)


def plain(one: Field, stored: Sequence[object], value: object) -> object:
    """A custom field's value as its JSON keeps it."""
    kind = one.type.kind
    if kind == "money":
        return {"amount": value, "currency": stored[1]}
    if kind in ("decimal", "integer", "boolean"):
        return value
    first = stored[0]
    if isinstance(first, str) and kind in ("choices", "tags", "json", "address"):
        return msgspec.json.decode(first)
    return first.isoformat() if isinstance(first, date | datetime) else str(first)


def _defaults(definition: Definition, values: Values, locale: Locale) -> dict[str, str]:
    """Fill what a new record was not given; answers what is missing."""
    missing: dict[str, str] = {}
    for one in definition.fields.values():
        if one.name in values.given or one.system:
            continue
        if one.required:
            missing[one.json_name] = "is required"
        elif one.default is not None:
            stored = one.type.parse(one.default, locale)
            values.columns.update(zip(one.column_names, stored, strict=True))
    for one in definition.custom_fields.values():
        if one.required and one.name not in values.custom:
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
    for one in definition.fields.values():
        if not one.search or one.private is not private:
            continue
        text = row.get(one.column_names[-1] if one.type.kind == "address" else one.column_names[0])
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
    whole = re.sub(r"\W", "", domain.split("/")[0])
    return [whole] if whole else []


_STEMMER = snowballstemmer.stemmer("english")


@lru_cache(maxsize=65_536)
def stem(word: str) -> str:
    """The English stem of a folded word (Snowball)."""
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
    at = locale
    if one.type.kind == "money" and isinstance(value, dict):
        money: dict[str, Any] = value
        at, value = Locale(locale.region, str(money["currency"])), money["amount"]
    if "null" == "".join(one.type.operators) or not one.type.operators:
        return []
    stored = one.type.parse(value, at)[0]
    if column == "int_value":
        return [Slot(name, 0, number=int(str(int(stored))) if stored is not None else None)]  # pyright: ignore[reportArgumentType]
    if column == "time_value":
        if isinstance(stored, date) and not isinstance(stored, datetime):
            stored = datetime.combine(stored, time(), UTC)
        return [Slot(name, 0, moment=stored)]  # pyright: ignore[reportArgumentType]
    if column == "ref_value":
        return [Slot(name, 0, ref=UUID(str(stored)))]
    return [Slot(name, 0, text=str(stored)[:500])]
