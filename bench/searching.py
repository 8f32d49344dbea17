"""Searching: students by their names, with 8 clients, in both layouts."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Sequence
from urllib.parse import quote

import asyncpg

from bench import statements
from bench.bench import Bench, fetch
from bench.client import Ask, Job
from bench.figures import Figure, Target
from bench.load import Sample
from bench.rounds import Measured, Way

SEARCHERS = 8
"""Clients that search at once."""
_LAYOUTS = {"in one organisation": "t.n = {big}", "over the organisations": "t.n <> {big}"}


def search(bench: Bench) -> Measured:
    """Students by name: one word, two words, two letters; in both layouts, 8 clients."""
    ways: dict[str, Way] = {}
    for layout, condition in _LAYOUTS.items():
        sql = statements.NAMES_IN_USE.format(condition=condition.format(big=bench.big.n))
        for kind, asks in _searches(bench, asyncio.run(fetch(bench, sql))).items():
            ways[f"{kind} {layout}"] = _searching(bench, asks)
    rounds = bench.rounds(ways, warm_seconds=1.0)
    figures: list[Figure] = []
    for way in ways:
        target = None if way.startswith("everywhere") else Target(50, at_most=True)
        p95 = rounds.milliseconds(way, "p95")
        figures.append(rounds.figure(f"search, {way}, p95", "ms", p95, target, way))
        figures.extend(
            rounds.figure(
                f"search, {way}, {share}", "ms", rounds.milliseconds(way, share), None, way
            )
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
