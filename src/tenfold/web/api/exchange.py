"""Imports with preview, progress and refused rows; exports of lists; batches and their undo."""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from litestar import Request, get, post
from litestar.datastructures import UploadFile
from litestar.response import Stream
from litestar.response.base import ASGIResponse

from tenfold import jobs
from tenfold.accounts import people
from tenfold.db.database import Reader, Transaction
from tenfold.engine import ask as asking
from tenfold.engine import batches
from tenfold.engine.access import Person
from tenfold.engine.batches import Batch
from tenfold.engine.undo import shown_to
from tenfold.exchange import exporting, previewing, starting
from tenfold.exchange.import_files import ImportFiles, pieces_of
from tenfold.exchange.import_state import Column, Counts, Options, State, state_of
from tenfold.exchange.importing import Exchange
from tenfold.exchange.jobs import AT_ONCE, IMPORT_JOB, UNDO_JOB, Run, Undoer, Undoing
from tenfold.exchange.previewing import Preview
from tenfold.exchange.starting import Upload, shown_name
from tenfold.kernel.errors import Invalid, NotFound
from tenfold.kernel.ids import new_id, parse_id
from tenfold.kernel.structs import convert
from tenfold.web import respond
from tenfold.web.api.endpoint import Endpoint
from tenfold.web.api.idempotency import once
from tenfold.web.api.requests import (
    check_filters,
    check_parameters,
    desk_of,
    fields_of,
    limit_of,
    pairs,
)
from tenfold.web.desk import Desk, Visit, header
from tenfold.web.parts import parts_of

Req = Request[Any, Any, Any]
_PARAMETERS = {
    "limit": (
        {"type": "integer", "minimum": 1, "maximum": asking.MOST, "default": asking.LIMIT},
        "Entries a page.",
    ),
    "cursor": ({"type": "string"}, "The `next_cursor` of the page before."),
}


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
    error: str
    actor_id: UUID | None
    undone_by: UUID | None
    created_at: datetime
    finished_at: datetime | None


class BatchView(msgspec.Struct, frozen=True, kw_only=True):
    """A batch of changes: an import, a bulk edit or an undo."""

    id: UUID
    kind: str
    type: str
    status: str
    actor_id: UUID | None
    undone_by: UUID | None
    created_at: datetime
    finished_at: datetime | None
    result: dict[str, Any] = {}
    undo: dict[str, Any] | None = None
    """What an undo would do: records deleted, restored, kept and gone already."""


class ImportRequest(msgspec.Struct, kw_only=True):
    """An import as JSON: the file's text, or its bytes in base64; a form takes the same names."""

    type: str = ""
    filename: str = ""
    content: str = ""
    content_base64: str = ""
    files: list[dict[str, str]] = []
    options: Options = msgspec.field(default_factory=Options)


@post("/v1/imports", request_max_body_size=None)
async def start_import(request: Req) -> ASGIResponse:
    """Store a file and begin to import it; answers at once with the import's state."""
    desk, exchange = _begun(request, "import")
    claims = desk.claims(request.scope)
    identity = new_id()
    files = exchange.files(claims.tenant, identity)
    try:
        sent = await _received(request, files, desk.settings.import_bytes)
        parts = starting.parts_of(exchange, files, sent.uploads, sent.kind, sent.options)
        context = desk.context(claims, request.scope)
        async with (
            desk.change(claims, _any(desk), context) as (tx, visit),
            once(request, tx, claims, sent.digest) as kept,
        ):
            if kept.answer is not None:
                files.discard()
                return kept.answer
            await starting.allowed(exchange, tx, visit.person, parts)
            state = await starting.begin(tx, identity, parts, sent.options)
            state.job = str(await enqueued(tx, IMPORT_JOB, identity))
            await batches.save(tx, identity, "pending", state.summary())
            found = await batches.find(tx, visit.person, identity)
            location = f"/v1/imports/{identity}"
            answer = respond.data(_view(found), status=202, headers={"location": location})
            return await kept.keep(answer)
    except BaseException:
        files.discard()
        raise


@post("/v1/imports/preview", status_code=200, request_max_body_size=None)
async def preview_import(request: Req) -> ASGIResponse:
    """What an import would make of a file: the mapping and its first rows; stores nothing."""
    desk, exchange = _begun(request, "import-preview")
    claims = desk.claims(request.scope)
    files = exchange.files(claims.tenant, new_id())
    try:
        sent = await _received(request, files, desk.settings.import_bytes)
        parts = starting.parts_of(exchange, files, sent.uploads, sent.kind, sent.options)
        async with desk.visit(claims, _any(desk), ()) as visit:
            await starting.allowed(exchange, visit.reader, visit.person, parts[:1])
            path = files.upload(parts[0].stored)
            shown = await previewing.preview(
                exchange, visit.reader, visit.person, path, part=parts[0], options=sent.options
            )
        return respond.data(shown)
    finally:
        files.discard()


@get("/v1/imports")
async def list_imports(request: Req) -> ASGIResponse:
    """The imports that one may see, newest first."""
    return await _listed(request, [batches.IMPORT], "imports")


@get("/v1/imports/{import_id:str}")
async def read_import(request: Req, import_id: str) -> ASGIResponse:
    """One import: its state, progress, counts, mapping and notes."""
    desk, _ = _begun(request, "import")
    claims = desk.claims(request.scope)
    async with desk.visit(claims, _any(desk), ()) as visit:
        batch = await _found(visit, import_id, batches.IMPORT)
        return respond.data(_view(await with_job(visit.reader, claims.tenant, batch)))


@get("/v1/imports/{import_id:str}/refused")
async def read_refused(request: Req, import_id: str) -> Stream:
    """The rows that were refused, as CSV with the line and the reason of each."""
    desk, exchange = _begun(request, "import-refused")
    claims = desk.claims(request.scope)
    async with desk.visit(claims, _any(desk), ()) as visit:
        batch = await _found(visit, import_id, batches.IMPORT)
    return refused_stream(exchange, claims.tenant, batch)


@post("/v1/imports/{import_id:str}/undo", status_code=200)
async def undo_import(request: Req, import_id: str) -> ASGIResponse:
    """Take back what an import made and changed; later edits are kept and reported."""
    return await _undo(request, import_id, batches.IMPORT)


@get("/v1/batches")
async def list_batches(request: Req) -> ASGIResponse:
    """The batches that one may see, newest first."""
    return await _listed(request, [batches.IMPORT, batches.BULK, batches.UNDO], "batches")


@get("/v1/batches/{batch_id:str}")
async def read_batch(request: Req, batch_id: str) -> ASGIResponse:
    """One batch, and what an undo of it would do."""
    desk, exchange = _begun(request, "batch")
    claims = desk.claims(request.scope)
    context = desk.context(claims, request.scope)
    async with desk.change(claims, _any(desk), context) as (tx, visit):
        batch = await _found(visit, batch_id)
        undo = None
        if batch.undone_by is None and batch.status not in ("pending", "processing"):
            undo = await Undoer(exchange).preview(tx, visit.person, batch)
        return respond.data(_batch_view(batch, visit.person, desk, undo))


@post("/v1/batches/{batch_id:str}/undo", status_code=200)
async def undo_batch(request: Req, batch_id: str) -> ASGIResponse:
    """Take a batch back: what it made goes, what it changed returns; later edits are kept."""
    return await _undo(request, batch_id)


@get("/v1/{plural:str}/export")
async def export_records(request: Req, plural: str) -> Stream:
    """Every record of a list, as it is filtered and sorted, as CSV or JSON."""
    desk, _ = _begun(request, "export")
    shipped = desk.shipped(plural)
    claims = desk.claims(request.scope)
    given = pairs(request.scope["query_string"])
    check_filters(given, ("sort", "fields", "deleted"))
    own = {name: value for name, value in given if name in ("format", "bom")}
    form, bom = own.get("format", "csv"), own.get("bom", "false")
    if form not in exporting.FORMATS or bom not in ("true", "false"):
        raise Invalid({"format": "must be csv or json, bom true or false"})

    @asynccontextmanager
    async def opened() -> AsyncGenerator[exporting.Reading]:
        async with desk.visit(claims, shipped, ()) as visit:
            yield exporting.Reading(visit.reader, visit.person, visit.definition)

    async with opened() as first:
        access = first.person.access(first.definition)
        access.need("read", first.definition)
        locale = first.person.locale
        asked = asking.parse(given, first.definition, access, locale, extra=("format", "bom"))
    pieces = exporting.export(desk.query, opened, asked, form, bom=bom == "true")
    kind = "text/csv; charset=utf-8" if form == "csv" else "application/json"
    return Stream(pieces, media_type=kind, headers=_attached(f"{shipped.plural}.{form}"))


# -- parts


def refused_stream(exchange: Exchange, tenant: UUID, batch: Batch) -> Stream:
    """The rows that an import refused, as a CSV file to be saved."""
    state = state_of(batch.summary)
    files = exchange.files(tenant, batch.id)
    columns = list(dict.fromkeys(c for part in state.parts for c in part.columns))
    pieces: Iterator[bytes] = files.refused_csv(
        columns, state.refused_bytes, several=len(state.parts) > 1
    )
    name = starting.refused_name(state.filename)
    return Stream(pieces, media_type="text/csv; charset=utf-8", headers=_attached(name))


def exchange_of(desk: Desk) -> Exchange:
    """What imports need, of the process's desk."""
    return Exchange(
        desk.database,
        desk.records,
        desk.tailored,
        desk.settings.folder,
        people.load,
        desk.settings.default_region,
        desk.settings.default_currency,
    )


def _begun(request: Req, route: str) -> tuple[Desk, Exchange]:
    request.scope["tenfold.route"] = route  # pyright: ignore[reportGeneralTypeIssues]
    desk = desk_of(request)
    return desk, exchange_of(desk)


def _any(desk: Desk) -> Any:
    """A type to visit by, where the question is about no type."""
    return next(iter(desk.registry))


@dataclass(frozen=True, slots=True)
class _Sent:
    """The files, stored, and what was asked for; the digest of a form, whose body is not kept."""

    uploads: list[Upload]
    kind: str
    options: Options
    digest: bytes = b""


async def _received(request: Req, files: ImportFiles, most: int) -> _Sent:
    """The files, stored, and what was asked for, of a multipart form or of JSON."""
    kind = header(request.scope, b"content-type").partition(";")[0].strip().lower()
    if kind == "multipart/form-data":
        return await _form(request, files, most)
    body = dict(await fields_of(request))
    direct = {name: body.pop(name) for name in list(body) if name in _OPTION_NAMES}
    if direct:
        chosen = body.get("options")
        body["options"] = {**(chosen if isinstance(chosen, dict) else {}), **direct}
    asked = convert(body, ImportRequest)
    given = asked.files or [
        {
            "filename": asked.filename,
            "content": asked.content,
            "content_base64": asked.content_base64,
        }
    ]
    uploads: list[Upload] = []
    for number, one in enumerate(given):
        content = _content(one)
        if content:
            stored = await files.store(number, pieces_of(content), most)
            uploads.append(Upload(shown_name(one.get("filename", "")), stored))
    return _Sent(uploads, asked.type, starting.check(asked.options))


async def _form(request: Req, files: ImportFiles, most: int) -> _Sent:
    uploads: list[Upload] = []
    said: dict[str, str] = {}
    whole = hashlib.sha256()
    async with parts_of(request) as parts:
        for name, value in parts:
            plain = "" if isinstance(value, UploadFile) else value
            whole.update(repr((name, plain)).encode())
            if isinstance(value, UploadFile):
                one = hashlib.sha256()
                stored = await files.store(len(uploads), _stream(value, one.update), most)
                whole.update(one.digest() + repr(value.filename).encode())
                uploads.append(Upload(shown_name(value.filename), stored))
            else:
                said[name] = value
    kind = said.pop("type", "")
    chosen = starting.check(convert(_chosen(said), Options))
    return _Sent(uploads, kind, chosen, whole.digest())


def _chosen(said: Mapping[str, str]) -> dict[str, object]:
    """The options that a form names, each by itself or together as `options`."""
    values: dict[str, object] = {}
    for name, value in said.items():
        if name == "options":
            values |= _decoded(name, value, dict)
        elif name in _OPTION_NAMES:
            values[name] = _option(name, value)
        elif name != "filename":
            raise Invalid({name[:100]: f"is not expected; there are {', '.join(_OPTION_NAMES)}"})
    return values


_OPTION_NAMES = tuple(f.name for f in msgspec.structs.fields(Options))


def _option(name: str, text: str) -> object:
    """One option of a form: lists and objects as JSON, a list also parted by commas."""
    if name in ("mapping", "types"):
        return _decoded(name, text, dict)
    if name == "create_missing" and not text.startswith("["):
        return [part.strip() for part in text.split(",") if part.strip()]
    if name == "create_missing":
        return _decoded(name, text, list)
    if name in ("dry_run", "header"):
        if text not in ("true", "false"):
            raise Invalid({name: "must be true or false"})
        return text == "true"
    return text


def _decoded(name: str, text: str, kind: type) -> Any:
    try:
        value = msgspec.json.decode(text or ("[]" if kind is list else "{}"))
    except msgspec.DecodeError:
        value = None
    if not isinstance(value, kind):
        raise Invalid({name: "must be JSON: a list" if kind is list else "must be a JSON object"})
    return value


def _content(one: Mapping[str, str]) -> bytes:
    if text := one.get("content_base64"):
        try:
            return base64.b64decode(text, validate=True)
        except (binascii.Error, ValueError):
            raise Invalid({"content_base64": "must be base64"}) from None
    return one.get("content", "").encode(errors="replace")


async def _stream(upload: UploadFile, hear: Callable[[bytes], None]) -> AsyncIterator[bytes]:
    """The file's bytes as they arrive; `hear` is told each piece."""
    while piece := await upload.read(1 << 16):
        hear(piece)
        yield piece


def _attached(filename: str) -> dict[str, str]:
    plain = "".join(c if c.isascii() and (c.isalnum() or c in "._-") else "_" for c in filename)
    return {
        "content-disposition": f'attachment; filename="{plain}"',
        "cache-control": "private, no-store",
    }


async def _found(visit: Visit, text: str, kind: str = "") -> Batch:
    identity = parse_id(text)
    word = "import" if kind else "batch"
    if identity is None:
        raise NotFound(f"There is no {word} with the id {text[:60]!r}.")
    batch = await batches.find(visit.reader, visit.person, identity)
    if kind and batch.kind != kind:
        raise NotFound(f"There is no {word} with the id {text[:60]!r}.")
    return batch


async def with_job(reader: Reader, tenant: UUID, batch: Batch) -> Batch:
    """The batch as failed where its job gave up for good."""
    job = parse_id(str(batch.summary.get("job", "")))
    if batch.status not in ("pending", "processing") or job is None:
        return batch
    try:
        found = await jobs.status(reader.connection, tenant, job)
    except NotFound:
        return batch
    if found.state not in ("failed", "cancelled"):
        return batch
    why = found.error or "It was cancelled."
    summary = {**batch.summary, "error": f"The import stopped: {why}"}
    return msgspec.structs.replace(batch, status="failed", summary=summary)


async def enqueued(tx: Transaction, name: str, identity: UUID) -> UUID:
    context = tx.context
    return await jobs.enqueue(
        tx.connection,
        name,
        Run(identity),
        tenant=context.tenant,
        actor=context.actor,
        key=str(identity),
    )


async def _listed(request: Req, kinds: list[str], place: str) -> ASGIResponse:
    desk, _ = _begun(request, place)
    claims = desk.claims(request.scope)
    given = dict(pairs(request.scope["query_string"]))
    check_parameters(given, tuple(_PARAMETERS))
    limit = limit_of(given)
    cursors = desk.query.cursors
    before = cursors.open(place, given["cursor"], [UUID])[0] if given.get("cursor") else None
    async with desk.visit(claims, _any(desk), ()) as visit:
        found = await batches.listing(visit.reader, visit.person, kinds, before, limit + 1)
    shown, more = found[:limit], len(found) > limit
    imports = place == "imports"
    views = [_view(b) if imports else _batch_view(b, visit.person, desk) for b in shown]
    meta: dict[str, object] = {
        "limit": limit,
        "next_cursor": cursors.seal(place, [shown[-1].id]) if more else None,
        "has_more": more,
        "count": None,
        "count_kind": "none",
        "cached": False,
    }
    return respond.document(respond.listed(msgspec.json.encode(views), meta))


async def _undo(request: Req, text: str, kind: str = "") -> ASGIResponse:
    """Undo a small batch now (200), a large one by a job (202)."""
    desk, exchange = _begun(request, "undo")
    claims = desk.claims(request.scope)
    undoer = Undoer(exchange)
    async with (
        desk.change(claims, _any(desk), desk.context(claims, request.scope)) as (tx, visit),
        once(request, tx, claims) as kept,
    ):
        if kept.answer is not None:
            return kept.answer
        batch = await _found(visit, text, kind)
        identity, total = await undoer.start(tx, visit.person, batch.id)
        status = 200
        if total <= AT_ONCE:
            await undoer.at_once(tx, visit.person, identity)
        else:
            status = 202
            await enqueued(tx, UNDO_JOB, identity)
        made = await batches.find(tx, visit.person, identity)
        location = f"/v1/batches/{identity}"
        view = _batch_view(made, visit.person, desk)
        answer = respond.data(view, status=status, headers={"location": location})
        return await kept.keep(answer)


def _view(batch: Batch) -> ImportView:
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
            )
            for part in state.parts
        ],
        notes=state.notes(),
        error=state.error,
        actor_id=batch.actor_id,
        undone_by=batch.undone_by,
        created_at=batch.created_at,
        finished_at=batch.finished_at,
    )


def _batch_view(
    batch: Batch, person: Person, desk: Desk, undo: dict[str, Any] | None = None
) -> BatchView:
    result = batch.summary
    if batch.kind == batches.IMPORT:
        result = msgspec.to_builtins(state_of(batch.summary).counts)
    elif batch.kind == batches.UNDO:
        state = msgspec.convert(batch.summary, Undoing)
        result = {name: msgspec.to_builtins(getattr(state, name)) for name in _UNDO_SHOWN}
        result["details"] = shown_to(person, desk.query.registry, state.details)
    return BatchView(
        id=batch.id,
        kind=batch.kind,
        type=batch.type,
        status=batch.status,
        actor_id=batch.actor_id,
        undone_by=batch.undone_by,
        created_at=batch.created_at,
        finished_at=batch.finished_at,
        result=result,
        undo=undo,
    )


_UNDO_SHOWN = ["undoes", "total", "done", "deleted", "restored", "kept", "gone", "details", "error"]

HANDLERS = [
    start_import,
    preview_import,
    list_imports,
    read_import,
    read_refused,
    undo_import,
    list_batches,
    read_batch,
    undo_batch,
    export_records,
]

_READS = ("FORBIDDEN", "INVALID_FIELDS", "MISSING_FIELDS", "UNKNOWN_FIELD", "TOO_LARGE", 422)
_UNDOES = ("FORBIDDEN", "NOT_FOUND", "UNDONE", "NOT_FINISHED", 422)

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
        "GET", "/v1/imports", "Imports, newest first", response=list[ImportView], query=_PARAMETERS
    ),
    Endpoint("GET", "/v1/imports/{import_id}", "One import", response=ImportView),
    Endpoint(
        "POST",
        "/v1/imports/{import_id}/undo",
        "Undo an import",
        response=BatchView,
        errors=_UNDOES,
        also=(202,),
    ),
    Endpoint(
        "GET", "/v1/batches", "Batches, newest first", response=list[BatchView], query=_PARAMETERS
    ),
    Endpoint("GET", "/v1/batches/{batch_id}", "One batch and its undo", response=BatchView),
    Endpoint(
        "POST",
        "/v1/batches/{batch_id}/undo",
        "Undo a batch",
        response=BatchView,
        errors=_UNDOES,
        also=(202,),
    ),
)
