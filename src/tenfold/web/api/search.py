"""Search over everything, and over one type; aggregates; reveals of secrets."""

from __future__ import annotations

from litestar import get, post
from litestar.response.base import ASGIResponse

from tenfold.accounts.events import note
from tenfold.db.keys import Unsealable
from tenfold.engine import ask as asking
from tenfold.engine.aggregate import aggregate, parse_aggregate
from tenfold.engine.own_types import types_of
from tenfold.engine.search import Search
from tenfold.kernel.errors import Invalid, MissingFields, NotFound
from tenfold.web import respond
from tenfold.web.api.auth import client_of
from tenfold.web.api.requests import (
    Req,
    arrive,
    check_filters,
    check_parameters,
    fields_of,
    identified,
    known,
    limit_of,
    pairs,
)
from tenfold.web.desk import Visit, header


@get("/v1/search")
async def search_everything(request: Req) -> ASGIResponse:
    """The best hits of every type, grouped by type."""
    desk, claims = known(request, "search")
    text, limit, kinds = _question(request, ("q", "limit", "type"), 5)
    async with desk.enter(claims) as visit:
        known_types = await types_of(visit.reader, claims.tenant, desk.registry)
        if unknown := [kind for kind in kinds if kind not in known_types]:
            raise Invalid({"type": f"there is no record type {unknown[0][:60]!r}"})
        types = [known_types[kind] for kind in dict.fromkeys(kinds or known_types)]
        found = await Search(desk.query).everywhere(visit.reader, visit.person, types, text, limit)
    groups = b",".join(
        b'{"type":"%s","label":"%s","path":"/v1/%s","hits":%s}'
        % (
            f.definition.name.encode(),
            f.definition.label_plural.encode(),
            f.definition.path.encode(),
            f.json,
        )
        for f in found
    )
    return respond.raw(b"[" + groups + b"]", encodings=header(request.scope, b"accept-encoding"))


@get("/v1/{plural:str}/search")
async def search_records(request: Req, plural: str) -> ASGIResponse:
    """The best hits of one type as whole records, best first."""
    arrival = arrive(request, plural, "search")
    desk, shipped, claims = arrival.desk, arrival.shipped, arrival.claims
    text, limit, _ = _question(request, ("q", "limit"), asking.LIMIT)
    async with desk.visit(claims, shipped, ()) as visit:
        json = await Search(desk.query).records(
            visit.reader, visit.person, visit.definition, text, limit
        )
    return respond.raw(json, encodings=header(request.scope, b"accept-encoding"))


@get("/v1/{plural:str}/aggregate")
async def aggregate_records(request: Req, plural: str) -> ASGIResponse:
    """Counts, sums, averages, least and most, by group: `?group=status&sum=budget`."""
    arrival = arrive(request, plural, "aggregate")
    desk, shipped, claims = arrival.desk, arrival.shipped, arrival.claims
    given = pairs(arrival.query)
    check_filters(given)
    async with desk.visit(claims, shipped, ()) as visit:
        access = visit.person.access(visit.definition)
        asked = parse_aggregate(given, visit.definition, access, visit.person.locale)
        reader, person = visit.reader, visit.person
        json, more = await aggregate(reader, person, visit.definition, desk.query, asked)
    return respond.document(respond.listed(json, {"has_more": more}))


@post("/v1/{plural:str}/{record_id:str}/reveals")
async def reveal_field(request: Req, plural: str, record_id: str) -> ASGIResponse:
    """Open one secret field; who did it is kept as a security event."""
    arrival = arrive(request, plural, "reveal")
    desk, shipped, claims = arrival.desk, arrival.shipped, arrival.claims
    identity = identified(record_id, shipped)
    body = await fields_of(request)
    if not any(f.type.kind == "secret" for f in shipped.fields.values()):
        raise NotFound(f"{shipped.label_plural} have no secret fields.")
    name = body.get("field")
    if name is None:
        raise MissingFields({"field": "is required: the name of a secret field"})
    if not isinstance(name, str) or set(body) != {"field"}:
        raise Invalid({"field": "must be the name of a secret field, and nothing else is expected"})
    refused: Unsealable | None = None
    value = None
    async with desk.change(claims, shipped, desk.context(claims, request.scope)) as (tx, visit):
        _check_secret(name, visit)
        try:
            value = await desk.records.reveal(tx, visit.person, visit.definition, identity, name)
        except Unsealable as error:  # raised when it is noted: somebody may have changed the row
            refused = error
        told = {"type": shipped.name, "id": identity, "field": name}
        what = "secret_unreadable" if refused else "secret_revealed"
        client = client_of(request.scope)
        await note(tx, what, client, tenant=claims.tenant, user=claims.user, **told)
    if refused is not None:
        raise refused
    unkept = {"cache-control": "no-store"}
    return respond.data({"field": name, "value": value}, status=201, headers=unkept)


def _check_secret(name: str, visit: Visit) -> None:
    """Raise Invalid unless it is a secret field that the person may know of."""
    access = visit.person.access(visit.definition)
    fields = visit.definition.fields.values()
    known = [f.name for f in fields if f.type.kind == "secret" and access.sees(f)]
    if name not in known:
        raise Invalid({"field": f"must be a secret field: {', '.join(known) or 'there is none'}"})


def _question(request: Req, known: tuple[str, ...], default: int) -> tuple[str, int, list[str]]:
    given = dict(pairs(request.scope["query_string"]))
    check_parameters(given, known)
    text = given.get("q", "").replace("\x00", " ").strip()
    if not text:
        raise MissingFields({"q": "is required: the words to look for"})
    limit = limit_of(given, default)
    kinds = [k for k in given.get("type", "").split(",") if k]
    return text[:200], limit, kinds


HANDLERS = [search_everything, search_records, aggregate_records, reveal_field]
