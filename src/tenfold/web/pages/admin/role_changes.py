"""How roles are changed by forms, and what is said of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any
from uuid import UUID

import msgspec
from litestar.response.base import ASGIResponse

from tenfold.accounts.organisation import roles
from tenfold.accounts.organisation.roles import GrantSpec, RoleChange
from tenfold.db.database import Reader
from tenfold.engine.definition import SCOPES, Definition
from tenfold.engine.own_types import tailored_types
from tenfold.engine.registry import Registry
from tenfold.kernel.errors import Invalid
from tenfold.kernel.language import say, say_n
from tenfold.web.pages.admin.around import Act
from tenfold.web.pages.admin.role_words import changes
from tenfold.web.pages.session import Form

PLACE = "/admin/roles"
Types = Mapping[str, Definition]
Grants = Mapping[str, GrantSpec]
Edit = Callable[[Grants, Types], Grants]


async def saved(act: Act, name: str, edit: Edit) -> ASGIResponse:
    """Change a role by what `edit` makes of its grants, and say what is otherwise for how many."""
    async with act.changing() as by:
        old = await roles.one(by.tx, by.tenant, by.registry, name)
        types = await tailored_types(by.tx, by.tenant, by.registry)
        wanted = RoleChange(grants=plain(edit(old.grants, types)))
        new = await roles.change(by, name, wanted)
        people = (await roles.counted(by.tx, by.tenant))[name]
    said = changes(types, old.grants, new.grants)
    for_whom = (
        say_n("For %(n)s person.", "For %(n)s people.", people, n=people)
        if people
        else say("Nobody has it yet.")
    )
    return act.done(
        f"{said} {for_whom}" if said else say("Nothing changed."),
        f"{PLACE}/{name}",
    )


def read_grid(form: Form, now: Grants, types: Types) -> dict[str, GrantSpec]:
    """The grid's grants, each with the fields that it has already."""
    found = dict(now)
    for name in types:
        if f"read.{name}" not in form:
            continue
        given = {verb: form.get(f"{verb}.{name}") for verb in ("read", "update", "delete")}
        if any(scope not in SCOPES for scope in given.values()):
            raise Invalid({"grants": say("Choose how far each verb reaches.")})
        create = form.get(f"create.{name}") == "true"
        whole = {**given, "create": create}
        found[name] = msgspec.structs.replace(now.get(name, GrantSpec()), **whole)
    none = GrantSpec()
    return {name: grant for name, grant in found.items() if grant != none}


async def like_another(reader: Reader, tenant: UUID, registry: Registry, name: str) -> Grants:
    kind, _, which = name.partition(":")
    if kind == "own":
        return (await roles.one(reader, tenant, registry, which)).grants
    if kind == "shipped":
        return shipped_grants(await tailored_types(reader, tenant, registry), which)
    return {}


def shipped_grants(types: Types, name: str) -> dict[str, GrantSpec]:
    """The grants of a role of the packs."""
    return {t: roles.spec(d.access[name], d) for t, d in types.items() if name in d.access}


def plain(grants: Grants) -> dict[str, dict[str, Any]]:
    return {name: msgspec.to_builtins(grant) for name, grant in grants.items()}
