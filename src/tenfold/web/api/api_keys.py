"""API keys: one's own, and those of service accounts for administrators."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any

from litestar import delete, get, post
from litestar.response.base import ASGIResponse

from tenfold.accounts import people
from tenfold.accounts.identity.tokens import Claims
from tenfold.accounts.organisation import api_keys, organisation
from tenfold.accounts.organisation.administrator import need_administrator
from tenfold.accounts.organisation.api_keys import (
    ApiKey,
    KeyAct,
    MadeApiKey,
    NewApiKey,
    Rotation,
)
from tenfold.kernel.errors import Forbidden, Invalid
from tenfold.kernel.ids import parse_id
from tenfold.web import respond
from tenfold.web.api.administration import PAGING, Req, identified, listed, paging, truth
from tenfold.web.api.auth import UNKEPT, client_of
from tenfold.web.api.bodies import body_of
from tenfold.web.api.endpoint import Endpoint
from tenfold.web.api.idempotency import whole_body
from tenfold.web.api.requests import known
from tenfold.web.desk import MEMBERS, desk_of


@get("/v1/api-keys")
async def list_api_keys(request: Req) -> ASGIResponse:
    """My keys; with `all` those of everybody, for administrators."""
    asked = paging(request, "all", "user_id")
    text = asked.rest.get("user_id", "")
    if text and parse_id(text) is None:
        raise Invalid({"user_id": "must be an id (a UUID)"})
    desk = desk_of(request)
    request.scope["tenfold.route"] = "api_keys"  # pyright: ignore[reportGeneralTypeIssues]
    claims = desk.signed_in(request.scope)
    async with desk.database.read(claims.tenant, [MEMBERS]) as reader:
        caller = await desk.people.get(reader, claims, reader.versions[0])
        caller.need_unblocked()
        user = parse_id(text) if truth(asked, "all") or text else caller.user
        if user != caller.user:
            need_administrator(caller, client_of(request.scope))
        rows = await api_keys.page(reader, claims.tenant, user, asked.after, asked.limit)
    return listed(rows, asked, lambda key: key.id)


@get("/v1/api-keys/current")
async def read_current_key(request: Req) -> ASGIResponse:
    """The key that asks: whose it is, its scopes, and until when it is good."""
    desk, claims = known(request, "api_keys")
    if claims.kind != "key":
        raise Forbidden("Ask with an API key to see that key; /v1/auth/me tells who signed in.")
    async with desk.enter(claims) as by:
        return respond.data(await api_keys.one(by.reader, claims.tenant, claims.session))


@post("/v1/api-keys")
async def create_api_key(request: Req) -> ASGIResponse:
    """Make a key; the answer shows it, and nothing ever again."""
    new = await body_of(request, NewApiKey)
    return await _act(request, lambda act: api_keys.create(act, new), 201)


@post("/v1/api-keys/{key_id:str}/rotate")
async def rotate_api_key(request: Req, key_id: str) -> ASGIResponse:
    """Make a key in place of one, which is good for some hours more."""
    wanted = await body_of(request, Rotation)
    identity = identified(key_id, "API key")
    return await _act(request, lambda act: api_keys.rotate(act, identity, wanted), 201)


@delete("/v1/api-keys/{key_id:str}", status_code=200)
async def revoke_api_key(request: Req, key_id: str) -> ASGIResponse:
    """End a key at once."""
    identity = identified(key_id, "API key")
    return await _act(request, lambda act: api_keys.revoke(act, identity), 200)


async def _act(
    request: Req, work: Callable[[KeyAct], Awaitable[ApiKey]], status: int
) -> ASGIResponse:
    """Do something with keys, as somebody who has signed in; an Idempotency-Key is not heeded."""
    request.scope["tenfold.route"] = "api_keys"  # pyright: ignore[reportGeneralTypeIssues]
    claims = desk_of(request).signed_in(request.scope)
    await whole_body(request)
    async with at_keys(request, claims) as act:
        made = await work(act)
    headers = {**UNKEPT, "location": f"/v1/api-keys/{made.id}"} if status == 201 else UNKEPT
    return respond.data(made, status=status, headers=headers)


@asynccontextmanager
async def at_keys(request: Req, claims: Claims) -> AsyncGenerator[KeyAct]:
    """The transaction of somebody who makes or ends keys."""
    desk = desk_of(request)
    context = desk.context(claims, request.scope)
    async with desk.database.transaction(context, [MEMBERS]) as tx:
        await organisation.hold(tx)
        caller = await people.caller(tx, claims)
        caller.need_unblocked()
        client, address = client_of(request.scope), desk.settings.address
        yield KeyAct(tx, caller, desk.registry, client, desk.keyring, address)


HANDLERS = [list_api_keys, read_current_key, create_api_key, rotate_api_key, revoke_api_key]

_BODY = ("MISSING_FIELDS", "INVALID_FIELDS", "UNKNOWN_FIELD")
_SURE = ("FORBIDDEN", "STEP_UP_REQUIRED")
_KEY = "/v1/api-keys/{key_id}"
_WHOSE: Mapping[str, tuple[dict[str, Any], str]] = {
    "all": ({"type": "boolean"}, "Those of everybody in the organisation, for administrators."),
    "user_id": ({"type": "string", "format": "uuid"}, "Those of one person or service account."),
}
ENDPOINTS = (
    Endpoint(
        "GET",
        "/v1/api-keys",
        "List API keys",
        None,
        list[ApiKey],
        200,
        (400, 403),
        query={**PAGING, **_WHOSE},
    ),
    Endpoint(
        "GET", "/v1/api-keys/current", "The API key that asks", None, ApiKey, 200, ("FORBIDDEN",)
    ),
    Endpoint(
        "POST",
        "/v1/api-keys",
        "Make an API key",
        NewApiKey,
        MadeApiKey,
        201,
        (*_BODY, *_SURE, "TOO_MANY"),
    ),
    Endpoint(
        "POST",
        f"{_KEY}/rotate",
        "Rotate an API key",
        Rotation,
        MadeApiKey,
        201,
        (*_BODY, *_SURE, "NOT_FOUND", "KEY_OVER", "TOO_MANY"),
    ),
    Endpoint("DELETE", _KEY, "Revoke an API key", None, ApiKey, 200, ("FORBIDDEN", "NOT_FOUND")),
)
