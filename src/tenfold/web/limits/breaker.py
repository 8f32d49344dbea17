"""Whether something that others share is asked at all, after it failed again and again."""

from __future__ import annotations

import time
from collections.abc import Callable

FAILURES = 5
PAUSE_SECONDS = 1.0


class Breaker:
    """Opens after five failures in a row; then one request a second tries whether it is back."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._failures, self._again = 0, 0.0

    @property
    def opened(self) -> bool:
        """Whether it failed so often that only now and then somebody tries."""
        return self._failures >= FAILURES

    def lets(self) -> bool:
        """Whether this request may ask."""
        if not self.opened:
            return True
        moment = self._clock()
        if moment < self._again:
            return False
        self._again = moment + PAUSE_SECONDS
        return True

    def failed(self) -> bool:
        """Count a failure; answers whether it opens with this one."""
        self._failures += 1
        self._again = self._clock() + PAUSE_SECONDS
        return self._failures == FAILURES

    def worked(self) -> bool:
        """It answered; says whether it was open until now."""
        before, self._failures = self.opened, 0
        return before
