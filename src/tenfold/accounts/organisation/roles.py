"""An organisation's own roles: grants by record type, in the form that packs declare theirs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

import asyncpg
import msgspec
from msgspec import Meta

from tenfold.accounts.events import note
from tenfold.accounts.organisation.administrator import Administrator
from tenfold.accounts.people import grants_of
from tenfold.db.database import Reader, Transaction
from tenfold.engine.definition import SYSTEM_FIELDS, Definition, Field, Grant, Scope
from tenfold.engine.own_types import tailored_types
from tenfold.engine.registry import Registry
from tenfold.kernel.errors import Conflict, Invalid, NotFound
from tenfold.kernel.language import grouped, mark, say, say_n
from tenfold.kernel.structs import convert

MOST = 100

_PAGE = """SELECT name, grants, created_at FROM tenfold.roles
WHERE tenant_id = $1 AND ($2::text IS NULL OR name > $2) ORDER BY name LIMIT $3"""
_ONE = "SELECT name, grants, created_at FROM tenfold.roles WHERE tenant_id = $1 AND name = $2"
_NAMES = "SELECT name FROM tenfold.roles WHERE tenant_id = $1"
_ADD = "INSERT INTO tenfold.roles (tenant_id, name, grants) VALUES ($1, $2, $3)"
_CHANGE = "UPDATE tenfold.roles SET grants = $3 WHERE tenant_id = $1 AND name = $2"
_HOLDING = "SELECT count(*) FROM tenfold.members WHERE tenant_id = $1 AND $2 = ANY (roles)"
_HELD = """SELECT held.role, count(*) FROM tenfold.members m
CROSS JOIN unnest(m.roles || m.role) AS held (role)
WHERE m.tenant_id = $1 AND m.active GROUP BY held.role"""
_REMOVE = "DELETE FROM tenfold.roles WHERE tenant_id = $1 AND name = $2"


class GrantSpec(msgspec.Struct, frozen=True, kw_only=True):
    """What a role may do with the records of one type; what is left out is not granted."""

    read: Scope = "none"
    create: bool = False
    update: Scope = "none"
    delete: Scope = "none"
    reveal: list[str] = []
    hide: list[str] = []
    read_only: list[str] = []


class Role(msgspec.Struct, frozen=True, kw_only=True):
    """A role of the organisation's own."""

    name: str
    grants: dict[str, GrantSpec]
    created_at: datetime


_NAME = Annotated[
    str,
    Meta(
        pattern="^[a-z][a-z0-9_-]{0,40}$",
        description=mark(
            "must begin with a lower-case letter, and go on with such letters, digits, _ and -, "
            "at most 41 in all"
        ),
    ),
]
# Taken as they come, so that every mistake in them is told with its type's name.
_GRANTS = dict[
    str,
    Annotated[dict[str, Any], Meta(extra_json_schema={"$ref": "#/components/schemas/GrantSpec"})],
]


class NewRole(msgspec.Struct, frozen=True, kw_only=True):
    """A role to make; with the name of a shipped one it adds to that."""

    name: _NAME
    grants: _GRANTS


class RoleChange(msgspec.Struct, frozen=True, kw_only=True):
    """All grants of a role, in place of those that it has."""

    grants: _GRANTS


async def page(
    reader: Reader, tenant: UUID, registry: Registry, after: str | None, limit: int
) -> list[Role]:
    """Roles by name, one more than `limit` where there are more."""
    return [_role(r, registry) for r in await reader.rows(_PAGE, tenant, after, limit + 1)]


async def one(reader: Reader, tenant: UUID, registry: Registry, name: str) -> Role:
    """A role; raises NotFound."""
    row = await reader.row(_ONE, tenant, name)
    if row is None:
        raise NotFound(f"There is no role {name[:60]!r} of your own.")
    return _role(row, registry)


async def create(act: Administrator, new: NewRole) -> Role:
    """Make a role."""
    act.need("change_roles")
    tx, tenant = act.tx, act.tenant
    if new.name in ("owner", "admin"):
        raise Invalid(
            {"name": say("%(name)s may do everything already; choose another name", name=new.name)}
        )
    names = [row[0] for row in await tx.rows(_NAMES, tenant)]
    for name in {*names, *shipped(act.registry)} - {new.name}:
        if name.replace("-", "_") == new.name.replace("-", "_"):
            text = say("reads like the role %(name)s; choose another name", name=name)
            raise Invalid({"name": text})
    if len(names) >= MOST:
        raise Conflict(
            say("An organisation may have %(most)s roles of its own.", most=MOST), code="TOO_MANY"
        )
    stored = msgspec.json.encode(await checked(tx, act.registry, new.grants)).decode()
    try:
        await tx.execute(_ADD, tenant, new.name, stored)
    except asyncpg.UniqueViolationError:
        raise Conflict(
            say("There is a role with this name."),
            code="DUPLICATE",
            fields={"name": say("is taken")},
        ) from None
    return await _noted(act, await one(tx, tenant, act.registry, new.name), "created")


async def change(act: Administrator, name: str, wanted: RoleChange) -> Role:
    """Give a role other grants."""
    act.need("change_roles")
    tx, tenant = act.tx, act.tenant
    await one(tx, tenant, act.registry, name)
    stored = msgspec.json.encode(await checked(tx, act.registry, wanted.grants)).decode()
    await tx.execute(_CHANGE, tenant, name, stored)
    return await _noted(act, await one(tx, tenant, act.registry, name), "changed")


async def remove(act: Administrator, name: str) -> Role:
    """Delete a role that nobody has."""
    act.need("change_roles")
    old = await one(act.tx, act.tenant, act.registry, name)
    held: int = await act.tx.value(_HOLDING, act.tenant, name)
    if held and name not in shipped(act.registry):
        raise Conflict(
            say_n(
                "%(n)s person still has the role %(name)s; take it from them first.",
                "%(n)s people still have the role %(name)s; take it from them first.",
                held,
                n=grouped(held),
                name=name,
            ),
            code="IN_USE",
        )
    await act.tx.execute(_REMOVE, act.tenant, name)
    return await _noted(act, old, "deleted")


async def _noted(act: Administrator, role: Role, done: str) -> Role:
    told: dict[str, Any] = {"role": role.name, "done": done, "grants": role.grants}
    act.tx.touch("members")
    await note(act.tx, "permission_changed", act.client, tenant=act.tenant, **told)
    return role


async def counted(reader: Reader, tenant: UUID) -> Counter[str]:
    """How many people and programs have each role."""
    return Counter({row[0]: row[1] for row in await reader.rows(_HELD, tenant)})


async def known(reader: Reader, tenant: UUID, registry: Registry) -> set[str]:
    """The names of all roles that a member may have beside the organisation role."""
    return shipped(registry) | {row[0] for row in await reader.rows(_NAMES, tenant)}


def shipped(types: Iterable[Definition]) -> set[str]:
    """The roles that the types of the packs declare."""
    return {role for definition in types for role in definition.access}


async def checked(
    tx: Transaction, registry: Registry, given: Mapping[str, Mapping[str, object]]
) -> dict[str, Grant]:
    """The grants as the engine keeps them; raises Invalid with every mistake."""
    types = await tailored_types(tx, tx.context.tenant, registry)
    problems: dict[str, str] = {}
    made: dict[str, Grant] = {}
    for kind, grant in given.items():
        definition = types.get(kind)
        if definition is None:
            names = ", ".join(sorted(types))
            problems[f"grants.{kind[:60]}"] = f"is not a record type; there are {names}"
            continue
        try:
            made[kind] = _grant(definition, grant)
        except Invalid as error:
            problems |= {f"grants.{kind}.{name}": text for name, text in error.fields.items()}
    if problems:
        raise Invalid(problems)
    return made


def _grant(definition: Definition, given: Mapping[str, object]) -> Grant:
    spec = convert(given, GrantSpec)
    problems: dict[str, str] = {}
    names: dict[str, frozenset[str]] = {}
    for part in ("reveal", "hide", "read_only"):
        wanted: list[str] = getattr(spec, part)
        fields = [(name, _field(definition, name)) for name in wanted]
        unknown = [name for name, field in fields if field is None]
        found = [field for _, field in fields if field is not None]
        if unknown:
            problems[part] = f"{unknown[0][:60]!r} is not a field of {definition.name}"
        elif part == "reveal" and any(f.type.kind != "secret" for f in found):
            problems[part] = "takes secret fields only"
        elif part == "hide" and any(f.name in ("id", "version") for f in found):
            problems[part] = "id and version can't be hidden"
        names[part] = frozenset(f.name for f in found)
    if problems:
        raise Invalid(problems)
    return Grant(
        spec.read,
        spec.create,
        spec.update,
        spec.delete,
        names["reveal"],
        names["hide"],
        names["read_only"],
    )


def _field(definition: Definition, name: str) -> Field | None:
    if name.startswith("custom."):
        return definition.custom_fields.get(name.removeprefix("custom."))
    return definition.by_json.get(name) or definition.fields.get(name)


def _role(row: asyncpg.Record, registry: Registry) -> Role:
    by_name = registry.by_name
    grants = {kind: spec(grant, by_name.get(kind)) for kind, grant in grants_of(row[1]).items()}
    return Role(name=row[0], grants=grants, created_at=row[2])


def spec(grant: Grant, definition: Definition | None) -> GrantSpec:
    """A grant with its fields by their names in JSON; a type of one's own has no other fields."""
    known = definition.fields if definition else SYSTEM_FIELDS

    def names(fields: frozenset[str]) -> list[str]:
        return sorted(known[f].json_name if f in known else f"custom.{f}" for f in fields)

    return GrantSpec(
        read=grant.read,
        create=grant.create,
        update=grant.update,
        delete=grant.delete,
        reveal=names(grant.reveal),
        hide=names(grant.hide),
        read_only=names(grant.read_only),
    )
