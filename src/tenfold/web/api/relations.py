"""Relations to many: `/v1/clients/{id}/favorites`, read as a list, added to and taken from."""

from __future__ import annotations

from uuid import UUID

import msgspec
from litestar import delete, get, post
from litestar.response.base import ASGIResponse

from tenfold.engine import batches
from tenfold.engine.access import Person
from tenfold.engine.definition import Definition, Field
from tenfold.engine.pairing import MOST, Pairs
from tenfold.engine.types import Many
from tenfold.kernel.errors import Invalid, MissingFields, NotFound
from tenfold.kernel.ids import new_id
from tenfold.web import respond
from tenfold.web.api.requests import (
    Act,
    Arrival,
    Req,
    arrive,
    check_parameters,
    fields_of,
    identified,
    ids_of,
    if_match,
    limit_of,
    pairs,
)


@get("/v1/{plural:str}/{record_id:str}/{relation:str}")
async def list_related(request: Req, plural: str, record_id: str, relation: str) -> ASGIResponse:
    """The records that a record is paired with, in the order in which they were added."""
    arrival, field, identity = _arrived(request, plural, record_id, relation)
    given = dict(pairs(arrival.query))
    check_parameters(given, ("limit", "cursor"))
    limit, place, query = limit_of(given), f"{relation} {identity}", arrival.desk.query
    after = query.cursors.open(place, given["cursor"], [int])[0] if given.get("cursor") else -1
    async with arrival.visit() as visit:
        held = _pairs(visit.person, visit.definition, field, identity)
        await query.one(visit.reader, visit.person, visit.definition, identity, fields=("id",))
        found = await held.page(visit.reader, after, limit + 1)
        other = await arrival.desk.tailored.get(
            visit.reader,
            visit.person.tenant,
            arrival.desk.registry.by_name[held.to],
            visit.versions[1],
        )
        ids = [one for _, one in found[:limit]]
        json = await query.several(visit.reader, visit.person, other, ids)
    cursor = query.cursors.seal(place, [found[limit - 1][0]]) if len(found) > limit else None
    meta = respond.meta(limit, cursor)
    return respond.document(respond.listed(json, meta), encodings=arrival.encodings)


@post("/v1/{plural:str}/{record_id:str}/{relation:str}", status_code=200)
async def add_related(request: Req, plural: str, record_id: str, relation: str) -> ASGIResponse:
    """Pair a record with others: `{"ids": […]}`; those that it is paired with already stay."""
    arrival, field, identity = _arrived(request, plural, record_id, relation)
    return await _change(arrival, field, identity, adding=True)


@delete("/v1/{plural:str}/{record_id:str}/{relation:str}", status_code=200)
async def remove_related(request: Req, plural: str, record_id: str, relation: str) -> ASGIResponse:
    """Part a record from others: `{"ids": […]}`; those that it is not paired with are no matter."""
    arrival, field, identity = _arrived(request, plural, record_id, relation)
    return await _change(arrival, field, identity, adding=False)


async def _change(arrival: Arrival, field: Field, identity: UUID, *, adding: bool) -> ASGIResponse:
    body = await fields_of(arrival.request)
    if unknown := set(body) - {"ids"}:
        raise Invalid({min(unknown)[:100]: "is not expected here; give ids"})
    if body.get("ids") is None:
        raise MissingFields({"ids": "is required: a list of ids"})
    ids, version = ids_of(body["ids"], "ids", MOST), if_match(arrival.request)
    batch = new_id()

    async def work(act: Act) -> ASGIResponse:
        held = _pairs(act.person, act.definition, field, identity)
        add, remove = (ids, ()) if adding else ((), ids)
        done, now = await act.records.pair(act.tx, held, add, remove, version)
        if done.added or done.removed:
            summary = {"operation": "pair", "written": 1, "refused": 0}
            await batches.begin(act.tx, batch, batches.BULK, act.definition.name, summary)
            done = msgspec.structs.replace(done, batch_id=batch)
        return respond.data(done, headers={"etag": f'"{now}"'})

    return await arrival.change(work, batch)


def _arrived(
    request: Req, plural: str, record_id: str, relation: str
) -> tuple[Arrival, Field, UUID]:
    arrival = arrive(request, plural, "related")
    field = arrival.shipped.fields.get(relation)
    if field is None or not isinstance(field.type, Many):
        raise NotFound("There is nothing at this address.")
    return arrival, field, identified(record_id, arrival.shipped)


def _pairs(person: Person, definition: Definition, field: Field, identity: UUID) -> Pairs:
    if not person.access(definition).sees(field):
        raise NotFound("There is nothing at this address.")
    return Pairs(person, definition, field, identity)


HANDLERS = [list_related, add_related, remove_related]
