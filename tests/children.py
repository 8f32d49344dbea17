"""What the processes that tests start are told by their environment."""

from __future__ import annotations

import os

_MEASURING = ("COVERAGE_PROCESS_START", "COVERAGE_PROCESS_CONFIG")


def unmeasured(**more: str) -> dict[str, str]:
    """For a process whose code other tests cover: without coverage, which doubles its time."""
    return {name: value for name, value in os.environ.items() if name not in _MEASURING} | more
