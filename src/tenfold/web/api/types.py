"""The record types of an organisation: those that ship, and those it made itself."""

from __future__ import annotations

from uuid import UUID

import msgspec
from litestar import delete, get, patch, post
from litestar.response.base import ASGIResponse

from tenfold.accounts.organisation.administrator import Administrator
from tenfold.db.database import Reader
from tenfold.engine.access import Person
from tenfold.engine.custom_types import PREFIX, TypeSpec, checked
from tenfold.engine.definition import Definition
from tenfold.engine.scopes import READ
from tenfold.kernel.errors import Conflict, NotFound
from tenfold.kernel.ids import new_id
from tenfold.web import respond
from tenfold.web.api.administration import administer
from tenfold.web.api.bodies import body_of
from tenfold.web.api.endpoint import Endpoint
from tenfold.web.api.requests import Req, known
from tenfold.web.desk import DEFINITIONS, desk_of

MOST = 200
_ALL = """SELECT name, spec FROM tenfold.custom_types
WHERE tenant_id = $1 AND retired_at IS NULL ORDER BY name"""
_COUNT = "SELECT count(*) FROM tenfold.custom_types WHERE tenant_id = $1 AND retired_at IS NULL"
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
    async with desk.enter(claims) as visit:
        rows = await visit.reader.rows(_ALL, claims.tenant)
    shown = [_shipped(d) for d in desk.registry if visit.person.access(d).read != "none"] + [
        _own(msgspec.json.decode(r[1], type=TypeSpec)) for r in rows if _knows(visit.person, r[0])
    ]
    return respond.data(shown)


@get("/v1/types/{name:str}")
async def read_type(request: Req, name: str) -> ASGIResponse:
    """One record type by its name; one made here by that with or without `custom_`."""
    desk, claims = known(request, "types")
    found = desk.registry.by_name.get(name)
    async with desk.enter(claims) as visit:
        if found is not None and visit.person.access(found).read != "none":
            return respond.data(_shipped(found))
        own = await _found(visit.reader, claims.tenant, name)
        if not _knows(visit.person, own.name):
            raise _no_type(name)
        return respond.data(_own(own))


@post("/v1/types")
async def create_type(request: Req) -> ASGIResponse:
    """Make a record type; its fields are added at /v1/custom-fields with type custom_<name>."""
    spec = checked(await body_of(request, TypeSpec))
    if desk_of(request).registry.by_plural.get(spec.name):
        raise Conflict(f"{spec.name} is a type that ships; choose another name.", code="DUPLICATE")

    async def work(act: Administrator) -> TypeInfo:
        stored = msgspec.json.encode(spec).decode()
        if await act.tx.value(_COUNT, act.tenant) >= MOST:
            raise Conflict(f"There can be {MOST} types of your own.", code="TOO_MANY")
        if await act.tx.value(_ADD, act.tenant, new_id(), spec.name, stored) is None:
            raise Conflict(f"There is a type {spec.name} already.", code="DUPLICATE")
        return _changed(act, spec)

    return await administer(request, "types", work, status=201, location="/v1/types")


@patch("/v1/types/{name:str}")
async def change_type(request: Req, name: str) -> ASGIResponse:
    """Change a type's labels and help."""
    change = await body_of(request, TypeChange)

    async def work(act: Administrator) -> TypeInfo:
        old = await _found(act.tx, act.tenant, name)
        given = {k: v for k, v in msgspec.structs.asdict(change).items() if v}
        spec = checked(msgspec.structs.replace(old, **given))
        await act.tx.value(_CHANGE, act.tenant, spec.name, msgspec.json.encode(spec).decode())
        return _changed(act, spec)

    return await administer(request, "types", work)


@delete("/v1/types/{name:str}", status_code=200)
async def retire_type(request: Req, name: str) -> ASGIResponse:
    """Take a type out of use; its records stay, and come back with a type of the same name."""

    async def work(act: Administrator) -> TypeInfo:
        spec = await _found(act.tx, act.tenant, name)
        await act.tx.value(_RETIRE, act.tenant, spec.name)
        return _changed(act, spec)

    return await administer(request, "types", work)


def _changed(act: Administrator, spec: TypeSpec) -> TypeInfo:
    act.tx.touch(DEFINITIONS)
    return _own(spec)


async def _found(reader: Reader, tenant: UUID, name: str) -> TypeSpec:
    spec = await reader.value(_ONE, tenant, name.removeprefix(PREFIX)[:60].replace("\0", ""))
    if spec is None:
        raise _no_type(name)
    return msgspec.json.decode(spec, type=TypeSpec)


def _no_type(name: str) -> NotFound:
    return NotFound(f"There is no record type {name[:60]!r} of your own.")


def _knows(person: Person, name: str) -> bool:
    """Whether a type made here may be named: to all people, and the keys that read it."""
    return person.scopes is None or person.scopes.gives(READ, PREFIX + name)


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


HANDLERS = [list_types, read_type, create_type, change_type, retire_type]
_TYPE = "/v1/types/{name}"
_WRITE = ("FORBIDDEN", "INVALID_FIELDS", "MISSING_FIELDS", "UNKNOWN_FIELD", 422)
ENDPOINTS = [
    Endpoint("GET", "/v1/types", "List record types", None, list[TypeInfo]),
    Endpoint(
        "POST",
        "/v1/types",
        "Make a record type",
        TypeSpec,
        TypeInfo,
        201,
        (*_WRITE, "DUPLICATE", "TOO_MANY"),
    ),
    Endpoint("GET", _TYPE, "Read a record type", None, TypeInfo, 200, ("NOT_FOUND",)),
    Endpoint(
        "PATCH",
        _TYPE,
        "Change a record type",
        TypeChange,
        TypeInfo,
        200,
        (*_WRITE, "NOT_FOUND"),
    ),
    Endpoint(
        "DELETE",
        _TYPE,
        "Retire a record type",
        None,
        TypeInfo,
        200,
        ("FORBIDDEN", "NOT_FOUND", 422),
    ),
]
