"""The organisation, its teams, and what I may do in it."""

from __future__ import annotations

from litestar import delete, get, patch, post
from litestar.response.base import ASGIResponse

from tenfold.accounts.organisation import custom_fields, members, organisation, teams
from tenfold.accounts.organisation.administrator import Administrator
from tenfold.accounts.organisation.explain import Explained, explain
from tenfold.accounts.organisation.members import Member, Transfer
from tenfold.accounts.organisation.organisation import Organisation, OrganisationChange
from tenfold.accounts.organisation.teams import NewTeam, Team, TeamChange
from tenfold.engine.own_types import tailored_types
from tenfold.web import respond
from tenfold.web.api.administration import (
    PAGING,
    Req,
    administer,
    identified,
    listed,
    paging,
    visiting,
)
from tenfold.web.api.bodies import body_of
from tenfold.web.api.endpoint import Endpoint
from tenfold.web.api.requests import check_parameters, pairs


@get("/v1/organization")
async def read_organization(request: Req) -> ASGIResponse:
    """The organisation that I am signed in to."""
    async with visiting(request, "organization") as visit:
        return respond.data(await organisation.read(visit.reader, visit.person.tenant))


@patch("/v1/organization")
async def change_organization(request: Req) -> ASGIResponse:
    """Change the organisation's name, region, currency, time zone or the packs that it uses."""
    wanted = await body_of(request, OrganisationChange)

    async def work(act: Administrator) -> Organisation:
        return await organisation.changed(act, wanted)

    return await administer(request, "organization", work)


@post("/v1/organization/ownership", status_code=200)
async def transfer_ownership(request: Req) -> ASGIResponse:
    """Make somebody else an owner in my place; I stay as an admin."""
    wanted = await body_of(request, Transfer)

    async def work(act: Administrator) -> Member:
        return await members.transfer(act, wanted.to)

    return await administer(request, "organization", work)


@get("/v1/teams")
async def list_teams(request: Req) -> ASGIResponse:
    """The teams; `parent_id` makes them a tree."""
    asked = paging(request)
    async with visiting(request, "teams") as visit:
        rows = await teams.page(visit.reader, visit.person.tenant, asked.after, asked.limit)
    return listed(rows, asked, lambda team: team.id)


@get("/v1/teams/{team_id:str}")
async def read_team(request: Req, team_id: str) -> ASGIResponse:
    """A team."""
    async with visiting(request, "teams") as visit:
        identity = identified(team_id, "team")
        return respond.data(await teams.one(visit.reader, visit.person.tenant, identity))


@post("/v1/teams")
async def create_team(request: Req) -> ASGIResponse:
    """Make a team."""
    new = await body_of(request, NewTeam)

    async def work(act: Administrator) -> Team:
        return await teams.create(act, new)

    return await administer(request, "teams", work, status=201, location="/v1/teams")


@patch("/v1/teams/{team_id:str}")
async def change_team(request: Req, team_id: str) -> ASGIResponse:
    """Rename a team or make it part of another."""
    wanted = await body_of(request, TeamChange)

    async def work(act: Administrator) -> Team:
        return await teams.change(act, identified(team_id, "team"), wanted)

    return await administer(request, "teams", work)


@delete("/v1/teams/{team_id:str}", status_code=200)
async def delete_team(request: Req, team_id: str) -> ASGIResponse:
    """Delete a team that has no people and no teams in it."""

    async def work(act: Administrator) -> Team:
        return await teams.remove(act, identified(team_id, "team"))

    return await administer(request, "teams", work)


@get("/v1/access")
async def read_access(request: Req) -> ASGIResponse:
    """What I may do with each record type, and which of my roles grants it."""
    given = dict(pairs(request.scope["query_string"]))
    check_parameters(given, ("type",))
    async with visiting(request, "access") as visit:
        tenant = visit.person.tenant
        types = await tailored_types(visit.reader, tenant, visit.registry)
        if name := given.get("type", ""):
            types = {name: custom_fields.known(types, name)}
    shown = [explain(definition, visit.person) for definition in types.values()]
    return respond.data(shown)


HANDLERS = [
    read_organization,
    change_organization,
    transfer_ownership,
    list_teams,
    read_team,
    create_team,
    change_team,
    delete_team,
    read_access,
]

_WRITE = ("FORBIDDEN", "INVALID_FIELDS", "MISSING_FIELDS", "UNKNOWN_FIELD", 422)
_TYPE = {"type": ({"type": "string"}, "The name of one record type, like `lead`.")}
_TEAM = "/v1/teams/{team_id}"
ENDPOINTS = (
    Endpoint("GET", "/v1/organization", "Read the organization", None, Organisation),
    Endpoint(
        "PATCH",
        "/v1/organization",
        "Change the organization",
        OrganisationChange,
        Organisation,
        200,
        (*_WRITE, 409),
    ),
    Endpoint(
        "POST",
        "/v1/organization/ownership",
        "Give the organization to somebody else",
        Transfer,
        Member,
        200,
        (*_WRITE, "STEP_UP_REQUIRED"),
    ),
    Endpoint("GET", "/v1/teams", "List teams", None, list[Team], 200, (400,), query=PAGING),
    Endpoint("GET", _TEAM, "Read a team", None, Team, 200, ("NOT_FOUND",)),
    Endpoint(
        "POST", "/v1/teams", "Make a team", NewTeam, Team, 201, (*_WRITE, "DUPLICATE", "TOO_MANY")
    ),
    Endpoint(
        "PATCH",
        _TEAM,
        "Change a team",
        TeamChange,
        Team,
        200,
        (*_WRITE, "STEP_UP_REQUIRED", "NOT_FOUND", "DUPLICATE"),
    ),
    Endpoint(
        "DELETE", _TEAM, "Delete a team", None, Team, 200, ("FORBIDDEN", "NOT_FOUND", "IN_USE", 422)
    ),
    Endpoint(
        "GET",
        "/v1/access",
        "What I may do and why",
        None,
        list[Explained],
        200,
        (400,),
        query=_TYPE,
    ),
)
