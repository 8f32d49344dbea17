"""What can be chosen on the command line."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from bench.load import ROOT
from bench.main_pages import NAMES as PAGES

MEASURES = (
    *("list", "cache", "read", "search", "create", "bulk", "import", "automations", "log", "check"),
    "pages",
)


@dataclass(frozen=True, slots=True)
class Options:
    """One run's choices; the defaults are those that the targets are judged by."""

    home: Path = ROOT / "build" / "bench"
    results: Path = ROOT / "bench" / "results"
    only: tuple[str, ...] = MEASURES
    fresh: bool = False
    report_only: bool = False
    tenants: int = 200
    leads: int = 1_000_000
    students: int = 1_000_000
    one_tenant: int = 1_000_000
    bulk_rows: int = 10_000
    import_rows: int = 100_000
    page_rows: int = 1_000_000
    """Leads more in the demo organisation, when its pages are measured a second time."""
    pages: tuple[str, ...] = PAGES
    pairs: int = 5
    imports: int = 3
    seconds: float = 4.0
    connections: int = 64
    """Connections of the load on lists, reads and creates; searches have 8."""


def parse(arguments: Sequence[str] | None = None) -> Options:
    """The choices; exits with code 2 and a sentence where they can't be used."""
    plain = Options()
    parser = argparse.ArgumentParser(
        prog="python -m bench",
        description="Measure Tenfold as `tenfold up` runs it, and compare with its targets.",
        epilog="Exit codes: 0 all targets met, 1 one missed or not measured, 2 wrong use.",
    )
    add = parser.add_argument
    add("--only", default="", help=f"measures, parted by commas: {','.join(MEASURES)}")
    add("--fresh", action="store_true", help="make the data anew")
    add("--report-only", action="store_true", help="exit code 0 even where a target is missed")
    add("--rows", type=_count, help="sets --leads, --students, --one-tenant and --page-rows")
    add("--leads", type=_count, default=plain.leads, help="leads over the tenants")
    add("--students", type=_count, default=plain.students, help="students over the tenants")
    add("--one-tenant", type=_count, default=plain.one_tenant, help="students in one tenant more")
    add("--tenants", type=_count, default=plain.tenants, help="organisations beside that one")
    add("--bulk-rows", type=_count, default=plain.bulk_rows, help="rows of a bulk call")
    add("--import-rows", type=_count, default=plain.import_rows, help="rows of an imported file")
    add("--page-rows", type=_count, default=plain.page_rows, help="leads more that pages list")
    add("--pages", default="", help=f"main pages, parted by commas: {','.join(PAGES)}")
    add("--pairs", type=_count, default=plain.pairs, help="interleaved rounds of each measure")
    add("--imports", type=_count, default=plain.imports, help="rounds of the import at most")
    add("--seconds", type=float, default=plain.seconds, help="measured time of each stretch")
    add("--connections", type=_count, default=plain.connections, help="connections of the load")
    add("--home", type=Path, default=plain.home, help="where the data lies, reused by the next run")
    add("--results", type=Path, default=plain.results, help="folder for the raw results")
    return _options(parser, parser.parse_args(arguments))


def _options(parser: argparse.ArgumentParser, given: argparse.Namespace) -> Options:
    rows: int | None = given.rows
    if given.bulk_rows > 10_000:
        parser.error("a bulk call takes 10,000 rows at most")
    return Options(
        home=given.home.absolute(),
        results=given.results.absolute(),
        only=_named(parser, "measure", given.only, MEASURES),
        fresh=given.fresh,
        report_only=given.report_only,
        tenants=given.tenants,
        leads=rows or given.leads,
        students=rows or given.students,
        one_tenant=rows or given.one_tenant,
        bulk_rows=given.bulk_rows,
        import_rows=given.import_rows,
        page_rows=rows or given.page_rows,
        pages=_named(parser, "page", given.pages, PAGES),
        pairs=given.pairs,
        imports=min(given.imports, given.pairs),
        seconds=given.seconds,
        connections=given.connections,
    )


def _named(
    parser: argparse.ArgumentParser, kind: str, text: str, known: Sequence[str]
) -> tuple[str, ...]:
    """Those that a text names, in their own order; all where it names none."""
    chosen = [name for name in text.split(",") if name] or known
    if unknown := [name for name in chosen if name not in known]:
        parser.error(f"there is no {kind} {unknown[0]!r}; there are: {', '.join(known)}")
    return tuple(name for name in known if name in chosen)


def _count(text: str) -> int:
    value = int(text.replace(",", "").replace("_", ""))
    if value < 1:
        raise argparse.ArgumentTypeError("must be at least 1")
    return value
