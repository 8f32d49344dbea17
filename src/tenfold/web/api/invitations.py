"""Invitations: made by administrators, accepted by whoever has the link."""

from __future__ import annotations

from typing import Annotated

import msgspec
from litestar import delete, get, post
from litestar.response.base import ASGIResponse
from msgspec import Meta

from tenfold.accounts.joining import Newcomer
from tenfold.accounts.organisation import invitations
from tenfold.accounts.organisation.administrator import Administrator
from tenfold.accounts.organisation.invitations import Invitation, NewInvitation
from tenfold.web import respond
from tenfold.web.api.administration import (
    PAGING,
    Req,
    administer,
    identified,
    listed,
    paging,
    truth,
    visiting,
)
from tenfold.web.api.auth import TRIES, UNKEPT, Long, Name, SignedIn, gate_of, knock, signed
from tenfold.web.api.auth_factors import mine
from tenfold.web.api.bodies import STRANGERS_BYTES, body_of, strangers_body
from tenfold.web.api.endpoint import Endpoint
from tenfold.web.desk import desk_of

Secret = Annotated[str, Meta(min_length=1, max_length=200)]


class InvitationToken(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """The token of an invitation's link."""

    token: Secret


class InvitationSeen(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """An invitation as the invited person sees it; `hasAccount`: sign in with it to join."""

    email: str
    organization: str
    invited_by: str
    has_account: bool


class Join(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """An invitation's token, and what somebody without an account says of themselves."""

    token: Secret
    first_name: Name
    last_name: Name
    password: Long


@get("/v1/invitations")
async def list_invitations(request: Req) -> ASGIResponse:
    """The invitations, the newest first; `open` shows those that wait, or those that don't."""
    asked = paging(request, "open")
    async with visiting(request, "invitations") as visit:
        visit.need_administrator()
        tenant = visit.person.tenant
        only = truth(asked, "open")
        rows = await invitations.page(visit.reader, tenant, only, asked.after, asked.limit)
    return listed(rows, asked, lambda one: one.id)


@post("/v1/invitations")
async def create_invitation(request: Req) -> ASGIResponse:
    """Invite a person by mail."""
    new = await body_of(request, NewInvitation)
    desk = desk_of(request)

    async def work(act: Administrator) -> Invitation:
        return await invitations.invite(act, desk.keyring, new, desk.settings.address)

    return await administer(request, "invitations", work, status=201, location="/v1/invitations")


@get("/v1/invitations/{invitation_id:str}")
async def read_invitation(request: Req, invitation_id: str) -> ASGIResponse:
    """An invitation."""
    async with visiting(request, "invitations") as visit:
        visit.need_administrator()
        identity = identified(invitation_id, "invitation")
        return respond.data(await invitations.one(visit.reader, visit.person.tenant, identity))


@delete("/v1/invitations/{invitation_id:str}", status_code=200)
async def delete_invitation(request: Req, invitation_id: str) -> ASGIResponse:
    """Take an invitation back."""

    async def work(act: Administrator) -> Invitation:
        return await invitations.revoke(act, identified(invitation_id, "invitation"))

    return await administer(request, "invitations", work)


@post("/v1/auth/invitation", status_code=200, request_max_body_size=STRANGERS_BYTES)
async def look_at_invitation(request: Req) -> ASGIResponse:
    """The invitation of a link."""
    gate = gate_of(request, "invitation")
    body = await strangers_body(request, InvitationToken)
    await knock(request, gate)
    found = await gate.joining.look(body.token)
    seen = InvitationSeen(
        email=found.email,
        organization=found.organisation,
        invited_by=found.by,
        has_account=found.has_account,
    )
    return respond.data(seen, headers=UNKEPT)


@post("/v1/auth/invitation/join", status_code=201, request_max_body_size=STRANGERS_BYTES)
async def join(request: Req) -> ASGIResponse:
    """Join with a new account."""
    gate = gate_of(request, "join")
    body = await strangers_body(request, Join)
    client = await knock(request, gate)
    new = Newcomer(body.first_name, body.last_name, body.password)
    found = await gate.joining.as_newcomer(body.token, new, client, gate.device(request))
    return signed(gate, found, 201)


@post("/v1/auth/invitation/accept", status_code=200)
async def accept(request: Req) -> ASGIResponse:
    """Join with the account that I am signed in to, and go on in the new organisation."""
    gate, claims = mine(request, "accept")
    body = await body_of(request, InvitationToken)
    return signed(gate, await gate.joining.as_member(claims, body.token, gate.client(request)))


HANDLERS = [
    list_invitations,
    create_invitation,
    read_invitation,
    delete_invitation,
    look_at_invitation,
    join,
    accept,
]

_ADMIN = ("FORBIDDEN", "MFA_REQUIRED", "ADDRESS_NOT_ALLOWED", "STEP_UP_REQUIRED")
_BODY = ("INVALID_FIELDS", "MISSING_FIELDS", "UNKNOWN_FIELD")
_ONE = "/v1/invitations/{invitation_id}"
ENDPOINTS = (
    Endpoint(
        "GET",
        "/v1/invitations",
        "List invitations",
        None,
        list[Invitation],
        200,
        (400, *_ADMIN),
        query={**PAGING, "open": ({"type": "boolean"}, "Only those that wait, or don't.")},
    ),
    Endpoint(
        "POST",
        "/v1/invitations",
        "Invite a person",
        NewInvitation,
        Invitation,
        201,
        (*_ADMIN, *_BODY, "EMAIL_NOT_VERIFIED", "DUPLICATE", "TOO_MANY", "RATE_LIMITED", 422),
    ),
    Endpoint("GET", _ONE, "Read an invitation", None, Invitation, 200, ("NOT_FOUND", *_ADMIN)),
    Endpoint(
        "DELETE",
        _ONE,
        "Take an invitation back",
        None,
        Invitation,
        200,
        ("NOT_FOUND", "CONFLICT", *_ADMIN, 422),
    ),
    Endpoint(
        "POST",
        "/v1/auth/invitation",
        "Look at an invitation by its link",
        InvitationToken,
        InvitationSeen,
        200,
        (*_BODY, "NOT_FOUND", *TRIES),
        public=True,
    ),
    Endpoint(
        "POST",
        "/v1/auth/invitation/join",
        "Join with a new account",
        Join,
        SignedIn,
        201,
        (*_BODY, "NOT_FOUND", "EMAIL_TAKEN", *TRIES),
        public=True,
    ),
    Endpoint(
        "POST",
        "/v1/auth/invitation/accept",
        "Join with my account",
        InvitationToken,
        SignedIn,
        200,
        (*_BODY, "NOT_FOUND", "FORBIDDEN"),
    ),
)
