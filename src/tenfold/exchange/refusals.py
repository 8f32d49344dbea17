"""The file of rows that could not be imported: what they held, their line, and why."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from tenfold.exchange.rows import Row, Value, distinct
from tenfold.exchange.write_csv import write_csv

ADDED = ("line", "reason", "raw")
"""The columns after the file's own; `raw` is the text of a row that could not be taken apart."""


def write_refusals(columns: Sequence[str], rows: Iterable[Row]) -> Iterator[bytes]:
    """The refused rows as CSV under the file's own columns, to be mended and tried again."""
    names, _ = distinct([*columns, *ADDED])
    line, reason, raw = names[len(columns) :]
    filled = (
        {**_cells(row.values), line: row.number, reason: row.error or "", raw: row.raw}
        for row in rows
    )
    return write_csv(names, filled)


def _cells(values: Mapping[str, Value]) -> dict[str, object]:
    return dict(values)
