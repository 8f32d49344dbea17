"""The history of a record: its timeline and its moves between stages."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import msgspec
from litestar import Request, get
from litestar.response.base import ASGIResponse

from tenfold.engine import changes
from tenfold.engine.ask import LIMIT, MOST
from tenfold.engine.changes import NEWEST, Change, Move
from tenfold.kernel.answers import encoded
from tenfold.kernel.errors import NotFound
from tenfold.web import respond
from tenfold.web.api.endpoint import Endpoint
from tenfold.web.api.requests import check_parameters, identified, limit_of, pairs
from tenfold.web.desk import Desk, Visit, desk_of, header

Req = Request[Any, Any, Any]
_PARAMETERS = {
    "limit": (
        {"type": "integer", "minimum": 1, "maximum": MOST, "default": LIMIT},
        "Entries a page.",
    ),
    "cursor": ({"type": "string"}, "The `next_cursor` of the page before."),
}


@get("/v1/{plural:str}/{record_id:str}/timeline")
async def read_timeline(request: Req, plural: str, record_id: str) -> ASGIResponse:
    """Every change of a record, newest first: who, when, which fields, why."""
    desk = desk_of(request)
    request.scope["tenfold.route"] = "timeline"  # pyright: ignore[reportGeneralTypeIssues]
    shipped = desk.shipped(plural)
    claims = desk.claims(request.scope)
    identity = identified(record_id, shipped)
    limit, before, place = _asked(desk, request, f"timeline {identity}")
    async with desk.visit(claims, shipped, ()) as visit:
        current = await _readable(desk, visit, identity)
        found = await changes.timeline(
            visit.reader,
            visit.person,
            visit.definition,
            identity,
            limit=limit + 1,
            before=before,
            current=current,
        )
        shown = found[:limit]
        named = await changes.named(desk.query, visit.reader, visit.person, visit.definition, shown)
    cursor = _next(desk, place, found, limit)
    return _answer(request, named, cursor, limit)


@get("/v1/{plural:str}/{record_id:str}/moves")
async def read_moves(request: Req, plural: str, record_id: str) -> ASGIResponse:
    """Every move of a record from a stage to another, newest first, with its reason."""
    desk = desk_of(request)
    request.scope["tenfold.route"] = "moves"  # pyright: ignore[reportGeneralTypeIssues]
    shipped = desk.shipped(plural)
    claims = desk.claims(request.scope)
    if shipped.status is None:
        raise NotFound(f"{shipped.label_plural} have no stages.")
    identity = identified(record_id, shipped)
    limit, before, place = _asked(desk, request, f"moves {identity}")
    async with desk.visit(claims, shipped, ()) as visit:
        await _readable(desk, visit, identity)
        found = await changes.moves(
            visit.reader, visit.person, visit.definition, identity, limit=limit + 1, before=before
        )
        named = await changes.moves_named(desk.query, visit.reader, visit.person, found[:limit])
    cursor = _next(desk, place, found, limit)
    return _answer(request, named, cursor, limit)


async def _readable(desk: Desk, visit: Visit, identity: UUID) -> dict[str, object]:
    """The record as the person reads it, deleted or not; raises NotFound."""
    arguments = (visit.reader, visit.person, visit.definition, identity)
    try:
        json, _ = await desk.query.one(*arguments)
    except NotFound:
        json, _ = await desk.query.one(*arguments, deleted=True)
    return msgspec.json.decode(json)


def _asked(desk: Desk, request: Req, place: str) -> tuple[int, int, str]:
    """The limit, the entry to begin after, and what the cursor belongs to."""
    given = dict(pairs(request.scope["query_string"]))
    check_parameters(given, tuple(_PARAMETERS))
    limit = limit_of(given)
    cursor = given.get("cursor", "")
    before = desk.query.cursors.open(place, cursor, [int])[0] if cursor else NEWEST
    return limit, before, place


def _next(
    desk: Desk, place: str, found: Sequence[Change] | Sequence[Move], limit: int
) -> str | None:
    """The cursor behind the last entry of the page, where there are more."""
    return desk.query.cursors.seal(place, [found[limit - 1].id]) if len(found) > limit else None


def _answer(
    request: Req, found: Sequence[Change] | Sequence[Move], cursor: str | None, limit: int
) -> ASGIResponse:
    meta = respond.meta(limit, cursor)
    body = respond.listed(encoded(found), meta)
    return respond.document(body, encodings=header(request.scope, b"accept-encoding"))


HANDLERS = [read_timeline, read_moves]

ENDPOINTS = (
    Endpoint(
        "GET",
        "/v1/{plural}/{id}/timeline",
        "Every change of a record, newest first",
        response=list[Change],
        query=_PARAMETERS,
    ),
    Endpoint(
        "GET",
        "/v1/{plural}/{id}/moves",
        "Every move of a record between stages, newest first",
        response=list[Move],
        query=_PARAMETERS,
    ),
)
