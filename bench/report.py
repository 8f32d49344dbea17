"""The table that people read, and the raw results beside it."""

from __future__ import annotations

import dataclasses
import os
import subprocess
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from bench.figures import Figure, number
from bench.load import ROOT
from bench.rounds import Measured, Rounds

QUIET = 0.1
"""Share of the machine that others may use before a run says that it was disturbed."""
_HEAD = ("figure", "target", "median", "least to most", "verdict")


def table(figures: Sequence[Figure]) -> str:
    """The figures as a Markdown table."""
    return lines([_HEAD, *(_row(figure) for figure in figures)])


def lines(rows: Sequence[Sequence[str]]) -> str:
    """Rows as a Markdown table, the first being its head."""
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    made = [_line(row, widths) for row in rows]
    made.insert(1, _line(["-" * width for width in widths], widths))
    return "\n".join(made)


def _row(one: Figure) -> tuple[str, ...]:
    spread = f"{number(min(one.values))} to {number(max(one.values))}" if one.values else "none"
    median = f"{number(one.median)} {one.unit}" if one.values else "none"
    target = f"{one.target} {one.unit}" if one.target else ""
    return (one.name, target, median, spread, one.verdict.replace("\n", " ")[:200])


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    return "| " + " | ".join(c.ljust(w) for c, w in zip(cells, widths, strict=True)) + " |"


def busy(measured: Mapping[str, Measured]) -> str:
    """A warning where other programs used the machine while it was measured; else empty."""
    stretches = [
        sample.used
        for one in measured.values()
        if one.rounds is not None
        for samples in one.rounds.samples.values()
        for sample in samples
        if sample.used.seconds
    ]
    if not stretches:
        return ""
    share = sum(used.others for used in stretches) / sum(
        used.seconds * (os.cpu_count() or 1) for used in stretches
    )
    if share < QUIET:
        return ""
    return (
        f"Other programs used {100 * share:.0f} % of the machine while it was measured: "
        f"these figures can't be compared with the targets. Run it again on a quiet machine."
    )


def costs(measured: Mapping[str, Measured]) -> str:
    """CPU milliseconds per request by part, and how busy others kept the machine."""
    lines = ["CPU ms per request (median round): server, worker, database, client; others' share"]
    for one in measured.values():
        if one.rounds is not None:
            lines.extend(f"  {way}: {text}" for way, text in _costs(one.rounds))
    return "\n".join(lines)


def _costs(rounds: Rounds) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    for way, samples in rounds.samples.items():
        good = sorted((s for s in samples if s.rate and s.used.seconds), key=lambda s: s.rate)
        if not good:
            continue
        one = good[len(good) // 2]
        # The meter's stretch is a little longer or shorter than the client's.
        requests = one.rate * one.used.seconds
        per = {part: 1_000 * spent / requests for part, spent in one.used.cpu.items()}
        parts = ", ".join(f"{part} {number(ms)}" for part, ms in per.items() if ms >= 0.005)
        others = 100 * one.used.others / one.used.seconds / (os.cpu_count() or 1)
        client = f", client {100 * one.client_cpu:.0f} % of a core" if one.client_cpu else ""
        size = f", {one.body_bytes / 1000:.1f} kB a body" if one.body_bytes else ""
        found.append((way, f"{parts}; others {others:.0f} % of the machine{client}{size}"))
    return found


def keep(folder: Path, measured: Mapping[str, Measured], facts: Mapping[str, object]) -> Path:
    """Write the raw results under the date and the commit; never over those of another run."""
    folder.mkdir(parents=True, exist_ok=True)
    name = f"{datetime.now(UTC):%Y-%m-%d}-{commit()}"
    path, turn = folder / f"{name}.json", 2
    while path.exists():
        path, turn = folder / f"{name}-{turn}.json", turn + 1
    document = {
        **facts,
        "figures": [
            {**dataclasses.asdict(figure), "median": figure.median, "verdict": figure.verdict}
            for one in measured.values()
            for figure in one.figures
        ],
        "samples": {
            name: one.rounds.samples for name, one in measured.items() if one.rounds is not None
        },
    }
    path.write_bytes(msgspec.json.format(msgspec.json.encode(document), indent=1) + b"\n")
    return path


def commit() -> str:
    """The commit that is measured; `+` where files differ from it."""
    short = _git("rev-parse", "--short", "HEAD") or "no-commit"
    changed = _git("status", "--porcelain", "--untracked-files=no", "--", "src", "bench")
    return f"{short}+" if changed else short


def _git(*arguments: str) -> str:
    try:
        done = subprocess.run(
            ["git", *arguments], cwd=ROOT, capture_output=True, text=True, timeout=30, check=False
        )
    except OSError:
        return ""
    return done.stdout.strip()
