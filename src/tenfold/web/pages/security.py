"""What one signs in with: the overview, and the password."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from litestar import get, post
from litestar.response.base import ASGIResponse

from tenfold.accounts.identity.factors import enrolled, since
from tenfold.accounts.identity.passkeys import MOST
from tenfold.accounts.identity.tokens import Claims
from tenfold.kernel.errors import Conflict, Invalid, Locked, TenfoldError
from tenfold.kernel.language import say
from tenfold.web.desk import header
from tenfold.web.pages import cells, passkeys, render
from tenfold.web.pages.agents import agent
from tenfold.web.pages.cells import EMPTY, Cell
from tenfold.web.pages.door import signed_in
from tenfold.web.pages.entering import gate_of, keep_signed
from tenfold.web.pages.frame import Guest, visiting
from tenfold.web.pages.own_identities import identities_of, linkable
from tenfold.web.pages.security_place import PLACE, problem
from tenfold.web.pages.session import Flash, Req, keep_flash, routed
from tenfold.web.pages.settings import acting, page
from tenfold.web.pages.typed import Typed, mistyped

PASSWORD = f"{PLACE}/password"


@dataclass(frozen=True, slots=True)
class Key:
    """A passkey as its owner sees it."""

    id: str
    name: str
    added: Cell
    used: Cell
    synced: bool


@dataclass(frozen=True, slots=True)
class Means:
    """What somebody signs in with, and since when."""

    password: Cell
    totp: Cell
    keys: tuple[Key, ...]
    codes: int
    codes_since: Cell
    any: bool


@get(PLACE)
async def security_page(request: Req, add: str = "") -> ASGIResponse:
    """What is on and since when, and how to change it; `add=passkey` opens that form."""
    routed(request, "page-settings-security")
    claims = await signed_in(request)
    async with visiting(request, claims, blocked=True) as guest:
        means = await means_of(guest, claims)
        standing = guest.person.standing
        named = agent(header(request.scope, b"user-agent")).name
        view: dict[str, Any] = {
            "means": means,
            "asked": standing.due is not None and not means.any,
            "everybody": standing.everybody,
            "hindrance": passkeys.hindrance(request),
            "full": len(means.keys) >= MOST,
            "suggested": Typed("name" if add else "", {"name": named}),
            "adding": add == "passkey",
            "identities": await identities_of(guest, claims),
            "linkable": linkable(guest, claims),
            "may_remove_password": bool(means.keys) and means.password != EMPTY,
        }
        return page(request, "settings/security.html", guest, say("Sign-in & security"), **view)


async def means_of(guest: Guest, claims: Claims) -> Means:
    """What a person signs in with."""
    reader, eyes = guest.reader, guest.eyes()
    have, when = await enrolled(reader, claims.user), await since(reader, claims.user)
    keys = await gate_of(guest.request).own_factors.passkeys(reader, claims)

    def at(moment: datetime | None) -> Cell:
        return cells.moment_cell(moment, eyes) if moment is not None else EMPTY

    return Means(
        password=at(when.password),
        totp=at(when.totp),
        keys=tuple(
            Key(str(one.id), one.name, at(one.created_at), at(one.used_at), one.backed_up)
            for one in keys
        ),
        codes=have.recovery_codes,
        codes_since=at(when.recovery_codes),
        any=have.any,
    )


# -- password


@get(PASSWORD)
async def password_page(request: Req) -> ASGIResponse:
    """The form for another password."""
    routed(request, "page-settings-password")
    return await _password_page(request, await signed_in(request))


@post(PASSWORD, status_code=200)
async def change_password(request: Req) -> ASGIResponse:
    """Take another password; all other sessions end."""
    act = await acting(request, "page-settings-password")
    names = ("currentPassword", "newPassword")
    current, new = (act.form.get(name)[:1_000] for name in names)
    asked = names if "currentPassword" in act.form else names[1:]
    try:
        if missing := [name for name in asked if not act.form.get(name)]:
            raise Invalid(dict.fromkeys(missing, say("is required")))
        signed = await act.gate.own.change_password(act.claims, current, new, act.client)
    except (Invalid, Locked) as error:
        return await _password_page(request, act.claims, mistyped(act.form, names, error), error)
    keep_signed(request, signed)
    keep_flash(request, Flash(say("Your password is changed, and all other sessions have ended.")))
    return render.to(request, PLACE)


@post(f"{PASSWORD}/remove", status_code=200)
async def remove_password(request: Req) -> ASGIResponse:
    """Sign in with passkeys alone from now on."""
    act = await acting(request, "page-settings-password-remove")
    try:
        await act.gate.own.remove_password(act.claims, act.client)
    except Conflict as error:
        return problem(request, error)
    keep_flash(request, Flash(say("Your password is removed; your passkeys let you in.")))
    return render.to(request, PLACE)


async def _password_page(
    request: Req, claims: Claims, typed: Typed | None = None, error: TenfoldError | None = None
) -> ASGIResponse:
    async with visiting(request, claims, blocked=True) as guest:
        has = (await since(guest.reader, claims.user)).password is not None
        focus = "currentPassword" if has else "newPassword"
        view: dict[str, Any] = {"typed": typed or Typed(focus), "has": has}
        title = say("Change your password") if has else say("Set a password")
        status = error.status if error is not None else 200
        return page(request, "settings/password.html", guest, title, status=status, **view)


HANDLERS = [security_page, password_page, change_password, remove_password]
