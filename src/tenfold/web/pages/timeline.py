"""Everything that happened to a record as entries: its changes, each field before and after, and
what was made about it: notes, calls, appointments, related records."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, cast
from uuid import UUID

from tenfold.engine import stream
from tenfold.engine.changes import Change, FieldChange
from tenfold.engine.definition import PRIVATE, Definition, Field
from tenfold.engine.naming import own_title
from tenfold.engine.stream import Made, Only, Page
from tenfold.engine.titles import USER
from tenfold.engine.types import Choice, Many
from tenfold.kernel.language import ENGLISH, manner, mark, say, within
from tenfold.web.pages import cells
from tenfold.web.pages.cells import Cell, Record
from tenfold.web.pages.filters import address
from tenfold.web.pages.mentions import Mentions


@dataclass(frozen=True, slots=True)
class Difference:
    """One field of a change, before and after."""

    label: str
    old: Cell
    new: Cell


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of the timeline: a change with its `differences`, or what was made, by `title`."""

    kind: str
    icon: str
    who: Cell
    what: str
    when: Cell
    reason: str = ""
    differences: tuple[Difference, ...] = ()
    title: Cell = cells.EMPTY
    chips: tuple[Cell, ...] = ()
    body: str = ""
    href: str = ""


@dataclass(frozen=True, slots=True)
class Tab:
    """One way to narrow the timeline."""

    label: str
    href: str
    here: bool


@dataclass(frozen=True, slots=True)
class History:
    """The timeline, newest first, the address of what came before, and how it is narrowed."""

    entries: tuple[Entry, ...]
    earlier: str
    tabs: tuple[Tab, ...] = ()
    empty: str = ""


_ICONS = {
    "created": "circle-plus",
    "updated": "pencil",
    "moved": "move-right",
    "deleted": "trash-2",
    "restored": "undo-2",
    "purged": "x",
}
_SYSTEM = Cell("person", "Tenfold", hue="system", title="T")
# What is said of an operation by itself, and as one of many.
_DONE = {
    "created": (
        mark("created this %(record)s"),
        mark("created this %(record)s in an import or bulk edit"),
    ),
    "moved": (
        mark("moved this %(record)s"),
        mark("moved this %(record)s in an import or bulk edit"),
    ),
    "deleted": (
        mark("deleted this %(record)s"),
        mark("deleted this %(record)s in an import or bulk edit"),
    ),
    "restored": (
        mark("restored this %(record)s"),
        mark("restored this %(record)s in an import or bulk edit"),
    ),
    "purged": (
        mark("purged this %(record)s"),
        mark("purged this %(record)s in an import or bulk edit"),
    ),
}
_MOST_SHOWN = 12
_AT_ONCE = timedelta(minutes=1)


_TABS: tuple[tuple[Only, str, str], ...] = (
    ("", mark("All"), mark("Nothing that you may see has happened yet.")),
    ("notes", mark("Notes"), mark("No notes yet.")),
    ("activity", mark("Activity"), mark("No activity yet.")),
    ("changes", mark("Changes"), mark("Nothing that you may see has changed.")),
)
_NOT_LATELY = mark("Nothing of late that you may see.")
_MOST_CHIPS = 3


def history(
    definition: Definition,
    page: Page,
    path: str,
    only: Only,
    reader: cells.Reader,
    created: datetime | None = None,
    *,
    deleted: bool = False,
) -> History:
    """The timeline of a record; a change of hidden fields alone is none for this reader.

    What comes from elsewhere was `created` before its first entry here, which then says when.
    """
    entries: list[Entry] = []
    for one in page.entries:
        if isinstance(one, Made):
            entries.append(_made(one, reader))
        elif one.fields or one.operation != "updated":
            entries.append(_entry(definition, one, reader, created))

    def part(only: str, before: str = "") -> str:
        gone = "true" if deleted else ""
        return address(path, [("deleted", gone), ("before", before), ("only", only)])

    return History(
        entries=tuple(entries),
        earlier=part(only, str(page.earlier)) if page.earlier else "",
        tabs=tuple(Tab(say(n), part(k), k == only) for k, n, _ in _TABS),
        empty=say(_NOT_LATELY if page.earlier else next(t for k, _, t in _TABS if k == only)),
    )


def _made(one: Made, reader: cells.Reader) -> Entry:
    """What was made about the record: a note with its text, a call, a deal by its name."""
    definition, record = one.definition, one.record
    who = cells.person_cell(one.by, reader)
    text = stream.body(definition)
    body = cells.cell(text, record, reader).text if text and text.json_name in record else ""
    # A note without a title is known by its text.
    bare = bool(body) and not own_title(definition, record)
    title = _titled(definition, record, reader)
    # Its moment is when it takes place, which may lie ahead.
    done = mark("planned %(thing)s") if one.at > reader.now else mark("added %(thing)s")
    return Entry(
        kind="made",
        icon=definition.icon,
        who=who if who.kind != "empty" else _SYSTEM,
        what=say(done, thing=_article(definition.label)),
        when=cells.moment_cell(one.at, reader),
        title=cells.EMPTY if bare else title,
        chips=tuple(_chips(one, reader)),
        body=body,
        href=title.href if bare else "",
    )


def _titled(definition: Definition, record: Record, reader: cells.Reader) -> Cell:
    name = reader.names.get(UUID(str(record["id"])), "")
    if name:
        return cells.titled_cell(definition, record["id"], name)
    return cells.record_cell(definition, record, reader.registry)


def _chips(one: Made, reader: cells.Reader) -> Iterator[Cell]:
    """What it is in a word or two: its stage, its kind, that it is private, done or due."""
    definition, record = one.definition, one.record
    if definition.private and record.get(definition.private) == PRIVATE:
        yield Cell("chip", say("Private"), hue="amber")
    if record.get(stream.DONE) is True:
        yield Cell("chip", say("Done"), hue="green")
    due = stream.due(definition)
    if due and record.get(stream.DONE) is False:
        until = cells.cell(due, record, reader)
        yield replace(until, text=say("Due %(when)s", when=until.text))
    kinds = [f for f in definition.own_fields() if _says_what(f, definition)]
    for field in kinds[:_MOST_CHIPS]:
        if (cell := cells.cell(field, record, reader)).kind == "chip":
            yield cell


def _says_what(one: Field, definition: Definition) -> bool:
    fits = isinstance(one.type, Choice) and one.name != definition.private
    return fits and (one.required or one.name in ("status", "kind", "outcome"))


def _article(label: str) -> str:
    """A label within an English sentence with its article; other languages do without."""
    if manner().language != ENGLISH:
        return within(label)
    return f"{'an' if label[:1] in 'AEIOUaeiou' else 'a'} {within(label)}"


def mentioned(definition: Definition, page: Page) -> Mentions:
    """The people and records that a page of the stream names by id."""
    found = Mentions()
    for one in (*page.entries, *page.ahead):
        if isinstance(one, Made):
            found.add(USER, one.by)
            if not one.definition.names_itself:
                found.add(one.definition.name, one.record["id"])
            continue
        found.add(USER, one.actor_id)
        for part in one.fields:
            if field := definition.by_json.get(part.field):
                for value in _sides(field, part):
                    found.value(field, value)
    return found


def _entry(
    definition: Definition, change: Change, reader: cells.Reader, created: datetime | None
) -> Entry:
    who = cells.person_cell(change.actor_id, reader)
    if who.kind == "empty":
        who = _SYSTEM
    parts, what = [_difference(definition, f, reader) for f in change.fields], ""
    if change.operation == "created":
        parts, what = [], _brought_in(definition, change, reader, created)
    return Entry(
        kind=change.operation,
        icon=_ICONS[change.operation],
        who=who,
        what=what or _what(definition, change, parts),
        when=cells.moment_cell(change.at, reader),
        reason=change.reason or "",
        differences=tuple(parts[:_MOST_SHOWN]),
    )


def _brought_in(
    definition: Definition, change: Change, reader: cells.Reader, created: datetime | None
) -> str:
    """That a record was made elsewhere before it came here; empty for one that was made here."""
    if created is None or change.at - created <= _AT_ONCE:
        return ""
    made = cells.moment_cell(created, reader).text
    return say(
        "brought in this %(record)s (made %(when)s)", record=within(definition.label), when=made
    )


def _what(definition: Definition, change: Change, parts: Sequence[Difference]) -> str:
    word = within(definition.label)
    if change.operation != "updated":
        text = _DONE[change.operation][bool(change.batch_id)]
        return say(text, record=word)
    if len(parts) == 1:
        field = within(parts[0].label)
        if change.batch_id:
            return say("changed %(field)s in an import or bulk edit", field=field)
        return say("changed %(field)s", field=field)
    if change.batch_id:
        return say("changed %(n)s fields in an import or bulk edit", n=len(parts))
    return say("changed %(n)s fields", n=len(parts))


def _difference(definition: Definition, part: FieldChange, reader: cells.Reader) -> Difference:
    one = _field(definition, part.field)
    if one is None:
        return Difference(part.label, Cell("text", str(part.old)), Cell("text", str(part.new)))
    old, new = _sides(one, part)
    before, after = _one(one, old, part.old_currency), _one(one, new, part.currency)
    return Difference(part.label, cells.cell(one, before, reader), cells.cell(one, after, reader))


def _sides(one: Field, part: FieldChange) -> tuple[object, object]:
    """The field before and after; of a relation to many only what went and what came."""
    if not isinstance(one.type, Many):
        return part.old, part.new
    old, new = (cast("list[str]", side or []) for side in (part.old, part.new))
    return [i for i in old if i not in new], [i for i in new if i not in old]


def _one(one: Field, value: object, currency: str | None) -> dict[str, Any]:
    """A record with nothing but the field as it was then."""
    record: dict[str, Any] = {one.json_name: value}
    if one.currency and currency:
        record[one.currency.name] = currency
    return {"custom": record} if one.custom else record


def _field(definition: Definition, name: str) -> Field | None:
    if name.startswith("custom."):
        return definition.custom_fields.get(name.removeprefix("custom."))
    return definition.by_json.get(name)
