"""The record types of an organisation: those that ship, and those it made itself."""

from __future__ import annotations

import msgspec
from litestar import delete, get, patch, post
from litestar.response.base import ASGIResponse

from tenfold.accounts.organisation import custom_types
from tenfold.accounts.organisation.administrator import Administrator
from tenfold.accounts.organisation.custom_types import TypeChange
from tenfold.engine.access import Person
from tenfold.engine.custom_types import PREFIX, TypeSpec, icon_of
from tenfold.engine.definition import Definition
from tenfold.engine.scopes import READ
from tenfold.web import respond
from tenfold.web.api.administration import administer
from tenfold.web.api.bodies import body_of
from tenfold.web.api.endpoint import Endpoint
from tenfold.web.api.requests import Req, known


class TypeInfo(msgspec.Struct, kw_only=True):
    """A record type and where its records are."""

    name: str
    label: str
    label_plural: str
    pack: str
    path: str
    help: str
    icon: str
    custom: bool


@get("/v1/types")
async def list_types(request: Req) -> ASGIResponse:
    """The record types that I may read, shipped and made here."""
    desk, claims = known(request, "types")
    async with desk.enter(claims) as visit:
        own = await custom_types.every(visit.reader, claims.tenant)
    shown = [_shipped(d) for d in desk.registry if visit.person.access(d).read != "none"]
    shown += [_own(spec) for spec, _ in own if _knows(visit.person, spec.name)]
    return respond.data(shown)


@get("/v1/types/{name:str}")
async def read_type(request: Req, name: str) -> ASGIResponse:
    """One record type by its name; one made here by that with or without `custom_`."""
    desk, claims = known(request, "types")
    found = desk.registry.by_name.get(name)
    async with desk.enter(claims) as visit:
        if found is not None and visit.person.access(found).read != "none":
            return respond.data(_shipped(found))
        own = await custom_types.one(visit.reader, claims.tenant, name)
        if not _knows(visit.person, own.name):
            raise custom_types.missing(name)
        return respond.data(_own(own))


@post("/v1/types")
async def create_type(request: Req) -> ASGIResponse:
    """Make a record type; its fields are added at /v1/custom-fields with type custom_<name>."""
    spec = await body_of(request, TypeSpec)

    async def work(act: Administrator) -> TypeInfo:
        return _own(await custom_types.create(act, spec))

    return await administer(request, "types", work, status=201, location="/v1/types")


@patch("/v1/types/{name:str}")
async def change_type(request: Req, name: str) -> ASGIResponse:
    """Change a type's labels, help and icon."""
    change = await body_of(request, TypeChange)

    async def work(act: Administrator) -> TypeInfo:
        return _own(await custom_types.change(act, name, change))

    return await administer(request, "types", work)


@delete("/v1/types/{name:str}", status_code=200)
async def retire_type(request: Req, name: str) -> ASGIResponse:
    """Take a type out of use; its records stay, and come back with a type of the same name."""

    async def work(act: Administrator) -> TypeInfo:
        return _own(await custom_types.retire(act, name))

    return await administer(request, "types", work)


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
        icon=one.icon,
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
        icon=icon_of(spec),
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
