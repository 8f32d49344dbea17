"""Writes records as an Excel workbook (XLSX), row by row, never whole in memory."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import IO, Any

import xlsxwriter
from xlsxwriter.worksheet import Worksheet

from tenfold.exchange.formulas import neutral
from tenfold.exchange.write_csv import cell

ROWS = 1_048_576
"""How many rows a sheet of Excel has; what is more goes on in the next sheet."""
LONGEST = 32_767
"""How many characters a cell of Excel holds; a longer text ends in an ellipsis there."""
_EXACT = 10**15
_UNFIT = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_IN_NAMES = re.compile(r"[\[\]:*?/\\']")


class Workbook:
    """A workbook that is being written to a stream: one list, its names in the first row.

    `days` are the columns whose texts are dates; rows are kept in `folder` until the end. No text
    is ever taken for a formula; what would look like one gets a ' before it as in CSV.
    """

    def __init__(
        self,
        stream: IO[bytes],
        title: str,
        columns: Sequence[str],
        days: Collection[str],
        folder: str | None = None,
    ) -> None:
        self._book = xlsxwriter.Workbook(
            stream,
            {
                "constant_memory": True,
                "tmpdir": folder,
                "strings_to_formulas": False,
                "strings_to_urls": False,
                "strings_to_numbers": False,
            },
        )
        self._title = _IN_NAMES.sub(" ", title).strip()[:24] or "Records"
        self._columns, self._days = columns, frozenset(days)
        book: Any = self._book  # whose types are known in part
        self._bold = book.add_format({"bold": True})
        self._day = book.add_format({"num_format": "yyyy-mm-dd"})
        self._sheets = 0
        self._sheet = self._next()

    def add(self, rows: Iterable[Mapping[str, object]]) -> None:
        """Write rows under those that are there."""
        for row in rows:
            if self._row == ROWS:
                self._sheet = self._next()
            for place, name in enumerate(self._columns):
                self._write(place, row.get(name), day=name in self._days)
            self._row += 1

    def close(self) -> None:
        """Put the workbook together; only then the stream holds it."""
        self._book.close()

    def abandon(self) -> None:
        """Let go of what was written so far; does nothing after `close`."""
        for sheet in self._book.worksheets():
            if (held := getattr(sheet, "row_data_fh", None)) is not None:
                held.close()

    def _next(self) -> Worksheet:
        self._sheets += 1
        number = f" {self._sheets}" if self._sheets > 1 else ""
        book: Any = self._book
        sheet: Worksheet = book.add_worksheet(f"{self._title}{number}")
        sheet.freeze_panes(1, 0)
        sheet.set_column(0, max(len(self._columns) - 1, 0), 18)
        for place, name in enumerate(self._columns):
            sheet.write_string(0, place, _fit(neutral(name)), self._bold)
        self._row = 1
        return sheet

    def _write(self, place: int, value: object, *, day: bool) -> None:
        where = (self._row, place)
        match value:
            case None | "":
                return
            case bool():
                self._sheet.write_boolean(*where, value)
            case int() | float() | Decimal() if abs(value) < _EXACT:
                self._sheet.write_number(*where, float(value))
            case str() if day and (found := _day(value)):
                self._sheet.write_datetime(*where, found, self._day)
            case _:
                self._sheet.write_string(*where, _fit(cell(value)))


def _day(text: str) -> datetime | None:
    """The day a text names; None before 1900, which Excel's calendar does not know."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    return found if found.year >= 1900 else None


def _fit(text: str) -> str:
    plain = _UNFIT.sub("\N{REPLACEMENT CHARACTER}", text)
    return plain if len(plain) <= LONGEST else f"{plain[: LONGEST - 1]}…"
