"""Samples of lists: a table and what surrounds it, a board, a calendar, hits."""

from __future__ import annotations

from dataclasses import dataclass, replace

from tenfold.kernel.language import say
from tenfold.web.pages import cells
from tenfold.web.pages.cells import Cell
from tenfold.web.pages.columns import Column
from tenfold.web.pages.components import values
from tenfold.web.pages.components.apart import SAMPLE
from tenfold.web.pages.components.forms import options
from tenfold.web.pages.components.values import LONG, RIGHT_TO_LEFT, chip, money, person, record
from tenfold.web.pages.filters import Builder
from tenfold.web.pages.followers import Named
from tenfold.web.pages.home import Hit, Hits
from tenfold.web.pages.lists.board import Board, Card, Pile
from tenfold.web.pages.lists.calendar import Calendar, Day, Entry
from tenfold.web.pages.lists.said import Said
from tenfold.web.pages.lists.table import Row, Section, Table
from tenfold.web.pages.lists.view import Around, Shown, SortKey, ViewLine, Views, Way
from tenfold.web.pages.palette import Choice, Choices


@dataclass(frozen=True, slots=True)
class Lists:
    """What the sections of lists show."""

    around: Around
    table: Table
    one: Table
    grouped: Table
    odd: Table
    chosen: tuple[str, ...]
    new: Around
    mine: Around
    filtered: Around
    searched: Around
    refused: Around
    bin: Around
    board: Board
    figures: dict[str, str]
    month: Calendar
    day: Calendar
    hits: tuple[Hits, ...]
    palette: tuple[Choices, ...]
    people: tuple[Named, ...]
    tabs: tuple[tuple[str, str, bool], ...]


def lists(eyes: cells.Reader) -> Lists:
    """The samples."""
    rows = _rows(eyes)
    around = _around()
    whole = _table(eyes, Section(None, "", rows, SAMPLE))
    won = Section(chip("Won", "green"), "2", rows[:2], "")
    lost = Section(chip("Lost", "red"), "1", rows[2:3], SAMPLE)
    namesakes = (Hit(record("Zoë Ünal", 1), "zoe@example.com"), Hit(record(LONG, 8), LONG))
    bare = replace(around, sentence=(), words="", count="", may_create=True)
    paged = replace(whole, place="51\u2013100", first=SAMPLE, previous=SAMPLE)
    return Lists(
        around=around,
        table=paged,
        one=_table(eyes, Section(None, "", rows[:1], "")),
        grouped=replace(_table(eyes, won), sections=(won, lost)),
        odd=_table(eyes, Section(None, "", _odd(eyes), "")),
        chosen=tuple(row.id for row in rows[:2]),
        new=bare,
        mine=replace(bare, may_create=False, sees_all=False),
        refused=replace(bare, refused=True),
        filtered=replace(around, words=""),
        searched=replace(around, words="zzzz"),
        bin=replace(bare, deleted=True),
        board=_board(eyes),
        figures={"new": "", "working": "", "won": ""},
        month=_calendar(timed=False),
        day=_calendar(timed=True),
        hits=(
            Hits("Leads", "user-plus", namesakes, SAMPLE),
            Hits("Listings", "house", (Hit(record("12 River Road", 5, "house")),), ""),
        ),
        palette=_palette(),
        people=(
            Named("1", "Ada Byron", "ada@example.com", "AB", "p3"),
            Named("2", RIGHT_TO_LEFT, "agent", "عخ", "p5"),
        ),
        tabs=((SAMPLE, "Members", True), (SAMPLE, "Invitations", False)),
    )


def _rows(eyes: cells.Reader) -> tuple[Row, ...]:
    given = (
        ("Zoë Ünal", chip("New", "grey"), 1_250_000, 54, 2),
        ("Kenji Abe", chip("Working", "blue", say("%(n)s points", n=9)), 640_000, 88, -1),
        ("Ada Byron", chip("Won", "green"), 985_000, 100, -9),
        ("Ben Okri", chip("Lost", "red"), 410_000, 8, -400),
    )
    return tuple(
        Row(
            f"row-{number}",
            record(name, number),
            (
                stage,
                money(amount, eyes.currency),
                values.score(score),
                Cell("link", f"{name.split()[0].lower()}@example.com", "mailto:a@example.com"),
                person("Ada Byron", 3),
                values.moment(eyes, days=days),
            ),
            1,
            "",
        )
        for number, (name, stage, amount, score, days) in enumerate(given, 1)
    )


def _odd(eyes: cells.Reader) -> tuple[Row, ...]:
    """A name of 200 characters, one that is read from the right, a row of nothing but its name."""
    first, second, third, _ = _rows(eyes)
    return (
        replace(first, id="odd-1", title=record(LONG, 8)),
        replace(second, id="odd-2", title=record(RIGHT_TO_LEFT, 5)),
        replace(third, id="odd-3", cells=(Cell(),) * len(third.cells)),
    )


def _table(eyes: cells.Reader, section: Section) -> Table:
    field = next(iter(eyes.registry.by_name.values())).fields["created_at"]

    def column(
        label: str, kind: str, rank: int, direction: str = "", *, end: bool = False
    ) -> Column:
        return Column(field, label, kind, end, rank, SAMPLE, direction, name=kind)

    columns = (
        column("Stage", "stage", 2),
        column("Budget", "money", 2, "descending", end=True),
        column("Score", "score", 3, end=True),
        column("E-mail", "email", 4),
        column("Owner", "user", 4),
        column("Next touch", "datetime", 5),
    )
    head = column("Lead", "title", 1)
    return Table(head, columns, (section,), ("",) * 6, True, 0, 0, "", "", "")


def _around() -> Around:
    here = ViewLine("1", "Hot this week", SAMPLE, here=True, pinned=True, note="")
    other = ViewLine("2", "Everybody's", SAMPLE, here=False, pinned=False, note="shared")
    views = Views(
        name=here.label,
        whole="All leads",
        lines=(here, other),
        here=here,
        mine=True,
        everyone=False,
        changed=True,
        savable=True,
        query="",
        version=1,
        back=SAMPLE,
    )
    ways = (
        ("Table", "table", True),
        ("Board", "columns-3", False),
        ("Calendar", "calendar", False),
    )
    either = (
        Said("at least 80", "Score", SAMPLE, SAMPLE, SAMPLE, "or", SAMPLE),
        Said("is Referral", "Source", SAMPLE, SAMPLE, SAMPLE, "or", SAMPLE),
    )
    return Around(
        path=SAMPLE,
        type="leads",
        label="Leads",
        label_one="Lead",
        icon="user-plus",
        doc="Somebody who may buy, rent or sell.",
        form="table",
        forms=tuple(Way(label, SAMPLE, icon, here) for label, icon, here in ways),
        views=views,
        words="",
        kept=[],
        sentence=(
            Said("is Working or Hot", "Stage", SAMPLE, SAMPLE, SAMPLE, "and", SAMPLE),
            Said(without=SAMPLE, joiner="and", turn=SAMPLE, parts=either),
        ),
        builder=Builder(options("Web"), options("Web"), "text", (), "", "", "", []),
        choosing=False,
        sorts=(SortKey("Budget", True, SAMPLE, SAMPLE), SortKey("Stage", False, SAMPLE, SAMPLE)),
        sortable=(Way("Score", SAMPLE), Way("Added", SAMPLE)),
        groups=(Way("No groups", SAMPLE, here=True), Way("Stage", SAMPLE)),
        fields=(Shown("stage", "Stage", True, 0), Shown("score", "Score", False, 0)),
        clear=SAMPLE,
        unsearched=SAMPLE,
        count="1,046,273 leads",
        problem="",
        refused=False,
        sees_all=True,
        may_create=True,
        may_change=True,
        may_delete=True,
        deleted=False,
        bin=SAMPLE,
        shared=SAMPLE,
        export=SAMPLE,
        export_excel=SAMPLE,
    )


def _board(eyes: cells.Reader) -> Board:
    def card(number: int, title: Cell, *facts: Cell, stuck: str = "") -> Card:
        who, fixed = person("Ada Byron", 3), number == 3
        return Card(f"card-{number}", title, facts, who, 1, "", "", "", stuck, fixed)

    def pile(name: str, hue: str, count: str, *cards: Card, more: str = "") -> Pile:
        return Pile(name.lower(), chip(name, hue), hue, count, cards, more, SAMPLE)

    amount, when = money(640_000, eyes.currency), values.moment(eyes, days=2)
    lanes = (
        pile("New", "grey", "1,204+", card(1, record("Zoë Ünal", 1), amount), more=SAMPLE),
        pile(
            "Working",
            "blue",
            "2",
            card(2, record(LONG, 8), amount, when, chip("Referral", "plain"), stuck=LONG[:20]),
            card(3, record(RIGHT_TO_LEFT, 5)),
        ),
        pile("Won", "green", "0"),
    )
    return Board("status", lanes, SAMPLE)


def _calendar(*, timed: bool) -> Calendar:
    def entry(number: int, title: str, hue: str, start: int, column: int = 1) -> Entry:
        at = f"{start // 4:02}:{start % 4 * 15:02}"
        named = record(title, number)
        return Entry(f"entry-{number}", named, at, hue, 1, "", start, 6, column, 2 if timed else 1)

    found = (
        entry(1, "Advising", "blue", 36),
        entry(2, LONG, "violet", 38, 2),
        entry(3, "Papers are due", "red", 44),
    )
    spans = (("Month", not timed), ("Week", False), ("Day", timed))

    def day(number: int) -> Day:
        text = f"2026-11-{number}"
        return Day(
            date=text,
            number=str(number),
            name="Tue",
            title=f"Tuesday, {number} November 2026",
            today=number == 24,
            outside=number == 28,
            entries=found if number == 24 else (),
            more=0 if timed or number != 24 else 3,
            href=SAMPLE,
            add=SAMPLE,
            now=44 if timed and number == 24 else -1,
        )

    return Calendar(
        span="day" if timed else "month",
        title="24 November 2026" if timed else "November 2026",
        spans=tuple(Way(label, SAMPLE, here=here) for label, here in spans),
        before=SAMPLE,
        after=SAMPLE,
        today=SAMPLE,
        names=() if timed else ("Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"),
        days=(day(24),) if timed else tuple(map(day, range(22, 29))),
        hours=tuple(f"{hour:02}:00" for hour in range(24)),
        timed=timed,
        field="starts_at",
    )


def _palette() -> tuple[Choices, ...]:
    return (
        Choices(
            "Leads",
            (
                Choice("Zoë Ünal", SAMPLE, "user-plus", "zoe@example.com", "ZÜ", "p1"),
                Choice(LONG, SAMPLE, "user-plus", LONG, "BT", "p8"),
            ),
        ),
        Choices("Create", (Choice("New lead", SAMPLE, "plus"),)),
    )
