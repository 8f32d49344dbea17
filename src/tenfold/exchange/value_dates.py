"""Days and moments, as programs and people write them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import cast
from zoneinfo import ZoneInfo

from babel.dates import get_month_names

from tenfold.exchange.value_texts import DateOrder, Reading, Refusal, shown
from tenfold.kernel.language import mark, say
from tenfold.kernel.text import fold

MONTH_FIRST = frozenset({"US", "PH", "PR", "GU", "FM", "PW"})
"""Regions where 3/4/2026 is the fourth of March."""

_LANGUAGES = ("en", "de", "es", "fr", "it", "nl", "pt")
_EXCEL = date(1899, 12, 30)
_ISO = re.compile(r"([0-9]{4})[-/.]([0-9]{1,2})[-/.]([0-9]{1,2})")
_COMPACT = re.compile(r"((?:1[6-9]|2[01])[0-9]{2})([01][0-9])([0-3][0-9])")
_PARTS = re.compile(r"([0-9]{1,2})([/.\-])\s?([0-9]{1,2})\2\s?([0-9]{4}|[0-9]{2})")
_NAMED = re.compile(r"[0-9]{1,4}|[^\W\d_]+")
_SERIAL = re.compile(r"([1-9][0-9]{4})(?:\.([0-9]+))?")
_EPOCH = re.compile(r"([0-9]{10})(?:([0-9]{3}))?")
_NO_YEAR = re.compile(r"--[0-9]{2}-?[0-9]{2}|[0-9]{1,2}[/.\-][0-9]{1,2}")
_TIME = re.compile(
    r"(?P<day>.+?)(?:[T\s,]|\bat\b)+(?P<hour>[0-9]{1,2})[:.](?P<minute>[0-9]{2})"
    r"(?::(?P<second>[0-9]{2})(?:[.,][0-9]+)?)?(?:\s*Uhr)?\s*(?P<half>[AaPp]\.?[Mm]\.?)?"
    r"\s*(?P<zone>Z|UTC|GMT|[+-][0-9]{2}:?[0-9]{2})?"
)
_EXACT = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{1,6}(?:Z|[+-][0-9]{2}:[0-9]{2})"
)
_COMPACT_TIME = re.compile(r"([0-9]{8})T([0-9]{2})([0-9]{2})([0-9]{2})?(Z|[+-][0-9]{2}:?[0-9]{2})?")
_ACCEPTED = mark("2026-11-21, 11/21/2026, 21.11.2026 and 21 Nov 2026 are read")
_ORDERS = {"day first": mark("day first"), "month first": mark("month first")}


class NoYear(Refusal):
    """A day of every year, as address books keep birthdays."""


def order_of(texts: Sequence[str], region: str) -> DateOrder:
    """Whether a column puts the day or the month first, told by the days above 12 in it."""
    day_first = month_first = False
    for text in texts:
        found = _PARTS.match(text.strip())
        if found:
            day_first |= int(found[1]) > 12 or found[2] == "."
            month_first |= int(found[3]) > 12
    if day_first and month_first:
        return "mixed"
    if day_first or month_first:
        return "day first" if day_first else "month first"
    return "month first" if region in MONTH_FIRST else "day first"


def day(text: str, how: Reading) -> date:
    """A day; the time of a moment is left out."""
    body = text.strip()
    if _NO_YEAR.fullmatch(body):
        raise NoYear(
            say("%(value)s has no year; a date needs one, like 2026-02-28.", value=shown(text))
        )
    for form in (_TIME, _COMPACT_TIME):
        moment = form.fullmatch(body)
        if moment:
            body = moment[1].strip(" ,")
            break
    found = _day(body, how, text)
    if found is None:
        raise Refusal(
            say("%(value)s is not a date; %(read)s.", value=shown(text), read=say(_ACCEPTED))
        )
    return found


def moment(text: str, how: Reading) -> datetime:
    """A moment in UTC; a local time is read in the column's zone.

    A local time that the clocks skip takes the offset before the gap, a doubled one the first of
    the two (RFC 5545, section 3.3.5).
    """
    body = text.strip()
    if _EXACT.fullmatch(body):
        return _exact(body, text)
    epoch = _EPOCH.fullmatch(body)
    if epoch:
        return datetime.fromtimestamp(int(epoch[1]), UTC) + timedelta(
            milliseconds=int(epoch[2] or 0)
        )
    serial = _SERIAL.fullmatch(body)
    if serial:
        rest = float(f"0.{serial[2] or 0}")
        midnight = datetime.combine(_serial(serial[1]), datetime.min.time())
        return _in_zone(midnight + timedelta(seconds=round(rest * 86_400)), None, how, text)
    clock = _COMPACT_TIME.fullmatch(body)
    if clock:
        body = f"{clock[1]} {clock[2]}:{clock[3]}:{clock[4] or '00'}{clock[5] or ''}"
    found = _TIME.fullmatch(body)
    start = day(found["day"] if found else body, how)
    local = datetime.combine(start, datetime.min.time())
    if found:
        local += _clock(found, text)
    return _in_zone(local, found["zone"] if found else None, how, text)


def _exact(body: str, text: str) -> datetime:
    """ISO 8601 with parts of a second and its zone, as our export writes it: nothing is lost."""
    try:
        return datetime.fromisoformat(body).astimezone(UTC)
    except (ValueError, OverflowError):
        raise Refusal(say("%(value)s is no moment of the calendar.", value=shown(text))) from None


def _clock(found: re.Match[str], text: str) -> timedelta:
    hour, minute, second = (int(found[name] or 0) for name in ("hour", "minute", "second"))
    half = (found["half"] or "").lower().replace(".", "")
    if half and 1 <= hour <= 12:
        hour = hour % 12 + (12 if half == "pm" else 0)
    if hour > 23 or minute > 59 or second > 59:
        raise Refusal(
            say("%(value)s has no such time of day; 00:00 to 23:59 are read.", value=shown(text))
        )
    return timedelta(hours=hour, minutes=minute, seconds=second)


def _in_zone(local: datetime, zone: str | None, how: Reading, text: str) -> datetime:
    try:
        if zone and zone[0] in "+-":
            offset = timedelta(hours=int(zone[1:3]), minutes=int(zone[-2:]))
            return (local - offset if zone[0] == "+" else local + offset).replace(tzinfo=UTC)
        known = ZoneInfo("UTC" if zone else how.zone)
        return local.replace(tzinfo=known).astimezone(UTC)
    except OverflowError:
        raise Refusal(say("%(value)s is outside the years 1 to 9999.", value=shown(text))) from None


def _day(body: str, how: Reading, text: str) -> date | None:
    iso = _ISO.fullmatch(body) or _COMPACT.fullmatch(body)
    if iso:
        return _real(int(iso[1]), int(iso[2]), int(iso[3]), text)
    serial = _SERIAL.fullmatch(body)
    if serial:
        return _serial(serial[1])
    found = _PARTS.fullmatch(body)
    if found:
        return _ordered(found, how, text)
    return _with_name(body, text)


def _ordered(found: re.Match[str], how: Reading, text: str) -> date:
    """A date of three numbers, in the order of its column."""
    first, second, year = int(found[1]), int(found[3]), _year(found[4])
    order = how.date_order or order_of([found[0]], how.region)
    if order == "mixed":
        if first <= 12 and second <= 12 and first != second:
            raise Refusal(
                say(
                    "%(value)s may be two dates: the column has both day first and month first. "
                    "2026-11-21 is clear.",
                    value=shown(text),
                )
            )
        order = "day first" if first > 12 else "month first"
    month, number = (first, second) if order == "month first" else (second, first)
    if month > 12:
        raise Refusal(
            say(
                "%(value)s has no such month; the column's dates have the %(order)s.",
                value=shown(text),
                order=say(_ORDERS[order]),
            )
        )
    return _real(year, month, number, text)


def _with_name(body: str, text: str) -> date | None:
    """A date with the month's name: `21 Nov 2026`, `Nov 21, 2026`, `21. November 2026`."""
    words = _NAMED.findall(fold(body))
    months = [_months()[word] for word in words if word in _months()]
    numbers = [word for word in words if word.isdigit()]
    if len(months) != 1 or len(numbers) != 2 or len(words) > 7:
        return None
    first, second = numbers
    if len(first) == 4:
        first, second = second, first
    if len(first) > 2 or len(second) not in (2, 4):
        return None
    return _real(_year(second), months[0], int(first), text)


def _real(year: int, month: int, number: int, text: str) -> date:
    try:
        return date(year, month, number)
    except ValueError:
        raise Refusal(
            say(
                "%(value)s is not a day of the calendar; %(read)s.",
                value=shown(text),
                read=say(_ACCEPTED),
            )
        ) from None


def _year(digits: str) -> int:
    """Two digits mean 1969 to 2068, as POSIX has it."""
    year = int(digits)
    return year if len(digits) == 4 else year + (1900 if year >= 69 else 2000)


def _serial(digits: str) -> date:
    """Excel's count of days."""
    return _EXCEL + timedelta(days=int(digits))


@lru_cache(maxsize=1)
def _months() -> dict[str, int]:
    found: dict[str, int] = {"sept": 9}
    for language in _LANGUAGES:
        for width in ("wide", "abbreviated"):
            names = cast("dict[int, str]", get_month_names(width, locale=language))
            for number, name in names.items():
                found.setdefault(fold(name).strip(" ."), number)
    return found
