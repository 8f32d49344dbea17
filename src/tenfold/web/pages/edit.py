"""Writing from the pages: new records, changes, moves, deletion and its undoing."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, urlsplit
from uuid import UUID

import msgspec
from litestar import get, post
from litestar.response.base import ASGIResponse

from tenfold.accounts.identity.tokens import Claims
from tenfold.db.database import Transaction
from tenfold.engine.definition import Definition
from tenfold.engine.naming import own_title
from tenfold.engine.take_back import REFUSALS, take_back
from tenfold.engine.values import parse
from tenfold.engine.written import Change, Written
from tenfold.kernel.errors import Conflict, Forbidden, Invalid, Lost, TenfoldError
from tenfold.kernel.ids import NIL
from tenfold.kernel.language import say, within
from tenfold.web.api.requests import identified
from tenfold.web.desk import Desk, desk_of
from tenfold.web.pages import render
from tenfold.web.pages.door import signed_in
from tenfold.web.pages.filters import address
from tenfold.web.pages.form_page import again, names_of, read, suggested, view_of
from tenfold.web.pages.forms import Body, body_of
from tenfold.web.pages.frame import Guest, changing, frame, visiting
from tenfold.web.pages.meanwhile import theirs_of
from tenfold.web.pages.reaching import may_change
from tenfold.web.pages.refusals import refusal
from tenfold.web.pages.session import (
    Flash,
    Form,
    Req,
    keep_flash,
    listed_in,
    routed,
    shown,
    signed_form,
)
from tenfold.web.pages.widgets import form_fields
from tenfold.web.safe_next import safe_next


@get("/{plural:str}/new")
async def new_page(request: Req, plural: str) -> ASGIResponse:
    """The form for a new record; the address may fill in fields."""
    routed(request, "page-new")
    shipped = desk_of(request).shipped(plural)
    claims = await signed_in(request)
    async with visiting(request, claims) as guest:
        definition = await guest.tailored(shipped)
        guest.person.access(definition).need("create", definition)
        record = suggested(definition, dict(request.query_params.items()), guest.zone)
        names = await names_of(guest, definition, record)
        view = view_of(guest, definition, record, names)
        around = frame(guest, view.title)
    return render.page(request, "form.html", around, form=view)


@post("/{plural:str}/new", status_code=200)
async def create(request: Req, plural: str) -> ASGIResponse:
    """Make the record, or show the form again with what was typed and what is wrong."""
    act = await arrived(request, plural, "page-create")
    try:
        async with act.changing() as (tx, guest, definition):
            access = guest.person.access(definition)
            access.need("create", definition)
            fields = form_fields(definition, access, creating=True)
            body = await body_of(act.form, fields, act.desk.query, tx, guest.person)
            stop(body, definition, guest, creating=True)
            (written,), _ = await act.desk.records.create(
                tx, guest.person, definition, [body.values], guest.locale
            )
    except (Invalid, Conflict) as error:
        return await again(request, act.shipped, act.form, error)
    # All or nothing: without an error there is a record.
    path = f"/{definition.path}/{written.id if written else ''}"
    return act.done(say("%(name)s was created.", name=_title(definition, written)), path)


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
        if not may_change(guest, definition, record):
            raise Forbidden(say("You may not change this %(type)s.", type=within(definition.label)))
        view = view_of(guest, definition, record, names, version=version)
        around = frame(guest, view.title)
    return render.page(request, "form.html", around, form=view)


@post("/{plural:str}/{record_id:str}/edit", status_code=200)
async def change(request: Req, plural: str, record_id: str) -> ASGIResponse:
    """Change the record, or show the form again: mistakes, or somebody else's change meanwhile."""
    act = await arrived(request, plural, "page-change", record_id)
    try:
        async with act.changing() as (tx, guest, definition):
            access = guest.person.access(definition)
            fields = form_fields(definition, access, creating=False)
            # Where somebody else came first, and theirs was chosen, the field stays as it is.
            theirs = {f.name for f in fields if act.form.get(f"choose.{f.json_path}") == "theirs"}
            fields = [f for f in fields if f.name not in theirs]
            body = await body_of(act.form, fields, act.desk.query, tx, guest.person)
            stop(body, definition, guest, creating=False)
            one = Change(act.identity, body.values, act.version)
            (written,), _ = await act.desk.records.update(
                tx, guest.person, definition, [one], guest.locale
            )
    except (Invalid, Conflict, Lost) as error:
        return await again(request, act.shipped, act.form, error, act.identity)
    undo = f"{act.path}/undo?version={written.version}" if written else ""
    return act.done(say("Your changes are saved."), undo=undo)


@post("/{plural:str}/{record_id:str}/moves", status_code=200)
async def move(request: Req, plural: str, record_id: str) -> ASGIResponse:
    """Move the record to another stage; changes that leave its stage as it was are no hindrance."""
    act = await arrived(request, plural, "page-move", record_id)
    to, reason = act.form.get("to"), act.form.get("reason").strip()
    try:
        async with act.changing() as (tx, guest, definition):
            stage = definition.status
            if stage is None or to not in stage.options:
                raise Invalid({"to": say("is no stage of this record")})
            stood, version = act.form.get("from"), act.version
            if stood:
                seen = (tx, guest.person, definition, act.identity)
                json, now = await act.desk.query.one(*seen, fields=("status",))
                version = now if msgspec.json.decode(json).get("status") == stood else version
            what = (tx, guest.person, definition, act.identity, to, reason, version)
            written = await act.desk.records.move(*what)
    except Lost:
        return await _moved_before(act)
    except Conflict as error:
        return act.refused(error)
    undo = f"{act.path}/undo?version={written.version}"
    return act.done(say("Moved to %(stage)s.", stage=stage.label(to)), act.onward, undo=undo)


async def _moved_before(act: Act) -> ASGIResponse:
    """Back to the record as it is now, which says who moved it, and to where."""
    async with visiting(act.request, act.claims) as guest:
        definition = await guest.tailored(act.shipped)
        record, names, _ = await read(guest, definition, act.identity)
        what = (guest, definition, record, definition.fields["status"], names, act.version)
        theirs = await theirs_of(*what)
    said = say(
        "%(who)s moved it to %(stage)s meanwhile. Move it once more if you still want to.",
        who=theirs.who,
        stage=theirs.cell.text,
    )
    return act.refused(Lost(said))


@post("/{plural:str}/{record_id:str}/undo", status_code=200)
async def undo(
    request: Req,
    plural: str,
    record_id: str,
    version: int,
    next: str = "",  # noqa: A002 - the address says `next`
) -> ASGIResponse:
    """Take one's own last change back: fields, or a move, also from a stage that can't be left."""
    act = await arrived(request, plural, "page-undo", record_id)
    try:
        async with act.changing() as (tx, guest, definition):
            what = (tx, guest.person, definition, act.identity, version)
            back = await take_back(act.desk.records, *what)
            stage = definition.status
    except REFUSALS as error:
        return act.refused(error, back=True)
    to = back.get("status")
    said = (
        say("Moved back to %(stage)s.", stage=stage.label(str(to)))
        if stage and to
        else say("Taken back.")
    )
    return act.done(said, safe_next(next) if next else act.back)


@post("/{plural:str}/{record_id:str}/delete", status_code=200)
async def delete(
    request: Req,
    plural: str,
    record_id: str,
    next: str = "",  # noqa: A002 - as above
) -> ASGIResponse:
    """Delete the record softly; the next page offers to undo it. It is the list, or `next`."""
    act = await arrived(request, plural, "page-delete", record_id)
    try:
        async with act.changing() as (tx, guest, definition):
            (written,), _ = await act.desk.records.delete(
                tx, guest.person, definition, [act.identity], version=act.version
            )
    except (Conflict, Lost) as error:
        return act.refused(error)
    said = say("%(name)s was deleted.", name=_title(definition, written))
    onward = safe_next(next) if next else ""
    undo = f"{act.path}/restore"
    undo = render.query(undo, next=onward) if onward else undo
    return act.done(said, onward or act.list, undo=undo)


@post("/{plural:str}/{record_id:str}/restore", status_code=200)
async def restore(
    request: Req,
    plural: str,
    record_id: str,
    next: str = "",  # noqa: A002 - as above
) -> ASGIResponse:
    """Bring a deleted record back; the next page is its own, or `next`."""
    act = await arrived(request, plural, "page-restore", record_id)
    try:
        async with act.changing() as (tx, guest, definition):
            await act.desk.records.restore(tx, guest.person, definition, act.identity)
            word = within(definition.label)
    except Conflict as error:
        return act.refused(error, "?deleted=true")
    return act.done(say("This %(type)s is back.", type=word), safe_next(next) if next else "")


@dataclass(frozen=True, slots=True)
class Act:
    """A form that was sent: whose, about which record, and where its page is."""

    request: Req
    desk: Desk
    shipped: Definition
    identity: UUID
    claims: Claims
    form: Form

    @property
    def path(self) -> str:
        """The record's page."""
        return f"/{self.shipped.path}/{self.identity}"

    @property
    def here(self) -> str:
        """The record's page within the list that it was come to from: as the form's address says,
        else that of the page that was shown."""
        return address(self.path, [("in", self._within)])

    @property
    def list(self) -> str:
        """The list that it was come to from, else all of them."""
        return address(f"/{self.shipped.path}", parse_qsl(self._within))

    @property
    def _within(self) -> str:
        around = dict(parse_qsl(urlsplit(shown(self.request)).query))
        return listed_in(self.request) or around.get("in", "")

    @property
    def version(self) -> int | None:
        """The version of the record that the form was made of."""
        return self.form.whole("version")

    @property
    def onward(self) -> str:
        """Where the form says to go on, else the record's page."""
        named = self.form.get("next")
        return safe_next(named) if named else self.here

    @property
    def back(self) -> str:
        """Where the form says to go on, else the page that was shown, else the record's."""
        return self.onward if self.form.get("next") else shown(self.request) or self.here

    def undone(self, version: int) -> str:
        """Where what was just done is taken back, and the page that goes on from there."""
        return render.query(f"{self.path}/undo", version=str(version), next=self.back)

    @asynccontextmanager
    async def changing(self) -> AsyncGenerator[tuple[Transaction, Guest, Definition]]:
        """The transaction that does what the form asks, all or nothing."""
        async with changing(self.request, self.claims) as (tx, guest):
            yield tx, guest, await guest.tailored(self.shipped)

    def done(self, said: str, path: str = "", undo: str = "") -> ASGIResponse:
        """Go to the record's page, or to another, which says what was done."""
        keep_flash(self.request, Flash(said, undo=undo))
        return render.to(self.request, path or self.here)

    def refused(self, error: TenfoldError, query: str = "", *, back: bool = False) -> ASGIResponse:
        """Go back to the record's page, or to the one that was shown, which says why not."""
        keep_flash(self.request, Flash(refusal(error, self.shipped), kind="problem"))
        page = self.path + query if query else self.here
        return render.to(self.request, self.back if back else page)


async def arrived(request: Req, plural: str, route: str, record_id: str = "") -> Act:
    """What a form asks, before anything is held; raises where nobody is signed in."""
    routed(request, route)
    desk = desk_of(request)
    shipped = desk.shipped(plural)
    claims = await signed_in(request)
    identity = identified(record_id, shipped) if record_id else NIL
    form = await signed_form(request, claims)
    return Act(request, desk, shipped, identity, claims, form)


def stop(body: Body, definition: Definition, guest: Guest, *, creating: bool) -> None:
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
        return say("The %(type)s", type=within(definition.label))
    record: dict[str, Any] = msgspec.json.decode(written.json)
    return own_title(definition, record) or say("The %(type)s", type=within(definition.label))


HANDLERS = [new_page, create, edit_page, change, move, undo, delete, restore]
__all__ = ["HANDLERS", "Act", "arrived", "stop"]
