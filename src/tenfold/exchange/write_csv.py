"""Writes records as CSV, piece by piece, so that no spreadsheet runs what a cell holds."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal

import msgspec

from tenfold.exchange.formulas import neutral

PIECE = 64 * 1024
"""About how many characters a piece has that is given to the network or a file at once."""

BOM = b"\xef\xbb\xbf"


def write_csv(
    columns: Sequence[str],
    rows: Iterable[Mapping[str, object]],
    *,
    separator: str = ",",
    bom: bool = True,
    header: bool = True,
) -> Iterator[bytes]:
    """The rows as UTF-8 CSV (RFC 4180) under a header, in pieces.

    Texts that a spreadsheet would take for a formula get a ' before them, which our importer takes
    away again. `bom` is the mark by which Excel knows UTF-8; without `header` only rows are
    written, as for the second page of a file.
    """
    held = io.StringIO(newline="")
    writer = csv.writer(held, delimiter=separator, lineterminator="\r\n")
    if bom:
        yield BOM
    if header:
        writer.writerow([neutral(name) for name in columns])
    for row in rows:
        writer.writerow([cell(row.get(name)) for name in columns])
        if held.tell() >= PIECE:
            yield _taken(held)
    yield _taken(held)


def cell(value: object) -> str:
    """A value as a cell: numbers and dates plain, several texts parted by `; `, others as JSON."""
    match value:
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case int() | float():
            return str(value)
        case Decimal():
            return f"{value:f}"
        case datetime() | date():
            return value.isoformat()
        case str():
            return neutral(value)
        case list() | tuple():
            return neutral(_several([*value]))  # pyright: ignore[reportUnknownArgumentType]
        case _:
            return neutral(msgspec.json.encode(value).decode())


def _several(items: list[object]) -> str:
    texts = [item for item in items if isinstance(item, str)]
    plain = not any(char in text for text in texts for char in ";,|\n:")
    if len(texts) == len(items) and plain and not any(text.startswith("[") for text in texts[:1]):
        return "; ".join(texts)
    return msgspec.json.encode(items).decode()


def _taken(held: io.StringIO) -> bytes:
    """What was written so far; a lone surrogate, which UTF-8 lacks, becomes a question mark."""
    text = held.getvalue()
    held.seek(0)
    held.truncate()
    return text.encode("utf-8", errors="replace")
