"""What the machine is, how busy it was, and how much of it each part used."""

from __future__ import annotations

import os
import platform
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import psutil


@dataclass(frozen=True, slots=True)
class Used:
    """CPU seconds by part in a stretch of time, and the share of the machine that others used."""

    seconds: float = 0.0
    cpu: Mapping[str, float] = field(default_factory=dict[str, float])
    others: float = 0.0
    """CPU seconds of all processes that are not ours."""


class Meter:
    """Sums the CPU time of process trees, by the part of the system that each tree is."""

    def __init__(self, children: Mapping[str, int], beside: Mapping[str, int]) -> None:
        """`children` are trees below this process, `beside` others; the rest is `client`."""
        self._children, self._beside = children, beside
        self._before: dict[str, float] = {}
        self._busy = self._at = 0.0

    def begin(self) -> None:
        """Note where all stand."""
        self._before, self._busy, self._at = self._now()

    def end(self) -> Used:
        """What was used since."""
        after, busy, at = self._now()
        cpu = {part: after[part] - self._before.get(part, 0.0) for part in after}
        others = busy - self._busy - sum(cpu.values())
        return Used(at - self._at, cpu, max(0.0, others))

    def _now(self) -> tuple[dict[str, float], float, float]:
        # In the same order each time: on a busy machine it takes a while itself.
        return self._sums(), _busy(), time.perf_counter()

    def _sums(self) -> dict[str, float]:
        sums = {part: tree_seconds(pid) for part, pid in self._children.items()}
        sums["client"] = tree_seconds(os.getpid()) - sum(sums.values())
        return sums | {part: tree_seconds(pid) for part, pid in self._beside.items()}


def tree_seconds(pid: int) -> float:
    """CPU seconds of a process and all below it, those that ended already included."""
    try:
        root = psutil.Process(pid)
        processes = [root, *root.children(recursive=True)]
    except psutil.NoSuchProcess:
        return 0.0
    total = 0.0
    for process in processes:
        try:
            times = process.cpu_times()
        except psutil.NoSuchProcess:
            continue
        # `children_*` is what ended and was waited for.
        total += times.user + times.system + times.children_user + times.children_system
    return total


def _busy() -> float:
    times = psutil.cpu_times()
    return sum(getattr(times, kind, 0.0) for kind in ("user", "system", "nice", "irq", "softirq"))


def described() -> dict[str, object]:
    """The machine in a few words."""
    memory = psutil.virtual_memory().total / 2**30
    return {
        "processor": _processor(),
        "cores": os.cpu_count() or 1,
        "memory_gib": round(memory, 1),
        "system": f"{platform.system()} {platform.release()}",
        "python": platform.python_version(),
    }


def load_average() -> list[float]:
    """The load of the last 1, 5 and 15 minutes."""
    return [round(value, 2) for value in os.getloadavg()]


def _processor() -> str:
    try:
        for line in Path("/proc/cpuinfo").read_text("utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    except OSError:
        pass
    return platform.processor() or platform.machine()
