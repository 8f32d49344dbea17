"""People as a directory provisions them: members of the organisation, each with their account.

An account is its person's own. A directory makes one where there is none, and may give it another
address while nobody has used it; it lets people in, says what they may do, and lets them go.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import asyncpg
from msgspec import UNSET, UnsetType
from scim2_models import Meta, MutabilityException, Reference

from tenfold.accounts.events import note
from tenfold.accounts.identity.account import checked_email, plain_email
from tenfold.accounts.organisation import members
from tenfold.accounts.organisation import roles as own_roles
from tenfold.accounts.organisation.administrator import Administrator
from tenfold.accounts.organisation.members import MemberChange, NewMember, OrganisationRole
from tenfold.accounts.organisation.scim.finding import Narrowed
from tenfold.accounts.organisation.scim.models import (
    ROLES,
    Email,
    Name,
    Role,
    Team,
    User,
    WrittenRole,
    WrittenUser,
)
from tenfold.db.database import Reader
from tenfold.kernel.errors import Conflict, Forbidden, Invalid, NotFound
from tenfold.kernel.ids import NIL, parse_id

# Whom a directory knows: all who belong, and of those who don't whom it has made inactive. Who has
# no id of its making has their own; without any they are gone for it, and may be made anew.
_KNOWN = """FROM tenfold.members m JOIN tenfold.users u ON u.id = m.user_id
LEFT JOIN tenfold.teams t ON t.tenant_id = m.tenant_id AND t.id = m.team_id
WHERE m.tenant_id = $1 AND u.kind = 'person' AND (m.active OR m.external_id IS NOT NULL)"""
_COLUMNS = f"""SELECT m.user_id AS id, u.email, m.known_at IS NOT NULL AS known, u.first_name,
    u.last_name, m.role, m.roles, m.team_id, t.name AS team, m.active, m.created_at,
    nullif(m.external_id, m.user_id::text) AS external_id {_KNOWN}"""
_PAGE = f"""{_COLUMNS} AND ($2::text IS NULL OR u.email = $2)
    AND ($3::text IS NULL OR m.external_id = $3) AND ($4::uuid IS NULL OR m.user_id = $4)
ORDER BY m.user_id OFFSET $5 LIMIT $6"""
_COUNT = f"SELECT count(*) {_KNOWN}"
_ONE = f"{_COLUMNS} AND m.user_id = $2"
_MEMBER = """SELECT m.user_id, m.active OR m.external_id IS NOT NULL
FROM tenfold.members m JOIN tenfold.users u ON u.id = m.user_id
WHERE m.tenant_id = $1 AND u.email = $2 AND u.kind = 'person'"""
_EXTERNAL = """UPDATE tenfold.members SET external_id = $3
WHERE tenant_id = $1 AND user_id = $2"""
# Nobody else's: known here, and in no other organisation.
_OURS = """SELECT m.known_at IS NOT NULL AND NOT EXISTS (
    SELECT 1 FROM tenfold.memberships($2) o WHERE o.tenant_id <> $1)
FROM tenfold.members m WHERE m.tenant_id = $1 AND m.user_id = $2"""
# Nobody's yet: there is no way in that somebody has used or set up.
_UNUSED = """SELECT u.password_hash IS NULL AND u.email_verified_at IS NULL
    AND NOT EXISTS (SELECT 1 FROM tenfold.sessions s WHERE s.user_id = u.id)
    AND NOT EXISTS (SELECT 1 FROM tenfold.passkeys p WHERE p.user_id = u.id)
    AND NOT EXISTS (SELECT 1 FROM tenfold.identities i WHERE i.user_id = u.id)
FROM tenfold.users u WHERE u.id = $1"""
_NAMES = "UPDATE tenfold.users SET first_name = $2, last_name = $3 WHERE id = $1"
_ADDRESS = "UPDATE tenfold.users SET email = $2 WHERE id = $1"


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to be of a person; what is not set stays."""

    external_id: str | UnsetType | None = UNSET
    names: tuple[str, str] | UnsetType = UNSET
    role: OrganisationRole | UnsetType = UNSET
    roles: list[str] | UnsetType = UNSET
    active: bool | UnsetType = UNSET


async def count(reader: Reader, tenant: UUID) -> int:
    """How many people a directory knows."""
    return await reader.value(_COUNT, tenant)


async def page(
    reader: Reader, tenant: UUID, base: str, narrowed: Narrowed, place: int, most: int
) -> list[User]:
    """So many people from a place on."""
    address = narrowed["userName"] or narrowed["emails.value"] or narrowed["emails"]
    identity = narrowed["id"]
    rows = await reader.rows(
        _PAGE,
        tenant,
        None if address is None else plain_email(address),
        narrowed["externalId"],
        None if identity is None else parse_id(identity) or NIL,
        place,
        most,
    )
    return [shown(row, base) for row in rows]


async def one(reader: Reader, tenant: UUID, base: str, identity: UUID) -> User:
    """A person; raises NotFound."""
    return shown(await _row(reader, tenant, identity), base)


async def create(act: Administrator, given: WrittenUser) -> UUID:
    """Let somebody into the organisation, with a new account where there is none."""
    email = _address(given)
    wanted = await _wanted(act, given, "member")
    names = wanted.names if wanted.names is not UNSET else _nameless(email)
    new = NewMember(
        email=email,
        role=wanted.role or "member",
        roles=wanted.roles or [],
        first_name=names[0],
        last_name=names[1],
    )
    there = await act.tx.row(_MEMBER, act.tenant, email)
    if there is None:
        identity = (await members.add(act, new, "", by_directory=True)).id
    elif there[1]:
        raise Conflict("This person is a member already.", code="DUPLICATE")
    else:
        identity = there[0]
        back = MemberChange(role=new.role, roles=new.roles, active=True)
        await members.change(act, identity, back)
    external = wanted.external_id or str(identity)
    await _known_as(act, identity, external)
    if wanted.active is False:
        await members.change(act, identity, MemberChange(active=False))
    return identity


async def change(act: Administrator, identity: UUID, given: WrittenUser) -> None:
    """Make somebody what is given; of what is not given, nothing changes."""
    row = await _row(act.tx, act.tenant, identity)
    wanted = await _wanted(act, given, row["role"])
    changes = MemberChange(role=wanted.role, roles=wanted.roles, active=wanted.active)
    await members.change(act, identity, changes)
    external = row["external_id"] if wanted.external_id is UNSET else wanted.external_id
    if external != row["external_id"] or wanted.active is False:
        await _known_as(act, identity, external or str(identity))
    await _rename(act, row, wanted.names)
    if (email := _address(given)) != row["email"]:
        await _readdress(act, row, email)


async def remove(act: Administrator, identity: UUID) -> None:
    """Let somebody go; their records stay, and they may be made a member anew."""
    await _row(act.tx, act.tenant, identity)
    await members.change(act, identity, MemberChange(active=False))
    await act.tx.execute(_EXTERNAL, act.tenant, identity, None)


async def writable(reader: Reader, tenant: UUID, identity: UUID) -> WrittenUser:
    """What of somebody may be written, as it is."""
    user = shown(await _row(reader, tenant, identity), "")
    own = [*ROLES, "owner"]
    return WrittenUser(
        id=user.id,
        external_id=user.external_id,
        user_name=user.user_name,
        name=user.name,
        active=user.active,
        roles=[WrittenRole(value=r.value, primary=r.value in own) for r in user.roles or []],
    )


def shown(row: asyncpg.Record, base: str) -> User:
    """A person as a directory sees them."""
    email: str = row["email"]
    names = (row["first_name"], row["last_name"])
    told = row["known"] and names != _nameless(email)
    full = " ".join(filter(None, names))
    listed = [] if row["role"] == "member" else [Role(value=row["role"])]
    listed += [Role(value=name) for name in row["roles"]]
    team = row["team_id"]
    return User(
        id=str(row["id"]),
        external_id=row["external_id"],
        user_name=email,
        name=Name(given_name=names[0] or None, family_name=names[1] or None) if told else None,
        display_name=full if told else None,
        emails=[Email(value=email, type="work", primary=True)],
        active=row["active"],
        roles=listed or None,
        groups=[_team(base, team, row["team"])] if team else None,
        meta=Meta(
            resource_type="User",
            created=row["created_at"],
            location=f"{base}/Users/{row['id']}",
        ),
    )


def _team(base: str, team: UUID, name: str) -> Team:
    place: Reference[Any] = Reference(f"{base}/Groups/{team}")
    return Team(value=str(team), ref=place, display=name)


async def _row(reader: Reader, tenant: UUID, identity: UUID) -> asyncpg.Record:
    row = await reader.row(_ONE, tenant, identity)
    if row is None:
        raise NotFound(f"There is no user with the id {identity}.")
    return row


def _address(given: WrittenUser) -> str:
    try:
        return checked_email(given.user_name or "")
    except Invalid as error:
        raise Invalid({"userName": error.fields["email"]}) from None


def _nameless(email: str) -> tuple[str, str]:
    """What somebody is called while nobody has said it."""
    return email.partition("@")[0][:100], ""


async def _wanted(act: Administrator, given: WrittenUser, role: OrganisationRole) -> Wanted:
    """What is to be of a person who has a role so far; raises Invalid or Forbidden."""
    said = given.model_fields_set
    external: str | UnsetType | None = given.external_id if "external_id" in said else UNSET
    if isinstance(external, str) and not 0 < len(external) <= 300:
        raise Invalid({"externalId": "must have 1 to 300 characters"})
    found, others = await _roles(act, given, role) if "roles" in said else (UNSET, UNSET)
    return Wanted(
        external_id=external,
        names=_names(given) if "name" in said else UNSET,
        role=found,
        roles=others,
        active=given.active if given.active is not None else UNSET,
    )


def _names(given: WrittenUser) -> tuple[str, str]:
    first = " ".join(((given.name and given.name.given_name) or "").split())
    last = " ".join(((given.name and given.name.family_name) or "").split())
    for place, text in (("name.givenName", first), ("name.familyName", last)):
        if len(text) > 100 or "\x00" in text:
            raise Invalid({place: "must have at most 100 characters"})
    return (first, last) if first or last else _nameless(_address(given))


async def _roles(
    act: Administrator, given: WrittenUser, before: OrganisationRole
) -> tuple[OrganisationRole, list[str]]:
    """The role in the organisation, and the others, by their names in any case."""
    there = await own_roles.known(act.tx, act.tenant, act.registry)
    others = {name.lower(): name for name in there}
    own: set[str] = set()
    more: list[str] = []
    for role in given.roles or []:
        name = " ".join((role.value or "").split()).lower()
        if name in ("owner", "member", *ROLES):
            own.add(name)
        elif name in others:
            more.append(others[name])
        else:
            names = ", ".join([*ROLES, *sorted(there)])
            raise Invalid({"roles": f"there is no role {name[:60]!r}; there are {names}"})
    if len(own) > 1:
        raise Invalid({"roles": f"takes one of {', '.join(sorted(own))}"})
    found = own.pop() if own else "member"
    if "owner" in (found, before) and found != before:
        raise Forbidden("A directory neither makes an owner of somebody nor takes it from them.")
    return found, sorted(set(more))  # pyright: ignore[reportReturnType]


async def _known_as(act: Administrator, identity: UUID, external: str) -> None:
    try:
        await act.tx.execute(_EXTERNAL, act.tenant, identity, external)
    except asyncpg.UniqueViolationError:
        raise Conflict("Another user has this externalId.", code="DUPLICATE") from None


async def _rename(
    act: Administrator, row: asyncpg.Record, names: Sequence[str] | UnsetType
) -> None:
    """Call somebody otherwise, unless other organisations know them, too: it is their own name."""
    before = (row["first_name"], row["last_name"])
    if names is UNSET or tuple(names) == before:
        return
    if not await act.tx.value(_OURS, act.tenant, row["id"]):
        return
    await act.tx.execute(_NAMES, row["id"], *names)
    await _note(act, row["id"], names=[*before], new_names=[*names])


async def _readdress(act: Administrator, row: asyncpg.Record, email: str) -> None:
    """Give an account that nobody has used yet another address: else it would be given away."""
    ours = await act.tx.value(_OURS, act.tenant, row["id"])
    if not ours or not await act.tx.value(_UNUSED, row["id"]):
        raise MutabilityException(
            detail="userName can't be changed: the account has been used, and is the person's own"
        )
    try:
        await act.tx.execute(_ADDRESS, row["id"], email)
    except asyncpg.UniqueViolationError:
        raise Conflict("Another account has this userName.", code="DUPLICATE") from None
    if (row["first_name"], row["last_name"]) == _nameless(row["email"]):
        await act.tx.execute(_NAMES, row["id"], *_nameless(email))
    await _note(act, row["id"], email=row["email"], new_email=email)


async def _note(act: Administrator, identity: UUID, **told: object) -> None:
    act.tx.touch("members")
    await note(act.tx, "account_changed", act.client, tenant=act.tenant, user=identity, **told)
