"""The people of a tenant as the engine needs them, kept while nothing about members changes."""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Sequence
from itertools import groupby
from operator import itemgetter
from uuid import UUID

import msgspec

from tenfold.db.database import Reader
from tenfold.engine.access import Person, Shared
from tenfold.engine.definition import Grant
from tenfold.engine.types import Locale
from tenfold.kernel.errors import Unauthenticated

_MEMBER = """SELECT m.role, m.roles, m.team_id, u.active, t.region, t.currency, t.timezone,
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
_SESSION = """SELECT EXISTS (SELECT 1 FROM tenfold.refresh_tokens
WHERE family_id = $1 AND user_id = $2 AND tenant_id = $3 AND revoked_at IS NULL)"""


class People:
    """Persons by session, each good for one version of its tenant's members."""

    def __init__(self, most: int = 20_000) -> None:
        self._kept: OrderedDict[tuple[UUID, UUID, UUID], tuple[int, Person]] = OrderedDict()
        self._most = most

    def known(self, tenant: UUID, user: UUID, session: UUID, version: int) -> Person | None:
        """The person behind a session, where they were seen at this version."""
        kept = self._kept.get((tenant, user, session))
        return kept[1] if kept is not None and kept[0] == version else None

    async def get(
        self, reader: Reader, tenant: UUID, user: UUID, session: UUID, version: int
    ) -> Person:
        """The person behind a session; raises Unauthenticated where they no longer belong."""
        if (known := self.known(tenant, user, session, version)) is not None:
            return known
        key = (tenant, user, session)
        person = await load(reader, tenant, user)
        if not await reader.value(_SESSION, session, user, tenant):
            raise Unauthenticated("This session has ended; sign in again.")
        self._kept[key] = (version, person)
        self._kept.move_to_end(key)
        if len(self._kept) > self._most:
            self._kept.popitem(last=False)
        return person


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
