"""The shape of a delimited file from its beginning: its separator and whether it has a header."""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from itertools import islice

from tenfold.exchange.looks import looks_like
from tenfold.exchange.synonyms import concept_of

SEPARATORS = (",", ";", "\t", "|")
_BEFORE = 20
_SEP_LINE = re.compile(r"\s*\"?sep=(.)\"?\s*(?:\r\n|\r|\n|$)", re.IGNORECASE)


def excel_hint(sample: str) -> tuple[str | None, str]:
    """The separator that Excel's first line `sep=;` names, and the text after that line."""
    found = _SEP_LINE.match(sample)
    return (found[1], sample[found.end() :]) if found else (None, sample)


def separator_of(sample: str) -> str:
    """The separator with which the first rows are equally wide, and widest."""
    scored = [(_evenness(sample, separator), separator) for separator in SEPARATORS]
    best = max(score for score, _ in scored)
    return next(separator for score, separator in scored if score == best)


def header_at(rows: list[list[str]]) -> int:
    """Which of the first rows is the header: programs put a title or notes before it."""
    for place, row in enumerate(rows[:_BEFORE]):
        if sum(bool(cell.strip()) for cell in row) > 1:
            known = sum(concept_of(cell) is not None for cell in row)
            return place if known > 1 else 0
    return 0


def has_header(cells: list[str]) -> bool:
    """Whether the first row names columns: known names do, e-mails, dates and numbers do not."""
    if any(concept_of(cell) for cell in cells):
        return True
    return not any(looks_like(cell) for cell in cells if cell.strip())


def first_rows(sample: str, separator: str, count: int = 200) -> list[list[str]]:
    """The first rows of the sample that have anything in them."""
    reader = csv.reader(io.StringIO(sample, newline=""), delimiter=separator)
    try:
        return [row for row in islice(reader, count) if any(cell.strip() for cell in row)]
    except csv.Error:
        return []


def _evenness(sample: str, separator: str) -> tuple[float, int]:
    """How many rows are as wide as the first one, and how wide that is."""
    rows = first_rows(sample, separator)
    rows = rows[header_at(rows) :]
    if not rows or len(rows[0]) < 2:
        return (0.0, 0)
    widths = Counter(len(row) for row in rows)
    return (round(widths[len(rows[0])] / len(rows), 1), len(rows[0]))
