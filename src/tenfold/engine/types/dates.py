"""Dates and moments."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import ClassVar

import sqlalchemy as sa

from tenfold.engine.types.base import Column, FieldType, Locale, Refused, Schema, text_of
from tenfold.kernel.language import say

_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class Date(FieldType):
    """A day, without a time or a zone."""

    kind: ClassVar[str] = "date"

    def columns(self) -> tuple[Column, ...]:
        return (Column("", sa.Date()),)

    def parse(self, value: object, at: Locale) -> tuple[object, ...]:
        try:
            text = text_of(value)
            if len(text) != 10:
                raise ValueError
            return (date.fromisoformat(text),)
        except ValueError:
            raise Refused(_no_day(value) or say("must be a date like 2026-11-21")) from None

    def schema(self) -> Schema:
        return {"type": "string", "format": "date"}

    def sample(self, n: int) -> object:
        return (date(2024, 1, 1) + timedelta(days=n % 1000)).isoformat()


@dataclass(frozen=True, slots=True, kw_only=True)
class DateTime(FieldType):
    """A moment, kept in UTC; what is given must name its zone."""

    kind: ClassVar[str] = "datetime"

    def columns(self) -> tuple[Column, ...]:
        return (Column("", sa.DateTime(timezone=True)),)

    def parse(self, value: object, at: Locale) -> tuple[object, ...]:
        try:
            moment = datetime.fromisoformat(text_of(value))
            # A filter's + arrives as a blank where the client did not escape it.
        except ValueError:
            like = say("must be a moment like 2026-11-21T09:30:00Z")
            raise Refused(_no_day(value) or like) from None
        if moment.tzinfo is None:
            raise Refused(say("must name its zone, like 2026-11-21T09:30:00Z or …+01:00"))
        try:
            return (moment.astimezone(UTC),)
        except OverflowError:
            raise Refused(say("is outside the years 1 to 9999")) from None

    def filter_value(self, text: str, at: Locale) -> object:
        if len(text) == 10:
            text += "T00:00:00Z"
        return self.parse(text.replace(" ", "+") if text[-6:-5] == " " else text, at)[0]

    def schema(self) -> Schema:
        return {"type": "string", "format": "date-time"}

    def sample(self, n: int) -> object:
        moment = datetime(2024, 1, 1, 9, 30, tzinfo=UTC) + timedelta(hours=n % 20_000)
        return moment.isoformat()


def _no_day(value: object) -> str:
    """What is said of a text with a date in the right form that no calendar has, else nothing."""
    day = value.strip()[:10] if isinstance(value, str) else ""
    if not _DAY.fullmatch(day):
        return ""
    try:
        date.fromisoformat(day)
    except ValueError:
        return say("is not a day of the calendar")
    return ""
