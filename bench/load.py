"""Runs the client in a process of its own and takes the machine's figures beside it."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from bench.client import Job, Outcome
from bench.machine import Meter, Used

ROOT = Path(__file__).resolve().parent.parent


@dataclass(frozen=True, slots=True)
class Sample:
    """One measured stretch of one way: its rate, its latencies, what it used, what went wrong."""

    rate: float
    requests: int
    seconds: float
    milliseconds: Mapping[str, float] = field(default_factory=dict[str, float])
    used: Used = field(default_factory=Used)
    client_cpu: float = 0.0
    body_bytes: float = 0.0
    problem: str = ""
    measured: Mapping[str, float] = field(default_factory=dict[str, float])
    """What a browser told of a page, by name."""
    notes: Mapping[str, str] = field(default_factory=dict[str, str])
    """Of which element, or by which event."""


def send(job: Job, meter: Meter) -> Sample:
    """Run one job; the meter counts from the end of the warm-up to the end of the measured time."""
    command = [sys.executable, "-m", "bench.client"]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, cwd=ROOT, env=environment(), stdin=pipe, stdout=pipe) as process:
        try:
            return _followed(process, job, meter)
        finally:
            if process.poll() is None:
                process.kill()


def environment() -> dict[str, str]:
    """The environment of our own processes: `bench` and `tenfold` can be imported."""
    places = [str(ROOT), str(ROOT / "src"), os.environ.get("PYTHONPATH", "")]
    return {**os.environ, "PYTHONPATH": os.pathsep.join(p for p in places if p)}


def _followed(process: subprocess.Popen[bytes], job: Job, meter: Meter) -> Sample:
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(msgspec.json.encode(job))
    process.stdin.close()
    used = Used()
    last = b""
    for line in process.stdout:
        word = line.strip()
        if word == b"begin":
            meter.begin()
        elif word == b"end":
            used = meter.end()
        else:
            last = word
    if not last.startswith(b"{"):
        return Sample(0, 0, 0, problem=f"the client ended with {process.wait()}")
    return _sample(msgspec.json.decode(last, type=Outcome), used)


def _sample(outcome: Outcome, used: Used) -> Sample:
    problem = ""
    if outcome.errors:
        found = ", ".join(f"{n} times {what}" for what, n in outcome.errors.items())
        problem = f"{found}; first: {outcome.first_error}"
    return Sample(
        outcome.rate,
        outcome.requests,
        outcome.seconds,
        outcome.milliseconds,
        used,
        outcome.cpu_share,
        outcome.body_bytes,
        problem,
    )
