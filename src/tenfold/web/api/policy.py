"""What the organisation demands of its people, and the sessions that they have in it."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import msgspec
from litestar import delete, get, patch
from litestar.response.base import ASGIResponse

from tenfold.accounts.identity.sessions import Open, going
from tenfold.accounts.organisation import members, policy
from tenfold.accounts.organisation.administrator import Administrator
from tenfold.accounts.organisation.policy import MemberPolicy, Policy, PolicyChange
from tenfold.web import respond
from tenfold.web.api.administration import Req, administer, identified, visiting
from tenfold.web.api.bodies import body_of
from tenfold.web.api.endpoint import Endpoint


class MemberSession(msgspec.Struct, frozen=True, kw_only=True):
    """A session of a member in this organisation."""

    id: UUID
    methods: list[str]
    ip_address: str | None
    user_agent: str | None
    created_at: datetime
    seen_at: datetime
    expires_at: datetime


class SessionsEnded(msgspec.Struct, frozen=True, kw_only=True):
    """How many sessions were ended."""

    ended: int


@get("/v1/organization/policy")
async def read_policy(request: Req) -> ASGIResponse:
    """What the organisation demands of its people; networks and limits are for administrators."""
    async with visiting(request, "policy") as visit:
        found = await policy.read(visit.reader, visit.person.tenant)
        return respond.data(found if visit.administers else policy.for_members(found))


@patch("/v1/organization/policy")
async def change_policy(request: Req) -> ASGIResponse:
    """Change what the organisation demands."""
    wanted = await body_of(request, PolicyChange)

    async def work(act: Administrator) -> Policy:
        return await policy.change(act, wanted)

    return await administer(request, "policy", work)


@get("/v1/members/{user_id:str}/sessions")
async def list_member_sessions(request: Req, user_id: str) -> ASGIResponse:
    """The sessions of a member in this organisation; for administrators."""
    async with visiting(request, "member_sessions") as visit:
        visit.need_administrator()
        member = await members.one(visit.reader, visit.person.tenant, identified(user_id, "member"))
        found = await going(visit.reader, member.id, visit.person.tenant)
    return respond.data([_shown(one) for one in found])


@delete("/v1/members/{user_id:str}/sessions", status_code=200)
async def end_member_sessions(request: Req, user_id: str) -> ASGIResponse:
    """End all sessions of a member in this organisation."""

    async def work(act: Administrator) -> SessionsEnded:
        ended = await members.end_sessions(act, identified(user_id, "member"))
        return SessionsEnded(ended=ended)

    return await administer(request, "member_sessions", work)


def _shown(one: Open) -> MemberSession:
    return MemberSession(
        id=one.id,
        methods=list(one.methods),
        ip_address=one.address,
        user_agent=one.agent,
        created_at=one.created_at,
        seen_at=one.seen_at,
        expires_at=one.expires_at,
    )


HANDLERS = [read_policy, change_policy, list_member_sessions, end_member_sessions]

_ADMIN = ("FORBIDDEN", "MFA_REQUIRED", "ADDRESS_NOT_ALLOWED", "STEP_UP_REQUIRED")
_SESSIONS = "/v1/members/{user_id}/sessions"
ENDPOINTS = (
    Endpoint("GET", "/v1/organization/policy", "Read the policy", None, Policy | MemberPolicy, 200),
    Endpoint(
        "PATCH",
        "/v1/organization/policy",
        "Change the policy",
        PolicyChange,
        Policy,
        200,
        (*_ADMIN, "INVALID_FIELDS", "UNKNOWN_FIELD", 422),
    ),
    Endpoint(
        "GET",
        _SESSIONS,
        "A member's sessions",
        None,
        list[MemberSession],
        200,
        (*_ADMIN, "NOT_FOUND"),
    ),
    Endpoint(
        "DELETE",
        _SESSIONS,
        "End a member's sessions",
        None,
        SessionsEnded,
        200,
        (*_ADMIN, "NOT_FOUND", 422),
    ),
)
