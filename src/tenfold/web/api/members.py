"""The people of the organisation."""

from __future__ import annotations

from typing import Any, get_args

import msgspec
from litestar import get, patch, post
from litestar.response.base import ASGIResponse

from tenfold.accounts.identity.passwords import Passwords
from tenfold.accounts.organisation import handing_over, members
from tenfold.accounts.organisation.administrator import Administrator
from tenfold.accounts.organisation.handing_over import HandOver
from tenfold.accounts.organisation.members import (
    Member,
    MemberChange,
    NewMember,
    OrganisationRole,
    Which,
)
from tenfold.kernel.errors import Invalid
from tenfold.kernel.ids import parse_id
from tenfold.web import respond
from tenfold.web.api.administration import (
    PAGING,
    Paging,
    Req,
    administer,
    identified,
    listed,
    paging,
    truth,
    visiting,
)
from tenfold.web.api.batches import BatchView, view
from tenfold.web.api.bodies import body_of
from tenfold.web.api.endpoint import Endpoint
from tenfold.web.desk import desk_of

ROLES: tuple[str, ...] = get_args(OrganisationRole)


@get("/v1/members")
async def list_members(request: Req) -> ASGIResponse:
    """The people of the organisation, former ones too; for administrators its service accounts."""
    asked = paging(request, "active", "team_id", "role", "kind")
    which = _which(asked)
    async with visiting(request, "members") as visit:
        if which.kind == "service":
            visit.need_administrator()
        tenant = visit.person.tenant
        rows = await members.page(visit.reader, tenant, which, asked.after, asked.limit)
    return listed(rows, asked, lambda member: member.id)


@get("/v1/members/{user_id:str}")
async def read_member(request: Req, user_id: str) -> ASGIResponse:
    """A person of the organisation."""
    async with visiting(request, "members") as visit:
        identity = identified(user_id, "member")
        return respond.data(await members.one(visit.reader, visit.person.tenant, identity))


@post("/v1/members")
async def create_member(request: Req) -> ASGIResponse:
    """Add a person: by the e-mail address of their account, or with names and a first password."""
    new = await body_of(request, NewMember)
    hashed = ""
    if new.password:
        async with visiting(request, "members") as visit:
            visit.need_administrator()
        words = (new.email, new.first_name or "", new.last_name or "")
        passwords: Passwords = request.app.state.gate.accounts.passwords
        if problem := await passwords.weakness(new.password, words):
            raise Invalid({"password": problem})
        hashed = await passwords.hash(new.password)

    async def work(act: Administrator) -> Member:
        return await members.add(act, new, hashed)

    return await administer(
        request, "members", work, status=201, location="/v1/members", again=False
    )


@patch("/v1/members/{user_id:str}")
async def change_member(request: Req, user_id: str) -> ASGIResponse:
    """Change a person's roles, team, or whether they belong; effective at their next request."""
    wanted = await body_of(request, MemberChange)

    async def work(act: Administrator) -> Member:
        changed = await members.change(act, identified(user_id, "member"), wanted)
        if wanted.active is not False:
            return changed
        left = await handing_over.owned(act.tx, act.tenant, act.registry, changed.id)
        leaves = {name: count for name, (_, count) in left.items()}
        return msgspec.structs.replace(changed, leaves=leaves)

    return await administer(request, "members", work)


@post("/v1/members/{user_id:str}/hand-over")
async def hand_over(request: Req, user_id: str) -> ASGIResponse:
    """Give all that somebody has to somebody else, by a job; the batch it answers can be undone."""
    wanted = await body_of(request, HandOver)

    async def work(act: Administrator) -> BatchView:
        desk, leaver = desk_of(request), identified(user_id, "member")
        return view(desk, act.person, await handing_over.start(act, desk.keyring, leaver, wanted))

    return await administer(request, "members", work, status=202, location="/v1/batches")


def _which(asked: Paging) -> Which:
    team, role = asked.rest.get("team_id", ""), asked.rest.get("role", "")
    if team and parse_id(team) is None:
        raise Invalid({"team_id": "must be an id (a UUID)"})
    if role and role not in ROLES:
        raise Invalid({"role": f"must be one of {', '.join(ROLES)}"})
    kind = asked.rest.get("kind", "") or "person"
    if kind not in ("person", "service"):
        raise Invalid({"kind": "must be person or service"})
    return Which(truth(asked, "active"), parse_id(team), role or None, kind)


HANDLERS = [list_members, read_member, create_member, change_member, hand_over]

_WRITE = ("FORBIDDEN", "INVALID_FIELDS", "MISSING_FIELDS", "UNKNOWN_FIELD")
_MEMBER = "/v1/members/{user_id}"
_ID: dict[str, Any] = {"type": "string", "format": "uuid"}
ENDPOINTS = (
    Endpoint(
        "GET",
        "/v1/members",
        "List members",
        None,
        list[Member],
        200,
        (400, "FORBIDDEN", "MFA_REQUIRED", "ADDRESS_NOT_ALLOWED", "STEP_UP_REQUIRED"),
        query={
            **PAGING,
            "active": ({"type": "boolean"}, "Only those who belong, or only those who left."),
            "team_id": (_ID, "Only those of a team."),
            "role": ({"type": "string", "enum": list(ROLES)}, "Only those with a role."),
            "kind": (
                {"type": "string", "enum": ["person", "service"], "default": "person"},
                "People, or the service accounts of programs (for administrators).",
            ),
        },
    ),
    Endpoint("GET", _MEMBER, "Read a member", None, Member, 200, ("NOT_FOUND",)),
    Endpoint(
        "POST",
        "/v1/members",
        "Add a member",
        NewMember,
        Member,
        201,
        (*_WRITE, "STEP_UP_REQUIRED", "DUPLICATE", "EMAIL_TAKEN"),
    ),
    Endpoint(
        "PATCH",
        _MEMBER,
        "Change a member",
        MemberChange,
        Member,
        200,
        (*_WRITE, "STEP_UP_REQUIRED", "NOT_FOUND", "LAST_OWNER", 422),
    ),
    Endpoint(
        "POST",
        f"{_MEMBER}/hand-over",
        "Hand over what somebody has",
        HandOver,
        BatchView,
        202,
        (*_WRITE, "STEP_UP_REQUIRED", "NOT_FOUND", "NOT_FINISHED", 422),
    ),
)
