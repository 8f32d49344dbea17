"""What every reader gives: rows with the line they start on, and why a row was refused."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal, NamedTuple

from tenfold.kernel.language import say

Kind = Literal["csv", "json", "ndjson", "vcard"]
Value = str | list[Any] | dict[str, Any] | None
Values = dict[str, Value]

CELL_LIMIT = 1_048_576
"""The longest cell or property that is read, in characters; the row of a longer one is refused."""

RAW_LIMIT = 10_000
"""How much of a refused row's own text is kept for the file of refused rows, in characters."""


class NotReadable(ValueError):
    """The whole file can't be read; the text says what it is and what is accepted."""


class Row(NamedTuple):
    """One record of a file; `error` says why it can't be used, `raw` is then its own text.

    Its number is the line it begins in, in a JSON file its place among the items.
    """

    number: int
    values: Values
    error: str | None = None
    raw: str = ""


def refused(number: int, reason: str, raw: str = "", values: Values | None = None) -> Row:
    """A row that can't be used, with as much of it as could be read."""
    return Row(number, values or {}, reason, raw[:RAW_LIMIT])


def distinct(names: Sequence[str]) -> tuple[list[str], list[str]]:
    """The names made distinct and non-empty, and a sentence for each that had to change."""
    taken = {name for name in names if name}
    seen: set[str] = set()
    result: list[str] = []
    notes: list[str] = []
    for number, name in enumerate(names, 1):
        new = name
        if not name:
            new = _free(f"column_{number}", taken)
            notes.append(
                say(
                    "Column %(number)s has no name; it is called %(new)s here.",
                    number=number,
                    new=repr(new),
                )
            )
        elif name in seen:
            new = _free(name, taken)
            notes.append(
                say(
                    "Column %(number)s is another %(name)s; it is called %(new)s here.",
                    number=number,
                    name=repr(name),
                    new=repr(new),
                )
            )
        seen.add(new)
        taken.add(new)
        result.append(new)
    return result, notes


def is_blank(value: object) -> bool:
    """Whether a value holds nothing to import."""
    if isinstance(value, str):
        return not value.strip()
    return value is None or value in ([], {})


def as_text(value: Value | Mapping[str, Any]) -> str:
    """The first text that a value holds: of a list its first item, of a typed one its value."""
    while isinstance(value, list):
        value = value[0] if value else None
    if isinstance(value, Mapping):
        inner: Any = value.get("value", "")
        return str(inner)
    return "" if value is None else str(value)


def _free(name: str, taken: set[str]) -> str:
    if name not in taken:
        return name
    number = 2
    while f"{name} ({number})" in taken:
        number += 1
    return f"{name} ({number})"
