"""CSV and its kin: rows of cells, each refused or given on its own."""

from __future__ import annotations

import csv
import io
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass

from tenfold.exchange.delimited_shape import (
    excel_hint,
    first_rows,
    has_header,
    header_at,
    separator_of,
)
from tenfold.exchange.formulas import restored
from tenfold.exchange.rows import CELL_LIMIT, Row, Values, distinct, refused
from tenfold.exchange.text_lines import LINE_LIMIT, LINE_TOO_LONG, Line, flaw, lines_of, readable
from tenfold.kernel.language import grouped, mark, say, say_n

RECORD_LINES = 20_000
"""A record with more lines than this has a quotation mark that was never closed."""

MOST_AGAIN = 1_000_000
"""How many lines of torn records are read again in one file; then the rest of it is not read."""

_GIVEN_UP = mark("Too many quotation marks are never closed; the rest of the file was not read.")

_TOTALS = frozenset({"total", "totals", "grand total", "subtotal", "sum", "summe", "gesamt"})

# The module's own limit (131,072) is below ours; ours is checked on each cell.
csv.field_size_limit(max(csv.field_size_limit(), 2 * LINE_LIMIT))


@dataclass(frozen=True, slots=True)
class Shape:
    """How a delimited file is to be read."""

    separator: str
    columns: list[str]
    notes: list[str]
    header: bool
    sep_line: bool
    encoding: str
    surplus: int = 0
    before: int = 0


def shape_of(sample: str, encoding: str, separator: str | None, header: bool | None) -> Shape:
    """The shape that the file's beginning shows; what is given is not guessed."""
    hint, body = excel_hint(sample)
    chosen = separator or hint or separator_of(body)
    rows = first_rows(body, chosen) or [[]]
    before = header_at(rows) if header is None else 0
    rows = rows[before:]
    cells = [restored(readable(cell)).strip() for cell in rows[0]]
    named = has_header(cells) if header is None else header
    columns, notes = distinct(cells if named else [""] * len(cells))
    if not named:
        notes = [say("The file has no header; its columns are numbered.")]
    if before:
        passed = say_n(
            "The line before the header was passed over.",
            "The %(n)s lines before the header were passed over.",
            before,
            n=before,
        )
        notes = [passed, *notes]
    # Some programs end each row, but not the header, with a separator.
    surplus = min((len(row) for row in rows[1:]), default=0) - len(columns)
    return Shape(chosen, columns, notes, named, hint is not None, encoding, max(surplus, 0), before)


def rows_of(text: io.TextIOBase, shape: Shape) -> Iterator[Row]:
    """Each row after the header; blank ones are passed over."""
    records = _Records(lines_of(text), shape.separator)
    to_skip = shape.sep_line + shape.before + shape.header
    for start, cells, error, raw in records:
        if not error and not any(cell and not cell.isspace() for cell in cells):
            continue
        if to_skip:
            to_skip -= 1
            continue
        yield _row(start, cells, error, raw, shape, exact=records.unclosed > 0)


def _row(
    start: int, cells: list[str], error: str | None, raw: str, shape: Shape, *, exact: bool
) -> Row:
    width = len(shape.columns)
    # Dropping any other blank cell would hide a row that an unquoted separator has shifted.
    if shape.surplus and len(cells) == width + shape.surplus and not "".join(cells[width:]).strip():
        cells = cells[:width]
    values: Values = dict(zip(shape.columns, map(restored, cells), strict=False))
    error = error or _fault(raw, cells, width, shape, exact=exact)
    if error:
        shown: Values = {k: readable(str(v))[:CELL_LIMIT] for k, v in values.items()}
        return refused(start, error, readable(raw), shown)
    for name in shape.columns[len(cells) :]:
        values[name] = ""
    return Row(start, values)


def _fault(raw: str, cells: list[str], width: int, shape: Shape, *, exact: bool) -> str | None:
    found = flaw(raw, shape.encoding)
    if found:
        return say("The row %(flaw)s.", flaw=found)
    count = say_n(
        "The row has %(n)s cell, the header %(width)s",
        "The row has %(n)s cells, the header %(width)s",
        len(cells),
        n=len(cells),
        width=width,
    )
    if len(cells) > width:
        return say(
            "%(count)s; is a text with %(separator)s in it not quoted?",
            count=count,
            separator=repr(shape.separator),
        )
    if len(cells) == 1 < width - 1:
        return say("%(count)s; a title, a note or the end of a report is no record.", count=count)
    if _is_total(cells):
        return say("The row looks like a total of the rows above; it is no record.")
    # Once a quotation mark was left open, a short row is more likely a piece of a torn one.
    if exact and len(cells) < width:
        return say("%(count)s, and quotation marks before it are broken.", count=count)
    for name, cell in zip(shape.columns, cells, strict=False):
        if len(cell) > CELL_LIMIT:
            return say(
                "%(name)s has %(n)s characters; at most %(most)s are read.",
                name=name,
                n=grouped(len(cell)),
                most=grouped(CELL_LIMIT),
            )
    return None


def _is_total(cells: list[str]) -> bool:
    """Whether a row says `Total` and else has only numbers."""
    first, *others = [cell.strip() for cell in cells if cell.strip()] or [""]
    if first.rstrip(":").casefold() not in _TOTALS or not others:
        return False
    return not any(char.isalpha() for cell in others for char in cell)


class _Records:
    """Records out of lines; a record whose quotation mark never closes gives its lines back."""

    def __init__(self, lines: Iterator[Line], separator: str) -> None:
        self._lines = lines
        self._separator = separator
        self._again: deque[Line] = deque()
        self.unclosed = 0
        self._reread = 0

    def __iter__(self) -> Iterator[tuple[int, list[str], str | None, str]]:
        while (first := self._next()) is not None:
            if first.cut:
                reason = say(LINE_TOO_LONG, most=grouped(LINE_LIMIT))
                yield first.number, [], reason, first.text
            elif '"' not in first.text:
                cells = first.text.rstrip("\r\n").split(self._separator)
                yield first.number, cells, None, first.text
            else:
                yield self._record(first)
            if self._reread > MOST_AGAIN:
                reason = say(_GIVEN_UP)
                yield first.number + 1, [], reason, ""
                return

    def _record(self, first: Line) -> tuple[int, list[str], str | None, str]:
        taken: list[Line] = []
        try:
            cells = next(
                csv.reader(self._take(first, taken), delimiter=self._separator, strict=True)
            )
        except (csv.Error, _TooLong, StopIteration):
            return self._torn(taken)
        return first.number, cells, None, "".join(line.text for line in taken)

    def _take(self, first: Line, taken: list[Line]) -> Iterator[str]:
        """The record's lines as the parser asks for them, remembered in case it asks too many."""
        size = 0
        line: Line | None = first
        while line is not None:
            taken.append(line)
            size += len(line.text)
            if line.cut or size > LINE_LIMIT or len(taken) > RECORD_LINES:
                raise _TooLong
            yield line.text
            line = self._next()

    def _torn(self, taken: list[Line]) -> tuple[int, list[str], str | None, str]:
        first = taken[0]
        reader = csv.reader([first.text], delimiter=self._separator)
        cells = next(reader)
        if len(taken) == 1 and not _open_at_end(first.text, self._separator):
            reason = say("A quotation mark stands inside a quoted cell; double it to keep it.")
            return first.number, cells, reason, first.text
        self._again.extendleft(reversed(taken[1:]))
        self.unclosed += 1
        # A hundred characters cost about as much as a line.
        self._reread += sum(1 + len(line.text) // 100 for line in taken)
        reason = say("A quotation mark is opened here and never closed.")
        return first.number, cells, reason, first.text

    def _next(self) -> Line | None:
        return self._again.popleft() if self._again else next(self._lines, None)


class _TooLong(Exception):
    """A record grew beyond what one may hold."""


def _open_at_end(text: str, separator: str) -> bool:
    """Whether the line by itself ends inside a quoted cell."""
    try:
        list(csv.reader([text], delimiter=separator, strict=True))
    except csv.Error as error:
        return "end of data" in str(error)
    return False
