"""A list as a calendar: a month, a week or a day, by one of its dates."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from babel.dates import format_skeleton

from tenfold.engine.ask import Sort
from tenfold.engine.definition import Field
from tenfold.engine.lanes import Lane, stretches
from tenfold.kernel import digits
from tenfold.kernel.language import mark, say
from tenfold.web.pages import cells, hues, words
from tenfold.web.pages.cells import Cell, Record
from tenfold.web.pages.columns import Column
from tenfold.web.pages.filters import address
from tenfold.web.pages.lists.question import Question
from tenfold.web.pages.lists.table import Listed, embeds_of, fields_of, names_of, number_of
from tenfold.web.pages.lists.view import Way, record_cell
from tenfold.web.pages.reaching import may_change

MONTH, WEEK, DAY = "month", "week", "day"
_SPANS = {MONTH: mark("Month"), WEEK: mark("Week"), DAY: mark("Day")}
_MOST = {MONTH: 4, WEEK: 60, DAY: 200}
_QUARTER = 15
# The first day of the week where that is Sunday (CLDR's territories of our users, else Monday).
_SUNDAY = frozenset(["US", "CA", "MX", "BR", "JP", "IN", "KR", "TW", "HK", "IL", "PH", "ZA", "AU"])


@dataclass(frozen=True, slots=True)
class Entry:
    """One record on its day: `start` and `long` are in quarters of an hour, -1 and 0 of a day
    that has no hours; `column` of `columns` is its place beside others of the same time."""

    id: str
    title: Cell
    time: str
    hue: str
    version: int
    move: str
    start: int
    long: int
    column: int = 1
    columns: int = 1


@dataclass(frozen=True, slots=True)
class Day:
    """One day of the calendar."""

    date: str
    number: str
    name: str
    title: str
    today: bool
    outside: bool
    entries: tuple[Entry, ...]
    more: int
    href: str
    add: str
    now: int
    """The quarter of an hour that it is now, -1 of other days and where no hours are shown."""


@dataclass(frozen=True, slots=True)
class Calendar:
    """A calendar as its template shows it."""

    span: str
    title: str
    spans: tuple[Way, ...]
    before: str
    after: str
    today: str
    names: tuple[str, ...]
    days: tuple[Day, ...]
    hours: tuple[str, ...]
    timed: bool
    field: str


async def calendar(
    question: Question, columns: Sequence[Column], inside: str
) -> tuple[Calendar, Listed]:
    """The days of a month or a week, or one day, with what is on them."""
    guest, definition, field = question.guest, question.definition, question.day
    assert field is not None
    today = guest.now.astimezone(guest.zone).date()
    span = question.given("span") if question.given("span") in _SPANS else MONTH
    on = _day(question.given("on"), today)
    first, number = _stretch(span, on, guest.who.home)
    days = [first + timedelta(days=n) for n in range(number)]
    fields = {*fields_of(definition, question.access, columns[:2]), field.name, "status"}
    fields |= {end.name} if (end := definition.end_of(field)) else set()
    asked = replace(
        question.asked,
        fields=tuple(sorted(f for f in fields if f in definition.fields)),
        embeds=embeds_of(guest, definition, columns[:2]),
        sorts=(Sort(field, descending=False),),
        limit=_MOST[span],
        page=0,
    )
    bounds = [_bound(field, one, guest.zone) for one in [*days, days[-1] + timedelta(days=1)]]
    query, reader, person = guest.desk.query, guest.reader, guest.person
    lanes = await stretches(query, reader, person, definition, asked, field, bounds)
    rows: list[list[Record]] = [digits.decode(lane.page.data) for lane in lanes]
    groups: list[tuple[Lane | None, list[Record]]] = [(None, found) for found in rows]
    names = await names_of(question, columns[:2], groups)
    eyes = guest.eyes(names)
    made = [
        _shown(question, field, one, lane, found, eyes, inside, today, on, span)
        for one, lane, found in zip(days, lanes, rows, strict=True)
    ]
    more = any(lane.page.count_kind == "at_least" for lane in lanes)
    count = number_of(sum(lane.page.count or 0 for lane in lanes), question, more=more)
    view = Calendar(
        span=span,
        title=_title(span, on, days, guest.who.home),
        spans=tuple(
            Way(say(label), question.link(span=name), here=name == span)
            for name, label in _SPANS.items()
        ),
        before=question.link(on=_next(span, on, -1).isoformat()),
        after=question.link(on=_next(span, on, 1).isoformat()),
        today=question.link(on=""),
        names=tuple(_name(one) for one in days[:7]) if span == MONTH else (),
        days=tuple(made),
        hours=tuple(
            words.clock(datetime.combine(on, time(hour)), guest.who.home) for hour in range(24)
        ),
        timed=field.type.kind == "datetime" and span != MONTH,
        field=field.json_name,
    )
    return view, Listed(groups, names, count, "", None, asked)


def _day(text: str, today: date) -> date:
    try:
        found = date.fromisoformat(text)
    except ValueError:
        return today
    return found if 1900 < found.year < 2200 else today


def _stretch(span: str, on: date, region: str) -> tuple[date, int]:
    """The first day that is shown, and how many are."""
    if span == DAY:
        return on, 1
    if span == WEEK:
        return _week(on, region), 7
    first = _week(on.replace(day=1), region)
    last = (on.replace(day=28) + timedelta(days=4)).replace(day=1) - timedelta(days=1)
    weeks = ((last - first).days // 7) + 1
    return first, weeks * 7


def _week(on: date, region: str) -> date:
    """The first day of a day's week."""
    back = (on.weekday() + 1) % 7 if region in _SUNDAY else on.weekday()
    return on - timedelta(days=back)


def _next(span: str, on: date, way: int) -> date:
    if span == MONTH:
        month = on.year * 12 + on.month - 1 + way
        return date(month // 12, month % 12 + 1, 1)
    return on + timedelta(days=way * (7 if span == WEEK else 1))


def _title(span: str, on: date, days: Sequence[date], region: str) -> str:
    if span == MONTH:
        return format_skeleton("yMMMM", on, locale=words.formats(region).locale)
    if span == DAY:
        return words.full_day(on, region)
    return f"{words.written(days[0], region)} \u2013 {words.written(days[-1], region)}"


def _name(day: date) -> str:
    """A day of the week, short."""
    return words.formats("").locale.days["format"]["abbreviated"][day.weekday()]


def _bound(field: Field, day: date, zone: ZoneInfo) -> object:
    """Where a day begins, as the field's column stores it."""
    if field.type.kind == "date":
        return day
    return datetime.combine(day, time(), zone).astimezone(UTC)


def _shown(
    question: Question,
    field: Field,
    one: date,
    lane: Lane,
    records: Sequence[Record],
    eyes: cells.Reader,
    inside: str,
    today: date,
    on: date,
    span: str,
) -> Day:
    entries = [_entry(question, field, record, eyes, inside) for record in records]
    path, day = question.path, one.isoformat()
    begin = f"{day}T09:00" if field.type.kind == "datetime" else day
    there = question.guest.now.astimezone(question.guest.zone)
    timed = one == today and span != MONTH and field.type.kind == "datetime"
    return Day(
        date=day,
        number=str(one.day),
        name=_name(one),
        title=words.full_day(one, question.guest.who.home),
        today=one == today,
        outside=span == MONTH and one.month != on.month,
        entries=tuple(_beside(entries) if span != MONTH else entries),
        more=max(0, (lane.page.count or 0) - len(records)),
        href=question.link(span=DAY, on=day),
        add=address(f"{path}/new", [(field.json_name, begin)]) if question.access.create else "",
        now=(there.hour * 60 + there.minute) // _QUARTER if timed else -1,
    )


def _entry(
    question: Question, field: Field, record: Record, eyes: cells.Reader, inside: str
) -> Entry:
    definition = question.definition
    stage = definition.status
    value: Any = record.get("status")
    hue = hues.of(stage, str(value)) if stage and value else "plain"
    at, start, long = "", -1, 0
    if field.type.kind == "datetime":
        moment = words.moment_of(str(record.get(field.json_name)))
        if moment is not None:
            there = words.there(moment, eyes.zone)
            at, start = (
                words.clock(there, eyes.region),
                (there.hour * 60 + there.minute) // _QUARTER,
            )
            last = definition.end_of(field)
            end = words.moment_of(str(record.get(last.json_name) or "")) if last else None
            minutes = (end - moment).total_seconds() / 60 if end else 30
            long = max(2, min(96 - start, round(minutes / _QUARTER)))
    able = question.access.sets(field) and may_change(question.guest, definition, record)
    return Entry(
        str(record["id"]),
        record_cell(question, record, inside),
        at,
        hue,
        int(record.get("version") or 0),
        f"{question.path}/{record['id']}/day" if able else "",
        start,
        long,
    )


def _beside(entries: Sequence[Entry]) -> list[Entry]:
    """The entries of a day, those of the same time beside one another, four at most."""
    made: list[Entry] = []
    cluster: list[tuple[Entry, int]] = []
    ends: list[int] = []

    def close() -> None:
        made.extend(replace(e, column=c + 1, columns=min(4, len(ends))) for e, c in cluster)
        cluster.clear()
        ends.clear()

    for one in entries:
        if ends and one.start >= max(ends):
            close()
        free = next((n for n, end in enumerate(ends) if end <= one.start), len(ends))
        free = min(free, 3)
        if free < len(ends):
            ends[free] = one.start + one.long
        else:
            ends.append(one.start + one.long)
        cluster.append((one, free))
    close()
    return made
