"""Proves that what is exported can be imported again as it was; for conformance and drills."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import msgspec

from tenfold.engine.access import Person
from tenfold.engine.ask import Ask, Sort
from tenfold.engine.definition import Definition
from tenfold.exchange.exporting import Reading, export
from tenfold.exchange.import_files import pieces_of
from tenfold.exchange.import_state import Options, State
from tenfold.exchange.importing import TOPICS, Exchange, Importer
from tenfold.exchange.jobs import AtOnce
from tenfold.exchange.starting import Upload, begin, parts_of
from tenfold.kernel import digits
from tenfold.kernel.context import Context
from tenfold.kernel.ids import new_id

_MOST = 1 << 30
# What a record that is made anew has of its own.
_OWN = frozenset(
    {"id", "version", "created_at", "created_by", "updated_at", "deleted_at", "external_id"}
)


@dataclass(frozen=True, slots=True)
class Trip:
    """What a round trip found: how many records went, and every difference as a sentence."""

    records: int
    differences: list[str]


async def round_trip(exchange: Exchange, context: Context, name: str, form: str = "csv") -> Trip:
    """Export all records of a type and import the file twice, in the context's own organisation.

    At first nothing may change; then the records are deleted, and those that the file makes must
    have the same values. Secrets, which no export holds, are not compared.
    """
    person, definition = await _who(exchange, context, name)
    before = await _exported(exchange, context, name, "json")
    file = await _exported(exchange, context, name, form)
    rows = _by_key(before)
    problems: list[str] = []
    again = await _imported(exchange, context, name, file)
    if again.error or again.counts.unchanged != len(rows):
        problems.append(f"importing the export changed records: {again.counts} {again.error}")
    ids = [UUID(row["id"]) for row in msgspec.json.decode(before)]
    async with exchange.database.transaction(context) as tx:
        await exchange.records.delete(tx, person, definition, ids, partial=True)
    made = await _imported(exchange, context, name, file)
    if made.error or made.counts.refused:
        problems.append(f"importing the export refused rows: {made.counts} {made.error}")
    after = _by_key(await _exported(exchange, context, name, "json"))
    problems += _differences(definition, rows, after)
    return Trip(len(rows), problems)


def _differences(
    definition: Definition, before: dict[str, dict[str, Any]], after: dict[str, dict[str, Any]]
) -> list[str]:
    stored = {f.json_name for f in definition.fields.values() if f.type.stored and f.type.writable}
    stored |= {f"{f.name}_currency" for f in definition.fields.values() if f.type.kind == "money"}
    found: list[str] = []
    for key, row in before.items():
        other = after.get(key)
        if other is None:
            found.append(f"{key} did not come back")
            continue
        found.extend(
            f"{key}.{name} was {row.get(name)!r} and is {other.get(name)!r}"
            for name in sorted((stored | {"custom"}) - _OWN)
            if row.get(name) != other.get(name)
        )
    return found


def _by_key(data: bytes) -> dict[str, dict[str, Any]]:
    """The records by their key elsewhere, or by the id that becomes it."""
    rows: list[dict[str, Any]] = digits.decode(data)
    return {row.get("external_id") or row["id"]: row for row in rows}


async def _who(exchange: Exchange, context: Context, name: str) -> tuple[Person, Definition]:
    async with exchange.database.read(context.tenant, TOPICS) as reader:
        person = await exchange.person(reader, context)
        return person, await exchange.definition(reader, context.tenant, name)


async def _exported(exchange: Exchange, context: Context, name: str, form: str) -> bytes:
    _, definition = await _who(exchange, context, name)
    sort = Sort(definition.fields["created_at"], descending=False)

    @asynccontextmanager
    async def opened() -> AsyncGenerator[Reading]:
        async with exchange.database.read(context.tenant, TOPICS) as reader:
            person = await exchange.person(reader, context)
            yield Reading(reader, person, await exchange.definition(reader, context.tenant, name))

    pieces = export(exchange.records.query, opened, Ask(sorts=(sort,)), form)
    return b"".join([piece async for piece in pieces])


async def _imported(exchange: Exchange, context: Context, name: str, file: bytes) -> State:
    identity = new_id()
    files = exchange.files(context.tenant, identity)
    stored = await files.store(0, pieces_of(file), _MOST)
    options = Options()
    parts = parts_of(exchange, files, [Upload(f"{name}.csv", stored)], name, options)
    async with exchange.database.transaction(context) as tx:
        await begin(tx, identity, parts, options)
    return await Importer(exchange).run(AtOnce(exchange.database, context), identity)
