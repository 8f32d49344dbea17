"""Writing from the pages: new records, changes, moves, deletion and its undoing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import msgspec
from litestar import get, post
from litestar.response.base import ASGIResponse

from tenfold.db.database import Reader
from tenfold.engine.ask import Embed
from tenfold.engine.definition import Definition
from tenfold.engine.records import Change
from tenfold.engine.titles import USER, title_of, titles
from tenfold.engine.types import AnyRef, Ref, User
from tenfold.engine.values import parse
from tenfold.kernel.errors import Conflict, Forbidden, Invalid, Lost, TenfoldError
from tenfold.kernel.ids import parse_id
from tenfold.web.api.requests import identified
from tenfold.web.pages import cells, render, widgets
from tenfold.web.pages.door import signed_in
from tenfold.web.pages.forms import Body, body_of
from tenfold.web.pages.frame import Frame, Guest, changing, frame, visiting
from tenfold.web.pages.record import within
from tenfold.web.pages.session import (
    Flash,
    Form,
    Req,
    desk_of,
    keep_flash,
    signed_form,
)
from tenfold.web.pages.widgets import Filled, Section, form_fields, name_of


@dataclass(frozen=True, slots=True)
class FormView:
    """A form as its template shows it."""

    title: str
    path: str
    back: str
    list_path: str
    label: str
    label_plural: str
    doc: str
    submit: str
    version: str
    sections: tuple[Section, ...]
    problem: str
    mistakes: int


@get("/{plural:str}/new")
async def new_page(request: Req, plural: str) -> ASGIResponse:
    """The form for a new record; the address may fill in fields."""
    request.scope["tenfold.route"] = "page-new"  # pyright: ignore[reportGeneralTypeIssues]
    shipped = desk_of(request).shipped(plural)
    claims = await signed_in(request)
    async with visiting(request, claims) as guest:
        definition = await guest.tailored(shipped)
        guest.person.access(definition).need("create", definition)
        record = _suggested(definition, dict(request.query_params.items()))
        names = await _names(guest, guest.reader, definition, record)
        view = _view(guest, definition, record, names)
        around = frame(guest, view.title)
    return render.page(request, "form.html", around, form=view)


@post("/{plural:str}/new", status_code=200)
async def create(request: Req, plural: str) -> ASGIResponse:
    """Make the record, or show the form again with what was typed and what is wrong."""
    request.scope["tenfold.route"] = "page-create"  # pyright: ignore[reportGeneralTypeIssues]
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
            assert written is not None
    except (Invalid, Conflict) as error:
        return await _again(request, shipped, form, error)
    record: dict[str, Any] = msgspec.json.decode(written.json or b"{}")
    keep_flash(request, Flash(f"{title_of(definition, record)} was created."))
    return render.to(request, f"/{definition.path}/{written.id}")


@get("/{plural:str}/{record_id:str}/edit")
async def edit_page(request: Req, plural: str, record_id: str) -> ASGIResponse:
    """The form of a record as it is now."""
    request.scope["tenfold.route"] = "page-edit"  # pyright: ignore[reportGeneralTypeIssues]
    shipped = desk_of(request).shipped(plural)
    claims = await signed_in(request)
    identity = identified(record_id, shipped)
    async with visiting(request, claims) as guest:
        definition = await guest.tailored(shipped)
        record, names, version = await _read(guest, definition, identity)
        scope = guest.person.access(definition).update
        if not within(guest, scope, record):
            raise Forbidden(f"You may not change this {definition.label.lower()}.")
        view = _view(guest, definition, record, names, version=version)
        around = frame(guest, view.title)
    return render.page(request, "form.html", around, form=view)


@post("/{plural:str}/{record_id:str}/edit", status_code=200)
async def change(request: Req, plural: str, record_id: str) -> ASGIResponse:
    """Change the record, or show the form again: mistakes, or somebody else's change meanwhile."""
    request.scope["tenfold.route"] = "page-change"  # pyright: ignore[reportGeneralTypeIssues]
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
        return await _again(request, shipped, form, error, identity)
    keep_flash(request, Flash("Your changes are saved."))
    return render.to(request, f"/{shipped.path}/{identity}")


@post("/{plural:str}/{record_id:str}/moves", status_code=200)
async def move(request: Req, plural: str, record_id: str) -> ASGIResponse:
    """Move the record to another stage."""
    request.scope["tenfold.route"] = "page-move"  # pyright: ignore[reportGeneralTypeIssues]
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
            await desk.records.move(
                tx, guest.person, definition, identity, to, form.get("reason").strip(), _version(form)
            )
    except (Conflict, Lost) as error:
        keep_flash(request, Flash(error.message, kind="problem"))
        return render.to(request, path)
    keep_flash(request, Flash(f"Moved to {stage.label(to)}."))
    return render.to(request, path)


@post("/{plural:str}/{record_id:str}/delete", status_code=200)
async def delete(request: Req, plural: str, record_id: str) -> ASGIResponse:
    """Delete the record softly; the next page offers to undo it."""
    request.scope["tenfold.route"] = "page-delete"  # pyright: ignore[reportGeneralTypeIssues]
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
    record: dict[str, Any] = msgspec.json.decode((written and written.json) or b"{}")
    name = title_of(shipped, record)
    keep_flash(request, Flash(f"{name} was deleted.", undo=f"{path}/restore"))
    return render.to(request, f"/{shipped.path}")


@post("/{plural:str}/{record_id:str}/restore", status_code=200)
async def restore(request: Req, plural: str, record_id: str) -> ASGIResponse:
    """Bring a deleted record back."""
    request.scope["tenfold.route"] = "page-restore"  # pyright: ignore[reportGeneralTypeIssues]
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


# -- the form shown again


async def _again(
    request: Req,
    shipped: Definition,
    form: Form,
    error: TenfoldError,
    identity: UUID | None = None,
) -> ASGIResponse:
    """The form with what was typed, the mistakes beside their fields, and for a lost update
    what the fields hold now."""
    claims = await signed_in(request)
    async with visiting(request, claims) as guest:
        definition = await guest.tailored(shipped)
        record: dict[str, Any] = {}
        names: Mapping[UUID, str] = {}
        version = 0
        if identity is not None:
            record, names, version = await _read(guest, definition, identity)
        changed: dict[str, str] = {}
        if isinstance(error, Lost):
            changed = _changed(guest, definition, form, record, names)
        else:
            version = int(form.get("version") or 0) if form.get("version").isdigit() else version
        view = _view(
            guest, definition, record, names, version=version, typed=form, error=error, changed=changed
        )
        around: Frame = frame(guest, view.title)
    return render.page(request, "form.html", around, status=error.status, form=view)


def _changed(
    guest: Guest,
    definition: Definition,
    form: Form,
    record: dict[str, Any],
    names: Mapping[UUID, str],
) -> dict[str, str]:
    """What the fields hold now, where that is not what was typed."""
    fields = form_fields(definition, guest.person.access(definition), creating=False)
    untyped = Filled(record, None, {}, names, guest.zone, guest.who.currency, {})
    stored = [w for s in widgets.sections(definition, fields, untyped) for w in s.widgets]
    eyes = guest.eyes(names)
    by_name = {name_of(f): f for f in fields}
    found: dict[str, str] = {}
    for one in stored:
        field = by_name[one.name]
        if one.control in ("choices", "address", "box") or field.type.kind == "secret":
            continue
        if one.value != form.get(one.name):
            shown = cells.cell(field, record, eyes).text
            found[one.name] = shown or "empty"
    return found


def _view(
    guest: Guest,
    definition: Definition,
    record: dict[str, Any],
    names: Mapping[UUID, str],
    *,
    version: int = 0,
    typed: Form | None = None,
    error: TenfoldError | None = None,
    changed: Mapping[str, str] | None = None,
) -> FormView:
    creating = "id" not in record
    access = guest.person.access(definition)
    fields = form_fields(definition, access, creating=creating)
    problems = dict(error.fields) if error else {}
    known = {name_of(f) for f in fields}
    beside = {name: text for name, text in problems.items() if name in known}
    filled = Filled(
        record, typed, beside, names, guest.zone, guest.who.currency, changed or {}
    )
    path = f"/{definition.path}"
    word = definition.label.lower()
    return FormView(
        title=f"New {word}" if creating else f"Edit {title_of(definition, record)}",
        path=f"{path}/new" if creating else f"{path}/{record['id']}/edit",
        back=path if creating else f"{path}/{record['id']}",
        list_path=path,
        label=definition.label,
        label_plural=definition.label_plural,
        doc=definition.doc,
        submit=f"Create {word}" if creating else "Save changes",
        version=str(version or ""),
        sections=widgets.sections(definition, fields, filled),
        problem=_problem(definition, error, beside, problems),
        mistakes=len(beside),
    )


def _problem(
    definition: Definition,
    error: TenfoldError | None,
    beside: Mapping[str, str],
    problems: Mapping[str, str],
) -> str:
    """The sentence above a form that was not accepted."""
    if error is None:
        return ""
    if isinstance(error, Lost):
        return (
            f"Somebody changed this {definition.label.lower()} while you were editing. What you "
            "typed is kept; where it differs, the value of now stands below the field. "
            "Save again to keep yours."
        )
    if len(beside) == len(problems) and beside:
        many = len(beside) > 1
        return f"{len(beside)} fields need a correction." if many else "One field needs a correction."
    return error.message


async def _read(
    guest: Guest, definition: Definition, identity: UUID
) -> tuple[dict[str, Any], Mapping[UUID, str], int]:
    """A record for its form, with the names of what it points to."""
    embeds: tuple[Embed, ...] = ()
    json, version = await guest.desk.query.one(
        guest.reader, guest.person, definition, identity, embeds=embeds
    )
    record: dict[str, Any] = msgspec.json.decode(json)
    names = await _names(guest, guest.reader, definition, record)
    return record, names, version


async def _names(
    guest: Guest, reader: Reader, definition: Definition, record: Mapping[str, Any]
) -> dict[UUID, str]:
    wanted: dict[str, set[UUID]] = {}
    for one in definition.fields.values():
        value: Any = record.get(one.json_name)
        if not value:
            continue
        kind, text = "", value
        if isinstance(one.type, Ref):
            kind = one.type.to
        elif isinstance(one.type, User):
            kind = USER
        elif isinstance(one.type, AnyRef):
            kind, text = str(value["type"]), value["id"]
        found = parse_id(str(text)) if kind else None
        if found:
            wanted.setdefault(kind, set()).add(found)
    return await titles(guest.desk.query, reader, guest.person, wanted)


def _suggested(definition: Definition, given: Mapping[str, str]) -> dict[str, Any]:
    """Relations that an address fills in for a new record: `/notes/new?contact_id=…`."""
    return {
        name: value
        for name, value in given.items()
        if (one := definition.by_json.get(name)) is not None
        and isinstance(one.type, Ref | User)
        and parse_id(value) is not None
    }


def _stop(body: Body, definition: Definition, guest: Guest, *, creating: bool) -> None:
    """Raise the mistakes that the form alone can make, with all others, so that one round is enough."""
    if not body.problems:
        return
    try:
        access = guest.person.access(definition)
        parse(body.values, definition, access, guest.locale, creating=creating)
    except Invalid as error:
        raise Invalid({**error.fields, **body.problems}) from None
    raise Invalid(body.problems)


def _version(form: Form) -> int | None:
    text = form.get("version")
    return int(text[:18]) if text.isascii() and text.isdigit() else None


HANDLERS = [new_page, create, edit_page, change, move, delete, restore]
