"""Cells that a spreadsheet would run as a formula: marked on the way out, restored on the way in.

OWASP, "CSV Injection". A negative plain number is left alone. A leading + is always marked, so
telephone numbers are too: a spreadsheet would turn +14155550101 into the number 1.4E+10.
"""

from __future__ import annotations

import re

# White space, control characters and invisible ones may hide what begins a formula.
_BEFORE = r"[\s\x00-\x1f\x7f-\x9f\u00ad\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]*"
_STARTS = re.compile(rf"[\t\r\n]|{_BEFORE}[=+\-@＝＋－＠−]")
_NUMBER = re.compile(r"-[0-9]+(?:[.,][0-9]+)*(?:[eE][+-]?[0-9]+)?")


def neutral(text: str) -> str:
    """The text as a cell that no spreadsheet takes for a formula."""
    return f"'{text}" if _dangerous(text) else text


# How other programs keep a spreadsheet from taking the zero off `01234`.
_AS_TEXT = re.compile('="([^"]*)"')


def restored(text: str) -> str:
    """What `neutral` was given; of a cell that it did not mark, the text that `="…"` holds."""
    if text.startswith('="') and (held := _AS_TEXT.fullmatch(text)):
        return held[1]
    return text[1:] if text.startswith("'") and _dangerous(text) else text


def _dangerous(text: str) -> bool:
    # The marks before it count for nothing, so that marking a marked cell can be undone once.
    inner = text.lstrip("'")
    return bool(_STARTS.match(inner)) and not _NUMBER.fullmatch(inner)
