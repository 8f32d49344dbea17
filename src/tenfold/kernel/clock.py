"""The only place that asks what time it is, so that tests can fix it."""

from __future__ import annotations

from datetime import UTC, datetime


def now() -> datetime:
    """This moment, in UTC, with its zone."""
    return datetime.now(UTC)
