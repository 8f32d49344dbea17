"""What a text looks like by its form alone: e-mail, web address, date, money, number, telephone."""

from __future__ import annotations

import re

_FORMS = (
    ("email", re.compile(r"(mailto:)?[^\s@,;<>]+@[^\s@,;<>]+\.[^\s@,;<>]{2,}", re.IGNORECASE)),
    ("url", re.compile(r"(https?://|www\.)\S+", re.IGNORECASE)),
    ("datetime", re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d\S*")),
    ("date", re.compile(r"\d{4}[-/.]\d\d?[-/.]\d\d?|\d\d?[-/.]\d\d?[-/.](\d{4}|\d\d)")),
    ("money", re.compile(r"[-(]?([$€£¥]\s?[\d.,']+|[\d.,']+\s?[$€£¥]|[A-Z]{3}\s[\d.,']+)\)?")),
    ("decimal", re.compile(r"-?\d+[.,]\d+|-?\d{1,3}([,.]\d{3})+([.,]\d+)?")),
    ("phone", re.compile(r"\+?[\d\s().\-/]{7,20}( ?(x|ext\.?) ?\d{1,6})?", re.IGNORECASE)),
    ("integer", re.compile(r"-?\d+")),
)
_ENOUGH_DIGITS = 7


def looks_like(text: str) -> str | None:
    """The kind of field that a text looks like; None for words."""
    text = text.strip()
    if len(text) > 300:
        return None
    for kind, form in _FORMS:
        if form.fullmatch(text) and (kind != "phone" or _phone(text)):
            return kind
    return None


def mostly(texts: list[str]) -> str | None:
    """The kind that at least four of five texts look like."""
    kinds = [looks_like(text) for text in texts if text.strip()]
    if not kinds:
        return None
    top = max(set(kinds), key=kinds.count)
    return top if kinds.count(top) >= 0.8 * len(kinds) else None


def _phone(text: str) -> bool:
    # A plain row of digits is a number or a key unless it has the length of a telephone number.
    digits = sum(char.isdigit() for char in text)
    return _ENOUGH_DIGITS <= digits <= 15 and (not text.isdigit() or digits in (10, 11))
