"""The file of rows that could not be imported: what they held, their line, and why."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from tenfold.exchange.rows import Row, Value, distinct
from tenfold.exchange.write_csv import write_csv
from tenfold.kernel.language import mark

_ADDED = ("reason", "raw")
"""What comes after a row's place; `raw` is the text of a row that could not be taken apart."""

_PLACES = ("line", "item", "line or item")
PLACE_LABELS = {"line": mark("Line"), "item": mark("Item"), "line or item": mark("Line or item")}
"""What people call each of them."""


def place_of(kinds: Iterable[str]) -> str:
    """What the rows of files are counted by: a JSON file need not be made of lines."""
    by_item = {kind == "json" for kind in kinds}
    return _PLACES[2] if len(by_item) == 2 else _PLACES[True in by_item]


def added(columns: Sequence[str]) -> set[str]:
    """The columns that a file of refused rows has beside those of the file they come from."""
    return {*_ADDED, *_PLACES} if {*_ADDED} <= {*columns} and {*_PLACES} & {*columns} else set()


def write_refusals(
    columns: Sequence[str], rows: Iterable[Row], place: str = "line"
) -> Iterator[bytes]:
    """The refused rows as CSV under the file's own columns, to be mended and tried again."""
    names, _ = distinct([*columns, place, *_ADDED])
    where, reason, raw = names[len(columns) :]
    filled = (
        {**_cells(row.values), where: row.number, reason: row.error or "", raw: row.raw}
        for row in rows
    )
    return write_csv(names, filled)


def _cells(values: Mapping[str, Value]) -> dict[str, object]:
    return dict(values)
