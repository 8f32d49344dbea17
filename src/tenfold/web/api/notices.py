"""What one is told: mentions, assignments, answers, reminders; each person's own."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

import msgspec
from litestar import get, post
from litestar.response.base import ASGIResponse

from tenfold.kernel.errors import Invalid, NotFound
from tenfold.messages import notices
from tenfold.messages.notices import NoticeView
from tenfold.web import respond
from tenfold.web.api.administration import PAGING, Req, identified, listed, paging, visiting
from tenfold.web.api.endpoint import Endpoint
from tenfold.web.desk import desk_of


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
    desk_of(request).signed_in(request.scope)  # what one is told is no program's business
    async with visiting(request, "notices") as visit:
        query = desk_of(request).query
        what = (query, visit.reader, visit.person, asked.after, asked.limit)
        rows = await notices.mine(*what, unread=given == "true")
    return listed(rows, asked, lambda one: one.id)


@post("/v1/notices/read-all", status_code=200)
async def read_notices(request: Req) -> ASGIResponse:
    """Say that one has read all of one's notices."""
    return await _read(request, None)


@post("/v1/notices/{notice_id:str}/read", status_code=200)
async def read_notice(request: Req, notice_id: str) -> ASGIResponse:
    """Say that one has read a notice; one that is not one's own is none."""
    return await _read(request, [identified(notice_id, "notice")])


async def _read(request: Req, ids: Sequence[UUID] | None) -> ASGIResponse:
    desk = desk_of(request)
    claims = desk.signed_in(request.scope)
    async with visiting(request, "notices"):
        pass  # whoever may no longer look has nothing to read
    async with desk.database.transaction(desk.context(claims, request.scope)) as tx:
        if ids is not None and not await notices.are(tx, claims.user, ids):
            raise NotFound("There is no such notice.")
        done = await notices.read(tx, claims.user, ids)
        left = await notices.unread(tx, claims.tenant, claims.user)
    return respond.data(WereRead(read=done, unread=left))


HANDLERS = [list_notices, read_notices, read_notice]
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
    Endpoint("POST", "/v1/notices/read-all", "Say that all notices were read", None, WereRead),
    Endpoint(
        "POST",
        "/v1/notices/{notice_id}/read",
        "Say that a notice was read",
        None,
        WereRead,
        200,
        ("NOT_FOUND",),
    ),
)
