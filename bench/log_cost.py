"""What the change log costs a bulk insert: its trigger on and off, in pairs."""

from __future__ import annotations

import asyncio
import time
from uuid import UUID

from bench import filling, statements
from bench.bench import Bench
from bench.figures import Target
from bench.load import Sample
from bench.rounds import Measured, Way
from bench.writing import bulk_call

ON, OFF = "ENABLE", "DISABLE"


def log(bench: Bench) -> Measured:
    """The log's share of a bulk call, and of the bare INSERT … SELECT below it."""
    rows = bench.options.bulk_rows

    def call(word: str) -> Way:
        def way(_seconds: float) -> Sample:
            asyncio.run(_trigger(bench, word))
            try:
                # Statements are planned anew after a change of the table; not in the time measured.
                bulk_call(bench, bench.many[2], 10, custom=False)
                return bulk_call(bench, bench.many[2], rows, custom=False)
            finally:
                asyncio.run(_trigger(bench, ON))

        return way

    def insert(word: str) -> Way:
        return lambda _seconds: asyncio.run(_insert(bench, word, rows))

    ways = {
        "bulk call, log on": call(ON),
        "bulk call, log off": call(OFF),
        "INSERT, log on": insert(ON),
        "INSERT, log off": insert(OFF),
    }
    rounds = bench.rounds(ways)
    call_ways = list(ways)[:2]
    call_on, call_off, insert_on, insert_off = (rounds.seconds(way) for way in ways)
    return Measured(
        [
            rounds.figure(
                "cost of the change log in a bulk call",
                "%",
                _more(call_on, call_off),
                Target(15, at_most=True),
                *call_ways,
            ),
            rounds.figure(
                "cost of the change log in a bulk call, CPU of the database",
                "%",
                _more(rounds.cpu(call_ways[0], "database"), rounds.cpu(call_ways[1], "database")),
                None,
                *call_ways,
            ),
            rounds.figure(
                "cost of the change log in a bare INSERT … SELECT",
                "%",
                _more(insert_on, insert_off),
                None,
                *list(ways)[2:],
            ),
        ],
        rounds,
    )


def _more(on: list[float], off: list[float]) -> list[float]:
    """By how many per cent the first takes longer, pair by pair."""
    return [100 * (a / b - 1) if b else 0.0 for a, b in zip(on, off, strict=True)]


async def _trigger(bench: Bench, word: str) -> None:
    async with filling.owner(bench.site) as db:
        await db.execute(statements.LOG_TRIGGER.format(word=word))


async def _insert(bench: Bench, word: str, rows: int) -> Sample:
    """Copy leads of one organisation to another and commit."""
    source, target = UUID(bench.many[0].tenant), UUID(bench.many[3 % len(bench.many)].tenant)
    async with filling.owner(bench.site) as db:
        columns: list[str] = [r[0] for r in await db.fetch(statements.LEAD_COLUMNS)]
        own = {"tenant_id": "$2", "id": "gen_random_uuid()", "created_at": "now()"}
        sql = statements.COPY_LEADS.format(
            columns=", ".join(columns), values=", ".join(own.get(name) or name for name in columns)
        )
        await db.execute(statements.LOG_TRIGGER.format(word=word))
        try:
            copy = await db.prepare(sql)
            await db.execute(statements.SET_TENANT.format(tenant=target))
            meter = bench.site.meter()
            meter.begin()
            began = time.perf_counter()
            await copy.fetch(source, target, rows)
            seconds = time.perf_counter() - began
            used = meter.end()
        finally:
            await db.execute(statements.LOG_TRIGGER.format(word=ON))
    return Sample(1 / seconds, 1, seconds, used=used)
