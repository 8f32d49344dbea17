"""Whose ways of writing figures, dates and clocks hold for a language in a region (CLDR)."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from babel import Locale, UnknownLocaleError
from babel.languages import get_official_languages

NEUTRAL = "GB"
"""The region of English where none is known: the day first, and 24 hours."""
_BLANK = "\u00a0"


@dataclass(frozen=True, slots=True)
class Figures:
    """How a region parts the digits of its numbers."""

    group: str
    decimal: str
    lakhs: bool
    """Whether what is above thousands is grouped by two digits, as in India."""

    def grouped(self, plain: str) -> str:
        """A number written `-1234.5` with its separators."""
        whole, point, rest = plain.partition(".")
        sign = whole[:1] if whole[:1] in "+-" else ""
        digits = whole[len(sign) :]
        if self.lakhs and len(digits) > 3:
            pairs = digits[:-3]
            start = len(pairs) % 2
            parts = [pairs[:start], *(pairs[i : i + 2] for i in range(start, len(pairs), 2))]
            text = ",".join([part for part in parts if part] + [digits[-3:]])
        else:
            text = f"{int(digits or 0):,}"
        return f"{sign}{text.replace(',', self.group)}{self.decimal if point else ''}{rest}"


@lru_cache(maxsize=1_024)
def figures(language: str, region: str) -> Figures:
    """How numbers are written for the ones who speak a language in a region."""
    locale = regional(language, region)
    signs = locale.number_symbols["latn"]
    lakhs = locale.decimal_formats[None].grouping == (3, 2)
    return Figures(signs["group"].replace("\u202f", _BLANK), signs["decimal"], lakhs)


def spoken(language: str, region: str) -> Locale:
    """The locale of dates: the language's in the region, where there is such a thing."""
    fallback = f"{language}_{NEUTRAL}" if language == "en" else language
    return _known(f"{language}_{region}" if region else "") or Locale.parse(fallback)


def regional(language: str, region: str) -> Locale:
    """The locale of numbers and clocks: the region's own, also where the language is not at
    home."""
    return _known(f"{language}_{region}") or _native(region) or spoken(language, region)


def _native(region: str) -> Locale | None:
    spoken_there = get_official_languages(region, de_facto=True) if region else ()
    found = (_known(f"{language}_{region}") for language in spoken_there)
    return next((locale for locale in found if locale is not None), None)


def _known(name: str) -> Locale | None:
    try:
        return Locale.parse(name) if name.strip("_") else None
    except (UnknownLocaleError, ValueError):
        return None
