"""What was written to people about one record, and what came back: `/v1/leads/{id}/messages`."""

from __future__ import annotations

from uuid import UUID

import msgspec
from litestar import get, post
from litestar.response.base import ASGIResponse

from tenfold.engine.access import Person
from tenfold.engine.definition import Definition
from tenfold.kernel import clock
from tenfold.kernel.structs import convert
from tenfold.messages import reading
from tenfold.messages.reading import MessageView
from tenfold.messages.writing import NewMessage, Preview
from tenfold.web import respond
from tenfold.web.api.administration import PAGING, listed, paging
from tenfold.web.api.endpoint import Endpoint
from tenfold.web.api.requests import Act, Arrival, Req, arrive, fields_of, identified


@get("/v1/{plural:str}/{record_id:str}/messages")
async def list_messages(request: Req, plural: str, record_id: str) -> ASGIResponse:
    """The messages about a record, for all who may read it, the newest first."""
    arrival, asked = arrive(request, plural, "messages"), paging(request)
    identity = identified(record_id, arrival.shipped)
    async with arrival.visit() as visit:
        what = (visit.reader, visit.person, visit.definition, identity)
        await arrival.desk.query.one(*what, fields=("id",))
        rows = await reading.of_record(
            visit.reader, visit.person.tenant, identity, asked.after, asked.limit
        )
    seen = [_seen(visit.person, visit.definition, one) for one in rows]
    return listed(seen, asked, lambda one: one.id)


@post("/v1/{plural:str}/{record_id:str}/messages")
async def write_message(request: Req, plural: str, record_id: str) -> ASGIResponse:
    """Write to somebody whom a record names, as one who may change it."""
    arrival = arrive(request, plural, "messages")
    identity, wanted = identified(record_id, arrival.shipped), await _wanted(request)

    async def work(act: Act) -> ASGIResponse:
        machine, now = arrival.desk.messages, clock.now()
        tenant = await machine.tenants.of(act.tx, act.person.tenant)
        await machine.records.changing(act.tx, act.person, act.definition, identity)
        what = (act.tx, tenant, act.person, act.definition, identity, wanted, now)
        draft = await machine.writer.draft(*what)
        sent = await machine.writer.send(act.tx, tenant, draft, now)
        made = await reading.one(act.tx, act.person.tenant, sent)
        return respond.data(made, status=201, headers={"location": f"/v1/messages/{sent}"})

    return await arrival.change(work)


@post("/v1/{plural:str}/{record_id:str}/messages/preview", status_code=200)
async def preview_message(request: Req, plural: str, record_id: str) -> ASGIResponse:
    """What a message would say to whom; nothing is sent."""
    arrival = arrive(request, plural, "messages")
    identity, wanted = identified(record_id, arrival.shipped), await _wanted(request)
    return respond.data(await previewed(arrival, identity, wanted))


async def previewed(arrival: Arrival, identity: UUID, wanted: NewMessage) -> Preview:
    """What a message would say, as the caller reads the record."""
    machine = arrival.desk.messages
    async with arrival.visit() as visit:
        # Whether there is such a record is told before anything else.
        await arrival.desk.query.one(
            visit.reader, visit.person, visit.definition, identity, fields=("id",)
        )
        tenant = await machine.tenants.of(visit.reader, visit.person.tenant)
        what = (visit.reader, tenant, visit.person, visit.definition, identity, wanted, clock.now())
        draft = await machine.writer.draft(*what)
        return await machine.writer.preview(visit.reader, tenant, draft)


async def _wanted(request: Req) -> NewMessage:
    return convert(await fields_of(request), NewMessage)


def _seen(person: Person, definition: Definition, one: MessageView) -> MessageView:
    """A message as somebody may see it: its words may name fields that are hidden from them."""
    if not person.access(definition).hidden or person.user in (one.by_id, one.user_id):
        return one
    return msgspec.structs.replace(one, address="", name="", subject="", text="", html="")


HANDLERS = [list_messages, write_message, preview_message]
_PATH = "/v1/{plural}/{id}/messages"
_REFUSED = ("FORBIDDEN", "NOT_FOUND", "INVALID_FIELDS", "UNKNOWN_FIELD")
ENDPOINTS = (
    Endpoint(
        "GET",
        _PATH,
        "List the messages about a record",
        response=list[MessageView],
        errors=("FORBIDDEN", "NOT_FOUND", 400),
        query=PAGING,
    ),
    Endpoint(
        "POST",
        _PATH,
        "Write to somebody about a record",
        NewMessage,
        MessageView,
        201,
        (*_REFUSED, "IDEMPOTENCY_KEY_REUSED"),
    ),
    Endpoint("POST", f"{_PATH}/preview", "Preview a message", NewMessage, Preview, 200, _REFUSED),
)
