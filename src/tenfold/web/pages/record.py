"""The page of one record: its fields, its stage, what is related to it, and its history."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import msgspec
from litestar import get
from litestar.response.base import ASGIResponse

from tenfold.engine import changes
from tenfold.engine.access import Access
from tenfold.engine.ask import Embed, related
from tenfold.engine.changes import NEWEST, Change, FieldChange
from tenfold.engine.definition import Definition, Field
from tenfold.engine.titles import USER, titles
from tenfold.engine.types import AnyRef, Many, Ref, User
from tenfold.kernel.ids import parse_id
from tenfold.web.api.requests import identified
from tenfold.web.pages import cells, hues, render, words
from tenfold.web.pages.cells import Cell, Record
from tenfold.web.pages.columns import columns_of
from tenfold.web.pages.door import signed_in
from tenfold.web.pages.frame import Guest, frame, visiting
from tenfold.web.pages.session import Req, desk_of

HISTORY = 20
_BESIDE = 3


@dataclass(frozen=True, slots=True)
class Fact:
    """One field of a record: its name and its value."""

    label: str
    cell: Cell
    help: str
    wide: bool = False


@dataclass(frozen=True, slots=True)
class Facts:
    """A section of fields: those filled in, and how many are empty."""

    label: str
    filled: tuple[Fact, ...]
    empty: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Step:
    """One stage of a record's way: where it is, where it may go, where it may not."""

    value: str
    label: str
    hue: str
    state: str


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
class Difference:
    """One field of a change, before and after."""

    label: str
    old: Cell
    new: Cell


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of the timeline."""

    kind: str
    icon: str
    who: Cell
    what: str
    when: Cell
    reason: str
    differences: tuple[Difference, ...]


@dataclass(frozen=True, slots=True)
class History:
    """The timeline, newest first, and the address of what came before."""

    entries: tuple[Entry, ...]
    earlier: str


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


@get("/{plural:str}/{record_id:str}")
async def record_page(
    request: Req, plural: str, record_id: str, deleted: str = "", before: str = ""
) -> ASGIResponse:
    """A record; htmx gets earlier entries of its history alone."""
    request.scope["tenfold.route"] = "page-record"  # pyright: ignore[reportGeneralTypeIssues]
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
    record: dict[str, Any] = msgspec.json.decode(json)
    log = await changes.timeline(
        reader, person, definition, identity, HISTORY + 1, before, record
    )
    shown = log[:HISTORY]
    names = await titles(query, reader, person, _mentioned(guest, definition, record, shown))
    eyes = guest.eyes(names)
    access = person.access(definition)
    path = f"/{definition.path}/{identity}"
    earlier = f"{path}?before={shown[-1].id}" if len(log) > HISTORY else ""
    entries = [c for c in shown if c.fields or c.operation != "updated"]
    stage = definition.status
    visible = "status" in record
    sections = _sections(definition, access, record, eyes)
    status = cells.cell(definition.fields["status"], record, eyes) if stage and visible else Cell()
    return View(
        path=path,
        list_path=f"/{definition.path}",
        label=definition.label,
        label_plural=definition.label_plural,
        icon=definition.icon,
        title=cells.record_cell(definition, record),
        status=status,
        version=version,
        steps=_steps(definition, access, record, deleted),
        sections=tuple(s for s in sections if s.filled),
        blank=tuple(s for s in sections if not s.filled),
        related=_related(guest, definition, record, eyes),
        history=History(tuple(_entry(definition, c, names, eyes) for c in entries), earlier),
        owner=cells.person_cell(record.get("owner_id"), eyes),
        created=_when(record, "created_at", eyes),
        updated=_when(record, "updated_at", eyes),
        deleted=_when(record, "deleted_at", eyes),
        may_update=not deleted and within(guest, access.update, record),
        may_delete=within(guest, access.delete, record),
    )


def within(guest: Guest, scope: str, record: Record) -> bool:
    """Whether a record lies in the scope that a person has for a verb; the engine checks again."""
    if scope in ("all", "none"):
        return scope == "all"
    own = str(record.get("owner_id")) == str(guest.person.user)
    team = parse_id(str(record.get("team_id")))
    return own or scope == "open" or (scope == "team" and team in guest.person.teams)


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
) -> dict[str, set[UUID]]:
    """The people and records that the page names by id: they are looked up in one query."""
    wanted: dict[str, set[UUID]] = {}

    def want(kind: str, value: object) -> None:
        if found := parse_id(str(value)):
            wanted.setdefault(kind, set()).add(found)

    for one in definition.fields.values():
        value: Any = record.get(one.json_name)
        if value and isinstance(one.type, User):
            want(USER, value)
        elif value and isinstance(one.type, AnyRef):
            want(value["type"], value["id"])
    want(USER, record.get("created_by"))
    for change in log:
        want(USER, change.actor_id)
        for part in change.fields:
            field = definition.by_json.get(part.field)
            for value in (part.old, part.new):
                if field is not None and isinstance(field.type, Ref):
                    want(field.type.to, value)
                elif field is not None and isinstance(field.type, User):
                    want(USER, value)
                elif isinstance(value, dict) and field is not None and isinstance(field.type, AnyRef):
                    want(str(value["type"]), value["id"])  # pyright: ignore[reportUnknownArgumentType]
    for _, other, rows in _embedded(guest, definition, record):
        for column in columns_of(other, guest.person.access(other))[:_BESIDE]:
            for row in rows:
                if isinstance(column.field.type, User | Ref):
                    want(getattr(column.field.type, "to", USER), row.get(column.field.json_name))
    return wanted


def _embedded(
    guest: Guest, definition: Definition, record: Record
) -> list[tuple[str, Definition, list[Record]]]:
    """The related lists that were read along: their name, type and rows."""
    found: list[tuple[str, Definition, list[Record]]] = []
    for embed in _embeds(guest, definition):
        pair = related(embed.name, definition, guest.desk.registry)
        value: Any = record.get(embed.name)
        if pair and isinstance(value, dict) and "data" in value:
            found.append((embed.name, pair[0], value["data"]))
    return found


def _sections(
    definition: Definition, access: Access, record: Record, reader: cells.Reader
) -> tuple[Facts, ...]:
    """The fields by section, what is empty folded away."""
    said = {f.name for f in definition.title_fields}
    skipped = {"status", "owner", "team", "id", *said, *_reasons(definition)}
    groups: dict[str, tuple[list[Fact], list[str]]] = {}
    for one in (*definition.fields.values(), *definition.custom_fields.values()):
        if one.system or one.name in skipped or not access.sees(one) or isinstance(one.type, Many):
            continue
        label = one.section or ("Own fields" if one.custom else "Details")
        filled, empty = groups.setdefault(label, ([], []))
        cell = cells.cell(one, record, reader)
        if cell.kind == "empty":
            empty.append(one.label)
        else:
            filled.append(Fact(one.label, cell, one.help, cell.kind in ("long", "code")))
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
        Step(o, stage.label(o), hues.of_stage(o, stage.options), state(o)) for o in stage.options
    )


def _related(
    guest: Guest, definition: Definition, record: Record, reader: cells.Reader
) -> tuple[Related, ...]:
    made: list[Related] = []
    for name, other, rows in _embedded(guest, definition, record):
        columns = columns_of(other, guest.person.access(other))[:_BESIDE]
        lines = tuple(
            Line(
                cells.record_cell(other, row),
                tuple(cells.cell(column.field, row, reader) for column in columns),
            )
            for row in rows
        )
        pair = guest.desk.registry.backs.get(definition.name, {}).get(name)
        own = definition.fields.get(name)
        label = own.label if own else name.replace("_", " ").capitalize()
        link = f"/{other.path}?{pair[1].json_name}={record['id']}" if pair and not own else ""
        more: Any = record[name]["more"]
        may_add = link and guest.person.access(other).create
        add = f"/{other.path}/new?{pair[1].json_name}={record['id']}" if pair and may_add else ""
        made.append(Related(label, other.icon, lines, link, add, other.label, bool(more)))
    return tuple(sorted(made, key=lambda r: not r.lines))


def _when(record: Record, name: str, reader: cells.Reader) -> Cell:
    moment = words.moment_of(str(record.get(name) or ""))
    return cells.moment_cell(moment, reader) if moment else Cell()


# -- the timeline

_ICONS = {
    "created": "circle-plus",
    "updated": "pencil",
    "moved": "move-right",
    "deleted": "trash-2",
    "restored": "undo-2",
    "purged": "x",
}
_MOST_SHOWN = 12


def _entry(
    definition: Definition, change: Change, names: Mapping[UUID, str], reader: cells.Reader
) -> Entry:
    who = cells.person_cell(change.actor_id, reader)
    if who.kind == "empty":
        who = Cell("person", "Tenfold", hue="system", title="T")
    parts = [_difference(definition, f, reader) for f in change.fields]
    if change.operation == "created":
        parts = []
    return Entry(
        kind=change.operation,
        icon=_ICONS[change.operation],
        who=who,
        what=_what(definition, change, parts),
        when=cells.moment_cell(change.at, reader),
        reason=change.reason or "",
        differences=tuple(parts[:_MOST_SHOWN]),
    )


def _what(definition: Definition, change: Change, parts: Sequence[Difference]) -> str:
    word = definition.label.lower()
    batch = " in an import or bulk edit" if change.batch_id else ""
    if change.operation == "updated":
        if len(parts) == 1:
            return f"changed {parts[0].label.lower()}{batch}"
        return f"changed {len(parts)} fields{batch}"
    if change.operation == "moved":
        return f"moved this {word}{batch}"
    return f"{change.operation} this {word}{batch}"


def _difference(definition: Definition, part: FieldChange, reader: cells.Reader) -> Difference:
    one = _field(definition, part.field)
    if one is None:
        return Difference(part.label, Cell("text", str(part.old)), Cell("text", str(part.new)))
    old, new = (_one(one, value, part, reader) for value in (part.old, part.new))
    return Difference(part.label, old, new)


def _one(one: Field, value: object, part: FieldChange, reader: cells.Reader) -> Cell:
    record: dict[str, Any] = {one.json_name: value}
    if one.custom:
        record = {"custom": {one.name: value}}
    elif part.currency:
        record[f"{one.name}_currency"] = part.currency
    return cells.cell(one, record, reader)


def _field(definition: Definition, name: str) -> Field | None:
    if name.startswith("custom."):
        return definition.custom_fields.get(name.removeprefix("custom."))
    return definition.by_json.get(name)


HANDLERS = [record_page]
__all__ = ["HANDLERS", "within"]
