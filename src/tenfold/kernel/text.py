"""Texts: one form for those that people regard as the same, and numbers of things in words."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

_WORD = re.compile(r"\w+")
# Letters that Unicode does not take apart, though people type them without the stroke.
_PLAIN = str.maketrans({"ø": "o", "đ": "d", "ł": "l", "ħ": "h", "ı": "i", "æ": "ae", "œ": "oe"})


# How people write these where their keyboard has no such letter: Müller, Mueller.
_SPELLED = str.maketrans(
    {"ä": "ae", "ö": "oe", "ü": "ue", "å": "aa", "ø": "oe"}
    | {"Ä": "Ae", "Ö": "Oe", "Ü": "Ue", "Å": "Aa", "Ø": "Oe"}
)


def fold(text: str) -> str:
    """The text without case, accents and doubled blanks: the key for sorting and prefixes."""
    if text.isascii():
        return " ".join(text.lower().split())
    # Taken apart first too: what stands for a letter in bold becomes a capital only then.
    apart = unicodedata.normalize("NFKD", text).casefold()
    plain = unicodedata.normalize("NFKD", apart).translate(_PLAIN)
    kept = "".join(c for c in plain if not unicodedata.combining(c))
    return " ".join(unicodedata.normalize("NFC", kept).split())


@lru_cache(maxsize=65_536)
def words(text: str) -> tuple[str, ...]:
    """The folded words of a text, in order."""
    return tuple(_WORD.findall(fold(text)))


@lru_cache(maxsize=65_536)
def spelled(text: str) -> tuple[str, ...]:
    """The folded words of a text with its umlauts spelled out, in the same order as `words`."""
    return words(unicodedata.normalize("NFC", text).translate(_SPELLED))


def plural(count: int, one: str, many: str) -> str:
    """How many there are: `1 row`, `1,234 rows`."""
    return f"{count:,} {one if count == 1 else many}"
