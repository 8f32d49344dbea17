"""Measures several ways in interleaved rounds: A B C, A B C, … so that noise meets all alike."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from bench.figures import Figure, Target, number
from bench.load import Sample

Way = Callable[[float], Sample]
"""Measures for so many seconds (or does its one thing, whatever that takes)."""


@dataclass(frozen=True, slots=True)
class Rounds:
    """What each way gave, round by round."""

    samples: Mapping[str, Sequence[Sample]]

    def rates(self, way: str) -> list[float]:
        """The requests per second of each round."""
        return [sample.rate for sample in self.samples[way]]

    def seconds(self, way: str) -> list[float]:
        """How long each round's one thing took."""
        return [sample.seconds for sample in self.samples[way]]

    def cpu(self, way: str, part: str) -> list[float]:
        """The CPU seconds that a part used in each round."""
        return [sample.used.cpu.get(part, 0.0) for sample in self.samples[way]]

    def milliseconds(self, way: str, share: str) -> list[float]:
        """A latency of each round: p50, p95, p99, max."""
        return [sample.milliseconds.get(share, 0.0) for sample in self.samples[way]]

    def measured(self, way: str, name: str) -> list[float]:
        """What the rounds that measured it told of a page."""
        return [s.measured[name] for s in self.samples[way] if name in s.measured]

    def problem(self, *ways: str) -> str:
        """The first thing that went wrong in some of the ways."""
        found = (s.problem for way in ways for s in self.samples[way] if s.problem)
        return next(found, "")

    def figure(
        self, name: str, unit: str, values: Sequence[float], target: Target | None, *ways: str
    ) -> Figure:
        """A figure from the values of some ways, which fails where they had a problem."""
        return Figure(name, unit, tuple(values), target, self.problem(*ways))


@dataclass(slots=True)
class Measured:
    """A measure's figures for the table, and all its samples for the raw results."""

    figures: list[Figure] = field(default_factory=list[Figure])
    rounds: Rounds | None = None
    table: str = ""
    """The figures in a table of their own, where the usual one would be too long."""


def interleaved(
    ways: Mapping[str, Way],
    pairs: int,
    seconds: float,
    say: Callable[[str], None],
    warm_seconds: float = 2.0,
) -> Rounds:
    """Each way once to warm up, uncounted, then round after round."""
    for name, way in ways.items():
        if warm_seconds:
            warm = way(min(warm_seconds, seconds))
            say(f"  warm-up {name}: {_said(warm)}")
    samples: dict[str, list[Sample]] = {name: [] for name in ways}
    for turn in range(1, pairs + 1):
        for name, way in ways.items():
            sample = way(seconds)
            samples[name].append(sample)
            say(f"  {turn}/{pairs} {name}: {_said(sample)}")
    return Rounds(samples)


def _said(sample: Sample) -> str:
    if sample.problem:
        return f"FAILED: {sample.problem[:300]}"
    if sample.requests == 1:
        return f"{sample.seconds:.2f} s"
    p95 = sample.milliseconds.get("p95")
    return f"{number(sample.rate)}/s" + (f", p95 {number(p95)} ms" if p95 else "")
