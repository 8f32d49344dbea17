"""Sign-in: `/v1/auth/*`, the one part of the API whose JSON is camelCase."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import Annotated, Any, cast
from uuid import UUID

import msgspec
from litestar import Request, post, route
from litestar.response.base import ASGIResponse
from litestar.types import Scope
from msgspec import Meta

from tenfold.accounts.client import Client
from tenfold.accounts.identity.account import Account, Membership, account_in, not_blank
from tenfold.accounts.identity.entrance import Asked, Signed
from tenfold.accounts.identity.factors import Answer
from tenfold.accounts.identity.linking import Linking
from tenfold.accounts.identity.own import Own
from tenfold.accounts.identity.own_factors import OwnFactors
from tenfold.accounts.identity.readdressing import Readdressing
from tenfold.accounts.identity.sign_in import Credentials, Registration, SignIn, over
from tenfold.accounts.identity.tokens import Claims
from tenfold.accounts.identity.with_provider import WithProvider
from tenfold.accounts.joining import Joining
from tenfold.kernel.errors import Unauthenticated
from tenfold.kernel.settings import Settings
from tenfold.web import respond
from tenfold.web.api.bodies import STRANGERS_BYTES, strangers_body
from tenfold.web.api.endpoint import Endpoint
from tenfold.web.cookies import Cookies
from tenfold.web.cookies import header as set_cookie
from tenfold.web.desk import desk_of, header
from tenfold.web.scope import notes

Name = Annotated[str, Meta(min_length=1, max_length=100)]
Long = Annotated[str, Meta(max_length=1_000)]
Code = Annotated[str, Meta(max_length=40)]
Req = Request[Any, Any, Any]


class Register(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A new person and their organisation."""

    email: Annotated[str, Meta(max_length=320)]
    password: Long
    first_name: Name
    last_name: Name
    organization: Annotated[str, Meta(min_length=1, max_length=200)]


class Login(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """An e-mail address and its password; `organizationId` where the person is in several.

    Who has a second factor may give its `code` (or a `recoveryCode`) at once; without it the
    answer asks for it.
    """

    email: Long
    password: Long
    organization_id: UUID | None = None
    code: Code | None = None
    recovery_code: Code | None = None


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
    """The person who is signed in; `role` is that in the organisation.

    Pages speak `language` and write figures and dates as in `region` (ISO 3166) and `timezone`
    (IANA); null follows the browser and the organisation.
    """

    id: UUID
    email: str
    first_name: str
    last_name: str
    email_verified: bool
    language: str | None
    region: str | None
    timezone: str | None
    role: str
    organization: Organization


class SignedIn(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What a sign-in answers; the refresh token goes into the cookie."""

    user: User
    token: str
    expires_in: str


class SecondFactorNeeded(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A sign-in that waits for a second factor: send it with `token` to /v1/auth/second-factor.

    `methods` are what may be given (passkey, totp, recoveryCode), `passkey` the options for
    `navigator.credentials.get`.
    """

    mfa_required: bool
    token: str
    methods: list[str]
    passkey: dict[str, Any] | None


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

    def __init__(
        self,
        settings: Settings,
        accounts: SignIn,
        own: Own,
        own_factors: OwnFactors,
        joining: Joining,
        provided: WithProvider,
        linking: Linking,
        readdressing: Readdressing,
    ) -> None:
        self.settings, self.accounts = settings, accounts
        self.own, self.own_factors = own, own_factors
        self.joining = joining
        self.provided, self.linking = provided, linking
        self.readdressing = readdressing
        self.cookies = Cookies(settings)

    def of_sign_in(self, signed: Signed) -> Sequence[str]:
        """The `Set-Cookie` headers of a sign-in: the refresh token's, and a new browser's."""
        return [set_cookie(one) for one in self.cookies.of_sign_in(signed)]

    def keeps(self, name: str, value: str) -> str:
        """The `Set-Cookie` header that keeps something in the browser; an empty text removes it."""
        return set_cookie(self.cookies.made(name, value))

    def kept(self, request: Request[Any, Any, Any], name: str) -> str:
        """What the browser keeps under a name, or an empty text."""
        return self.cookies.read(request.cookies, name)

    @property
    def expires_in(self) -> str:
        """How long an access token is good for, as `15m`."""
        minutes, rest = divmod(self.settings.access_token_seconds, 60)
        return f"{self.settings.access_token_seconds}s" if rest else f"{minutes}m"

    def device(self, request: Request[Any, Any, Any]) -> str:
        """The cookie that knows this browser."""
        return self.kept(request, "device")[:200]

    def client(self, request: Request[Any, Any, Any]) -> Client:
        """Where a request came from, and by which of our addresses."""
        found = client_of(request.scope)
        return replace(found, origin=self._origin(request))

    def _origin(self, request: Request[Any, Any, Any]) -> str:
        """Our address; on one's own machine its other name, too, for passkeys need a name."""
        host = header(request.scope, b"host")
        if not self.settings.public_url and host.partition(":")[0] == "localhost":
            return f"http://{host}"
        return self.settings.address


@post("/v1/auth/register", status_code=201, request_max_body_size=STRANGERS_BYTES)
async def register(request: Request[Any, Any, Any]) -> ASGIResponse:
    """Make an organisation and its owner, who is signed in at once."""
    gate = gate_of(request, "register")
    body = await strangers_body(request, Register)
    client = await knock(request, gate)
    new = registration(body)
    return signed(gate, await gate.accounts.register(new, client, gate.device(request)), 201)


def registration(body: Register) -> Registration:
    """Who registers; raises Invalid where a name is blank."""
    first, last, organization = not_blank(
        firstName=body.first_name, lastName=body.last_name, organization=body.organization
    )
    return Registration(body.email, body.password, first, last, organization)


@post("/v1/auth/login", status_code=200, request_max_body_size=STRANGERS_BYTES)
async def login(request: Request[Any, Any, Any]) -> ASGIResponse:
    """Sign in with e-mail address and password, and the second factor where there is one."""
    gate = gate_of(request, "login")
    body = await strangers_body(request, Login)
    client = await knock(request, gate)
    answer = None
    if body.code or body.recovery_code:
        answer = Answer(code=body.code or "", recovery_code=body.recovery_code or "")
    given = Credentials(
        body.email, body.password, body.organization_id, answer, gate.device(request)
    )
    return entered(gate, await gate.accounts.login(given, client))


@post("/v1/auth/refresh", status_code=200)
async def refresh(request: Request[Any, Any, Any]) -> ASGIResponse:
    """A new access token for the refresh token in the cookie, which is replaced."""
    gate = gate_of(request, "refresh")
    token = gate.kept(request, "refreshToken")
    client = gate.client(request)
    if not token:
        raise Unauthenticated("No refresh token was sent; sign in again.", code="NO_REFRESH_TOKEN")
    allow = partial(desk_of(request).limits.count_person, notes(request.scope))
    access, successor, _ = await gate.accounts.refresh(token[:200], client, allow)
    answer = Refreshed(access_token=access, expires_in=gate.expires_in)
    return respond.data(answer, headers=UNKEPT, cookies=[gate.keeps("refreshToken", successor)])


@post("/v1/auth/logout", status_code=200)
async def logout(request: Request[Any, Any, Any]) -> ASGIResponse:
    """End the session, on this device only; fine where it has ended already."""
    gate = gate_of(request, "logout")
    claims: Claims | None = None
    kind, _, access = header(request.scope, b"authorization").partition(" ")
    if kind.lower() == "bearer":
        try:
            claims = desk_of(request).tokens.verify(access.strip())
        except Unauthenticated:
            claims = None
    token = gate.kept(request, "refreshToken")
    await gate.accounts.logout(token[:200], claims, client_of(request.scope))
    return respond.data({}, headers=UNKEPT, cookies=[gate.keeps("refreshToken", "")])


@route("/v1/auth/me", http_method=["GET", "POST"], status_code=200)
async def me(request: Request[Any, Any, Any]) -> ASGIResponse:
    """Who is signed in, and the organisations that they belong to."""
    gate_of(request, "me")
    desk = desk_of(request)
    claims = desk.signed_in(request.scope)
    async with desk.database.read(claims.tenant, ["members"]) as reader:
        await desk.people.get(reader, claims, reader.versions[0])
        account = await account_in(reader, claims.user, claims.tenant)
    if account is None:
        raise over()
    mine = [_mine(m) for m in account.memberships]
    return respond.data(Me(user=user_of(account), organizations=mine))


def client_of(scope: Scope) -> Client:
    """Where a request came from."""
    known = cast("dict[str, Any]", scope)
    peer = known.get("client")
    request = known.get("tenfold.request_id", "")
    return Client(peer[0] if peer else "", header(scope, b"user-agent"), request)


def gate_of(request: Request[Any, Any, Any], route: str) -> Gate:
    """The process's gate; names the route for the metrics."""
    request.scope["tenfold.route"] = route  # pyright: ignore[reportGeneralTypeIssues]
    return request.app.state.gate


async def knock(request: Request[Any, Any, Any], gate: Gate) -> Client:
    """Count a try of this address; raises TooMany where it has none left."""
    await desk_of(request).limits.count_sign_in(notes(request.scope))
    return gate.client(request)


def entered(gate: Gate, found: Signed | Asked) -> ASGIResponse:
    """The answer to a sign-in: a session, or the question for a second factor."""
    if isinstance(found, Signed):
        return signed(gate, found, 200)
    asked = SecondFactorNeeded(
        mfa_required=True,
        token=found.token,
        methods=found.enrolled.methods,
        passkey=found.passkey,
    )
    return respond.data(asked, headers=UNKEPT)


def signed(gate: Gate, found: Signed, status: int = 200, *cookies: str) -> ASGIResponse:
    """The answer with a new session, and with other cookies than its own."""
    answer = SignedIn(user=user_of(found.account), token=found.token, expires_in=gate.expires_in)
    kept = [*gate.of_sign_in(found), *cookies]
    return respond.data(answer, status=status, headers=UNKEPT, cookies=kept)


def user_of(account: Account) -> User:
    """The person as the API shows them."""
    current = account.current
    return User(
        id=account.id,
        email=account.user.email,
        first_name=account.user.first_name,
        last_name=account.user.last_name,
        email_verified=account.user.email_verified_at is not None,
        language=account.user.language,
        region=account.user.region,
        timezone=account.user.timezone,
        role=current.role,
        organization=Organization(id=current.tenant, name=current.name),
    )


def _mine(one: Membership) -> OrganizationOfMine:
    return OrganizationOfMine(id=one.tenant, name=one.name, role=one.role)


UNKEPT = {"cache-control": "no-store"}
HANDLERS = [register, login, refresh, logout, me]

TRIES = ("RATE_LIMITED", "UNAVAILABLE")
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
            *TRIES,
        ),
        public=True,
    ),
    Endpoint(
        "POST",
        "/v1/auth/login",
        "Sign in with e-mail address and password",
        Login,
        SignedIn | SecondFactorNeeded,
        200,
        (
            "MISSING_FIELDS",
            "INVALID_FIELDS",
            "UNKNOWN_FIELD",
            "INVALID_CREDENTIALS",
            "INVALID_CODE",
            "WRONG_ORIGIN",
            "NOT_FOUND",
            "ACCOUNT_LOCKED",
            *TRIES,
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
        ("NO_REFRESH_TOKEN", "INVALID_TOKEN", "WRONG_ORIGIN", *TRIES),
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
