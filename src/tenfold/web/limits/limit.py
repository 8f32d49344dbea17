"""A limit and what is left of it: the generic cell rate algorithm (GCRA), without its memory.

All that is remembered of a key is until when its requests keep it busy: each adds a step, time
takes it away again, and nobody may be busy for longer than the window.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import NamedTuple

from tenfold.kernel.errors import TooMany

_EXACTLY = 1e-6
"""Seconds by which sums of fractions may be off."""


@dataclass(frozen=True, slots=True)
class Limit:
    """At most `most` requests in `window` seconds, spread evenly after a full burst."""

    name: str
    most: int
    window: int
    step: float = field(init=False)
    """Seconds that one request keeps its key busy."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "step", self.window / self.most)

    def allows(self, busy: float) -> bool:
        """Whether a key may be busy for so long."""
        return busy <= self.window + _EXACTLY


class Allowance(NamedTuple):
    """What is left of a limit with this request, which keeps its key busy for so many seconds."""

    limit: Limit
    busy: float

    @property
    def wait(self) -> int:
        """After how many seconds it may be asked again; 0: this request is allowed."""
        over = self.busy - self.limit.window
        return max(1, math.ceil(over)) if over > _EXACTLY else 0

    @property
    def left(self) -> int:
        """How many requests may follow at once."""
        free = (self.limit.window - self.busy) / self.limit.step
        return max(0, int(free + _EXACTLY))

    @property
    def reset(self) -> int:
        """After how many seconds all of the limit is there again."""
        counted = self.busy if self.limit.allows(self.busy) else self.busy - self.limit.step
        return math.ceil(counted - _EXACTLY)

    def refused(self) -> TooMany:
        """The refusal of a request that must wait."""
        limit = self.limit
        return TooMany(
            f"Too many requests: {limit.most} in {limit.window} s are allowed. "
            f"Try again in {self.wait} s.",
            retry_after=self.wait,
        )


def headers(allowances: Iterable[Allowance]) -> list[tuple[bytes, bytes]]:
    """`RateLimit-Policy` and `RateLimit` (draft-ietf-httpapi-ratelimit-headers-09)."""
    policies: list[bytes] = []
    states: list[bytes] = []
    for one in allowances:
        name, limit = one.limit.name.encode(), one.limit
        policies.append(b'"%b";q=%d;w=%d' % (name, limit.most, limit.window))
        states.append(b'"%b";r=%d;t=%d' % (name, one.left, one.reset))
    if not states:
        return []
    return [(b"ratelimit-policy", b", ".join(policies)), (b"ratelimit", b", ".join(states))]
