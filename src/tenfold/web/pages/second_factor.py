"""The second half of a sign-in: a code of the app, a passkey, or a recovery code."""

from __future__ import annotations

from typing import Any, Literal

from litestar import get, post
from litestar.response.base import ASGIResponse

from tenfold.accounts.identity.entrance import Asked
from tenfold.accounts.identity.factors import Answer
from tenfold.kernel.errors import Invalid, Locked, TenfoldError, TooMany, Unauthenticated
from tenfold.kernel.language import mark, say
from tenfold.web.api.bodies import STRANGERS_BYTES
from tenfold.web.pages import passkeys, render
from tenfold.web.pages.entering import (
    SECOND_FACTOR,
    WAITING,
    gate_of,
    keep_signed,
    knocked,
    then,
)
from tenfold.web.pages.session import (
    Flash,
    Form,
    Req,
    cookie,
    keep_cookie,
    keep_flash,
    read_form,
    routed,
)
from tenfold.web.pages.typed import Typed, mistyped
from tenfold.web.safe_next import safe_next

Way = Literal["code", "recovery", "passkey"]
_OFTEN = mark("Too many wrong codes. Sign in again.")
_LOST = mark(
    "You came in with a recovery code, which is used up. If your phone or key is lost, remove it "
    "under Settings."
)


@get(SECOND_FACTOR)
async def second_factor_page(request: Req, next: str = "", use: str = "") -> ASGIResponse:  # noqa: A002 - as at /login
    """The question; loading it again asks the same once more."""
    routed(request, "page-second-factor")
    after = safe_next(next)
    try:
        asked = await _asked(request)
    except Unauthenticated as error:
        return _begin_again(request, error, after)
    way = way_of(asked.enrolled.methods, use)
    return _page(request, asked, way, Typed(way), after)


@post(SECOND_FACTOR, status_code=200, request_max_body_size=STRANGERS_BYTES)
async def second_factor(request: Req) -> ASGIResponse:
    """Go on where the answer is right."""
    routed(request, "page-second-factor")
    form = await read_form(request)
    after, token = safe_next(form.get("next")), cookie(request, WAITING)[:200]
    answer = read_answer(form)
    try:
        client = await knocked(request)
        need_something(answer)
        signed = await gate_of(request).accounts.second_factor(token, answer, client)
    except (Invalid, Unauthenticated, Locked, TooMany) as error:
        try:
            asked = await _asked(request)
        except Unauthenticated as over:
            tries = error.code == "INVALID_CODE"
            return _begin_again(request, Unauthenticated(say(_OFTEN)) if tries else over, after)
        way, typed = wrong(form, asked.enrolled.methods, error)
        return _page(request, asked, way, typed, after, error)
    keep_signed(request, signed)
    if answer.recovery_code:
        keep_flash(request, Flash(say(_LOST)))
    return render.to(request, after)


# -- what the page that proves anew who one is shares


def way_of(methods: list[str], use: str = "") -> Way:
    """Which of the ways the page opens with: what was asked for, else the handiest."""
    if use == "recovery" and "recoveryCode" in methods:
        return "recovery"
    return "code" if "totp" in methods else "passkey"


def read_answer(form: Form) -> Answer:
    """What a form gives as the second factor."""
    given = passkeys.answer_of(form) if form.get("credential") else None
    return Answer(form.get("code")[:40], form.get("recovery")[:40], given)


def need_something(answer: Answer) -> None:
    """Raise Invalid where nothing was typed: that is no try."""
    if not (answer.code.strip() or answer.recovery_code.strip() or answer.passkey is not None):
        text = say("Enter the code first.")
        raise Invalid({"code": text, "recovery": text})


def wrong(form: Form, methods: list[str], error: TenfoldError) -> tuple[Way, Typed]:
    """The way that was tried, and what to say of it."""
    if form.get("credential"):
        problem = error.message
        if error.code == "INVALID_CODE":
            problem = say("This passkey was not the right one; try another, or another way.")
        way = way_of(methods)
        return way, Typed(way, problem=problem)
    way = way_of(methods, "recovery" if "recovery" in form else "")
    if error.code == "INVALID_CODE":
        return way, Typed(way, problems={way: error.message})
    return way, mistyped(form, (way,), error)


async def _asked(request: Req) -> Asked:
    return await gate_of(request).accounts.waiting(cookie(request, WAITING)[:200])


def _begin_again(request: Req, error: Unauthenticated, after: str) -> ASGIResponse:
    keep_cookie(request, WAITING, "", 0)
    keep_flash(request, Flash(error.message, kind="problem"))
    return render.to(request, then("/login", after))


def _page(
    request: Req,
    asked: Asked,
    way: Way,
    typed: Typed,
    after: str,
    error: TenfoldError | None = None,
) -> ASGIResponse:
    if asked.locked is not None:
        typed = Typed(problem=asked.locked.message)
    view: dict[str, Any] = {
        "typed": typed,
        "way": way,
        "methods": asked.enrolled.methods,
        "email": asked.email,
        "options": asked.passkey,
        "hindrance": passkeys.hindrance(request) if asked.passkey else None,
        "locked": asked.locked is not None,
        "next": after,
        "again": then("/login", after),
        "recovery": render.query(SECOND_FACTOR, use="recovery", next=after),
        "usual": then(SECOND_FACTOR, after),
    }
    status = error.status if error is not None else 200
    return render.bare(request, "door/second_factor.html", status=status, **view)


HANDLERS = [second_factor_page, second_factor]
