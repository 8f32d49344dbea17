"""Whether work takes the time of its length: its growth tells, on a busy machine too."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")
_ROUNDS = 6
_MOST = 9
"""Four times the length takes four times as long, or sixteen where it takes the square."""


def grows_as_its_length(work: Callable[[T], object], small: T, fourfold: T) -> bool:
    """True once four times the length took less than nine times as long, in the best of rounds."""
    short = long = float("inf")
    for _ in range(_ROUNDS):
        short = min(short, _taken(lambda: work(small)))
        long = min(long, _taken(lambda: work(fourfold)))
        if long < _MOST * short:
            return True
    return False


def _taken(work: Callable[[], object]) -> float:
    """Seconds of this process's own time, without what tidying the memory of others takes."""
    gc.disable()
    try:
        began = time.process_time()
        work()
        return time.process_time() - began
    finally:
        gc.enable()
