"""How a region writes figures and dates, taken from CLDR once for each language and region."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache

from babel import Locale, UnknownLocaleError
from babel.dates import DateTimePattern, parse_date
from babel.languages import get_official_languages

from tenfold.kernel.language import manner

NEUTRAL = "GB"
"""The region of English where none is known: the day first, and 24 hours."""
_BLANK = "\u00a0"
_NUMERIC_DAY = re.compile(r"\d{1,4}[./-] ?\d{1,2}[./-] ?\d{1,4}\.?")


@dataclass(frozen=True, slots=True)
class Formats:
    """Figures as the region writes them, dates in the words of the language."""

    locale: Locale
    group: str
    decimal: str
    lakhs: bool
    """Whether what is above thousands is grouped by two digits, as in India."""
    before: bool
    """Whether a currency's sign stands before the amount."""
    gap: str
    """What stands between both."""
    percent: str
    short: DateTimePattern
    written: DateTimePattern
    clock: DateTimePattern
    numbers: re.Pattern[str]
    """A typed number, its thousands grouped or not."""

    def grouped(self, plain: str) -> str:
        """A number written `-1234.5` with its separators."""
        whole, point, rest = plain.partition(".")
        sign = whole[:1] if whole[:1] in "+-" else ""
        digits = whole[len(sign) :]
        if self.lakhs and len(digits) > 3:
            head = re.sub(r"(?<=\d)(?=(?:\d\d)+$)", ",", digits[:-3])
            text = f"{head},{digits[-3:]}"
        else:
            text = f"{int(digits or 0):,}"
        return f"{sign}{text.replace(',', self.group)}{self.decimal if point else ''}{rest}"


def formats(region: str = "") -> Formats:
    """Those of the one for whom the page is; of this region where they have none."""
    told = manner()
    return _formats(told.language, told.region or region)


@lru_cache(maxsize=1_024)
def _formats(language: str, region: str) -> Formats:
    words, figures = _words(language, region), _figures(language, region)
    symbols = figures.number_symbols["latn"]
    money = figures.currency_formats["standard"].pattern.partition(";")[0]
    percent = figures.percent_formats[None].pattern
    before = money.startswith("¤")
    group, decimal = symbols["group"].replace("\u202f", _BLANK), symbols["decimal"]
    lakhs = figures.decimal_formats[None].grouping == (3, 2)
    skeletons = words.datetime_skeletons
    return Formats(
        locale=words,
        group=group,
        decimal=decimal,
        lakhs=lakhs,
        before=before,
        gap=_BLANK if not before or money.startswith("¤\u00a0") else "",
        percent=f"{_BLANK}%" if percent[-2:-1].isspace() else "%",
        short=skeletons["MMMd"],
        written=skeletons["yMMMd"],
        clock=_regional(language, region).time_formats["short"],
        numbers=_typed(group, decimal, lakhs=lakhs),
    )


def _typed(group: str, decimal: str, *, lakhs: bool) -> re.Pattern[str]:
    """A number whose thousands are grouped: by the region's sign or by blanks, if at all."""
    sign = r"\s" if group.isspace() else "'’" if group in "'’" else rf"{re.escape(group)}\s"
    more = "{2,3}" if lakhs else "{3}"
    whole = rf"[0-9]+|[0-9]{{1,3}}(?:[{sign}][0-9]{more})*[{sign}][0-9]{{3}}"
    return re.compile(rf"[+-]?(?:{whole})(?:{re.escape(decimal)}[0-9]+)?")


def _words(language: str, region: str) -> Locale:
    """The locale of dates: the language's in the region, where there is such a thing."""
    fallback = f"{language}_{NEUTRAL}" if language == "en" else language
    return _known(f"{language}_{region}" if region else "") or Locale.parse(fallback)


def _regional(language: str, region: str) -> Locale:
    """The locale of the clock: also the region's own where the language is not at home."""
    return _known(f"{language}_{region}") or _native(region) or _words(language, region)


def _figures(language: str, region: str) -> Locale:
    """The locale of numbers: the region's, whatever the language."""
    return _regional(language, region)


def _native(region: str) -> Locale | None:
    spoken = get_official_languages(region, de_facto=True) if region else ()
    found = (_known(f"{language}_{region}") for language in spoken)
    return next((locale for locale in found if locale is not None), None)


def _known(name: str) -> Locale | None:
    try:
        return Locale.parse(name) if name.strip("_") else None
    except (UnknownLocaleError, ValueError):
        return None


# -- dates; Babel takes its time to write them, and the same days come again and again


@lru_cache(maxsize=16_384)
def day_in(form: DateTimePattern, locale: Locale, day: date) -> str:
    """A day in a form."""
    return str(form.apply(day, locale))


@lru_cache(maxsize=4_096)
def clock_in(form: DateTimePattern, locale: Locale, hour: int, minute: int) -> str:
    """A time of the day."""
    text = form.apply(datetime(2000, 1, 1, hour, minute), locale)  # noqa: DTZ001 - of no day
    return str(text).replace("\u202f", _BLANK)


def read_day(text: str) -> date | None:
    """A day as the region types it, 21.11.2026 or 11/21/2026; None where it is none."""
    if not _NUMERIC_DAY.fullmatch(text.strip()):
        return None
    try:
        return parse_date(text.strip().rstrip("."), locale=formats().locale, format="short")
    except (ValueError, IndexError):
        return None
