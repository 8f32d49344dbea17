"""The page that an invitation's letter leads to: join with one's account, or with a new one."""

from __future__ import annotations

from typing import Any

from litestar import get, post
from litestar.response.base import ASGIResponse

from tenfold.accounts.identity.account import account_in
from tenfold.accounts.identity.tokens import Claims
from tenfold.accounts.joining import Newcomer
from tenfold.accounts.organisation.invitations import Open
from tenfold.kernel.errors import (
    Conflict,
    Forbidden,
    Invalid,
    NotFound,
    TenfoldError,
    Unauthenticated,
)
from tenfold.kernel.language import say
from tenfold.kernel.structs import convert
from tenfold.web.api.bodies import STRANGERS_BYTES
from tenfold.web.api.invitations import Join
from tenfold.web.desk import desk_of
from tenfold.web.pages import render
from tenfold.web.pages.door import signed_in
from tenfold.web.pages.entering import device, gate_of, keep_signed, knocked, providers
from tenfold.web.pages.session import (
    Flash,
    Req,
    form_token,
    keep_flash,
    read_form,
    routed,
    signed_form,
)
from tenfold.web.pages.typed import Typed, mistyped

_NAMES = ("firstName", "lastName", "password")


@get("/join/{secret:str}")
async def join_page(request: Req, secret: str) -> ASGIResponse:
    """Who invites, and the way in: opening the link uses nothing up."""
    routed(request, "page-join")
    await knocked(request)
    return await _page(request, secret[:200], Typed("firstName"))


@post("/join/{secret:str}", status_code=200, request_max_body_size=STRANGERS_BYTES)
async def join(request: Req, secret: str) -> ASGIResponse:
    """Join with a new account, and be signed in."""
    routed(request, "page-join")
    form, secret = await read_form(request), secret[:200]
    try:
        client = await knocked(request)
        body = convert({"token": secret, **{name: form.get(name) for name in _NAMES}}, Join)
        new = Newcomer(body.first_name, body.last_name, body.password)
        signed = await gate_of(request).joining.as_newcomer(secret, new, client, device(request))
    except (Invalid, Conflict) as error:
        return await _page(request, secret, mistyped(form, _NAMES, error), error)
    except NotFound:
        return _gone(request)
    keep_signed(request, signed)
    keep_flash(request, Flash(say("Welcome to %(name)s.", name=signed.account.current.name)))
    return render.to(request, "/")


@post("/join/{secret:str}/accept", status_code=200)
async def accept(request: Req, secret: str) -> ASGIResponse:
    """Join with the account that one is signed in to, and go on in the new organisation."""
    routed(request, "page-join-accept")
    claims = await signed_in(request)
    await signed_form(request, claims)
    gate = gate_of(request)
    try:
        signed = await gate.joining.as_member(claims, secret[:200], gate.client(request))
    except Forbidden as error:
        return await _page(request, secret[:200], Typed(problem=error.message), error)
    except NotFound:
        return _gone(request)
    keep_signed(request, signed)
    keep_flash(request, Flash(say("You are in %(name)s now.", name=signed.account.current.name)))
    return render.to(request, "/")


async def _page(
    request: Req, secret: str, typed: Typed, error: TenfoldError | None = None
) -> ASGIResponse:
    try:
        invitation = await gate_of(request).joining.look(secret)
    except NotFound:
        return _gone(request)
    place = f"/join/{secret}"
    claims, email = await _here(request)
    view: dict[str, Any] = {
        "typed": typed,
        "place": place,
        "invitation": invitation,
        "way": _way(invitation, email),
        "me": email,
        "csrf": form_token(desk_of(request), claims) if claims else "",
        "providers": providers(request, place),
        "login": render.query("/login", next=place, email=invitation.email),
    }
    status = error.status if error is not None else 200
    headers = {"cache-control": "no-store"}
    return render.bare(request, "door/join.html", status=status, headers=headers, **view)


def _way(invitation: Open, email: str) -> str:
    """How somebody joins who is signed in with an address, or with none."""
    if email:
        return "accept" if email == invitation.email else "other"
    return "sign-in" if invitation.has_account else "new"


async def _here(request: Req) -> tuple[Claims | None, str]:
    """Who is signed in, and their address."""
    try:
        claims = await signed_in(request)
    except Unauthenticated:
        return None, ""
    async with desk_of(request).database.read(claims.tenant) as reader:
        account = await account_in(reader, claims.user, claims.tenant)
    return (claims, account.user.email) if account else (None, "")


def _gone(request: Req) -> ASGIResponse:
    return render.bare(request, "door/join_gone.html", status=404)


HANDLERS = [join_page, join, accept]
