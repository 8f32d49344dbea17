"""The way in: sign in, sign out, and the silent renewal of a session that a page finds expired."""

from __future__ import annotations

from functools import partial
from typing import Any

from litestar import get, post
from litestar.response.base import ASGIResponse

from tenfold.accounts.identity.sign_in import Credentials
from tenfold.accounts.identity.tokens import Claims
from tenfold.kernel.errors import Invalid, Locked, NotFound, TenfoldError, TooMany, Unauthenticated
from tenfold.kernel.language import say
from tenfold.web.api.bodies import STRANGERS_BYTES
from tenfold.web.desk import desk_of
from tenfold.web.pages import passkeys, render
from tenfold.web.pages.entering import (
    device,
    entered,
    gate_of,
    keep_session,
    keep_signed,
    knocked,
    providers,
    then,
)
from tenfold.web.pages.session import (
    Req,
    SignInFirst,
    cookie,
    kept_cookies,
    read_form,
    routed,
    scope_of,
    signed_form,
    take_flash,
)
from tenfold.web.pages.typed import Typed, mistyped
from tenfold.web.safe_next import safe_next

_REFUSALS = (Invalid, Unauthenticated, Locked, TooMany)


async def signed_in(request: Req) -> Claims:
    """Who asks for a page; renews an expired session, or raises SignInFirst."""
    desk = desk_of(request)
    try:
        claims = desk.tokens.verify(cookie(request, "session"))
    except Unauthenticated:
        claims = await _renewed(request)
    scope_of(request)["tenfold.claims"] = claims
    return claims


async def _renewed(request: Req) -> Claims:
    gate = gate_of(request)
    token = gate.kept(request, "refreshToken")
    if not token:
        raise SignInFirst(say("Sign in to see this page."))
    try:
        allow = partial(desk_of(request).limits.count_person, scope_of(request))
        client = gate.client(request)
        access, successor, _ = await gate.accounts.refresh(token[:200], client, allow)
    except Unauthenticated as error:
        keep_session(request, "", "")
        raise SignInFirst(say("Your session has ended; sign in again.")) from error
    keep_session(request, access, successor)
    return desk_of(request).tokens.verify(access)


# -- sign in


@get("/login")
async def sign_in_page(request: Req, next: str = "", email: str = "") -> ASGIResponse:  # noqa: A002 - the address says `next`
    """The sign-in page; somebody who is signed in goes on at once."""
    routed(request, "page-login")
    try:
        await signed_in(request)
    except Unauthenticated:
        known = {"email": email[:320]}
        typed = Typed("password" if email else "email", known)
        return _page(request, typed, safe_next(next))
    return render.to(request, safe_next(next))


@post("/login", status_code=200, request_max_body_size=STRANGERS_BYTES)
async def sign_in(request: Req) -> ASGIResponse:
    """Sign in with e-mail address and password, then go where one was going."""
    routed(request, "page-login")
    form = await read_form(request)
    email, password, after = form.get("email"), form.get("password"), safe_next(form.get("next"))
    try:
        client = await knocked(request)
        if not email.strip() or not password:
            raise Invalid({}, say("Enter your e-mail address and your password."))
        given = Credentials(email[:320], password[:1_000], device=device(request))
        found = await gate_of(request).accounts.login(given, client)
    except _REFUSALS as error:
        typed = mistyped(form, ("email", "password"), error)
        return _page(request, typed, after, error)
    return entered(request, found, after)


@post("/login/passkey/options", status_code=200, request_max_body_size=STRANGERS_BYTES)
async def ask_passkey(request: Req) -> ASGIResponse:
    """The question to any passkey of this site; a script asks for it when the page is shown.

    It is no try yet, for nothing is guessed by asking.
    """
    routed(request, "page-login-passkey-options")
    await read_form(request)
    gate = gate_of(request)
    try:
        token, options = await gate.accounts.ask_passkey(gate.client(request))
    except TooMany as error:
        return passkeys.refused(request, error)
    return passkeys.asks(request, token, options)


@post("/login/passkey", status_code=200, request_max_body_size=STRANGERS_BYTES)
async def sign_in_with_passkey(request: Req) -> ASGIResponse:
    """Sign in with a passkey alone."""
    routed(request, "page-login-passkey")
    form = await read_form(request)
    after, answer = safe_next(form.get("next")), passkeys.answer_of(form)
    try:
        client, accounts = await knocked(request), gate_of(request).accounts
        given = form.get("token")[:200]
        signed = await accounts.with_passkey(given, answer, client, device=device(request))
    except (*_REFUSALS, NotFound) as error:
        return _page(request, Typed("email", problem=error.message), after, error)
    keep_signed(request, signed)
    return render.to(request, after)


def _page(
    request: Req, typed: Typed, after: str, error: TenfoldError | None = None
) -> ASGIResponse:
    view: dict[str, Any] = {
        "typed": typed,
        "next": after,
        "said": take_flash(request),
        "locked": isinstance(error, Locked),
        "providers": providers(request, after),
        "hindrance": passkeys.hindrance(request),
        "register": then("/register", after),
        "forgot": then("/forgot", after),
    }
    status = error.status if error is not None else 200
    headers = error.headers if isinstance(error, Locked | TooMany) else None
    return render.bare(request, "door/sign_in.html", status=status, headers=headers, **view)


# -- sign out


@post("/logout", status_code=200)
async def sign_out(request: Req) -> ASGIResponse:
    """End the session on this device."""
    routed(request, "page-logout")
    try:
        claims = await signed_in(request)
    except SignInFirst:
        return render.to(request, "/login")
    await signed_form(request, claims)
    gate = gate_of(request)
    token = gate.kept(request, "refreshToken")
    await gate.accounts.logout(token[:200], claims, gate.client(request))
    keep_session(request, "", "")
    # Pages that the browser still holds must not come back with its back button.
    headers = {"location": "/login", "cache-control": "no-store", "clear-site-data": '"cache"'}
    return ASGIResponse(status_code=303, headers=headers, cookies=kept_cookies(request))


HANDLERS = [sign_in_page, sign_in, ask_passkey, sign_in_with_passkey, sign_out]
