"""How well two kinds of requests can be told apart by how long they take."""

from __future__ import annotations

import gc
import random
import time
from bisect import bisect_left, bisect_right
from collections.abc import Awaitable, Callable, Sequence

Ask = Callable[[], Awaitable[object]]


async def interleaved(pairs: int, one: Ask, other: Ask) -> tuple[list[float], list[float]]:
    """The seconds that two kinds of requests take, in turns whose order is left to chance."""
    took: tuple[list[float], list[float]] = ([], [])
    kinds = [(one, took[0]), (other, took[1])]
    gc.disable()
    try:
        for _ in range(pairs):
            random.shuffle(kinds)
            for ask, seconds in kinds:
                began = time.perf_counter()
                await ask()
                seconds.append(time.perf_counter() - began)
    finally:
        gc.enable()
    return took


def auc(one: Sequence[float], other: Sequence[float]) -> float:
    """How often one of the first takes less than one of the second: 0.5 where nobody can tell."""
    ordered = sorted(other)
    above = sum(len(other) - bisect_right(ordered, x) for x in one)
    level = sum(bisect_right(ordered, x) - bisect_left(ordered, x) for x in one)
    return (above + level / 2) / (len(one) * len(other))
