"""JSON that Python makes, in the form of the JSON that PostgreSQL makes of records."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, cast

import msgspec

from tenfold.kernel import digits


def encoded(value: object) -> bytes:
    """A value as JSON, its moments as `moment` writes them; msgspec alone ends them in `Z`."""
    return digits.encode(_plain(msgspec.to_builtins(value, builtin_types=(datetime, Decimal))))


def moment(value: datetime) -> str:
    """A moment as PostgreSQL's JSON has it: `2026-11-21T09:30:00.25+00:00`."""
    text = value.astimezone(UTC).replace(tzinfo=None).isoformat()
    return f"{text.rstrip('0') if value.microsecond else text}+00:00"


def _plain(value: object) -> object:
    if isinstance(value, dict):
        return {name: _plain(one) for name, one in cast("dict[Any, object]", value).items()}
    if isinstance(value, list | tuple):
        return [_plain(one) for one in cast("list[object]", value)]
    return moment(value) if isinstance(value, datetime) else value
