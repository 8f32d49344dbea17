"""Values as people read them: amounts, numbers, dates near and far, telephone numbers."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, tzinfo
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import phonenumbers
from babel.numbers import get_currency_symbol
from phonenumbers import NumberParseException, PhoneNumberFormat

from tenfold.kernel.money import exponent

MINUS = "\u2212"
_WRITTEN_OUT = 40
"""No number with more digits is written out."""
_SIGNS = "$€£¥ \u00a0"
_GROUPED = re.compile(r"[+-]?(?:[0-9]+|[0-9]{1,3}(?:[,\s][0-9]{3})+)(?:\.[0-9]+)?")
# Where English dates are written with the month first (CLDR).
_MONTH_FIRST = frozenset({"US", "PH", "PR", "GU", "VI", "AS", "MP", "UM"})


@lru_cache(maxsize=256)
def symbol(currency: str) -> str:
    """The sign of a currency, or its code with a blank: $ € CHF."""
    sign = get_currency_symbol(currency, locale="en_US")
    return sign if not sign.isascii() or not sign.isalpha() else f"{currency} "


def money(amount: float | Decimal | str, currency: str) -> str:
    """An amount with its currency; cents only where there are any."""
    value = _exact(amount)
    if value is None:
        return str(amount)
    places = exponent(currency) if value != value.to_integral_value() else 0
    sign = MINUS if value < 0 else ""
    return f"{sign}{symbol(currency)}{abs(value):,.{places}f}"


def number(value: float | Decimal | str) -> str:
    """A number with its thousands separated, and no more places than it needs."""
    exact = _exact(value)
    if exact is None:
        return str(value)
    whole = exact == exact.to_integral_value()
    text = f"{int(exact):,}" if whole else f"{exact:,f}".rstrip("0")
    return text.replace("-", MINUS)


def _exact(value: float | Decimal | str) -> Decimal | None:
    """A number that can be written out, also one given as text; None for anything else."""
    try:
        found = Decimal(str(value))
    except InvalidOperation:
        return None
    return found if found.is_finite() and abs(found.adjusted()) <= _WRITTEN_OUT else None


def ungrouped(text: str) -> str:
    """A typed number without what groups its thousands: `$1,250.50` is `1250.50`.

    Where commas or blanks don't stand before groups of three digits, the text stays as it is.
    """
    plain = text.strip().strip(_SIGNS)
    return re.sub(r"[,\s]", "", plain) if _GROUPED.fullmatch(plain) else text.strip()


def is_year(name: str, value: object) -> bool:
    """Whether a field's number is a year, which is read without separators."""
    return "year" in name.split("_") and isinstance(value, int) and 1_000 <= value <= 2_999


def zone_of(name: str, default: str = "UTC") -> ZoneInfo:
    """A time zone by its name, else the default."""
    for candidate in (name, default):
        try:
            return ZoneInfo(candidate)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            continue
    return ZoneInfo("UTC")


def moment_of(text: str) -> datetime | None:
    """A moment as PostgreSQL writes it in JSON."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def there(moment: datetime, zone: tzinfo) -> datetime:
    """A moment in a zone; in its own at the calendar's ends, where another would be beyond them."""
    try:
        return moment.astimezone(zone)
    except OverflowError:
        return moment


def near(moment: datetime, now: datetime, zone: tzinfo, region: str = "") -> str:
    """A moment relative to now within a week, else its day."""
    then, here = there(moment, zone), now.astimezone(zone)
    minutes = round((then - here).total_seconds() / 60)
    if abs(minutes) < 1:
        return "just now"
    if abs(minutes) < 60:
        return f"in {minutes} min" if minutes > 0 else f"{-minutes} min ago"
    days = (then.date() - here.date()).days
    if abs(days) <= 1:
        return f"{_NEAR[days]} {then:%H:%M}"
    return near_day(then.date(), here.date(), region)


_NEAR = {-1: "yesterday", 0: "today", 1: "tomorrow"}


def near_day(day: date, today: date, region: str = "") -> str:
    """A day relative to today within a week, else written out."""
    days = (day - today).days
    if days in _NEAR:
        return _NEAR[days]
    if abs(days) < 7:
        return f"in {days} days" if days > 0 else f"{-days} days ago"
    return written(day, region) if day.year != today.year else _short(day, region)


def written(day: date, region: str = "") -> str:
    """A day in full: 21 Nov 2026, and Nov 21, 2026 where the month comes first."""
    return f"{_short(day, region)}{', ' if region in _MONTH_FIRST else ' '}{day.year}"


def _short(day: date, region: str) -> str:
    return f"{day:%b} {day.day}" if region in _MONTH_FIRST else f"{day.day} {day:%b}"


def whole(moment: datetime, zone: tzinfo, region: str = "") -> str:
    """A moment in full, with its zone."""
    then = there(moment, zone)
    return f"{then:%A}, {written(then.date(), region)}, {then:%H:%M %Z}"


@lru_cache(maxsize=8_192)
def phone(text: str, region: str) -> str:
    """A telephone number as people of the region write it."""
    try:
        found = phonenumbers.parse(text.replace(";ext=", " ext. "), region)
    except NumberParseException:
        return text
    home = phonenumbers.region_code_for_number(found) == region
    form = PhoneNumberFormat.NATIONAL if home else PhoneNumberFormat.INTERNATIONAL
    return phonenumbers.format_number(found, form)


def local_input(moment: datetime, zone: tzinfo) -> str:
    """A moment as `<input type="datetime-local">` takes it."""
    return there(moment, zone).isoformat()[:16]


def from_local(text: str, zone: tzinfo) -> str:
    """What such an input gave, with the zone it was meant in; anything else unchanged."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return text
    return (found if found.tzinfo else found.replace(tzinfo=zone)).isoformat()


def greeting(now: datetime, zone: tzinfo) -> str:
    """Good morning, afternoon or evening."""
    hour = now.astimezone(zone).hour
    if 4 <= hour < 12:
        return "Good morning"
    return "Good afternoon" if 12 <= hour < 18 else "Good evening"


def sentence(text: str) -> str:
    """A mistake as a sentence beside its field: `is required` → `This is required`."""
    if not text:
        return ""
    return text if text[0].isupper() else f"This {text}"
