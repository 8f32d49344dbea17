"""A list as a board: a lane for each stage, cards that are moved from one to another."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from tenfold.engine.ask import Ask
from tenfold.engine.definition import Field
from tenfold.engine.lanes import Lane, in_lane
from tenfold.engine.types import Stage, User
from tenfold.kernel import digits
from tenfold.web.pages import cells, hues, words
from tenfold.web.pages.cells import Cell, Record
from tenfold.web.pages.columns import Column
from tenfold.web.pages.lists.lane import BARE, OTHERS, meant, spelled
from tenfold.web.pages.lists.question import Question
from tenfold.web.pages.lists.table import (
    Listed,
    embeds_of,
    fields_of,
    grouped,
    lane_address,
    lane_label,
    names_of,
    number_of,
    others,
)
from tenfold.web.pages.lists.view import record_cell
from tenfold.web.pages.reaching import may_change

# A screen shows eight cards of a lane; what follows comes by more at a time.
_FACTS, _CARDS, _MORE = 3, 12, 24


@dataclass(frozen=True, slots=True)
class Card:
    """One record on a board; `moves` are the lanes it may go to, separated by blanks.

    It is `fixed` where this person moves other cards and may not move this one.
    """

    id: str
    title: Cell
    facts: tuple[Cell, ...]
    who: Cell
    version: int
    lane: str
    moves: str
    move: str
    stuck: str
    fixed: bool = False


@dataclass(frozen=True, slots=True)
class Pile:
    """One lane of a board."""

    id: str
    label: Cell
    hue: str
    count: str
    cards: tuple[Card, ...]
    more: str
    alone: str


@dataclass(frozen=True, slots=True)
class Board:
    """A board as its template shows it; `figures` is where the lanes' sums are asked for."""

    field: str
    lanes: tuple[Pile, ...]
    figures: str


async def board(question: Question, columns: Sequence[Column], inside: str) -> tuple[Board, Listed]:
    """The first cards of each lane."""
    guest, field = question.guest, question.group
    assert field is not None
    shown = [c for c in columns if c.field.name != field.name]
    asked = _asked(question, shown, field)
    found = await grouped(question, asked)
    records = [(lane, _records(lane)) for lane in found]
    groups: list[tuple[Lane | None, list[Record]]] = [*records]
    names = await names_of(question, shown, groups)
    reader = guest.eyes(names)
    lanes = tuple(_lane(question, lane, rows, shown, reader, inside) for lane, rows in records)
    figures = question.link(figures="1") if money_of(question) and not field.custom else ""
    made = Board(field.json_path, lanes, figures)
    more = any(lane.page.count_kind == "at_least" for lane in found)
    count = number_of(sum(lane.page.count or 0 for lane in found), question, more=more)
    return made, Listed(groups, names, count, "", None, asked)


async def lane_on(question: Question, columns: Sequence[Column], text: str, inside: str) -> Pile:
    """One lane from a cursor on; raises Invalid where there is no such lane."""
    guest, definition, field = question.guest, question.definition, question.group
    assert field is not None
    shown = [c for c in columns if c.field.name != field.name]
    value = await _value(question, field, text)
    asked = replace(in_lane(_asked(question, shown, field), field, value), limit=_MORE, count="")
    page = await guest.desk.query.page(guest.reader, guest.person, definition, asked)
    lane = Lane(value, page)
    rows = _records(lane)
    names = await names_of(question, shown, [(lane, rows)])
    return _lane(question, lane, rows, shown, guest.eyes(names), inside)


async def _value(question: Question, field: Field, text: str) -> object:
    if text == OTHERS:
        return await others(question)
    return meant(field, "" if text == BARE else text, question.guest.locale)


def money_of(question: Question) -> Field | None:
    """The amount that a lane's sum is of: the first that lists are sorted or filtered by."""
    amounts = [
        f
        for f in question.definition.own_fields()
        if f.type.kind == "money" and question.access.sees(f) and f.type.operators
    ]
    return next((f for f in amounts if f.sort or f.filter), amounts[0] if amounts else None)


def _asked(question: Question, shown: Sequence[Column], field: Field) -> Ask:
    fields = {*fields_of(question.definition, question.access, shown)}
    fields.add("custom" if field.custom else field.name)
    return replace(
        question.asked,
        fields=tuple(sorted(fields)),
        embeds=embeds_of(question.guest, question.definition, shown),
        limit=_CARDS,
        page=0,
    )


def _records(lane: Lane) -> list[Record]:
    return digits.decode(lane.page.data)


def _lane(
    question: Question,
    lane: Lane,
    records: Sequence[Record],
    columns: Sequence[Column],
    reader: cells.Reader,
    inside: str,
) -> Pile:
    field = question.group
    assert field is not None
    more = "+" if lane.page.count_kind == "at_least" else ""
    identity = spelled(lane.value)
    hue = ""
    if isinstance(field.type, Stage):
        hue = hues.of(field.type, identity)
    cursor = lane.page.next_cursor
    on = question.link(lane=identity or BARE, cursor=cursor) if cursor else ""
    return Pile(
        identity,
        lane_label(question, lane.value, reader),
        hue,
        f"{words.number(lane.page.count)}{more}" if lane.page.count is not None else "",
        tuple(_card(question, record, columns, reader, identity, inside) for record in records),
        on,
        lane_address(question, lane.value),
    )


def _card(
    question: Question,
    record: Record,
    columns: Sequence[Column],
    reader: cells.Reader,
    lane: str,
    inside: str,
) -> Card:
    field, definition = question.group, question.definition
    assert field is not None
    path = f"{question.path}/{record['id']}"
    moving = question.access.sets(field) and not question.asked.deleted
    able = moving and may_change(question.guest, definition, record)
    people = next((c for c in columns if c.field.name in ("assignee", "owner")), None)
    rest = (c for c in columns if c is not people and not isinstance(c.field.type, User))
    filled = (c for c in (cells.cell(one.field, record, reader) for one in rest) if c.text)
    facts = [cell for cell, _ in zip(filled, range(_FACTS), strict=False)]
    return Card(
        id=str(record["id"]),
        title=record_cell(question, record, inside),
        facts=tuple(facts),
        who=cells.cell(people.field, record, reader) if people else Cell(),
        version=int(record.get("version") or 0),
        lane=lane,
        moves=" ".join(open_to(field, lane)) if able else "",
        move=f"{path}/lane" if able else "",
        stuck=cells.stuck(field.type, record, reader.now) if isinstance(field.type, Stage) else "",
        fixed=moving and question.access.update != "none" and not able,
    )


def open_to(field: Field, now: str) -> list[str]:
    """The lanes that a card may go to; `*` for any."""
    if not isinstance(field.type, Stage):
        return ["*"]
    return [to for to in field.type.offered() if to != now and field.type.may_move(now, to)]
