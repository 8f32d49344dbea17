"""Webhooks: set up, their deliveries read and sent anew."""

from __future__ import annotations

from litestar import delete, get, patch, post
from litestar.response.base import ASGIResponse

from tenfold.accounts.organisation.administrator import Administrator
from tenfold.kernel.errors import Invalid
from tenfold.outside.calls import Outside
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
from tenfold.webhooks import deliveries, endpoints
from tenfold.webhooks.deliveries import STATES, Delivery, Replay, Replayed
from tenfold.webhooks.endpoints import NewSecret, NewWebhook, WebhookChange, WebhookView
from tenfold.webhooks.sending import TERMS

_WHAT = "webhook"


@get("/v1/webhooks")
async def list_webhooks(request: Req) -> ASGIResponse:
    """The organisation's webhooks; for administrators."""
    asked = paging(request)
    async with visiting(request, "webhooks") as visit:
        visit.need_administrator()
        what = (visit.reader, visit.person.tenant, asked.after, asked.limit)
        rows = await endpoints.page(*what)
    return listed(rows, asked, lambda one: one.id)


@get("/v1/webhooks/{webhook_id:str}")
async def read_webhook(request: Req, webhook_id: str) -> ASGIResponse:
    """One webhook."""
    async with visiting(request, "webhooks") as visit:
        visit.need_administrator()
        found = await endpoints.one(
            visit.reader, visit.person.tenant, identified(webhook_id, _WHAT)
        )
    return respond.data(found)


@post("/v1/webhooks")
async def create_webhook(request: Req) -> ASGIResponse:
    """Set a webhook up; its secret is told in this answer alone."""
    new = await body_of(request, NewWebhook)
    desk = desk_of(request)
    await _looked_at(request, new.url)

    async def work(act: Administrator) -> WebhookView:
        act.need("change_webhooks")
        tenant = await desk.tenants.of(act.tx, act.tenant)
        return await endpoints.create(act, desk.keyring, tenant.types, new)

    what = (request, "webhooks", work)
    return await administer(*what, status=201, location="/v1/webhooks", again=False)


@patch("/v1/webhooks/{webhook_id:str}")
async def change_webhook(request: Req, webhook_id: str) -> ASGIResponse:
    """Change a webhook, or switch it on or off."""
    wanted, identity = await body_of(request, WebhookChange), identified(webhook_id, _WHAT)
    desk = desk_of(request)
    if wanted.url is not None:
        await _looked_at(request, wanted.url)

    async def work(act: Administrator) -> WebhookView:
        act.need("change_webhooks")
        tenant = await desk.tenants.of(act.tx, act.tenant)
        return await endpoints.change(act, tenant.types, identity, wanted)

    return await administer(request, "webhooks", work)


@delete("/v1/webhooks/{webhook_id:str}", status_code=200)
async def delete_webhook(request: Req, webhook_id: str) -> ASGIResponse:
    """Take a webhook away."""
    identity = identified(webhook_id, _WHAT)

    async def work(act: Administrator) -> WebhookView:
        return await endpoints.delete(act, identity)

    return await administer(request, "webhooks", work)


@post("/v1/webhooks/{webhook_id:str}/secret", status_code=200)
async def rotate_secret(request: Req, webhook_id: str) -> ASGIResponse:
    """Make a new secret, told in this answer alone; the one before signs as well for a while."""
    wanted, identity = await body_of(request, NewSecret), identified(webhook_id, _WHAT)
    keyring = desk_of(request).keyring

    async def work(act: Administrator) -> WebhookView:
        act.need("change_webhooks")
        return await endpoints.rotate(act, keyring, identity, wanted)

    return await administer(request, "webhooks", work, again=False)


@get("/v1/webhooks/{webhook_id:str}/deliveries")
async def list_deliveries(request: Req, webhook_id: str) -> ASGIResponse:
    """What was sent to a webhook, newest first."""
    asked, identity = paging(request, "state"), identified(webhook_id, _WHAT)
    state = asked.rest.get("state", "")
    if state and state not in STATES:
        raise Invalid({"state": f"must be one of {', '.join(STATES)}"})
    async with visiting(request, "webhooks") as visit:
        visit.need_administrator()
        tenant = visit.person.tenant
        await endpoints.one(visit.reader, tenant, identity)
        what = (visit.reader, tenant, identity, state, asked.after, asked.limit)
        rows = await deliveries.of_webhook(*what)
    return listed(rows, asked, lambda one: one.id)


@post("/v1/webhooks/{webhook_id:str}/test")
async def send_test(request: Req, webhook_id: str) -> ASGIResponse:
    """Send a message that says nothing, to see whether it gets there."""
    identity = identified(webhook_id, _WHAT)

    async def work(act: Administrator) -> Delivery:
        return await deliveries.test(act.tx, identity)

    return await administer(
        request, "webhooks", work, status=201, location="/v1/webhook-deliveries"
    )


@post("/v1/webhooks/{webhook_id:str}/replay", status_code=200)
async def replay(request: Req, webhook_id: str) -> ASGIResponse:
    """Send a webhook's dead letters since a moment anew."""
    wanted, identity = await body_of(request, Replay), identified(webhook_id, _WHAT)

    async def work(act: Administrator) -> Replayed:
        return await deliveries.replay(act.tx, identity, wanted.since)

    return await administer(request, "webhooks", work)


@get("/v1/webhook-deliveries/{delivery_id:str}")
async def read_delivery(request: Req, delivery_id: str) -> ASGIResponse:
    """One delivery with what was sent."""
    async with visiting(request, "webhooks") as visit:
        visit.need_administrator()
        found = await deliveries.one(
            visit.reader, visit.person.tenant, identified(delivery_id, "delivery")
        )
    return respond.data(found)


@post("/v1/webhook-deliveries/{delivery_id:str}/replay", status_code=200)
async def replay_delivery(request: Req, delivery_id: str) -> ASGIResponse:
    """Send one delivery anew, to the letter as it was."""
    identity = identified(delivery_id, "delivery")

    async def work(act: Administrator) -> Delivery:
        return await deliveries.again(act.tx, identity)

    return await administer(request, "webhooks", work)


async def _looked_at(request: Req, url: str) -> None:
    """Raise Invalid for an address that nothing would be sent to, for administrators alone."""
    async with visiting(request, "webhooks") as visit:
        visit.need_administrator()
    outside: Outside = request.app.state.outside
    await outside.check(url, terms=TERMS)


HANDLERS = [
    list_webhooks,
    read_webhook,
    create_webhook,
    change_webhook,
    delete_webhook,
    rotate_secret,
    list_deliveries,
    send_test,
    replay,
    read_delivery,
    replay_delivery,
]
_LIST, _ID = "/v1/webhooks", "/v1/webhooks/{webhook_id}"
_ONE = "/v1/webhook-deliveries/{delivery_id}"
_READ = ("FORBIDDEN", "NOT_FOUND")
_WRITE = ("FORBIDDEN", "STEP_UP_REQUIRED", "INVALID_FIELDS", "MISSING_FIELDS", "UNKNOWN_FIELD", 422)
_STATE = {"state": ({"type": "string", "enum": list(STATES)}, "Only deliveries in this state.")}
ENDPOINTS = (
    Endpoint(
        "GET",
        _LIST,
        "List webhooks",
        None,
        list[WebhookView],
        200,
        ("FORBIDDEN", 400),
        query=PAGING,
    ),
    Endpoint(
        "POST", _LIST, "Set a webhook up", NewWebhook, WebhookView, 201, (*_WRITE, "CONFLICT")
    ),
    Endpoint("GET", _ID, "Read a webhook", None, WebhookView, 200, _READ),
    Endpoint(
        "PATCH", _ID, "Change a webhook", WebhookChange, WebhookView, 200, (*_WRITE, "NOT_FOUND")
    ),
    Endpoint("DELETE", _ID, "Delete a webhook", None, WebhookView, 200, _READ),
    Endpoint(
        "POST",
        f"{_ID}/secret",
        "Make a new secret of a webhook",
        NewSecret,
        WebhookView,
        200,
        (*_WRITE, "NOT_FOUND"),
    ),
    Endpoint(
        "GET",
        f"{_ID}/deliveries",
        "List the deliveries of a webhook",
        None,
        list[Delivery],
        200,
        (*_READ, 400),
        query={**PAGING, **_STATE},
    ),
    Endpoint(
        "POST",
        f"{_ID}/test",
        "Send a test message",
        None,
        Delivery,
        201,
        (*_READ, "CONFLICT"),
    ),
    Endpoint(
        "POST",
        f"{_ID}/replay",
        "Send dead letters anew",
        Replay,
        Replayed,
        200,
        (*_WRITE, "NOT_FOUND", "CONFLICT"),
    ),
    Endpoint("GET", _ONE, "Read a delivery", None, Delivery, 200, _READ),
    Endpoint(
        "POST", f"{_ONE}/replay", "Send a delivery anew", None, Delivery, 200, (*_READ, "CONFLICT")
    ),
)
