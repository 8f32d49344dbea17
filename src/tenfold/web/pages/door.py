"""The way in: sign in, sign out, and the silent renewal of a session that a page finds expired."""

from __future__ import annotations

from functools import partial
from typing import Any

from litestar import get, post
from litestar.datastructures import Cookie
from litestar.response.base import ASGIResponse

from tenfold.accounts.identity.entrance import Asked
from tenfold.accounts.identity.sign_in import Credentials
from tenfold.accounts.identity.tokens import Claims
from tenfold.kernel.errors import Invalid, Locked, TenfoldError, TooMany, Unauthenticated
from tenfold.web.api.auth import Gate, client_of
from tenfold.web.api.bodies import STRANGERS_BYTES
from tenfold.web.desk import desk_of
from tenfold.web.pages import render
from tenfold.web.pages.session import (
    Req,
    SignInFirst,
    cookie,
    keep_cookie,
    kept_cookies,
    read_form,
    routed,
    scope_of,
    secure,
    signed_form,
)
from tenfold.web.safe_next import safe_next


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
    gate = _gate(request)
    token = request.cookies.get(gate.cookie, "")
    if not token:
        raise SignInFirst("Sign in to see this page.")
    try:
        allow = partial(desk_of(request).limits.count_person, scope_of(request))
        client = client_of(request.scope)
        access, successor, _ = await gate.accounts.refresh(token[:200], client, allow)
    except Unauthenticated as error:
        _keep(request, "", "")
        raise SignInFirst("Your session has ended; sign in again.") from error
    _keep(request, access, successor)
    return desk_of(request).tokens.verify(access)


@get("/login")
async def sign_in_page(request: Req, next: str = "") -> ASGIResponse:  # noqa: A002 - the address says `next`
    """The sign-in page; somebody who is signed in goes on at once."""
    routed(request, "page-login")
    try:
        await signed_in(request)
    except Unauthenticated:
        return render.bare(request, "sign_in.html", next=safe_next(next), email="", problem="")
    return render.to(request, safe_next(next))


@post("/login", status_code=200, request_max_body_size=STRANGERS_BYTES)
async def sign_in(request: Req) -> ASGIResponse:
    """Sign in with e-mail address and password, then go where one was going."""
    routed(request, "page-login")
    form = await read_form(request)
    email, after = form.get("email")[:320], safe_next(form.get("next"))
    gate = _gate(request)
    client = gate.client(request)
    try:
        await desk_of(request).limits.count_sign_in(scope_of(request))
        if not email.strip() or not form.get("password"):
            raise Invalid({"email": ""}, "Enter your e-mail address and your password.")
        given = Credentials(email, form.get("password")[:1_000], device=gate.device(request))
        signed = await gate.accounts.login(given, client)
        if isinstance(signed, Asked):
            raise Invalid({"email": ""}, "This account needs its second factor.")
    except (Invalid, Unauthenticated, Locked, TooMany) as error:
        return _refused(request, error, email, after)
    _keep(request, signed.token, signed.refresh)
    return render.to(request, after)


@post("/logout", status_code=200)
async def sign_out(request: Req) -> ASGIResponse:
    """End the session on this device."""
    routed(request, "page-logout")
    try:
        claims = await signed_in(request)
    except SignInFirst:
        return render.to(request, "/login")
    await signed_form(request, claims)
    gate = _gate(request)
    token = request.cookies.get(gate.cookie, "")
    await gate.accounts.logout(token[:200], claims, client_of(request.scope))
    _keep(request, "", "")
    # Pages that the browser still holds must not come back with its back button.
    headers = {"location": "/login", "cache-control": "no-store", "clear-site-data": '"cache"'}
    return ASGIResponse(status_code=303, headers=headers, cookies=kept_cookies(request))


def _refused(request: Req, error: TenfoldError, email: str, after: str) -> ASGIResponse:
    view: dict[str, Any] = {"next": after, "email": email, "problem": error.message}
    return render.bare(request, "sign_in.html", status=error.status, **view)


def _keep(request: Req, access: str, refresh: str) -> None:
    """Keep both tokens in the browser, or remove them."""
    desk, gate = desk_of(request), _gate(request)
    keep_cookie(request, "session", access, desk.settings.access_token_seconds if access else 0)
    age = desk.settings.refresh_token_days * 86_400 if refresh else 0
    kept_cookies(request).append(
        Cookie(
            key=gate.cookie,
            value=refresh,
            max_age=age,
            path="/",
            httponly=True,
            secure=secure(desk),
            samesite="lax",
        )
    )


def _gate(request: Req) -> Gate:
    return request.app.state.gate


HANDLERS = [sign_in_page, sign_in, sign_out]
