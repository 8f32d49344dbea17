"""The organisation's own roles."""

from __future__ import annotations

from litestar import delete, get, patch, post
from litestar.response.base import ASGIResponse

from tenfold.accounts.organisation import roles
from tenfold.accounts.organisation.administrator import Administrator
from tenfold.accounts.organisation.roles import NewRole, Role, RoleChange
from tenfold.web import respond
from tenfold.web.api.administration import (
    PAGING,
    Req,
    administer,
    listed,
    paging,
    visiting,
)
from tenfold.web.api.bodies import body_of
from tenfold.web.api.endpoint import Endpoint


@get("/v1/roles")
async def list_roles(request: Req) -> ASGIResponse:
    """The organisation's own roles; for administrators, since grants name hidden fields."""
    asked = paging(request)
    async with visiting(request, "roles") as visit:
        visit.need_administrator()
        rows = await roles.page(
            visit.reader, visit.person.tenant, visit.registry, asked.cursor or None, asked.limit
        )
    return listed(rows, asked, lambda role: role.name)


@get("/v1/roles/{name:str}")
async def read_role(request: Req, name: str) -> ASGIResponse:
    """A role of the organisation's own."""
    async with visiting(request, "roles") as visit:
        visit.need_administrator()
        found = await roles.one(visit.reader, visit.person.tenant, visit.registry, name)
        return respond.data(found)


@post("/v1/roles")
async def create_role(request: Req) -> ASGIResponse:
    """Make a role: grants by record type."""
    new = await body_of(request, NewRole)

    async def work(act: Administrator) -> Role:
        return await roles.create(act, new)

    return await administer(request, "roles", work, status=201, location="/v1/roles")


@patch("/v1/roles/{name:str}")
async def change_role(request: Req, name: str) -> ASGIResponse:
    """Give a role other grants, in place of all that it has."""
    wanted = await body_of(request, RoleChange)

    async def work(act: Administrator) -> Role:
        return await roles.change(act, name, wanted)

    return await administer(request, "roles", work)


@delete("/v1/roles/{name:str}", status_code=200)
async def delete_role(request: Req, name: str) -> ASGIResponse:
    """Delete a role that nobody has."""

    async def work(act: Administrator) -> Role:
        return await roles.remove(act, name)

    return await administer(request, "roles", work)


HANDLERS = [list_roles, read_role, create_role, change_role, delete_role]

_WRITE = ("FORBIDDEN", "STEP_UP_REQUIRED", "INVALID_FIELDS", "MISSING_FIELDS", "UNKNOWN_FIELD", 422)
_ROLE = "/v1/roles/{name}"
ENDPOINTS = (
    Endpoint("GET", "/v1/roles", "List own roles", None, list[Role], 200, (400, 403), query=PAGING),
    Endpoint("GET", _ROLE, "Read a role", None, Role, 200, ("FORBIDDEN", "NOT_FOUND")),
    Endpoint(
        "POST", "/v1/roles", "Make a role", NewRole, Role, 201, (*_WRITE, "DUPLICATE", "TOO_MANY")
    ),
    Endpoint("PATCH", _ROLE, "Change a role", RoleChange, Role, 200, (*_WRITE, "NOT_FOUND", 409)),
    Endpoint(
        "DELETE",
        _ROLE,
        "Delete a role",
        None,
        Role,
        200,
        ("FORBIDDEN", "STEP_UP_REQUIRED", "NOT_FOUND", "IN_USE", 422),
    ),
)
