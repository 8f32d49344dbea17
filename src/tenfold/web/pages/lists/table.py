"""A list as a table, whole or in groups, which goes on as one scrolls."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from uuid import UUID

import msgspec

from tenfold.engine.access import Access
from tenfold.engine.ask import Ask, Embed
from tenfold.engine.definition import Definition, Field
from tenfold.engine.lanes import MOST, Lane, Others, in_lane, lanes, others_of
from tenfold.engine.query import Page
from tenfold.engine.search import Search
from tenfold.engine.titles import titles
from tenfold.engine.types import Boolean, Choice, Ref, Stage, User
from tenfold.kernel import digits
from tenfold.kernel.errors import Invalid
from tenfold.kernel.language import say, say_n, within
from tenfold.web.pages import cells
from tenfold.web.pages.cells import Cell, Record
from tenfold.web.pages.columns import (
    Column,
    chosen_columns,
    columns_of,
    head_kind,
    head_steps,
    near,
    sort_name,
    spare,
)
from tenfold.web.pages.filters import address
from tenfold.web.pages.frame import Guest
from tenfold.web.pages.lists.lane import OTHERS, plain, spelled
from tenfold.web.pages.lists.question import Question
from tenfold.web.pages.lists.view import record_cell
from tenfold.web.pages.mentions import Mentions
from tenfold.web.pages.reaching import may_change
from tenfold.web.pages.words import number

# A screen shows twenty rows; more come as one nears their end.
_TRAIL, _IN_PAGE, _IN_GROUP = 8, 30, 5
Groups = list[tuple[Lane | None, list[Record]]]


@dataclass(frozen=True, slots=True)
class Row:
    """One record in a table; `edit` is where its cells are changed, empty where they can't be."""

    id: str
    title: Cell
    cells: tuple[Cell, ...]
    version: int
    edit: str


@dataclass(frozen=True, slots=True)
class Section:
    """The records of one group, or of the whole list; `more` is where it goes on."""

    label: Cell | None
    count: str
    rows: tuple[Row, ...]
    more: str


@dataclass(frozen=True, slots=True)
class Table:
    """A table as its template shows it; `place` says where one is who turned pages."""

    head: Column
    columns: tuple[Column, ...]
    sections: tuple[Section, ...]
    editable: tuple[str, ...]
    sorted: bool
    spare: int
    near: int
    place: str
    first: str
    previous: str

    @property
    def rows(self) -> bool:
        """Whether there is anything to show."""
        return any(section.rows for section in self.sections)

    @property
    def width(self) -> int:
        """How many columns there are, with that of the boxes and the empty one."""
        return len(self.columns) + 3


@dataclass(frozen=True, slots=True)
class Listed:
    """What was found: the records in their groups, what ids are called, how many there are."""

    groups: Groups
    names: dict[UUID, str]
    count: str
    problem: str
    page: Page | None
    asked: Ask


async def listed(question: Question, columns: Sequence[Column]) -> Listed:
    """The first records of the list, or of each of its groups."""
    guest, definition = question.guest, question.definition
    asked = replace(
        question.asked,
        fields=fields_of(definition, question.access, columns),
        embeds=embeds_of(guest, definition, columns),
        limit=question.asked.limit if question.asked.words else _IN_PAGE,
        count="capped",
        page=0,
    )
    problem, page = "", None
    if question.group is not None and not asked.words and not asked.cursor:
        found = await grouped(question, replace(asked, limit=_IN_GROUP))
        groups: Groups = [
            (lane, digits.decode(lane.page.data)) for lane in found if lane.page.count
        ]
        count = number_of(
            sum(lane.page.count or 0 for lane, _ in groups if lane),
            question,
            more=any(lane is not None and lane.page.count_kind == "at_least" for lane, _ in groups),
        )
    else:
        try:
            if question.group is not None and question.place.get("lane") == OTHERS:
                asked = in_lane(asked, question.group, await others(question))
            page = await _page(guest, definition, asked)
        except Invalid:  # a cursor of another list, or of other conditions
            problem, asked = (
                say("That page is no more; here is the first."),
                replace(asked, cursor=""),
            )
            page = await _page(guest, definition, asked)
        groups = [(None, digits.decode(page.data))]
        count = counted(page, question)
    names = await names_of(question, columns, groups)
    return Listed(groups, names, count, problem, page, asked)


def table(question: Question, columns: Sequence[Column], found: Listed, inside: str) -> Table:
    """The table of what was found."""
    definition, guest = question.definition, question.guest
    reader = guest.eyes(found.names)
    sorted_by = {s.field.json_name: s.descending for s in question.asked.sorts}
    if not question.given("sort") and question.asked.words:
        sorted_by = {}
    first = definition.title_fields[0]
    head = Column(first, definition.label, head_kind(definition), False, 1, sort_name(first))
    head = replace(head, name="title", steps=head_steps(question.columns))
    place = _place(question, found)
    return Table(
        head=_sortable(head, sorted_by, question),
        columns=tuple(_sortable(c, sorted_by, question) for c in columns),
        sections=tuple(
            _section(question, columns, lane, rows, reader, inside, found)
            for lane, rows in found.groups
        ),
        editable=tuple(_editable(question, c) for c in columns),
        sorted=not question.asked.words,
        spare=spare(definition, columns),
        near=near(definition, columns),
        place=place[0],
        first=place[1],
        previous=place[2],
    )


def shown_columns(question: Question) -> list[Column]:
    """The columns that the person chose, or those worth showing."""
    definition, access = question.definition, question.access
    chosen = chosen_columns(definition, access, question.columns)
    return chosen or columns_of(definition, access)


async def grouped(question: Question, asked: Ask) -> list[Lane]:
    """The list's groups in the order of their values."""
    guest, definition, field = question.guest, question.definition, question.group
    assert field is not None
    query, reader, person = guest.desk.query, guest.reader, guest.person
    values = await _values(guest, field)
    found = await lanes(query, reader, person, definition, asked, field, values)
    kind = field.type
    if not isinstance(kind, Choice):
        return found
    return [one for one in found if one.page.count or _offered(kind, one.value)]


async def others(question: Question) -> Others:
    """All values that have no group of their own; raises Invalid where there is none."""
    field = question.group
    found = others_of(await _values(question.guest, field)) if field else None
    if found is None:
        raise Invalid({"lane": say("That group is no more.")})
    return found


async def _values(guest: Guest, field: Field) -> Sequence[object]:
    """The values of a field in their order."""
    if isinstance(field.type, Choice):
        return field.type.options
    return (True, False) if isinstance(field.type, Boolean) else await people_of(guest)


def _offered(kind: Choice, value: object) -> bool:
    """Whether a value is shown where no record has it; a stage that is hidden is not."""
    return not isinstance(kind, Stage) or value is None or value in kind.offered()


_PEOPLE = """SELECT m.user_id FROM tenfold.members m JOIN tenfold.users u ON u.id = m.user_id
WHERE m.tenant_id = $1 ORDER BY m.active DESC, u.first_name, u.last_name LIMIT $2"""


async def people_of(guest: Guest) -> list[UUID]:
    """The people who may have a lane of their own, those who are active first, and one more."""
    rows = await guest.reader.rows(_PEOPLE, guest.claims.tenant, MOST + 1)
    return [row[0] for row in rows]


async def _page(guest: Guest, definition: Definition, asked: Ask) -> Page:
    """A page of the list, or the best matches within it of the words that were searched for."""
    if not asked.words:
        return await guest.desk.query.page(guest.reader, guest.person, definition, asked)
    search = Search(guest.desk.query)
    found = await search.found(guest.reader, guest.person, definition, asked)
    number = len(msgspec.json.decode(found, type=list[msgspec.Raw]))
    kind = "best" if number == asked.limit else "exact"
    return Page(found, asked.limit, None, has_more=False, count=number, count_kind=kind)


def fields_of(definition: Definition, access: Access, columns: Sequence[Column]) -> tuple[str, ...]:
    """The names of the fields to read: those shown, and what explains and guards them."""
    chosen = {c.field.name for c in columns if not c.field.custom}
    chosen |= {f"{c.field.name}_reasons" for c in columns if c.kind == "score"}
    said = (*definition.title_fields, *definition.naming)
    chosen |= {f.name for f in said if access.sees(f)}
    chosen |= {"version", "owner", "team"}
    if _tells_stuck(definition, access):
        chosen |= {"status", "updated_at"}
    if definition.private and access.sees(definition.fields[definition.private]):
        chosen.add(definition.private)
    if any(c.field.custom for c in columns):
        chosen.add("custom")
    return tuple(sorted(chosen))


def _tells_stuck(definition: Definition, access: Access) -> bool:
    stage = definition.status
    if stage is None or not access.sees(definition.fields["status"]):
        return False
    return any(one.days for one in stage.own.values())


def embeds_of(guest: Guest, definition: Definition, columns: Sequence[Column]) -> tuple[Embed, ...]:
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


async def names_of(
    question: Question, columns: Sequence[Column], groups: Groups
) -> dict[UUID, str]:
    """The names of people and of records of any type that the list mentions, in one query."""
    guest, wanted = question.guest, Mentions()
    shown = [c.field for c in columns]
    for record in (record for _, rows in groups for record in rows):
        wanted.record(shown, record, guest.desk.registry)
    for one in question.asked.conditions:
        wanted.value(one.field, one.value)
    if (field := question.group) is not None and isinstance(field.type, User):
        for lane, _ in groups:
            if lane is not None and not isinstance(lane.value, Others):
                wanted.value(field, lane.value)
    return await titles(guest.desk.query, guest.reader, guest.person, wanted)


def _section(
    question: Question,
    columns: Sequence[Column],
    lane: Lane | None,
    records: Sequence[Record],
    reader: cells.Reader,
    inside: str,
    found: Listed,
) -> Section:
    rows = tuple(_row(question, columns, record, reader, inside) for record in records)
    if lane is None:
        return Section(None, "", rows, _onward(question, found))
    more = "+" if lane.page.count_kind == "at_least" else ""
    cursor = lane.page.next_cursor
    on = _lane_on(question, lane.value, cursor) if cursor else ""
    label = lane_label(question, lane.value, reader)
    return Section(label, f"{number(lane.page.count or 0)}{more}", rows, on)


def lane_address(question: Question, value: object) -> str:
    """The list of one lane alone; empty for that of others, which no conditions say."""
    if isinstance(value, Others):
        return ""
    kept = [p for p in question.pairs if p[0] not in ("group", "saved")]
    return question.address([*kept, _narrowing(question, value)])


def _lane_on(question: Question, value: object, cursor: str) -> str:
    """Where a group goes on: in the view that is open, whose columns its rows have."""
    if isinstance(value, Others):
        return question.link(lane=OTHERS, cursor=cursor)
    kept = [p for p in question.pairs if p[0] != "group"]
    return question.address([*kept, _narrowing(question, value), ("cursor", cursor)])


def _narrowing(question: Question, value: object) -> tuple[str, str]:
    """The condition that narrows a list to one of its lanes."""
    field = question.group
    assert field is not None
    name = field.json_path
    return (f"{name}[null]", "true") if value is None else (name, spelled(value))


def lane_label(question: Question, value: object, reader: cells.Reader) -> Cell:
    """What a lane is called."""
    field = question.group
    assert field is not None
    if isinstance(value, Others):
        return Cell("text", say("Others"))
    if value is None:
        return Cell("text", say("No %(field)s", field=within(field.label)))
    held = {field.json_name: plain(value)}
    cell = cells.cell(field, {"custom": held} if field.custom else held, reader)
    return cell if cell.text else Cell("text", say("Somebody"))


def _row(
    question: Question,
    columns: Sequence[Column],
    record: Record,
    reader: cells.Reader,
    inside: str,
) -> Row:
    definition = question.definition
    shown = tuple(cells.cell(c.field, record, reader) for c in columns)
    able = not question.asked.deleted and may_change(question.guest, definition, record)
    return Row(
        str(record["id"]),
        record_cell(question, record, inside),
        shown,
        int(record.get("version") or 0),
        f"{question.path}/{record['id']}/fields/" if able else "",
    )


def _editable(question: Question, column: Column) -> str:
    """The name under which a column's cells are changed; empty where they can't be."""
    one = column.field
    if not question.access.sets(one) or one.type.kind in ("many", "file"):
        return ""
    return column.name


def _sortable(column: Column, sorted_by: dict[str, bool], question: Question) -> Column:
    """The column with the address that sorts by it; a second click turns the order."""
    if not column.sort:
        return column
    now = sorted_by.get(column.sort)
    # Texts begin with A, amounts and dates with the largest: what one mostly wants.
    first = "" if column.kind.partition(" ")[0] in ("title", "text", "email") else "-"
    other = "" if first else "-"
    turn = first if now is None else (other if now is (first == "-") else first)
    keys = [k for k in question.given("sort").split(",") if k]
    kept = [k for k in keys if k.lstrip("-") != column.sort]
    also = ",".join([*kept, f"{turn}{column.sort}"][-3:]) if kept else ""
    direction = "" if now is None else "descending" if now else "ascending"
    link = question.link(sort=f"{turn}{column.sort}")
    return replace(
        column,
        sort=link,
        direction=direction,
        also=question.link(sort=also) if also else "",
    )


def _onward(question: Question, found: Listed) -> str:
    """Where the list goes on, the trail of cursors behind it in the address."""
    page = found.page
    if page is None or not page.next_cursor:
        return ""
    cursor, trail, number = _trail(question, found)
    back = ",".join([*trail, cursor or "-"][-_TRAIL:])
    place = [("cursor", page.next_cursor), ("back", back), ("n", str(max(number, 1) + 1))]
    lane = [("lane", question.place.get("lane", ""))]
    return address(question.path, [*question.pairs, *lane, *place])


def _place(question: Question, found: Listed) -> tuple[str, str, str]:
    """Where one is who turned pages: in words, the first page, the one before."""
    page = found.page
    cursor, trail, step = _trail(question, found)
    if page is None or not cursor:
        return "", "", ""
    shown = sum(len(rows) for _, rows in found.groups)
    start = (step - 1) * page.limit
    text = f"{number(start + 1)}\u2013{number(start + shown)}" if shown else ""
    first, previous = address(question.path, question.pairs), ""
    if trail:
        last = trail[-1]
        where = [] if last == "-" else [("cursor", last), ("back", ",".join(trail[:-1]))]
        count = [("n", str(step - 1))] if where else []
        previous = address(question.path, [*question.pairs, *where, *count])
    return text, first, previous


def _trail(question: Question, found: Listed) -> tuple[str, list[str], int]:
    given = question.place if found.asked.cursor else {}
    number = given.get("n", "1")
    place = int(number[:6]) if number.isascii() and number.isdigit() else 1
    trail = [c for c in given.get("back", "").split(",") if c][-_TRAIL:]
    return given.get("cursor", ""), trail, place


def counted(page: Page, question: Question) -> str:
    """How many records the list has, as far as they were counted."""
    if page.count is None:
        return ""
    if page.count_kind == "best":
        return say_n("%(n)s best match", "%(n)s best matches", page.count, n=number(page.count))
    return number_of(page.count, question, more=page.count_kind == "at_least")


def number_of(count: int, question: Question, *, more: bool) -> str:
    """A number of the type's records in words."""
    definition = question.definition
    what = within(definition.label if count == 1 else definition.label_plural)
    figure = f"{number(count)}{'+' if more else ''}"
    if question.asked.deleted:
        return say("%(n)s deleted %(types)s", n=figure, types=what)
    return f"{figure} {what}"


__all__ = ["Listed", "Table", "listed", "shown_columns", "table"]
