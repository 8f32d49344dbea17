"""The table of pages: one in each line, what was measured of it side by side."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from bench import report
from bench.figures import Figure, number


@dataclass(frozen=True, slots=True)
class Row:
    """A page with some data, and its figures in the order of the heads."""

    data: str
    page: str
    figures: Sequence[Figure]

    @property
    def problem(self) -> str:
        """The first thing that went wrong on it."""
        return next((one.problem for one in self.figures if one.problem), "")

    @property
    def verdict(self) -> str:
        """`met`, or what is missed, or the problem."""
        if self.problem:
            return f"FAILED: {self.problem}".replace("\n", " ")[:200]
        missed = [one.name.partition(", ")[2] for one in self.figures if not one.met]
        return f"MISSED: {'; '.join(missed)}" if missed else "met"


def table(heads: Sequence[str], rows: Sequence[Row]) -> str:
    """The rows as a Markdown table: median, least and most; `!` where a target is missed."""
    units = [one.unit for one in rows[0].figures] if rows else []
    named = [f"{h} ({u})" if u else h for h, u in zip(heads, units, strict=True)]
    targets = [str(one.target or "") for one in rows[0].figures] if rows else []
    return report.lines(
        [
            ("data", "page", *named, "verdict"),
            ("", "*target*", *targets, ""),
            *((row.data, row.page, *map(_cell, row.figures), row.verdict) for row in rows),
        ]
    )


def _cell(one: Figure) -> str:
    if not one.values:
        return "none"
    least, most = number(min(one.values)), number(max(one.values))
    spread = "" if least == most else f" ({least} to {most})"
    return f"{number(one.median)}{spread}{'' if one.met else ' !'}"
