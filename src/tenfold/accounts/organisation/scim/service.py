"""The addresses of SCIM: what each method of each of them does, and answers."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any
from uuid import UUID

import msgspec
from pydantic import ValidationError
from scim2_models import (
    Context,
    Error,
    ListResponse,
    Meta,
    NotImplementedException,
    PatchOp,
    Resource,
    ResourceType,
    ResponseParameters,
    Schema,
    SCIMException,
    SearchRequest,
    ServiceProviderConfig,
)

from tenfold.accounts.organisation.administrator import Administrator
from tenfold.accounts.organisation.scim import finding, groups, models, users
from tenfold.accounts.organisation.scim.models import POLICY, Group, User, WrittenGroup, WrittenUser
from tenfold.db.database import Reader
from tenfold.kernel.errors import (
    BadRequest,
    Lost,
    NotFound,
    TenfoldError,
    WrongMethod,
)
from tenfold.kernel.ids import parse_id

_ERROR = "urn:ietf:params:scim:api:messages:2.0:Error"
_KINDS: Mapping[str, Any] = {
    "Users": (users, User, WrittenUser),
    "Groups": (groups, Group, WrittenGroup),
}
_DESCRIBING = ("ServiceProviderConfig", "ResourceTypes", "Schemas")
_SCIM_TYPES = {"DUPLICATE": "uniqueness", "EMAIL_TAKEN": "uniqueness"}


@dataclass(frozen=True, slots=True)
class Asked:
    """A request: its method, its path below the base, what it brings."""

    method: str
    path: tuple[str, ...]
    query: Mapping[str, str]
    body: bytes
    if_match: str
    base: str


@dataclass(frozen=True, slots=True)
class Answered:
    """An answer: its status, its JSON and its headers."""

    status: int
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict[str, str])


async def read(asked: Asked, reader: Reader, tenant: UUID) -> Answered:
    """What is asked for; raises NotFound."""
    match asked.path:
        case ("ServiceProviderConfig",):
            return _listed_here(asked, [_config(asked)])
        case ("ResourceTypes" | "Schemas" as which, *rest) if len(rest) < 2:
            return _listed_here(asked, _described(asked, which), rest[0] if rest else None)
        case ("Users" | "Groups" as which,):
            return await _list(asked, reader, tenant, which, asked.query)
        case ("Users" | "Groups" as which, ".search"):
            return await _list(asked, reader, tenant, which, _json(asked.body))
        case (".search",):
            raise NotImplementedException(detail="Search users and groups each at their address")
        case ("Users" | "Groups" as which, identity):
            return await _one(asked, reader, tenant, which, _identity(identity), 200)
        case _:
            raise _nothing()


def reads(asked: Asked) -> bool:
    """Whether nothing is to be changed: a GET, or a search whose question is in the body."""
    return asked.method == "GET" or (asked.method == "POST" and asked.path[-1:] == (".search",))


async def write(asked: Asked, act: Administrator) -> Answered:
    """Do what is asked for."""
    which, *rest = asked.path or ("",)
    if which in _DESCRIBING and len(rest) < 2:
        raise WrongMethod("This address takes GET.", allowed="GET")
    module, _, written = _KINDS.get(which, (None, None, None))
    if module is None or len(rest) > 1:
        raise _nothing()
    if not rest:
        if asked.method != "POST":
            raise WrongMethod("This address takes GET and POST.", allowed="GET, POST")
        context = Context.RESOURCE_CREATION_REQUEST
        given = written.model_validate(_json(asked.body), scim_ctx=context, scim_policy=POLICY)
        made = await module.create(act, given)
        return await _one(asked, act.tx, act.tenant, which, made, 201)
    identity = _identity(rest[0])
    if asked.method not in ("PUT", "PATCH", "DELETE"):
        allowed = "GET, PUT, PATCH, DELETE"
        raise WrongMethod(f"This address takes {allowed}.", allowed=allowed)
    await _check_version(asked, act, which, identity)
    if asked.method == "DELETE":
        await module.remove(act, identity)
        return Answered(204)
    if asked.method == "PUT":
        context = Context.RESOURCE_REPLACEMENT_REQUEST
        given = written.model_validate(_json(asked.body), scim_ctx=context, scim_policy=POLICY)
    else:
        given = await _patched(asked, act, which, identity)
    await module.change(act, identity, given)
    return await _one(asked, act.tx, act.tenant, which, identity, 200)


def failure(error: Exception) -> Answered | None:
    """How an error is told; None for one that nobody expected."""
    if isinstance(error, ValidationError):
        first = Error.from_validation_errors(error)[0]
        return _told(first.status or 400, first.detail or "", first.scim_type or "")
    if isinstance(error, SCIMException):
        return _told(error.status, str(error), error.scim_type)
    if isinstance(error, TenfoldError):
        kind = _SCIM_TYPES.get(error.code, "invalidValue" if error.fields else "")
        kind = "invalidSyntax" if error.code == "INVALID_JSON" else kind
        return _told(error.status, error.message, kind, error.headers)
    return None


async def _patched(asked: Asked, act: Administrator, which: str, identity: UUID) -> Any:
    """What is there, with the operations of a PATCH done to it."""
    there = await _KINDS[which][0].writable(act.tx, act.tenant, identity)
    context = Context.RESOURCE_PATCH_REQUEST
    operations: Any = PatchOp[WrittenUser] if which == "Users" else PatchOp[WrittenGroup]
    body = _json(asked.body)
    given: Any = body.get("Operations")
    for one in given if isinstance(given, list) else []:  # pyright: ignore[reportUnknownVariableType]
        if isinstance(one, dict) and "value" in one:
            one["value"] = _said(one["value"])
    patch = operations.model_validate(body, scim_ctx=context, scim_policy=POLICY)
    patch.patch(there, POLICY)
    return there


def _said(value: Any) -> Any:
    """The same without what entries of lists say of nothing, as Entra's `{"$ref": null, …}`."""
    if not isinstance(value, list):
        return value
    entries: list[Any] = value  # pyright: ignore[reportUnknownVariableType]
    return [
        {k: v for k, v in one.items() if v is not None} if isinstance(one, dict) else one  # pyright: ignore[reportUnknownVariableType]
        for one in entries
    ]


async def _list(
    asked: Asked, reader: Reader, tenant: UUID, which: str, query: Mapping[str, Any]
) -> Answered:
    module, kind, _ = _KINDS[which]
    request: SearchRequest[Any] = finding.asked(kind, query)
    fetch = partial(module.page, reader, tenant, asked.base)
    if kind is Group and request.filter is None and _leaves_out(request, "members"):
        fetch = partial(fetch, people=False)
    total, some = await finding.found(request, fetch, partial(module.count, reader, tenant))
    for one in some:
        one.meta.version = _version(one)
    return _page(kind, some, total, request.start_index or 1, request)


async def _one(
    asked: Asked, reader: Reader, tenant: UUID, which: str, identity: UUID, status: int
) -> Answered:
    module, kind, _ = _KINDS[which]
    found = await module.one(reader, tenant, asked.base, identity)
    found.meta.version = version = _version(found)
    named = ("attributes", "excludedAttributes")
    given = {name: asked.query[name] for name in named if asked.query.get(name)}
    parameters = ResponseParameters[kind].model_validate(given)
    body = found.model_dump_json(
        scim_ctx=Context.RESOURCE_QUERY_RESPONSE, response_parameters=parameters
    )
    headers = {"etag": version}
    if status == 201:
        headers["location"] = found.meta.location
    return Answered(status, body.encode(), headers)


def _page(
    kind: type[Resource[Any]],
    some: list[Any],
    total: int,
    start: int,
    parameters: ResponseParameters[Any] | None = None,
) -> Answered:
    answer = ListResponse[kind](  # pyright: ignore[reportInvalidTypeArguments]
        total_results=total, start_index=start, items_per_page=len(some), resources=some
    )
    body = answer.model_dump_json(
        scim_ctx=Context.RESOURCE_QUERY_RESPONSE, response_parameters=parameters
    )
    return Answered(200, body.encode())


def _config(asked: Asked) -> ServiceProviderConfig:
    config = ServiceProviderConfig.model_validate(models.CONFIG)
    config.meta = _meta(asked, "ServiceProviderConfig")
    return config


def _described(asked: Asked, which: str) -> list[Any]:
    """The resource types or the schemas, as they are published."""
    provider = models.provider()
    found: list[Any] = [*(provider.schemas if which == "Schemas" else provider.resource_types)]
    for one in found:
        one.meta = _meta(asked, f"{which}/{one.id}", which.removesuffix("s"))
    return found


def _meta(asked: Asked, place: str, kind: str = "") -> Any:
    told = {"resourceType": kind or place, "location": f"{asked.base}/{place}"}
    return Meta.model_validate(told)


def _listed_here(asked: Asked, found: list[Any], name: str | None = None) -> Answered:
    """One of what the service says of itself, or all; it can't be filtered (RFC 7644, 4)."""
    if asked.query.get("filter"):
        return _told(403, "This can't be filtered.")
    if asked.path[0] == "ServiceProviderConfig":
        (chosen,) = found
    elif name is None:
        kind = Schema if asked.path[0] == "Schemas" else ResourceType
        return _page(kind, found, len(found), 1)
    else:
        chosen = next((one for one in found if one.id == name), None)
    if chosen is None:
        raise _nothing()
    body = chosen.model_dump_json(scim_ctx=Context.RESOURCE_QUERY_RESPONSE)
    return Answered(200, body.encode())


async def _check_version(asked: Asked, act: Administrator, which: str, identity: UUID) -> None:
    """Raise Lost where it is not any more what the client has seen."""
    if asked.if_match in ("", "*"):
        return
    module, _, _ = _KINDS[which]
    there = _version(await module.one(act.tx, act.tenant, asked.base, identity))
    if there not in [one.strip() for one in asked.if_match.split(",")]:
        raise Lost("It was changed since you read it; read it again.")


def _version(found: Resource[Any]) -> str:
    """The ETag of a resource: of what it says, wherever it is asked for."""
    said = found.model_dump_json(scim_ctx=Context.DEFAULT, exclude={"meta"})
    return f'W/"{hashlib.blake2b(said.encode(), digest_size=12).hexdigest()}"'


def _leaves_out(request: ResponseParameters[Any], name: str) -> bool:
    excluded = [str(one).lower() for one in request.excluded_attributes or []]
    wanted = [str(one).lower() for one in request.attributes or []]
    return name in excluded or (bool(wanted) and not any(w.startswith(name) for w in wanted))


def _identity(text: str) -> UUID:
    found = parse_id(text)
    if found is None:
        raise NotFound(f"There is no resource with the id {text[:60]!r}.")
    return found


def _json(body: bytes) -> dict[str, Any]:
    try:
        return msgspec.json.decode(body, type=dict[str, Any])
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise BadRequest(f"The body is no JSON object: {error}", code="INVALID_JSON") from None


def _nothing() -> NotFound:
    return NotFound("There is nothing at this address.")


def _told(
    status: int, detail: str, kind: str = "", headers: Mapping[str, str] | None = None
) -> Answered:
    """RFC 7644, 3.12."""
    detail = " ".join(detail.partition("For further information")[0].split())
    told = {"schemas": [_ERROR], "status": str(status), "detail": detail[:1_000]}
    if kind:
        told["scimType"] = kind
    return Answered(status, msgspec.json.encode(told), headers or {})
