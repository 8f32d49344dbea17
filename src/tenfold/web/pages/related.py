"""The lists of records that are related to one: read along with it, a few facts of each."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import islice
from typing import Any, cast
from uuid import UUID

from tenfold.engine.ask import Embed, related
from tenfold.engine.definition import Definition, Field
from tenfold.engine.types import Many
from tenfold.kernel.labels import label_of
from tenfold.kernel.language import say_as
from tenfold.web.pages import cells
from tenfold.web.pages.cells import Cell, Record
from tenfold.web.pages.columns import columns_of
from tenfold.web.pages.frame import Guest
from tenfold.web.pages.mentions import Mentions

_BESIDE = 3
_FIRST = 5


@dataclass(frozen=True, slots=True)
class Line:
    """One related record: its name and a few facts."""

    title: Cell
    facts: tuple[Cell, ...]


@dataclass(frozen=True, slots=True)
class Related:
    """A list of records that point here, or that this one points to."""

    label: str
    icon: str
    lines: tuple[Line, ...]
    all: str
    add: str
    one: str
    count: int
    more: bool


def embeds(guest: Guest, definition: Definition) -> tuple[Embed, ...]:
    """Everything that is related and that the person may read, in one statement."""
    registry, person = guest.desk.registry, guest.person
    access = person.access(definition)
    names = [f.name for f in definition.relations.values() if access.sees(f)]
    for name, (other, relation) in registry.backs.get(definition.name, {}).items():
        if person.access(other).sees(relation) and not isinstance(relation.type, Many):
            names.append(name)
    found = ((n, related(n, definition, registry)) for n in names)
    return tuple(Embed(n) for n, pair in found if pair and person.access(pair[0]).read != "none")


def mention(guest: Guest, definition: Definition, record: Record, found: Mentions) -> None:
    """Note the people and records that the lists name by id."""
    registry = guest.desk.registry
    for name, other, rows in _embedded(guest, definition, record):
        shown = _beside(guest, definition, name, other)
        for row in rows:
            found.record(shown, row, registry)
            # What it is called by lies in other records, which were not read along.
            if not other.names_itself:
                found.add(other.name, row["id"])


def _embedded(
    guest: Guest, definition: Definition, record: Record
) -> list[tuple[str, Definition, list[Record]]]:
    """The related lists that were read along: their name, type and rows."""
    found: list[tuple[str, Definition, list[Record]]] = []
    for embed in embeds(guest, definition):
        pair = related(embed.name, definition, guest.desk.registry)
        value: Any = record.get(embed.name)
        if pair and isinstance(value, dict) and "data" in value:
            rows = cast("list[Record]", value["data"])
            found.append((embed.name, guest.staged(pair[0]), rows))
    return found


def _beside(guest: Guest, definition: Definition, name: str, other: Definition) -> list[Field]:
    """What a related list tells of its records; not the one that all of them belong to: this."""
    back = guest.desk.registry.backs.get(definition.name, {}).get(name)
    fields = (c.field for c in columns_of(other, guest.person.access(other)))
    return list(islice((f for f in fields if not back or f.name != back[1].name), _BESIDE))


def lists(
    guest: Guest, definition: Definition, record: Record, reader: cells.Reader
) -> tuple[Related, ...]:
    made: list[Related] = []
    for name, other, rows in _embedded(guest, definition, record):
        shown = _beside(guest, definition, name, other)
        lines = tuple(
            Line(
                _called(other, row, reader),
                tuple(cells.cell(one, row, reader) for one in shown),
            )
            for row in rows[:_FIRST]
        )
        pair = guest.desk.registry.backs.get(definition.name, {}).get(name)
        own = definition.fields.get(name)
        label = own.label if own else say_as("field", label_of(name))
        link = f"/{other.path}?{pair[1].json_name}={record['id']}" if pair and not own else ""
        more: Any = record[name]["more"]
        may_add = link and guest.person.access(other).create
        add = f"/{other.path}/new?{pair[1].json_name}={record['id']}" if pair and may_add else ""
        made.append(
            Related(label, other.icon, lines, link, add, other.label, len(rows), bool(more))
        )
    return tuple(sorted(made, key=lambda r: not r.lines))


def _called(definition: Definition, row: Record, reader: cells.Reader) -> Cell:
    """A related record by its whole name, where that was looked up."""
    name = reader.names.get(UUID(str(row["id"])), "")
    if name:
        return cells.titled_cell(definition, row["id"], name)
    return cells.record_cell(definition, row, reader.registry)
