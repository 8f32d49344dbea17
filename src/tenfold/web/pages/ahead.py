"""What comes next for a record: the open task or appointment that is first, done or put off."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, time, timedelta

from litestar import post
from litestar.response.base import ASGIResponse

from tenfold.engine import stream
from tenfold.engine.definition import Definition, Field
from tenfold.engine.stream import DONE, Made, Page
from tenfold.engine.types import DateTime, Text
from tenfold.engine.written import Change
from tenfold.kernel.errors import Conflict, Invalid, Lost
from tenfold.kernel.language import mark, say, within
from tenfold.web.pages import cells, hues, words
from tenfold.web.pages.cells import Cell, Record
from tenfold.web.pages.edit import arrived
from tenfold.web.pages.frame import Guest
from tenfold.web.pages.reaching import may_change
from tenfold.web.pages.session import Req

_NEXT = "next_"
_AT_NINE = time(9)
_LATER = {
    "tomorrow": (mark("Put off: tomorrow at nine."), 1),
    "week": (mark("Put off: in a week at nine."), 7),
}


@dataclass(frozen=True, slots=True)
class Ahead:
    """What comes next: its name and moment, and where it is said to be done or put off."""

    icon: str
    title: Cell
    when: Cell
    late: bool
    done: str = ""
    snooze: str = ""
    version: int = 0


def first(
    guest: Guest, definition: Definition, record: Record, page: Page, reader: cells.Reader
) -> Ahead | None:
    """The first of what is open: tasks and appointments about it, then its own next step."""
    own = _own_moment(guest, definition, record, reader)
    found = list(page.ahead)
    if own is not None and (not found or (False, own[0]) < stream.urgency(found[0])):
        return own[1]
    if found:
        return _ahead(guest, found[0], reader)
    one = definition.fields.get(f"{_NEXT}step")
    if one is None or not isinstance(one.type, Text):
        return None
    cell = cells.cell(one, record, reader)
    return Ahead("flag", cell, Cell(), late=False) if cell.text else None


def put_off(definition: Definition) -> Field | None:
    """The moment that may be put off: that at which a record is a task."""
    tasks = (definition.fields[m.field] for m in definition.agenda if m.kind == "task")
    return next((one for one in tasks if isinstance(one.type, DateTime)), None)


def _own_moment(
    guest: Guest, definition: Definition, record: Record, reader: cells.Reader
) -> tuple[datetime, Ahead] | None:
    for one in definition.own_fields():
        if one.name.startswith(_NEXT) and isinstance(one.type, DateTime):
            moment = words.moment_of(str(record.get(one.json_name) or ""))
            if moment:
                when = cells.moment_cell(moment, reader)
                label, late = Cell("text", one.label), moment < reader.now
                snooze = _snooze(guest, definition, record, one)
                return moment, Ahead("flag", label, when, late, snooze=snooze)
    return None


def _ahead(guest: Guest, one: Made, reader: cells.Reader) -> Ahead:
    definition, record = one.definition, one.record
    due = stream.due(definition)
    when = cells.cell(due, record, reader) if due else Cell()
    path, may = f"/{definition.path}/{record['id']}", may_change(guest, definition, record)
    return Ahead(
        icon=definition.icon,
        title=cells.record_cell(definition, record, reader.registry),
        when=when,
        late=when.kind == "time" and one.at < reader.now,
        done=f"{path}/done" if may and _doing(definition, record) else "",
        snooze=_snooze(guest, definition, record, due),
        version=int(record.get("version") or 0),
    )


def _snooze(guest: Guest, definition: Definition, record: Record, due: Field | None) -> str:
    """Where a moment is put off, by whom may; empty where it can't be."""
    if due is None or due != put_off(definition) or not may_change(guest, definition, record):
        return ""
    able = guest.person.access(definition).sets(due)
    return f"/{definition.path}/{record['id']}/snooze" if able else ""


def _doing(definition: Definition, record: Record) -> dict[str, object]:
    """What to set so that it is done: the box of a task, or a stage that ends well."""
    if DONE in definition.fields:
        # Of what was opened again an older moment is there, at which it was done the time before.
        stamp = {f"{DONE}_at": _now()} if f"{DONE}_at" in definition.fields else {}
        return {DONE: True, **stamp}
    stage, now = definition.status, str(record.get("status"))
    if stage is None:
        return {}
    well = (o for o in stage.options if hues.of_stage(o, stage.options) == "green")
    to = next((o for o in well if stage.ends(o) and stage.may_move(now, o)), "")
    return {"status": to} if to else {}


def _now() -> str:
    return stream.now().isoformat()


@post("/{plural:str}/{record_id:str}/done", status_code=200)
async def done(request: Req, plural: str, record_id: str) -> ASGIResponse:
    """Say that what was to be done is done; the page that one is on goes on."""
    act = await arrived(request, plural, "page-done", record_id)
    try:
        async with act.changing() as (tx, guest, definition):
            json, _ = await act.desk.query.one(tx, guest.person, definition, act.identity)
            body = _doing(definition, cells.decoded(json))
            if not body:
                raise Conflict(
                    say("This %(type)s can't be ticked off here.", type=within(definition.label))
                )
            one = Change(act.identity, body)
            what = (tx, guest.person, definition, [one], guest.locale)
            (written,), _ = await act.desk.records.update(*what)
    except (Invalid, Conflict, Lost) as error:
        return act.refused(error, back=True)
    undo = act.undone(written.version) if written else ""
    return act.done(say("Done."), act.back, undo=undo)


@post("/{plural:str}/{record_id:str}/snooze", status_code=200)
async def snooze(request: Req, plural: str, record_id: str) -> ASGIResponse:
    """Put off what is to be done until the morning of a later day."""
    act = await arrived(request, plural, "page-snooze", record_id)
    said, days = _LATER.get(act.form.get("until"), _LATER["tomorrow"])
    due = put_off(act.shipped)
    try:
        async with act.changing() as (tx, guest, definition):
            if due is None:
                raise Conflict(
                    say("This %(type)s can't be put off.", type=within(definition.label))
                )
            day = guest.now.astimezone(guest.zone).date() + timedelta(days=days)
            moment = datetime.combine(day, _AT_NINE, guest.zone)
            one = Change(act.identity, {due.json_name: moment.isoformat()})
            what = (tx, guest.person, definition, [one], guest.locale)
            (written,), _ = await act.desk.records.update(*what)
    except (Invalid, Conflict, Lost) as error:
        return act.refused(error, back=True)
    undo = act.undone(written.version) if written else ""
    return act.done(say(said), act.back, undo=undo)


HANDLERS = [done, snooze]
