"""What every measure works with: the installation, its organisations, and the load."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import asyncpg
import msgspec

from bench import filling
from bench.client import Job
from bench.load import Sample, send
from bench.options import Options
from bench.organisations import Organisation
from bench.rounds import Rounds, Way, interleaved
from bench.site import Site
from tenfold.engine.registry import Registry


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


async def server_version(bench: Bench) -> str:
    """The version of PostgreSQL that was measured."""
    async with filling.owner(bench.site) as db:
        return await db.fetchval("SHOW server_version")


async def fetch(bench: Bench, sql: str) -> list[asyncpg.Record]:
    """Rows, read past row security."""
    async with filling.owner(bench.site) as db:
        return await db.fetch(sql)
