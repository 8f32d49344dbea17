"""Where somebody says that they want no more mailings: one click, and no account."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from litestar import get, post
from litestar.response.base import ASGIResponse

from tenfold.db.keys import Unsealable
from tenfold.kernel.codec import unspelled
from tenfold.kernel.context import Context
from tenfold.kernel.errors import NotFound
from tenfold.messages import suppressions
from tenfold.messages.posting import UNSUBSCRIBE
from tenfold.web.api.bodies import STRANGERS_BYTES
from tenfold.web.desk import desk_of
from tenfold.web.pages import render
from tenfold.web.pages.session import Req, routed

_NAME = "SELECT name FROM tenfold.tenants WHERE id = $1"


@get("/unsubscribe/{token:str}")
async def unsubscribe_page(request: Req, token: str) -> ASGIResponse:
    """The button: opening a link changes nothing, as programs open them, too."""
    routed(request, "page-unsubscribe")
    tenant, address = _read(request, token)
    return await _page(request, tenant, address, done=False)


@post("/unsubscribe/{token:str}", status_code=200, request_max_body_size=STRANGERS_BYTES)
async def unsubscribe(request: Req, token: str) -> ASGIResponse:
    """No more mailings; mail programs ask this themselves (RFC 8058)."""
    routed(request, "page-unsubscribe")
    tenant, address = _read(request, token)
    async with desk_of(request).database.transaction(Context(tenant, None)) as tx:
        await suppressions.add(tx, "email", address, "unsubscribed")
    return await _page(request, tenant, address, done=True)


def _read(request: Req, token: str) -> tuple[UUID, str]:
    """Whose mailings, and which address; raises NotFound."""
    try:
        sealed = unspelled(token[:2_000])
        text = desk_of(request).keyring.unseal(sealed, UNSUBSCRIBE).decode()
    except (ValueError, Unsealable):
        raise NotFound("There is nothing at this address.") from None
    tenant, _, address = text.partition(" ")
    return UUID(tenant), address


async def _page(request: Req, tenant: UUID, address: str, *, done: bool) -> ASGIResponse:
    async with desk_of(request).database.system() as reader:
        name = await reader.value(_NAME, tenant) or ""
    view: dict[str, Any] = {"address": address, "organisation": name, "done": done}
    return render.bare(request, "door/unsubscribe.html", **view)


HANDLERS = [unsubscribe_page, unsubscribe]
