"""`python -m bench`: make the data, measure, judge, keep the raw results."""

from __future__ import annotations

import asyncio
import dataclasses
import functools
import signal
import sys
import time
from collections.abc import Callable, Generator, Mapping, Sequence
from types import FrameType
from typing import cast

from bench import (
    automations,
    data,
    imports,
    log_cost,
    machine,
    options,
    pages,
    people,
    reading,
    report,
    searching,
    signed_in,
    writing,
)
from bench import (
    bench as benches,
)
from bench.bench import Bench
from bench.figures import Figure, exit_code
from bench.options import Options
from bench.rounds import Measured
from bench.site import BenchError
from tenfold import app
from tenfold.engine.registry import Registry
from tenfold.kernel.errors import TenfoldError

MEASURES: Mapping[str, Callable[[Bench], Measured]] = {
    "list": reading.lists,
    "cache": reading.cache,
    "read": reading.reads,
    "search": searching.search,
    "create": writing.create,
    "bulk": writing.bulk,
    "import": imports.measure,
    "automations": automations.measure,
    "log": log_cost.log,
    "check": signed_in.check,
}
PAGES = "pages"
"""Measured in a browser, in organisations of their own."""


def main() -> int:
    """Run; 0 all targets met, 1 one missed or not measured, 2 wrong use, 130 stopped."""
    signal.signal(signal.SIGTERM, _stop)
    chosen = options.parse()
    try:
        return _run(chosen)
    except (BenchError, TenfoldError) as error:
        _say(f"bench: {error}")
        return 1
    except KeyboardInterrupt:
        _say("bench: stopped; what it started is stopped too.")
        return 130


def _run(chosen: Options) -> int:
    types = app.registry()
    began, load_before = time.time(), machine.load_average()
    measured: dict[str, Measured] = {}
    facts: dict[str, object] = {"commit": report.commit(), "began": began}
    if names := [name for name in chosen.only if name in MEASURES]:
        measured, more = _spoken_to(chosen, types, names)
        facts |= more
    if PAGES in chosen.only:
        _say(f"{PAGES} …")
        measured[PAGES] = _measured(PAGES, lambda: pages.measure(chosen, types, _say))
    choices = dataclasses.asdict(chosen).items()
    facts |= {
        "seconds": time.time() - began,
        "machine": {**machine.described(), **cast("dict[str, object]", facts.get("machine", {}))},
        "load_average": {"before": load_before, "after": machine.load_average()},
        "options": {k: str(v) for k, v in choices if k not in ("home", "results")},
    }
    return _told(measured, facts, chosen)


def _spoken_to(
    chosen: Options, types: Registry, names: Sequence[str]
) -> tuple[dict[str, Measured], dict[str, object]]:
    """The measures that speak to the server themselves, and what they were made with."""
    measured: dict[str, Measured] = {}
    with data.ready(chosen, types, _say) as (site, made, loaded):
        site.serve("server")
        site.work()
        bench = Bench(chosen, site, types, made, chosen.home / "bench-scripts", _say)
        for name in names:
            _say(f"{name} …")
            measured[name] = _measured(name, functools.partial(MEASURES[name], bench))
        version = asyncio.run(benches.server_version(bench))
    facts: dict[str, object] = {
        "machine": {"postgresql": version},
        "data": {**people.FILL, "loaded_at": loaded.loaded_at},
    }
    return measured, facts


def _measured(name: str, measure: Callable[[], Measured]) -> Measured:
    """One measure; what keeps it from measuring is a figure that failed, not the end of the run."""
    try:
        return measure()
    except (BenchError, TenfoldError) as error:
        _say(f"  FAILED: {error}")
        return Measured([Figure(name, "", (), None, str(error))])


def _told(measured: Mapping[str, Measured], facts: Mapping[str, object], chosen: Options) -> int:
    figures = [figure for one in measured.values() for figure in one.figures]
    path = report.keep(chosen.results, measured, facts)
    print(f"Commit {facts['commit']}, {facts['machine']}")
    lasting = f" of {chosen.seconds:g} s" if "data" in facts else ""
    print(f"{chosen.pairs} interleaved rounds{lasting}")
    if "data" in facts:
        _told_of_data(chosen)
    print(f"Load average {facts['load_average']}")
    print()
    print("\n\n".join(_tables(measured)))
    print()
    print(report.costs(measured))
    print()
    if warning := report.busy(measured):
        print(warning)
    missed = [figure.name for figure in figures if not figure.met]
    print(f"Raw results: {path}")
    print(f"Missed: {'; '.join(missed)}" if missed else "All targets are met.")
    return exit_code(figures, report_only=chosen.report_only)


def _told_of_data(chosen: Options) -> None:
    print(
        f"{chosen.leads:,} leads, {chosen.students:,} students over {chosen.tenants} organisations,"
    )
    print(f"{chosen.one_tenant:,} students in one organisation more;")
    for what, text in people.FILL.items():
        print(f"  {what}: {text}")


def _tables(measured: Mapping[str, Measured]) -> Generator[str]:
    plain = [figure for one in measured.values() if not one.table for figure in one.figures]
    if plain:
        yield report.table(plain)
    yield from (one.table for one in measured.values() if one.table)


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def _stop(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


if __name__ == "__main__":
    sys.exit(main())
