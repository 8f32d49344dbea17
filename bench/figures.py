"""Arithmetic of the benchmark: percentiles, ratios by pairs, and whether a target is met."""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass


def percentile(values: Sequence[float], share: float) -> float:
    """The nearest-rank percentile (share from 0 to 100) of values in any order; 0 for none."""
    if not values:
        return 0.0
    ordered = sorted(values)
    place = math.ceil(share / 100 * len(ordered))
    return ordered[max(0, place - 1)]


def ratios(ours: Sequence[float], theirs: Sequence[float]) -> list[float]:
    """Ours by theirs, pair by pair; a pair whose other half is 0 has the ratio 0."""
    return [a / b if b else 0.0 for a, b in zip(ours, theirs, strict=True)]


@dataclass(frozen=True, slots=True)
class Target:
    """What a figure must reach: at least a value, or at most one."""

    value: float
    at_most: bool = False

    def met(self, value: float) -> bool:
        """Whether a value reaches it."""
        return value <= self.value if self.at_most else value >= self.value

    def __str__(self) -> str:
        return f"{'≤' if self.at_most else '≥'} {number(self.value)}"


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure: a value for each round, its target if it has one, and what went wrong."""

    name: str
    unit: str
    values: tuple[float, ...]
    target: Target | None = None
    problem: str = ""

    @property
    def median(self) -> float:
        """The value that counts."""
        return statistics.median(self.values) if self.values else 0.0

    @property
    def met(self) -> bool:
        """Whether it was measured without a problem and reaches its target."""
        if self.problem or not self.values:
            return False
        return self.target is None or self.target.met(self.median)

    @property
    def verdict(self) -> str:
        """`met` or `MISSED`, or the problem; nothing for a figure without a target."""
        if self.problem:
            return f"FAILED: {self.problem}"
        if self.target is None and self.values:
            return ""
        return "met" if self.met else "MISSED"


def exit_code(figures: Sequence[Figure], *, report_only: bool = False) -> int:
    """0 where every figure is met; 1 where one is missed, unless only a report was asked for."""
    if report_only:
        return 0
    return 0 if figures and all(figure.met for figure in figures) else 1


def number(value: float) -> str:
    """A number as people read it: three figures that count, thousands parted."""
    if abs(value) >= 100 or value == int(value):
        return f"{value:,.0f}"
    return f"{value:.1f}" if abs(value) >= 10 else f"{value:.2f}"
