"""Members: who belongs to the organisation, with which roles, in which team."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

import asyncpg
import msgspec
from msgspec import UNSET, Meta, UnsetType

from tenfold.accounts import people
from tenfold.accounts.events import note
from tenfold.accounts.identity import sessions, unproven
from tenfold.accounts.identity.account import checked_email, taken
from tenfold.accounts.organisation import api_keys, policy
from tenfold.accounts.organisation import roles as own_roles
from tenfold.accounts.organisation.administrator import Administrator
from tenfold.accounts.organisation.following import follow_later
from tenfold.db.database import Reader
from tenfold.engine import shares
from tenfold.engine.reassign import reassign_team
from tenfold.kernel.errors import (
    Conflict,
    Forbidden,
    Invalid,
    MissingFields,
    NotFound,
    Unauthenticated,
)
from tenfold.kernel.ids import new_id
from tenfold.kernel.language import say

_COLUMNS = """SELECT m.user_id AS id, u.kind, u.email, m.role, m.roles, m.team_id, m.active,
    m.created_at,
    CASE WHEN m.known_at IS NULL THEN '' ELSE u.first_name END AS first_name,
    CASE WHEN m.known_at IS NULL THEN '' ELSE u.last_name END AS last_name
FROM tenfold.members m JOIN tenfold.users u ON u.id = m.user_id
WHERE m.tenant_id = $1"""
_PAGE = (
    _COLUMNS
    + """ AND ($2::uuid IS NULL OR m.user_id > $2) AND ($4::boolean IS NULL OR m.active = $4)
    AND ($5::uuid IS NULL OR m.team_id = $5) AND ($6::text IS NULL OR m.role = $6)
    AND u.kind = $7 AND ($8 = '' OR strpos(lower(u.email), $8) > 0 OR (m.known_at IS NOT NULL
        AND strpos(lower(concat_ws(' ', u.first_name, u.last_name)), $8) > 0))
ORDER BY m.user_id LIMIT $3"""
)
_ONE = _COLUMNS + " AND m.user_id = $2"
_HABITS = """SELECT one.id, (SELECT max(s.seen_at) FROM tenfold.sessions s
        WHERE s.tenant_id = $1 AND s.user_id = one.id),
    EXISTS (SELECT 1 FROM tenfold.totp f WHERE f.user_id = one.id AND f.confirmed_at IS NOT NULL)
        OR EXISTS (SELECT 1 FROM tenfold.passkeys p WHERE p.user_id = one.id)
FROM unnest($2::uuid[]) AS one (id)"""
_IN_TEAMS = """SELECT team_id, count(*) FROM tenfold.members
WHERE tenant_id = $1 AND team_id IS NOT NULL GROUP BY team_id"""
_OTHER_OWNERS = """SELECT count(*) FROM tenfold.members m JOIN tenfold.users u ON u.id = m.user_id
WHERE m.tenant_id = $1 AND m.user_id <> $2 AND m.role = 'owner' AND m.active AND u.active
AND u.kind = 'person'"""
_USER = "SELECT id FROM tenfold.users WHERE email = $1 AND kind = 'person'"
_HERE = "SELECT 1 FROM tenfold.members WHERE tenant_id = $1 AND user_id = $2"
_NEW_USER = """INSERT INTO tenfold.users (id, email, first_name, last_name, password_hash)
VALUES ($1, $2, $3, $4, $5)"""
_ADD = """INSERT INTO tenfold.members (tenant_id, user_id, role, roles, team_id, known_at)
VALUES ($1, $2, $3, $4, $5, CASE WHEN $6 THEN now() END)"""
_CHANGE = """UPDATE tenfold.members SET role = $3, roles = $4, team_id = $5, active = $6
WHERE tenant_id = $1 AND user_id = $2"""
_SET_ROLE = "UPDATE tenfold.members SET role = $3 WHERE tenant_id = $1 AND user_id = $2"
_TEAM = "SELECT 1 FROM tenfold.teams WHERE tenant_id = $1 AND id = $2"

OrganisationRole = Literal["owner", "admin", "manager", "member", "read-only"]
Kind = Literal["person", "service"]
Roles = Annotated[list[str], Meta(max_length=50)]
Name = Annotated[str, Meta(min_length=1, max_length=100)]


class Member(msgspec.Struct, frozen=True, kw_only=True):
    """A person of the organisation; `id` is that of the person, as in `owner_id`.

    A program's service account is of the `kind` service. The names of somebody who had an account
    before are empty until they sign in to it.
    """

    id: UUID
    kind: Kind
    email: str
    first_name: str
    last_name: str
    role: OrganisationRole
    roles: list[str]
    team_id: UUID | None
    active: bool
    created_at: datetime
    leaves: dict[str, int] | UnsetType = UNSET
    """How much there is to hand over of somebody who was just deactivated, by record type."""


class NewMember(msgspec.Struct, frozen=True, kw_only=True):
    """A person to add: by the address of their account, or with names and a first password."""

    email: Annotated[str, Meta(max_length=320)]
    role: OrganisationRole = "member"
    roles: Roles = []
    team_id: UUID | None = None
    first_name: Name | None = None
    last_name: Name | None = None
    password: Annotated[str, Meta(max_length=1_000)] | None = None


class MemberChange(msgspec.Struct, frozen=True, kw_only=True):
    """What may be changed of a member."""

    role: OrganisationRole | UnsetType = UNSET
    roles: Roles | UnsetType = UNSET
    team_id: UUID | UnsetType | None = UNSET
    active: bool | UnsetType = UNSET


class Transfer(msgspec.Struct, frozen=True, kw_only=True):
    """Who becomes an owner in one's own place."""

    to: UUID


@dataclass(frozen=True, slots=True)
class Which:
    """Which members a list shows; None: all."""

    active: bool | None = None
    team: UUID | None = None
    role: str | None = None
    kind: Kind = "person"
    words: str = ""
    """A part of the name or the address."""


@dataclass(frozen=True, slots=True)
class Habit:
    """When somebody was here last, and whether they have a second factor."""

    seen_at: datetime | None
    enrolled: bool


async def page(
    reader: Reader, tenant: UUID, which: Which, after: UUID | None, limit: int
) -> list[Member]:
    """Members in the order they joined Tenfold, one more than `limit` where there are more."""
    words = " ".join(which.words.lower().split())
    asked = (which.active, which.team, which.role, which.kind, words)
    rows = await reader.rows(_PAGE, tenant, after, limit + 1, *asked)
    return [Member(**dict(row.items())) for row in rows]


async def habits(reader: Reader, tenant: UUID, ids: Sequence[UUID]) -> dict[UUID, Habit]:
    """How some members sign in, by id."""
    rows = await reader.rows(_HABITS, tenant, list(ids))
    return {row[0]: Habit(row[1], row[2]) for row in rows}


async def in_teams(reader: Reader, tenant: UUID) -> Counter[UUID]:
    """How many people and programs each team has."""
    return Counter({row[0]: row[1] for row in await reader.rows(_IN_TEAMS, tenant)})


async def one(reader: Reader, tenant: UUID, identity: UUID) -> Member:
    """A member; raises NotFound, for people of other organisations too."""
    row = await reader.row(_ONE, tenant, identity)
    if row is None:
        raise _missing(identity)
    return Member(**dict(row.items()))


async def add(
    act: Administrator, new: NewMember, password_hash: str, *, by_directory: bool = False
) -> Member:
    """Make a person a member, with a new account where there is none for the address.

    One that a directory makes has no password; its owner sets one by a mailed link. One that was
    never confirmed is nobody's yet: a directory's people come in by a mailed link alone, others are
    invited.
    """
    act.need("add_members")
    chosen = sorted(set(new.roles))
    await check_place(act, new.role, chosen, new.team_id)
    user, made = await _account(act, new, password_hash, by_directory=by_directory)
    try:
        await act.tx.execute(_ADD, act.tenant, user, new.role, chosen, new.team_id, made)
    except asyncpg.UniqueViolationError:
        raise Conflict(
            say("This person is a member already; change them instead."),
            code="DUPLICATE",
            fields={"email": say("is a member already")},
        ) from None
    await policy.ask_member(act.tx, act.tenant, user)
    act.tx.touch("members")
    await note(
        act.tx,
        "member_added",
        act.client,
        tenant=act.tenant,
        user=user,
        role=new.role,
        roles=chosen,
    )
    return await one(act.tx, act.tenant, user)


async def change(
    act: Administrator, identity: UUID, wanted: MemberChange, kind: Kind = "person"
) -> Member:
    """Change a member's roles, team or whether they belong; effective at their next request."""
    old = await one(act.tx, act.tenant, identity)
    if old.kind != kind:
        raise _missing(identity)
    role = old.role if wanted.role is UNSET else wanted.role
    roles = old.roles if wanted.roles is UNSET else sorted(set(wanted.roles))
    team = old.team_id if wanted.team_id is UNSET else wanted.team_id
    active = old.active if wanted.active is UNSET else wanted.active
    new = msgspec.structs.replace(old, role=role, roles=roles, team_id=team, active=active)
    if new == old:
        return old
    leaves = old.active and not active
    _need(act, old, new)
    await check_place(act, role, set(roles) - set(old.roles), team, old.role)
    await _check_owners(act, old, new)
    await act.tx.execute(_CHANGE, act.tenant, identity, role, roles, team, active)
    await policy.ask_member(act.tx, act.tenant, identity)
    act.tx.touch("members")
    if team != old.team_id:
        await reassign_team(act.tx, act.registry, identity, team)
        await follow_later(act.tx, identity, old.team_id)
    if leaves:
        await sessions.end_all(act.tx, identity, "left", tenant=act.tenant)
        await api_keys.revoke_all(act.tx, act.client, act.tenant, identity)
        await shares.end_with(act.tx, identity)
    await _note_change(act, old, new)
    return await one(act.tx, act.tenant, identity)


def _missing(identity: UUID) -> NotFound:
    return NotFound(f"There is no member with the id {identity}.")


async def transfer(act: Administrator, to: UUID) -> Member:
    """Make somebody else an owner, and the owner who does it an admin; answers the new owner."""
    act.need("transfer_ownership")
    if to == act.person.user:
        raise Invalid({"to": say("is you; name somebody else")})
    try:
        before = await one(act.tx, act.tenant, to)
        await people.load(act.tx, act.tenant, to)
    except (NotFound, Unauthenticated):
        before = None
    if before is None or before.kind != "person":
        raise Invalid({"to": f"there is no active person with the id {to} in this organisation"})
    await act.tx.execute(_SET_ROLE, act.tenant, to, "owner")
    await act.tx.execute(_SET_ROLE, act.tenant, act.person.user, "admin")
    await policy.ask_member(act.tx, act.tenant, to)
    act.tx.touch("members")
    told = {"role_before": before.role, "former_owner": act.person.user}
    await note(act.tx, "ownership_transferred", act.client, tenant=act.tenant, user=to, **told)
    return await one(act.tx, act.tenant, to)


async def end_sessions(act: Administrator, identity: UUID) -> int:
    """End all sessions of a member in this organisation; answers how many."""
    member = await need_may_end(act, identity)
    ended = await sessions.end_all(act.tx, member.id, "revoked", tenant=act.tenant)
    await act.tx.forget_people(ended)
    about = {"tenant": act.tenant, "user": member.id}
    await note(act.tx, "session_revoked", act.client, **about, sessions=len(ended))
    return len(ended)


async def need_may_end(act: Administrator, identity: UUID) -> Member:
    """The member whose sessions are to end; raises Forbidden for an owner's, by who is none."""
    member = await one(act.tx, act.tenant, identity)
    if member.role == "owner" and act.person.role != "owner":
        raise Forbidden(say("Only an owner may end the sessions of an owner."))
    return member


async def check_place(
    act: Administrator,
    role: OrganisationRole,
    added: Iterable[str],
    team: UUID | None,
    before: str = "",
) -> None:
    """Raise Invalid for roles and teams that are not there, Forbidden to make an owner.

    Who makes somebody an administrator has proved lately who they are.
    """
    problems: dict[str, str] = {}
    known = await own_roles.known(act.tx, act.tenant, act.registry)
    if unknown := sorted(set(added) - known):
        names = ", ".join(sorted(known))
        problems["roles"] = f"there is no role {unknown[0][:60]!r}; there are {names}"
    if team is not None and not await act.tx.value(_TEAM, act.tenant, team):
        problems["team_id"] = f"there is no team with the id {team}"
    if problems:
        raise Invalid(problems)
    if role != before and role in ("owner", "admin"):
        act.need("make_owners" if role == "owner" else "make_admins")


def _need(act: Administrator, old: Member, new: Member) -> None:
    """Raise Forbidden where a change wants who has proved lately who they are."""
    if (old.role, old.roles, old.team_id) != (new.role, new.roles, new.team_id):
        act.need("place_members")
    if old.active == new.active:
        return
    if new.active:
        act.need("reactivate_members")
    elif old.kind == "person":  # a program is taken out of use at once, as a key is revoked
        act.need("deactivate_members")


async def _check_owners(act: Administrator, old: Member, new: Member) -> None:
    """Only owners change owners, and one always stays."""
    if old.role != "owner":
        return
    if act.person.role != "owner":
        raise Forbidden(say("Only an owner may change an owner; ask one of them to do it."))
    leaves = old.active and (new.role != "owner" or not new.active)
    if leaves and not await act.tx.value(_OTHER_OWNERS, act.tenant, old.id):
        raise Conflict(
            say("The organisation would have no owner; make somebody else one first."),
            code="LAST_OWNER",
        )


async def _account(
    act: Administrator, new: NewMember, password_hash: str, *, by_directory: bool
) -> tuple[UUID, bool]:
    """The account of an address, and whether it was made now."""
    tx, email = act.tx, checked_email(new.email)
    found: UUID | None = await tx.value(_USER, email)
    if found is not None:
        # One of this organisation's making has a place here already.
        if not await tx.value(_HERE, act.tenant, found) and await unproven.unproven(tx, found):
            if not by_directory:
                problem = "has an account whose address was never confirmed; invite them instead"
                raise Conflict(f"{email} {problem}.", code="EMAIL_TAKEN", fields={"email": problem})
            await unproven.strip(tx, found)
        if new.password:
            raise Conflict(
                say("This person has an account already; leave the password out to add them."),
                code="EMAIL_TAKEN",
                fields={"password": say("leave it out: the account has one")},
            )
        return found, False
    needed = {
        "first_name": new.first_name,
        "last_name": new.last_name,
        "password": new.password,
    }
    missing = [name for name, value in needed.items() if not (value or "").strip()]
    if missing and not by_directory:
        raise MissingFields(
            dict.fromkeys(missing, say("is required for a person without an account"))
        )
    user, first, last = new_id(), str(new.first_name).strip(), str(new.last_name).strip()
    try:
        await tx.execute(_NEW_USER, user, email, first, last, password_hash or None)
    except asyncpg.UniqueViolationError:
        raise taken() from None
    return user, True


async def _note_change(act: Administrator, old: Member, new: Member) -> None:
    if old.active != new.active:
        event = "member_reactivated" if new.active else "member_deactivated"
        await note(act.tx, event, act.client, tenant=act.tenant, user=old.id)
    before = {"role": old.role, "roles": old.roles, "team_id": old.team_id}
    after = {"role": new.role, "roles": new.roles, "team_id": new.team_id}
    if before != after:
        await note(
            act.tx,
            "permission_changed",
            act.client,
            tenant=act.tenant,
            user=old.id,
            before=before,
            after=after,
        )
