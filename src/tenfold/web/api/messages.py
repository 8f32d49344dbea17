"""What the organisation writes: all messages, templates, who is left alone, and how it writes."""

from __future__ import annotations

from uuid import UUID

import msgspec
from litestar import delete, get, patch, post, put
from litestar.response.base import ASGIResponse

from tenfold.accounts.events import note
from tenfold.accounts.identity.account import checked_email
from tenfold.accounts.organisation.administrator import Administrator
from tenfold.db.database import Reader
from tenfold.engine.tenants import Tenant
from tenfold.kernel import spans
from tenfold.kernel.channels import Channel
from tenfold.kernel.errors import Invalid, NotFound
from tenfold.messages import manner, reading, suppressions, templates
from tenfold.messages.manner import Manner
from tenfold.messages.reading import STATES, MessageView
from tenfold.messages.suppressions import Suppression
from tenfold.messages.templates import NewTemplate, Template
from tenfold.web import respond
from tenfold.web.api.administration import (
    PAGING,
    Req,
    administer,
    identified,
    listed,
    paging,
    visiting,
)
from tenfold.web.api.bodies import body_of
from tenfold.web.api.endpoint import Endpoint
from tenfold.web.desk import desk_of

_CHANNELS = ("email", "sms")
_WHAT, _TEMPLATE = "message", "template"


class MannerChange(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What of the manner is to be otherwise; what is not given stays."""

    sender_name: str | None = None
    reply_to: str | None = None
    postal_address: str | None = None
    quiet_from: str | None = None
    quiet_until: str | None = None


class NewSuppression(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An address that is to be left alone."""

    address: str
    channel: Channel = "email"


# -- messages


@get("/v1/messages")
async def list_all_messages(request: Req) -> ASGIResponse:
    """All messages of the organisation, the newest first; for administrators."""
    asked = paging(request, "state", "channel")
    state, channel = asked.rest.get("state", ""), asked.rest.get("channel", "")
    if state and state not in STATES:
        raise Invalid({"state": f"must be one of {', '.join(STATES)}"})
    if channel and channel not in _CHANNELS:
        raise Invalid({"channel": f"must be one of {', '.join(_CHANNELS)}"})
    async with visiting(request, "messages") as visit:
        visit.need_administrator()
        what = (visit.person.tenant, state, channel, asked.after, asked.limit)
        rows = await reading.page(visit.reader, *what)
    return listed(rows, asked, lambda one: one.id)


@get("/v1/messages/{message_id:str}")
async def read_message(request: Req, message_id: str) -> ASGIResponse:
    """One message; for administrators, and for who wrote it or whom it is for."""
    identity = identified(message_id, _WHAT)
    async with visiting(request, "messages") as visit:
        found = await reading.one(visit.reader, visit.person.tenant, identity)
        own = visit.person.scopes is None and visit.person.user in (found.by_id, found.user_id)
        if not own:
            visit.need_administrator()
    return respond.data(found)


@post("/v1/messages/{message_id:str}/cancel", status_code=200)
async def cancel_message(request: Req, message_id: str) -> ASGIResponse:
    """Call back a message that still waits."""
    identity = identified(message_id, _WHAT)

    async def work(act: Administrator) -> MessageView:
        act.need("change_messages")
        return await reading.cancel(act.tx, identity)

    return await administer(request, "messages", work)


@post("/v1/messages/{message_id:str}/retry", status_code=200)
async def retry_message(request: Req, message_id: str) -> ASGIResponse:
    """Send a message that failed anew."""
    identity = identified(message_id, _WHAT)

    async def work(act: Administrator) -> MessageView:
        act.need("change_messages")
        return await reading.again(act.tx, identity)

    return await administer(request, "messages", work)


# -- templates


@get("/v1/message-templates")
async def list_templates(request: Req) -> ASGIResponse:
    """The organisation's templates, for all of its people."""
    asked = paging(request)
    async with visiting(request, "templates") as visit:
        tenant = await _tenant(request, visit.reader, visit.person.tenant)
        rows = await templates.page(visit.reader, tenant, asked.after, asked.limit)
    return listed(rows, asked, lambda one: one.id)


@get("/v1/message-templates/{template_id:str}")
async def read_template(request: Req, template_id: str) -> ASGIResponse:
    """One template."""
    identity = identified(template_id, _TEMPLATE)
    async with visiting(request, "templates") as visit:
        tenant = await _tenant(request, visit.reader, visit.person.tenant)
        found = await templates.one(visit.reader, tenant, identity)
    return respond.data(found)


@post("/v1/message-templates")
async def create_template(request: Req) -> ASGIResponse:
    """Make a template."""
    new = await body_of(request, NewTemplate)

    async def work(act: Administrator) -> Template:
        act.need("change_messages")
        return await templates.create(act, await _tenant(request, act.tx, act.tenant), new)

    what = (request, "templates", work)
    return await administer(*what, status=201, location="/v1/message-templates")


@put("/v1/message-templates/{template_id:str}")
async def replace_template(request: Req, template_id: str) -> ASGIResponse:
    """Put another template in its place."""
    wanted, identity = await body_of(request, NewTemplate), identified(template_id, _TEMPLATE)

    async def work(act: Administrator) -> Template:
        act.need("change_messages")
        tenant = await _tenant(request, act.tx, act.tenant)
        return await templates.change(act, tenant, identity, wanted)

    return await administer(request, "templates", work)


@delete("/v1/message-templates/{template_id:str}", status_code=200)
async def delete_template(request: Req, template_id: str) -> ASGIResponse:
    """Take a template away."""
    identity = identified(template_id, _TEMPLATE)

    async def work(act: Administrator) -> Template:
        act.need("change_messages")
        tenant = await _tenant(request, act.tx, act.tenant)
        return await templates.delete(act, tenant, identity)

    return await administer(request, "templates", work)


# -- who is left alone


@get("/v1/suppressions")
async def list_suppressions(request: Req) -> ASGIResponse:
    """Addresses to which nothing is sent any more, and why; for administrators."""
    asked = paging(request, "address")
    channel, _, address = asked.cursor.partition(" ")
    async with visiting(request, "suppressions") as visit:
        visit.need_administrator()
        what = ((channel, address), asked.rest.get("address", "").strip().lower(), asked.limit)
        rows = await suppressions.page(visit.reader, visit.person.tenant, *what)
    return listed(rows, asked, lambda one: f"{one.channel} {one.address}")


@post("/v1/suppressions")
async def create_suppression(request: Req) -> ASGIResponse:
    """Leave an address alone from now on."""
    new = await body_of(request, NewSuppression)

    async def work(act: Administrator) -> Suppression:
        act.need("change_messages")
        address = _address(new)
        await suppressions.add(act.tx, new.channel, address, "by_hand", by=act.person.user)
        await _note(act, "left alone", address)
        return await _suppressed(act, new.channel, address)

    return await administer(request, "suppressions", work, status=201)


@delete("/v1/suppressions/{address:str}", status_code=200)
async def delete_suppression(request: Req, address: str) -> ASGIResponse:
    """Write to an address again, once whoever has it asked for it."""
    channel: Channel = "email" if "@" in address else "sms"

    async def work(act: Administrator) -> Suppression:
        act.need("change_messages")
        found = await _suppressed(act, channel, address.lower())
        await suppressions.drop(act.tx, channel, found.address)
        await _note(act, "written to again", found.address)
        return found

    return await administer(request, "suppressions", work)


# -- how it writes


@get("/v1/message-settings")
async def read_manner(request: Req) -> ASGIResponse:
    """As whom the organisation writes, and when it leaves people alone."""
    async with visiting(request, "message-settings") as visit:
        visit.need_administrator()
        return respond.data(await manner.manner(visit.reader, visit.person.tenant))


@patch("/v1/message-settings")
async def change_manner(request: Req) -> ASGIResponse:
    """Change it; what is not given stays."""
    wanted = await body_of(request, MannerChange)

    async def work(act: Administrator) -> Manner:
        act.need("change_messages")
        old = await manner.manner(act.tx, act.tenant)
        given = {n: v for n, v in msgspec.structs.asdict(wanted).items() if v is not None}
        made = msgspec.structs.replace(old, **given)
        _check(made)
        await manner.keep(act.tx, made)
        await _note(act, "settings changed", "")
        return made

    return await administer(request, "message-settings", work)


def _check(made: Manner) -> None:
    problems: dict[str, str] = {}
    if len(made.sender_name) > 100 or any(one in made.sender_name for one in "\r\n"):
        problems["sender_name"] = "must be one line of at most 100 characters"
    if len(made.postal_address) > 500:
        problems["postal_address"] = "must have at most 500 characters"
    for name in ("quiet_from", "quiet_until"):
        try:
            if spans.clock(getattr(made, name)) is None:
                problems[name] = "is required"
        except ValueError as error:
            problems[name] = str(error)
    if made.reply_to:
        try:
            checked_email(made.reply_to)
        except Invalid as error:
            problems["reply_to"] = next(iter(error.fields.values()))
    if problems:
        raise Invalid(problems)


def _address(new: NewSuppression) -> str:
    """The address as it is kept; raises Invalid."""
    if new.channel == "email":
        try:
            return checked_email(new.address)
        except Invalid as error:
            raise Invalid({"address": next(iter(error.fields.values()))}) from None
    plain = new.address.replace(" ", "")
    if not (plain.startswith("+") and plain[1:].isdigit() and 8 <= len(plain) <= 16):
        raise Invalid({"address": "must be a number with its country, like +14155550100"})
    return plain


async def _suppressed(act: Administrator, channel: str, address: str) -> Suppression:
    rows = await suppressions.page(act.tx, act.tenant, (channel, ""), address, 2)
    for one in rows:
        if one.channel == channel:
            return one
    raise NotFound(f"{address[:200]} is not left alone.")


async def _tenant(request: Req, reader: Reader, tenant: UUID) -> Tenant:
    return await desk_of(request).tenants.of(reader, tenant)


async def _note(act: Administrator, did: str, address: str) -> None:
    await note(act.tx, "messages_changed", act.client, tenant=act.tenant, did=did, name=address)


HANDLERS = [
    list_all_messages,
    read_message,
    cancel_message,
    retry_message,
    list_templates,
    read_template,
    create_template,
    replace_template,
    delete_template,
    list_suppressions,
    create_suppression,
    delete_suppression,
    read_manner,
    change_manner,
]
_MESSAGES, _MESSAGE = "/v1/messages", "/v1/messages/{message_id}"
_TEMPLATES, _ONE = "/v1/message-templates", "/v1/message-templates/{template_id}"
_ALONE = "/v1/suppressions"
_READ = ("FORBIDDEN", "NOT_FOUND")
_WRITE = ("FORBIDDEN", "INVALID_FIELDS", "MISSING_FIELDS", "UNKNOWN_FIELD")
_FILTERS = {
    "state": ({"type": "string", "enum": list(STATES)}, "Only messages in this state."),
    "channel": ({"type": "string", "enum": list(_CHANNELS)}, "Only messages by this channel."),
}
_WHOSE = {"address": ({"type": "string"}, "Only this address.")}
ENDPOINTS = (
    Endpoint(
        "GET",
        _MESSAGES,
        "List all messages",
        None,
        list[MessageView],
        200,
        ("FORBIDDEN", 400),
        query={**PAGING, **_FILTERS},
    ),
    Endpoint("GET", _MESSAGE, "Read a message", None, MessageView, 200, _READ),
    Endpoint(
        "POST",
        f"{_MESSAGE}/cancel",
        "Call a message back",
        None,
        MessageView,
        200,
        (*_READ, "CONFLICT"),
    ),
    Endpoint(
        "POST",
        f"{_MESSAGE}/retry",
        "Send a message again",
        None,
        MessageView,
        200,
        (*_READ, "CONFLICT"),
    ),
    Endpoint(
        "GET",
        _TEMPLATES,
        "List templates",
        None,
        list[Template],
        200,
        ("FORBIDDEN", 400),
        query=PAGING,
    ),
    Endpoint(
        "POST", _TEMPLATES, "Make a template", NewTemplate, Template, 201, (*_WRITE, "CONFLICT")
    ),
    Endpoint("GET", _ONE, "Read a template", None, Template, 200, _READ),
    Endpoint("PUT", _ONE, "Replace a template", NewTemplate, Template, 200, (*_WRITE, "NOT_FOUND")),
    Endpoint("DELETE", _ONE, "Delete a template", None, Template, 200, _READ),
    Endpoint(
        "GET",
        _ALONE,
        "List addresses that are left alone",
        None,
        list[Suppression],
        200,
        ("FORBIDDEN", 400),
        query={**PAGING, **_WHOSE},
    ),
    Endpoint("POST", _ALONE, "Leave an address alone", NewSuppression, Suppression, 201, _WRITE),
    Endpoint(
        "DELETE",
        f"{_ALONE}/{{address}}",
        "Write to an address again",
        None,
        Suppression,
        200,
        _READ,
    ),
    Endpoint("GET", "/v1/message-settings", "Read how messages are written", None, Manner, 200),
    Endpoint(
        "PATCH",
        "/v1/message-settings",
        "Change how messages are written",
        MannerChange,
        Manner,
        200,
        _WRITE,
    ),
)
