"""Units in headers and cells: `Area (m²)`, `120 qm`, `1,840 sq ft`."""

from __future__ import annotations

import re
from collections.abc import Mapping

from tenfold.exchange.synonyms import plain

_SPELLED: Mapping[str, str] = {
    "square_meters": r"m2|m\^2|sq\.? ?m(?:et(?:er|re)s?)?|sqmt?|qm|square met(?:er|re)s?"
    r"|quadratmeter|metros cuadrados|metres? carres?",
    "square_feet": r"sq\.? ?ft\.?|sqft|sq feet|square (?:feet|footage)|ft2|sf",
    "acres": r"acres?|ac",
    "hectares": r"hectares?|hektar|hectareas?|ha",
}
_ANY = "|".join(f"(?P<{unit}>{words})" for unit, words in _SPELLED.items())
_IN_HEADER = re.compile(rf"(?:\bin )?\b(?:{_ANY})\b")
_IN_CELL = re.compile(rf"(?<=[0-9.,])\s*(?:{_ANY})\.?$", re.IGNORECASE)
_BRACKETS = str.maketrans("()[]²", "    2")


def named(header: str) -> tuple[str, str]:
    """A column's name without the unit in it, in plain form, and that unit; empty for none."""
    text = plain(header.translate(_BRACKETS))
    found = _IN_HEADER.search(text)
    if found is None:
        return text, ""
    return " ".join(_IN_HEADER.sub(" ", text).split()), found.lastgroup or ""


def parted(text: str) -> tuple[str, str]:
    """The number in a cell, and its unit; empty for none."""
    body = text.strip().replace("²", "2")
    found = _IN_CELL.search(body)
    return (body[: found.start()], found.lastgroup or "") if found else (text, "")
