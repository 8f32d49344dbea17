"""The addresses of automations: whoever was told one sets its automation off."""

from __future__ import annotations

from typing import Any

from litestar import Request, post
from litestar.response.base import ASGIResponse

from tenfold.automation import hooks
from tenfold.automation.hooks import Received
from tenfold.web import respond
from tenfold.web.api.bodies import STRANGERS_BYTES
from tenfold.web.api.endpoint import Endpoint
from tenfold.web.api.requests import fields_of
from tenfold.web.desk import desk_of, header
from tenfold.web.metrics import named


@post("/v1/hooks/{secret:str}", status_code=202, request_max_body_size=STRANGERS_BYTES)
async def receive_hook(request: Request[Any, Any, Any], secret: str) -> ASGIResponse:
    """Set an automation off with what is sent; the same id sets it off once."""
    named(request.scope, "hooks")
    desk, sent = desk_of(request), await fields_of(request)
    given = header(request.scope, b"webhook-id") or header(request.scope, b"idempotency-key")
    plans, query = desk.automations.plans, desk.automations.query
    found = await hooks.receive(desk.database, plans, query, secret, sent, given.strip())
    return respond.data(found, status=202)


HANDLERS = [receive_hook]
ENDPOINTS = (
    Endpoint(
        "POST",
        "/v1/hooks/{secret}",
        "Set an automation off",
        dict[str, Any],
        Received,
        202,
        ("NOT_FOUND", "INVALID_FIELDS", 413),
        public=True,
    ),
)
