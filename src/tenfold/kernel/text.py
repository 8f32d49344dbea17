"""Texts: one form for those that people regard as the same, and numbers of things in words."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from functools import lru_cache

from tenfold.kernel.language import say

_WORD = re.compile(r"\w+")
# Putting hundreds of accents of one letter in their order takes the square of their number.
_ACCENTS = re.compile(r"([^\w\s]{30})[^\w\s]+")
_KEY = 200
_SHORT = 200
"""Letters of a text whose words are kept: names come again and again, long texts do not."""
# Letters that Unicode does not take apart, though people type them without the stroke.
_PLAIN = str.maketrans({"ø": "o", "đ": "d", "ł": "l", "ħ": "h", "ı": "i", "æ": "ae", "œ": "oe"})


# How people write these where their keyboard has no such letter: Müller, Mueller.
_SPELLED = str.maketrans(
    {"ä": "ae", "ö": "oe", "ü": "ue", "å": "aa", "ø": "oe"}
    | {"Ä": "Ae", "Ö": "Oe", "Ü": "Ue", "Å": "Aa", "Ø": "Oe"}
)


class _Folded(dict[int, str]):
    """What each letter is folded to, found when it is first seen."""

    def __missing__(self, letter: int) -> str:
        # Taken apart first too: what stands for a letter in bold becomes a capital only then.
        apart = unicodedata.normalize("NFKD", chr(letter)).casefold()
        plain = unicodedata.normalize("NFKD", apart).translate(_PLAIN)
        self[letter] = found = "".join(c for c in plain if not unicodedata.combining(c))
        return found


_FOLDED = _Folded()


def fold(text: str) -> str:
    """The text without case, accents and doubled blanks: the key for sorting and prefixes."""
    if text.isascii():
        return " ".join(text.lower().split())
    return " ".join(unicodedata.normalize("NFC", text.translate(_FOLDED)).split())


def sort_key(text: str) -> str:
    """What a text is sorted and found by: the first 200 letters of it folded."""
    return fold(text)[:_KEY]


def essence(text: str) -> str:
    """What is left of a number or code however it is written: `AB 12-34` is `ab1234`.

    Without case, blanks and punctuation; a text of nothing else stays as it is.
    """
    if text.isascii():
        return text.lower().translate(_BARE) or text
    plain = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())
    kept = "".join(c for c in plain if not _is_bare(c)) or plain
    return unicodedata.normalize("NFC", kept)


def _is_bare(letter: str) -> bool:
    """Whether it is a blank, punctuation or a control."""
    return unicodedata.category(letter)[0] in "ZPC"


_BARE = {n: None for n in range(128) if _is_bare(chr(n))}


def words(text: str) -> tuple[str, ...]:
    """The folded words of a text, in order."""
    return _kept_words(text) if len(text) <= _SHORT else _words(text)


def spelled(text: str) -> tuple[str, ...]:
    """The folded words of a text with its umlauts spelled out, in the same order as `words`."""
    return _kept_spelled(text) if len(text) <= _SHORT else _spelled(text)


def _words(text: str) -> tuple[str, ...]:
    return tuple(_WORD.findall(fold(text)))


def _spelled(text: str) -> tuple[str, ...]:
    whole = unicodedata.normalize("NFC", _ACCENTS.sub(r"\1", text))
    return words(whole.translate(_SPELLED))


_kept_words = lru_cache(maxsize=65_536)(_words)
_kept_spelled = lru_cache(maxsize=65_536)(_spelled)


def there_are(names: Sequence[str]) -> str:
    """What there is instead: `there is only type`, `there are leads, deals`."""
    if len(names) == 1:
        return say("there is only %(name)s", name=names[0])
    if not names:
        return say("there are none")
    return say("there are %(names)s", names=", ".join(names))


def plural(count: int, one: str, many: str) -> str:
    """How many there are: `1 row`, `1,234 rows`."""
    return f"{count:,} {one if count == 1 else many}"
