"""`/scim/v2`: people and teams provisioned by a directory, with an API key of the scope scim.

Its form is that of RFC 7644, from its media type to its errors, and it describes itself at
`/scim/v2/Schemas`; so it stands outside of `/v1` and of the OpenAPI document.
"""

from __future__ import annotations

from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING, Any

import anyio.to_thread
from litestar import Request, route
from litestar.response.base import ASGIResponse

from tenfold.accounts import people
from tenfold.accounts.client import Client
from tenfold.accounts.organisation import organisation
from tenfold.accounts.organisation.administrator import Administrator, need_place
from tenfold.accounts.people import Caller
from tenfold.db.database import BUSY
from tenfold.kernel.errors import Forbidden, WrongMedia
from tenfold.web import respond
from tenfold.web.api.auth import client_of
from tenfold.web.api.requests import pairs
from tenfold.web.desk import MEMBERS, desk_of, header
from tenfold.web.metrics import named

if TYPE_CHECKING:
    from tenfold.accounts.organisation.scim.service import Answered, Asked

BASE = "/scim/v2"
SCIM = "application/scim+json"
_SERVICE = "tenfold.accounts.organisation.scim.service"
_MEDIA = (SCIM, "application/json", "")
_METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE"]
Req = Request[Any, Any, Any]


@route(BASE, http_method=_METHODS)  # pyright: ignore[reportArgumentType]
async def provision_root(request: Req) -> ASGIResponse:
    """Nothing by itself."""
    return await _answer(request, "")


@route(f"{BASE}/{{rest:path}}", http_method=_METHODS)  # pyright: ignore[reportArgumentType]
async def provision(request: Req, rest: str) -> ASGIResponse:
    """Users, groups, and what the service says of itself."""
    return await _answer(request, rest)


async def _answer(request: Req, rest: str) -> ASGIResponse:
    named(request.scope, "scim")
    # Its models take long to load: not in the way of others, and only where they are needed.
    service: Any = await anyio.to_thread.run_sync(import_module, _SERVICE)
    try:
        found = await _answered(request, service, rest)
    except BUSY as error:
        found = service.failure(respond.busy(error))
    except Exception as error:
        found = service.failure(error)
        if found is None:
            raise
    return _sent(found)


async def _answered(request: Req, service: ModuleType, rest: str) -> Answered:
    desk = desk_of(request)
    claims = desk.claims(request.scope)
    asked = await _asked(request, service, rest)
    client = client_of(request.scope)
    if service.reads(asked):
        async with desk.database.read(claims.tenant, [MEMBERS]) as reader:
            caller = await desk.people.get(reader, claims, reader.versions[0])
            _need_directory(caller, client)
            return await service.read(asked, reader, claims.tenant)
    context = desk.context(claims, request.scope)
    async with desk.database.transaction(context, [MEMBERS]) as tx:
        await organisation.hold(tx)
        caller = await people.caller(tx, claims)
        _need_directory(caller, client)
        act = Administrator(tx, caller, desk.registry, client, sure=True)
        return await service.write(asked, act)


async def _asked(request: Req, service: ModuleType, rest: str) -> Asked:
    body = await request.body()
    kind = header(request.scope, b"content-type").partition(";")[0].strip().lower()
    if body and kind not in _MEDIA:
        raise WrongMedia(f"Send the body as {SCIM}, not as {kind[:100]}.")
    return service.Asked(
        method=request.method,
        path=tuple(part for part in rest.split("/") if part),
        query=dict(pairs(request.scope["query_string"])),
        body=body,
        if_match=header(request.scope, b"if-match"),
        base=f"{desk_of(request).settings.address}{BASE}",
    )


def _need_directory(caller: Caller, client: Client) -> None:
    """Raise Forbidden for all but a directory: a service account's key with role and scope."""
    provisions = caller.scopes is not None and caller.scopes.provisions
    if not provisions or caller.role != "admin":
        raise Forbidden(
            "Provisioning needs an API key with the scope scim, of a service account with the "
            "role admin."
        )
    need_place(caller, client)


def _sent(found: Answered) -> ASGIResponse:
    headers = {"cache-control": "private, no-store", **found.headers}
    media = SCIM if found.body else None
    return ASGIResponse(
        body=found.body, status_code=found.status, headers=headers, media_type=media
    )


HANDLERS = [provision_root, provision]
