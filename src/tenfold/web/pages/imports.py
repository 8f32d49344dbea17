"""Imports on pages: send a file, see where its columns go, begin, watch, take back."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractAsyncContextManager
from functools import partial
from typing import Any
from uuid import UUID

from litestar import get, post
from litestar.datastructures import UploadFile
from litestar.response import Stream
from litestar.response.base import ASGIResponse
from msgspec.structs import replace

from tenfold.accounts.identity.tokens import Claims
from tenfold.accounts.organisation.administrator import need_taking_back
from tenfold.engine import batches
from tenfold.engine.access import Person
from tenfold.engine.batches import Batch
from tenfold.engine.definition import Definition
from tenfold.engine.titles import USER, titles
from tenfold.exchange import drafts, previewing, starting
from tenfold.exchange.drafts import Draft
from tenfold.exchange.import_files import ImportFiles
from tenfold.exchange.import_state import Options, Part, State, state_of
from tenfold.exchange.importing import Exchange
from tenfold.exchange.jobs import AT_ONCE, IMPORT_JOB, UNDO_JOB, Undoer, enqueued, stop
from tenfold.exchange.previewing import Preview
from tenfold.exchange.standing import UNFINISHED, standing, standings
from tenfold.exchange.starting import Upload, shown_name
from tenfold.kernel.errors import Conflict, Invalid, NotFound
from tenfold.kernel.ids import new_id, parse_id
from tenfold.kernel.language import mark, say
from tenfold.web.api.administration import told_outside
from tenfold.web.api.auth import client_of
from tenfold.web.api.imports import refused_stream
from tenfold.web.desk import desk_of
from tenfold.web.pages import (
    cells,
    import_check,
    import_filters,
    import_how,
    import_kept,
    import_links,
    import_views,
    import_words,
    render,
)
from tenfold.web.pages.door import signed_in
from tenfold.web.pages.filters import Option, address
from tenfold.web.pages.frame import Guest, changing, frame, readable, visiting
from tenfold.web.pages.import_check import Check
from tenfold.web.pages.import_views import RefusedRow
from tenfold.web.pages.mentions import Mentions
from tenfold.web.pages.session import Flash, Form, Req, keep_flash, routed, signed_form
from tenfold.web.pages.uploads import pieces, signed_upload
from tenfold.web.safe_next import safe_next

_SHOWN = 50
_ANEW = mark("The file is read in another way now. See where its columns go, then import it.")
_Enter = Callable[[], AbstractAsyncContextManager[Guest]]


@get("/imports")
async def imports_page(
    request: Req, before: str = "", kind: str = "", by: str = "", status: str = ""
) -> ASGIResponse:
    """Imports, bulk edits, hand-overs and undos, newest first: all, or of a kind, person, state."""
    routed(request, "page-imports")
    claims = await signed_in(request)
    async with visiting(request, claims) as guest:
        which = import_filters.which(kind, by, status)
        what = (guest.reader, guest.person, which.kinds, parse_id(before), _SHOWN + 1)
        found = await batches.listing(*what, by=which.by, state=which.state)
        shown = await standings(guest.reader, claims.tenant, found[:_SHOWN])
        eyes = await _eyes(guest, shown)
        entries = [import_views.entry(guest, b, eyes) for b in shown]
        may = bool(_choices(guest, ""))
        filters = await import_filters.filters(guest, which)
        around = frame(guest, say("Imports"))
    more = [*which.pairs, ("before", str(shown[-1].id))] if len(found) > _SHOWN else []
    earlier = address("/imports", more) if more else ""
    view: dict[str, Any] = {"entries": entries, "earlier": earlier, "may_import": may}
    view |= {"filters": filters, "filtered": bool(which.pairs)}
    return render.page(request, "imports.html", around, **view)


@get("/imports/new")
async def send_page(request: Req, type: str = "") -> ASGIResponse:  # noqa: A002 - as in the API
    """The form that sends a file."""
    routed(request, "page-import-new")
    claims = await signed_in(request)
    return await _send_form(request, claims, type, "")


@post("/imports/new", status_code=200, request_max_body_size=None)
async def send(request: Req) -> ASGIResponse:
    """Keep the file as a draft and go on to its columns; or say what is wrong with it."""
    routed(request, "page-import-send")
    claims = await signed_in(request)
    async with signed_upload(request, claims) as (form, upload):
        kind = form.get("type")
        if upload is None:
            return await _send_form(request, claims, kind, say("Choose a file to import."))
        if not kind:
            return await _send_form(request, claims, kind, say("Choose what the rows are."))
        return await _drafted(request, claims, upload, kind)


async def _drafted(request: Req, claims: Claims, upload: UploadFile, kind: str) -> ASGIResponse:
    exchange, identity = desk_of(request).exchange, new_id()
    files = exchange.files(claims.tenant, identity)
    await asyncio.to_thread(drafts.sweep, files.folder.parent)
    try:
        enter = partial(visiting, request, claims)
        async with enter() as guest:
            begun = Options(region=guest.who.own_region)
        draft = await _stored(request, files, upload, claims.user, kind, begun)
        await _previewed(enter, exchange, files, draft, begun, whole=False)
    except Invalid as error:
        files.discard()
        return await _send_form(request, claims, kind, _said(error))
    except BaseException:
        files.discard()
        raise
    return render.to(request, f"/imports/{identity}/columns")


@get("/imports/{import_id:str}/columns")
async def columns_page(request: Req, import_id: str) -> ASGIResponse:
    """Where the columns of a file would go, and what its first rows would become."""
    routed(request, "page-import-columns")
    return await _columns(request, import_id, None)


@post("/imports/{import_id:str}/columns", status_code=200)
async def begin(request: Req, import_id: str) -> ASGIResponse:
    """Begin the import with these columns, try it without storing, or look again."""
    routed(request, "page-import-begin")
    claims = await signed_in(request)
    form = await signed_form(request, claims)
    if form.get("do") not in ("import", "try") or import_how.clashes(form):
        return await _columns(request, import_id, form)
    exchange, identity = desk_of(request).exchange, _identified(import_id)
    files = exchange.files(claims.tenant, identity)
    draft = drafts.find(files, claims.user)
    try:
        enter = partial(visiting, request, claims)
        chosen = await _chosen(enter, exchange, files, draft, form)
        if import_how.other_columns(chosen, draft.options):
            return await _columns(request, import_id, form, say(_ANEW))
        begun = await _begun(request, claims, identity, draft, chosen)
    except Invalid as error:
        return await _columns(request, import_id, form, _said(error))
    return render.to(request, f"/imports/{begun}")


@get("/imports/{import_id:str}")
async def import_page(request: Req, import_id: str) -> ASGIResponse:
    """One import, bulk edit or undo: how far it is, what became of it, and its undo."""
    routed(request, "page-import")
    claims = await signed_in(request)
    async with visiting(request, claims) as guest:
        batch = await batches.find(guest.reader, guest.person, _identified(import_id))
        batch = await standing(guest.reader, claims.tenant, batch)
        eyes = await _eyes(guest, [batch], import_kept.kept_records(batch, None))
    return await _shown(request, guest, batch, eyes, None)


@get("/imports/{import_id:str}/undo")
async def undo_page(request: Req, import_id: str) -> ASGIResponse:
    """What an undo would do: tried and taken back, as nothing that only reads can be."""
    routed(request, "page-import-undo-preview")
    claims = await signed_in(request)
    async with changing(request, claims) as (tx, guest):
        batch = await batches.find(tx, guest.person, _identified(import_id))
        if not import_views.undoable(batch):
            return render.to(request, f"/imports/{batch.id}")
        undo = await Undoer(desk_of(request).exchange).preview(tx, guest.person, batch)
        eyes = await _eyes(guest, [batch], import_kept.kept_records(batch, undo))
    return await _shown(request, guest, batch, eyes, undo)


@get("/imports/{import_id:str}/refused")
async def refused_file(request: Req, import_id: str) -> Stream:
    """The rows that were refused as CSV, to be mended and imported again."""
    routed(request, "page-import-refused")
    claims = await signed_in(request)
    exchange = desk_of(request).exchange
    async with visiting(request, claims) as guest:
        batch = await batches.find(guest.reader, guest.person, _identified(import_id))
    if batch.kind != batches.IMPORT:
        raise NotFound(say("Only imports refuse rows."))
    return refused_stream(request, exchange, claims.tenant, batch)


@post("/imports/{import_id:str}/stop", status_code=200)
async def stop_import(request: Req, import_id: str) -> ASGIResponse:
    """End an import that runs: what came in by then stays, and can be undone."""
    routed(request, "page-import-stop")
    claims = await signed_in(request)
    await signed_form(request, claims)
    identity = _identified(import_id)
    async with changing(request, claims) as (tx, guest):
        await stop(tx, guest.person, identity)
    return render.to(request, f"/imports/{identity}")


@post("/imports/{import_id:str}/undo", status_code=200)
async def take_back(request: Req, import_id: str, back: str = "") -> ASGIResponse:
    """Take a batch back; a large one by a job. Who came from a list goes `back` there."""
    routed(request, "page-import-undo")
    claims = await signed_in(request)
    await signed_form(request, claims)
    identity = _identified(import_id)
    undoer = Undoer(desk_of(request).exchange)
    try:
        async with (
            told_outside(request, desk_of(request), claims),
            changing(request, claims) as (tx, guest),
        ):
            need = partial(need_taking_back, guest.person, client_of(request.scope))
            made, total = await undoer.start(tx, guest.person, identity, need)
            if total <= AT_ONCE:
                await undoer.at_once(tx, guest.person, made)
            else:
                await enqueued(tx, UNDO_JOB, made)
    except Conflict as error:
        keep_flash(request, Flash(error.message, kind="problem"))
        return render.to(request, safe_next(back) if back else f"/imports/{identity}")
    if back and total <= AT_ONCE:
        keep_flash(request, Flash(say("Taken back."), more=f"/imports/{made}"))
        return render.to(request, safe_next(back))
    return render.to(request, f"/imports/{made}")


# -- parts


async def _shown(
    request: Req, guest: Guest, batch: Batch, eyes: cells.Reader, undo: Mapping[str, Any] | None
) -> ASGIResponse:
    """The page of a batch, or what its script asks for of it."""
    exchange = desk_of(request).exchange
    refused, draft = await asyncio.to_thread(_filed, exchange, guest.person, batch)
    view = import_views.view(guest, batch, eyes, undo=undo, refused=refused, draft=draft)
    around = frame(guest, view.title)
    if render.wants(request, "batch") and view.running:
        return render.partial(request, "parts/batch.html", batch=view, frame=around)
    if render.wants(request, "undo-says"):
        return render.partial(request, "parts/undo_says.html", batch=view)
    return render.page(request, "import.html", around, batch=view)


async def _send_form(request: Req, claims: Any, kind: str, problem: str) -> ASGIResponse:
    async with visiting(request, claims) as guest:
        choices = _choices(guest, kind)
        around = frame(guest, say("Import a file"))
    most = f"{desk_of(request).settings.import_bytes >> 20:,} MB"
    view: dict[str, Any] = {"choices": choices, "problem": problem, "most": most}
    return render.page(request, "import_new.html", around, status=400 if problem else 200, **view)


def _choices(guest: Guest, chosen: str) -> list[tuple[str, tuple[Option, ...]]]:
    """The types that the person may import into, by pack."""
    found: list[tuple[str, tuple[Option, ...]]] = []
    for label, definitions in readable(guest):
        options = tuple(
            Option(d.path, d.label_plural, chosen == d.path)
            for d in definitions
            if guest.person.access(d).create
        )
        if options:
            found.append((label, options))
    return found


async def _stored(
    request: Req, files: ImportFiles, upload: UploadFile, user: UUID, kind: str, begun: Options
) -> Draft:
    stored = await files.store(0, pieces(upload), desk_of(request).settings.import_bytes)
    draft = Draft(user, shown_name(upload.filename), stored, kind, begun)
    drafts.keep(files, draft)
    return draft


def _parts(exchange: Exchange, files: ImportFiles, draft: Draft, chosen: Options) -> list[Part]:
    upload = Upload(draft.filename, draft.stored)
    return starting.parts_of(exchange, files, [upload], draft.kind, chosen)


async def _previewed(
    enter: _Enter,
    exchange: Exchange,
    files: ImportFiles,
    draft: Draft,
    chosen: Options,
    *,
    whole: bool = True,
) -> Preview:
    parts = _parts(exchange, files, draft, chosen)
    path = files.upload(draft.stored)
    return await previewing.preview(exchange, enter, path, parts=parts, options=chosen, whole=whole)


async def _begun(
    request: Req, claims: Claims, identity: UUID, draft: Draft, chosen: Options
) -> UUID:
    """Begin the import of a draft; a trial is an import of its own, after which the draft stays."""
    exchange = desk_of(request).exchange
    files, tried = exchange.files(claims.tenant, identity), ""
    parts = _parts(exchange, files, draft, chosen)
    if chosen.dry_run:
        tried, identity = str(identity), new_id()
        files.share(draft.stored, exchange.files(claims.tenant, identity))
    async with changing(request, claims) as (tx, guest):
        await starting.allowed(exchange, tx, guest.person, parts, chosen)
        await starting.begin(tx, identity, parts, chosen)
        await enqueued(tx, IMPORT_JOB, identity)
        await batches.save(tx, identity, "pending", {"draft": tried})
    if tried:
        drafts.keep(files, replace(draft, options=chosen))
    else:
        drafts.begun(files)
    return identity


def _filed(exchange: Exchange, person: Person, batch: Batch) -> tuple[list[RefusedRow], str]:
    """What lies on the disk of an import that has ended: rows it refused, and a draft it tried."""
    if batch.kind != batches.IMPORT or batch.status in UNFINISHED:
        return [], ""
    state = state_of(batch.summary)
    files = exchange.files(person.tenant, batch.id)
    return import_views.refused_rows(files, state), _tried(exchange, person, state)


def _tried(exchange: Exchange, person: Person, state: State) -> str:
    """The person's draft that an import tried, as long as it is there; else nothing."""
    draft = parse_id(state.draft)
    if draft is None:
        return ""
    try:
        drafts.find(exchange.files(person.tenant, draft), person.user)
    except NotFound:
        return ""
    return str(draft)


async def _chosen(
    enter: _Enter, exchange: Exchange, files: ImportFiles, draft: Draft, form: Form
) -> Options:
    """What the form says; of a form without columns, what was chosen before."""
    dry = form.get("do") == "try"
    if "encoding" not in form:
        return replace(draft.options, dry_run=dry)
    async with enter() as guest:
        how = import_how.said(form, draft.options, guest.who)
    how = replace(how, values=import_words.said(form), **import_links.said(form))
    if import_how.other_columns(how, draft.options):
        return replace(how, dry_run=dry)
    guessed = await _previewed(enter, exchange, files, draft, how, whole=False)
    said = {
        one.column: form.get(f"column.{number}", one.target or "") or None
        for number, one in enumerate(guessed.mapping)
    }
    # What is guessed may do without the relations that nothing here has; what is chosen must not.
    mapping = {} if all(said[one.column] == one.target for one in guessed.mapping) else said
    return replace(how, mapping=mapping, dry_run=dry)


async def _columns(
    request: Req, import_id: str, form: Form | None, problem: str = ""
) -> ASGIResponse:
    claims = await signed_in(request)
    exchange, identity = desk_of(request).exchange, _identified(import_id)
    files = exchange.files(claims.tenant, identity)
    draft = drafts.find(files, claims.user)
    enter = partial(visiting, request, claims)
    clashes = import_how.clashes(form) if form is not None else {}
    status = 400 if clashes or problem else 200
    try:
        chosen = draft.options
        if form is not None:
            form = import_how.without(form, clashes)
            chosen = await _chosen(enter, exchange, files, draft, form)
        preview = await _previewed(enter, exchange, files, draft, chosen)
    except Invalid as error:
        problem, clashes, status = _said(error), {}, 400
        chosen = draft.options if form is not None else Options()
        preview = await _previewed(enter, exchange, files, draft, chosen)
    if chosen != draft.options:
        draft = replace(draft, options=chosen)
        drafts.keep(files, draft)
    async with enter() as guest:
        view = await _check(guest, exchange, preview, draft, identity, problem, clashes)
        around = frame(guest, say("Import %(filename)s", filename=draft.filename))
    return render.page(request, "import_columns.html", around, status=status, check=view)


async def _check(
    guest: Guest,
    exchange: Exchange,
    preview: Preview,
    draft: Draft,
    identity: UUID,
    problem: str,
    clashes: Mapping[int, str],
) -> Check:
    definition: Definition = await exchange.definition(
        guest.reader, guest.claims.tenant, draft.kind
    )
    wanted = Mentions()
    for row in preview.first:
        wanted.record(definition.fields.values(), row.values)
    names = await titles(guest.desk.query, guest.reader, guest.person, wanted)
    path = f"/imports/{identity}/columns"
    how = import_how.choices(preview, draft.options, guest.who)
    eyes = guest.eyes(names)
    what = (path, draft.filename, definition, preview, eyes, how, draft.options, problem)
    return import_check.check(*what, clashes=clashes)


async def _eyes(
    guest: Guest, found: list[Batch], records: Iterable[tuple[str, UUID]] = ()
) -> cells.Reader:
    wanted = Mentions()
    for kind, identity in records:
        if kind in guest.desk.registry.by_name:
            wanted.add(kind, identity)
    for identity in import_views.names_wanted(found):
        wanted.add(USER, identity)
    return guest.eyes(await titles(guest.desk.query, guest.reader, guest.person, wanted))


def _identified(text: str) -> UUID:
    found = parse_id(text)
    if found is None:
        raise NotFound(say("There is no such import."))
    return found


def _said(error: Invalid) -> str:
    """A mistake of a file in a sentence."""
    texts = [text for text in error.fields.values() if text]
    if not texts:
        return error.message
    text = "; ".join(texts)
    if text[0].isupper():
        return text
    if "key" in error.fields:
        return say("No column goes into the field by which records were to be found.")
    if "file" in error.fields:
        return say("The file %(mistake)s", mistake=text)
    return say("This %(mistake)s", mistake=text)


HANDLERS = [
    imports_page,
    send_page,
    send,
    columns_page,
    begin,
    import_page,
    undo_page,
    refused_file,
    stop_import,
    take_back,
]
