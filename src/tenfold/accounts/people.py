"""The people of a tenant as the engine needs them, kept while nothing about members changes."""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, field, fields, replace
from datetime import datetime, timedelta
from itertools import groupby
from operator import itemgetter
from typing import Any
from uuid import UUID

import asyncpg
import msgspec

from tenfold.accounts.identity.sessions import MFA
from tenfold.accounts.identity.tokens import Claims
from tenfold.db.database import Reader
from tenfold.engine.access import Person, Shared
from tenfold.engine.definition import Grant
from tenfold.engine.scopes import ADMIN, Scopes
from tenfold.engine.types import Locale
from tenfold.kernel import clock
from tenfold.kernel.errors import Forbidden, Unauthenticated
from tenfold.kernel.language import say

_MEMBER = """SELECT m.role, m.roles, m.team_id, u.active, t.region, t.currency, t.timezone,
t.rate_per_minute,
    EXISTS (SELECT 1 FROM tenfold.shares s WHERE s.tenant_id = $1) AS sharing
FROM tenfold.members m JOIN tenfold.users u ON u.id = m.user_id
JOIN tenfold.tenants t ON t.id = m.tenant_id
WHERE m.tenant_id = $1 AND m.user_id = $2 AND m.active"""
# A team's people also see what belongs to the teams below it.
_TEAMS = """WITH RECURSIVE below (id, depth) AS (
    SELECT id, 0 FROM tenfold.teams WHERE tenant_id = $1 AND id = $2
    UNION ALL
    SELECT t.id, b.depth + 1 FROM tenfold.teams t JOIN below b ON t.parent_id = b.id
    WHERE t.tenant_id = $1 AND b.depth < 20
) SELECT DISTINCT id FROM below"""
_ROLES = "SELECT name, grants FROM tenfold.roles WHERE tenant_id = $1 AND name = ANY ($2)"
# What is shared with a team is seen by its people and those of the teams above it.
_SHARED = """SELECT type, record_id, bool_or(may = 'update') FROM tenfold.shares
WHERE tenant_id = $1 AND grantee_id = ANY ($2) GROUP BY type, record_id ORDER BY type, record_id"""
# The session, whether a second factor is set up, and from when on one is demanded.
_DEMANDS = """m.mfa_from, t.mfa, t.mfa_grace_days, t.admin_networks,
    EXISTS (SELECT 1 FROM tenfold.totp f WHERE f.user_id = $2 AND f.confirmed_at IS NOT NULL)
        OR EXISTS (SELECT 1 FROM tenfold.passkeys p WHERE p.user_id = $2) AS enrolled"""
_SESSION = f"""SELECT s.methods, s.sure_at, {_DEMANDS}
FROM tenfold.sessions s JOIN tenfold.tenants t ON t.id = s.tenant_id
JOIN tenfold.members m ON m.tenant_id = s.tenant_id AND m.user_id = s.user_id
WHERE s.id = $1 AND s.user_id = $2 AND s.tenant_id = $3 AND s.ended_at IS NULL
    AND s.expires_at > $4"""  # noqa: S608 - of constants
# An identity that another issuer's tokens are of, as long as it is linked.
_IDENTITY = f"""SELECT NULL::timestamptz AS sure_at, {_DEMANDS}
FROM tenfold.identities i JOIN tenfold.members m ON m.user_id = i.user_id
JOIN tenfold.tenants t ON t.id = m.tenant_id
WHERE i.id = $1 AND i.user_id = $2 AND m.tenant_id = $3"""  # noqa: S608 - of constants
_ALONE = f"""SELECT u.kind, {_DEMANDS}
FROM tenfold.members m JOIN tenfold.tenants t ON t.id = m.tenant_id
JOIN tenfold.users u ON u.id = m.user_id
WHERE m.user_id = $2 AND m.tenant_id = $1"""  # noqa: S608 - of constants
_KEY = f"""SELECT k.scopes, k.expires_at, u.kind, {_DEMANDS}
FROM tenfold.api_keys k JOIN tenfold.tenants t ON t.id = k.tenant_id
JOIN tenfold.members m ON m.tenant_id = k.tenant_id AND m.user_id = k.user_id
JOIN tenfold.users u ON u.id = k.user_id
WHERE k.id = $1 AND k.user_id = $2 AND k.tenant_id = $3 AND k.revoked_at IS NULL
    AND k.expires_at > $4"""  # noqa: S608 - of constants


@dataclass(frozen=True, slots=True)
class Standing:
    """How somebody proved who they are, and what their organisation demands of that."""

    methods: frozenset[str] = frozenset()
    sure_at: datetime | None = None
    """When they last proved it."""
    enrolled: bool = False
    """Whether they have a second factor."""
    due: datetime | None = None
    """From when on they must have one; None where it is not asked of them."""
    everybody: bool = False
    """Whether the organisation asks it of all, not of administrators alone."""
    unproven: bool = False
    """Whether they have a second factor, and did not use it where a person would have had to."""
    networks: tuple[str, ...] = ()
    """From where the organisation may be administered (CIDR); empty: from everywhere."""

    @property
    def overdue(self) -> bool:
        """Whether they had to set up a second factor by now, and have none."""
        proven = self.enrolled or MFA in self.methods  # a provider's counts where it is trusted
        return self.due is not None and not proven and clock.now() >= self.due


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller(Person):
    """A member who asks, and how they proved that it is them."""

    standing: Standing = field(default_factory=Standing)
    until: datetime | None = None
    """When the API key that acts for them expires."""

    @property
    def over(self) -> bool:
        """Whether the key has expired since."""
        return self.until is not None and self.until <= clock.now()

    @property
    def blocked(self) -> bool:
        """Whether they may do nothing before they have set up a second factor, or used it."""
        standing = self.standing
        return standing.unproven or (standing.everybody and standing.overdue)

    def need_unblocked(self) -> None:
        """Raise Forbidden where they are."""
        if self.standing.unproven:
            raise Forbidden(
                say(
                    "You have a second factor, and did not use it to sign in; sign in again "
                    "with it."
                ),
                code="MFA_REQUIRED",
            )
        if self.blocked:
            raise Forbidden(
                say("Your organisation asks everybody for a second factor; set one up first."),
                code="MFA_REQUIRED",
            )


_Key = tuple[UUID, UUID, UUID, tuple[str, ...]]


class People:
    """Callers by session, each good for one version of its tenant's members."""

    def __init__(self, most: int = 20_000) -> None:
        self._kept: OrderedDict[_Key, tuple[int, Caller]] = OrderedDict()
        self._most = most

    def known(self, claims: Claims, version: int) -> Caller | None:
        """The caller of a session, where they were seen at this version."""
        kept = self._kept.get((claims.tenant, claims.user, claims.session, claims.methods))
        if kept is None or kept[0] != version or kept[1].over:
            return None
        return kept[1]

    async def get(self, reader: Reader, claims: Claims, version: int) -> Caller:
        """The caller of a session; raises Unauthenticated where they no longer belong."""
        if (known := self.known(claims, version)) is not None:
            return known
        key = (claims.tenant, claims.user, claims.session, claims.methods)
        made = await caller(reader, claims)
        self._kept[key] = (version, made)
        self._kept.move_to_end(key)
        if len(self._kept) > self._most:
            self._kept.popitem(last=False)
        return made


async def caller(reader: Reader, claims: Claims) -> Caller:
    """Who asks, read anew; raises Unauthenticated where the session or the membership is over."""
    person = await load(reader, claims.tenant, claims.user)
    scopes, until = None, None
    if claims.kind == "key":
        standing, scopes, until = await _of_key(reader, claims.tenant, claims.user, claims.session)
    else:
        standing = await _of_person(reader, claims)
    return _calling(person, standing, scopes, until)


async def expected(reader: Reader, tenant: UUID, user: UUID) -> Caller:
    """A member as they ask once they have just signed in, with the second factor if they have one.

    Raises Unauthenticated where they don't belong to the organisation any more.
    """
    person = await load(reader, tenant, user)
    (row,) = await reader.rows(_ALONE, tenant, user)
    standing = _demanded(row)
    if row["kind"] == "service":
        return _calling(person, _of_service(standing))
    methods = frozenset({MFA}) if standing.enrolled else frozenset[str]()
    return _calling(person, replace(standing, methods=methods, sure_at=clock.now()))


def on_host(person: Person) -> Caller:
    """A person as whom an operator works on the host, who has proved enough by being there."""
    return _calling(person, Standing(sure_at=clock.now()))


def _calling(
    person: Person,
    standing: Standing,
    scopes: Scopes | None = None,
    until: datetime | None = None,
) -> Caller:
    known: dict[str, Any] = {one.name: getattr(person, one.name) for one in fields(person)}
    known |= {"scopes": scopes, "_made": {}}
    return Caller(**known, standing=standing, until=until)


async def acting(reader: Reader, tenant: UUID, user: UUID, key: UUID | None) -> Person:
    """For whom a job works, confined as the API key was that asked for it."""
    person = await load(reader, tenant, user)
    if key is None:
        return person
    _, scopes, _ = await _of_key(reader, tenant, user, key)
    return replace(person, scopes=scopes, _made={})


async def _of_person(reader: Reader, claims: Claims) -> Standing:
    args = (claims.session, claims.user, claims.tenant)
    if claims.kind == "outside":
        row, methods = await reader.row(_IDENTITY, *args), claims.methods
    else:
        row = await reader.row(_SESSION, *args, clock.now())
        methods = row["methods"] if row is not None else ()
    if row is None:
        raise Unauthenticated(say("This session has ended; sign in again."))
    unproven = row["enrolled"] and MFA not in methods
    demanded = replace(_demanded(row), unproven=unproven)
    return replace(demanded, methods=frozenset(methods), sure_at=row["sure_at"])


async def _of_key(
    reader: Reader, tenant: UUID, user: UUID, key: UUID
) -> tuple[Standing, Scopes, datetime]:
    """A key's standing, which has proved nothing but itself; what it is for, and until when."""
    row = await reader.row(_KEY, key, user, tenant, clock.now())
    if row is None:
        raise Unauthenticated("This API key was revoked, or has expired; make a new one.")
    names, standing = frozenset[str](row["scopes"]), _demanded(row)
    if row["kind"] == "service":
        standing = _of_service(standing)
    else:  # people administer with what they prove themselves by
        names -= {ADMIN}
    return standing, Scopes(key, names), row["expires_at"]


def _of_service(standing: Standing) -> Standing:
    """Nobody could set up a second factor of a service account."""
    return replace(standing, due=None)


def _demanded(row: asyncpg.Record) -> Standing:
    """What an organisation demands of one of its people."""
    began, grace = row["mfa_from"], timedelta(days=row["mfa_grace_days"])
    return Standing(
        enrolled=row["enrolled"],
        due=began + grace if began is not None else None,
        everybody=row["mfa"] == "all",
        networks=tuple(row["admin_networks"]),
    )


async def load(reader: Reader, tenant: UUID, user: UUID) -> Person:
    """One member with roles, teams and the grants of the tenant's own roles."""
    row = await reader.row(_MEMBER, tenant, user)
    if row is None or not row["active"]:
        raise Unauthenticated(say("You are not a member of this organisation any more."))
    teams = await reader.rows(_TEAMS, tenant, row["team_id"]) if row["team_id"] else []
    names = [row["role"], *row["roles"]]
    own = {r[0]: grants_of(r[1]) for r in await reader.rows(_ROLES, tenant, names)}
    groups = [user, *(r[0] for r in teams)]
    shared = await reader.rows(_SHARED, tenant, groups) if row["sharing"] else []
    return Person(
        user=user,
        tenant=tenant,
        role=row["role"],
        roles=frozenset(row["roles"]),
        teams=tuple(r[0] for r in teams),
        team=row["team_id"],
        own_roles=own,
        locale=Locale(row["region"], row["currency"]),
        zone=row["timezone"],
        per_minute=row["rate_per_minute"],
        shared=_shared([(r[0], r[1], r[2]) for r in shared]),
        shared_mark=hashlib.sha256(repr(shared).encode()).hexdigest()[:16] if shared else "",
    )


def _shared(rows: Sequence[tuple[str, UUID, bool]]) -> dict[str, Shared]:
    """What was shared by type, from type, id, and whether it may be changed."""
    by_type = {name: list(some) for name, some in groupby(rows, key=itemgetter(0))}
    return {
        name: Shared(tuple(i for _, i, _ in some), frozenset(i for _, i, may in some if may))
        for name, some in by_type.items()
    }


def grants_of(text: str) -> dict[str, Grant]:
    """A role's grants by type, from their stored JSON."""
    return msgspec.json.decode(text, type=dict[str, Grant])
