"""Setting up second factors: an authenticator app, recovery codes, passkeys."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from urllib.parse import quote
from uuid import UUID

from litestar import get, post
from litestar.response.base import ASGIResponse

from tenfold.accounts.identity.entrance import Signed
from tenfold.accounts.identity.tokens import Claims
from tenfold.kernel.errors import (
    BadRequest,
    Conflict,
    Forbidden,
    Invalid,
    NotFound,
    Unauthenticated,
)
from tenfold.kernel.ids import parse_id
from tenfold.kernel.language import mark, say
from tenfold.kernel.structs import convert
from tenfold.web.api.auth_factors import PasskeyName, picture
from tenfold.web.desk import desk_of
from tenfold.web.pages import passkeys, render
from tenfold.web.pages.door import signed_in
from tenfold.web.pages.entering import gate_of, keep_signed
from tenfold.web.pages.frame import visiting
from tenfold.web.pages.security_place import PLACE, problem
from tenfold.web.pages.session import Flash, Form, Req, keep_flash, routed
from tenfold.web.pages.settings import acting, page
from tenfold.web.pages.typed import Typed, mistyped

APP, CODES, KEYS = f"{PLACE}/app", f"{PLACE}/recovery-codes", f"{PLACE}/passkeys"
_NO_KEY = mark("What the browser sent is no passkey for this address. Try again.")
_NEVER = {"cache-control": "no-store"}


# -- the authenticator app


@post(f"{APP}/begin", status_code=200)
async def begin_app(request: Req) -> ASGIResponse:
    """A new key, in force once a code of it was typed."""
    act = await acting(request, "page-settings-app-begin")
    try:
        await act.gate.own_factors.begin_totp(act.claims, act.client)
    except Conflict as error:
        return problem(request, error)
    return render.to(request, APP)


@get(APP)
async def app_page(request: Req) -> ASGIResponse:
    """The key as a picture and as text, and the field for the first code."""
    routed(request, "page-settings-app")
    return await _app_page(request, await signed_in(request), Typed("code"))


@post(APP, status_code=200)
async def confirm_app(request: Req) -> ASGIResponse:
    """Put the app in force; the first second factor brings recovery codes."""
    act = await acting(request, "page-settings-app")
    code = act.form.get("code").strip()
    try:
        if not code:
            raise Invalid({"code": say("Enter the code that the app shows.")})
        signed, codes = await act.gate.own_factors.confirm_totp(act.claims, code[:40], act.client)
    except Invalid as error:
        return await _app_page(request, act.claims, mistyped(act.form, ("code",), error))
    return await _enrolled(request, signed, codes, say("Your authenticator app is set up."))


@post(f"{APP}/remove", status_code=200)
async def remove_app(request: Req) -> ASGIResponse:
    """Take the app away."""
    act = await acting(request, "page-settings-app-remove")
    try:
        await act.gate.own_factors.remove_totp(act.claims, act.client)
    except NotFound as error:
        return problem(request, error)
    keep_flash(request, Flash(say("The authenticator app is removed.")))
    return render.to(request, PLACE)


async def _app_page(request: Req, claims: Claims, typed: Typed) -> ASGIResponse:
    gate = gate_of(request)
    try:
        key, uri = await gate.own_factors.begun_totp(claims, gate.client(request))
    except NotFound:
        return render.to(request, PLACE)
    view: dict[str, Any] = {
        "typed": typed,
        "key": " ".join(key[n : n + 4] for n in range(0, len(key), 4)),
        "uri": uri,
        "picture": picture(uri),
    }
    async with visiting(request, claims, blocked=True) as guest:
        title, status = say("Set up an authenticator app"), 400 if typed.problems else 200
        more: dict[str, Any] = {"status": status, "headers": _NEVER, **view}
        return page(request, "settings/app.html", guest, title, **more)


# -- recovery codes


@get(CODES)
async def codes_page(request: Req) -> ASGIResponse:
    """Codes are shown once; whoever loads the page again is back at the overview."""
    routed(request, "page-settings-codes")
    await signed_in(request)
    return render.to(request, PLACE)


@post(CODES, status_code=200)
async def new_codes(request: Req) -> ASGIResponse:
    """New codes in place of all earlier ones."""
    act = await acting(request, "page-settings-codes")
    try:
        codes = await act.gate.own_factors.new_codes(act.claims, act.client)
    except Conflict as error:
        return problem(request, error)
    return await _codes(request, act.claims, codes, "")


async def _enrolled(request: Req, signed: Signed, codes: Sequence[str], said: str) -> ASGIResponse:
    """A second factor is set up: its recovery codes, where it is the first; else the overview."""
    keep_signed(request, signed)
    if codes:
        return await _codes(request, desk_of(request).tokens.verify(signed.token), codes, said)
    keep_flash(request, Flash(said))
    return render.to(request, PLACE)


async def _codes(request: Req, claims: Claims, codes: Sequence[str], said: str) -> ASGIResponse:
    async with visiting(request, claims, blocked=True) as guest:
        whose = say("Tenfold recovery codes of %(email)s, each good once", email=guest.who.email)
        text = "\r\n".join([whose, "", *codes, ""])
        view: dict[str, Any] = {"codes": codes, "said": said, "file": quote(text)}
        title = say("Recovery codes")
        return page(request, "settings/codes.html", guest, title, headers=_NEVER, **view)


# -- passkeys


@post(f"{KEYS}/options", status_code=200)
async def ask_passkey(request: Req) -> ASGIResponse:
    """What the browser is to make a passkey from."""
    act = await acting(request, "page-settings-passkey-options")
    try:
        _named(act.form)
        token, options = await act.gate.own_factors.begin_passkey(act.claims, act.client)
    except (Invalid, Conflict, Forbidden) as error:
        return passkeys.refused(request, error)
    return passkeys.asks(request, token, options)


@post(KEYS, status_code=200)
async def add_passkey(request: Req) -> ASGIResponse:
    """Keep the passkey that the browser made."""
    act = await acting(request, "page-settings-passkey")
    token, answer = act.form.get("token")[:200], passkeys.answer_of(act.form)
    try:
        name = _named(act.form)
        signed, codes = await act.gate.own_factors.add_passkey(
            act.claims, token, answer, name, act.client
        )
    except (Invalid, Conflict, Unauthenticated) as error:  # a sign-in that is over, is told there
        return problem(request, BadRequest(say(_NO_KEY)) if "credential" in error.fields else error)
    return await _enrolled(
        request, signed, codes, say("The passkey “%(name)s” is added.", name=name)
    )


@get(KEYS)
async def passkeys_page(request: Req) -> ASGIResponse:
    """They stand on the overview."""
    routed(request, "page-settings-passkeys")
    await signed_in(request)
    return render.to(request, PLACE)


@post(f"{KEYS}/rename", status_code=200)
async def rename_passkey(request: Req) -> ASGIResponse:
    """Call a passkey something else."""
    act = await acting(request, "page-settings-passkey-rename")
    try:
        identity, name = _identified(act.form), _named(act.form)
        await act.gate.own_factors.rename_passkey(act.claims, identity, name, act.client)
    except (Invalid, NotFound) as error:
        return problem(request, error)
    keep_flash(request, Flash(say("The passkey is called “%(name)s” now.", name=name)))
    return render.to(request, PLACE)


@post(f"{KEYS}/remove", status_code=200)
async def remove_passkey(request: Req) -> ASGIResponse:
    """Take a passkey away."""
    act = await acting(request, "page-settings-passkey-remove")
    try:
        await act.gate.own_factors.remove_passkey(act.claims, _identified(act.form), act.client)
    except (Conflict, NotFound) as error:
        return problem(request, error)
    keep_flash(request, Flash(say("The passkey is removed; your device may still suggest it.")))
    return render.to(request, PLACE)


def _named(form: Form) -> str:
    """The name that a passkey is given; raises Invalid."""
    name = " ".join(form.get("name").split())
    try:
        return convert({"name": name}, PasskeyName).name
    except Invalid as error:
        mistake = error.fields.get("name", say("is required"))
        text = say("The name %(mistake)s.", mistake=mistake)
        raise Invalid({"name": text}, text) from None


def _identified(form: Form) -> UUID:
    found = parse_id(form.get("passkey"))
    if found is None:
        raise NotFound(say("There is no such passkey."))
    return found


HANDLERS = [
    begin_app,
    app_page,
    confirm_app,
    remove_app,
    codes_page,
    new_codes,
    ask_passkey,
    add_passkey,
    passkeys_page,
    rename_passkey,
    remove_passkey,
]
