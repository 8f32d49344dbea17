"""Second factors and passkeys: signing in with them, setting them up, proving anew who one is."""

from __future__ import annotations

from io import BytesIO
from typing import Annotated, Any
from uuid import UUID

import msgspec
import segno
from litestar import delete, get, patch, post
from litestar.response.base import ASGIResponse
from msgspec import Meta

from tenfold.accounts.identity.entrance import Signed
from tenfold.accounts.identity.factors import Answer, enrolled
from tenfold.accounts.identity.own import nothing_answered, people_alone
from tenfold.accounts.identity.passkeys import Passkey
from tenfold.accounts.identity.tokens import Claims
from tenfold.web import respond
from tenfold.web.api.administration import identified
from tenfold.web.api.auth import (
    TRIES,
    UNKEPT,
    Code,
    Gate,
    Long,
    Req,
    SignedIn,
    User,
    entered,
    gate_of,
    knock,
    signed,
    user_of,
)
from tenfold.web.api.bodies import STRANGERS_BYTES, body_of, strangers_body
from tenfold.web.api.endpoint import Endpoint
from tenfold.web.desk import desk_of

Secret = Annotated[str, Meta(max_length=200)]
Name = Annotated[str, Meta(min_length=1, max_length=60)]


class SecondFactor(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A second factor: the token that asked for it, and one of the three."""

    token: Secret
    code: Code | None = None
    recovery_code: Code | None = None
    passkey: dict[str, Any] | None = None


class Proof(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What proves anew who one is: a second factor, or the password of who has none.

    `token` is that of the question to a passkey.
    """

    password: Long | None = None
    code: Code | None = None
    recovery_code: Code | None = None
    passkey: dict[str, Any] | None = None
    token: Secret = ""


class PasskeyAsked(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A question to a passkey: options for `navigator.credentials`, the token to answer with."""

    token: str
    options: dict[str, Any]


class ProofAsked(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What one may prove oneself with (password, or second factors), and the passkey's question."""

    methods: list[str]
    token: str
    passkey: dict[str, Any] | None


class PasskeyAnswer(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A passkey's answer, and the organisation to go to where one is in several."""

    token: Secret
    credential: dict[str, Any]
    organization_id: UUID | None = None


class NewPasskey(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A passkey that the browser made, and what to call it."""

    token: Secret
    credential: dict[str, Any]
    name: Name = "Passkey"


class PasskeyName(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What to call a passkey."""

    name: Name


class TotpKey(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A key for an authenticator app: as text, as an `otpauth` address, as an SVG picture of it."""

    secret: str
    uri: str
    picture: str


class TotpCode(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A code that the app shows."""

    code: Code


class RecoveryCodes(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Codes that are good once each and never shown again."""

    recovery_codes: list[str]


class Enrolled(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A second factor is set up; the session goes on under another token.

    `recoveryCodes` are there with the first one, and never shown again.
    """

    user: User
    token: str
    expires_in: str
    recovery_codes: list[str]


class Factors(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """The second factors that one has, and how many recovery codes are left."""

    totp: bool
    recovery_codes: int
    passkeys: list[Passkey]


@post("/v1/auth/second-factor", status_code=200, request_max_body_size=STRANGERS_BYTES)
async def second_factor(request: Req) -> ASGIResponse:
    """Finish a sign-in that waits for a second factor."""
    gate = gate_of(request, "second_factor")
    body = await strangers_body(request, SecondFactor)
    client = await knock(request, gate)
    answer = Answer(body.code or "", body.recovery_code or "", body.passkey)
    if answer == Answer():
        raise nothing_answered()
    return signed(gate, await gate.accounts.second_factor(body.token, answer, client))


@post("/v1/auth/passkey/options", status_code=200)
async def ask_passkey(request: Req) -> ASGIResponse:
    """The question to a passkey, to sign in with it alone."""
    gate = gate_of(request, "ask_passkey")
    token, options = await gate.accounts.ask_passkey(await knock(request, gate))
    return respond.data(PasskeyAsked(token=token, options=options), headers=UNKEPT)


@post("/v1/auth/passkey", status_code=200, request_max_body_size=STRANGERS_BYTES)
async def sign_in_with_passkey(request: Req) -> ASGIResponse:
    """Sign in with a passkey alone."""
    gate = gate_of(request, "passkey")
    body = await strangers_body(request, PasskeyAnswer)
    found = await gate.accounts.with_passkey(
        body.token,
        body.credential,
        await knock(request, gate),
        body.organization_id,
        gate.device(request),
    )
    return entered(gate, found)


@get("/v1/auth/factors")
async def list_factors(request: Req) -> ASGIResponse:
    """The second factors that I have."""
    gate, claims = mine(request, "factors")
    desk = desk_of(request)
    async with desk.database.read(claims.tenant, ["members"]) as reader:
        await desk.people.get(reader, claims, reader.versions[0])
        have, keys = (
            await enrolled(reader, claims.user),
            await gate.own_factors.passkeys(reader, claims),
        )
    told = Factors(totp=have.totp, recovery_codes=have.recovery_codes, passkeys=keys)
    return respond.data(told, headers=UNKEPT)


@post("/v1/auth/totp", status_code=201)
async def begin_totp(request: Req) -> ASGIResponse:
    """A new key for an authenticator app; in force once a code of it was sent."""
    gate, claims = mine(request, "begin_totp")
    key, uri = await gate.own_factors.begin_totp(claims, gate.client(request))
    told = TotpKey(secret=key, uri=uri, picture=picture(uri))
    return respond.data(told, status=201, headers=UNKEPT)


@post("/v1/auth/totp/confirm", status_code=200)
async def confirm_totp(request: Req) -> ASGIResponse:
    """Put an authenticator app in force with a code that it shows."""
    gate, claims = mine(request, "confirm_totp")
    body = await body_of(request, TotpCode)
    found, codes = await gate.own_factors.confirm_totp(claims, body.code, gate.client(request))
    return _enrolled(gate, found, codes)


@delete("/v1/auth/totp", status_code=200)
async def remove_totp(request: Req) -> ASGIResponse:
    """Take the authenticator app away."""
    gate, claims = mine(request, "remove_totp")
    await gate.own_factors.remove_totp(claims, gate.client(request))
    return respond.data({}, headers=UNKEPT)


@post("/v1/auth/recovery-codes", status_code=201)
async def new_recovery_codes(request: Req) -> ASGIResponse:
    """New recovery codes in place of all earlier ones."""
    gate, claims = mine(request, "recovery_codes")
    codes = await gate.own_factors.new_codes(claims, gate.client(request))
    return respond.data(RecoveryCodes(recovery_codes=codes), status=201, headers=UNKEPT)


@post("/v1/auth/passkeys/options", status_code=200)
async def begin_passkey(request: Req) -> ASGIResponse:
    """What the browser is to make a passkey from."""
    gate, claims = mine(request, "begin_passkey")
    token, options = await gate.own_factors.begin_passkey(claims, gate.client(request))
    return respond.data(PasskeyAsked(token=token, options=options), headers=UNKEPT)


@post("/v1/auth/passkeys", status_code=201)
async def add_passkey(request: Req) -> ASGIResponse:
    """Keep a passkey that the browser made."""
    gate, claims = mine(request, "add_passkey")
    body = await body_of(request, NewPasskey)
    found, codes = await gate.own_factors.add_passkey(
        claims, body.token, body.credential, body.name, gate.client(request)
    )
    return _enrolled(gate, found, codes, 201)


@patch("/v1/auth/passkeys/{passkey_id:str}")
async def rename_passkey(request: Req, passkey_id: str) -> ASGIResponse:
    """Call a passkey something else."""
    gate, claims = mine(request, "rename_passkey")
    body = await body_of(request, PasskeyName)
    identity = identified(passkey_id, "passkey")
    await gate.own_factors.rename_passkey(claims, identity, body.name, gate.client(request))
    return respond.data({})


@delete("/v1/auth/passkeys/{passkey_id:str}", status_code=200)
async def remove_passkey(request: Req, passkey_id: str) -> ASGIResponse:
    """Take a passkey away."""
    gate, claims = mine(request, "remove_passkey")
    identity = identified(passkey_id, "passkey")
    await gate.own_factors.remove_passkey(claims, identity, gate.client(request))
    return respond.data({}, headers=UNKEPT)


@post("/v1/auth/step-up/options", status_code=200)
async def ask_proof(request: Req) -> ASGIResponse:
    """What I may prove myself with before something dangerous."""
    gate, claims = mine(request, "ask_step_up")
    token, have, options = await gate.own.ask_sure(claims, gate.client(request))
    told = ProofAsked(methods=have.methods or ["password"], token=token, passkey=options)
    return respond.data(told, headers=UNKEPT)


@post("/v1/auth/step-up", status_code=200)
async def step_up(request: Req) -> ASGIResponse:
    """Prove anew who I am; the session goes on under another token."""
    gate, claims = mine(request, "step_up")
    body = await body_of(request, Proof)
    answer = Answer(body.code or "", body.recovery_code or "", body.passkey)
    client = await knock(request, gate)
    found = await gate.own.step_up(claims, body.password or "", answer, body.token, client)
    return signed(gate, found)


def mine(request: Req, route: str) -> tuple[Gate, Claims]:
    """The gate and who asks about their own account, which only people do who signed in here."""
    gate, claims = gate_of(request, route), desk_of(request).signed_in(request.scope)
    if claims.kind != "session":
        raise people_alone()
    return gate, claims


def picture(uri: str) -> str:
    """An address as a QR code, in SVG."""
    made = BytesIO()
    segno.make(uri, error="m").save(made, kind="svg", xmldecl=False, svgns=True, omitsize=True)
    return made.getvalue().decode()


def _enrolled(gate: Gate, found: Signed, codes: list[str], status: int = 200) -> ASGIResponse:
    answer = Enrolled(
        user=user_of(found.account),
        token=found.token,
        expires_in=gate.expires_in,
        recovery_codes=codes,
    )
    return respond.data(answer, status=status, headers=UNKEPT, cookies=gate.of_sign_in(found))


HANDLERS = [
    second_factor,
    ask_passkey,
    sign_in_with_passkey,
    list_factors,
    begin_totp,
    confirm_totp,
    remove_totp,
    new_recovery_codes,
    begin_passkey,
    add_passkey,
    rename_passkey,
    remove_passkey,
    ask_proof,
    step_up,
]

_BODY = ("MISSING_FIELDS", "INVALID_FIELDS", "UNKNOWN_FIELD")
_SURE = ("STEP_UP_REQUIRED", "FORBIDDEN")
_ONE = "/v1/auth/passkeys/{passkey_id}"
ENDPOINTS = (
    Endpoint(
        "POST",
        "/v1/auth/second-factor",
        "Finish a sign-in with a second factor",
        SecondFactor,
        SignedIn,
        200,
        (*_BODY, "INVALID_CODE", "INVALID_TOKEN", "ACCOUNT_LOCKED", *TRIES),
        public=True,
    ),
    Endpoint(
        "POST",
        "/v1/auth/passkey/options",
        "Ask for a passkey to sign in with",
        None,
        PasskeyAsked,
        200,
        TRIES,
        public=True,
    ),
    Endpoint(
        "POST",
        "/v1/auth/passkey",
        "Sign in with a passkey",
        PasskeyAnswer,
        SignedIn,
        200,
        (*_BODY, "INVALID_CREDENTIALS", "NOT_FOUND", *TRIES),
        public=True,
    ),
    Endpoint("GET", "/v1/auth/factors", "My second factors", None, Factors, 200),
    Endpoint(
        "POST",
        "/v1/auth/totp",
        "Begin to set up an authenticator app",
        None,
        TotpKey,
        201,
        (*_SURE, "DUPLICATE"),
    ),
    Endpoint(
        "POST",
        "/v1/auth/totp/confirm",
        "Put the authenticator app in force",
        TotpCode,
        Enrolled,
        200,
        (*_BODY, *_SURE),
    ),
    Endpoint(
        "DELETE",
        "/v1/auth/totp",
        "Remove the authenticator app",
        None,
        None,
        200,
        (*_SURE, "NOT_FOUND"),
    ),
    Endpoint(
        "POST",
        "/v1/auth/recovery-codes",
        "Make new recovery codes",
        None,
        RecoveryCodes,
        201,
        (*_SURE, "NO_SECOND_FACTOR"),
    ),
    Endpoint(
        "POST",
        "/v1/auth/passkeys/options",
        "Begin to add a passkey",
        None,
        PasskeyAsked,
        200,
        (*_SURE, "TOO_MANY"),
    ),
    Endpoint(
        "POST",
        "/v1/auth/passkeys",
        "Add a passkey",
        NewPasskey,
        Enrolled,
        201,
        (*_BODY, *_SURE, "DUPLICATE"),
    ),
    Endpoint("PATCH", _ONE, "Rename a passkey", PasskeyName, None, 200, (*_BODY, "NOT_FOUND")),
    Endpoint(
        "DELETE", _ONE, "Remove a passkey", None, None, 200, (*_SURE, "NOT_FOUND", "LAST_WAY_IN")
    ),
    Endpoint(
        "POST",
        "/v1/auth/step-up/options",
        "What I may prove myself with",
        None,
        ProofAsked,
        200,
        ("FORBIDDEN",),
    ),
    Endpoint(
        "POST",
        "/v1/auth/step-up",
        "Prove anew who I am",
        Proof,
        SignedIn,
        200,
        (*_BODY, "INVALID_CREDENTIALS", "INVALID_CODE", "ACCOUNT_LOCKED", "FORBIDDEN", *TRIES),
    ),
)
