"""The page of one record: its fields, its stage, what is related to it, and its history."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any, cast
from uuid import UUID

from litestar import get
from litestar.response.base import ASGIResponse

from tenfold.engine import changes
from tenfold.engine.access import Access
from tenfold.engine.ask import Embed, related
from tenfold.engine.changes import NEWEST, Change
from tenfold.engine.definition import Definition, Field
from tenfold.engine.titles import titles
from tenfold.engine.types import Many
from tenfold.kernel import digits
from tenfold.kernel.labels import label_of
from tenfold.kernel.language import say_as
from tenfold.web.api.requests import identified
from tenfold.web.desk import desk_of
from tenfold.web.pages import cells, hues, in_place, mentions, render, sharing, timeline, words
from tenfold.web.pages.cells import Cell, Record
from tenfold.web.pages.columns import columns_of
from tenfold.web.pages.door import signed_in
from tenfold.web.pages.frame import Guest, frame, visiting
from tenfold.web.pages.mentions import Mentions
from tenfold.web.pages.reaching import may_change, may_delete
from tenfold.web.pages.session import Req, routed
from tenfold.web.pages.sharing import Panel
from tenfold.web.pages.timeline import History

HISTORY = 20
_BESIDE = 3


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
class Step:
    """One stage of a record's way: where it is, where it may go, where it may not."""

    value: str
    label: str
    hue: str
    state: str
    last: bool


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
    more: bool


@dataclass(frozen=True, slots=True)
class View:
    """A record as its template shows it."""

    path: str
    list_path: str
    label: str
    label_plural: str
    icon: str
    title: Cell
    status: Cell
    version: int
    steps: tuple[Step, ...]
    sections: tuple[Facts, ...]
    blank: tuple[Facts, ...]
    related: tuple[Related, ...]
    history: History
    owner: Cell
    created: Cell
    updated: Cell
    deleted: Cell
    may_update: bool
    may_delete: bool
    sharing: Panel | None


@get("/{plural:str}/{record_id:str}")
async def record_page(
    request: Req, plural: str, record_id: str, deleted: str = "", before: str = ""
) -> ASGIResponse:
    """A record; htmx gets earlier entries of its history alone."""
    routed(request, "page-record")
    shipped = desk_of(request).shipped(plural)
    claims = await signed_in(request)
    identity = identified(record_id, shipped)
    async with visiting(request, claims) as guest:
        definition = await guest.tailored(shipped)
        start = int(before[:18]) if before.isascii() and before.isdigit() else NEWEST
        view = await _view(guest, definition, identity, deleted == "true", start)
        around = frame(guest, view.title.text)
    if render.wants(request, "timeline-more"):
        return render.partial(request, "parts/timeline.html", history=view.history)
    return render.page(request, "record.html", around, record=view)


async def _view(
    guest: Guest, definition: Definition, identity: UUID, deleted: bool, before: int
) -> View:
    embeds = _embeds(guest, definition)
    query, reader, person = guest.desk.query, guest.reader, guest.person
    json, version = await query.one(
        reader, person, definition, identity, embeds=embeds, deleted=deleted
    )
    record: dict[str, Any] = digits.decode(json)
    log = await changes.timeline(
        reader, person, definition, identity, limit=HISTORY + 1, before=before, current=record
    )
    shown = log[:HISTORY]
    names = await titles(query, reader, person, _mentioned(guest, definition, record, shown))
    eyes = guest.eyes(names)
    access = person.access(definition)
    path = f"/{definition.path}/{identity}"
    earlier = f"{path}?before={shown[-1].id}" if len(log) > HISTORY else ""
    stage = definition.status
    visible = "status" in record
    editable = in_place.editable(guest, definition, record)
    sections = _sections(definition, access, record, eyes, editable)
    born = words.moment_of(str(record.get("created_at") or ""))
    status = cells.cell(definition.fields["status"], record, eyes) if stage and visible else Cell()
    return View(
        path=path,
        list_path=f"/{definition.path}",
        label=definition.label,
        label_plural=definition.label_plural,
        icon=definition.icon,
        title=cells.record_cell(definition, record, eyes.registry),
        status=status,
        version=version,
        steps=_steps(definition, access, record, deleted),
        sections=tuple(s for s in sections if s.filled),
        blank=tuple(s for s in sections if not s.filled),
        related=_related(guest, definition, record, eyes),
        history=timeline.history(definition, shown, earlier, eyes, born),
        owner=cells.person_cell(record.get("owner_id"), eyes),
        created=_when(record, "created_at", eyes),
        updated=_when(record, "updated_at", eyes),
        deleted=_when(record, "deleted_at", eyes),
        may_update=not deleted and may_change(guest, definition, record),
        may_delete=may_delete(guest, definition, record),
        sharing=None if deleted else await sharing.panel(guest, definition, record),
    )


def _embeds(guest: Guest, definition: Definition) -> tuple[Embed, ...]:
    """Everything that is related and that the person may read, in one statement."""
    registry, person = guest.desk.registry, guest.person
    access = person.access(definition)
    names = [f.name for f in definition.relations.values() if access.sees(f)]
    for name, (other, relation) in registry.backs.get(definition.name, {}).items():
        if person.access(other).sees(relation) and not isinstance(relation.type, Many):
            names.append(name)
    found = ((n, related(n, definition, registry)) for n in names)
    return tuple(Embed(n) for n, pair in found if pair and person.access(pair[0]).read != "none")


def _mentioned(
    guest: Guest, definition: Definition, record: Record, log: Sequence[Change]
) -> Mentions:
    """The people and records that the page names by id: they are looked up in one query."""
    registry = guest.desk.registry
    found = mentions.mentioned(definition, record, registry)
    found.merge(timeline.mentioned(definition, log))
    for name, other, rows in _embedded(guest, definition, record):
        shown = _beside(guest, definition, name, other)
        for row in rows:
            found.record(shown, row, registry)
            # What it is called by lies in other records, which were not read along.
            if not other.names_itself:
                found.add(other.name, row["id"])
    return found


def _embedded(
    guest: Guest, definition: Definition, record: Record
) -> list[tuple[str, Definition, list[Record]]]:
    """The related lists that were read along: their name, type and rows."""
    found: list[tuple[str, Definition, list[Record]]] = []
    for embed in _embeds(guest, definition):
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


def _sections(
    definition: Definition,
    access: Access,
    record: Record,
    reader: cells.Reader,
    editable: frozenset[str],
) -> tuple[Facts, ...]:
    """The fields by section, what is empty apart."""
    skipped = {"status", "team", "id", *_reasons(definition)}
    said = {f.name for f in definition.title_fields} - editable
    groups: dict[str, tuple[list[Fact], list[Fact]]] = {}
    for one in (*definition.fields.values(), *definition.custom_fields.values()):
        if one.system or one.name in skipped | said or not access.sees(one):
            continue
        if isinstance(one.type, Many):
            continue
        label = one.section or ("Own fields" if one.custom else "Details")
        filled, empty = groups.setdefault(label, ([], []))
        cell = cells.cell(one, record, reader)
        edit = in_place.address(definition, record["id"], one) if one.name in editable else ""
        wide = cell.kind in ("long", "code")
        fact = Fact(one.label, cell, one.help, wide, edit)
        (empty if cell.kind == "empty" else filled).append(fact)
    return tuple(Facts(n, tuple(f), tuple(e)) for n, (f, e) in groups.items())


def _reasons(definition: Definition) -> set[str]:
    names = (f.removesuffix("_reasons") for f in definition.fields if f.endswith("_reasons"))
    return {f"{name}_reasons" for name in names if name in definition.fields}


def _steps(
    definition: Definition, access: Access, record: Record, deleted: bool
) -> tuple[Step, ...]:
    """Every stage in order: the one it is at, those it may move to, those it may not."""
    stage, one = definition.status, definition.fields.get("status")
    if stage is None or one is None or not access.sees(one) or deleted:
        return ()
    now = str(record.get("status"))
    able = access.sets(one) and access.update != "none"

    def state(option: str) -> str:
        if option == now:
            return "here"
        return "open" if able and stage.may_move(now, option) else "shut"

    return tuple(
        Step(o, stage.label(o), hues.of(stage, o), state(o), stage.ends(o))
        for o in stage.offered(now)
    )


def _related(
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
            for row in rows
        )
        pair = guest.desk.registry.backs.get(definition.name, {}).get(name)
        own = definition.fields.get(name)
        label = own.label if own else say_as("field", label_of(name))
        link = f"/{other.path}?{pair[1].json_name}={record['id']}" if pair and not own else ""
        more: Any = record[name]["more"]
        may_add = link and guest.person.access(other).create
        add = f"/{other.path}/new?{pair[1].json_name}={record['id']}" if pair and may_add else ""
        made.append(Related(label, other.icon, lines, link, add, other.label, bool(more)))
    return tuple(sorted(made, key=lambda r: not r.lines))


def _called(definition: Definition, row: Record, reader: cells.Reader) -> Cell:
    """A related record by its whole name, where that was looked up."""
    name = reader.names.get(UUID(str(row["id"])), "")
    if name:
        return cells.titled_cell(definition, row["id"], name)
    return cells.record_cell(definition, row, reader.registry)


def _when(record: Record, name: str, reader: cells.Reader) -> Cell:
    moment = words.moment_of(str(record.get(name) or ""))
    return cells.moment_cell(moment, reader) if moment else Cell()


HANDLERS = [record_page]
__all__ = ["HANDLERS"]
