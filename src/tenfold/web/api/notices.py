"""What one is told: mentions, assignments, answers, reminders; each person's own."""

from __future__ import annotations

from uuid import UUID

import msgspec
from litestar import get, post
from litestar.response.base import ASGIResponse

from tenfold.kernel.errors import Invalid
from tenfold.kernel.structs import convert
from tenfold.messages import notices
from tenfold.messages.notices import NoticeView
from tenfold.web import respond
from tenfold.web.api.administration import PAGING, Req, listed, paging, visiting
from tenfold.web.api.endpoint import Endpoint
from tenfold.web.api.requests import fields_of
from tenfold.web.desk import desk_of

_MOST = 1_000


class Reading(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which notices one has read; none named: all."""

    ids: tuple[UUID, ...] | None = None


class WereRead(msgspec.Struct, frozen=True, kw_only=True):
    """How many were unread before, and are still."""

    read: int
    unread: int


@get("/v1/notices")
async def list_notices(request: Req) -> ASGIResponse:
    """What one was told, the newest first; records that one may not read are not named."""
    asked = paging(request, "unread")
    given = asked.rest.get("unread", "false")
    if given not in ("true", "false"):
        raise Invalid({"unread": "must be true or false"})
    async with visiting(request, "notices") as visit:
        query = desk_of(request).query
        what = (query, visit.reader, visit.person, asked.after, asked.limit)
        rows = await notices.mine(*what, unread=given == "true")
    return listed(rows, asked, lambda one: one.id)


@post("/v1/notices/read", status_code=200)
async def read_notices(request: Req) -> ASGIResponse:
    """Say that one has read some notices, or all."""
    desk = desk_of(request)
    claims = desk.claims(request.scope)
    wanted = convert(await fields_of(request), Reading)
    if wanted.ids is not None and len(wanted.ids) > _MOST:
        raise Invalid({"ids": f"must be at most {_MOST:,}"})
    request.scope["tenfold.route"] = "notices"  # pyright: ignore[reportGeneralTypeIssues]
    async with desk.database.transaction(desk.context(claims, request.scope)) as tx:
        done = await notices.read(tx, claims.user, wanted.ids)
        left = await notices.unread(tx, claims.tenant, claims.user)
    return respond.data(WereRead(read=done, unread=left))


HANDLERS = [list_notices, read_notices]
_UNREAD = {"unread": ({"type": "boolean", "default": False}, "Only those that were not read.")}
ENDPOINTS = (
    Endpoint(
        "GET",
        "/v1/notices",
        "List one's notices",
        None,
        list[NoticeView],
        200,
        ("FORBIDDEN", 400),
        query={**PAGING, **_UNREAD},
    ),
    Endpoint(
        "POST",
        "/v1/notices/read",
        "Say that notices were read",
        Reading,
        WereRead,
        200,
        ("INVALID_FIELDS",),
    ),
)
