"""Writing: single records that survive a power cut, and thousands in one call."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import asyncpg
import msgspec

from bench import statements
from bench.bench import Bench
from bench.client import Ask, Job
from bench.custom import VALUES
from bench.figures import Target
from bench.load import Sample
from bench.organisations import Organisation
from bench.rounds import Measured, Way
from bench.site import BenchError


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
            rounds.figure(
                "durable create, over the organisations",
                "/s",
                rounds.rates(spread),
                Target(1_200),
                spread,
            ),
            rounds.figure(
                "durable create, over the organisations, p95",
                "ms",
                rounds.milliseconds(spread, "p95"),
                None,
                spread,
            ),
            rounds.figure(
                "durable create, all in one organisation", "/s", rounds.rates(one), Target(900), one
            ),
            rounds.figure(
                "durable create with 5 custom fields", "/s", rounds.rates(custom), None, custom
            ),
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
                raise BenchError(
                    f"The database has {name} = {value}; creates would not be durable."
                )
    finally:
        await connection.close()


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
            rounds.figure(
                f"{rows:,} leads in one bulk call", "s", rounds.seconds(plain), target, plain
            ),
            rounds.figure(
                f"{rows:,} leads in one bulk call, 5 custom fields filled",
                "s",
                rounds.seconds(filled),
                None,
                filled,
            ),
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
