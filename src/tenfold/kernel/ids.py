"""Record ids: UUID version 7 (RFC 9562), so that new rows lie together in every index."""

from __future__ import annotations

import os
import time
from uuid import UUID

NIL = UUID(int=0)

_last = [0]


def new_id() -> UUID:
    """A new UUIDv7; ids made by one process rise strictly, also within a millisecond.

    RFC 9562 section 6.2, method 3: the 12 bits after the milliseconds carry the
    fraction of the millisecond, and a tie takes the next value.
    """
    nanoseconds = time.time_ns()
    milliseconds, rest = divmod(nanoseconds, 1_000_000)
    tick = (milliseconds << 12) | (rest * 4096 // 1_000_000)
    tick = max(tick, _last[0] + 1)
    _last[0] = tick
    random = int.from_bytes(os.urandom(8), "big") & ((1 << 62) - 1)
    value = ((tick >> 12) << 80) | (7 << 76) | ((tick & 0xFFF) << 64) | (2 << 62) | random
    return UUID(int=value)


def new_ids(count: int) -> list[UUID]:
    """Several new UUIDv7 in rising order; asks for randomness once, which many rows feel."""
    if count <= 0:
        return []
    random = os.urandom(8 * count)
    first = (time.time_ns() << 12) // 1_000_000
    first = max(first, _last[0] + 1)
    _last[0] = first + count - 1
    mask = (1 << 62) - 1
    return [
        UUID(
            int=((first + n) >> 12 << 80)
            | (7 << 76)
            | (((first + n) & 0xFFF) << 64)
            | (2 << 62)
            | (int.from_bytes(random[8 * n : 8 * n + 8], "big") & mask)
        )
        for n in range(count)
    ]


def parse_id(text: str) -> UUID | None:
    """The UUID that the text spells in its usual form, or None."""
    if len(text) != 36:
        return None
    try:
        return UUID(text)
    except ValueError:
        return None
