"""Texts of a file to the values that the API takes, by the kind of the field."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Any

import msgspec

from tenfold.engine.definition import TIMES
from tenfold.exchange import value_choices, value_contacts, value_dates, value_numbers
from tenfold.exchange.rows import Value, as_text, is_blank
from tenfold.exchange.value_numbers import Amount
from tenfold.exchange.value_texts import (
    CLEAR_WORD,
    LONGEST,
    Reading,
    Refusal,
    Special,
    says_nothing,
    several,
    shown,
)
from tenfold.kernel.language import say

__all__ = ["KINDS", "Amount", "Reading", "Refusal", "Special", "each", "learn", "quick", "read"]


def learn(kind: str, samples: Iterable[Value], how: Reading) -> Reading:
    """How a whole column is written, from as many of its values as there are at hand."""
    texts = [as_text(value) for value in samples if not is_blank(value)]
    if kind in TIMES:
        return replace(how, date_order=how.date_order or value_dates.order_of(texts, how.region))
    if kind in ("integer", "decimal", "money"):
        found = how.decimals or value_numbers.decimals_of(texts)
        if kind != "decimal":
            # Whole numbers and prices have no three decimals, so that the region may decide.
            found = found or value_numbers.decimals_in(how.region)
        return replace(how, decimals=found)
    return how


def read(kind: str, value: Value, how: Reading) -> object:
    """The value for a field: Special.LEAVE for a blank, Special.CLEAR for `**CLEAR**`.

    Dates and moments are ISO 8601 text, numbers int or Decimal, money an Amount, address a dict.
    Raises Refusal with a sentence that names what was found and what is accepted.
    """
    if kind not in KINDS:
        raise ValueError(f"there is no kind {kind!r}; there are {', '.join(sorted(KINDS))}")
    if is_blank(value):
        return Special.LEAVE
    if isinstance(value, str) and value.strip() == CLEAR_WORD:
        return Special.CLEAR
    if kind in ("choices", "tags"):
        kept = _texts(value)
        if kind == "tags":
            return value_choices.tags(kept, parted=_listed(value) is not None)
        found = value_choices.choices(kept, how)
        return found if found or not kept else Special.LEAVE
    if kind == "address":
        return value_contacts.address(_address(value), how)
    text = as_text(value)
    blank = not text.strip() or (kind in _MEASURED and says_nothing(text))
    return Special.LEAVE if blank else _reader(kind)(text, how)


def quick(kind: str, how: Reading) -> Callable[[Value], object]:
    """`read` for a whole column: the same answers, remembered where the same texts come again."""
    reader = _reader(kind) if kind in _READERS else None
    known: dict[str, object] = {}
    remembers, measured = kind in _REPEATING, kind in _MEASURED

    def read_one(value: Value) -> object:
        if type(value) is not str or reader is None:
            return read(kind, value, how)
        found = known.get(value)
        if found is not None:
            return found
        text = value.strip()
        if not text or (measured and says_nothing(text)):
            return Special.LEAVE
        found = Special.CLEAR if text == CLEAR_WORD else reader(value, how)
        if remembers and len(known) < _REMEMBERED:
            known[value] = found
        return found

    return read_one


def each(value: Value) -> list[str]:
    """All e-mails, telephones or links of a cell."""
    items = value if isinstance(value, list) else [value]
    return [text for item in items for text in several(as_text(item))]


def options_in(kind: str, value: Value, how: Reading) -> list[str]:
    """The words of a cell that each must be an option."""
    if kind != "choices":
        return [as_text(value)]
    return [word for text in _texts(value) for word in value_choices.each_of(text, how)]


def _texts(value: Value) -> list[str]:
    """The texts of a cell, or of the list in it, that hold anything."""
    listed = _listed(value)
    texts = (as_text(item) for item in (listed if listed is not None else [value]))
    return [text for text in texts if text.strip()]


def _listed(value: Value) -> list[Any] | None:
    """The items of a list, also of one that our export wrote into a cell as JSON."""
    if isinstance(value, list):
        return value
    if not isinstance(value, str) or not value.startswith('["'):
        return None
    try:
        found = msgspec.json.decode(value)
    except msgspec.DecodeError:
        return None
    return found if isinstance(found, list) else None  # pyright: ignore[reportUnknownVariableType]


def _address(value: Value) -> str | Mapping[str, Any]:
    while isinstance(value, list):
        value = value[0]
    if isinstance(value, str | Mapping):
        return value
    raise Refusal(
        say("%(value)s is not an address; give its street or its parts.", value=shown(str(value)))
    )


def _reader(kind: str) -> _Reader:
    """What reads a kind; of a short one no long text, which can take the cube of its length."""
    reader = _READERS[kind]

    def short(text: str, how: Reading) -> object:
        if len(text) > LONGEST:
            raise Refusal(say("%(value)s is too long.", value=shown(text)))
        return reader(text, how)

    return short if kind in _SHORT else reader


def _line(text: str, _: Reading) -> str:
    return " ".join(text.split())


def _long(text: str, _: Reading) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n").strip()


def _date(text: str, how: Reading) -> object:
    return Special.LEAVE if _is_none(text) else value_dates.day(text, how).isoformat()


def _moment(text: str, how: Reading) -> object:
    return Special.LEAVE if _is_none(text) else value_dates.moment(text, how).isoformat()


def _is_none(text: str) -> bool:
    """Whether a date is all zeros, as Outlook and MySQL write that there is none."""
    return text[:1] == "0" and not text.strip("0/.-: ") and len(text) > 4


_Reader = Callable[[str, Reading], object]
_READERS: Mapping[str, _Reader] = {
    "text": _line,
    "long_text": _long,
    "integer": value_numbers.integer,
    "decimal": value_numbers.decimal,
    "money": value_numbers.money,
    "boolean": lambda text, _: value_numbers.boolean(text),
    "date": _date,
    "datetime": _moment,
    "email": lambda text, _: value_contacts.email(text),
    "phone": value_contacts.phone,
    "url": lambda text, _: value_contacts.url(text),
    "postal_code": value_contacts.postal_code,
    "choice": value_choices.choice,
    "stage": value_choices.choice,
}
# Kinds whose values come again and again in one column, and cost something to read.
_REPEATING = frozenset(
    {"choice", "stage", "boolean", "date", "datetime", "integer", "decimal", "money", "postal_code"}
)
# Kinds for which `n/a` is no value; a text, a word or a choice may be just that.
_MEASURED = frozenset(
    {"integer", "decimal", "money", "date", "datetime", "email", "phone", "url", "postal_code"}
)
_SHORT = _REPEATING | {"phone"}
_REMEMBERED = 10_000
KINDS = frozenset({*_READERS, "choices", "tags", "address"})
"""The kinds of field that can be read; `stage` is read as a choice."""
