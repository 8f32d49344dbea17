"""JSON and NDJSON: records flattened to names with dots, lists kept."""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import Any, cast

from tenfold.exchange.json_items import Item, decoded, items_of, where
from tenfold.exchange.rows import CELL_LIMIT, Row, Value, Values, refused
from tenfold.exchange.text_lines import LINE_LIMIT, LINE_TOO_LONG, flaw, lines_of, readable
from tenfold.kernel.language import grouped, say

DEEPEST = 8
"""Objects within objects are flattened to this depth; what lies deeper is kept as it is."""


def rows_of(text: io.TextIOBase, encoding: str) -> Iterator[Row]:
    """Each record of a JSON file."""
    for item in items_of(text):
        yield _row(item, encoding)


def rows_of_lines(text: io.TextIOBase, encoding: str) -> Iterator[Row]:
    """Each line of an NDJSON file; a broken one is refused and the others go on."""
    for number, line, cut in lines_of(text):
        if not line.strip():
            continue
        if cut:
            yield refused(number, say(LINE_TOO_LONG, most=grouped(LINE_LIMIT)), line)
            continue
        try:
            item = Item(number, decoded(line.strip()))
        except ValueError as error:
            item = Item(number, None, say("The line is not JSON: %(why)s.", why=where(error)))
        yield _row(item, encoding, line)


def flat(record: dict[str, Any]) -> Values:
    """The record with the names of nested objects joined by dots, and numbers as text."""
    values: Values = {}
    _flatten(record, "", 0, values)
    return values


def _row(item: Item, encoding: str, raw: str = "") -> Row:
    if item.error:
        return refused(item.number, item.error, readable(raw))
    if not isinstance(item.value, dict):
        reason = say("A record must be an object, not %(what)s.", what=_named(item.value))
        return refused(item.number, reason, readable(raw or str(item.value)[:1000]))
    values = flat(cast("dict[str, Any]", item.value))
    for name, value in values.items():
        found = _fault(name, value, encoding)
        if found:
            return refused(item.number, f"{readable(name)} {found}.", readable(raw))
    return Row(item.number, values)


def _fault(name: str, value: Value, encoding: str) -> str | None:
    texts = list(_texts(value))
    if sum(map(len, texts)) > CELL_LIMIT:
        return say("has more than %(most)s characters", most=grouped(CELL_LIMIT))
    return next((found for text in (name, *texts) if (found := flaw(text, encoding))), None)


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, list):
        for item in value:  # pyright: ignore[reportUnknownVariableType]
            yield from _texts(item)
    elif isinstance(value, dict):
        for key, item in value.items():  # pyright: ignore[reportUnknownVariableType]
            yield str(key)  # pyright: ignore[reportUnknownArgumentType]
            yield from _texts(item)


def _flatten(record: dict[str, Any], prefix: str, depth: int, into: Values) -> None:
    for key, value in record.items():
        name = f"{prefix}{key}"
        if isinstance(value, dict) and value and depth < DEEPEST:
            _flatten(value, f"{name}.", depth + 1, into)  # pyright: ignore[reportUnknownArgumentType]
        else:
            into[name] = _plain(value)


def _plain(value: Any) -> Any:
    """Booleans as JSON spells them, also within lists; the rest is text, list or None already."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list):
        return [_plain(item) for item in value]  # pyright: ignore[reportUnknownVariableType]
    return value


def _named(value: object) -> str:
    if value is None:
        return "null"
    return say("a list") if isinstance(value, list) else say("a single value")
