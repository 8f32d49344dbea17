"""The teams as a tree: made, renamed, moved and deleted."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from litestar import get, post
from litestar.response.base import ASGIResponse

from tenfold.accounts.identity.tokens import Claims
from tenfold.accounts.organisation import members, teams
from tenfold.accounts.organisation.teams import NewTeam, Team, TeamChange
from tenfold.kernel.errors import Conflict, Invalid, TenfoldError
from tenfold.kernel.language import say
from tenfold.kernel.structs import convert
from tenfold.web.pages.admin.around import Act, acting, entering, identified, looking, page
from tenfold.web.pages.admin.places import branched
from tenfold.web.pages.session import Form, Req
from tenfold.web.pages.typed import Typed, mistyped

PLACE = "/admin/teams"
_FIELDS = ("name", "parent_id")


@dataclass(frozen=True, slots=True)
class Node:
    """A team in the tree; the one that is being changed has its form, all others a link to it."""

    team: Team
    depth: int
    people: int
    parts: int
    form: Typed | None
    parents: tuple[tuple[str, str], ...]


@get(PLACE)
async def teams_page(request: Req, change: str = "") -> ASGIResponse:
    """The tree; the form of the team to `change`, as each offers all others to be part of."""
    claims = await entering(request, "page-admin-teams")
    return await _page(request, claims, about=identified(change) if change else None)


@post(PLACE, status_code=200)
async def create(request: Req) -> ASGIResponse:
    """Make a team."""
    act = await acting(request, "page-admin-teams")
    try:
        new = convert(_given(act.form), NewTeam)
        async with act.changing() as by:
            made = await teams.create(by, new)
    except (Invalid, Conflict) as error:
        return await _page(request, act.claims, act, error)
    return act.done(say("The team %(name)s is made.", name=made.name), PLACE)


@post(f"{PLACE}/{{team_id:str}}", status_code=200)
async def change(request: Req, team_id: str) -> ASGIResponse:
    """Rename a team, or make it part of another."""
    act = await acting(request, "page-admin-team")
    identity = identified(team_id)
    try:
        wanted = convert(_given(act.form), TeamChange)
        async with act.changing() as by:
            done = await teams.change(by, identity, wanted)
    except (Invalid, Conflict) as error:
        return await _page(request, act.claims, act, error, identity)
    return act.done(say("%(name)s is changed.", name=done.name), PLACE)


@post(f"{PLACE}/{{team_id:str}}/delete", status_code=200)
async def delete(request: Req, team_id: str) -> ASGIResponse:
    """Delete a team that has no people and no parts."""
    act = await acting(request, "page-admin-team-delete")
    try:
        async with act.changing() as by:
            gone = await teams.remove(by, identified(team_id))
    except Conflict as error:
        return act.refused(error, PLACE)
    return act.done(say("The team %(name)s is deleted.", name=gone.name), PLACE)


def _given(form: Form) -> dict[str, Any]:
    return {"name": form.get("name").strip(), "parent_id": form.get("parent_id") or None}


async def _page(
    request: Req,
    claims: Claims,
    act: Act | None = None,
    error: TenfoldError | None = None,
    about: UUID | None = None,
) -> ASGIResponse:
    again = mistyped(act.form, _FIELDS, error) if act is not None and error is not None else None
    async with looking(request, claims) as guest:
        found = await teams.page(guest.reader, guest.person.tenant, None, teams.MOST)
        if about is not None:
            await teams.one(guest.reader, guest.person.tenant, about)
        tree = branched(found)
        people = await members.in_teams(guest.reader, guest.person.tenant)
        view: dict[str, Any] = {
            "tree": [
                _node(one, depth, tree, people, (again or _held(one)) if one.id == about else None)
                for one, depth in tree
            ],
            "parents": _parents(tree, None),
            "typed": again if again and about is None else Typed(),
            "adding": again is not None and about is None,
        }
        status = error.status if error is not None else 200
        return page(guest, "teams.html", say("Teams"), status=status, **view)


def _node(
    one: Team,
    depth: int,
    tree: list[tuple[Team, int]],
    people: Counter[UUID],
    form: Typed | None,
) -> Node:
    parts = sum(1 for other, _ in tree if other.parent_id == one.id)
    parents = () if form is None else _parents(tree, one.id)
    return Node(one, depth, people[one.id], parts, form, parents)


def _held(one: Team) -> Typed:
    return Typed("name", {"name": one.name, "parent_id": str(one.parent_id or "")})


def _parents(tree: list[tuple[Team, int]], moved: UUID | None) -> tuple[tuple[str, str], ...]:
    """What a team may be part of: all but itself and its own parts."""
    left: list[tuple[str, str]] = [("", say("No other team"))]
    below: int | None = None
    for one, depth in tree:
        if below is not None and depth > below:
            continue
        below = depth if one.id == moved else None
        if one.id != moved:
            left.append((str(one.id), "\u2003" * depth + one.name))
    return tuple(left)


HANDLERS = [teams_page, create, change, delete]
