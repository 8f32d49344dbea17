"""Samples of a record's page: facts, stages, what is related, what happened, who shares it."""

from __future__ import annotations

from dataclasses import dataclass

from tenfold.kernel.language import say
from tenfold.web.pages import cells
from tenfold.web.pages.ahead import Ahead
from tenfold.web.pages.cells import EMPTY, Cell
from tenfold.web.pages.components import values
from tenfold.web.pages.components.apart import SAMPLE
from tenfold.web.pages.components.values import LONG, NOTE, chip, money, person, record
from tenfold.web.pages.compose import Composer, Kind, Writing
from tenfold.web.pages.facts import Fact, Facts, Way
from tenfold.web.pages.followers import Following
from tenfold.web.pages.guide import Guide
from tenfold.web.pages.guide import Step as Begin
from tenfold.web.pages.home import Line as Due
from tenfold.web.pages.in_place import Editor, Saved
from tenfold.web.pages.meanwhile import Theirs
from tenfold.web.pages.record import Step, View
from tenfold.web.pages.related import Line, Related
from tenfold.web.pages.session import Flash
from tenfold.web.pages.sharing import Line as Share
from tenfold.web.pages.sharing import Panel
from tenfold.web.pages.timeline import Difference, Entry, History, Tab
from tenfold.web.pages.widgets import Widget


@dataclass(frozen=True, slots=True)
class Records:
    """What the sections of records, of what is told, and of the day show."""

    view: View
    editor: Editor
    wrong: Editor
    other: Editor
    writing: Writing
    flashes: tuple[tuple[str, Flash], ...]
    day: tuple[Due, ...]
    guide: Guide
    unseen: History


def records(eyes: cells.Reader, csrf: str) -> Records:
    """The samples."""
    view = _view(eyes, csrf)
    wrong = Widget("budget", "Budget", "line", "a lot", error=say("Enter a number."), mark="-wrong")
    mine = Widget("budget", "Budget", "line", "640000", mark="-theirs")
    theirs = Theirs(money(700_000, eyes.currency), "Kenji Abe", values.moment(eyes, minutes=-4))
    undo = Flash(say("Saved."), undo=SAMPLE)
    note = Kind("Note", "notebook-pen", SAMPLE, SAMPLE)
    body = Widget("body", "Note", "area", "", wide=True, mark="-note")
    return Records(
        view=view,
        editor=editor(csrf),
        wrong=Editor(SAMPLE, SAMPLE, wrong, 1, "", "", csrf),
        other=Editor(SAMPLE, SAMPLE, mine, 1, "", "", csrf, theirs),
        writing=Writing(note, say("Save"), (body,), SAMPLE, csrf, "", SAMPLE, ""),
        flashes=(
            (say("Said"), Flash(say("Saved."))),
            (say("With undo"), undo),
            (say("With a way on"), Flash(say("Saved."), more=SAMPLE)),
            (say("Failure"), Flash(say("Something went wrong on our side."), kind="problem")),
            (say("Very long"), Flash(LONG, undo=SAMPLE)),
        ),
        day=_day(eyes),
        guide=Guide(
            "sample",
            "Realty",
            (
                Begin(
                    "Bring in your people",
                    "From a file, or by hand.",
                    "users",
                    SAMPLE,
                    SAMPLE,
                    True,
                ),
                Begin("Add a listing", "What you sell or let.", "house", SAMPLE, SAMPLE, False),
            ),
        ),
        unseen=History((), "", view.history.tabs, say("No notes yet.")),
    )


def editor(csrf: str) -> Editor:
    """An open editor, which saves nothing."""
    one = Widget("budget", "Budget", "money", "640000", beside="USD", mode="decimal", mark="-open")
    return Editor(f"{SAMPLE}/fields/budget", SAMPLE, one, 1, "", "", csrf)


def saved() -> Saved:
    """The field after it was left."""
    return Saved(Cell("number", "$640,000", title="$640,000 USD"), 1, "", "", None)


def _view(eyes: cells.Reader, csrf: str) -> View:
    amount = money(640_000, eyes.currency)
    ada, when = person("Ada Byron", 3), values.moment(eyes, days=-2)
    steps = (("New", "grey", "open"), ("Working", "blue", "here"), ("Won", "green", "open"))
    note = Kind("Note", "notebook-pen", SAMPLE, SAMPLE)
    call = Kind("Call", "phone", SAMPLE, SAMPLE)
    opens = Fact("Budget", amount, say("What helps to fill it in stands here."), edit=_EDIT)
    return View(
        path=SAMPLE,
        list_path=SAMPLE,
        label="Lead",
        label_plural="Leads",
        icon="user-plus",
        title=record("Zoë Ünal", 1),
        status=chip("Working", "blue"),
        version=3,
        csrf=csrf,
        steps=tuple(
            Step(name.lower(), name, hue, state, name == "Won") for name, hue, state in steps
        ),
        key=(Fact("Budget", amount, ""), Fact("Score", values.score(54), "")),
        ways=(
            Way(say("Call"), "phone", Cell("link", "+1 415 555 0123", "tel:+14155550123")),
            Way(say("Write"), "mail", Cell("link", "zoe@example.com", "mailto:zoe@example.com")),
        ),
        ahead=Ahead(
            "phone",
            Cell("text", "Call about the offer"),
            values.moment(eyes, days=-1),
            late=True,
            done=SAMPLE,
            snooze=SAMPLE,
        ),
        sections=(
            Facts(
                "Details",
                (
                    opens,
                    Fact("E-mail", Cell("link", "zoe@example.com", "mailto:zoe@example.com"), ""),
                    Fact("Name", Cell("text", LONG), ""),
                    Fact("About", Cell("long", NOTE), "", wide=True),
                ),
                (Fact("Phone", EMPTY, ""),),
            ),
        ),
        blank=(Facts("Mailing", (), (Fact("Street", EMPTY, ""),)),),
        related=(
            Related(
                "Showings",
                "calendar",
                (Line(record("12 River Road", 5, "house"), (chip("Kept", "green"), when)),),
                SAMPLE,
                SAMPLE,
                "Showing",
                1,
                more=True,
            ),
            Related("Deals", "handshake", (), "", SAMPLE, "Deal", 0, more=False),
        ),
        composer=Composer((note, call)),
        history=_history(eyes),
        owner=ada,
        created=when,
        updated=when,
        deleted=EMPTY,
        may_update=True,
        may_delete=True,
        sharing=Panel((Share(ada, "may see it", SAMPLE),), SAMPLE, say("Private")),
        followers=Following(SAMPLE, mine=True, people=(ada, person("Kenji Abe", 7))),
        within="",
        edit=SAMPLE,
        here=SAMPLE,
        beside="",
        type="lead",
        id="sample",
        favourite=False,
    )


_EDIT = f"{SAMPLE}/fields/budget"


def _history(eyes: cells.Reader) -> History:
    ada, when = person("Ada Byron", 3), values.moment(eyes, days=-2)
    old, new = money(600_000, eyes.currency), money(640_000, eyes.currency)
    changed = (
        Difference("Budget", old, new),
        Difference("Stage", EMPTY, chip("Working", "blue")),
    )
    entries = (
        Entry("made", "phone", ada, "added a call", when, title=record("First call", 2),
              chips=(chip("Reached", "plain"),)),
        Entry("made", "notebook-pen", ada, "added a note", when, body=NOTE, href=SAMPLE),
        Entry("updated", "pencil", ada, "changed 2 fields", when, differences=changed),
        Entry("moved", "move-right", ada, "moved this lead", when, reason="They called back",
              differences=changed[1:]),
        Entry("created", "circle-plus", person("Tenfold", 4), "created this lead", when),
    )  # fmt: skip
    tabs = (Tab("All", SAMPLE, here=True), Tab("Notes", SAMPLE, here=False))
    return History(entries, SAMPLE, tabs, "")


def _day(eyes: cells.Reader) -> tuple[Due, ...]:
    soon, late = values.moment(eyes, hours=3), values.moment(eyes, days=-1)
    task = Cell("record", "Send the papers", SAMPLE, hue="p2", title="SP", icon="circle-check")
    return (
        Due(task, "Task", "circle-check", late, late=True, done=SAMPLE, snooze=SAMPLE),
        Due(record("12 River Road", 5, "house"), "Showing", "calendar", soon),
        Due(record(LONG, 8), "Lead", "user-plus", soon),
    )
