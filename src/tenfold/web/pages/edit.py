"""Writing from the pages: new records, changes, moves, deletion and its undoing."""

from __future__ import annotations

from typing import Any

import msgspec
from litestar import get, post
from litestar.response.base import ASGIResponse

from tenfold.engine.definition import Definition
from tenfold.engine.naming import own_title
from tenfold.engine.take_back import take_back
from tenfold.engine.values import parse
from tenfold.engine.written import Change, Written
from tenfold.kernel.errors import Conflict, Forbidden, Invalid, Lost
from tenfold.web.api.requests import identified
from tenfold.web.desk import desk_of
from tenfold.web.pages import render
from tenfold.web.pages.door import signed_in
from tenfold.web.pages.form_page import again, names_of, read, suggested, view_of
from tenfold.web.pages.forms import Body, body_of
from tenfold.web.pages.frame import Guest, changing, frame, visiting
from tenfold.web.pages.record import within
from tenfold.web.pages.session import Flash, Form, Req, keep_flash, routed, signed_form
from tenfold.web.pages.widgets import form_fields


@get("/{plural:str}/new")
async def new_page(request: Req, plural: str) -> ASGIResponse:
    """The form for a new record; the address may fill in fields."""
    routed(request, "page-new")
    shipped = desk_of(request).shipped(plural)
    claims = await signed_in(request)
    async with visiting(request, claims) as guest:
        definition = await guest.tailored(shipped)
        guest.person.access(definition).need("create", definition)
        record = suggested(definition, dict(request.query_params.items()))
        names = await names_of(guest, definition, record)
        view = view_of(guest, definition, record, names)
        around = frame(guest, view.title)
    return render.page(request, "form.html", around, form=view)


@post("/{plural:str}/new", status_code=200)
async def create(request: Req, plural: str) -> ASGIResponse:
    """Make the record, or show the form again with what was typed and what is wrong."""
    routed(request, "page-create")
    desk = desk_of(request)
    shipped = desk.shipped(plural)
    claims = await signed_in(request)
    form = await signed_form(request, claims)
    try:
        async with changing(request, claims) as (tx, guest):
            definition = await guest.tailored(shipped)
            access = guest.person.access(definition)
            access.need("create", definition)
            fields = form_fields(definition, access, creating=True)
            body = await body_of(form, fields, desk.query, tx, guest.person)
            _stop(body, definition, guest, creating=True)
            (written,), _ = await desk.records.create(
                tx, guest.person, definition, [body.values], guest.locale
            )
    except (Invalid, Conflict) as error:
        return await again(request, shipped, form, error)
    keep_flash(request, Flash(f"{_title(definition, written)} was created."))
    # All or nothing: without an error there is a record.
    return render.to(request, f"/{definition.path}/{written.id if written else ''}")


@get("/{plural:str}/{record_id:str}/edit")
async def edit_page(request: Req, plural: str, record_id: str) -> ASGIResponse:
    """The form of a record as it is now."""
    routed(request, "page-edit")
    shipped = desk_of(request).shipped(plural)
    claims = await signed_in(request)
    identity = identified(record_id, shipped)
    async with visiting(request, claims) as guest:
        definition = await guest.tailored(shipped)
        record, names, version = await read(guest, definition, identity)
        scope = guest.person.access(definition).update
        if not within(guest, scope, record):
            raise Forbidden(f"You may not change this {definition.label.lower()}.")
        view = view_of(guest, definition, record, names, version=version)
        around = frame(guest, view.title)
    return render.page(request, "form.html", around, form=view)


@post("/{plural:str}/{record_id:str}/edit", status_code=200)
async def change(request: Req, plural: str, record_id: str) -> ASGIResponse:
    """Change the record, or show the form again: mistakes, or somebody else's change meanwhile."""
    routed(request, "page-change")
    desk = desk_of(request)
    shipped = desk.shipped(plural)
    claims = await signed_in(request)
    identity = identified(record_id, shipped)
    form = await signed_form(request, claims)
    try:
        async with changing(request, claims) as (tx, guest):
            definition = await guest.tailored(shipped)
            access = guest.person.access(definition)
            fields = form_fields(definition, access, creating=False)
            body = await body_of(form, fields, desk.query, tx, guest.person)
            _stop(body, definition, guest, creating=False)
            one = Change(identity, body.values, _version(form))
            await desk.records.update(tx, guest.person, definition, [one], guest.locale)
    except (Invalid, Conflict, Lost) as error:
        return await again(request, shipped, form, error, identity)
    keep_flash(request, Flash("Your changes are saved."))
    return render.to(request, f"/{shipped.path}/{identity}")


@post("/{plural:str}/{record_id:str}/moves", status_code=200)
async def move(request: Req, plural: str, record_id: str) -> ASGIResponse:
    """Move the record to another stage."""
    routed(request, "page-move")
    desk = desk_of(request)
    shipped = desk.shipped(plural)
    claims = await signed_in(request)
    identity = identified(record_id, shipped)
    form = await signed_form(request, claims)
    stage, to = shipped.status, form.get("to")
    if stage is None or to not in stage.options:
        raise Invalid({"to": "is no stage of this record"})
    path = f"/{shipped.path}/{identity}"
    try:
        async with changing(request, claims) as (tx, guest):
            definition = await guest.tailored(shipped)
            written = await desk.records.move(
                tx,
                guest.person,
                definition,
                identity,
                to,
                form.get("reason").strip(),
                _version(form),
            )
    except (Conflict, Lost) as error:
        keep_flash(request, Flash(error.message, kind="problem"))
        return render.to(request, path)
    undo = f"{path}/moves/undo?version={written.version}"
    keep_flash(request, Flash(f"Moved to {stage.label(to)}.", undo=undo))
    return render.to(request, path)


@post("/{plural:str}/{record_id:str}/moves/undo", status_code=200)
async def unmove(request: Req, plural: str, record_id: str, version: int) -> ASGIResponse:
    """Take one's own last move back, also from a stage that can't be left."""
    routed(request, "page-unmove")
    desk = desk_of(request)
    shipped = desk.shipped(plural)
    claims = await signed_in(request)
    identity = identified(record_id, shipped)
    await signed_form(request, claims)
    path = f"/{shipped.path}/{identity}"
    try:
        async with changing(request, claims) as (tx, guest):
            definition = await guest.tailored(shipped)
            what = (tx, guest.person, definition, identity, version)
            old = await take_back(desk.records, *what)
    except (Conflict, Lost) as error:
        keep_flash(request, Flash(error.message, kind="problem"))
        return render.to(request, path)
    label = shipped.status.label(old) if shipped.status else old
    keep_flash(request, Flash(f"Moved back to {label}."))
    return render.to(request, path)


@post("/{plural:str}/{record_id:str}/delete", status_code=200)
async def delete(request: Req, plural: str, record_id: str) -> ASGIResponse:
    """Delete the record softly; the next page offers to undo it."""
    routed(request, "page-delete")
    desk = desk_of(request)
    shipped = desk.shipped(plural)
    claims = await signed_in(request)
    identity = identified(record_id, shipped)
    form = await signed_form(request, claims)
    path = f"/{shipped.path}/{identity}"
    try:
        async with changing(request, claims) as (tx, guest):
            definition = await guest.tailored(shipped)
            (written,), _ = await desk.records.delete(
                tx, guest.person, definition, [identity], version=_version(form)
            )
    except (Conflict, Lost) as error:
        keep_flash(request, Flash(error.message, kind="problem"))
        return render.to(request, path)
    flash = Flash(f"{_title(definition, written)} was deleted.", undo=f"{path}/restore")
    keep_flash(request, flash)
    return render.to(request, f"/{shipped.path}")


@post("/{plural:str}/{record_id:str}/restore", status_code=200)
async def restore(request: Req, plural: str, record_id: str) -> ASGIResponse:
    """Bring a deleted record back."""
    routed(request, "page-restore")
    desk = desk_of(request)
    shipped = desk.shipped(plural)
    claims = await signed_in(request)
    identity = identified(record_id, shipped)
    await signed_form(request, claims)
    path = f"/{shipped.path}/{identity}"
    try:
        async with changing(request, claims) as (tx, guest):
            definition = await guest.tailored(shipped)
            await desk.records.restore(tx, guest.person, definition, identity)
    except Conflict as error:
        keep_flash(request, Flash(error.message, kind="problem"))
        return render.to(request, f"{path}?deleted=true")
    keep_flash(request, Flash(f"This {shipped.label.lower()} is back."))
    return render.to(request, path)


def _stop(body: Body, definition: Definition, guest: Guest, *, creating: bool) -> None:
    """Raise the mistakes that the form alone can make, with all others, in one round."""
    if not body.problems:
        return
    try:
        access = guest.person.access(definition)
        parse(body.values, definition, access, guest.locale, creating=creating)
    except Invalid as error:
        raise Invalid({**error.fields, **body.problems}) from None
    raise Invalid(body.problems)


def _title(definition: Definition, written: Written | None) -> str:
    """What a written record is called; its type, where the writer may not read it."""
    if written is None or written.json is None:
        return f"The {definition.label.lower()}"
    record: dict[str, Any] = msgspec.json.decode(written.json)
    return own_title(definition, record) or f"The {definition.label.lower()}"


def _version(form: Form) -> int | None:
    text = form.get("version")
    return int(text[:18]) if text.isascii() and text.isdigit() else None


HANDLERS = [new_page, create, edit_page, change, move, unmove, delete, restore]
