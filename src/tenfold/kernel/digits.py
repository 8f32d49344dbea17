"""JSON that keeps every digit of its numbers: a float holds 15 of them, an amount up to 19."""

from __future__ import annotations

import math
from decimal import Decimal
from typing import Any

import msgspec

_SHORT, _LONGEST = 16, 1_000


def number(text: str) -> float | Decimal:
    """A number with a point or an exponent: a float where that says the same, else a Decimal."""
    short = float(text)
    if math.isinf(short) or len(text) > _LONGEST:
        raise ValueError("Number out of range")
    # 15 digits and a point; and what is too small for a float is too small for anything.
    if len(text) <= _SHORT or short == 0 or Decimal(repr(short)) == (exact := Decimal(text)):
        return short
    return exact


def plain(value: Decimal) -> int | float | Decimal:
    """A decimal as JSON gives it back."""
    return int(value) if value == value.to_integral_value() else number(str(value))


def indented(value: object) -> str:
    """JSON as people read it, a line for each of its values."""
    return msgspec.json.format(encode(value), indent=2).decode()


decode = msgspec.json.Decoder(Any, float_hook=number).decode
encode = msgspec.json.Encoder(decimal_format="number").encode
