"""The table of a record type: filters, sort, search, paging by cursor."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from uuid import UUID

import msgspec
from litestar import get
from litestar.response.base import ASGIResponse

from tenfold.engine import ask as asking
from tenfold.engine.access import Access
from tenfold.engine.ask import Ask, Embed
from tenfold.engine.definition import Definition
from tenfold.engine.query import Page
from tenfold.engine.search import Search
from tenfold.engine.titles import USER, suggest, titles
from tenfold.engine.types import Ref, User
from tenfold.kernel import digits
from tenfold.kernel.errors import Invalid
from tenfold.kernel.ids import parse_id
from tenfold.kernel.text import plural
from tenfold.web.api.requests import pairs as read_pairs
from tenfold.web.desk import desk_of
from tenfold.web.pages import cells, filters, render
from tenfold.web.pages.cells import Cell, Record
from tenfold.web.pages.columns import Column, columns_of, head_kind, near, sort_name, spare
from tenfold.web.pages.door import signed_in
from tenfold.web.pages.filters import Builder, Chip, Pairs, address, without_place
from tenfold.web.pages.frame import Guest, frame, visiting
from tenfold.web.pages.mentions import Mentions
from tenfold.web.pages.session import Req, routed

_TRAIL = 8


@dataclass(frozen=True, slots=True)
class Row:
    """One record in a table."""

    id: str
    title: Cell
    cells: tuple[Cell, ...]


@dataclass(frozen=True, slots=True)
class Pager:
    """Where one is in a list, and the ways on and back; empty where there is none."""

    text: str
    next: str = ""
    previous: str = ""
    first: str = ""


@dataclass(frozen=True, slots=True)
class Table:
    """A list as its template shows it."""

    path: str
    type: str
    label: str
    label_one: str
    icon: str
    title: Column
    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    chips: tuple[Chip, ...]
    builder: Builder | None
    pager: Pager
    count: str
    words: str
    kept: Pairs
    clear: str
    unsearched: str
    problem: str
    may_create: bool
    deleted: bool
    bin: str
    doc: str
    choosing: bool
    spare: int
    near: int
    shared: str


@get("/{plural:str}")
async def table_page(request: Req, plural: str) -> ASGIResponse:
    """The table of a type; htmx gets the list alone."""
    routed(request, "page-list")
    shipped = desk_of(request).shipped(plural)
    claims = await signed_in(request)
    pairs = read_pairs(request.scope["query_string"])
    async with visiting(request, claims) as guest:
        definition = await guest.tailored(shipped)
        access = guest.person.access(definition)
        access.need("read", definition)
        given = dict(pairs)
        if "add_field" in given and "choose" not in given:
            return render.to(request, await _with_filter(guest, definition, access, pairs))
        view = await _table(guest, definition, access, pairs)
        around = frame(guest, definition.label_plural)
    if render.wants(request, "list"):
        return render.partial(request, "parts/list.html", table=view)
    return render.page(request, "list.html", around, table=view)


@get("/{plural:str}/filter")
async def filter_form(request: Req, plural: str, add_field: str = "") -> ASGIResponse:
    """The operators and values of a field, for the form that adds a filter."""
    routed(request, "page-filter")
    shipped = desk_of(request).shipped(plural)
    claims = await signed_in(request)
    async with visiting(request, claims) as guest:
        definition = await guest.tailored(shipped)
        access = guest.person.access(definition)
        access.need("read", definition)
    built = filters.builder(definition, access, add_field, (), f"/{definition.path}")
    return render.partial(request, "parts/filter_value.html", builder=built)


async def _table(guest: Guest, definition: Definition, access: Access, pairs: Pairs) -> Table:
    path = f"/{definition.path}"
    problem = ""
    choosing = dict(pairs).get("add_field")
    pairs = [p for p in pairs if p[0] != "choose" and not p[0].startswith("add_")]
    columns = columns_of(definition, access)
    known = [p for p in pairs if p[0] not in ("back", "n") and p[1] != ""]
    try:
        asked = asking.parse(known, definition, access, guest.locale)
    except Invalid as error:
        problem = f"This could not be used, so it was left out: {error.message}."
        pairs = []
        asked = asking.parse((), definition, access, guest.locale)
    asked = replace(
        asked,
        fields=_fields(definition, access, columns),
        embeds=_embeds(guest, definition, columns),
        count="capped",
        page=0,
    )
    try:
        page = await _page(guest, definition, asked)
    except Invalid:  # a cursor of another list, or of other filters
        problem, asked = "That page is no more; here is the first.", replace(asked, cursor="")
        pairs = without_place(pairs)
        page = await _page(guest, definition, asked)
    records: list[Record] = digits.decode(page.data)
    names = await _names(guest, asked, columns, records)
    reader = guest.eyes(names)
    sorted_by = {s.field.json_name: s.descending for s in asked.sorts}
    first = definition.title_fields[0]
    head = Column(first, definition.label, head_kind(definition), False, 1, sort_name(first))
    return Table(
        path=path,
        type=definition.path,
        label=definition.label_plural,
        label_one=definition.label,
        icon=definition.icon,
        title=_sortable(head, sorted_by, path, pairs),
        columns=tuple(_sortable(c, sorted_by, path, pairs) for c in columns),
        rows=tuple(_row(definition, columns, record, reader, asked.deleted) for record in records),
        chips=tuple(filters.chips(asked, pairs, path, reader)),
        builder=filters.builder(definition, access, choosing or "", pairs, path),
        pager=_pager(page, len(records), path, pairs),
        count=_count(page, definition, asked),
        words=asked.words,
        kept=[p for p in without_place(pairs) if p[0] != "q"],
        clear=address(path, [p for p in pairs if p[0] in ("sort", "deleted", "q")]),
        unsearched=address(path, [p for p in without_place(pairs) if p[0] != "q"]),
        problem=problem,
        may_create=access.create,
        deleted=asked.deleted,
        bin=path if asked.deleted else f"{path}?deleted=true",
        doc=definition.doc,
        choosing=choosing is not None,
        spare=spare(definition, columns),
        near=near(definition, columns),
        shared=_shared_with_me(guest, definition, asked, path, pairs),
    )


def _shared_with_me(
    guest: Guest, definition: Definition, asked: Ask, path: str, pairs: Pairs
) -> str:
    """Where the list is narrowed to what was shared with the person; empty for nothing."""
    if asked.mine is not None or definition.name not in guest.person.shared:
        return ""
    return address(path, [*without_place(pairs), (asking.SHARED, "me")])


async def _page(guest: Guest, definition: Definition, asked: Ask) -> Page:
    """A page of the list, or the best matches within it of the words that were searched for."""
    if not asked.words:
        return await guest.desk.query.page(guest.reader, guest.person, definition, asked)
    try:
        found = await Search(guest.desk.query).records(
            guest.reader, guest.person, definition, asked.words, asked.limit, asked
        )
    except Invalid:
        found = b"[]"
    number = len(msgspec.json.decode(found, type=list[msgspec.Raw]))
    kind = "best" if number == asked.limit else "exact"
    return Page(found, asked.limit, None, has_more=False, count=number, count_kind=kind)


def _fields(definition: Definition, access: Access, columns: Sequence[Column]) -> tuple[str, ...]:
    """The names of the fields to read: those shown, and what explains them."""
    chosen = {c.field.name for c in columns if not c.field.custom}
    chosen |= {f"{c.field.name}_reasons" for c in columns if c.kind == "score"}
    said = (*definition.title_fields, *definition.naming)
    chosen |= {f.name for f in said if access.sees(f)}
    if any(c.field.custom for c in columns):
        chosen.add("custom")
    return tuple(sorted(chosen))


def _embeds(guest: Guest, definition: Definition, columns: Sequence[Column]) -> tuple[Embed, ...]:
    """The relations that are shown by name, where the person may read the other type."""
    registry, person = guest.desk.registry, guest.person
    shown = {c.field.name: c.field for c in columns}
    holder = definition.fields.get(definition.belongs_to)
    named = [f for f in (holder, *definition.naming) if f and person.access(definition).sees(f)]
    shown |= {f.name: f for f in named}
    return tuple(
        Embed(name)
        for name, one in shown.items()
        if isinstance(one.type, Ref) and person.access(registry.by_name[one.type.to]).read != "none"
    )


async def _names(
    guest: Guest, asked: Ask, columns: Sequence[Column], records: Sequence[Record]
) -> dict[UUID, str]:
    """The names of people and of records of any type that the table mentions, in one query."""
    wanted = Mentions()
    shown = [c.field for c in columns]
    for record in records:
        wanted.record(shown, record, guest.desk.registry)
    for one in asked.filters:
        wanted.value(one.field, one.value)
    return await titles(guest.desk.query, guest.reader, guest.person, wanted)


def _row(
    definition: Definition,
    columns: Sequence[Column],
    record: Record,
    reader: cells.Reader,
    deleted: bool,
) -> Row:
    title = cells.record_cell(definition, record, reader.registry)
    if deleted:
        title = replace(title, href=f"{title.href}?deleted=true")
    shown = tuple(cells.cell(c.field, record, reader) for c in columns)
    return Row(str(record["id"]), title, shown)


def _sortable(column: Column, sorted_by: dict[str, bool], path: str, pairs: Pairs) -> Column:
    """The column with the address that sorts by it; a second click turns the order."""
    if not column.sort:
        return column
    now = sorted_by.get(column.sort)
    # Texts begin with A, amounts and dates with the largest: what one mostly wants.
    first = "" if column.kind.partition(" ")[0] in ("title", "text", "email") else "-"
    other = "" if first else "-"
    turn = first if now is None else (other if now is (first == "-") else first)
    rest = [p for p in without_place(pairs) if p[0] != "sort"]
    direction = "" if now is None else "descending" if now else "ascending"
    link = address(path, [*rest, ("sort", f"{turn}{column.sort}")])
    return replace(column, sort=link, direction=direction)


def _pager(page: Page, shown: int, path: str, pairs: Pairs) -> Pager:
    """The way on by the cursor, and back by the trail of cursors in the address."""
    given = dict(pairs)
    rest = without_place(pairs)
    number = given.get("n", "1")
    place = int(number[:6]) if number.isascii() and number.isdigit() else 1
    cursor = given.get("cursor", "")
    trail = [c for c in given.get("back", "").split(",") if c][-_TRAIL:]
    start = (place - 1) * page.limit if cursor else 0
    text = f"{start + 1:,}\u2013{start + shown:,}" if shown else ""
    onward = previous = first = ""
    if page.next_cursor:
        back = ",".join([*trail, cursor or "-"][-_TRAIL:])
        onward = address(
            path,
            [*rest, ("cursor", page.next_cursor), ("back", back), ("n", str(max(place, 1) + 1))],
        )
    if cursor:
        first = address(path, rest)
        if trail:
            last = trail[-1]
            where = [] if last == "-" else [("cursor", last), ("back", ",".join(trail[:-1]))]
            count = [("n", str(place - 1))] if where else []
            previous = address(path, [*rest, *where, *count])
    return Pager(text, onward, previous, first)


def _count(page: Page, definition: Definition, asked: Ask) -> str:
    if page.count is None:
        return ""
    if page.count_kind == "best":
        return plural(page.count, "best match", "best matches")
    one, many = definition.label.lower(), definition.label_plural.lower()
    more = "+" if page.count_kind == "at_least" else ""
    said = plural(page.count, one, many).split(" ", 1)
    deleted = "deleted " if asked.deleted else ""
    return f"{said[0]}{more} {deleted}{said[1]}"


async def _with_filter(guest: Guest, definition: Definition, access: Access, pairs: Pairs) -> str:
    """The address of the list with the filter that the form asks for."""
    given = dict(pairs)
    rest = [p for p in pairs if not p[0].startswith("add_")]
    field, value = given["add_field"], given.get("add_value", "")
    many = [v for name, v in pairs if name == "add_value" and v]
    operator = given.get("add_operator", "eq")
    if len(many) > 1:
        value, operator = ",".join(many), "in"
    one = definition.by_json.get(field)
    if one is not None and isinstance(one.type, Ref | User) and parse_id(value) is None:
        value = await _id_of(guest, getattr(one.type, "to", USER), value)
    made = filters.added(
        definition, access, rest, field=field, operator=operator, value=value, zone=guest.zone
    )
    return address(f"/{definition.path}", made)


async def _id_of(guest: Guest, kind: str, text: str) -> str:
    """The id of the record or person that a title names, or the text as it is."""
    found = await suggest(guest.desk.query, guest.reader, guest.person, [kind], text, most=1)
    return str(found[0].id) if found and text.strip() else text


HANDLERS = [table_page, filter_form]
