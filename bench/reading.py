"""Reading: pages of a list, pages that are kept, single records; each beside its limit."""

from __future__ import annotations

import asyncio

import msgspec

from bench import pgbench, statements
from bench.bench import Bench, fetch
from bench.client import Ask, Job
from bench.figures import Target, ratios
from bench.load import Sample
from bench.rounds import Measured, Way


def lists(bench: Bench) -> Measured:
    """Pages of 50 leads over all organisations, against pgbench running the very statement."""
    texts = pgbench.texts(bench.types)
    choose = statements.PICK_TENANT.format(tenants=bench.options.tenants)
    first = {"tenant": bench.many[0].tenant}

    def limit(text: str) -> Way:
        scripts = pgbench.Scripts(choose, text, first)
        return lambda seconds: pgbench.run(bench.site, bench.folder, scripts, seconds)

    rounds = bench.rounds(
        {
            "list": lambda seconds: bench.send(_pages(bench, bench.bare_server(), seconds)),
            "pgbench JSON": limit(texts.page),
            "pgbench rows": limit(texts.plain),
        }
    )
    ours = rounds.rates("list")
    by_json = ratios(ours, rounds.rates("pgbench JSON"))
    by_rows = ratios(ours, rounds.rates("pgbench rows"))
    slow = rounds.milliseconds("list", "p95")
    connections = bench.options.connections
    return Measured(
        [
            rounds.figure("page of 50 leads, no page cache", "/s", ours, None, "list"),
            rounds.figure(
                "page, of pgbench running the same JSON statement",
                "x",
                by_json,
                Target(0.45),
                "list",
                "pgbench JSON",
            ),
            rounds.figure(
                "page, of pgbench running plain rows",
                "x",
                by_rows,
                Target(0.20),
                "list",
                "pgbench rows",
            ),
            rounds.figure(
                f"page, p95 at {connections} connections",
                "ms",
                slow,
                Target(120, at_most=True),
                "list",
            ),
        ],
        rounds,
    )


def cache(bench: Bench) -> Measured:
    """The same pages where the server keeps them and checks their versions."""
    # Every page is made once by every process; from then on each answer must be a kept one.
    bench.send(_pages(bench, bench.server(), 4))

    def cached(seconds: float) -> Sample:
        job = _pages(bench, bench.server(), seconds)
        return bench.send(msgspec.structs.replace(job, contains='"cached":true'))

    rounds = bench.rounds(
        {
            "cache": cached,
            "list": lambda seconds: bench.send(_pages(bench, bench.bare_server(), seconds)),
        }
    )
    ours = rounds.rates("cache")
    gain = ratios(ours, rounds.rates("list"))
    return Measured(
        [
            rounds.figure("page from the checked cache", "/s", ours, Target(2_500), "cache"),
            rounds.figure(
                "page from the checked cache, of one without", "x", gain, None, "cache", "list"
            ),
        ],
        rounds,
    )


def _pages(bench: Bench, port: int, seconds: float) -> Job:
    rows = 50 if bench.options.leads >= 60 * bench.options.tenants else -1
    return Job(
        port=port,
        asks=[Ask("GET", "/v1/leads", o.token) for o in bench.many],
        connections=bench.options.connections,
        seconds=seconds,
        rows=rows,
    )


def reads(bench: Bench) -> Measured:
    """Single leads out of all organisations."""
    picks = asyncio.run(fetch(bench, statements.READ_PICKS))
    by_number = {o.n: o for o in bench.many}
    asks = [Ask("GET", f"/v1/leads/{p['id']}", by_number[p["tenant"]].token) for p in picks]
    text = pgbench.texts(bench.types).one
    choose = statements.PICK_RECORD.format(records=len(picks))
    first = {"tenant": by_number[picks[0]["tenant"]].tenant, "id": str(picks[0]["id"])}
    scripts = pgbench.Scripts(choose, text, first)

    def ours(seconds: float) -> Sample:
        given = bench.options.connections
        return bench.send(Job(port=bench.server(), asks=asks, connections=given, seconds=seconds))

    def limit(seconds: float) -> Sample:
        return pgbench.run(bench.site, bench.folder, scripts, seconds)

    rounds = bench.rounds({"read": ours, "pgbench": limit})
    rates = rounds.rates("read")
    by_limit = ratios(rates, rounds.rates("pgbench"))
    return Measured(
        [
            rounds.figure("single read", "/s", rates, Target(2_000), "read"),
            rounds.figure(
                "single read, of pgbench running the same statement",
                "x",
                by_limit,
                None,
                "read",
                "pgbench",
            ),
            rounds.figure(
                "single read, p95", "ms", rounds.milliseconds("read", "p95"), None, "read"
            ),
        ],
        rounds,
    )
