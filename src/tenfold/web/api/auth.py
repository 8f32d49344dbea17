"""Sign-in: `/v1/auth/*`, the one part of the API whose JSON is camelCase."""

from __future__ import annotations

from functools import partial
from typing import Annotated, Any, cast
from uuid import UUID

import msgspec
from litestar import Request, post, route
from litestar.response.base import ASGIResponse
from litestar.types import Scope
from msgspec import Meta

from tenfold.accounts.client import Client
from tenfold.accounts.identity.sign_in import Account, Membership, Registration, Signed, SignIn
from tenfold.accounts.identity.tokens import Claims
from tenfold.kernel.errors import Invalid, Unauthenticated
from tenfold.kernel.settings import Settings
from tenfold.web import respond
from tenfold.web.api.bodies import STRANGERS_BYTES, strangers_body
from tenfold.web.api.endpoint import Endpoint
from tenfold.web.desk import desk_of, header
from tenfold.web.scope import notes

Name = Annotated[str, Meta(min_length=1, max_length=100)]
Long = Annotated[str, Meta(max_length=1_000)]


class Register(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A new person and their organisation."""

    email: Annotated[str, Meta(max_length=320)]
    password: Long
    first_name: Name
    last_name: Name
    organization: Annotated[str, Meta(min_length=1, max_length=200)]


class Login(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """An e-mail address and its password; `organizationId` where the person is in several."""

    email: Long
    password: Long
    organization_id: UUID | None = None


class Organization(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """An organisation by name."""

    id: UUID
    name: str


class OrganizationOfMine(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """An organisation that the person belongs to, and their role in it."""

    id: UUID
    name: str
    role: str


class User(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """The person who is signed in; `role` is that in the organisation."""

    id: UUID
    email: str
    first_name: str
    last_name: str
    role: str
    organization: Organization


class SignedIn(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What a sign-in answers; the refresh token goes into the cookie."""

    user: User
    token: str
    expires_in: str


class Refreshed(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A new access token; the next refresh token goes into the cookie."""

    access_token: str
    expires_in: str


class Me(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Who is signed in, and all organisations that they belong to."""

    user: User
    organizations: list[OrganizationOfMine]


class Gate:
    """What sign-in needs beside the desk: the accounts, and the cookie."""

    def __init__(self, settings: Settings, accounts: SignIn) -> None:
        self.settings, self.accounts = settings, accounts
        prefix = "__Host-" if settings.address.startswith("https://") else ""
        self.cookie = f"{prefix}refreshToken"

    def set_cookie(self, token: str) -> dict[str, str]:
        """The header that keeps the refresh token in the browser; an empty token removes it."""
        age = self.settings.refresh_token_days * 86_400 if token else 0
        secure = "; Secure" if self.cookie.startswith("__Host-") else ""
        value = f"{self.cookie}={token}; Path=/; Max-Age={age}; HttpOnly; SameSite=Lax{secure}"
        return {"set-cookie": value, "cache-control": "no-store"}

    @property
    def expires_in(self) -> str:
        """How long an access token is good for, as `15m`."""
        minutes, rest = divmod(self.settings.access_token_seconds, 60)
        return f"{self.settings.access_token_seconds}s" if rest else f"{minutes}m"


@post("/v1/auth/register", status_code=201, request_max_body_size=STRANGERS_BYTES)
async def register(request: Request[Any, Any, Any]) -> ASGIResponse:
    """Make an organisation and its owner, who is signed in at once."""
    gate = _gate(request, "register")
    body = await strangers_body(request, Register)
    client = await _knock(request)
    names = (" ".join(t.split()) for t in (body.first_name, body.last_name, body.organization))
    first, last, organization = names
    blank = {"firstName": first, "lastName": last, "organization": organization}
    if empty := [name for name, text in blank.items() if not text]:
        raise Invalid(dict.fromkeys(empty, "must not be blank"))
    new = Registration(body.email, body.password, first, last, organization)
    return _signed(gate, await gate.accounts.register(new, client), 201)


@post("/v1/auth/login", status_code=200, request_max_body_size=STRANGERS_BYTES)
async def login(request: Request[Any, Any, Any]) -> ASGIResponse:
    """Sign in with e-mail address and password."""
    gate = _gate(request, "login")
    body = await strangers_body(request, Login)
    client = await _knock(request)
    signed = await gate.accounts.login(body.email, body.password, body.organization_id, client)
    return _signed(gate, signed, 200)


@post("/v1/auth/refresh", status_code=200)
async def refresh(request: Request[Any, Any, Any]) -> ASGIResponse:
    """A new access token for the refresh token in the cookie, which is replaced."""
    gate = _gate(request, "refresh")
    token = request.cookies.get(gate.cookie, "")
    client = client_of(request.scope)
    if not token:
        raise Unauthenticated("No refresh token was sent; sign in again.", code="NO_REFRESH_TOKEN")
    allow = partial(desk_of(request).limits.count_person, notes(request.scope))
    access, successor, _ = await gate.accounts.refresh(token[:200], client, allow)
    answer = Refreshed(access_token=access, expires_in=gate.expires_in)
    return respond.data(answer, headers=gate.set_cookie(successor))


@post("/v1/auth/logout", status_code=200)
async def logout(request: Request[Any, Any, Any]) -> ASGIResponse:
    """End the session, on this device only; fine where it has ended already."""
    gate = _gate(request, "logout")
    claims: Claims | None = None
    kind, _, access = header(request.scope, b"authorization").partition(" ")
    if kind.lower() == "bearer":
        try:
            claims = desk_of(request).tokens.verify(access.strip())
        except Unauthenticated:
            claims = None
    token = request.cookies.get(gate.cookie, "")
    await gate.accounts.logout(token[:200], claims, client_of(request.scope))
    return respond.data({}, headers=gate.set_cookie(""))


@route("/v1/auth/me", http_method=["GET", "POST"], status_code=200)
async def me(request: Request[Any, Any, Any]) -> ASGIResponse:
    """Who is signed in, and the organisations that they belong to."""
    gate = _gate(request, "me")
    desk = desk_of(request)
    claims = desk.claims(request.scope)
    async with desk.database.read(claims.tenant, ["members"]) as reader:
        await desk.people.get(
            reader, claims.tenant, claims.user, claims.session, reader.versions[0]
        )
        account = await gate.accounts.account(reader, claims)
    mine = [_mine(m) for m in account.memberships]
    return respond.data(Me(user=_user(account), organizations=mine))


def client_of(scope: Scope) -> Client:
    """Where a request came from."""
    known = cast("dict[str, Any]", scope)
    peer = known.get("client")
    request = known.get("tenfold.request_id", "")
    return Client(peer[0] if peer else "", header(scope, b"user-agent"), request)


def _gate(request: Request[Any, Any, Any], route: str) -> Gate:
    request.scope["tenfold.route"] = route  # pyright: ignore[reportGeneralTypeIssues]
    return request.app.state.gate


async def _knock(request: Request[Any, Any, Any]) -> Client:
    """Count a try of this address; raises TooMany where it has none left."""
    await desk_of(request).limits.count_sign_in(notes(request.scope))
    return client_of(request.scope)


def _signed(gate: Gate, signed: Signed, status: int) -> ASGIResponse:
    answer = SignedIn(user=_user(signed.account), token=signed.token, expires_in=gate.expires_in)
    return respond.data(answer, status=status, headers=gate.set_cookie(signed.refresh))


def _user(account: Account) -> User:
    current = account.current
    return User(
        id=account.id,
        email=account.email,
        first_name=account.first_name,
        last_name=account.last_name,
        role=current.role,
        organization=Organization(id=current.tenant, name=current.name),
    )


def _mine(one: Membership) -> OrganizationOfMine:
    return OrganizationOfMine(id=one.tenant, name=one.name, role=one.role)


HANDLERS = [register, login, refresh, logout, me]

_TRIES = ("RATE_LIMITED", "UNAVAILABLE")
ENDPOINTS = (
    Endpoint(
        "POST",
        "/v1/auth/register",
        "Make an organisation and its owner",
        Register,
        SignedIn,
        201,
        (
            "MISSING_FIELDS",
            "INVALID_FIELDS",
            "UNKNOWN_FIELD",
            "EMAIL_TAKEN",
            "WRONG_ORIGIN",
            *_TRIES,
        ),
        public=True,
    ),
    Endpoint(
        "POST",
        "/v1/auth/login",
        "Sign in with e-mail address and password",
        Login,
        SignedIn,
        200,
        (
            "MISSING_FIELDS",
            "INVALID_FIELDS",
            "UNKNOWN_FIELD",
            "INVALID_CREDENTIALS",
            "WRONG_ORIGIN",
            "NOT_FOUND",
            "ACCOUNT_LOCKED",
            *_TRIES,
        ),
        public=True,
    ),
    Endpoint(
        "POST",
        "/v1/auth/refresh",
        "A new access token for the refresh token in the cookie",
        None,
        Refreshed,
        200,
        ("NO_REFRESH_TOKEN", "INVALID_TOKEN", "WRONG_ORIGIN", *_TRIES),
        public=True,
    ),
    Endpoint(
        "POST",
        "/v1/auth/logout",
        "End the session",
        None,
        None,
        200,
        ("WRONG_ORIGIN",),
        public=True,
    ),
    Endpoint(
        "GET",
        "/v1/auth/me",
        "Who is signed in",
        None,
        Me,
        200,
        ("NO_TOKEN", "INVALID_TOKEN"),
    ),
    Endpoint(
        "POST",
        "/v1/auth/me",
        "Who is signed in, asked by POST",
        None,
        Me,
        200,
        ("NO_TOKEN", "INVALID_TOKEN"),
    ),
)
