"""Proving anew who one is, before something dangerous; then on with what was meant.

What was meant travels along, sealed: a form that is answered with STEP_UP_REQUIRED comes here whole
(errors.py), and goes on from here once its sender has proved who they are.
"""

from __future__ import annotations

from typing import Any

import msgspec
from litestar import get, post
from litestar.response.base import ASGIResponse

from tenfold.accounts.identity.factors import Enrolled, enrolled
from tenfold.accounts.identity.tokens import Claims
from tenfold.db.keys import Unsealable
from tenfold.kernel.codec import spelled, unspelled
from tenfold.kernel.errors import (
    BadRequest,
    Invalid,
    Locked,
    TenfoldError,
    TooMany,
    Unauthenticated,
)
from tenfold.kernel.language import say
from tenfold.web.desk import Desk, desk_of
from tenfold.web.pages import passkeys, render
from tenfold.web.pages.door import signed_in
from tenfold.web.pages.entering import gate_of, keep_signed, knocked
from tenfold.web.pages.frame import frame, visiting
from tenfold.web.pages.second_factor import need_something, read_answer, way_of, wrong
from tenfold.web.pages.session import Form, Req, form_token, routed, signed_form
from tenfold.web.pages.typed import Typed, mistyped
from tenfold.web.safe_next import safe_next


class Meant(msgspec.Struct, frozen=True):
    """A form that waits: where it goes, and what it says."""

    act: str
    pairs: list[tuple[str, str]]


@get(["/confirm", "/confirm/proof"])
async def confirm_page(request: Req, next: str = "") -> ASGIResponse:  # noqa: A002 - as at /login
    """The question; afterwards one goes on to `next`."""
    routed(request, "page-confirm")
    return await _page(request, await signed_in(request), safe_next(next))


@post("/confirm", status_code=200)
async def keep_and_confirm(request: Req, act: str = "", next: str = "") -> ASGIResponse:  # noqa: A002 - as at /login
    """The question to the sender of a form, which goes on to `act` afterwards."""
    routed(request, "page-confirm")
    claims = await signed_in(request)
    form = await signed_form(request, claims)
    pairs = [pair for pair in form.pairs if pair[0] != "csrf"]
    meant = seal(desk_of(request), claims, Meant(safe_next(act), pairs))
    return await _page(request, claims, safe_next(next), meant=meant)


@post("/confirm/proof", status_code=200)
async def confirm(request: Req) -> ASGIResponse:
    """Go on where the proof is right."""
    routed(request, "page-confirm-proof")
    claims = await signed_in(request)
    form = await signed_form(request, claims)
    desk, gate, after = desk_of(request), gate_of(request), safe_next(form.get("next"))
    meant = unseal(desk, claims, form.get("meant"))
    answer, password = read_answer(form), form.get("password")[:1_000]
    try:
        if "password" not in form:
            need_something(answer)
        token = form.get("token")[:200]
        signed = await gate.own.step_up(claims, password, answer, token, await knocked(request))
    except (Invalid, Unauthenticated, Locked, TooMany) as error:
        return await _page(request, claims, after, meant=form.get("meant"), form=form, error=error)
    keep_signed(request, signed)
    if meant is None:
        return render.to(request, after)
    risen = form_token(desk, desk.tokens.verify(signed.token))
    view: dict[str, Any] = {"meant": meant, "csrf": risen, "next": after}
    return render.bare(request, "going_on.html", headers={"cache-control": "no-store"}, **view)


@post("/confirm/options", status_code=200)
async def ask_passkey(request: Req) -> ASGIResponse:
    """The question to a passkey of one's own."""
    routed(request, "page-confirm-options")
    claims = await signed_in(request)
    await signed_form(request, claims)
    gate = gate_of(request)
    token, _, options = await gate.own.ask_sure(claims, gate.client(request))
    return passkeys.asks(request, token, options)


def seal(desk: Desk, claims: Claims, meant: Meant) -> str:
    """A form as a text that only its sender's confirmation can bring back."""
    body = msgspec.json.encode(meant)
    return spelled(desk.keyring.seal(body, _purpose(claims)))


def unseal(desk: Desk, claims: Claims, text: str) -> Meant | None:
    """The form that waits, if one does; raises BadRequest where it is not theirs."""
    if not text:
        return None
    try:
        raw = desk.keyring.unseal(unspelled(text), _purpose(claims))
        return msgspec.json.decode(raw, type=Meant)
    except (Unsealable, ValueError, msgspec.MsgspecError):
        raise BadRequest(say("What was to be confirmed can't be read; begin again.")) from None


def _purpose(claims: Claims) -> str:
    return f"meant {claims.user} {claims.tenant}"


async def _page(
    request: Req,
    claims: Claims,
    after: str,
    *,
    meant: str = "",
    form: Form | None = None,
    error: TenfoldError | None = None,
) -> ASGIResponse:
    async with visiting(request, claims, blocked=True) as guest:
        have = await enrolled(guest.reader, claims.user)
        around = frame(guest, say("Confirm that it is you"))
    way, typed = _tried(have, form, error) if form and error else _fresh(have)
    view: dict[str, Any] = {
        "typed": typed,
        "way": way,
        "methods": have.methods,
        "hindrance": passkeys.hindrance(request) if have.passkeys else None,
        "next": after,
        "meant": meant,
    }
    status = error.status if error is not None else 200
    headers = {"cache-control": "no-store"}
    return render.page(request, "confirm.html", around, status=status, headers=headers, **view)


def _fresh(have: Enrolled) -> tuple[str, Typed]:
    way = way_of(have.methods) if have.any else "password"
    return way, Typed(way)


def _tried(have: Enrolled, form: Form, error: TenfoldError) -> tuple[str, Typed]:
    if have.any:
        return wrong(form, have.methods, error)
    if error.code == "INVALID_CREDENTIALS":
        return "password", Typed("password", problems={"password": error.message})
    return "password", mistyped(form, ("password",), error)


HANDLERS = [confirm_page, keep_and_confirm, confirm, ask_passkey]
