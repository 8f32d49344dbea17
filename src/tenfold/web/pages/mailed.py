"""Links by mail: asked for here, opened here. Opening one never uses it up; its button does."""

from __future__ import annotations

from typing import Any

from litestar import get, post
from litestar.response.base import ASGIResponse

from tenfold.accounts.identity.account import checked_email
from tenfold.accounts.identity.links import LIFE, Kind
from tenfold.accounts.identity.secrets_kept import new_secret
from tenfold.kernel.errors import (
    Conflict,
    Invalid,
    NotFound,
    TenfoldError,
    TooMany,
    Unauthenticated,
)
from tenfold.kernel.language import mark, say
from tenfold.web.api.auth_links import wish
from tenfold.web.api.bodies import STRANGERS_BYTES
from tenfold.web.pages import outbox, render
from tenfold.web.pages.door import signed_in
from tenfold.web.pages.entering import (
    browser,
    device,
    entered,
    gate_of,
    keep_browser,
    knocked,
    then,
)
from tenfold.web.pages.session import Flash, Form, Req, keep_flash, read_form, routed
from tenfold.web.pages.typed import Typed, mistyped
from tenfold.web.safe_next import safe_next

_CHANGED = mark("Your new password is set, and all your other sessions have ended.")
# Where each kind of link is asked for anew.
_ANEW = {
    "sign_in": "/login/link",
    "reset": "/forgot",
    "verify": "/settings/profile",
    "email": "/settings/profile",
}


# -- asked for


@get("/login/link")
async def link_page(request: Req, next: str = "", email: str = "") -> ASGIResponse:  # noqa: A002 - as at /login
    """The form that asks for a sign-in link."""
    routed(request, "page-login-link")
    return _ask_page(request, "sign_in", Typed("email", {"email": email[:320]}), safe_next(next))


@post("/login/link", status_code=200, request_max_body_size=STRANGERS_BYTES)
async def ask_link(request: Req) -> ASGIResponse:
    """Mail a sign-in link, good in this browser without a further question."""
    routed(request, "page-login-link")
    form = await read_form(request)
    secret = browser(request) or new_secret()
    keep_browser(request, secret)
    return await _asked(request, form, "sign_in", secret)


@get("/forgot")
async def forgot_page(request: Req, next: str = "", email: str = "") -> ASGIResponse:  # noqa: A002 - as at /login
    """The form that asks for a link to set a new password."""
    routed(request, "page-forgot")
    return _ask_page(request, "reset", Typed("email", {"email": email[:320]}), safe_next(next))


@post("/forgot", status_code=200, request_max_body_size=STRANGERS_BYTES)
async def ask_reset(request: Req) -> ASGIResponse:
    """Mail a link to set a new password."""
    routed(request, "page-forgot")
    return await _asked(request, await read_form(request), "reset")


async def _asked(request: Req, form: Form, kind: Kind, secret: str = "") -> ASGIResponse:
    """Leave the wish; the answer is the same whether there is such an account or not."""
    after = safe_next(form.get("next"))
    try:
        client = await knocked(request)
        if not form.get("email").strip():
            raise Invalid({"email": say("Enter your e-mail address.")})
        email = checked_email(form.get("email")[:320])
        await wish(gate_of(request), client, kind, email, after, secret)
    except (Invalid, TooMany) as error:
        return _ask_page(request, kind, mistyped(form, ("email",), error), after, error)
    minutes = int(LIFE[kind].total_seconds() // 60)
    view: dict[str, Any] = {"kind": kind, "email": email, "minutes": minutes}
    view |= {"outbox": outbox.waits(request), "login": then("/login", after), "next": after}
    return render.bare(request, "door/sent.html", **view)


def _ask_page(
    request: Req, kind: Kind, typed: Typed, after: str, error: TenfoldError | None = None
) -> ASGIResponse:
    view: dict[str, Any] = {"kind": kind, "typed": typed, "next": after}
    view["login"] = then("/login", after)
    status = error.status if error is not None else 200
    return render.bare(request, "door/ask.html", status=status, **view)


# -- opened


@get("/sign-in/{secret:str}")
async def sign_in_link_page(request: Req, secret: str) -> ASGIResponse:
    """The button that signs in."""
    routed(request, "page-sign-in-link")
    return await _link_page(request, "sign_in", secret, Typed("email"))


@post("/sign-in/{secret:str}", status_code=200, request_max_body_size=STRANGERS_BYTES)
async def use_sign_in_link(request: Req, secret: str) -> ASGIResponse:
    """Sign in by a link, which is then used up."""
    routed(request, "page-sign-in-link")
    form = await read_form(request)
    given = (secret[:200], form.get("email")[:320], browser(request))
    try:
        client, links = await knocked(request), gate_of(request).accounts.links
        found = await links.sign_in(*given, client, device(request))
    except (Invalid, NotFound, TooMany, Unauthenticated) as error:
        typed = mistyped(form, ("email",), error)
        return await _link_page(request, "sign_in", secret, typed, error)
    return entered(request, found, safe_next(form.get("next")))


@get("/reset/{secret:str}")
async def reset_page(request: Req, secret: str) -> ASGIResponse:
    """The form for a new password."""
    routed(request, "page-reset")
    return await _link_page(request, "reset", secret, Typed("password"))


@post("/reset/{secret:str}", status_code=200, request_max_body_size=STRANGERS_BYTES)
async def use_reset(request: Req, secret: str) -> ASGIResponse:
    """Set a new password by a link, and sign in."""
    routed(request, "page-reset")
    form = await read_form(request)
    try:
        client, links = await knocked(request), gate_of(request).accounts.links
        if not form.get("password"):
            raise Invalid({"password": say("is required")})
        found = await links.reset(
            secret[:200], form.get("password")[:1_000], client, device(request)
        )
    except (Invalid, NotFound, TooMany, Unauthenticated) as error:
        typed = mistyped(form, ("password",), error)
        return await _link_page(request, "reset", secret, typed, error)
    keep_flash(request, Flash(say(_CHANGED)))
    return entered(request, found, "/")


@get("/verify/{secret:str}")
async def verify_page(request: Req, secret: str) -> ASGIResponse:
    """The button that confirms one's own address; who is not signed in does that first."""
    routed(request, "page-verify")
    await signed_in(request)
    return await _link_page(request, "verify", secret, Typed())


@post("/verify/{secret:str}", status_code=200, request_max_body_size=STRANGERS_BYTES)
async def use_verification(request: Req, secret: str) -> ASGIResponse:
    """Confirm one's own address by a link."""
    routed(request, "page-verify")
    claims = await signed_in(request)
    form = await read_form(request)
    try:
        await gate_of(request).own.verify(claims, secret[:200], await knocked(request))
    except (NotFound, TooMany) as error:
        return await _link_page(request, "verify", secret, mistyped(form, ("email",), error), error)
    keep_flash(request, Flash(say("Your e-mail address is confirmed.")))
    return render.to(request, "/settings/profile")


@get("/change-email/{secret:str}")
async def change_email_page(request: Req, secret: str) -> ASGIResponse:
    """The button that takes another address; who is not signed in does that first."""
    routed(request, "page-change-email")
    await signed_in(request)
    return await _link_page(request, "email", secret, Typed())


@post("/change-email/{secret:str}", status_code=200, request_max_body_size=STRANGERS_BYTES)
async def use_change(request: Req, secret: str) -> ASGIResponse:
    """Take another address by a link."""
    routed(request, "page-change-email")
    claims = await signed_in(request)
    try:
        client = await knocked(request)
        email = await gate_of(request).readdressing.use(claims, secret[:200], client)
    except (Conflict, NotFound, TooMany) as error:
        return await _link_page(request, "email", secret, Typed(problem=error.message), error)
    said = say(
        "Your e-mail address is %(email)s now, and all your other sessions have ended.", email=email
    )
    keep_flash(request, Flash(said))
    return render.to(request, "/settings/profile")


async def _link_page(
    request: Req, kind: Kind, secret: str, typed: Typed, error: TenfoldError | None = None
) -> ASGIResponse:
    status = error.status if error is not None else 200
    try:
        looked = await gate_of(request).accounts.links.look(kind, secret[:200], browser(request))
    except NotFound:
        view = {"kind": kind, "anew": _ANEW[kind]}
        return render.bare(request, "door/gone.html", status=404, **view)
    view: dict[str, Any] = {"kind": kind, "typed": typed, "looked": looked}
    view |= {"next": safe_next(looked.after), "here": request.scope["path"]}
    return render.bare(request, "door/link.html", status=status, **view)


HANDLERS = [
    link_page,
    ask_link,
    forgot_page,
    ask_reset,
    sign_in_link_page,
    use_sign_in_link,
    reset_page,
    use_reset,
    verify_page,
    use_verification,
    change_email_page,
    use_change,
]
