"""Who follows one record: `/v1/leads/{id}/followers`."""

from __future__ import annotations

from typing import Any

from litestar import delete, get, post
from litestar.response.base import ASGIResponse

from tenfold.engine import following
from tenfold.engine.following import Follower
from tenfold.engine.scopes import WRITE
from tenfold.kernel import digits
from tenfold.kernel.errors import Forbidden
from tenfold.web import respond
from tenfold.web.api.endpoint import Endpoint
from tenfold.web.api.requests import Act, Req, arrive, identified


@get("/v1/{plural:str}/{record_id:str}/followers")
async def list_followers(request: Req, plural: str, record_id: str) -> ASGIResponse:
    """Who follows a record, for all who may read it."""
    arrival = arrive(request, plural, "followers")
    identity = identified(record_id, arrival.shipped)
    async with arrival.visit() as visit:
        reader, person, definition = visit.reader, visit.person, visit.definition
        json, _ = await arrival.desk.query.one(reader, person, definition, identity)
        record: dict[str, Any] = digits.decode(json)
        return respond.data(await following.followers(reader, person.tenant, record))


@post("/v1/{plural:str}/{record_id:str}/followers", status_code=200)
async def follow_record(request: Req, plural: str, record_id: str) -> ASGIResponse:
    """Follow a record that one may read; doing so again changes nothing."""
    return await _set(request, plural, record_id, follows=True)


@delete("/v1/{plural:str}/{record_id:str}/followers", status_code=200)
async def unfollow_record(request: Req, plural: str, record_id: str) -> ASGIResponse:
    """No longer follow a record, also as its owner."""
    return await _set(request, plural, record_id, follows=False)


async def _set(request: Req, plural: str, record_id: str, *, follows: bool) -> ASGIResponse:
    arrival = arrive(request, plural, "follow" if follows else "unfollow")
    identity = identified(record_id, arrival.shipped)

    async def work(act: Act) -> ASGIResponse:
        what = (act.tx, act.person, act.definition, identity)
        json, _ = await arrival.desk.query.one(*what)
        kind = act.definition.name
        if act.person.scopes and not act.person.scopes.gives(WRITE, kind):
            raise Forbidden(f"This API key may not follow it: that needs to write {kind}.")
        await following.follow(act.tx, kind, identity, act.person.user, follows=follows)
        record: dict[str, Any] = digits.decode(json)
        return respond.data(await following.followers(act.tx, act.person.tenant, record))

    return await arrival.change(work)


HANDLERS = [list_followers, follow_record, unfollow_record]

_FOLLOWERS = "/v1/{plural}/{id}/followers"
_REFUSED = ("FORBIDDEN", "NOT_FOUND", "IDEMPOTENCY_KEY_REUSED")
ENDPOINTS = (
    Endpoint("GET", _FOLLOWERS, "Who follows a record", response=list[Follower]),
    Endpoint("POST", _FOLLOWERS, "Follow a record", response=list[Follower], errors=_REFUSED),
    Endpoint(
        "DELETE", _FOLLOWERS, "No longer follow a record", response=list[Follower], errors=_REFUSED
    ),
)
