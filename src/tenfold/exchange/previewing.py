"""Shows what an import would make of a file, before anything is stored."""

from __future__ import annotations

import asyncio
from contextlib import closing
from itertools import islice
from pathlib import Path
from typing import Any

import msgspec

from tenfold.db.database import Reader
from tenfold.engine.access import Person
from tenfold.exchange.converting import Prepared
from tenfold.exchange.import_state import ChoiceValues, Column, Options, Part
from tenfold.exchange.importing import Exchange, Importer
from tenfold.exchange.mapping import UnknownName
from tenfold.exchange.rows import NotReadable
from tenfold.exchange.surveying import Survey, View, survey
from tenfold.exchange.unknown_values import unknown_values
from tenfold.exchange.writing_rows import Result, Writer
from tenfold.kernel.errors import Invalid

SHOWN = 20


class PreviewRow(msgspec.Struct, frozen=True, kw_only=True):
    """One of the first rows: the values it gives, or why it would be refused.

    Its line; in a JSON file its number among the items.
    """

    line: int
    values: dict[str, Any]
    refused: str = ""


class TargetView(msgspec.Struct, frozen=True, kw_only=True):
    """A field that a column can go into."""

    name: str
    label: str
    kind: str
    required: bool


class Preview(msgspec.Struct, frozen=True, kw_only=True):
    """A file as it would be imported."""

    type: str
    kind: str
    encoding: str
    separator: str | None
    rows: int
    mapping: list[Column]
    targets: list[TargetView]
    values: list[ChoiceValues]
    """Words that no choice matches, by column."""
    notes: list[str]
    first: list[PreviewRow]


async def preview(
    exchange: Exchange,
    reader: Reader,
    person: Person,
    path: Path,
    *,
    part: Part,
    options: Options,
    whole: bool = True,
) -> Preview:
    """The mapping and the first rows of a file; raises Invalid where it can't be read.

    Words that no choice matches are looked for in the `whole` file.
    """
    definition = await exchange.definition(reader, person.tenant, part.type)
    how, locale = await Importer(exchange).reading(reader, person.tenant, options)
    view = View(definition, person, exchange.records.registry.by_name, how)
    try:
        looked = await asyncio.to_thread(_first, path, part, options, view, whole=whole)
    except NotReadable as error:
        raise Invalid({"file": str(error)}) from None
    except UnknownName as error:
        raise Invalid({"mapping": str(error)}) from None
    found, rows, values = looked
    writer = Writer(exchange.records, person, definition, locale)
    await writer.relate(reader, rows, Result())
    goals = found.goals.values()
    return Preview(
        type=definition.name,
        kind=found.source.kind,
        encoding=found.source.encoding,
        separator=found.source.separator,
        rows=found.rows,
        mapping=[Column.of(guess) for guess in found.guesses],
        targets=[
            TargetView(
                name=g.target.name, label=g.target.label, kind=g.kind, required=g.target.required
            )
            for g in goals
        ],
        values=values,
        notes=found.notes,
        first=[_shown(row) for row in rows],
    )


def _first(
    path: Path, part: Part, options: Options, view: View, *, whole: bool
) -> tuple[Survey, list[Prepared], list[ChoiceValues]]:
    found = survey(path, part, options, view)
    converter = found.converter()
    with closing(found.source.rows()) as rows:
        first = [converter.convert(row) for row in islice(rows, SHOWN)]
    return found, first, unknown_values(found) if whole else []


def _shown(row: Prepared) -> PreviewRow:
    values = msgspec.to_builtins(row.body, str_keys=True)
    return PreviewRow(line=row.row.number, values=values, refused=row.problem)
