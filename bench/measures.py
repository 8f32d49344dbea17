"""The measures: what each asks of the installation, and which figures come of it."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import quote

import asyncpg
import msgspec

from bench import filling, pgbench, statements
from bench.client import Ask, Job
from bench.custom import VALUES
from bench.figures import Figure, Target, ratios
from bench.load import Sample, send
from bench.options import Options
from bench.organisations import Organisation
from bench.rounds import Measured, Rounds, Way, interleaved
from bench.site import BenchError, Site
from tenfold.engine.registry import Registry

SEARCHERS = 8
"""Clients that search at once."""


@dataclass(frozen=True, slots=True)
class Bench:
    """All that a measure needs."""

    options: Options
    site: Site
    types: Registry
    organisations: list[Organisation]
    folder: Path
    say: Callable[[str], None]

    @property
    def many(self) -> list[Organisation]:
        """The organisations that share the records."""
        return self.organisations[:-1]

    @property
    def big(self) -> Organisation:
        """The one with as many students as all others."""
        return self.organisations[-1]

    def __post_init__(self) -> None:
        self.folder.mkdir(exist_ok=True)

    def server(self) -> int:
        """The port of the server with the settings of `tenfold up` but for the rate limits."""
        return self.site.serve("server")

    def bare_server(self) -> int:
        """The port of the server that keeps no pages."""
        return self.site.serve("server without page cache", TENFOLD_PAGE_CACHE_BYTES="0")

    def send(self, job: Job) -> Sample:
        """Run one job of the load."""
        return send(job, self.site.meter())

    def once(self, job: Job) -> Sample:
        """Send one request; its time is that until the whole answer is there."""
        sample = self.send(msgspec.structs.replace(job, connections=1, times=1))
        return replace(sample, seconds=sample.milliseconds.get("max", 0.0) / 1_000)

    def rounds(self, ways: Mapping[str, Way], warm_seconds: float = 2.0) -> Rounds:
        """Measure the ways in turn."""
        given = self.options
        return interleaved(ways, given.pairs, given.seconds, self.say, warm_seconds)


# --- pages of a list ---


def lists(bench: Bench) -> Measured:
    """Pages of 50 leads over all organisations, against pgbench running the very statement."""
    texts = pgbench.texts(bench.types)
    choose = statements.PICK_TENANT.format(tenants=bench.options.tenants)
    first = {"tenant": bench.many[0].tenant}

    def limit(text: str) -> Way:
        return lambda seconds: pgbench.run(bench.site, bench.folder, choose, text, first, seconds)

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
                "… of pgbench running the same JSON statement",
                "×",
                by_json,
                Target(0.45),
                "list",
                "pgbench JSON",
            ),
            rounds.figure(
                "… of pgbench running plain rows", "×", by_rows, Target(0.20), "list", "pgbench rows"
            ),
            rounds.figure(
                f"… p95 at {connections} connections", "ms", slow, Target(120, at_most=True), "list"
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
            rounds.figure("… of the page without the cache", "×", gain, None, "cache", "list"),
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


# --- one record ---


def reads(bench: Bench) -> Measured:
    """Single leads out of all organisations."""
    picks = asyncio.run(_fetch(bench, statements.READ_PICKS))
    by_number = {o.n: o for o in bench.many}
    asks = [Ask("GET", f"/v1/leads/{p['id']}", by_number[p["tenant"]].token) for p in picks]
    text = pgbench.texts(bench.types).one
    choose = statements.PICK_RECORD.format(records=len(picks))
    first = {"tenant": by_number[picks[0]["tenant"]].tenant, "id": str(picks[0]["id"])}

    def ours(seconds: float) -> Sample:
        given = bench.options.connections
        return bench.send(
            Job(port=bench.server(), asks=asks, connections=given, seconds=seconds)
        )

    def limit(seconds: float) -> Sample:
        return pgbench.run(bench.site, bench.folder, choose, text, first, seconds)

    rounds = bench.rounds({"read": ours, "pgbench": limit})
    rates = rounds.rates("read")
    by_limit = ratios(rates, rounds.rates("pgbench"))
    return Measured(
        [
            rounds.figure("single read", "/s", rates, Target(2_000), "read"),
            rounds.figure("… of pgbench running the same statement", "×", by_limit, None, "read", "pgbench"),
            rounds.figure("… p95", "ms", rounds.milliseconds("read", "p95"), None, "read"),
        ],
        rounds,
    )


# --- search ---

_LAYOUTS = {"in one organisation": "t.n = {big}", "over the organisations": "t.n <> {big}"}


def search(bench: Bench) -> Measured:
    """Students by name: one word, two words, two letters; in both layouts, 8 clients."""
    ways: dict[str, Way] = {}
    for layout, condition in _LAYOUTS.items():
        sql = statements.NAMES_IN_USE.format(condition=condition.format(big=bench.big.n))
        for kind, asks in _searches(bench, asyncio.run(_fetch(bench, sql))).items():
            ways[f"{kind} {layout}"] = _searching(bench, asks)
    rounds = bench.rounds(ways, warm_seconds=1.0)
    figures: list[Figure] = []
    for way in ways:
        target = None if way.startswith("everywhere") else Target(50, at_most=True)
        p95 = rounds.milliseconds(way, "p95")
        figures.append(rounds.figure(f"search, {way}, p95", "ms", p95, target, way))
        figures.extend(
            rounds.figure(f"… {share}", "ms", rounds.milliseconds(way, share), None, way)
            for share in ("p50", "p99")
        )
    return Measured(figures, rounds)


def _searches(bench: Bench, found: Sequence[asyncpg.Record]) -> dict[str, list[Ask]]:
    chosen = random.Random(7)
    by_number = {o.n: o for o in bench.organisations}

    def asks(path: str, words: Callable[[asyncpg.Record], str]) -> list[Ask]:
        return [
            Ask("GET", f"{path}{quote(words(row))}", by_number[row["tenant"]].token)
            for row in found
        ]

    def word(row: asyncpg.Record) -> str:
        return max(chosen.choice((row["first"], row["last"])), key=len)

    students = "/v1/students/search?q="
    return {
        "one word": asks(students, word),
        "two words": asks(students, lambda row: f"{row['first'][0]} {row['last'][0]}"),
        "two letters": asks(students, lambda row: row["key"][:2]),
        "everywhere by one word": asks("/v1/search?q=", word),
    }


def _searching(bench: Bench, asks: list[Ask]) -> Way:
    def way(seconds: float) -> Sample:
        port = bench.server()
        return bench.send(
            Job(port=port, asks=asks, connections=SEARCHERS, seconds=seconds, contains='"id":')
        )

    return way


# --- create ---


def create(bench: Bench) -> Measured:
    """Durable creates of single leads: over all organisations, and all in one."""
    asyncio.run(_durable(bench))
    count = iter(range(1, 1_000_000))

    def creating(organisations: Sequence[Organisation], *, custom: bool = False) -> Way:
        def way(seconds: float) -> Sample:
            body = msgspec.json.encode(lead("{n}", custom=custom)).decode()
            return bench.send(
                Job(
                    port=bench.server(),
                    asks=[Ask("POST", "/v1/leads", o.token, body) for o in organisations],
                    connections=bench.options.connections,
                    seconds=seconds,
                    status=201,
                    first_number=next(count) * 1_000_000,
                )
            )

        return way

    rounds = bench.rounds(
        {
            "create over the organisations": creating(bench.many),
            "create in one organisation": creating(bench.many[:1]),
            "create with 5 custom fields": creating(bench.many, custom=True),
        }
    )
    spread, one, custom = rounds.samples
    return Measured(
        [
            rounds.figure("durable create, over the organisations", "/s", rounds.rates(spread), Target(1_200), spread),
            rounds.figure("… p95", "ms", rounds.milliseconds(spread, "p95"), None, spread),
            rounds.figure("durable create, all in one organisation", "/s", rounds.rates(one), Target(900), one),
            rounds.figure("durable create with 5 custom fields", "/s", rounds.rates(custom), None, custom),
        ],
        rounds,
    )


def lead(n: str, *, custom: bool = False) -> dict[str, object]:
    """A lead as a form on a website sends it."""
    body: dict[str, object] = {
        "first_name": "Mara",
        "last_name": f"Quinn{n}",
        "email": f"mara.quinn{n}@example.com",
        "phone": "+14155550123",
        "budget": 450_000,
        "timeline": "immediate",
        "source": "website",
    }
    return {**body, "custom": VALUES} if custom else body


async def _durable(bench: Bench) -> None:
    """Refuse to measure where a commit would not survive a power cut."""
    connection = await asyncpg.connect(bench.site.installation.settings.app_database_url)
    try:
        for name in statements.SAFE:
            value = await connection.fetchval("SELECT current_setting($1)", name)
            if value != "on":
                raise BenchError(f"The database has {name} = {value}; creates would not be durable.")
    finally:
        await connection.close()


# --- many at once ---


def bulk(bench: Bench) -> Measured:
    """One call that makes 10,000 leads."""
    rows = bench.options.bulk_rows

    def way(*, custom: bool) -> Way:
        return lambda _seconds: bulk_call(bench, bench.many[1], rows, custom=custom)

    plain, filled = "bulk call", "bulk call with 5 custom fields"
    rounds = bench.rounds({plain: way(custom=False), filled: way(custom=True)})
    target = Target(2, at_most=True)
    return Measured(
        [
            rounds.figure(f"{rows:,} leads in one bulk call", "s", rounds.seconds(plain), target, plain),
            rounds.figure("… with 5 custom fields filled", "s", rounds.seconds(filled), None, filled),
        ],
        rounds,
    )


def bulk_call(bench: Bench, organisation: Organisation, rows: int, *, custom: bool) -> Sample:
    """Make so many leads in one call; its time is that until the whole answer is there."""
    records = [lead(str(n), custom=custom) for n in range(rows)]
    body = msgspec.json.encode({"records": records}).decode()
    return bench.once(
        Job(
            port=bench.server(),
            asks=[Ask("POST", "/v1/leads/bulk", organisation.token, body)],
            seconds=120,
            status=201,
            rows=rows,
        )
    )


async def server_version(bench: Bench) -> str:
    """The version of PostgreSQL that was measured."""
    async with filling.owner(bench.site) as db:
        return await db.fetchval("SHOW server_version")


async def _fetch(bench: Bench, sql: str) -> list[asyncpg.Record]:
    async with filling.owner(bench.site) as db:
        return await db.fetch(sql)


__all__ = ["Bench", "bulk", "bulk_call", "cache", "create", "lead", "lists", "reads", "search"]
