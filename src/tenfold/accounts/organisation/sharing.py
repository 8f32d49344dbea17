"""Sharing one record with a person or a team that would not see it otherwise.

A share adds the record to those that somebody's roles let them read, and where it says so to those
that they may change. It gives no verb and no field that their roles don't give for other records.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

import msgspec
from msgspec import UNSET, UnsetType

from tenfold.accounts import people
from tenfold.accounts.client import Client
from tenfold.accounts.events import Event, note
from tenfold.db.database import Reader, Transaction
from tenfold.engine import following, shares
from tenfold.engine.access import Person
from tenfold.engine.definition import Definition
from tenfold.engine.following import Follower
from tenfold.engine.records import Records
from tenfold.kernel.errors import Invalid, MissingFields, NotFound, Unauthenticated
from tenfold.kernel.ids import parse_id
from tenfold.kernel.language import say, within

_ALL = """SELECT s.grantee_id, s.grantee, s.may, s.shared_by, s.created_at,
    CASE WHEN s.grantee = 'team' THEN t.name WHEN m.known_at IS NULL THEN u.email
        ELSE concat_ws(' ', u.first_name, u.last_name) END
FROM tenfold.shares s
LEFT JOIN tenfold.teams t ON t.tenant_id = $1 AND t.id = s.grantee_id
LEFT JOIN tenfold.members m ON m.tenant_id = $1 AND m.user_id = s.grantee_id
LEFT JOIN tenfold.users u ON u.id = m.user_id
WHERE s.tenant_id = $1 AND s.record_id = $2 AND s.type = $3 ORDER BY s.created_at, s.grantee_id"""
# With whom it is shared, and who follows it: what stands around a record on its page.
_AROUND = """SELECT 'share', s.grantee_id, s.grantee, s.may, s.shared_by, s.created_at AS at,
    CASE WHEN s.grantee = 'team' THEN t.name WHEN m.known_at IS NULL THEN u.email
        ELSE concat_ws(' ', u.first_name, u.last_name) END
FROM tenfold.shares s
LEFT JOIN tenfold.teams t ON t.tenant_id = $1 AND t.id = s.grantee_id
LEFT JOIN tenfold.members m ON m.tenant_id = $1 AND m.user_id = s.grantee_id
LEFT JOIN tenfold.users u ON u.id = m.user_id
WHERE s.tenant_id = $1 AND s.record_id = $2 AND s.type = $3
UNION ALL
(SELECT 'follower', u.id, NULL, NULL, NULL, f.at,
    CASE WHEN m.known_at IS NULL THEN u.email ELSE concat_ws(' ', u.first_name, u.last_name) END
FROM (SELECT user_id FROM tenfold.followers WHERE tenant_id = $1 AND record_id = $2 AND follows
    UNION SELECT unnest($4::uuid[])) w
JOIN tenfold.members m ON m.tenant_id = $1 AND m.user_id = w.user_id AND m.active
JOIN tenfold.users u ON u.id = w.user_id
LEFT JOIN tenfold.followers f
    ON f.tenant_id = $1 AND f.record_id = $2 AND f.user_id = w.user_id
WHERE f.follows IS NOT FALSE LIMIT 200)
ORDER BY at NULLS FIRST, 2"""
# Nobody leaves and no team ends between this and the end of the transaction.
_MEMBER = """SELECT 1 FROM tenfold.members
WHERE tenant_id = $1 AND user_id = $2 AND active FOR SHARE"""
_TEAM = "SELECT 1 FROM tenfold.teams WHERE tenant_id = $1 AND id = $2 FOR KEY SHARE"

May = Literal["read", "update"]


class Share(msgspec.Struct, frozen=True, kw_only=True):
    """With whom a record is shared; `id` is that of the person or team, whichever it is."""

    id: UUID
    user_id: UUID | None
    team_id: UUID | None
    name: str
    may: May
    shared_by: UUID
    created_at: datetime


class NewShare(msgspec.Struct, frozen=True, kw_only=True):
    """Whom to share a record with, a person or a team, and whether they may change it, too."""

    user_id: UUID | UnsetType = UNSET
    team_id: UUID | UnsetType = UNSET
    may: May = "read"


async def of(reader: Reader, tenant: UUID, definition: Definition, record: UUID) -> list[Share]:
    """With whom a record is shared, in the order it was; the caller may read it."""
    rows = await reader.rows(_ALL, tenant, record, definition.name)
    return [_share(tuple(row)) for row in rows]


async def around(
    reader: Reader, tenant: UUID, definition: Definition, record: Mapping[str, object]
) -> tuple[list[Share], list[Follower]]:
    """The same with who follows it, in one statement."""
    what = (tenant, parse_id(str(record["id"])), definition.name, following.born(record))
    rows = [tuple(row) for row in await reader.rows(_AROUND, *what)]
    shares_ = [_share(row[1:]) for row in rows if row[0] == "share"]
    told = (row for row in rows if row[0] == "follower")
    return shares_, [Follower(user_id=r[1], since=r[5], name=r[6] or "") for r in told]


def _share(row: tuple[Any, ...]) -> Share:
    return Share(
        id=row[0],
        user_id=row[0] if row[1] == "person" else None,
        team_id=row[0] if row[1] == "team" else None,
        may=row[2],
        shared_by=row[3],
        created_at=row[4],
        name=row[5] or "",
    )


class Sharing:
    """What somebody does about who may see one record."""

    def __init__(
        self,
        tx: Transaction,
        records: Records,
        person: Person,
        definition: Definition,
        record: UUID,
        client: Client,
    ) -> None:
        self._tx, self._records, self._person, self._client = tx, records, person, client
        self._definition, self._record = definition, record

    async def share(self, new: NewShare) -> tuple[Share, bool]:
        """Share the record, or change what may be done with it; answers whether that is new."""
        row = await self._records.deciding(
            self._tx, self._person, self._definition, self._record, "share"
        )
        if (new.user_id is UNSET) == (new.team_id is UNSET):
            problem = "give one of user_id and team_id"
            raise MissingFields({"user_id": problem, "team_id": problem})
        if new.user_id is not UNSET:
            grantee = new.user_id
            await self._check_person(grantee, row["owner_id"], new.may)
        else:
            assert new.team_id is not UNSET
            grantee = new.team_id
            if not await self._tx.value(_TEAM, self._person.tenant, grantee):
                raise Invalid({"team_id": f"there is no team with the id {grantee}"})
        before = {one.id for one in await self._shares()}
        what = (self._tx, self._definition.name, self._record, grantee)
        if await shares.put(*what, team=new.team_id is not UNSET, may=new.may):
            await self._note("record_shared", grantee, team=new.team_id is not UNSET, may=new.may)
        found = {one.id: one for one in await self._shares()}
        return found[grantee], grantee not in before

    async def unshare(self, grantee: UUID) -> Share:
        """Take a share back; whom it was shared with may do so, too."""
        what = (self._tx, self._person, self._definition, self._record)
        if grantee == self._person.user:
            await self._records.held(*what)
        else:
            await self._records.deciding(*what, "share")
        found = {one.id: one for one in await self._shares()}
        if not await shares.end(self._tx, self._record, grantee) or grantee not in found:
            word = within(self._definition.label)
            raise NotFound(f"This {word} is not shared with anybody with the id {grantee}.")
        await self._note("record_unshared", grantee, team=found[grantee].team_id is not None)
        return found[grantee]

    async def _shares(self) -> Sequence[Share]:
        return await of(self._tx, self._person.tenant, self._definition, self._record)

    async def _check_person(self, user: UUID, owner: UUID | None, may: May) -> None:
        """Raise Invalid for whom it can't be shared with, naming the field."""
        tenant, many = self._person.tenant, within(self._definition.label_plural)
        try:
            if not await self._tx.value(_MEMBER, tenant, user):
                raise Unauthenticated("")
            access = (await people.load(self._tx, tenant, user)).access(self._definition)
        except Unauthenticated:
            problem = f"there is no active person with the id {user} in this organisation"
            raise Invalid({"user_id": problem}) from None
        if user == owner:
            raise Invalid({"user_id": say("owns it already")})
        if access.read == "none":
            problem = f"has no role that reads {many}; an administrator can give them one"
            raise Invalid({"user_id": problem})
        if may == "update" and access.update == "none":
            raise Invalid(
                {"may": say("their roles let them change no %(many)s; share it to read", many=many)}
            )

    async def _note(self, event: Event, grantee: UUID, *, team: bool, **told: object) -> None:
        detail = {"type": self._definition.name, "id": self._record, **told}
        if team:
            detail["team_id"] = grantee
        user = None if team else grantee
        tenant = self._person.tenant
        await note(self._tx, event, self._client, tenant=tenant, user=user, **detail)
