"""Spans of time as people write them, `3 days` or `-24 hours`, and what they lead to."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

_FORM = re.compile(r"^\s*([+-]?\d{1,5})\s*(minute|hour|day|week)s?\s*$", re.IGNORECASE)
_CLOCK = re.compile(r"^([01]?\d|2[0-3]):([0-5]\d)$")
MOST_DAYS = 3_660


@dataclass(frozen=True, slots=True)
class Span:
    """So many minutes; `days` says whether it was given in whole days, which a calendar counts."""

    minutes: int = 0
    days: int | None = None

    @property
    def delta(self) -> timedelta:
        """Its length, a day having 24 hours."""
        return timedelta(minutes=self.minutes)


def span(text: str) -> Span:
    """The span that a text spells; raises ValueError. An empty one is no time at all."""
    if not text.strip():
        return Span(0, 0)
    found = _FORM.match(text)
    if found is None:
        raise ValueError("must be a number with minutes, hours, days or weeks, like 3 days")
    number, unit = int(found[1]), found[2].lower()
    minutes = number * {"minute": 1, "hour": 60, "day": 1_440, "week": 10_080}[unit]
    if abs(minutes) > MOST_DAYS * 1_440:
        raise ValueError("must be at most ten years")
    return Span(minutes, minutes // 1_440 if unit in ("day", "week") else None)


def clock(text: str) -> time | None:
    """The time of day that a text spells, None where it is empty; raises ValueError."""
    if not text.strip():
        return None
    found = _CLOCK.match(text.strip())
    if found is None:
        raise ValueError("must be a time of day, like 09:00")
    return time(int(found[1]), int(found[2]))


def local(day: date, at: time, zone: str) -> datetime:
    """A time of day on a day where the zone is, in UTC.

    What the clock leaves out as summer begins is as much later; what it goes through twice as
    summer ends is the first of the two (PEP 495).
    """
    return datetime.combine(day, at, ZoneInfo(zone)).astimezone(UTC)


def moved(moment: datetime, by: Span, at: time | None, zone: str) -> datetime:
    """The moment that lies a span after another one.

    With a time of day the calendar of the zone counts the days, and it is that time of the last
    one; else a day has 24 hours.
    """
    if at is None:
        return moment + by.delta
    day = (moment + (timedelta() if by.days is not None else by.delta)).astimezone(ZoneInfo(zone))
    return local(day.date() + timedelta(days=by.days or 0), at, zone)


def on_day(day: date, by: Span, at: time, zone: str) -> datetime:
    """The moment that lies a span after a day's time of day."""
    if by.days is not None:
        return local(day + timedelta(days=by.days), at, zone)
    return local(day, at, zone) + by.delta
