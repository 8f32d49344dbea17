"""Values as people read them: amounts, numbers, dates near and far, telephone numbers."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable
from datetime import UTC, date, datetime, tzinfo
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import phonenumbers
from babel.numbers import get_currency_symbol
from phonenumbers import NumberParseException, PhoneNumberFormat

from tenfold.kernel.clock import zones as clock_zones
from tenfold.kernel.language import mark, say, within
from tenfold.kernel.money import exponent
from tenfold.web.pages.formats import clock_in, day_in, formats, read_day

MINUS = "\u2212"
_WRITTEN_OUT = 40
"""No number with more digits is written out."""
_SIGNS = "$€£¥ \u00a0"
_GROUPED = re.compile(r"[+-]?(?:[0-9]+|[0-9]{1,3}(?:[,\s][0-9]{3})+)(?:\.[0-9]+)?")


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
    sign, form = MINUS if value < 0 else "", formats()
    text, unit = form.grouped(f"{abs(value):.{places}f}"), symbol(currency)
    if form.before:
        return f"{sign}{unit}{'' if unit[-1:] == ' ' else form.gap}{text}"
    return f"{sign}{text}{form.gap}{unit.strip()}"


def number(value: float | Decimal | str) -> str:
    """A number with its thousands separated, and no more places than it needs."""
    exact = _exact(value)
    if exact is None:
        return str(value)
    return formats().grouped(_plain(exact)).replace("-", MINUS)


def counted(count: int, one: str, many: str) -> str:
    """How many of a type there are, by its labels: `1 lead`, `1,234 leads`."""
    return f"{number(count)} {within(one if count == 1 else many)}"


def editable(value: float | Decimal) -> str:
    """A number as the box holds it in which it is changed: `ungrouped` reads it again."""
    exact = _exact(value)
    return str(value) if exact is None else formats().grouped(_plain(exact))


def percent(text: str) -> str:
    """A number that is written already, as a share of a hundred."""
    return f"{text}{formats().percent}"


def _plain(exact: Decimal) -> str:
    if exact == exact.to_integral_value():
        return str(int(exact))
    return f"{exact:f}".rstrip("0")


def _exact(value: float | Decimal | str) -> Decimal | None:
    """A number that can be written out, also one given as text; None for anything else."""
    try:
        found = Decimal(str(value))
    except InvalidOperation:
        return None
    return found if found.is_finite() and abs(found.adjusted()) <= _WRITTEN_OUT else None


def ungrouped(text: str) -> str:
    """A typed number as programs write it: `$1,250.50` is `1250.50`, and so is `1.250,50 €` of
    somebody whose region writes it so.

    Their own way comes first, then the English one. What is written in neither, where separators
    don't stand before groups of three digits, stays as it is.
    """
    plain = text.strip().strip(_SIGNS).replace(MINUS, "-")
    form = formats()
    if form.decimal != "." and form.numbers.fullmatch(plain):
        whole, point, rest = plain.partition(form.decimal)
        return re.sub(r"[^\d+-]", "", whole) + ("." if point else "") + rest
    if form.decimal == "." and form.numbers.fullmatch(plain):
        return re.sub(r"[^\d+.-]", "", plain)
    return re.sub(r"[,\s]", "", plain) if _GROUPED.fullmatch(plain) else text.strip()


def typed_day(text: str) -> str:
    """A day that was typed, as programs write it (ISO 8601); anything else unchanged."""
    found = read_day(text)
    return found.isoformat() if found else text


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


@lru_cache(maxsize=1)
def zones() -> tuple[tuple[str, str], ...]:
    """The time zones that are offered, as kept and as read."""
    known = sorted(z for z in clock_zones() if "/" in z and not z.startswith("Etc/"))
    return tuple((zone, zone.replace("_", " ")) for zone in [*known, "UTC"])


def moment_of(text: str) -> datetime | None:
    """A moment as PostgreSQL writes it in JSON; None for what is none, or beyond all years."""
    try:
        found = datetime.fromisoformat(text)
        found.astimezone(UTC)
    except (ValueError, OverflowError):
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
        return say("just now")
    if abs(minutes) < 60:
        ahead = minutes > 0
        return say("in %(n)s min", n=minutes) if ahead else say("%(n)s min ago", n=-minutes)
    days = (then.date() - here.date()).days
    if abs(days) <= 1:
        return f"{say(_NEAR[days])} {clock(then, region)}"
    return near_day(then.date(), here.date(), region)


_NEAR = {-1: mark("yesterday"), 0: mark("today"), 1: mark("tomorrow")}


def near_day(day: date, today: date, region: str = "") -> str:
    """A day relative to today within a week, else written out."""
    days = (day - today).days
    if days in _NEAR:
        return say(_NEAR[days])
    if abs(days) < 7:
        return say("in %(n)s days", n=days) if days > 0 else say("%(n)s days ago", n=-days)
    if day.year != today.year:
        return written(day, region)
    form = formats(region)
    return day_in(form.short, form.locale, day)


def written(day: date, region: str = "") -> str:
    """A day with its year: 21 Nov 2026, and Nov 21, 2026 where the month comes first."""
    form = formats(region)
    return day_in(form.written, form.locale, day)


def full_day(day: date, region: str = "") -> str:
    """A day in full, with that of the week."""
    weekday = formats(region).locale.days["format"]["wide"][day.weekday()]
    return f"{weekday}, {written(day, region)}"


def month(day: date) -> str:
    """The month of a day, with its year."""
    return f"{formats().locale.months['stand-alone']['wide'][day.month]} {day.year}"


def weekday(day: date) -> str:
    """The day of the week in short."""
    return str(formats().locale.days["stand-alone"]["abbreviated"][day.weekday()])


def clock(then: datetime, region: str = "") -> str:
    """The time of a moment, as the region's clocks show it: 14:05, 2:05 PM."""
    form = formats(region)
    return clock_in(form.clock, form.locale, then.hour, then.minute)


def whole(moment: datetime, zone: tzinfo, region: str = "") -> str:
    """A moment in full, with its zone."""
    then = there(moment, zone)
    return f"{full_day(then.date(), region)}, {clock(then, region)} {then:%Z}"


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


def between_commas(texts: Iterable[str]) -> str:
    """Texts as one box holds them; one that has a comma itself stands in quotes."""
    return ", ".join(_quoted(one) if "," in one or one[:1] == '"' else one for one in texts)


def _quoted(text: str) -> str:
    return '"' + text.replace('"', '""') + '"'


def typed_texts(text: str) -> list[str]:
    """What such a box holds, text by text."""
    (row,) = csv.reader([" ".join(text.splitlines())], skipinitialspace=True)
    return [one.strip() for one in row if one.strip()]


def greeting(now: datetime, zone: tzinfo) -> str:
    """Good morning, afternoon or evening; plain Hello at night."""
    hour = now.astimezone(zone).hour
    if hour < 4 or hour >= 23:
        return say("Hello")
    if hour < 12:
        return say("Good morning")
    return say("Good afternoon") if hour < 18 else say("Good evening")


def capital(text: str) -> str:
    """A text as it stands alone: its first letter is a capital, the others as they are."""
    return text[:1].upper() + text[1:]


def sentence(text: str) -> str:
    """A mistake as a sentence beside its field: `is required` → `This is required`."""
    if not text:
        return ""
    return text if text[0].isupper() else say("This %(mistake)s", mistake=text)
