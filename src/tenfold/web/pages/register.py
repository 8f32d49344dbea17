"""A new person and their organisation; what a new password is worth, as one leaves its field."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from litestar import get, post
from litestar.response.base import ASGIResponse

from tenfold.kernel.errors import Conflict, Invalid, TenfoldError, TooMany, Unauthenticated
from tenfold.kernel.language import mark, say
from tenfold.kernel.structs import convert
from tenfold.web.api.auth import Register, registration
from tenfold.web.api.bodies import STRANGERS_BYTES
from tenfold.web.pages import render
from tenfold.web.pages.door import signed_in
from tenfold.web.pages.entering import (
    device,
    gate_of,
    keep_signed,
    knocked,
    providers,
    then,
)
from tenfold.web.pages.session import Flash, Req, cookie, keep_flash, read_form, routed
from tenfold.web.pages.typed import Typed, mistyped
from tenfold.web.safe_next import safe_next

_TAKEN = mark("There is an account with this address already.")
_NAMES = ("firstName", "lastName", "organization", "email", "password")


@get("/register")
async def register_page(request: Req, next: str = "") -> ASGIResponse:  # noqa: A002 - as at /login
    """The form; somebody who is signed in goes on at once."""
    routed(request, "page-register")
    try:
        await signed_in(request)
    except Unauthenticated:
        return _page(request, Typed("firstName"), safe_next(next))
    return render.to(request, safe_next(next))


@post("/register", status_code=200, request_max_body_size=STRANGERS_BYTES)
async def register(request: Req) -> ASGIResponse:
    """Make the organisation and its owner, who is signed in at once."""
    routed(request, "page-register")
    form = await read_form(request)
    after = safe_next(form.get("next"))
    try:
        client = await knocked(request)
        new = registration(convert({name: form.get(name) for name in _NAMES}, Register))
        new = replace(new, zone=cookie(request, "zone"))
        signed = await gate_of(request).accounts.register(new, client, device(request))
    except (Invalid, Conflict, TooMany) as error:
        if error.code == "EMAIL_TAKEN":
            error = Conflict(error.message, code=error.code, fields={"email": say(_TAKEN)})
        return _page(request, mistyped(form, _NAMES, error), after, error)
    keep_signed(request, signed)
    keep_flash(
        request,
        Flash(say("Welcome. Open the letter to %(email)s to confirm it.", email=new.email.strip())),
    )
    return render.to(request, after)


@post("/password", status_code=200, request_max_body_size=STRANGERS_BYTES)
async def judge_password(request: Req) -> ASGIResponse:
    """What a new password is worth; the last word is said when the form is sent."""
    routed(request, "page-password")
    form = await read_form(request)
    await knocked(request)
    password = form.get("password") or form.get("newPassword")
    about = [form.get(name)[:320] for name in _NAMES if name != "password"]
    problem = ""
    if password:
        problem = await gate_of(request).accounts.passwords.weakness(password[:1_000], about)
    view: dict[str, Any] = {"given": bool(password), "problem": problem}
    return render.partial(request, "parts/judged.html", **view)


def _page(
    request: Req, typed: Typed, after: str, error: TenfoldError | None = None
) -> ASGIResponse:
    view: dict[str, Any] = {
        "typed": typed,
        "next": after,
        "providers": providers(request, after),
        "login": then("/login", after),
        "taken": error is not None and error.code == "EMAIL_TAKEN",
    }
    status = error.status if error is not None else 200
    return render.bare(request, "door/register.html", status=status, **view)


HANDLERS = [register_page, register, judge_password]
