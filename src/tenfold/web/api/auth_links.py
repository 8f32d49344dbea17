"""Links by mail: sign in without a password, set a new one, confirm or change an address."""

from __future__ import annotations

from typing import Annotated

import msgspec
from litestar import post
from litestar.response.base import ASGIResponse
from msgspec import Meta

from tenfold.accounts.client import Client
from tenfold.accounts.identity.account import plain_email
from tenfold.accounts.identity.letting_in import mark
from tenfold.accounts.identity.links import Asking, Kind
from tenfold.accounts.identity.secrets_kept import new_secret
from tenfold.kernel.language import manner
from tenfold.web import respond
from tenfold.web.api.auth import (
    TRIES,
    UNKEPT,
    Gate,
    Long,
    Req,
    SecondFactorNeeded,
    SignedIn,
    entered,
    gate_of,
    knock,
)
from tenfold.web.api.auth_factors import mine
from tenfold.web.api.bodies import STRANGERS_BYTES, body_of, strangers_body
from tenfold.web.api.endpoint import Endpoint
from tenfold.web.desk import desk_of
from tenfold.web.safe_next import safe_next

Secret = Annotated[str, Meta(min_length=1, max_length=200)]


class LinkWanted(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """The address to mail a link to; `next` is the page of ours to go to from it."""

    email: Long
    next: Annotated[str, Meta(max_length=2_000)] = "/"


class LinkUsed(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A sign-in link's token; in another browser than the one that asked, the address as well."""

    token: Secret
    email: Long = ""


class NewPassword(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A reset link's token and the new password."""

    token: Secret
    password: Long


class NewAddress(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """The address that is to be mine, or is."""

    email: Long


class Token(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A link's token."""

    token: Secret


@post("/v1/auth/sign-in-link", status_code=202, request_max_body_size=STRANGERS_BYTES)
async def ask_sign_in_link(request: Req) -> ASGIResponse:
    """Mail a sign-in link; the answer is the same whether there is such an account or not."""
    gate = gate_of(request, "sign_in_link")
    browser = gate.kept(request, "browser")[:200] or new_secret()
    answer = await ask_link(request, "sign_in", browser)
    answer.pairs.append((b"set-cookie", gate.keeps("browser", browser).encode()))
    return answer


@post("/v1/auth/sign-in-link/use", status_code=200, request_max_body_size=STRANGERS_BYTES)
async def use_sign_in_link(request: Req) -> ASGIResponse:
    """Sign in by a link, which is then used up."""
    gate = gate_of(request, "use_sign_in_link")
    body = await strangers_body(request, LinkUsed)
    client, browser = await knock(request, gate), gate.kept(request, "browser")[:200]
    found = await gate.accounts.links.sign_in(
        body.token, body.email, browser, client, gate.device(request)
    )
    return entered(gate, found)


@post("/v1/auth/password-reset", status_code=202, request_max_body_size=STRANGERS_BYTES)
async def ask_reset(request: Req) -> ASGIResponse:
    """Mail a link under which a new password is set; the same answer for every address."""
    gate_of(request, "password_reset")
    return await ask_link(request, "reset", "")


@post("/v1/auth/password-reset/use", status_code=200, request_max_body_size=STRANGERS_BYTES)
async def use_reset(request: Req) -> ASGIResponse:
    """Set a new password by a link; all sessions end, a locked account opens."""
    gate = gate_of(request, "use_password_reset")
    body = await strangers_body(request, NewPassword)
    client, device = await knock(request, gate), gate.device(request)
    found = await gate.accounts.links.reset(body.token, body.password, client, device)
    return entered(gate, found)


@post("/v1/auth/verify-email", status_code=202)
async def ask_verification(request: Req) -> ASGIResponse:
    """Mail the link again that confirms one's own address."""
    gate = gate_of(request, "verify_email")
    claims = desk_of(request).signed_in(request.scope)
    sent = await gate.own.verify_again(claims, gate.client(request))
    return respond.data({"sent": sent}, status=202, headers=UNKEPT)


@post("/v1/auth/verify-email/use", status_code=200, request_max_body_size=STRANGERS_BYTES)
async def use_verification(request: Req) -> ASGIResponse:
    """Confirm one's own address by a link."""
    gate, claims = mine(request, "use_verify_email")
    body = await strangers_body(request, Token)
    await gate.own.verify(claims, body.token, await knock(request, gate))
    return respond.data({}, headers=UNKEPT)


async def ask_link(request: Req, kind: Kind, browser: str) -> respond.Answer:
    """Leave the wish for a link to the address in the body."""
    gate = request.app.state.gate
    body = await strangers_body(request, LinkWanted)
    client = await knock(request, gate)
    await wish(gate, client, kind, body.email, body.next, browser)
    return respond.data({}, status=202, headers=UNKEPT)


async def wish(
    gate: Gate, client: Client, kind: Kind, email: str, after: str = "/", browser: str = ""
) -> None:
    """Leave the wish for a link; `browser` is the secret of the one that asks."""
    asking = Asking(
        kind=kind,
        email=plain_email(email),
        address=client.address,
        browser=mark(browser),
        after=safe_next(after),
        language=manner().language,
    )
    await gate.accounts.links.ask(asking, client)


class Sent(msgspec.Struct, frozen=True, kw_only=True):
    """Whether a mail was sent; not where several were sent within the hour."""

    sent: bool


@post("/v1/auth/change-email", status_code=202)
async def ask_change(request: Req) -> ASGIResponse:
    """Mail a link to another address, by which it becomes mine; the same answer for every one."""
    gate, claims = mine(request, "change_email")
    body = await body_of(request, NewAddress)
    await gate.readdressing.ask(claims, body.email, gate.client(request))
    return respond.data({}, status=202, headers=UNKEPT)


@post("/v1/auth/change-email/use", status_code=200, request_max_body_size=STRANGERS_BYTES)
async def use_change(request: Req) -> ASGIResponse:
    """Take another address by a link; my other sessions end."""
    gate, claims = mine(request, "use_change_email")
    body = await strangers_body(request, Token)
    email = await gate.readdressing.use(claims, body.token, await knock(request, gate))
    return respond.data(NewAddress(email=email), headers=UNKEPT)


HANDLERS = [
    ask_sign_in_link,
    use_sign_in_link,
    ask_reset,
    use_reset,
    ask_verification,
    use_verification,
    ask_change,
    use_change,
]

_BODY = ("MISSING_FIELDS", "INVALID_FIELDS", "UNKNOWN_FIELD", *TRIES)
_USED = (*_BODY, "NOT_FOUND")
_IN = SignedIn | SecondFactorNeeded
ENDPOINTS = (
    Endpoint(
        "POST",
        "/v1/auth/sign-in-link",
        "Mail a link that signs in",
        LinkWanted,
        None,
        202,
        _BODY,
        public=True,
    ),
    Endpoint(
        "POST",
        "/v1/auth/sign-in-link/use",
        "Sign in by a link",
        LinkUsed,
        _IN,
        200,
        _USED,
        public=True,
    ),
    Endpoint(
        "POST",
        "/v1/auth/password-reset",
        "Mail a link to set a new password",
        LinkWanted,
        None,
        202,
        _BODY,
        public=True,
    ),
    Endpoint(
        "POST",
        "/v1/auth/password-reset/use",
        "Set a new password by a link",
        NewPassword,
        _IN,
        200,
        _USED,
        public=True,
    ),
    Endpoint(
        "POST",
        "/v1/auth/verify-email",
        "Mail the link again that confirms my address",
        None,
        Sent,
        202,
        ("DUPLICATE",),
    ),
    Endpoint(
        "POST",
        "/v1/auth/verify-email/use",
        "Confirm my address by a link",
        Token,
        None,
        200,
        (*_USED, "FORBIDDEN"),
    ),
    Endpoint(
        "POST",
        "/v1/auth/change-email",
        "Mail a link to change my address",
        NewAddress,
        None,
        202,
        ("MISSING_FIELDS", "INVALID_FIELDS", "UNKNOWN_FIELD", "FORBIDDEN", "STEP_UP_REQUIRED"),
    ),
    Endpoint(
        "POST",
        "/v1/auth/change-email/use",
        "Change my address by a link",
        Token,
        NewAddress,
        200,
        (*_USED, "FORBIDDEN", "EMAIL_TAKEN"),
    ),
)
