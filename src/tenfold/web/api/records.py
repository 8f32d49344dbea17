"""Record endpoints: one set of handlers serves every record type."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from urllib.parse import parse_qsl
from uuid import UUID

import msgspec
from litestar import Request, delete, get, patch, post, put
from litestar.response.base import ASGIResponse

from tenfold.engine import ask as asking
from tenfold.engine import batches
from tenfold.engine.ask import topics
from tenfold.engine.definition import Definition
from tenfold.engine.records import BULK, Change, Refusal, Written
from tenfold.kernel.clock import now
from tenfold.kernel.errors import BadRequest, Forbidden, Invalid, MissingFields, NotFound
from tenfold.kernel.ids import new_id, parse_id
from tenfold.web import respond
from tenfold.web.api.idempotency import once
from tenfold.web.desk import Desk, header, tag

Req = Request[object, object, "object"]  # pyright: ignore[reportInvalidTypeArguments]


def desk_of(request: Request) -> Desk:
    """The process's desk."""
    return request.app.state.desk


@get("/v1/{plural:str}")
async def list_records(request: Request, plural: str) -> ASGIResponse:
    """A page of records: filters, sorts, fields, embeds, cursor or page."""
    desk = desk_of(request)
    scope = request.scope
    scope["tenfold.route"] = "list"
    shipped = desk.shipped(plural)
    claims = desk.claims(scope)
    query = scope["query_string"]
    embeds = ()
    if b"embed=" in query:
        embeds = asking.parse_embeds(dict(pairs(query)).get("embed", ""))
    read = topics(shipped, embeds, desk.registry)
    async with desk.visit(claims, shipped, read) as visit:
        person, definition = visit.person, visit.definition
        access = person.access(definition)
        access.need("read", definition)
        personal = access.read != "all" or embeds or len(read) > 1
        key = (
            claims.tenant,
            plural,
            access.shape,
            (person.user, person.teams) if personal else None,
            tuple(visit.versions),
            # What is computed from today's date changes without a write.
            now().date(),
            query,
        )
        etag = tag(key)
        if header(scope, b"if-none-match") == etag:
            return ASGIResponse(status_code=304, headers={"etag": etag})
        encodings = header(scope, b"accept-encoding")
        cacheable = definition.cache_seconds is not None and desk.settings.page_cache_bytes > 0
        if cacheable and (kept := desk.pages.get(key)) is not None:
            return respond.document(kept, headers={"etag": etag}, encodings=encodings)
        asked = asking.parse(pairs(query), definition, access, person.locale)
        if asked.words:
            raise BadRequest("Search is at /v1/search.")
        page = await desk.query.page(visit.reader, person, definition, asked)
    meta: dict[str, object] = {
        "limit": page.limit,
        "next_cursor": page.next_cursor,
        "has_more": page.has_more,
        "count": page.count,
        "count_kind": page.count_kind,
        "cached": False,
    }
    if cacheable:
        kept_page = respond.listed(page.data, {**meta, "cached": True})
        desk.pages.put(key, kept_page, definition.cache_seconds or 0)
    body = respond.listed(page.data, meta)
    return respond.document(body, headers={"etag": etag}, encodings=encodings)


@get("/v1/{plural:str}/{record_id:str}")
async def read_record(request: Request, plural: str, record_id: str) -> ASGIResponse:
    """One record."""
    desk = desk_of(request)
    scope = request.scope
    scope["tenfold.route"] = "read"
    shipped = desk.shipped(plural)
    claims = desk.claims(scope)
    identity = identified(record_id, shipped)
    given = dict(pairs(scope["query_string"]))
    check_parameters(given, ("fields", "embed", "deleted"))
    embeds = asking.parse_embeds(given.get("embed", ""))
    async with desk.visit(claims, shipped, ()) as visit:
        access = visit.person.access(visit.definition)
        names = [n for n in given.get("fields", "").split(",") if n]
        fields = tuple(
            n if n == "custom" else asking.visible(n, visit.definition, access).name for n in names
        )
        json, version = await desk.query.one(
            visit.reader,
            visit.person,
            visit.definition,
            identity,
            fields=fields,
            embeds=embeds,
            deleted=given.get("deleted") == "true",
        )
    etag = f'"{version}.{tag(access.shape, fields, embeds, json)[1:9]}"'
    if header(scope, b"if-none-match") == etag:
        return ASGIResponse(status_code=304, headers={"etag": etag})
    return respond.raw(json, headers={"etag": etag}, encodings=header(scope, b"accept-encoding"))


@post("/v1/{plural:str}")
async def create_record(request: Request, plural: str) -> ASGIResponse:
    """Make one record."""
    desk = desk_of(request)
    request.scope["tenfold.route"] = "create"
    shipped = desk.shipped(plural)
    claims = desk.claims(request.scope)
    body = await fields_of(request)

    async def write() -> ASGIResponse:
        async with (
            desk.change(claims, shipped, desk.context(claims, request.scope)) as (tx, visit),
            once(request, tx, claims) as kept,
        ):
            if kept.answer is not None:
                return kept.answer
            (written,), _ = await desk.records.create(
                tx, visit.person, visit.definition, [body], visit.person.locale
            )
            assert written is not None
            location = f"/v1/{shipped.path}/{written.id}"
            return await kept.keep(one(written, status=201, location=location))

    return await write()


@patch("/v1/{plural:str}/{record_id:str}")
async def patch_record(request: Request, plural: str, record_id: str) -> ASGIResponse:
    """Change only the fields given; null empties."""
    return await _update(request, plural, record_id)


@put("/v1/{plural:str}/{record_id:str}")
async def put_record(request: Request, plural: str, record_id: str) -> ASGIResponse:
    """The same as PATCH: change only the fields given; null empties."""
    return await _update(request, plural, record_id)


async def _update(request: Request, plural: str, record_id: str) -> ASGIResponse:
    desk = desk_of(request)
    request.scope["tenfold.route"] = "update"
    shipped = desk.shipped(plural)
    claims = desk.claims(request.scope)
    identity = identified(record_id, shipped)
    body = await fields_of(request)
    version = if_match(request)
    async with (
        desk.change(claims, shipped, desk.context(claims, request.scope)) as (tx, visit),
        once(request, tx, claims) as kept,
    ):
        if kept.answer is not None:
            return kept.answer
        change = Change(identity, body, version)
        (written,), _ = await desk.records.update(
            tx, visit.person, visit.definition, [change], visit.person.locale
        )
        assert written is not None
        return await kept.keep(one(written))


@delete("/v1/{plural:str}/{record_id:str}", status_code=200)
async def delete_record(request: Request, plural: str, record_id: str) -> ASGIResponse:
    """Delete softly; `restore` brings it back."""
    desk = desk_of(request)
    request.scope["tenfold.route"] = "delete"
    shipped = desk.shipped(plural)
    claims = desk.claims(request.scope)
    identity = identified(record_id, shipped)
    version = if_match(request)
    async with (
        desk.change(claims, shipped, desk.context(claims, request.scope)) as (tx, visit),
        once(request, tx, claims) as kept,
    ):
        if kept.answer is not None:
            return kept.answer
        (written,), _ = await desk.records.delete(
            tx, visit.person, visit.definition, [identity], version=version
        )
        assert written is not None
        return await kept.keep(one(written))


@post("/v1/{plural:str}/{record_id:str}/restore", status_code=200)
async def restore_record(request: Request, plural: str, record_id: str) -> ASGIResponse:
    """Bring a deleted record back."""
    desk = desk_of(request)
    request.scope["tenfold.route"] = "restore"
    shipped = desk.shipped(plural)
    claims = desk.claims(request.scope)
    identity = identified(record_id, shipped)
    async with (
        desk.change(claims, shipped, desk.context(claims, request.scope)) as (tx, visit),
        once(request, tx, claims) as kept,
    ):
        if kept.answer is not None:
            return kept.answer
        written = await desk.records.restore(tx, visit.person, visit.definition, identity)
        return await kept.keep(one(written))


@post("/v1/{plural:str}/{record_id:str}/moves")
async def move_record(request: Request, plural: str, record_id: str) -> ASGIResponse:
    """Move a record to another stage, with the reason."""
    desk = desk_of(request)
    request.scope["tenfold.route"] = "move"
    shipped = desk.shipped(plural)
    claims = desk.claims(request.scope)
    identity = identified(record_id, shipped)
    body = await fields_of(request)
    to, reason = body.get("to"), body.get("reason", "")
    if shipped.status is None:
        raise NotFound(f"{shipped.label_plural} have no stages.")
    if to is None:
        raise MissingFields({"to": f"is required: one of {', '.join(shipped.status.options)}"})
    if not isinstance(to, str) or not isinstance(reason, str) or set(body) - {"to", "reason"}:
        raise Invalid({"to": "give {to, reason}, both texts"})
    if "\x00" in reason or len(reason) > 1_000:
        raise Invalid({"reason": "must have at most 1,000 characters, and no NUL among them"})
    async with (
        desk.change(claims, shipped, desk.context(claims, request.scope)) as (tx, visit),
        once(request, tx, claims) as kept,
    ):
        if kept.answer is not None:
            return kept.answer
        written = await desk.records.move(
            tx, visit.person, visit.definition, identity, to, reason, if_match(request)
        )
        location = f"/v1/{shipped.path}/{identity}/moves"
        return await kept.keep(one(written, status=201, location=location))


@post("/v1/{plural:str}/batch-read", status_code=200)
async def batch_read(request: Request, plural: str) -> ASGIResponse:
    """Several records by their ids; those that can't be seen are left out."""
    desk = desk_of(request)
    request.scope["tenfold.route"] = "batch-read"
    shipped = desk.shipped(plural)
    claims = desk.claims(request.scope)
    body = await fields_of(request)
    if unknown := set(body) - {"ids"}:
        raise Invalid({sorted(unknown)[0][:100]: "is not expected here; give ids"})
    ids = _ids(body, "ids", 1_000)
    async with desk.visit(claims, shipped, ()) as visit:
        json = await desk.query.several(visit.reader, visit.person, visit.definition, ids)
    return respond.raw(json, encodings=header(request.scope, b"accept-encoding"))


@post("/v1/{plural:str}/bulk")
async def bulk_create(request: Request, plural: str) -> ASGIResponse:
    """Make up to 10,000 records: all or nothing, or `"atomic": false` for row by row."""
    desk = desk_of(request)
    body = await fields_of(request)
    rows = _rows(body)

    async def run(tx, visit, partial):  # pyright: ignore
        return await desk.records.create(
            tx, visit.person, visit.definition, rows, visit.person.locale, partial=partial
        )

    return await _bulk(request, plural, body, run, "bulk-create", 201)


@patch("/v1/{plural:str}/bulk")
async def bulk_update(request: Request, plural: str) -> ASGIResponse:
    """Change up to 10,000 records, each with its `id` and the fields to change."""
    desk = desk_of(request)
    shipped = desk.shipped(plural)
    body = await fields_of(request)
    changes: list[Change] = []
    for index, row in enumerate(_rows(body)):
        identity = parse_id(str(row.get("id", "")))
        if identity is None:
            raise Invalid({f"records[{index}].id": "must be an id (a UUID)"})
        version = row.get("version")
        if version is not None and (not isinstance(version, int) or isinstance(version, bool)):
            raise Invalid({f"records[{index}].version": "must be a whole number"})
        rest = {k: v for k, v in row.items() if k not in ("id", "version")}
        changes.append(Change(identity, rest, version))
    del shipped

    async def run(tx, visit, partial):  # pyright: ignore
        return await desk.records.update(
            tx, visit.person, visit.definition, changes, visit.person.locale, partial=partial
        )

    return await _bulk(request, plural, body, run, "bulk-update", 200)


@delete("/v1/{plural:str}/bulk", status_code=200)
async def bulk_delete(request: Request, plural: str) -> ASGIResponse:
    """Delete up to 10,000 records, given as `{"records": [{"id": …}]}`."""
    desk = desk_of(request)
    body = await fields_of(request)
    found = [parse_id(str(row.get("id", ""))) for row in _rows(body)]
    if None in found:
        raise Invalid({f"records[{found.index(None)}].id": "must be an id (a UUID)"})
    ids = [identity for identity in found if identity is not None]

    async def run(tx, visit, partial):  # pyright: ignore
        return await desk.records.delete(tx, visit.person, visit.definition, ids, partial=partial)

    return await _bulk(request, plural, body, run, "bulk-delete", 200)


@post("/v1/{plural:str}/upsert", status_code=200)
async def upsert(request: Request, plural: str) -> ASGIResponse:
    """Create or change records by a unique field: `{"key": …, "records": […]}`."""
    desk = desk_of(request)
    shipped = desk.shipped(plural)
    body = await fields_of(request)
    rows = _rows(body, extra=("key",))
    name = body.get("key")
    keys = [f.json_name for f in shipped.fields.values() if f.unique]
    if not isinstance(name, str) or name not in keys:
        raise Invalid({"key": f"must be a unique field: {', '.join(keys)}"})
    key = shipped.by_json[name]
    new: set[int] = set()

    async def run(tx, visit, partial):  # pyright: ignore
        results, refused, made = await desk.records.upsert(
            tx, visit.person, visit.definition, key, rows, visit.person.locale, partial=partial
        )
        new.update(made)
        return results, refused

    return await _bulk(request, plural, body, run, "upsert", 200, new)


async def _bulk(request, plural, body, run, route, status, new=None):  # pyright: ignore
    desk = desk_of(request)
    request.scope["tenfold.route"] = route
    shipped = desk.shipped(plural)
    claims = desk.claims(request.scope)
    atomic = body.get("atomic", True)
    if not isinstance(atomic, bool):
        raise Invalid({"atomic": "must be true or false"})
    batch = new_id()
    context = desk.context(claims, request.scope).in_batch(batch)
    async with (
        desk.change(claims, shipped, context) as (tx, visit),
        once(request, tx, claims) as kept,
    ):
        if kept.answer is not None:
            return kept.answer
        results, refused = await run(tx, visit, not atomic)
        written = sum(1 for r in results if r is not None)
        if written:
            summary = {"operation": route, "written": written, "refused": len(refused)}
            await batches.begin(tx, batch, batches.BULK, visit.definition.name, summary)
        answer = bulk_answer(results, refused, status, new, batch if written else None)
        return await kept.keep(answer)


def bulk_answer(
    results: Sequence[Written | None],
    refused: Sequence[Refusal],
    status: int,
    new: set[int] | None,
    batch: UUID | None = None,
) -> ASGIResponse:
    """The rows as written, in order (null where refused), and the refusals with their reasons."""
    errors = [
        {"index": r.index, **respond.error_body(r.error)}
        for r in sorted(refused, key=lambda r: r.index)
    ]
    done = sum(1 for r in results if r is not None)
    meta: dict[str, object] = {"written": done, "refused": len(errors), "errors": errors}
    meta["batch_id"] = batch
    if new is not None:
        meta["created"] = sum(1 for i in new if results[i] is not None)
        meta["updated"] = done - int(str(meta["created"]))
    json = respond.joined([None if r is None else shown(r) for r in results])
    return respond.document(respond.listed(json, meta), status=207 if errors else status)


def one(written: Written, *, status: int = 200, location: str = "") -> ASGIResponse:
    """The answer to one write: the record as it is now, its ETag, and where it is."""
    headers = {"etag": f'"{written.version}"'}
    if location:
        headers["location"] = location
    return respond.raw(shown(written), status=status, headers=headers)


def shown(written: Written) -> bytes:
    """The record's JSON; only its id and version to a writer who may not read it."""
    return written.json or msgspec.json.encode({"id": written.id, "version": written.version})


def pairs(query: bytes) -> list[tuple[str, str]]:
    """The query's parameters in order; raises BadRequest where they can't be read."""
    if not query:
        return []
    try:
        return parse_qsl(
            query.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=100
        )
    except ValueError:
        raise BadRequest("The query can't be read: it must be UTF-8 with at most 100 parameters.") from None


def check_parameters(given: Mapping[str, str], known: Sequence[str]) -> None:
    """Raise Invalid for query parameters that an address does not take."""
    unknown = {n[:100]: f"is not a parameter; there are {', '.join(known)}" for n in given if n not in known}
    if unknown:
        raise Invalid(unknown, code="UNKNOWN_FIELD")


def identified(text: str, definition: Definition) -> UUID:
    """The id in an address; what can't be one is simply not found."""
    found = parse_id(text)
    if found is None:
        raise NotFound(f"There is no {definition.label.lower()} with the id {text[:60]!r}.")
    return found


def if_match(request: Request) -> int | None:
    """The version in If-Match, if it was sent: `"3"` or `"3.abcdef12"`."""
    text = header(request.scope, b"if-match").strip()
    if not text or text == "*":
        return None
    number = text.removeprefix("W/").strip('"').partition(".")[0]
    if not number.isascii() or not number.isdigit():
        raise BadRequest("If-Match must be the ETag of the record as you read it.")
    return int(number[:18])


async def fields_of(request: Request) -> dict[str, object]:
    """The body as a JSON object; raises BadRequest where it isn't one."""
    kind = header(request.scope, b"content-type").partition(";")[0].strip().lower()
    body = await request.body()
    if body and kind not in ("application/json", ""):
        raise BadRequest("Send the body as application/json.", code="UNSUPPORTED_MEDIA_TYPE")
    try:
        value = msgspec.json.decode(body or b"{}")
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise BadRequest(f"The body is not JSON: {error}", code="INVALID_JSON") from None
    if not isinstance(value, dict):
        raise BadRequest("The body must be a JSON object.", code="INVALID_JSON")
    return value


def _rows(body: Mapping[str, object], extra: Sequence[str] = ()) -> list[dict[str, object]]:
    unknown = set(body) - {"records", "atomic", *extra}
    if unknown:
        raise Invalid({sorted(unknown)[0][:100]: "is not expected here; give records"})
    records = body.get("records")
    if records is None:
        raise MissingFields({"records": "is required: a list of objects"})
    if not isinstance(records, list):
        raise Invalid({"records": "must be a list of objects"})
    if len(records) > BULK:
        raise Invalid({"records": f"takes at most {BULK:,}; send them in parts"})
    for index, row in enumerate(records):
        if not isinstance(row, dict):
            raise Invalid({f"records[{index}]": "must be an object"})
    return records


def _ids(body: Mapping[str, object], name: str, most: int) -> list[UUID]:
    given = body.get(name)
    if given is None:
        raise MissingFields({name: "is required: a list of ids"})
    if not isinstance(given, list) or len(given) > most:
        raise Invalid({name: f"must be a list of at most {most:,} ids"})
    found = [parse_id(item) if isinstance(item, str) else None for item in given]
    if None in found:
        raise Invalid({f"{name}[{found.index(None)}]": "must be an id (a UUID)"})
    return [identity for identity in found if identity is not None]


HANDLERS = [
    list_records,
    read_record,
    create_record,
    patch_record,
    put_record,
    delete_record,
    restore_record,
    move_record,
    batch_read,
    bulk_create,
    bulk_update,
    bulk_delete,
    upsert,
]

__all__ = ["HANDLERS", "Forbidden"]
