"""Editing in place: one field of a record, where it is shown, saved as one leaves it.

An element `<… data-edit="/{plural}/{id}/fields/{name}" data-version="7">` asks for its editor and
sends it back; `static/edit.js` does the rest. Somebody else's change of the same field is told with
a choice; that of another field is none of this one's business.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from litestar import get, post
from litestar.response.base import ASGIResponse

from tenfold.engine.definition import Definition, Field
from tenfold.engine.take_back import REFUSALS, take_back
from tenfold.engine.types import Stage
from tenfold.engine.written import Change
from tenfold.kernel import digits
from tenfold.kernel.errors import Conflict, Forbidden, Invalid, Lost, TenfoldError
from tenfold.kernel.language import say, within
from tenfold.web.api.requests import identified
from tenfold.web.desk import desk_of
from tenfold.web.pages import cells, render, widgets
from tenfold.web.pages.cells import Cell, Record
from tenfold.web.pages.door import signed_in
from tenfold.web.pages.edit import Act, arrived, stop
from tenfold.web.pages.form_page import names_of, offered, read
from tenfold.web.pages.forms import body_of
from tenfold.web.pages.frame import Guest, visiting
from tenfold.web.pages.meanwhile import Theirs, theirs_of
from tenfold.web.pages.reaching import field_named, may_change
from tenfold.web.pages.refusals import refusal
from tenfold.web.pages.session import Flash, Form, Req, form_token, routed
from tenfold.web.pages.widgets import Filled, Widget

_TRIES = 3
"""How often a change of other fields may come between."""
_MOST = 60
_SHORT = "short"


@dataclass(frozen=True, slots=True)
class Editor:
    """One field's editor; `held` is what the field held as it was opened."""

    address: str
    list_path: str
    widget: Widget
    version: int
    held: str
    shown: str
    csrf: str
    theirs: Theirs | None = None


@dataclass(frozen=True, slots=True)
class Saved:
    """A field after a change: its value, the record's version, and what is said of it."""

    cell: Cell
    version: int
    shown: str
    csrf: str
    flash: Flash | None


def editable(guest: Guest, definition: Definition, record: Record) -> frozenset[str]:
    """The names of the fields that the person may edit in place; none where they may not."""
    if record.get("deleted_at") or not may_change(guest, definition, record):
        return frozenset()
    found = {one.name for one in offered(guest, definition, record)}
    stage = definition.fields.get("status")
    if stage and isinstance(stage.type, Stage) and guest.person.access(definition).sets(stage):
        found.add("status")
    return frozenset(found)


def address(definition: Definition, identity: object, one: Field) -> str:
    """Where a field of a record is edited."""
    return f"/{definition.path}/{identity}/fields/{one.json_path}"


@get("/{plural:str}/{record_id:str}/fields/{name:str}")
async def field_editor(
    request: Req, plural: str, record_id: str, name: str, shown: str = ""
) -> ASGIResponse:
    """The editor of one field as it is now."""
    routed(request, "page-field")
    shipped = desk_of(request).shipped(plural)
    claims = await signed_in(request)
    identity = identified(record_id, shipped)
    async with visiting(request, claims) as guest:
        definition = await guest.tailored(shipped)
        record, names, version = await read(guest, definition, identity)
        one = _field(guest, definition, record, name)
        view = _editor(guest, definition, record, one, names, version, shown)
    return render.partial(request, "parts/editor.html", editor=view)


@post("/{plural:str}/{record_id:str}/fields/{name:str}", status_code=200)
async def field_saved(request: Req, plural: str, record_id: str, name: str) -> ASGIResponse:
    """Save one field; answers its value, or its editor again with what is wrong."""
    act = await arrived(request, plural, "page-field-save", record_id)
    error: TenfoldError | None = None
    for _ in range(_TRIES):
        try:
            return render.partial(request, "parts/saved.html", saved=await _save(act, name))
        except Lost as lost:  # of this field or of another: the next look tells
            error = lost
        except (Invalid, Conflict, Forbidden) as refusal:
            error = refusal
            break
    assert error is not None
    async with visiting(request, act.claims) as guest:
        view = await _again(guest, await guest.tailored(act.shipped), act, name, error)
    return render.partial(request, "parts/editor.html", status=error.status, editor=view)


@post("/{plural:str}/{record_id:str}/fields/{name:str}/undo", status_code=200)
async def field_undone(
    request: Req, plural: str, record_id: str, name: str, version: int
) -> ASGIResponse:
    """Take one's own change of a field back; answers its value as it is now."""
    act = await arrived(request, plural, "page-field-undo", record_id)
    flash = Flash(say("Taken back."))
    try:
        async with act.changing() as (tx, guest, definition):
            field_named(guest, definition, name)  # or a hidden one would answer otherwise than none
            what = (tx, guest.person, definition, act.identity, version)
            await take_back(act.desk.records, *what)
    except REFUSALS as error:
        flash = Flash(refusal(error, act.shipped), kind="problem")
    async with visiting(request, act.claims) as guest:
        definition = await guest.tailored(act.shipped)
        record, names, now = await read(guest, definition, act.identity)
        one = field_named(guest, definition, name)
        view = _saved(guest, one, record, names, now, act.form, flash)
    return render.partial(request, "parts/saved.html", saved=view)


# -- saving


async def _save(act: Act, name: str) -> Saved:
    """One try; raises Lost where the field itself, or again another, was changed meanwhile."""
    async with act.changing() as (tx, guest, definition):
        record, names, version = await read(guest, definition, act.identity)
        one = _field(guest, definition, record, name)
        if version != act.version and _held(one, record) != act.form.get("held"):
            raise Lost(say("Somebody changed %(field)s meanwhile.", field=within(one.label)))
        body = await body_of(act.form, [one], act.desk.query, tx, guest.person)
        stop(body, definition, guest, creating=False)
        if not body.values:
            return _saved(guest, one, record, names, version, act.form, None)
        same: set[int] = set()
        change = Change(act.identity, body.values, version)
        what = (tx, guest.person, definition, [change], guest.locale)
        (written,), _ = await act.desk.records.update(*what, same=same)
        if same or written is None:
            return _saved(guest, one, record, names, version, act.form, None)
        if written.json is not None:
            record = digits.decode(written.json)
            names = await names_of(guest, definition, record)
        undo = f"{address(definition, act.identity, one)}/undo?version={written.version}"
        flash = Flash(say("%(field)s is saved.", field=one.label), undo=undo)
        return _saved(guest, one, record, names, written.version, act.form, flash)


def _saved(
    guest: Guest,
    one: Field,
    record: Record,
    names: Mapping[UUID, str],
    version: int,
    form: Form,
    flash: Flash | None,
) -> Saved:
    csrf = form_token(guest.desk, guest.claims)
    cell = cells.cell(one, record, guest.eyes(names))
    return Saved(cell, version, form.get("shown"), csrf, flash)


# -- the editor


def _editor(
    guest: Guest,
    definition: Definition,
    record: dict[str, Any],
    one: Field,
    names: Mapping[UUID, str],
    version: int,
    shown: str,
    *,
    typed: Form | None = None,
    problem: str = "",
) -> Editor:
    problems = {one.json_path: problem} if problem else {}
    filled = Filled(record, typed, problems, names, guest.zone, guest.who.currency, {})
    made = replace(widgets.widget(one, filled), focus=True, mark=f"-{str(record['id'])[-8:]}")
    if isinstance(one.type, Stage):
        made = replace(made, options=_within_reach(one.type, str(record.get("status")), made))
    return Editor(
        address=address(definition, record["id"], one),
        list_path=f"/{definition.path}",
        widget=made,
        version=version,
        held=_held(one, record),
        shown=_SHORT if shown == _SHORT else "",
        csrf=form_token(guest.desk, guest.claims),
    )


def _within_reach(stage: Stage, now: str, made: Widget) -> tuple[widgets.Option, ...]:
    """The stages that a record may move to, and the one it is at."""
    return tuple(o for o in made.options if o.value == now or stage.may_move(now, o.value))


async def _again(
    guest: Guest, definition: Definition, act: Act, name: str, error: TenfoldError
) -> Editor:
    """The editor with what was typed, and what is wrong with it or who came before."""
    record, names, version = await read(guest, definition, act.identity)
    one = field_named(guest, definition, name)
    lost = isinstance(error, Lost)
    problem = "" if lost else _said(one, error)
    shown = act.form.get("shown")
    what = (guest, definition, record, one, names, version, shown)
    view = _editor(*what, typed=act.form, problem=problem)
    if not lost:
        # What was there when it was opened is still what the change is measured by.
        return replace(view, version=act.version or version, held=act.form.get("held")[:_MOST])
    return replace(view, theirs=await theirs_of(guest, definition, record, one, names, act.version))


def _said(one: Field, error: TenfoldError) -> str:
    own = {one.json_path, f"{one.json_path}_currency", "status"}
    beside = [text for field, text in error.fields.items() if field in own]
    return beside[0] if beside else refusal(error)


def _field(guest: Guest, definition: Definition, record: Record, name: str) -> Field:
    """The field of this name; raises where it is not to be seen, or not to be changed."""
    one = field_named(guest, definition, name)
    if one.name not in editable(guest, definition, record):
        raise Forbidden(say("You may not change %(field)s here.", field=within(one.label)))
    return one


def _held(one: Field, record: Record) -> str:
    """A mark of what a field holds: the same as long as nobody changes it."""
    if one.type.kind == "secret":  # masked, all secrets look the same
        return ""
    values = cells.custom_values(record, one) if one.custom else record
    pair = (values.get(one.json_name), values.get(f"{one.name}_currency"))
    return hashlib.sha256(digits.encode(pair)).hexdigest()[:16]


HANDLERS = [field_editor, field_saved, field_undone]
__all__ = ["HANDLERS", "address", "editable"]
