"""Imports: files with preview, progress and refused rows, and their undo."""

from __future__ import annotations

from datetime import datetime
from functools import partial
from uuid import UUID

import msgspec
from litestar import get, post
from litestar.response import Stream
from litestar.response.base import ASGIResponse

from tenfold.accounts.identity.tokens import Claims
from tenfold.engine import batches
from tenfold.engine.access import Person
from tenfold.engine.batches import Batch
from tenfold.exchange import previewing, starting
from tenfold.exchange.import_state import ChoiceValues, Column, Counts, Skipped, State, state_of
from tenfold.exchange.importing import Exchange
from tenfold.exchange.jobs import IMPORT_JOB, enqueued, stop
from tenfold.exchange.previewing import Preview
from tenfold.kernel.context import Context
from tenfold.kernel.ids import new_id
from tenfold.outside.calls import Outside
from tenfold.web import respond
from tenfold.web.api import import_by_url
from tenfold.web.api.batches import PARAMETERS, UNDOES, BatchView, found, listed, undone
from tenfold.web.api.endpoint import Endpoint
from tenfold.web.api.exports import saved
from tenfold.web.api.idempotency import once
from tenfold.web.api.import_bodies import ImportRequest, Sent, received
from tenfold.web.api.requests import Req, known
from tenfold.web.desk import Desk, Entered, desk_of


class Progress(msgspec.Struct, frozen=True):
    """How far a piece of work is: rows or records done, of how many."""

    done: int
    total: int | None


class FileView(msgspec.Struct, frozen=True, kw_only=True):
    """One file of an import: what it is and where its columns go."""

    filename: str
    type: str
    kind: str
    encoding: str
    separator: str | None
    rows: int
    mapping: list[Column]
    values: list[ChoiceValues]
    """Of a dry run: words that no choice matches, by column."""


class ImportView(msgspec.Struct, frozen=True, kw_only=True):
    """An import: its state is pending, processing, completed or failed."""

    id: UUID
    state: str
    type: str
    filename: str
    dry_run: bool
    progress: Progress
    counts: Counts
    files: list[FileView]
    notes: list[str]
    skipped: list[Skipped]
    """The first cells that were left out because they can't be read; `notes` counts all."""
    error: str
    actor_id: UUID | None
    undone_by: UUID | None
    created_at: datetime
    finished_at: datetime | None


@post("/v1/imports", request_max_body_size=None)
async def start_import(request: Req) -> ASGIResponse:
    """Store a file and begin to import it; answers at once with the import's state."""
    desk, claims = known(request, "import")
    exchange, identity = desk.exchange, new_id()
    files = exchange.files(claims.tenant, identity)
    try:
        most = desk.settings.import_bytes
        sent = await received(request, files, most)
        context = desk.context(claims, request.scope)
        if sent.url:
            if (before := await _answered(request, claims, context, sent)) is not None:
                return before
            sent = await import_by_url.fetched(_outside(request), claims.tenant, sent, files, most)
        parts = starting.parts_of(exchange, files, sent.uploads, sent.kind, sent.options)
        async with (
            desk.begin(claims, context) as (tx, person),
            once(request, tx, claims, sent.digest) as kept,
        ):
            if kept.answer is not None:
                files.discard()
                return kept.answer
            await starting.allowed(exchange, tx, person, parts, sent.options)
            await starting.begin(tx, identity, parts, sent.options)
            await enqueued(tx, IMPORT_JOB, identity)
            batch = await batches.find(tx, person, identity)
            location = f"/v1/imports/{identity}"
            view = _view(desk, person, batch)
            answer = respond.data(view, status=202, headers={"location": location})
            return await kept.keep(answer)
    except BaseException:
        files.discard()
        raise


@post("/v1/imports/preview", status_code=200, request_max_body_size=None)
async def preview_import(request: Req) -> ASGIResponse:
    """What an import would make of a file: the mapping and its first rows; stores nothing."""
    desk, claims = known(request, "import-preview")
    exchange = desk.exchange
    files = exchange.files(claims.tenant, new_id())
    try:
        most = desk.settings.import_bytes
        sent = await received(request, files, most)
        if sent.url:
            async with desk.enter(claims) as by:
                await import_by_url.allowed(exchange, by.reader, by.person, sent)
            sent = await import_by_url.fetched(_outside(request), claims.tenant, sent, files, most)
        parts = starting.parts_of(exchange, files, sent.uploads, sent.kind, sent.options)
        path, enter = files.upload(parts[0].stored), partial(desk.enter, claims)
        shown = await previewing.preview(exchange, enter, path, parts=parts, options=sent.options)
        return respond.data(shown)
    finally:
        files.discard()


@get("/v1/imports")
async def list_imports(request: Req) -> ASGIResponse:
    """The imports that one may see, newest first."""
    return await listed(request, [batches.IMPORT], "imports", _view)


@get("/v1/imports/{import_id:str}")
async def read_import(request: Req, import_id: str) -> ASGIResponse:
    """One import: its state, progress, counts, mapping and notes."""
    desk, claims = known(request, "import")
    async with desk.enter(claims) as by:
        batch = await found(by, import_id, batches.IMPORT)
        return respond.data(_view(desk, by.person, batch))


@get("/v1/imports/{import_id:str}/refused")
async def read_refused(request: Req, import_id: str) -> Stream:
    """The rows that were refused, as CSV with the line and the reason of each."""
    desk, claims = known(request, "import-refused")
    async with desk.enter(claims) as by:
        batch = await found(by, import_id, batches.IMPORT)
    return refused_stream(request, desk.exchange, claims.tenant, batch)


@post("/v1/imports/{import_id:str}/stop", status_code=200)
async def stop_import(request: Req, import_id: str) -> ASGIResponse:
    """End an import that runs: what came in by then stays, and can be undone."""
    desk, claims = known(request, "import-stop")
    async with (
        desk.begin(claims, desk.context(claims, request.scope)) as (tx, person),
        once(request, tx, claims) as kept,
    ):
        if kept.answer is not None:
            return kept.answer
        batch = await found(Entered(tx, person), import_id, batches.IMPORT)
        ended = await stop(tx, person, batch.id)
        return await kept.keep(respond.data(_view(desk, person, ended)))


@post("/v1/imports/{import_id:str}/undo", status_code=200)
async def undo_import(request: Req, import_id: str) -> ASGIResponse:
    """Take back what an import made and changed; later edits are kept and reported."""
    return await undone(request, import_id, batches.IMPORT)


def refused_stream(request: Req, exchange: Exchange, tenant: UUID, batch: Batch) -> Stream:
    """The rows that an import refused, as a CSV file to be saved."""
    state = state_of(batch.summary)
    files = exchange.files(tenant, batch.id)
    name = starting.refused_name(state.filename)
    return saved(request, files.refused_csv(state), "text/csv", name)


async def _answered(
    request: Req, claims: Claims, context: Context, sent: Sent
) -> ASGIResponse | None:
    """The answer that was given before, if any; else whether the file may be fetched is checked."""
    desk = desk_of(request)
    async with desk.begin(claims, context) as (tx, person), once(request, tx, claims) as kept:
        if kept.answer is None:
            await import_by_url.allowed(desk.exchange, tx, person, sent)
        return kept.answer


def _outside(request: Req) -> Outside:
    return request.app.state.outside


def _view(_desk: Desk, _person: Person, batch: Batch) -> ImportView:
    state: State = state_of(batch.summary)
    return ImportView(
        id=batch.id,
        state=batch.status,
        type=batch.type,
        filename=state.filename,
        dry_run=state.options.dry_run,
        progress=Progress(state.counts.read, state.total),
        counts=state.counts,
        files=[
            FileView(
                filename=part.filename,
                type=part.type,
                kind=part.kind,
                encoding=part.encoding,
                separator=part.separator,
                rows=part.rows,
                mapping=part.mapping,
                values=part.values,
            )
            for part in state.parts
        ],
        notes=state.notes(),
        skipped=state.skipped,
        error=state.error,
        actor_id=batch.actor_id,
        undone_by=batch.undone_by,
        created_at=batch.created_at,
        finished_at=batch.finished_at,
    )


HANDLERS = [
    start_import,
    preview_import,
    list_imports,
    read_import,
    read_refused,
    stop_import,
    undo_import,
]

_READS = ("FORBIDDEN", "INVALID_FIELDS", "MISSING_FIELDS", "UNKNOWN_FIELD", "TOO_LARGE", 422)

ENDPOINTS = (
    Endpoint(
        "POST",
        "/v1/imports",
        "Import a file",
        request=ImportRequest,
        response=ImportView,
        status=202,
        errors=_READS,
    ),
    Endpoint(
        "POST",
        "/v1/imports/preview",
        "Show what an import would make of a file",
        request=ImportRequest,
        response=Preview,
        errors=_READS[:-1],
    ),
    Endpoint(
        "GET", "/v1/imports", "Imports, newest first", response=list[ImportView], query=PARAMETERS
    ),
    Endpoint("GET", "/v1/imports/{import_id}", "One import", response=ImportView),
    Endpoint("POST", "/v1/imports/{import_id}/stop", "Stop an import", response=ImportView),
    Endpoint(
        "POST",
        "/v1/imports/{import_id}/undo",
        "Undo an import",
        response=BatchView,
        errors=UNDOES,
        also=(202,),
    ),
)
