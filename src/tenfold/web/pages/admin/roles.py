"""Roles: those that ship, those of one's own, and what each may do with each type."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import msgspec
from litestar import get, post
from litestar.response.base import ASGIResponse

from tenfold.accounts.identity.tokens import Claims
from tenfold.accounts.organisation import custom_fields, roles
from tenfold.accounts.organisation.own_types import types_of
from tenfold.accounts.organisation.roles import GrantSpec, NewRole, Role, RoleChange
from tenfold.db.database import Reader
from tenfold.engine.definition import SCOPES, Definition, Scope
from tenfold.engine.registry import Registry
from tenfold.kernel.errors import Conflict, Invalid, NotFound, TenfoldError
from tenfold.kernel.structs import convert
from tenfold.web.pages.admin.around import Act, acting, entering, looking, page, plural
from tenfold.web.pages.admin.places import ROLES, called
from tenfold.web.pages.admin.role_words import changes, sentence
from tenfold.web.pages.frame import PACKS, Guest
from tenfold.web.pages.session import Form, Req
from tenfold.web.pages.typed import Typed, mistyped

PLACE = "/admin/roles"
_NEW = f"{PLACE}/new"
_NAMES = ("name", "like")
Types = Mapping[str, Definition]
Grants = Mapping[str, GrantSpec]
Edit = Callable[[Grants, Types], Grants]
_WORDS: Mapping[Scope, str] = {
    "none": "None",
    "own": "Own",
    "team": "Team",
    "open": "Not private",
    "all": "All",
}


@dataclass(frozen=True, slots=True)
class Line:
    """A type in the grid."""

    type: str
    label: str
    grant: GrantSpec
    scopes: tuple[tuple[str, str], ...]
    fields: str
    says: str


@get(PLACE)
async def roles_page(request: Req) -> ASGIResponse:
    """All roles."""
    claims = await entering(request, "page-admin-roles")
    async with looking(request, claims) as guest:
        tenant, registry = guest.person.tenant, guest.desk.registry
        found = await roles.page(guest.reader, tenant, registry, None, roles.MOST)
        types = await types_in(guest.reader, tenant, registry)
        shipped = sorted(roles.shipped(registry))
        people = await roles.counted(guest.reader, tenant)
        view: dict[str, Any] = {
            "own": [(one, _several(one, types), people[one.name]) for one in found],
            "shipped": [(name, called(name), people[name]) for name in shipped],
            "organisation": [
                (called(name), text.partition(": ")[2]) for name, text in ROLES.items()
            ],
        }
        return page(guest, "roles.html", "Roles", **view)


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
            like = await _like(by.tx, by.tenant, by.registry, act.form.get("like"))
            new = convert({"name": name, "grants": _plain(like)}, NewRole)
            made = await roles.create(by, new)
    except (Invalid, Conflict) as error:
        return await _new(request, act.claims, mistyped(act.form, _NAMES, error), error)
    said = f"The role {called(made.name)} is made. Say what it may do."
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
        return _read(act.form, grants, types)

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
    return act.done(f"The role {called(name)} is deleted.", PLACE)


@get("/admin/roles-shipped/{name:str}")
async def shipped_page(request: Req, name: str) -> ASGIResponse:
    """What a role of the packs may do."""
    claims = await entering(request, "page-admin-role-shipped")
    async with looking(request, claims) as guest:
        if name not in roles.shipped(guest.desk.registry):
            raise NotFound("There is no such role.")
        types = await types_in(guest.reader, guest.person.tenant, guest.desk.registry)
        lines = _grouped(guest, _shipped(types, name), types, empty=False)
        people = (await roles.counted(guest.reader, guest.person.tenant))[name]
        view: dict[str, Any] = {"name": name, "groups": lines, "people": people}
        return page(guest, "role_shipped.html", called(name), **view)


# -- reading and saving


async def types_in(reader: Reader, tenant: UUID, registry: Registry) -> Types:
    """The types of the organisation, with its own fields."""
    types = await types_of(reader, tenant, registry)
    own = await custom_fields.by_type(reader, tenant)
    return {name: one.with_custom(own.get(name, {})) for name, one in types.items()}


async def saved(act: Act, name: str, edit: Edit) -> ASGIResponse:
    """Change a role by what `edit` makes of its grants, and say what is otherwise for how many."""
    async with act.changing() as by:
        old = await roles.one(by.tx, by.tenant, by.registry, name)
        types = await types_in(by.tx, by.tenant, by.registry)
        wanted = RoleChange(grants=_plain(edit(old.grants, types)))
        new = await roles.change(by, name, wanted)
        people = (await roles.counted(by.tx, by.tenant))[name]
    said = changes(types, old.grants, new.grants)
    for_whom = f"For {plural(people, 'person', 'people')}." if people else "Nobody has it yet."
    return act.done(f"{said} {for_whom}" if said else "Nothing changed.", f"{PLACE}/{name}")


def _read(form: Form, now: Grants, types: Types) -> dict[str, GrantSpec]:
    """The grid's grants, each with the fields that it has already."""
    found = dict(now)
    for name in types:
        if f"read.{name}" not in form:
            continue
        given = {verb: form.get(f"{verb}.{name}") for verb in ("read", "update", "delete")}
        if any(scope not in SCOPES for scope in given.values()):
            raise Invalid({"grants": "Choose how far each verb reaches."})
        create = form.get(f"create.{name}") == "true"
        whole = {**given, "create": create}
        found[name] = msgspec.structs.replace(now.get(name, GrantSpec()), **whole)
    none = GrantSpec()
    return {name: grant for name, grant in found.items() if grant != none}


async def _like(reader: Reader, tenant: UUID, registry: Registry, name: str) -> Grants:
    kind, _, which = name.partition(":")
    if kind == "own":
        return (await roles.one(reader, tenant, registry, which)).grants
    if kind == "shipped":
        return _shipped(await types_in(reader, tenant, registry), which)
    return {}


def _shipped(types: Types, name: str) -> dict[str, GrantSpec]:
    """The grants of a role of the packs."""
    return {t: roles.spec(d.access[name], d) for t, d in types.items() if name in d.access}


def _plain(grants: Grants) -> dict[str, dict[str, Any]]:
    return {name: msgspec.to_builtins(grant) for name, grant in grants.items()}


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
                ("", "Nothing"),
                *((f"own:{one.name}", called(one.name)) for one in own),
                *((f"shipped:{name}", called(name)) for name in sorted(roles.shipped(registry))),
            ],
        }
        status = error.status if error is not None else 200
        return page(guest, "role_new.html", "New role", status=status, **view)


async def _page(
    request: Req,
    claims: Claims,
    name: str,
    error: TenfoldError | None = None,
) -> ASGIResponse:
    async with looking(request, claims) as guest:
        tenant, registry = guest.person.tenant, guest.desk.registry
        one = await roles.one(guest.reader, tenant, registry, name)
        types = await types_in(guest.reader, tenant, registry)
        people = (await roles.counted(guest.reader, tenant))[name]
        view: dict[str, Any] = {
            "one": one,
            "groups": _grouped(guest, one.grants, types),
            "says": _several(one, types),
            "people": people,
            "adds": name in roles.shipped(registry) or name in ROLES,
            "problem": next(iter(error.fields.values()), error.message) if error else "",
        }
        status = error.status if error is not None else 200
        return page(guest, "role.html", called(name), status=status, **view)


def _several(one: Role, types: Types) -> str:
    """A role in a line: the types that it reads."""
    seen = [types[n].label_plural for n, g in one.grants.items() if n in types and g.read != "none"]
    if not seen:
        return "Reads nothing yet."
    more = f" and {len(seen) - 4} more" if len(seen) > 5 else ""
    return f"Reads {', '.join(seen[:4] if more else seen)}{more}."


def _grouped(
    guest: Guest, grants: Grants, types: Types, *, empty: bool = True
) -> list[tuple[str, Sequence[Line]]]:
    """The lines by pack: those that the organisation uses, and what the role has beside."""
    packs = guest.who.packs
    groups: dict[str, list[Line]] = {}
    for name, one in types.items():
        used = (
            not packs or one.pack in ("base", *packs) or one.pack not in guest.desk.registry.packs
        )
        if name in grants or (empty and used):
            label = PACKS.get(one.pack) or called(one.pack)
            groups.setdefault(label, []).append(_line(one, grants.get(name, GrantSpec())))
    return list(groups.items())


def _line(one: Definition, grant: GrantSpec) -> Line:
    held = [
        f"{len(names)} {word}"
        for names, word in (
            (grant.hide, "hidden"),
            (grant.read_only, "read-only"),
            (grant.reveal, "opened"),
        )
        if names
    ]
    used: set[Scope] = {grant.read, grant.update, grant.delete}
    scopes: list[Scope] = [s for s in SCOPES if s != "open" or one.private or s in used]
    options = tuple((scope, _WORDS[scope]) for scope in scopes)
    says = sentence(one, grant)
    return Line(one.name, one.label_plural, grant, options, ", ".join(held), says)


HANDLERS = [roles_page, new_page, create, role_page, change, delete, shipped_page]
