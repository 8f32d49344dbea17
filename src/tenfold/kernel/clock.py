"""The only place that asks what time it is, so that tests can fix it."""

from __future__ import annotations

from datetime import UTC, date, datetime
from functools import cache
from zoneinfo import ZoneInfo, available_timezones


def now() -> datetime:
    """This moment, in UTC, with its zone."""
    return datetime.now(UTC)


def today(zone: str) -> date:
    """The date in a time zone by its IANA name; that of UTC where this machine lacks the zone."""
    try:
        return now().astimezone(ZoneInfo(zone)).date()
    except (LookupError, ValueError, OSError):
        return now().date()


@cache
def zones() -> frozenset[str]:
    """The time zones that this machine knows, by their IANA names; they are looked up once."""
    return frozenset(available_timezones())
