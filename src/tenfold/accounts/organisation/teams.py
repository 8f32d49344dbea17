"""Teams: a tree; a team's people also see what belongs to the teams below it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated
from uuid import UUID

import asyncpg
import msgspec
from msgspec import UNSET, Meta, UnsetType

from tenfold.accounts.events import note
from tenfold.accounts.organisation.administrator import Administrator
from tenfold.db.database import Reader, Transaction
from tenfold.engine import shares
from tenfold.kernel.errors import Conflict, Invalid, NotFound
from tenfold.kernel.ids import new_id
from tenfold.kernel.language import say

MOST, DEEPEST = 500, 10

_PAGE = """SELECT id, name, parent_id, created_at FROM tenfold.teams
WHERE tenant_id = $1 AND ($2::uuid IS NULL OR id > $2) ORDER BY id LIMIT $3"""
_ONE = """SELECT id, name, parent_id, created_at FROM tenfold.teams
WHERE tenant_id = $1 AND id = $2"""
_BEGINNING = """SELECT id, name, parent_id, created_at FROM tenfold.teams
WHERE tenant_id = $1 AND starts_with(lower(name), $2) ORDER BY lower(name), id LIMIT $3"""
_PARENTS = "SELECT id, parent_id FROM tenfold.teams WHERE tenant_id = $1"
_ADD = "INSERT INTO tenfold.teams (tenant_id, id, name, parent_id) VALUES ($1, $2, $3, $4)"
_CHANGE = "UPDATE tenfold.teams SET name = $3, parent_id = $4 WHERE tenant_id = $1 AND id = $2"
_USED = """SELECT (SELECT count(*) FROM tenfold.members WHERE tenant_id = $1 AND team_id = $2),
    (SELECT count(*) FROM tenfold.teams WHERE tenant_id = $1 AND parent_id = $2)"""
_REMOVE = "DELETE FROM tenfold.teams WHERE tenant_id = $1 AND id = $2"

Name = Annotated[str, Meta(min_length=1, max_length=100)]


class Team(msgspec.Struct, frozen=True, kw_only=True):
    """A team and the one that it is part of."""

    id: UUID
    name: str
    parent_id: UUID | None
    created_at: datetime


class NewTeam(msgspec.Struct, frozen=True, kw_only=True):
    """A team to make."""

    name: Name
    parent_id: UUID | None = None


class TeamChange(msgspec.Struct, frozen=True, kw_only=True):
    """What may be changed of a team."""

    name: Name | UnsetType = UNSET
    parent_id: UUID | UnsetType | None = UNSET


async def page(reader: Reader, tenant: UUID, after: UUID | None, limit: int) -> list[Team]:
    """Teams in the order they were made, one more than `limit` where there are more."""
    rows = await reader.rows(_PAGE, tenant, after, limit + 1)
    return [Team(**dict(row.items())) for row in rows]


async def one(reader: Reader, tenant: UUID, identity: UUID) -> Team:
    """A team; raises NotFound."""
    row = await reader.row(_ONE, tenant, identity)
    if row is None:
        raise NotFound(f"There is no team with the id {identity}.")
    return Team(**dict(row.items()))


async def beginning(reader: Reader, tenant: UUID, text: str, most: int) -> list[Team]:
    """The teams whose name begins so, whatever its case; there are few, no index is needed."""
    rows = await reader.rows(_BEGINNING, tenant, text.strip().lower(), most)
    return [Team(**dict(row.items())) for row in rows]


async def create(act: Administrator, new: NewTeam) -> Team:
    """Make a team."""
    tx, tenant, identity = act.tx, act.tenant, new_id()
    parents = await _parents(tx, tenant)
    if len(parents) >= MOST:
        raise Conflict(say("An organisation may have %(most)s teams.", most=MOST), code="TOO_MANY")
    _check_tree({**parents, identity: new.parent_id}, identity)
    await _store(tx, _ADD, identity, new.name, new.parent_id)
    return await _noted(act, await one(tx, tenant, identity), "made")


async def change(act: Administrator, identity: UUID, wanted: TeamChange) -> Team:
    """Rename a team or make it part of another."""
    tx, tenant = act.tx, act.tenant
    old = await one(tx, tenant, identity)
    parent = old.parent_id if wanted.parent_id is UNSET else wanted.parent_id
    if parent != old.parent_id:  # the tree decides who sees what
        act.need("move_teams")
    _check_tree({**await _parents(tx, tenant), identity: parent}, identity)
    await _store(tx, _CHANGE, identity, old.name if wanted.name is UNSET else wanted.name, parent)
    new = await one(tx, tenant, identity)
    return new if new == old else await _noted(act, new, "changed", before=_told(old))


async def remove(act: Administrator, identity: UUID) -> Team:
    """Delete an empty team; Conflict while it has people or teams."""
    tx, tenant = act.tx, act.tenant
    old = await one(tx, tenant, identity)
    (row,) = await tx.rows(_USED, tenant, identity)
    if row[0] or row[1]:
        raise Conflict(
            say(
                "%(name)s still has %(row)s people and %(row_)s teams; move those first.",
                name=old.name,
                row=row[0],
                row_=row[1],
            ),
            code="IN_USE",
        )
    await tx.execute(_REMOVE, tenant, identity)
    await shares.end_with(tx, identity)
    tx.touch("members")
    return await _noted(act, old, "deleted")


async def _noted(
    act: Administrator, team: Team, done: str, before: dict[str, object] | None = None
) -> Team:
    """Write down what was done: the tree decides who sees what."""
    await note(
        act.tx,
        "permission_changed",
        act.client,
        tenant=act.tenant,
        done=done,
        team=_told(team),
        before=before,
    )
    return team


def _told(team: Team) -> dict[str, object]:
    return {"id": team.id, "name": team.name, "parent_id": team.parent_id}


async def _parents(reader: Reader, tenant: UUID) -> dict[UUID, UUID | None]:
    return {row[0]: row[1] for row in await reader.rows(_PARENTS, tenant)}


def _check_tree(parents: Mapping[UUID, UUID | None], moved: UUID) -> None:
    """Raise Invalid unless the teams are a tree of at most DEEPEST levels."""
    above = parents[moved]
    if above is not None and above not in parents:
        raise Invalid({"parent_id": f"there is no team with the id {above}"})
    for start in parents:
        team: UUID | None = start
        levels = 0
        while team is not None:
            levels += 1
            if levels > 1 and team == start:
                raise Invalid({"parent_id": say("is the team itself or a part of it")})
            if levels > DEEPEST:
                raise Invalid(
                    {
                        "parent_id": say(
                            "would make more than %(deepest)s levels of teams", deepest=DEEPEST
                        )
                    }
                )
            team = parents.get(team)


async def _store(tx: Transaction, sql: str, identity: UUID, name: str, parent: UUID | None) -> None:
    clean = " ".join(name.split())
    if not clean:
        raise Invalid({"name": say("must not be blank")})
    try:
        await tx.execute(sql, tx.context.tenant, identity, clean, parent)
    except asyncpg.UniqueViolationError:
        raise Conflict(
            say("Another team has this name."), code="DUPLICATE", fields={"name": say("is taken")}
        ) from None
    tx.touch("members")
