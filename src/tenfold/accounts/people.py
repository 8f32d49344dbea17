"""The people of a tenant as the engine needs them, kept while nothing about members changes."""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, field, fields
from datetime import datetime, timedelta
from itertools import groupby
from operator import itemgetter
from uuid import UUID

import msgspec

from tenfold.accounts.identity.tokens import Claims
from tenfold.db.database import Reader
from tenfold.engine.access import Person, Shared
from tenfold.engine.definition import Grant
from tenfold.engine.types import Locale
from tenfold.kernel import clock
from tenfold.kernel.errors import Forbidden, Unauthenticated

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
_SESSION = """SELECT s.methods, s.sure_at, m.mfa_from, t.mfa, t.mfa_grace_days, t.admin_networks,
    EXISTS (SELECT 1 FROM tenfold.totp f WHERE f.user_id = $2 AND f.confirmed_at IS NOT NULL)
        OR EXISTS (SELECT 1 FROM tenfold.passkeys p WHERE p.user_id = $2) AS enrolled
FROM tenfold.sessions s JOIN tenfold.tenants t ON t.id = s.tenant_id
JOIN tenfold.members m ON m.tenant_id = s.tenant_id AND m.user_id = s.user_id
WHERE s.id = $1 AND s.user_id = $2 AND s.tenant_id = $3 AND s.ended_at IS NULL
    AND s.expires_at > $4"""


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
    networks: tuple[str, ...] = ()
    """From where the organisation may be administered (CIDR); empty: from everywhere."""

    @property
    def overdue(self) -> bool:
        """Whether they had to set up a second factor by now, and have none."""
        return self.due is not None and not self.enrolled and clock.now() >= self.due


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller(Person):
    """A member who asks, and how they proved that it is them."""

    standing: Standing = field(default_factory=Standing)

    @property
    def blocked(self) -> bool:
        """Whether they may do nothing before they have set up a second factor."""
        return self.standing.everybody and self.standing.overdue

    def need_unblocked(self) -> None:
        """Raise Forbidden where they are."""
        if self.blocked:
            raise Forbidden(
                "Your organisation asks everybody for a second factor; set one up first.",
                code="MFA_REQUIRED",
            )


class People:
    """Callers by session, each good for one version of its tenant's members."""

    def __init__(self, most: int = 20_000) -> None:
        self._kept: OrderedDict[tuple[UUID, UUID, UUID], tuple[int, Caller]] = OrderedDict()
        self._most = most

    def known(self, claims: Claims, version: int) -> Caller | None:
        """The caller of a session, where they were seen at this version."""
        kept = self._kept.get((claims.tenant, claims.user, claims.session))
        return kept[1] if kept is not None and kept[0] == version else None

    async def get(self, reader: Reader, claims: Claims, version: int) -> Caller:
        """The caller of a session; raises Unauthenticated where they no longer belong."""
        if (known := self.known(claims, version)) is not None:
            return known
        key = (claims.tenant, claims.user, claims.session)
        made = await caller(reader, claims)
        self._kept[key] = (version, made)
        self._kept.move_to_end(key)
        if len(self._kept) > self._most:
            self._kept.popitem(last=False)
        return made


async def caller(reader: Reader, claims: Claims) -> Caller:
    """Who asks, read anew; raises Unauthenticated where the session or the membership is over."""
    person = await load(reader, claims.tenant, claims.user)
    standing = await _of_session(reader, claims)
    known = {one.name: getattr(person, one.name) for one in fields(person)}
    return Caller(**known, standing=standing)


async def _of_session(reader: Reader, claims: Claims) -> Standing:
    moment = clock.now()
    row = await reader.row(_SESSION, claims.session, claims.user, claims.tenant, moment)
    if row is None:
        raise Unauthenticated("This session has ended; sign in again.")
    began, grace = row["mfa_from"], timedelta(days=row["mfa_grace_days"])
    return Standing(
        methods=frozenset(row["methods"]),
        sure_at=row["sure_at"],
        enrolled=row["enrolled"],
        due=began + grace if began is not None else None,
        everybody=row["mfa"] == "all",
        networks=tuple(row["admin_networks"]),
    )


async def load(reader: Reader, tenant: UUID, user: UUID) -> Person:
    """One member with roles, teams and the grants of the tenant's own roles."""
    row = await reader.row(_MEMBER, tenant, user)
    if row is None or not row["active"]:
        raise Unauthenticated("You are not a member of this organisation any more.")
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
