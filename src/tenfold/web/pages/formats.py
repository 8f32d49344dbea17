"""How a region writes figures and dates, taken from CLDR once for each language and region."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache

from babel import Locale
from babel.dates import DateTimePattern, parse_date

from tenfold.kernel.language import manner
from tenfold.kernel.regions import Figures, figures, regional, spoken

_BLANK = "\u00a0"
_NUMERIC_DAY = re.compile(r"\d{1,4}[./-] ?\d{1,2}[./-] ?\d{1,4}\.?")


@dataclass(frozen=True, slots=True)
class Formats:
    """Figures as the region writes them, dates in the words of the language."""

    locale: Locale
    figures: Figures
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

    @property
    def decimal(self) -> str:
        """The sign before the decimals."""
        return self.figures.decimal

    def grouped(self, plain: str) -> str:
        """A number written `-1234.5` with its separators."""
        return self.figures.grouped(plain)


def formats(region: str = "") -> Formats:
    """Those of the one for whom the page is; of this region where they have none."""
    told = manner()
    return _formats(told.language, told.region or region)


@lru_cache(maxsize=1_024)
def _formats(language: str, region: str) -> Formats:
    words, home = spoken(language, region), regional(language, region)
    parted = figures(language, region)
    money = home.currency_formats["standard"].pattern.partition(";")[0]
    percent = home.percent_formats[None].pattern
    before = money.startswith("¤")
    skeletons = words.datetime_skeletons
    return Formats(
        locale=words,
        figures=parted,
        before=before,
        gap=_BLANK if not before or money.startswith("¤\u00a0") else "",
        percent=f"{_BLANK}%" if percent[-2:-1].isspace() else "%",
        short=skeletons["MMMd"],
        written=skeletons["yMMMd"],
        clock=home.time_formats["short"],
        numbers=_typed(parted),
    )


def _typed(form: Figures) -> re.Pattern[str]:
    """A number whose thousands are grouped: by the region's sign or by blanks, if at all."""
    group, decimal = form.group, form.decimal
    sign = r"\s" if group.isspace() else "'’" if group in "'’" else rf"{re.escape(group)}\s"
    more = "{2,3}" if form.lakhs else "{3}"
    whole = rf"[0-9]+|[0-9]{{1,3}}(?:[{sign}][0-9]{more})*[{sign}][0-9]{{3}}"
    return re.compile(rf"[+-]?(?:{whole})(?:{re.escape(decimal)}[0-9]+)?")


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
