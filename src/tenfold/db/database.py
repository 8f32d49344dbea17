"""Pools and transactions: the only place that hands out a connection and sets its tenant.

A connection is handed out with the tenant of the context set in the same trip that fetches the
versions of what the request will read, so that a forgotten tenant can't happen: there is no
other way to get one. A fresh connection sees no tenant at all (the role's default is the nil id).
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import asyncpg

from tenfold.kernel.context import Context
from tenfold.kernel.errors import Unavailable

Connection = asyncpg.Connection

_ENTER = "SELECT set_config('app.tenant_id', $1, false), tenfold.versions($2, $3)"
_VERSIONS = "SELECT tenfold.versions($1, $2)"
_WORD = re.compile(r"^[A-Za-z0-9_.:-]*$")


@dataclass(slots=True)
class Reader:
    """A connection that reads for one tenant, and the versions it was asked for."""

    connection: Connection
    versions: Sequence[int]

    async def value(self, sql: str, *args: object) -> Any:
        """The first column of the first row, or None."""
        return await self.connection.fetchval(sql, *args)

    async def row(self, sql: str, *args: object) -> asyncpg.Record | None:
        """The first row, or None."""
        return await self.connection.fetchrow(sql, *args)

    async def rows(self, sql: str, *args: object) -> list[asyncpg.Record]:
        """All rows."""
        return await self.connection.fetch(sql, *args)


@dataclass(slots=True)
class Transaction(Reader):
    """One write transaction of one actor; committed by `Database.transaction` and nobody else."""

    context: Context
    changed: set[str] = field(default_factory=set[str])

    async def execute(self, sql: str, *args: object) -> str:
        """Run one statement; answers its command tag."""
        return await self.connection.execute(sql, *args)

    def touch(self, *topics: str) -> None:
        """Note that what these topics show changed; their versions rise at commit."""
        self.changed.update(topics)


class Database:
    """The pool of the application's role."""

    def __init__(self, pool: asyncpg.Pool[asyncpg.Record]) -> None:
        self._pool = pool

    @classmethod
    async def connect(
        cls,
        url: str,
        *,
        smallest: int = 2,
        largest: int = 20,
        idle_seconds: float = 30.0,
        connect_seconds: float = 2.0,
        statement_seconds: float = 5.0,
    ) -> Database:
        """Open the pool; raises Unavailable with a plain sentence where no server answers."""
        try:
            pool = await asyncpg.create_pool(
                url,
                min_size=smallest,
                max_size=largest,
                max_inactive_connection_lifetime=idle_seconds,
                timeout=connect_seconds,
                statement_cache_size=1_000,
                reset=_no_trip,
                server_settings={
                    "application_name": "tenfold",
                    "statement_timeout": str(int(statement_seconds * 1_000)),
                    "idle_in_transaction_session_timeout": "60000",
                    "timezone": "UTC",
                    # A statement is planned once per connection, not for every request; its shape
                    # is fixed, so that a plan for these very values would be the same one.
                    "plan_cache_mode": "force_generic_plan",
                    "jit": "off",
                },
            )
        except (OSError, asyncpg.PostgresError, TimeoutError) as error:
            raise Unavailable(f"The database does not answer: {error}") from error
        return cls(pool)

    async def close(self) -> None:
        """Close all connections, waiting for those in use."""
        await self._pool.close()

    def figures(self) -> dict[str, int]:
        """Connections open, free and allowed, for the metrics."""
        return {
            "open": self._pool.get_size(),
            "free": self._pool.get_idle_size(),
            "most": self._pool.get_max_size(),
        }

    @asynccontextmanager
    async def read(self, tenant: UUID, topics: Sequence[str] = ()) -> AsyncIterator[Reader]:
        """A connection set to the tenant, with the versions of the topics, in one trip."""
        async with self._connection() as connection:
            entered = await connection.fetchrow(_ENTER, str(tenant), tenant, topics)
            assert entered is not None
            yield Reader(connection, entered[1])

    @asynccontextmanager
    async def transaction(
        self, context: Context, topics: Sequence[str] = ()
    ) -> AsyncIterator[Transaction]:
        """One write transaction: commits at the end, rolls back on any error.

        The versions of what was touched rise last and in sorted order, so that two
        transactions never wait for each other crosswise.
        """
        async with self._connection() as connection:
            await connection.execute(_begin(context))
            try:
                versions = (
                    await connection.fetchval(_VERSIONS, context.tenant, topics) if topics else ()
                )
                transaction = Transaction(connection, versions, context)
                yield transaction
                await connection.execute(_commit(transaction.changed))
            except BaseException:
                if not connection.is_closed():
                    await asyncio.shield(connection.execute("ROLLBACK"))
                raise

    @asynccontextmanager
    async def _connection(self) -> AsyncIterator[Connection]:
        try:
            connection = await self._pool.acquire(timeout=10)
        except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, TimeoutError) as error:
            raise Unavailable("The database does not answer; try again shortly.") from error
        try:
            yield connection  # pyright: ignore[reportReturnType]
        finally:
            await self._pool.release(connection)


async def _no_trip(_connection: object) -> None:
    """Nothing to reset: each checkout sets the tenant anew, and a transaction's settings end with it."""


def _begin(context: Context) -> str:
    """BEGIN and the context's settings in one trip; every value is a UUID, a number or checked."""
    request = context.request if _WORD.match(context.request) else ""
    settings = {
        "app.tenant_id": str(UUID(int=context.tenant.int)),
        "app.actor_id": _id(context.actor),
        "app.request_id": request[:64],
        "app.batch_id": _id(context.batch),
        "app.cause_id": _id(context.cause),
        "app.depth": str(int(context.depth)),
    }
    return "BEGIN;" + "".join(f"SET LOCAL {k}='{v}';" for k, v in settings.items())


def _id(value: UUID | None) -> str:
    return "" if value is None else str(UUID(int=value.int))


def _commit(changed: set[str]) -> str:
    """Raise the versions and COMMIT in one trip; topics are names of types, checked."""
    if not changed:
        return "COMMIT"
    for topic in changed:
        if not _WORD.match(topic):
            raise ValueError(f"not a topic: {topic!r}")
    return f"SELECT tenfold.bump('{{{','.join(sorted(changed))}}}');COMMIT"
