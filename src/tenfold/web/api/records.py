"""Endpoints of single records: one set of handlers serves every record type."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
from litestar import delete, get, patch, post, put
from litestar.response.base import ASGIResponse

from tenfold.db.glance import AskFirst
from tenfold.engine import ask as asking
from tenfold.engine import filtering
from tenfold.engine.ask import Embed, topics
from tenfold.engine.definition import Definition
from tenfold.engine.query import Page
from tenfold.engine.written import Change, Refusal, Written
from tenfold.kernel.errors import Invalid, MissingFields, NotFound
from tenfold.web import respond
from tenfold.web.api.requests import (
    Act,
    Arrival,
    Req,
    arrive,
    check_parameters,
    fields_of,
    identified,
    if_match,
    pairs,
)
from tenfold.web.desk import Glimpse, Visit, header, tag


@get("/v1/{plural:str}")
async def list_records(request: Req, plural: str) -> ASGIResponse:
    """A page of records: filters, sorts, fields, embeds, cursor or page."""
    arrival = arrive(request, plural, "list")
    embeds: tuple[Embed, ...] = ()
    if b"embed=" in arrival.query:
        embeds = asking.parse_embeds(dict(pairs(arrival.query)).get("embed", ""))
    read = topics(arrival.shipped, embeds, arrival.desk.registry)
    return await arrival.reading(lambda visit: _list(arrival, visit, read, bool(embeds)), read)


async def _list(
    arrival: Arrival, visit: Visit | Glimpse, read: Sequence[str], embedded: bool
) -> ASGIResponse:
    """A page that is kept at these versions, or a new one."""
    pages, page = arrival.desk.pages, None
    question = _question(arrival, visit, read=read, personal=embedded or len(read) > 1)
    seconds = _seconds(arrival, read)
    keeping = seconds if arrival.desk.settings.page_cache_bytes > 0 else None
    given = header(arrival.request.scope, b"if-none-match")
    if isinstance(visit, Glimpse):
        if given or (keeping is not None and question in pages):
            raise AskFirst  # perhaps the versions are all that it takes
        page = await _page(arrival, visit)
    versions = visit.versions[1:]
    etag = tag(question, versions)
    if seconds is not None and respond.current(given, etag):
        return respond.unchanged(etag)
    body = None if keeping is None else pages.get(question, versions)
    if body is None:
        page = page or await _page(arrival, visit)
        body = respond.listed(page.data, _meta(page, cached=False))
        if keeping is not None:
            again = respond.listed(page.data, _meta(page, cached=True))
            pages.put(question, versions, again, keeping)
    if seconds is None:
        etag = tag(body)
        if respond.current(given, etag):
            return respond.unchanged(etag)
    return respond.document(body, headers={"etag": etag}, encodings=arrival.encodings)


def _question(
    arrival: Arrival, visit: Visit | Glimpse, *, read: Sequence[str], personal: bool
) -> tuple[object, ...]:
    """All that decides a page's content beside the versions: who may see it, what, which day."""
    person = visit.person
    access = person.access(visit.definition)
    known = arrival.desk.registry.by_name
    embedded = tuple(person.access(known[name]).shape for name in read[1:])
    access.need("read", visit.definition)
    personal = personal or access.read != "all" or _asks_for_mine(arrival.query)
    whose = (person.user, person.teams, person.shared_mark) if personal else None
    # Roles and teams show in the shapes of all that is read; without them in the versions, a
    # sign-out does not empty a tenant's pages. What is computed from the organisation's date
    # changes without a write.
    return (
        person.tenant.int,
        arrival.shipped.path,
        access.shape,
        embedded,
        whose,
        person.locale.region,
        person.locale.currency,
        person.today,
        arrival.query,
    )


def _asks_for_mine(query: bytes) -> bool:
    """Whether a list may be narrowed to what is shared with the reader; letters may be escaped."""
    return b"shared" in query or b"%" in query


def _seconds(arrival: Arrival, read: Sequence[str]) -> float | None:
    """For how long a page of these types holds while nothing is written.

    None where the mere passing of time changes one of them.
    """
    known = arrival.desk.registry.by_name
    types = [arrival.shipped, *(known[name] for name in read[1:])]
    seconds = [one.cache_seconds for one in types if one.cache_seconds is not None]
    return min(seconds) if len(seconds) == len(types) else None


async def _page(arrival: Arrival, visit: Visit | Glimpse) -> Page:
    person, definition = visit.person, visit.definition
    asked = asking.parse(pairs(arrival.query), definition, person.access(definition), person.locale)
    if asked.words:
        where = f"/v1/{definition.path}/search?q=…"
        raise Invalid({"q": f"is not for lists; words are found at {where}"})
    return await arrival.desk.query.page(visit.reader, person, definition, asked)


def _meta(page: Page, *, cached: bool) -> dict[str, object]:
    meta = respond.meta(page.limit, page.next_cursor, count=page.count, kind=page.count_kind)
    # A page by its number has no cursor, and may have more all the same.
    return {**meta, "has_more": page.has_more, "cached": cached}


@get("/v1/{plural:str}/{record_id:str}")
async def read_record(request: Req, plural: str, record_id: str) -> ASGIResponse:
    """One record."""
    arrival = arrive(request, plural, "read")
    identity = identified(record_id, arrival.shipped)
    given = dict(pairs(arrival.query))
    check_parameters(given, ("fields", "embed", "deleted"))
    embeds = asking.parse_embeds(given.get("embed", ""))

    async def answer(visit: Visit | Glimpse) -> ASGIResponse:
        access = visit.person.access(visit.definition)
        names = [n for n in given.get("fields", "").split(",") if n]
        fields = tuple(
            n if n == "custom" else filtering.visible(n, visit.definition, access, "fields").name
            for n in names
        )
        json, version = await arrival.desk.query.one(
            visit.reader,
            visit.person,
            visit.definition,
            identity,
            fields=fields,
            embeds=embeds,
            deleted=given.get("deleted") == "true",
        )
        etag = f'"{version}.{tag(access.shape, fields, embeds, json)[1:9]}"'
        if respond.current(header(request.scope, b"if-none-match"), etag):
            return respond.unchanged(etag)
        return respond.raw(json, headers={"etag": etag}, encodings=arrival.encodings)

    return await arrival.reading(answer)


@post("/v1/{plural:str}")
async def create_record(request: Req, plural: str) -> ASGIResponse:
    """Make one record."""
    arrival = arrive(request, plural, "create")
    body = await fields_of(request)

    async def create(act: Act) -> ASGIResponse:
        what = (act.tx, act.person, act.definition, [body], act.person.locale)
        written = _only(await act.records.create(*what, last=True))
        location = f"/v1/{arrival.shipped.path}/{written.id}"
        return one(written, status=201, location=location)

    return await arrival.change(create)


@patch("/v1/{plural:str}/{record_id:str}")
async def patch_record(request: Req, plural: str, record_id: str) -> ASGIResponse:
    """Change only the fields given; null empties."""
    return await _update(request, plural, record_id)


@put("/v1/{plural:str}/{record_id:str}")
async def put_record(request: Req, plural: str, record_id: str) -> ASGIResponse:
    """The same as PATCH: change only the fields given; null empties."""
    return await _update(request, plural, record_id)


async def _update(request: Req, plural: str, record_id: str) -> ASGIResponse:
    arrival = arrive(request, plural, "update")
    identity = identified(record_id, arrival.shipped)
    change = Change(identity, await fields_of(request), if_match(request))

    async def update(act: Act) -> ASGIResponse:
        outcome = await act.records.update(
            act.tx, act.person, act.definition, [change], act.person.locale
        )
        return one(_only(outcome))

    return await arrival.change(update)


@delete("/v1/{plural:str}/{record_id:str}", status_code=200)
async def delete_record(request: Req, plural: str, record_id: str) -> ASGIResponse:
    """Delete softly; `restore` brings it back."""
    arrival = arrive(request, plural, "delete")
    identity = identified(record_id, arrival.shipped)
    version = if_match(request)

    async def remove(act: Act) -> ASGIResponse:
        outcome = await act.records.delete(
            act.tx, act.person, act.definition, [identity], version=version
        )
        return one(_only(outcome))

    return await arrival.change(remove)


@post("/v1/{plural:str}/{record_id:str}/restore", status_code=200)
async def restore_record(request: Req, plural: str, record_id: str) -> ASGIResponse:
    """Bring a deleted record back."""
    arrival = arrive(request, plural, "restore")
    identity = identified(record_id, arrival.shipped)

    async def restore(act: Act) -> ASGIResponse:
        return one(await act.records.restore(act.tx, act.person, act.definition, identity))

    return await arrival.change(restore)


@post("/v1/{plural:str}/{record_id:str}/moves")
async def move_record(request: Req, plural: str, record_id: str) -> ASGIResponse:
    """Move a record to another stage, with the reason."""
    arrival = arrive(request, plural, "move")
    shipped = arrival.shipped
    identity = identified(record_id, shipped)
    to, reason = _move(shipped, await fields_of(request))
    version = if_match(request)

    async def move(act: Act) -> ASGIResponse:
        written = await act.records.move(
            act.tx, act.person, act.definition, identity, to, reason, version
        )
        return one(written, status=201, location=f"/v1/{shipped.path}/{identity}/moves")

    return await arrival.change(move)


def _move(shipped: Definition, body: dict[str, object]) -> tuple[str, str]:
    """Where to and why, from a move's body."""
    if shipped.status is None:
        raise NotFound(f"{shipped.label_plural} have no stages.")
    to, reason = body.get("to"), body.get("reason", "")
    if to is None:
        raise MissingFields({"to": f"is required: one of {', '.join(shipped.status.options)}"})
    if not isinstance(to, str) or not isinstance(reason, str) or set(body) - {"to", "reason"}:
        raise Invalid({"to": "give {to, reason}, both texts"})
    if to not in shipped.status.options:
        raise Invalid({"to": f"must be one of {', '.join(shipped.status.options)}"})
    if "\x00" in reason or len(reason) > 1_000:
        raise Invalid({"reason": "must have at most 1,000 characters, and no NUL among them"})
    return to, reason


def _only(outcome: tuple[list[Written | None], list[Refusal]]) -> Written:
    """The one record of an all-or-nothing write."""
    written = outcome[0][0]
    if written is None:
        raise RuntimeError("an all-or-nothing write left its row out")
    return written


def one(written: Written, *, status: int = 200, location: str = "") -> ASGIResponse:
    """The answer to one write: the record as it is now, its ETag, and where it is."""
    headers = {"etag": f'"{written.version}"'}
    if location:
        headers["location"] = location
    return respond.raw(shown(written), status=status, headers=headers)


def shown(written: Written) -> bytes:
    """The record's JSON; only its id and version to a writer who may not read it."""
    return written.json or msgspec.json.encode({"id": written.id, "version": written.version})


HANDLERS = [
    list_records,
    read_record,
    create_record,
    patch_record,
    put_record,
    delete_record,
    restore_record,
    move_record,
]
