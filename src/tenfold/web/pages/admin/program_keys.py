"""API keys: made with scopes and an end, shown once, rotated with an overlap, revoked."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from litestar import get, post
from litestar.response.base import ASGIResponse

from tenfold.accounts.identity.tokens import Claims
from tenfold.accounts.organisation import api_keys, service_accounts
from tenfold.accounts.organisation.api_keys import (
    LONGEST_DAYS,
    LONGEST_OVERLAP,
    USUAL_DAYS,
    USUAL_OVERLAP,
    MadeApiKey,
    NewApiKey,
    Rotation,
)
from tenfold.engine.own_types import types_of
from tenfold.engine.scopes import ADMIN, EVERY, SCIM, VERBS
from tenfold.kernel.errors import Conflict, Invalid, TenfoldError
from tenfold.kernel.language import say
from tenfold.kernel.structs import convert
from tenfold.web.api.api_keys import at_keys
from tenfold.web.pages import cells
from tenfold.web.pages.admin.around import Act, acting, entering, identified, looking, page
from tenfold.web.pages.admin.programs import PLACE
from tenfold.web.pages.forms import number
from tenfold.web.pages.frame import Guest
from tenfold.web.pages.session import Req
from tenfold.web.pages.typed import Typed, mistyped

_KEYS = f"{PLACE}/keys"
_NEW = f"{_KEYS}/new"
_FIELDS = ("name", "user_id", "expires_in_days", "scopes")
_NEVER = {"cache-control": "no-store"}


@dataclass(frozen=True, slots=True)
class Kind:
    """A line of the scopes: a type, or all of them."""

    name: str
    label: str
    secret: bool


@get(_NEW)
async def new_page(request: Req, user_id: str = "") -> ASGIResponse:
    """The form of a key."""
    claims = await entering(request, "page-admin-key-new")
    values = {"user_id": user_id[:40], "expires_in_days": str(USUAL_DAYS)}
    return await _form(request, claims, Typed("name", values))


@post(_NEW, status_code=200)
async def create(request: Req) -> ASGIResponse:
    """Make a key; the answer shows it, and nothing ever again."""
    act = await _acting(request, "page-admin-key-new")
    form = act.form
    try:
        given: dict[str, Any] = {
            "name": form.get("name"),
            "scopes": form.all("scopes"),
            "expires_in_days": number(form.get("expires_in_days")),
            "user_id": form.get("user_id") or None,
        }
        if not given["scopes"]:
            raise Invalid({"scopes": say("Tick what the program may do.")})
        new = convert(given, NewApiKey)
        async with at_keys(request, act.claims) as keys:
            made = await api_keys.create(keys, new)
    except (Invalid, Conflict) as error:
        typed = mistyped(form, _FIELDS, error)
        values = {**typed.values, "scopes": ",".join(form.all("scopes"))}
        typed = Typed(typed.focus, values, typed.problems, typed.problem)
        return await _form(request, act.claims, typed, error)
    return await _shown(request, act, made)


@get(f"{_KEYS}/{{key_id:str}}/rotate")
async def rotate_page(request: Req, key_id: str) -> ASGIResponse:
    """How a key is replaced."""
    claims = await entering(request, "page-admin-key-rotate")
    return await _rotation(request, claims, key_id)


@post(f"{_KEYS}/{{key_id:str}}/rotate", status_code=200)
async def rotate(request: Req, key_id: str) -> ASGIResponse:
    """Make a key in place of one, which is good for some hours more."""
    act = await _acting(request, "page-admin-key-rotate")
    names = ("expires_in_days", "overlap_hours")
    try:
        wanted = convert({name: number(act.form.get(name)) for name in names}, Rotation)
        async with at_keys(request, act.claims) as keys:
            made = await api_keys.rotate(keys, identified(key_id), wanted)
    except (Invalid, Conflict) as error:
        return await _rotation(request, act.claims, key_id, mistyped(act.form, names, error), error)
    return await _shown(request, act, made, wanted.overlap_hours)


@post(f"{_KEYS}/{{key_id:str}}/revoke", status_code=200)
async def revoke(request: Req, key_id: str) -> ASGIResponse:
    """End a key at once."""
    act = await _acting(request, "page-admin-key-revoke")
    async with at_keys(request, act.claims) as keys:
        done = await api_keys.revoke(keys, identified(key_id))
    return act.done(say("The key %(name)s is revoked.", name=done.name), PLACE)


async def _acting(request: Req, route: str) -> Act:
    """What an administrator's form brings: nothing is made that the answer could not show."""
    act = await acting(request, route)
    async with looking(request, act.claims):
        return act


async def _shown(
    request: Req, act: Act, made: MadeApiKey, overlap: int | None = None
) -> ASGIResponse:
    async with looking(request, act.claims) as guest:
        until = cells.moment_cell(made.expires_at, guest.eyes())
        view: dict[str, Any] = {"made": made, "until": until, "overlap": overlap}
        return page(guest, "key_made.html", say("The new key"), headers=_NEVER, **view)


async def _form(
    request: Req, claims: Claims, typed: Typed, error: TenfoldError | None = None
) -> ASGIResponse:
    async with looking(request, claims) as guest:
        tenant = guest.person.tenant
        found = await service_accounts.page(guest.reader, tenant, True, None, service_accounts.MOST)
        owners = [("", say("Me")), *((str(one.id), one.name) for one in found)]
        view: dict[str, Any] = {
            "typed": typed,
            "owners": owners,
            "kinds": await _kinds(guest),
            "verbs": VERBS,
            "said": {"read": say("Read"), "write": say("Write"), "reveal": say("Open secrets")},
            "more": (
                (ADMIN, say("Administer the organisation")),
                (SCIM, say("Provision people (SCIM)")),
            ),
            "longest": LONGEST_DAYS,
        }
        status = error.status if error is not None else 200
        return page(guest, "key_new.html", say("New API key"), status=status, **view)


async def _kinds(guest: Guest) -> list[Kind]:
    types = await types_of(guest.reader, guest.person.tenant, guest.desk.registry)
    named = [Kind(n, d.label_plural, bool(d.secrets)) for n, d in types.items()]
    every = Kind(EVERY, say("All records"), secret=True)
    return [every, *sorted(named, key=lambda one: one.label.casefold())]


async def _rotation(
    request: Req,
    claims: Claims,
    key_id: str,
    typed: Typed | None = None,
    error: TenfoldError | None = None,
) -> ASGIResponse:
    usual = {"expires_in_days": str(USUAL_DAYS), "overlap_hours": str(USUAL_OVERLAP)}
    async with looking(request, claims) as guest:
        identity = identified(key_id)
        view: dict[str, Any] = {
            "one": await api_keys.one(guest.reader, guest.person.tenant, identity),
            "typed": typed or Typed("expires_in_days", usual),
            "action": f"{_KEYS}/{identity}/rotate",
            "longest": LONGEST_DAYS,
            "overlap": LONGEST_OVERLAP,
        }
        status = error.status if error is not None else 200
        return page(guest, "key_rotate.html", say("Rotate a key"), status=status, **view)


HANDLERS = [new_page, create, rotate_page, rotate, revoke]
