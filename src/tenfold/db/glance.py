"""Reads that enter and read in one trip, for callers of whom everything is known."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any
from uuid import UUID

import asyncpg

from tenfold.db.lender import Lender

# The limit needs what entering answered, so nothing of the statement runs before the tenant is set;
# set for this statement alone, it is gone after it.
_GLANCE = """SELECT x.*, e.versions
FROM (SELECT set_config('app.tenant_id', ${0}::text, true) AS tenant,
    tenfold.versions(${1}::uuid, ${2}::text[]) AS versions OFFSET 0) e
LEFT JOIN LATERAL (SELECT s.*, true FROM ({statement}) s
    LIMIT CASE WHEN e.tenant = ${0}::text AND e.versions[:{many}] = ${3}::bigint[]
        THEN 1 ELSE 0 END) x ON true"""


class AskFirst(Exception):
    """What was known does not hold any more: enter, and learn the versions before reading."""


class Glance:
    """Reads single rows for one tenant, entering and reading in one trip.

    `known` are the versions of the first topics under which the statements were made: where they
    changed, nothing is read and AskFirst raised. `versions` are those that the first row goes with.
    """

    def __init__(
        self, lender: Lender, tenant: UUID, topics: Sequence[str], known: Sequence[int]
    ) -> None:
        self._lender, self._tenant, self._topics, self._known = lender, tenant, topics, known
        self.versions: Sequence[int] = ()

    async def row(self, sql: str, *args: object) -> asyncpg.Record | None:
        """The only row of a statement, its own columns first; or None."""
        async with self._lender.lent() as connection:
            found = await connection.fetchrow(
                _glance(sql, len(args), len(self._known)),
                *args,
                str(self._tenant),
                self._tenant,
                self._topics,
                self._known,
            )
        versions = found["versions"]
        if list(versions[: len(self._known)]) != list(self._known):
            raise AskFirst
        self.versions = self.versions or versions
        return found if found[-2] else None

    async def value(self, sql: str, *args: object) -> Any:
        """The first column of the only row, or None."""
        found = await self.row(sql, *args)
        return None if found is None else found[0]


@lru_cache(maxsize=4_096)
def _glance(statement: str, parameters: int, many: int) -> str:
    places = range(parameters + 1, parameters + 5)
    return _GLANCE.format(*places, statement=statement, many=many)
