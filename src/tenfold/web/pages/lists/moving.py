"""Cards taken to another lane of a board, entries to another day of a calendar."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any

from litestar import post
from litestar.response.base import ASGIResponse

from tenfold.engine.definition import Definition, Field
from tenfold.engine.written import Change, Written
from tenfold.kernel import digits
from tenfold.kernel.errors import Conflict, Forbidden, Invalid, Lost, TenfoldError
from tenfold.kernel.language import say
from tenfold.web.pages import render, words
from tenfold.web.pages.edit import Act, arrived
from tenfold.web.pages.frame import Guest
from tenfold.web.pages.lists.board import open_to
from tenfold.web.pages.lists.lane import meant, plain, spelled
from tenfold.web.pages.reaching import field_named
from tenfold.web.pages.refusals import refusal
from tenfold.web.pages.session import Flash, Req, form_token

_QUARTER = timedelta(minutes=15)
_BODY = dict[str, object]


@post("/{plural:str}/{record_id:str}/lane", status_code=200)
async def to_lane(request: Req, plural: str, record_id: str) -> ASGIResponse:
    """Take a card to another lane: its stage, or another choice or person."""
    act = await arrived(request, plural, "page-lane", record_id)
    try:
        async with act.changing() as (tx, guest, definition):
            field = field_named(guest, definition, act.form.get("field"))
            value = plain(meant(field, act.form.get("value"), guest.locale))
            what = (tx, guest.person, definition)
            body: _BODY = {field.json_name: value}
            change = Change(act.identity, {"custom": body} if field.custom else body, act.version)
            (written,), _ = await act.desk.records.update(*what, [change], guest.locale)
            label = _label(field, value)
    except (Invalid, Conflict, Lost, Forbidden) as error:
        return _refused(request, act, error)
    said = say("Moved to %(stage)s.", stage=label) if label else say("Moved.")
    moves = " ".join(open_to(field, spelled(value)))
    return _moved(request, act, guest, field, written, said, moves)


@post("/{plural:str}/{record_id:str}/day", status_code=200)
async def to_day(request: Req, plural: str, record_id: str) -> ASGIResponse:
    """Take an entry to another day, or to another hour; how long it takes stays."""
    act = await arrived(request, plural, "page-day", record_id)
    try:
        async with act.changing() as (tx, guest, definition):
            field = field_named(guest, definition, act.form.get("field"))
            json, _ = await act.desk.query.one(tx, guest.person, definition, act.identity)
            record: dict[str, Any] = digits.decode(json)
            body = _later(guest, definition, field, record, act)
            change = Change(act.identity, body, act.version)
            what = (tx, guest.person, definition, [change], guest.locale)
            (written,), _ = await act.desk.records.update(*what)
    except (Invalid, Conflict, Lost, Forbidden) as error:
        return _refused(request, act, error)
    day = date.fromisoformat(act.form.get("day"))
    to = words.written(day, guest.who.home)
    if hour := _hour(guest, field, record, body):
        to = f"{to}, {hour}"
    said = say("Moved to %(day)s.", day=to)
    return _moved(request, act, guest, field, written, said)


def _label(field: Field, value: object) -> str:
    label = getattr(field.type, "label", None)
    return str(label(str(value))) if label is not None and value is not None else ""


def _later(
    guest: Guest, definition: Definition, field: Field, record: dict[str, Any], act: Act
) -> _BODY:
    """The day or the moment that an entry is taken to, and its end as much later."""
    try:
        day = date.fromisoformat(act.form.get("day"))
    except ValueError:
        raise Invalid({"day": say("must be a day, like 2026-11-22")}) from None
    before = _held(field, record)
    to = day if field.type.kind == "date" else _moment(guest, day, before, act)
    body: _BODY = {field.json_name: to.isoformat()}
    last = definition.end_of(field)
    end = _held(last, record) if last else None
    if last and end and before:
        try:
            body[last.json_name] = (end + (to - before)).isoformat()
        except OverflowError:
            raise Invalid({"day": say("is too late for what ends later")}) from None
    return body


def _held(field: Field, record: Mapping[str, object]) -> Any:
    """The day or the moment that a record has, if any."""
    text = str(record.get(field.json_name) or "")
    if field.type.kind == "date":
        return date.fromisoformat(text) if text else None
    return words.moment_of(text)


def _moment(guest: Guest, day: date, before: datetime | None, act: Act) -> datetime:
    """The hour of a day that an entry is taken to: where it was dropped, or the one it had."""
    there = words.there(before, guest.zone) if before else None
    quarter = act.form.whole("quarter")
    if quarter is not None and quarter < 96:
        at = datetime(day.year, day.month, day.day) + quarter * _QUARTER  # noqa: DTZ001
        hour, minute = at.hour, at.minute
    else:
        hour, minute = (there.hour, there.minute) if there else (9, 0)
    return datetime(day.year, day.month, day.day, hour, minute, tzinfo=guest.zone)


def _hour(guest: Guest, field: Field, record: dict[str, Any], body: _BODY) -> str:
    """The hour that an entry was taken to, if it had another one."""
    if field.type.kind != "datetime":
        return ""
    was, to = _held(field, record), _held(field, body)
    there = words.there(to, guest.zone)
    before = words.there(was, guest.zone) if was else None
    same = before and (before.hour, before.minute) == (there.hour, there.minute)
    return "" if same else words.clock(there, guest.who.home)


def _moved(
    request: Req,
    act: Act,
    guest: Guest,
    field: Field,
    written: Written | None,
    said: str,
    moves: str | None = None,
) -> ASGIResponse:
    version = written.version if written else 0
    undo = f"{act.path}/fields/{field.json_path}/undo?version={version}"
    csrf = form_token(guest.desk, guest.claims)
    view: dict[str, Any] = {
        "flash": Flash(said, undo=undo),
        "csrf": csrf,
        "version": version,
        "moves": moves,
    }
    return render.partial(request, "parts/moved.html", status=200, **view)


def _refused(request: Req, act: Act, error: TenfoldError) -> ASGIResponse:
    csrf = form_token(act.desk, act.claims)
    flash = Flash(_said(error, act.shipped), kind="problem")
    return render.partial(
        request,
        "parts/moved.html",
        status=error.status,
        flash=flash,
        csrf=csrf,
        version=0,
        moves=None,
    )


def _said(error: TenfoldError, definition: Definition) -> str:
    """Why it stays where it is."""
    if isinstance(error, Lost):
        return say("Somebody changed it meanwhile. It is shown as it is now; move it once more.")
    return refusal(error, definition)


HANDLERS = [to_lane, to_day]
