"""The record types of an organisation: those that ship, and those it made itself."""

from __future__ import annotations

import msgspec
from litestar import delete, get, patch, post
from litestar.response.base import ASGIResponse

from tenfold.db.database import Transaction
from tenfold.engine.access import Person
from tenfold.engine.custom_types import TypeSpec, checked
from tenfold.engine.definition import Definition
from tenfold.kernel.errors import Conflict, Forbidden, NotFound
from tenfold.kernel.ids import new_id
from tenfold.web import respond
from tenfold.web.api.bodies import body_of
from tenfold.web.api.endpoint import Endpoint
from tenfold.web.api.requests import Req, known
from tenfold.web.desk import DEFINITIONS

_ALL = """SELECT name, spec FROM tenfold.custom_types
WHERE tenant_id = $1 AND retired_at IS NULL ORDER BY name"""
_ADD = """INSERT INTO tenfold.custom_types (tenant_id, id, name, spec) VALUES ($1, $2, $3, $4)
ON CONFLICT (tenant_id, name) DO UPDATE SET spec = excluded.spec, retired_at = NULL
WHERE tenfold.custom_types.retired_at IS NOT NULL RETURNING id"""
_CHANGE = """UPDATE tenfold.custom_types SET spec = $3
WHERE tenant_id = $1 AND name = $2 AND retired_at IS NULL RETURNING id"""
_RETIRE = """UPDATE tenfold.custom_types SET retired_at = now()
WHERE tenant_id = $1 AND name = $2 AND retired_at IS NULL RETURNING id"""
_ONE = """SELECT spec FROM tenfold.custom_types
WHERE tenant_id = $1 AND name = $2 AND retired_at IS NULL"""


class TypeInfo(msgspec.Struct, kw_only=True):
    """A record type and where its records are."""

    name: str
    label: str
    label_plural: str
    pack: str
    path: str
    help: str
    custom: bool


class TypeChange(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """What can be changed of a type; its name is in addresses and stays."""

    label: str = ""
    label_plural: str = ""
    help: str = ""


@get("/v1/types")
async def list_types(request: Req) -> ASGIResponse:
    """The record types that I may read, shipped and made here."""
    desk, claims = known(request, "types")
    first = next(iter(desk.registry))
    async with desk.visit(claims, first, ()) as visit:
        rows = await visit.reader.rows(_ALL, claims.tenant)
    shown = [_shipped(d) for d in desk.registry if visit.person.access(d).read != "none"] + [
        _own(msgspec.json.decode(r[1], type=TypeSpec)) for r in rows
    ]
    return respond.data(shown)


@post("/v1/types")
async def create_type(request: Req) -> ASGIResponse:
    """Make a record type; its fields are added at /v1/custom-fields with type custom_<name>."""
    desk, claims = known(request, "types")
    spec = checked(await body_of(request, TypeSpec))
    if desk.registry.by_plural.get(spec.name):
        raise Conflict(f"{spec.name} is a type that ships; choose another name.", code="DUPLICATE")
    first = next(iter(desk.registry))
    async with desk.change(claims, first, desk.context(claims, request.scope)) as (tx, visit):
        _need_admin(visit.person)
        stored = msgspec.json.encode(spec).decode()
        if await tx.value(_ADD, claims.tenant, new_id(), spec.name, stored) is None:
            raise Conflict(f"There is a type {spec.name} already.", code="DUPLICATE")
        tx.touch(DEFINITIONS)
    location = {"location": f"/v1/types/{spec.name}"}
    return respond.data(_own(spec), status=201, headers=location)


@patch("/v1/types/{name:str}")
async def change_type(request: Req, name: str) -> ASGIResponse:
    """Change a type's labels and help."""
    desk, claims = known(request, "types")
    change = await body_of(request, TypeChange)
    first = next(iter(desk.registry))
    async with desk.change(claims, first, desk.context(claims, request.scope)) as (tx, visit):
        _need_admin(visit.person)
        spec = await _found(tx, name)
        spec = checked(
            TypeSpec(
                name=name,
                label=change.label or spec.label,
                label_plural=change.label_plural or spec.label_plural,
                help=change.help or spec.help,
            )
        )
        await tx.value(_CHANGE, claims.tenant, name, msgspec.json.encode(spec).decode())
        tx.touch(DEFINITIONS)
    return respond.data(_own(spec))


@delete("/v1/types/{name:str}", status_code=200)
async def retire_type(request: Req, name: str) -> ASGIResponse:
    """Take a type out of use; its records stay, and come back with a type of the same name."""
    desk, claims = known(request, "types")
    first = next(iter(desk.registry))
    async with desk.change(claims, first, desk.context(claims, request.scope)) as (tx, visit):
        _need_admin(visit.person)
        spec = await _found(tx, name)
        await tx.value(_RETIRE, claims.tenant, name)
        tx.touch(DEFINITIONS)
    return respond.data(_own(spec))


async def _found(tx: Transaction, name: str) -> TypeSpec:
    spec = await tx.value(_ONE, tx.context.tenant, name[:60])
    if spec is None:
        raise NotFound(f"There is no record type {name[:60]!r} of your own.")
    return msgspec.json.decode(spec, type=TypeSpec)


def _need_admin(person: Person) -> None:
    if not person.administers:
        raise Forbidden("Only an owner or admin of the organisation may change its record types.")


def _shipped(one: Definition) -> TypeInfo:
    return TypeInfo(
        name=one.name,
        label=one.label,
        label_plural=one.label_plural,
        pack=one.pack,
        path=f"/v1/{one.path}",
        help=one.doc,
        custom=False,
    )


def _own(spec: TypeSpec) -> TypeInfo:
    return TypeInfo(
        name=f"custom_{spec.name}",
        label=spec.label,
        label_plural=spec.label_plural,
        pack="custom",
        path=f"/v1/custom/{spec.name}",
        help=spec.help,
        custom=True,
    )


HANDLERS = [list_types, create_type, change_type, retire_type]
_WRITE = ("FORBIDDEN", "INVALID_FIELDS", "MISSING_FIELDS", "UNKNOWN_FIELD")
ENDPOINTS = [
    Endpoint("GET", "/v1/types", "List record types", None, list[TypeInfo]),
    Endpoint(
        "POST", "/v1/types", "Make a record type", TypeSpec, TypeInfo, 201, (*_WRITE, "DUPLICATE")
    ),
    Endpoint(
        "PATCH",
        "/v1/types/{name}",
        "Change a record type",
        TypeChange,
        TypeInfo,
        200,
        (*_WRITE, "NOT_FOUND"),
    ),
    Endpoint(
        "DELETE",
        "/v1/types/{name}",
        "Retire a record type",
        None,
        TypeInfo,
        200,
        ("FORBIDDEN", "NOT_FOUND"),
    ),
]
