"""Roles: those that ship, those of one's own, and what each may do with each type."""

from __future__ import annotations

from typing import Any

from litestar import get, post
from litestar.response.base import ASGIResponse

from tenfold.accounts.identity.tokens import Claims
from tenfold.accounts.organisation import roles
from tenfold.accounts.organisation.roles import NewRole
from tenfold.engine.own_types import tailored_types
from tenfold.kernel.errors import Conflict, Invalid, NotFound, TenfoldError
from tenfold.kernel.language import say
from tenfold.kernel.structs import convert
from tenfold.web.pages.admin.around import acting, entering, looking, page
from tenfold.web.pages.admin.places import ROLES, called, used_roles
from tenfold.web.pages.admin.role_changes import (
    PLACE,
    Grants,
    Types,
    like_another,
    plain,
    read_grid,
    saved,
    shipped_grants,
)
from tenfold.web.pages.admin.role_views import grouped, several
from tenfold.web.pages.session import Req
from tenfold.web.pages.typed import Typed, mistyped
from tenfold.web.pages.words import capital

_NEW = f"{PLACE}/new"
_NAMES = ("name", "like")


@get(PLACE)
async def roles_page(request: Req) -> ASGIResponse:
    """All roles."""
    claims = await entering(request, "page-admin-roles")
    async with looking(request, claims) as guest:
        tenant, registry = guest.person.tenant, guest.desk.registry
        found = await roles.page(guest.reader, tenant, registry, None, roles.MOST)
        types = await tailored_types(guest.reader, tenant, registry)
        people = await roles.counted(guest.reader, tenant)
        shipped = sorted({*used_roles(guest), *(roles.shipped(registry) & people.keys())})
        view: dict[str, Any] = {
            "own": [
                (one, called(one.name), several(one, types), people[one.name]) for one in found
            ],
            "shipped": [(name, called(name), people[name]) for name in shipped],
            "organisation": [(called(name), capital(say(may))) for name, may in ROLES.items()],
        }
        return page(guest, "roles.html", say("Roles"), **view)


@get(_NEW)
async def new_page(request: Req) -> ASGIResponse:
    """The name of a new role, and what it begins with."""
    return await _new(request, await entering(request, "page-admin-role-new"), Typed("name"))


@post(_NEW, status_code=200)
async def create(request: Req) -> ASGIResponse:
    """Make a role, with nothing or with what another one may."""
    act = await acting(request, "page-admin-role-new")
    name = "-".join(act.form.get("name").lower().split())
    try:
        async with act.changing() as by:
            like = await like_another(by.tx, by.tenant, by.registry, act.form.get("like"))
            new = convert({"name": name, "grants": plain(like)}, NewRole)
            made = await roles.create(by, new)
    except (Invalid, Conflict) as error:
        return await _new(request, act.claims, mistyped(act.form, _NAMES, error), error)
    said = say("The role %(name)s is made. Say what it may do.", name=called(made.name))
    return act.done(said, f"{PLACE}/{made.name}")


@get(f"{PLACE}/{{name:str}}")
async def role_page(request: Req, name: str) -> ASGIResponse:
    """What a role may do: a line for each type."""
    return await _page(request, await entering(request, "page-admin-role"), name)


@post(f"{PLACE}/{{name:str}}", status_code=200)
async def change(request: Req, name: str) -> ASGIResponse:
    """Save the grid; fields stay as they are, and types that it doesn't show."""
    act = await acting(request, "page-admin-role")

    def edit(grants: Grants, types: Types) -> Grants:
        return read_grid(act.form, grants, types)

    try:
        return await saved(act, name, edit)
    except Invalid as error:
        return await _page(request, act.claims, name, error)


@post(f"{PLACE}/{{name:str}}/delete", status_code=200)
async def delete(request: Req, name: str) -> ASGIResponse:
    """Delete a role that nobody has."""
    act = await acting(request, "page-admin-role-delete")
    try:
        async with act.changing() as by:
            await roles.remove(by, name)
    except Conflict as error:
        return act.refused(error, f"{PLACE}/{name}")
    return act.done(say("The role %(name)s is deleted.", name=called(name)), PLACE)


@get("/admin/roles-shipped/{name:str}")
async def shipped_page(request: Req, name: str) -> ASGIResponse:
    """What a role of the packs may do."""
    claims = await entering(request, "page-admin-role-shipped")
    async with looking(request, claims) as guest:
        if name not in roles.shipped(guest.desk.registry):
            raise NotFound(say("There is no such role."))
        types = await tailored_types(guest.reader, guest.person.tenant, guest.desk.registry)
        lines = grouped(guest, shipped_grants(types, name), types, empty=False)
        people = (await roles.counted(guest.reader, guest.person.tenant))[name]
        view: dict[str, Any] = {"name": name, "groups": lines, "people": people}
        return page(guest, "role_shipped.html", called(name), **view)


# -- the pages


async def _new(
    request: Req, claims: Claims, typed: Typed, error: TenfoldError | None = None
) -> ASGIResponse:
    async with looking(request, claims) as guest:
        tenant, registry = guest.person.tenant, guest.desk.registry
        own = await roles.page(guest.reader, tenant, registry, None, roles.MOST)
        view: dict[str, Any] = {
            "typed": typed,
            "likes": [
                ("", say("Nothing")),
                *((f"own:{one.name}", called(one.name)) for one in own),
                *((f"shipped:{name}", called(name)) for name in sorted(used_roles(guest))),
            ],
        }
        status = error.status if error is not None else 200
        return page(guest, "role_new.html", say("New role"), status=status, **view)


async def _page(
    request: Req,
    claims: Claims,
    name: str,
    error: TenfoldError | None = None,
) -> ASGIResponse:
    async with looking(request, claims) as guest:
        tenant, registry = guest.person.tenant, guest.desk.registry
        one = await roles.one(guest.reader, tenant, registry, name)
        types = await tailored_types(guest.reader, tenant, registry)
        people = (await roles.counted(guest.reader, tenant))[name]
        view: dict[str, Any] = {
            "one": one,
            "groups": grouped(guest, one.grants, types),
            "says": several(one, types),
            "people": people,
            "adds": name in roles.shipped(registry) or name in ROLES,
            "problem": next(iter(error.fields.values()), error.message) if error else "",
        }
        status = error.status if error is not None else 200
        return page(guest, "role.html", called(name), status=status, **view)


HANDLERS = [roles_page, new_page, create, role_page, change, delete, shipped_page]
