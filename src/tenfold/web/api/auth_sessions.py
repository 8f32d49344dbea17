"""One's name, sessions, organisation and password."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from uuid import UUID

import msgspec
from litestar import delete, get, patch, post
from litestar.response.base import ASGIResponse
from msgspec import UNSET, Meta, UnsetType

from tenfold.accounts.identity.profile import Profile
from tenfold.web import respond
from tenfold.web.api.administration import identified
from tenfold.web.api.auth import UNKEPT, Long, Name, Req, SignedIn, User, signed, user_of
from tenfold.web.api.auth_factors import mine
from tenfold.web.api.bodies import body_of
from tenfold.web.api.endpoint import Endpoint
from tenfold.web.desk import desk_of

Short = Annotated[str, Meta(max_length=64)]


class SessionInfo(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A session: where and how somebody signed in; `current` is the one that asks."""

    id: UUID
    organization_id: UUID
    methods: list[str]
    ip_address: str | None
    user_agent: str | None
    created_at: datetime
    seen_at: datetime
    expires_at: datetime
    current: bool


class Ended(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """How many sessions were ended."""

    ended: int


class Switch(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """The organisation to go on in."""

    organization_id: UUID


class ProfileChange(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What I am called, and how pages speak to me: only what is given; null follows again.

    `language` is en, de or es, `region` a country (ISO 3166) whose way of writing figures and
    dates is used, `timezone` a name like America/Chicago.
    """

    first_name: Name | UnsetType = UNSET
    last_name: Name | UnsetType = UNSET
    language: Short | UnsetType | None = UNSET
    region: Short | UnsetType | None = UNSET
    timezone: Short | UnsetType | None = UNSET


class PasswordChange(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """The password so far (empty where there is none), and the new one."""

    new_password: Long
    current_password: Long = ""


@patch("/v1/auth/me", status_code=200)
async def change_me(request: Req) -> ASGIResponse:
    """Take another name, or be spoken to otherwise, in all my organisations."""
    gate, claims = mine(request, "rename_me")
    body = await body_of(request, ProfileChange)
    account = await gate.own.change(claims, _profile(body), gate.client(request))
    return respond.data(user_of(account), headers=UNKEPT)


def _profile(body: ProfileChange) -> Profile:
    """What is not given stays; null follows again, which is kept as nothing."""
    given = msgspec.structs.asdict(body).items()
    return Profile(**{name: value or "" for name, value in given if value is not UNSET})


@get("/v1/auth/sessions")
async def list_sessions(request: Req) -> ASGIResponse:
    """My sessions in all organisations, the one used last first."""
    gate, claims = mine(request, "sessions")
    desk = desk_of(request)
    async with desk.database.read(claims.tenant, ["members"]) as reader:
        await desk.people.get(reader, claims, reader.versions[0])
        found = await gate.own.sessions(reader, claims)
    told = [
        SessionInfo(
            id=one.id,
            organization_id=one.tenant,
            methods=list(one.methods),
            ip_address=one.address,
            user_agent=one.agent,
            created_at=one.created_at,
            seen_at=one.seen_at,
            expires_at=one.expires_at,
            current=one.id == claims.session,
        )
        for one in found
    ]
    return respond.data(told, headers=UNKEPT)


@delete("/v1/auth/sessions/{session_id:str}", status_code=200)
async def end_session(request: Req, session_id: str) -> ASGIResponse:
    """End one of my sessions."""
    gate, claims = mine(request, "end_session")
    identity = identified(session_id, "session")
    await gate.own.end_session(claims, identity, gate.client(request))
    return respond.data({}, headers=UNKEPT)


@post("/v1/auth/sessions/end-others", status_code=200)
async def end_other_sessions(request: Req) -> ASGIResponse:
    """End all my sessions but this one."""
    gate, claims = mine(request, "end_sessions")
    ended = await gate.own.end_others(claims, gate.client(request))
    return respond.data(Ended(ended=ended), headers=UNKEPT)


@post("/v1/auth/switch", status_code=200)
async def switch_organization(request: Req) -> ASGIResponse:
    """Go on in another of my organisations; the session in this one ends."""
    gate, claims = mine(request, "switch")
    body = await body_of(request, Switch)
    found = await gate.own.switch(claims, body.organization_id, gate.client(request))
    return signed(gate, found)


@post("/v1/auth/password", status_code=200)
async def change_password(request: Req) -> ASGIResponse:
    """Change my password; all my other sessions end."""
    gate, claims = mine(request, "change_password")
    body = await body_of(request, PasswordChange)
    client = gate.client(request)
    found = await gate.own.change_password(claims, body.current_password, body.new_password, client)
    return signed(gate, found)


@delete("/v1/auth/password", status_code=200)
async def remove_password(request: Req) -> ASGIResponse:
    """Sign in with passkeys alone from now on."""
    gate, claims = mine(request, "remove_password")
    await gate.own.remove_password(claims, gate.client(request))
    return respond.data({}, headers=UNKEPT)


HANDLERS = [
    change_me,
    list_sessions,
    end_session,
    end_other_sessions,
    switch_organization,
    change_password,
    remove_password,
]

_BODY = ("MISSING_FIELDS", "INVALID_FIELDS", "UNKNOWN_FIELD")
ENDPOINTS = (
    Endpoint(
        "PATCH", "/v1/auth/me", "Change my profile", ProfileChange, User, 200, (*_BODY, "FORBIDDEN")
    ),
    Endpoint("GET", "/v1/auth/sessions", "My sessions", None, list[SessionInfo], 200),
    Endpoint(
        "POST",
        "/v1/auth/sessions/end-others",
        "End my other sessions",
        None,
        Ended,
        200,
        ("FORBIDDEN",),
    ),
    Endpoint(
        "DELETE",
        "/v1/auth/sessions/{session_id}",
        "End one of my sessions",
        None,
        None,
        200,
        ("FORBIDDEN", "NOT_FOUND"),
    ),
    Endpoint(
        "POST",
        "/v1/auth/switch",
        "Go on in another organisation",
        Switch,
        SignedIn,
        200,
        (*_BODY, "FORBIDDEN", "NOT_FOUND"),
    ),
    Endpoint(
        "POST",
        "/v1/auth/password",
        "Change my password",
        PasswordChange,
        SignedIn,
        200,
        (*_BODY, "STEP_UP_REQUIRED", "ACCOUNT_LOCKED"),
    ),
    Endpoint(
        "DELETE",
        "/v1/auth/password",
        "Remove my password",
        None,
        None,
        200,
        ("STEP_UP_REQUIRED", "LAST_WAY_IN"),
    ),
)
