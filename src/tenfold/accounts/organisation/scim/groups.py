"""Teams as a directory provisions them: groups of people, each of whom is in one at a time.

Which team is part of which is arranged in Tenfold and stays as it is.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID

import asyncpg
from scim2_models import Meta, Reference

from tenfold.accounts.organisation import members, teams
from tenfold.accounts.organisation.administrator import Administrator
from tenfold.accounts.organisation.members import MemberChange
from tenfold.accounts.organisation.scim.finding import Narrowed
from tenfold.accounts.organisation.scim.models import Group, Member, WrittenGroup, WrittenMember
from tenfold.accounts.organisation.teams import NewTeam, TeamChange
from tenfold.db.database import Reader
from tenfold.kernel.errors import Conflict, Invalid, NotFound
from tenfold.kernel.ids import NIL, parse_id

_COLUMNS = "SELECT id, name, external_id, created_at FROM tenfold.teams WHERE tenant_id = $1"
_PAGE = f"""{_COLUMNS} AND ($2::text IS NULL OR lower(name) = lower($2))
    AND ($3::text IS NULL OR external_id = $3) AND ($4::uuid IS NULL OR id = $4)
ORDER BY id OFFSET $5 LIMIT $6"""
_COUNT = "SELECT count(*) FROM tenfold.teams WHERE tenant_id = $1"
_ONE = f"{_COLUMNS} AND id = $2"
_IN = """SELECT m.team_id, m.user_id FROM tenfold.members m
JOIN tenfold.users u ON u.id = m.user_id
WHERE m.tenant_id = $1 AND m.team_id = ANY ($2) AND u.kind = 'person'
    AND (m.active OR m.external_id IS NOT NULL) ORDER BY m.user_id"""
_ANYBODY = """SELECT m.user_id, u.kind FROM tenfold.members m
JOIN tenfold.users u ON u.id = m.user_id WHERE m.tenant_id = $1 AND m.team_id = $2"""
_KNOWN = """SELECT m.user_id FROM tenfold.members m JOIN tenfold.users u ON u.id = m.user_id
WHERE m.tenant_id = $1 AND m.user_id = ANY ($2) AND u.kind = 'person'
    AND (m.active OR m.external_id IS NOT NULL)"""
_EXTERNAL = "UPDATE tenfold.teams SET external_id = $3 WHERE tenant_id = $1 AND id = $2"


async def count(reader: Reader, tenant: UUID) -> int:
    """How many teams there are."""
    return await reader.value(_COUNT, tenant)


async def page(
    reader: Reader,
    tenant: UUID,
    base: str,
    narrowed: Narrowed,
    place: int,
    most: int,
    *,
    people: bool = True,
) -> list[Group]:
    """So many teams from a place on, with their people or without."""
    identity = narrowed["id"]
    rows = await reader.rows(
        _PAGE,
        tenant,
        narrowed["displayName"],
        narrowed["externalId"],
        None if identity is None else parse_id(identity) or NIL,
        place,
        most,
    )
    inside = await _inside(reader, tenant, [row["id"] for row in rows] if people else [])
    return [_shown(row, base, inside.get(row["id"], [])) for row in rows]


async def one(reader: Reader, tenant: UUID, base: str, identity: UUID) -> Group:
    """A team with its people; raises NotFound."""
    row = await reader.row(_ONE, tenant, identity)
    if row is None:
        raise NotFound(f"There is no group with the id {identity}.")
    inside = await _inside(reader, tenant, [identity])
    return _shown(row, base, inside.get(identity, []))


async def create(act: Administrator, given: WrittenGroup) -> UUID:
    """Make a team of these people."""
    identity = (await teams.create(act, NewTeam(name=_name(given)))).id
    await _known_as(act, identity, given)
    await _gather(act, identity, await _people(act, given), set())
    return identity


async def change(act: Administrator, identity: UUID, given: WrittenGroup) -> None:
    """Make a team what is given; of what is not given, nothing changes."""
    old = await one(act.tx, act.tenant, "", identity)
    if (name := _name(given)) != old.display_name:
        await teams.change(act, identity, TeamChange(name=name))
    if "external_id" in given.model_fields_set and given.external_id != old.external_id:
        await _known_as(act, identity, given)
    if "members" in given.model_fields_set:
        before = {UUID(one.value) for one in old.members or [] if one.value}
        await _gather(act, identity, await _people(act, given), before)


async def remove(act: Administrator, identity: UUID) -> None:
    """Delete a team; its people stay in the organisation. Conflict where it has teams below it."""
    await one(act.tx, act.tenant, "", identity)
    for user, kind in await act.tx.rows(_ANYBODY, act.tenant, identity):
        await members.change(act, user, MemberChange(team_id=None), kind=kind)
    await teams.remove(act, identity)


async def writable(reader: Reader, tenant: UUID, identity: UUID) -> WrittenGroup:
    """What of a team may be written, as it is."""
    there = await one(reader, tenant, "", identity)
    people = [WrittenMember(value=m.value, type="User") for m in there.members or []]
    return WrittenGroup(
        id=there.id,
        external_id=there.external_id,
        display_name=there.display_name,
        members=people,
    )


async def _gather(
    act: Administrator, identity: UUID, people: Iterable[UUID], before: set[UUID]
) -> None:
    """Let these people be in the team, and nobody else."""
    after = set(people)
    for user in sorted(before - after):
        await members.change(act, user, MemberChange(team_id=None))
    for user in sorted(after - before):
        await members.change(act, user, MemberChange(team_id=identity))


async def _people(act: Administrator, given: WrittenGroup) -> list[UUID]:
    """The members of a group by their ids; raises Invalid for who is not there."""
    wanted: list[UUID] = []
    for one_of in given.members or []:
        if (one_of.type or "User").lower() != "user":
            raise Invalid({"members": "takes users; teams within teams are arranged in Tenfold"})
        wanted.append(parse_id(one_of.value or "") or NIL)
    rows = await act.tx.rows(_KNOWN, act.tenant, wanted)
    there = {row[0] for row in rows}
    for place, user in enumerate(wanted):
        if user not in there:
            raise Invalid({f"members[{place}].value": "is not the id of a user"})
    return wanted


async def _inside(
    reader: Reader, tenant: UUID, identities: Sequence[UUID]
) -> Mapping[UUID, list[UUID]]:
    found: dict[UUID, list[UUID]] = {}
    for team, user in await reader.rows(_IN, tenant, identities):
        found.setdefault(team, []).append(user)
    return found


def _shown(row: asyncpg.Record, base: str, people: Sequence[UUID]) -> Group:
    return Group(
        id=str(row["id"]),
        external_id=row["external_id"],
        display_name=row["name"],
        members=[_member(base, user) for user in people] or None,
        meta=Meta(
            resource_type="Group",
            created=row["created_at"],
            location=f"{base}/Groups/{row['id']}",
        ),
    )


def _member(base: str, user: UUID) -> Member:
    place: Reference[Any] = Reference(f"{base}/Users/{user}")
    return Member(value=str(user), ref=place, type="User")


def _name(given: WrittenGroup) -> str:
    name = " ".join((given.display_name or "").split())
    if not 0 < len(name) <= 100 or "\x00" in name:
        raise Invalid({"displayName": "must have 1 to 100 characters"})
    return name


async def _known_as(act: Administrator, identity: UUID, given: WrittenGroup) -> None:
    external = given.external_id or None
    if external is not None and len(external) > 300:
        raise Invalid({"externalId": "must have at most 300 characters"})
    try:
        await act.tx.execute(_EXTERNAL, act.tenant, identity, external)
    except asyncpg.UniqueViolationError:
        raise Conflict("Another group has this externalId.", code="DUPLICATE") from None
