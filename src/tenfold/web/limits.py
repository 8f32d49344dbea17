"""How many requests one caller may make: the generic cell rate algorithm (GCRA), per process."""

from __future__ import annotations

import time
from collections import OrderedDict
from dataclasses import dataclass

from tenfold.kernel.errors import TooMany


@dataclass(frozen=True, slots=True)
class Allowance:
    """What is left of a limit after this request."""

    limit: int
    window: int
    remaining: int
    reset: int

    def headers(self, name: str) -> dict[str, str]:
        """`RateLimit-Policy` and `RateLimit` (IETF draft 09)."""
        return {
            "ratelimit-policy": f'"{name}";q={self.limit};w={self.window}',
            "ratelimit": f'"{name}";r={self.remaining};t={self.reset}',
        }


class Limit:
    """At most `limit` requests per `window` seconds and key, spread evenly after a full burst."""

    def __init__(self, limit: int, window: int, keys: int = 100_000) -> None:
        self.limit, self.window = limit, window
        self._step = window / limit
        self._until: OrderedDict[object, float] = OrderedDict()
        self._keys = keys

    def take(self, key: object) -> Allowance:
        """Count one request of the key; raises TooMany where it has none left."""
        moment = time.monotonic()
        full = max(self._until.get(key, moment), moment) + self._step
        over = full - moment - self.window
        if over > 1e-9:
            wait = max(1, round(over + 0.5))
            raise TooMany(
                f"Too many requests: {self.limit} in {self.window} s are allowed. "
                f"Try again in {wait} s.",
                retry_after=wait,
            )
        self._until[key] = full
        self._until.move_to_end(key)
        if len(self._until) > self._keys:
            self._until.popitem(last=False)
        left = int((self.window - (full - moment)) / self._step + 1e-6)
        return Allowance(self.limit, self.window, left, round(full - moment))
