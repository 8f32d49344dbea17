"""One's settings: their places, the profile, and the organisations that one belongs to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import msgspec
from litestar import get, post
from litestar.response.base import ASGIResponse

from tenfold.accounts.client import Client
from tenfold.accounts.identity.account import account_in
from tenfold.accounts.identity.profile import Profile
from tenfold.accounts.identity.sign_in import over
from tenfold.accounts.identity.tokens import Claims
from tenfold.kernel.errors import Conflict, Invalid, NotFound
from tenfold.kernel.ids import parse_id
from tenfold.kernel.labels import role_label
from tenfold.kernel.language import mark, say, say_as
from tenfold.kernel.structs import convert
from tenfold.web.api.auth import Gate, Name
from tenfold.web.pages import hues, outbox, render
from tenfold.web.pages.door import signed_in
from tenfold.web.pages.entering import gate_of, keep_signed
from tenfold.web.pages.frame import Guest, Link, frame, visiting
from tenfold.web.pages.session import Flash, Form, Req, here, keep_flash, routed, signed_form
from tenfold.web.pages.typed import Typed, mistyped


@dataclass(frozen=True, slots=True)
class Root:
    """A page whose places stand beside each of them; the first is shown with it."""

    label: str
    href: str
    icon: str
    places: tuple[tuple[str, str, str], ...]


SETTINGS = Root(
    mark("Settings"),
    "/settings",
    "settings",
    (
        (mark("Profile"), "/settings/profile", "circle-user"),
        (mark("Language and region"), "/settings/language", "globe"),
        (mark("Sign-in & security"), "/settings/security", "shield-check"),
        (mark("Sessions"), "/settings/sessions", "monitor"),
        (mark("Organisations"), "/settings/organisations", "building-2"),
    ),
)
_NAMES = ("firstName", "lastName")


class Names(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What one is called."""

    first_name: Name
    last_name: Name


@dataclass(frozen=True, slots=True)
class Act:
    """A form of somebody at work on their own account."""

    form: Form
    claims: Claims
    gate: Gate
    client: Client


async def acting(request: Req, route: str) -> Act:
    """What a form of the settings brings; raises where nobody is signed in, or it is not ours."""
    routed(request, route)
    claims = await signed_in(request)
    form, gate = await signed_form(request, claims), gate_of(request)
    return Act(form, claims, gate, gate.client(request))


def page(
    request: Req,
    template: str,
    guest: Guest,
    title: str,
    *,
    status: int = 200,
    headers: Mapping[str, str] | None = None,
    **view: Any,
) -> ASGIResponse:
    """A page of the settings, beside their places."""
    where = (request, template, guest, title)
    return placed(*where, SETTINGS, status=status, headers=headers, **view)


def placed(
    request: Req,
    template: str,
    guest: Guest,
    title: str,
    root: Root,
    *,
    status: int = 200,
    headers: Mapping[str, str] | None = None,
    **view: Any,
) -> ASGIResponse:
    """A page among others of one root, beside their places; a phone shows those first."""
    place = here(request)
    index = place == root.href
    shown = root.places[0][1] if index else place
    places = [
        Link(say(name), href, icon, shown.startswith(href)) for name, href, icon in root.places
    ]
    view |= {"index": index, "places": places, "root": replace(root, label=say(root.label))}
    around = frame(guest, say(root.label) if index else title)
    return render.page(request, template, around, status=status, headers=headers, **view)


# -- profile


@get(["/settings", "/settings/profile"])
async def profile_page(request: Req) -> ASGIResponse:
    """Name and address; a phone shows the places of the settings first."""
    routed(request, "page-settings-profile")
    return await _profile(request, await signed_in(request))


@post("/settings/profile", status_code=200)
async def rename(request: Req) -> ASGIResponse:
    """Take another name."""
    act = await acting(request, "page-settings-rename")
    try:
        body = convert({name: act.form.get(name) for name in _NAMES}, Names)
        wanted = Profile(first_name=body.first_name, last_name=body.last_name)
        await act.gate.own.change(act.claims, wanted, act.client)
    except Invalid as error:
        return await _profile(request, act.claims, mistyped(act.form, _NAMES, error))
    keep_flash(request, Flash(say("Your name is saved.")))
    return render.to(request, "/settings/profile")


@post("/settings/profile/verify", status_code=200)
async def verify_again(request: Req) -> ASGIResponse:
    """Mail the link again that confirms one's address."""
    act = await acting(request, "page-settings-verify")
    try:
        sent = await act.gate.own.verify_again(act.claims, act.client)
        said = Flash(outbox.told(request, say("A new letter is on its way.")))
        if not sent:
            text = say("Several letters were sent within the hour; look for the last one.")
            said = Flash(text, kind="problem")
    except Conflict as error:
        said = Flash(error.message)
    keep_flash(request, said)
    return render.to(request, "/settings/profile")


@post("/settings/profile/email", status_code=200)
async def change_email(request: Req) -> ASGIResponse:
    """Mail a link to another address, by which it becomes one's own."""
    act = await acting(request, "page-settings-email")
    try:
        if not act.form.get("email").strip():
            raise Invalid({"email": say("Enter your new e-mail address.")})
        email = await act.gate.readdressing.ask(act.claims, act.form.get("email")[:320], act.client)
    except Invalid as error:
        typed = mistyped(act.form, ("email",), error)
        return await _profile(request, act.claims, address=typed)
    sent = say(
        "A link is on its way to %(email)s. Your address changes once you open it.", email=email
    )
    kept = say("Your address changes once you open the link that goes to %(email)s.", email=email)
    keep_flash(request, Flash(outbox.told(request, sent, kept)))
    return render.to(request, "/settings/profile")


async def _profile(
    request: Req, claims: Claims, typed: Typed | None = None, address: Typed | None = None
) -> ASGIResponse:
    async with visiting(request, claims, blocked=True) as guest:
        account = await account_in(guest.reader, claims.user, claims.tenant)
        if account is None:
            raise over()
        user, status = account.user, 400 if typed or address else 200
        if typed is None:
            typed = Typed("", {"firstName": user.first_name, "lastName": user.last_name})
        view: dict[str, Any] = {
            "typed": typed,
            "address": address or Typed(""),
            "email": user.email,
            "verified": user.email_verified_at is not None,
            "outbox": outbox.waits(request),
        }
        return page(request, "settings/profile.html", guest, say("Profile"), status=status, **view)


# -- organisations


@dataclass(frozen=True, slots=True)
class Place:
    """An organisation that one belongs to."""

    id: str
    name: str
    role: str
    hue: str
    initials: str
    here: bool


@get("/settings/organisations")
async def organisations_page(request: Req) -> ASGIResponse:
    """The organisations that one belongs to, and the way into each."""
    routed(request, "page-settings-organisations")
    claims = await signed_in(request)
    async with visiting(request, claims, blocked=True) as guest:
        account = await account_in(guest.reader, claims.user, claims.tenant)
        if account is None:
            raise over()
        mine = [
            Place(
                str(one.tenant),
                one.name,
                say_as("role", role_label(one.role)),
                hues.of_id(one.tenant),
                hues.initials(one.name),
                one.tenant == claims.tenant,
            )
            for one in account.memberships
        ]
        return page(request, "settings/organisations.html", guest, say("Organisations"), mine=mine)


@post("/settings/organisations", status_code=200)
async def switch(request: Req) -> ASGIResponse:
    """Go on in another organisation; the session in this one ends."""
    act = await acting(request, "page-settings-switch")
    wanted = parse_id(act.form.get("organisation"))
    if wanted is None:
        raise NotFound(say("There is no such organisation."))
    signed = await act.gate.own.switch(act.claims, wanted, act.client)
    keep_signed(request, signed)
    keep_flash(request, Flash(say("You are in %(name)s now.", name=signed.account.current.name)))
    return render.to(request, "/")


HANDLERS = [profile_page, rename, verify_again, change_email, organisations_page, switch]
