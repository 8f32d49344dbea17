"""A record's fields as its page shows them: the few that matter first, then all by section."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from tenfold.engine.access import Access
from tenfold.engine.definition import Definition, Field
from tenfold.engine.types import Many
from tenfold.kernel.language import mark, say
from tenfold.web.pages import cells, in_place
from tenfold.web.pages.cells import Cell, Record
from tenfold.web.pages.columns import columns_of, is_reason

_KEY = 4
_WAYS = (("phone", "phone", mark("Call")), ("email", "mail", mark("Write")))


@dataclass(frozen=True, slots=True)
class Fact:
    """One field of a record: its name, its value, and where it is edited if one may."""

    label: str
    cell: Cell
    help: str
    wide: bool = False
    edit: str = ""


@dataclass(frozen=True, slots=True)
class Facts:
    """A section of fields: those filled in, and those that are empty."""

    label: str
    filled: tuple[Fact, ...]
    empty: tuple[Fact, ...]


@dataclass(frozen=True, slots=True)
class Way:
    """One click to reach somebody: by telephone, or by mail."""

    label: str
    icon: str
    cell: Cell


def key_facts(
    definition: Definition, access: Access, record: Record, reader: cells.Reader
) -> tuple[Fact, ...]:
    """The few facts that a list would show first, as far as they are filled in."""
    said = {f.name for f in definition.title_fields} | {"status", "owner", "created_at"}
    shown = (c.field for c in columns_of(definition, access))
    asked = (f for f in shown if f.name not in said and f.type.kind not in ("email", "phone"))
    cells_ = ((f, cells.cell(f, record, reader)) for f in asked)
    found = [Fact(f.label, c, f.help) for f, c in cells_ if c.kind not in ("empty", "no")]
    return tuple(found[:_KEY])


def ways(
    definition: Definition, access: Access, record: Record, reader: cells.Reader
) -> tuple[Way, ...]:
    """How to reach them with one click: the first number and the first address."""

    def first(kind: str) -> Iterator[Cell]:
        for one in definition.own_fields():
            if one.type.kind == kind and access.sees(one):
                yield cells.cell(one, record, reader)

    found = (
        (label, icon, next((c for c in first(kind) if c.kind == "link"), None))
        for kind, icon, label in _WAYS
    )
    return tuple(Way(say(label), icon, cell) for label, icon, cell in found if cell)


def sections(
    definition: Definition,
    access: Access,
    record: Record,
    reader: cells.Reader,
    editable: frozenset[str],
) -> tuple[Facts, ...]:
    """The fields by section, what is empty apart."""
    skipped = {"status", "team", "id"}
    said = {f.name for f in definition.title_fields} - editable
    groups: dict[str, tuple[list[Fact], list[Fact]]] = {}
    for one in (*definition.fields.values(), *definition.custom_fields.values()):
        if one.system or one.name in skipped | said or not access.sees(one):
            continue
        if isinstance(one.type, Many) or is_reason(definition, one):
            continue
        label = one.section or (say("Own fields") if one.custom else say("Details"))
        filled, empty = groups.setdefault(label, ([], []))
        cell = cells.cell(one, record, reader)
        edit = in_place.address(definition, record["id"], one) if one.name in editable else ""
        wide = cell.kind in ("long", "code")
        fact = Fact(one.label, cell, one.help, wide, edit)
        (empty if cell.kind == "empty" else filled).append(fact)
    return tuple(Facts(n, tuple(f), tuple(e)) for n, (f, e) in groups.items())


__all__ = ["Fact", "Facts", "Field", "Way", "key_facts", "sections", "ways"]
