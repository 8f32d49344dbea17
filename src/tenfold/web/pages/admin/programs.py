"""Programs: service accounts, made and changed."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from litestar import get, post
from litestar.response.base import ASGIResponse

from tenfold.accounts.identity.tokens import Claims
from tenfold.accounts.organisation import api_keys, service_accounts
from tenfold.accounts.organisation.service_accounts import (
    NewServiceAccount,
    ServiceAccount,
    ServiceAccountChange,
)
from tenfold.kernel.errors import Conflict, Invalid, TenfoldError
from tenfold.kernel.language import mark, say
from tenfold.kernel.structs import convert
from tenfold.web.pages.admin.around import Act, acting, entering, identified, looking, page
from tenfold.web.pages.admin.key_rows import rows_of
from tenfold.web.pages.admin.places import called, choices, place_of
from tenfold.web.pages.session import Req
from tenfold.web.pages.typed import Typed, mistyped

PLACE = "/admin/programs"
_NEW = f"{PLACE}/new"
_FIELDS = ("name", "role", "roles", "team_id")


@get(PLACE)
async def programs_page(request: Req, ended: str = "") -> ASGIResponse:
    """Service accounts, and the keys of everybody."""
    claims = await entering(request, "page-admin-programs")
    async with looking(request, claims) as guest:
        tenant = guest.person.tenant
        found = await service_accounts.page(guest.reader, tenant, None, None, service_accounts.MOST)
        keys = await api_keys.page(guest.reader, tenant, None, None, 1_000)
        rows = await rows_of(guest, keys)
        view: dict[str, Any] = {
            "accounts": [(one, called(one.role), _count(one, keys)) for one in found],
            "rows": [one for one in rows if bool(ended) or one.good],
            "ended": bool(ended),
            "over": sum(1 for one in rows if not one.good),
        }
        return page(guest, "programs.html", say("Programs"), **view)


def _count(one: ServiceAccount, keys: list[api_keys.ApiKey]) -> int:
    return sum(1 for key in keys if key.user_id == one.id and key.revoked_at is None)


@get(_NEW)
async def new_page(request: Req) -> ASGIResponse:
    """The form of a service account."""
    return await _form(request, await entering(request, "page-admin-program-new"), None)


@post(_NEW, status_code=200)
async def create(request: Req) -> ASGIResponse:
    """Make a service account; its keys come next."""
    act = await acting(request, "page-admin-program-new")
    try:
        given = {"name": act.form.get("name"), **place_of(act.form)}
        new = convert(given, NewServiceAccount)
        async with act.changing() as by:
            made = await service_accounts.create(by, new)
    except (Invalid, Conflict) as error:
        return await _form(request, act.claims, None, act, error)
    return act.done(
        say("%(name)s is made. Give it a key.", name=made.name),
        f"{PLACE}/keys/new?user_id={made.id}",
    )


@get(f"{PLACE}/{{account_id:str}}")
async def program_page(request: Req, account_id: str) -> ASGIResponse:
    """A service account's form and keys."""
    claims = await entering(request, "page-admin-program")
    return await _form(request, claims, identified(account_id))


@post(f"{PLACE}/{{account_id:str}}", status_code=200)
async def change(request: Req, account_id: str) -> ASGIResponse:
    """Change its name, roles or team."""
    act = await acting(request, "page-admin-program")
    identity = identified(account_id)
    try:
        given = {"name": act.form.get("name"), **place_of(act.form)}
        wanted = convert(given, ServiceAccountChange)
        async with act.changing() as by:
            done = await service_accounts.change(by, identity, wanted)
    except (Invalid, Conflict) as error:
        return await _form(request, act.claims, identity, act, error)
    return act.done(
        say("%(name)s is changed.", name=done.name),
        f"{PLACE}/{identity}",
    )


@post(f"{PLACE}/{{account_id:str}}/active", status_code=200)
async def activate(request: Req, account_id: str) -> ASGIResponse:
    """Take it out of use, which ends its keys for good, or use it again."""
    act = await acting(request, "page-admin-program-active")
    identity = identified(account_id)
    wanted = ServiceAccountChange(active=act.form.get("active") == "true")
    async with act.changing() as by:
        done = await service_accounts.change(by, identity, wanted)
    again, out = (
        mark("%(name)s is in use again; give it a key."),
        mark("%(name)s is out of use, with all its keys."),
    )
    return act.done(say(again if done.active else out, name=done.name), f"{PLACE}/{identity}")


async def _form(
    request: Req,
    claims: Claims,
    identity: UUID | None,
    act: Act | None = None,
    error: TenfoldError | None = None,
) -> ASGIResponse:
    async with looking(request, claims) as guest:
        tenant, one, rows = guest.person.tenant, None, []
        if identity is not None:
            one = await service_accounts.one(guest.reader, tenant, identity)
            keys = await api_keys.page(guest.reader, tenant, identity, None, 1_000)
            rows = await rows_of(guest, keys)
        typed = _again(act, error) if act is not None and error is not None else _filled(one)
        view: dict[str, Any] = {
            "one": one,
            "typed": typed,
            "rows": rows,
            "action": f"{PLACE}/{identity}" if identity else _NEW,
            "offered": await choices(guest, without=("owner",), held=one.roles if one else ()),
        }
        status = error.status if error is not None else 200
        title = one.name if one is not None else say("New service account")
        return page(guest, "program.html", title, status=status, **view)


def _filled(one: ServiceAccount | None) -> Typed:
    if one is None:
        return Typed("name", {"role": "member"})
    team = str(one.team_id or "")
    roles = ",".join(one.roles)
    return Typed("", {"name": one.name, "role": one.role, "roles": roles, "team_id": team})


def _again(act: Act, error: TenfoldError) -> Typed:
    again = mistyped(act.form, _FIELDS, error)
    values = {**again.values, "roles": ",".join(act.form.all("roles"))}
    return Typed(again.focus, values, again.problems, again.problem)


HANDLERS = [programs_page, new_page, create, program_page, change, activate]
