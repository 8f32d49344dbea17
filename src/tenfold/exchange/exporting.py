"""Exports of any list: page by page as it is sent, never whole in memory."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any
from uuid import UUID

import msgspec

from tenfold.db.database import Reader
from tenfold.engine.access import Access, Person
from tenfold.engine.ask import Ask
from tenfold.engine.definition import Definition, Field
from tenfold.engine.query import Query
from tenfold.engine.search import Search
from tenfold.engine.titles import USER, titles
from tenfold.engine.types import Ref, Secret
from tenfold.engine.types.contact import ADDRESS_PARTS
from tenfold.exchange.write_csv import BOM, write_csv
from tenfold.exchange.write_workbook import Workbook
from tenfold.kernel import digits

ROWS = 1_000
"""Rows of one page inside of an export."""

FORMATS = {
    "csv": "text/csv",
    "json": "application/json",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
"""The forms of a file, with their media types."""
_PIECE = 1 << 16
_decoder: msgspec.json.Decoder[list[dict[str, Any]]] = msgspec.json.Decoder(
    list[dict[str, Any]], float_hook=Decimal
)


@dataclass(frozen=True, slots=True)
class Reading:
    """One visit of an export: a connection, the person and the type as they are at that time."""

    reader: Reader
    person: Person
    definition: Definition


Open = Callable[[], AbstractAsyncContextManager[Reading]]


@dataclass(slots=True)
class _Page:
    """One page of a list; its rows and what they point to where they are asked for."""

    shown: Sequence[Field]
    data: bytes
    rows: Sequence[Mapping[str, Any]] = ()
    named: Mapping[UUID, str] = field(default_factory=dict[UUID, str])
    label: str = ""


async def export(
    query: Query,
    opened: Open,
    ask: Ask,
    form: str,
    *,
    bom: bool = False,
    chosen: Sequence[Field] = (),
) -> AsyncGenerator[bytes]:
    """The rows of a list as a file, in pieces; each page is read under today's access.

    JSON is the list of records as the API gives them. CSV and XLSX have a column for each field,
    for an address its parts, for a relation its id and its title; secrets are in none. Where
    fields were `chosen`, there are these alone, in their order.
    """
    if form != "csv":
        async for piece in (_json if form == "json" else _workbook)(query, opened, ask, chosen):
            yield piece
        return
    columns: list[str] = []
    async for page in _pages(query, opened, ask, chosen, named=True):
        first = not columns
        if first:
            columns = [name for one in page.shown for name in _names(one)]
            if bom:
                yield BOM
        cells = (_cells(row, page.shown, page.named) for row in page.rows)
        for piece in write_csv(columns, cells, bom=False, header=first):
            yield piece


async def _json(
    query: Query, opened: Open, ask: Ask, chosen: Sequence[Field]
) -> AsyncIterator[bytes]:
    before = b"["
    async for page in _pages(query, opened, ask, chosen):
        inner = (_picked(page) if chosen else page.data).strip()[1:-1]
        if inner:
            yield before + inner
            before = b",\n"
    yield b"[]" if before == b"[" else b"]"


def _picked(page: _Page) -> bytes:
    """The records with the fields that were chosen, in their order."""
    rows: list[dict[str, Any]] = []
    for record in _decoder.decode(page.data):
        own: Mapping[str, Any] = record.get("custom") or {}
        row: dict[str, Any] = {}
        for one in page.shown:
            held, kept = (own, row.setdefault("custom", {})) if one.custom else (record, row)
            names = (one.json_name, f"{one.name}_currency") if one.currency else (one.json_name,)
            kept.update({name: held.get(name) for name in names})
        rows.append(row)
    return digits.encode(rows)


async def _workbook(
    query: Query, opened: Open, ask: Ask, chosen: Sequence[Field]
) -> AsyncIterator[bytes]:
    """A workbook is put together on the disk, and sent when it is whole."""
    # What was written goes with the folder, also where whoever asked for it leaves half-way.
    with tempfile.TemporaryDirectory() as folder, tempfile.TemporaryFile() as held:
        book: Workbook | None = None
        try:
            async for page in _pages(query, opened, ask, chosen, named=True):
                if book is None:
                    columns = [name for one in page.shown for name in _names(one)]
                    days = {next(_names(one)) for one in page.shown if one.type.kind == "date"}
                    book = Workbook(held, page.label, columns, days, folder)
                rows = [_cells(row, page.shown, page.named) for row in page.rows]
                await asyncio.to_thread(book.add, rows)
            if book is not None:
                await asyncio.to_thread(book.close)
        finally:
            if book is not None:
                book.abandon()
        held.seek(0)
        while piece := held.read(_PIECE):
            yield piece


async def _pages(
    query: Query, opened: Open, ask: Ask, chosen: Sequence[Field], *, named: bool = False
) -> AsyncIterator[_Page]:
    """Page by page, each handed on when its connection is back: a client may read slowly."""
    cursor = ask.cursor
    while True:
        async with opened() as reading:
            definition, person = reading.definition, reading.person
            shown = _shown(definition, person.access(definition), ask)
            if chosen:
                known = {(f.custom, f.name): f for f in shown}
                wanted = ((f.custom, f.name) for f in chosen)
                shown = [known[one] for one in wanted if one in known]
            names = {"custom" if f.custom else f.name for f in shown}
            fields = tuple(sorted(names if chosen else names | _custom(ask)))
            asked = replace(
                ask, limit=ROWS, cursor=cursor, page=0, count="", fields=fields, embeds=()
            )
            what = (reading.reader, person, definition)
            if ask.words:  # a search has one page: the best of what it found
                best = replace(asked, limit=ask.limit, cursor="")
                data, onward = await Search(query).found(*what, best), None
            else:
                page = await query.page(*what, asked)
                data, onward = page.data, page.next_cursor
            made = _Page(shown, data, label=definition.label_plural)
            if named:
                made.rows = _decoder.decode(data)
                made.named = await _titles(query, reading, shown, made.rows)
        yield made
        if onward is None:
            return
        cursor = onward


def _shown(definition: Definition, access: Access, ask: Ask) -> list[Field]:
    """The fields that are exported: those asked for or all, never a secret."""
    wanted = set(ask.fields)
    found = [
        f
        for f in definition.fields.values()
        if access.sees(f)
        and not isinstance(f.type, Secret)
        and f.type.kind != "many"
        and (not wanted or f.name in wanted or f.name == "id")
    ]
    if not wanted or "custom" in wanted:
        found += [f for f in definition.custom_fields.values() if access.sees(f)]
    return found


def _custom(ask: Ask) -> set[str]:
    return {"custom"} if not ask.fields or "custom" in ask.fields else set()


def _names(one: Field) -> Iterator[str]:
    """The columns of one field."""
    if one.custom:
        yield f"custom.{one.name}"
        if one.currency:
            yield f"custom.{one.currency.name}"
        return
    if one.type.kind == "address":
        yield from (f"{one.name}.{part}" for part in ADDRESS_PARTS)
        return
    yield one.json_name
    if one.type.kind == "money":
        yield f"{one.name}_currency"
    if _to(one):
        yield one.name


def _cells(
    row: Mapping[str, Any], shown: Sequence[Field], named: Mapping[UUID, str]
) -> dict[str, object]:
    cells: dict[str, object] = {}
    custom: Mapping[str, Any] = row.get("custom") or {}
    for one in shown:
        if one.custom:
            cells |= {name: custom.get(name.removeprefix("custom.")) for name in _names(one)}
            continue
        value = row.get(one.json_name)
        if one.type.kind == "address":
            parts: Mapping[str, str] = value or {}
            cells.update({f"{one.name}.{part}": parts.get(part) for part in ADDRESS_PARTS})
            continue
        cells[one.json_name] = value
        if one.type.kind == "money":
            cells[f"{one.name}_currency"] = row.get(f"{one.name}_currency")
        if _to(one) and isinstance(value, str):
            cells[one.name] = named.get(UUID(value))
    return cells


def _to(one: Field) -> str:
    """The type that a relation leads to, or `user`; empty for other fields."""
    if isinstance(one.type, Ref):
        return one.type.to
    return USER if one.type.kind == "user" and one.name != "team" else ""


async def _titles(
    query: Query, reading: Reading, shown: Sequence[Field], rows: Sequence[Mapping[str, Any]]
) -> dict[UUID, str]:
    """The titles of everything that a page's relations point to, one query for all."""
    wanted: dict[str, set[UUID]] = {}
    for one in shown:
        if to := _to(one):
            ids = {UUID(row[one.json_name]) for row in rows if row.get(one.json_name)}
            wanted.setdefault(to, set()).update(ids)
    return await titles(query, reading.reader, reading.person, wanted)
