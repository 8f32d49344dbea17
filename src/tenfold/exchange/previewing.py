"""Shows what an import would make of a file, before anything is stored."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager, closing
from dataclasses import dataclass
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any, Protocol

import anyio.to_thread
import msgspec
from anyio import CapacityLimiter

from tenfold.db.database import Reader
from tenfold.engine.access import Person
from tenfold.exchange.import_state import ChoiceValues, Column, Options, Part, counted
from tenfold.exchange.importing import Exchange, Importer
from tenfold.exchange.links import LINKS, Lenience, Link, links
from tenfold.exchange.mapping import UnknownName
from tenfold.exchange.prepared import Pointer, Prepared
from tenfold.exchange.rows import NotReadable
from tenfold.exchange.starting import allowed
from tenfold.exchange.surveying import Survey, View, survey
from tenfold.exchange.unknown_values import chosen_columns, unknown_values
from tenfold.exchange.writing_rows import Result, Writer
from tenfold.kernel.errors import Invalid
from tenfold.kernel.language import grouped, say

SHOWN = 20
COUNTED = 10_000
"""In how many rows a preview counts words; a dry run counts them in all."""
_READING = CapacityLimiter(2)
"""How many files a process reads at once for previews; others wait, without a connection."""


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
    key: str
    """The field by which rows find the records that exist; empty where all are new."""
    keys: dict[str, str]
    """The fields that may be the key and that a column goes into, with their labels."""
    values: list[ChoiceValues]
    """Words that no choice matches, by column."""
    links: list[Link]
    """Relations by which rows name records that are not here."""
    notes: list[str]
    missing: list[str]
    """The labels of fields that a new record needs and that no column goes into."""
    first: list[PreviewRow]


class Asking(Protocol):
    """A reader and who reads."""

    @property
    def reader(self) -> Reader:
        """The connection."""
        ...

    @property
    def person(self) -> Person:
        """Whose view it is."""
        ...


Enter = Callable[[], AbstractAsyncContextManager[Asking]]


@dataclass(frozen=True, slots=True)
class _Looked:
    """What was found in a file."""

    found: Survey
    first: list[Prepared]
    rows: list[list[Pointer]]
    """What the counted rows name."""
    values: list[ChoiceValues]
    notes: list[str]


async def preview(
    exchange: Exchange,
    enter: Enter,
    path: Path,
    *,
    parts: Sequence[Part],
    options: Options,
    whole: bool = True,
) -> Preview:
    """The mapping and the first rows of the first file; raises Invalid where it can't be read.

    Words that no choice matches are looked for only where the preview is to be `whole`. While
    the file is read no connection is held.
    """
    part = parts[0]
    async with enter() as by:
        await allowed(exchange, by.reader, by.person, parts, options)
        definition = await exchange.definition(by.reader, by.person.tenant, part.type)
        how, locale = await Importer(exchange).reading(by.reader, by.person.tenant, options)
        view = View(definition, by.person, exchange.records.registry.by_name, how)
    look = partial(_look, path, part, options, view, whole=whole)
    try:
        looked = await anyio.to_thread.run_sync(look, limiter=_READING)
    except NotReadable as error:
        raise Invalid({"file": str(error)}) from None
    except UnknownName as error:
        raise Invalid({"mapping": str(error)}) from None
    async with enter() as by:
        lenience = Lenience.of(looked.found, options)
        make = frozenset(options.create_missing)
        writer = Writer(
            exchange.records, by.person, definition, locale, create_missing=make, lenience=lenience
        )
        answers = await writer.answers(by.reader, (p for one in looked.rows for p in one))
        await writer.relate(by.reader, looked.first, Result(), known=answers)
        types = exchange.records.registry.by_name
        found = links(looked.found, looked.rows, answers, by.person, types, lenience)
    return _preview(definition.name, looked, found)


def _preview(kind: str, looked: _Looked, links: list[Link]) -> Preview:
    found = looked.found
    mapped = {guess.target for guess in found.guesses}
    return Preview(
        type=kind,
        kind=found.source.kind,
        encoding=found.source.encoding,
        separator=found.source.separator,
        rows=found.rows,
        mapping=[Column.of(guess) for guess in found.guesses],
        targets=[
            TargetView(
                name=g.target.name, label=g.target.label, kind=g.kind, required=g.target.required
            )
            for g in found.goals.values()
        ],
        key=found.key,
        keys={n: f.label for n, f in found.keys.items() if n in mapped or n == found.key},
        values=looked.values,
        links=links,
        notes=looked.notes,
        missing=[target.label for target in found.missing],
        first=[_shown(row) for row in looked.first],
    )


def _look(path: Path, part: Part, options: Options, view: View, *, whole: bool) -> _Looked:
    found = survey(path, part, options, view)
    converter = found.converter()
    with closing(found.source.rows()) as rows:
        first = [converter.convert(row) for row in islice(rows, SHOWN)]
        told = [
            say("In the first rows: %(what)s.", what=counted(n, text))
            for text, n in converter.tally.items()
        ]
        named = [one.pointers for one in first if not one.problem]
        if whole and any(found.goals[g.target].kind in LINKS for g in found.guesses if g.target):
            rest = (converter.convert(row) for row in islice(rows, COUNTED - SHOWN))
            named += [one.pointers for one in rest if not one.problem and one.pointers]
    values = unknown_values(found, COUNTED) if whole else []
    notes = [*found.notes, *_partly(found), *told]
    return _Looked(found, first, named, values, notes)


def _partly(found: Survey) -> list[str]:
    """That words were counted in some of the rows, where that is so."""
    if found.rows <= COUNTED or not chosen_columns(found):
        return []
    return [
        say(
            "Words were counted in the first %(first)s of %(rows)s rows; a dry run counts all.",
            first=grouped(COUNTED),
            rows=grouped(found.rows),
        )
    ]


def _shown(row: Prepared) -> PreviewRow:
    values = msgspec.to_builtins(row.body, str_keys=True)
    return PreviewRow(line=row.row.number, values=values, refused=row.problem)
