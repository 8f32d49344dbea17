"""Where carriers of mail and text messages tell how they went, and bring what people wrote back."""

from __future__ import annotations

from typing import Any, cast

from litestar import Request, post
from litestar.response.base import ASGIResponse

from tenfold.kernel.errors import BadRequest, NotFound
from tenfold.messages import addresses, carried, settling
from tenfold.messages.addresses import CARRIERS, PATH
from tenfold.web.api.endpoint import Endpoint
from tenfold.web.desk import desk_of, header
from tenfold.web.metrics import named

Req = Request[Any, Any, Any]
_BYTES = 30 << 20
_FORMS = ("application/x-www-form-urlencoded", "multipart/form-data")
# What Twilio asks of whoever takes a text message: an answer in its language that says nothing.
_TWIML = b'<?xml version="1.0" encoding="UTF-8"?><Response></Response>'


@post(f"{PATH}/{{carrier:str}}/{{secret:str}}", status_code=200, request_max_body_size=_BYTES)
async def take(request: Req, carrier: str, secret: str) -> ASGIResponse:
    """Take what a carrier brings; brought again, it changes nothing."""
    return await _take(request, carrier, secret, "")


@post(
    f"{PATH}/{{carrier:str}}/{{secret:str}}/{{message:str}}",
    status_code=200,
    request_max_body_size=_BYTES,
)
async def take_of(request: Req, carrier: str, secret: str, message: str) -> ASGIResponse:
    """The same of one message, whose key the address names."""
    return await _take(request, carrier, secret, message)


async def _take(request: Req, carrier: str, secret: str, message: str) -> ASGIResponse:
    named(request.scope, "carriers")
    desk = desk_of(request)
    if carrier not in CARRIERS or not addresses.opens(desk.keyring, secret):
        raise NotFound("There is nothing at this address.")
    form: list[tuple[str, str]] = []
    kind = header(request.scope, b"content-type").partition(";")[0].strip().lower()
    if kind in _FORMS:
        try:
            given = cast("Any", await request.form())
        except Exception as error:  # whatever the reader of forms makes of it
            raise BadRequest("The form can't be read.", code="INVALID_JSON") from error
        form = [(str(n), v) for n, v in given.multi_items() if isinstance(v, str)]
    path = request.scope["path"]
    found = carried.read(
        carrier,
        carried.Request(
            f"{desk.settings.address}{path}",
            {n.decode("latin-1").lower(): v.decode("latin-1") for n, v in request.scope["headers"]},
            b"" if form else await request.body(),
            form,
            message[:200],
        ),
        desk.settings,
    )
    for event in found.events:
        await settling.settle(desk.database, event)
    mailbox = desk.messages.mailbox(desk.database)
    for one in found.incoming:
        await mailbox.take(one)
    if carrier == "twilio":
        return ASGIResponse(body=_TWIML, media_type="text/xml")
    return ASGIResponse(status_code=204)


HANDLERS = [take, take_of]
ENDPOINTS: tuple[Endpoint, ...] = ()
