"""Service accounts: members that are programs, with roles as people have, and keys alone."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

import msgspec
from msgspec import UNSET, Meta, UnsetType

from tenfold.accounts.events import Event, note
from tenfold.accounts.organisation import members
from tenfold.accounts.organisation.administrator import Administrator
from tenfold.accounts.organisation.members import (
    Member,
    MemberChange,
    OrganisationRole,
    Roles,
    Which,
)
from tenfold.db.database import Reader
from tenfold.kernel.errors import Conflict, Invalid, NotFound
from tenfold.kernel.ids import new_id
from tenfold.kernel.language import say

MOST = 100
_COUNT = """SELECT count(*) FROM tenfold.members m JOIN tenfold.users u ON u.id = m.user_id
WHERE m.tenant_id = $1 AND u.kind = 'service'"""
# The second name says in lists of people what it is; nobody has the address.
_NEW = """INSERT INTO tenfold.users (id, email, first_name, last_name, kind)
VALUES ($1, $2, $3, '(service)', 'service')"""
_ADD = """INSERT INTO tenfold.members (tenant_id, user_id, role, roles, team_id)
VALUES ($1, $2, $3, $4, $5)"""
_RENAME = "UPDATE tenfold.users SET first_name = $2 WHERE id = $1 AND kind = 'service'"

ServiceRole = Literal["admin", "manager", "member", "read-only"]
Name = Annotated[str, Meta(min_length=1, max_length=100)]


class ServiceAccount(msgspec.Struct, frozen=True, kw_only=True):
    """A program's place in the organisation; `id` is what its records are owned and made by."""

    id: UUID
    name: str
    role: OrganisationRole
    roles: list[str]
    team_id: UUID | None
    active: bool
    created_at: datetime


class NewServiceAccount(msgspec.Struct, frozen=True, kw_only=True):
    """A service account to make; its keys are made at /v1/api-keys with its id as `user_id`."""

    name: Name
    role: ServiceRole = "member"
    roles: Roles = []
    team_id: UUID | None = None


class ServiceAccountChange(msgspec.Struct, frozen=True, kw_only=True):
    """What may be changed of a service account; one that is made inactive loses its keys."""

    name: Name | UnsetType = UNSET
    role: ServiceRole | UnsetType = UNSET
    roles: Roles | UnsetType = UNSET
    team_id: UUID | UnsetType | None = UNSET
    active: bool | UnsetType = UNSET


async def page(
    reader: Reader, tenant: UUID, active: bool | None, after: UUID | None, limit: int
) -> list[ServiceAccount]:
    """Service accounts in the order they were made, one more than `limit` where there are more."""
    which = Which(active=active, kind="service")
    return [_shown(one) for one in await members.page(reader, tenant, which, after, limit)]


async def one(reader: Reader, tenant: UUID, identity: UUID) -> ServiceAccount:
    """A service account; raises NotFound, for people, too."""
    return _shown(await _member(reader, tenant, identity))


async def create(act: Administrator, new: NewServiceAccount) -> ServiceAccount:
    """Make a service account; needs somebody who has proved lately who they are."""
    act.need("change_programs")
    name, roles = _clean(new.name), sorted(set(new.roles))
    await members.check_place(act, new.role, roles, new.team_id)
    if await act.tx.value(_COUNT, act.tenant) >= MOST:
        raise Conflict(say("There can be %(most)s service accounts.", most=MOST), code="TOO_MANY")
    identity = new_id()
    await act.tx.execute(_NEW, identity, f"{identity.hex}@service.invalid", name)
    await act.tx.execute(_ADD, act.tenant, identity, new.role, roles, new.team_id)
    act.tx.touch("members")
    await _note(act, "service_account_created", identity, name=name, role=new.role, roles=roles)
    return await one(act.tx, act.tenant, identity)


async def change(
    act: Administrator, identity: UUID, wanted: ServiceAccountChange
) -> ServiceAccount:
    """Change a service account; all but taking it out of use needs who has proved who they are."""
    old = await _member(act.tx, act.tenant, identity)
    given = {k: v for k, v in msgspec.structs.asdict(wanted).items() if v is not UNSET}
    if given != {"active": False}:
        act.need("change_programs")
    if (name := given.pop("name", None)) is not None:
        await act.tx.execute(_RENAME, old.id, _clean(name))
        act.tx.touch("members")
    await members.change(act, identity, MemberChange(**given), kind="service")
    new = await one(act.tx, act.tenant, identity)
    if new != _shown(old):
        await _note(act, "service_account_changed", identity, before=_shown(old), after=new)
    return new


async def _member(reader: Reader, tenant: UUID, identity: UUID) -> Member:
    missing = NotFound(f"There is no service account with the id {identity}.")
    try:
        found = await members.one(reader, tenant, identity)
    except NotFound:
        raise missing from None
    if found.kind != "service":
        raise missing
    return found


async def _note(act: Administrator, event: Event, identity: UUID, **told: object) -> None:
    await note(act.tx, event, act.client, tenant=act.tenant, user=identity, **told)


def _clean(name: str) -> str:
    clean = " ".join(name.split())
    if not clean:
        raise Invalid({"name": say("must not be blank")})
    return clean


def _shown(member: Member) -> ServiceAccount:
    return ServiceAccount(
        id=member.id,
        name=member.first_name,
        role=member.role,
        roles=member.roles,
        team_id=member.team_id,
        active=member.active,
        created_at=member.created_at,
    )
