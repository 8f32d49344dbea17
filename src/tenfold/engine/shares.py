"""Records shown to a person or a team that would not see them otherwise, one by one.

What is shared with somebody is part of who they are (`Person.shared`): each change raises the
version of members, so that it holds at their next request, in every process.
"""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from tenfold.db.database import Transaction
from tenfold.kernel.errors import Conflict

MOST = 1_000
"""How many records of a type may be shared with one person, or with one team."""
MOST_OF_RECORD = 100
"""With how many people and teams one record may be shared."""
MOST_WITH_TEAMS = 10_000
"""How many shares with teams an organisation may have: a person may see those of many teams."""

_PUT = """INSERT INTO tenfold.shares
(tenant_id, type, record_id, grantee_id, grantee, may, shared_by)
VALUES ($1, $2, $3, $4, $5, $6, $7)
ON CONFLICT (tenant_id, record_id, grantee_id)
DO UPDATE SET may = excluded.may, shared_by = excluded.shared_by
WHERE tenfold.shares.tenant_id = $1 AND tenfold.shares.may <> excluded.may"""
_OF_GRANTEE = """SELECT count(*) FROM tenfold.shares
WHERE tenant_id = $1 AND grantee_id = $2 AND type = $3 AND record_id <> $4"""
_OF_RECORD = """SELECT count(*) FROM tenfold.shares
WHERE tenant_id = $1 AND record_id = $2 AND grantee_id <> $3"""
_WITH_TEAMS = """SELECT count(*) FROM (SELECT 1 FROM tenfold.shares
WHERE tenant_id = $1 AND grantee = 'team' LIMIT $2) s"""
_REMOVE = "DELETE FROM tenfold.shares WHERE tenant_id = $1 AND record_id = $2 AND grantee_id = $3"
_OF_RECORDS = "DELETE FROM tenfold.shares WHERE tenant_id = $1 AND record_id = ANY ($2)"
_WITH = "DELETE FROM tenfold.shares WHERE tenant_id = $1 AND grantee_id = $2"
_MEMBERS = "members"


async def put(
    tx: Transaction, kind: str, record: UUID, grantee: UUID, *, team: bool, may: str
) -> bool:
    """Share a record of a type, or change what may be done with it; answers if that is new."""
    tenant = tx.context.tenant
    word = "team" if team else "person"
    if await tx.value(_OF_GRANTEE, tenant, grantee, kind, record) >= MOST:
        raise Conflict(
            f"{MOST:,} records of a type may be shared with one {word}; give them a role or a "
            "team that sees these.",
            code="TOO_MANY",
        )
    if await tx.value(_OF_RECORD, tenant, record, grantee) >= MOST_OF_RECORD:
        raise Conflict(
            f"A record may be shared with {MOST_OF_RECORD} people and teams; share it with a team.",
            code="TOO_MANY",
        )
    if team and await tx.value(_WITH_TEAMS, tenant, MOST_WITH_TEAMS) >= MOST_WITH_TEAMS:
        raise Conflict(
            f"An organisation may have {MOST_WITH_TEAMS:,} shares with teams; take back some.",
            code="TOO_MANY",
        )
    what = (tenant, kind, record, grantee, word, may, tx.context.actor)
    return _changed(tx, await tx.execute(_PUT, *what))


async def end(tx: Transaction, record: UUID, grantee: UUID) -> bool:
    """Take a share back; answers whether there was one."""
    return _changed(tx, await tx.execute(_REMOVE, tx.context.tenant, record, grantee))


async def end_of_records(tx: Transaction, records: Sequence[UUID]) -> None:
    """Take back whatever was shared of records that are deleted."""
    _changed(tx, await tx.execute(_OF_RECORDS, tx.context.tenant, list(records)))


async def end_with(tx: Transaction, grantee: UUID) -> None:
    """Take back whatever was shared with somebody who leaves, or with a team that ends."""
    _changed(tx, await tx.execute(_WITH, tx.context.tenant, grantee))


def _changed(tx: Transaction, tag: str) -> bool:
    """Whether a statement changed anything, which then holds at everybody's next request."""
    changed = not tag.endswith(" 0")
    if changed:
        tx.touch(_MEMBERS)
    return changed
