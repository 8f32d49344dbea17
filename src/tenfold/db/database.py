"""Pools and transactions: the only place that hands out a connection and sets its tenant.

A connection is handed out with the tenant of the context set in the same trip that fetches the
versions of what the request will read, so that a forgotten tenant can't happen: there is no
other way to get one. A fresh connection sees no tenant at all (the role's default is the nil id).
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, date, datetime, timedelta
from types import CoroutineType
from typing import Any
from uuid import UUID

import asyncpg

from tenfold.db.glance import AskFirst, Glance
from tenfold.db.lender import LOST, REFUSED, Lender, gone
from tenfold.db.transaction import Connection, Late, Reader, Transaction, closing, opening
from tenfold.kernel.context import Context
from tenfold.kernel.errors import TenfoldError, Unavailable
from tenfold.kernel.ids import NIL

CLOSE_SECONDS = 5.0
STATEMENTS = 300
"""Prepared statements that a connection keeps; PostgreSQL needs about 0.3 MB for that of a list."""
BUSY = (asyncpg.QueryCanceledError, asyncpg.DeadlockDetectedError, asyncpg.LockNotAvailableError)
"""What ends a statement that took too long, most often in waiting for what others hold."""
# While the server is away the pool would print a traceback a second; what needs it says so itself.
logging.getLogger("asyncpg.pool").setLevel(logging.ERROR)

_EPOCH, _MICROSECOND = datetime(2000, 1, 1, tzinfo=UTC), timedelta(microseconds=1)
"""Where PostgreSQL counts days and moments from, and by what."""
_ENTER = "SELECT set_config('app.tenant_id', $1, false), tenfold.versions($2, $3)"
_NOBODY = "RESET app.tenant_id"
_VERSIONS = "SELECT tenfold.versions($1, $2)"


class Database:
    """The pool of the application's role."""

    def __init__(self, pool: asyncpg.Pool[asyncpg.Record], idle_seconds: float = 30.0) -> None:
        self._pool = pool
        self._lender = Lender(pool, idle_seconds)

    @classmethod
    async def connect(
        cls,
        url: str | Callable[[], str],
        *,
        look: Callable[[], Awaitable[None]] | None = None,
        smallest: int = 2,
        largest: int = 20,
        idle_seconds: float = 30.0,
        connect_seconds: float = 2.0,
        statement_seconds: float = 5.0,
    ) -> Database:
        """Open the pool; raises Unavailable with a plain sentence where no server answers.

        The address may be asked for at each new connection. Where the server refuses its password,
        `look` may find a newer one.
        """
        try:
            pool = await asyncpg.create_pool(
                connect=_connecting(url, look),
                min_size=smallest,
                max_size=largest,
                max_inactive_connection_lifetime=idle_seconds,
                timeout=connect_seconds,
                statement_cache_size=STATEMENTS,
                max_cacheable_statement_size=0,  # a search over all types is 60 kB of SQL
                init=_codecs,
                reset=_no_trip,
                server_settings={
                    "application_name": "tenfold",
                    "statement_timeout": str(int(statement_seconds * 1_000)),
                    "idle_in_transaction_session_timeout": "60000",
                    "timezone": "UTC",
                    # As the role's own default, which only a superuser may give it: no tenant.
                    "app.tenant_id": str(NIL),
                    # A statement is planned once per connection, not for every request; its shape
                    # is fixed, so that a plan for these very values would be the same one.
                    "plan_cache_mode": "force_generic_plan",
                    "jit": "off",
                },
            )
        except (OSError, asyncpg.PostgresError, TimeoutError) as error:
            raise Unavailable(f"The database does not answer: {error}") from error
        return cls(pool, idle_seconds)

    async def close(self) -> None:
        """Close all connections, waiting a little for those in use."""
        await self._lender.close()
        with contextlib.suppress(TimeoutError):  # the pool cuts off what is still open then
            async with asyncio.timeout(CLOSE_SECONDS):
                await self._pool.close()

    async def renew(self) -> None:
        """Have new connections in the place of those that are open, as they become free."""
        await self._lender.renew()

    def figures(self) -> dict[str, int]:
        """Connections open, free and allowed, for the metrics."""
        return {
            "open": self._pool.get_size(),
            "free": self._pool.get_size() - self._lender.out,
            "most": self._pool.get_max_size(),
        }

    @asynccontextmanager
    async def read(self, tenant: UUID, topics: Sequence[str] = ()) -> AsyncGenerator[Reader]:
        """A connection set to the tenant, with the versions of the topics, in one trip."""
        async with self._lender.lent() as connection:
            entered = await connection.fetchrow(_ENTER, str(tenant), tenant, topics)
            assert entered is not None
            yield Reader(connection, entered[1])

    def glance(self, tenant: UUID, topics: Sequence[str], known: Sequence[int]) -> Glance:
        """A reader that enters with each statement, as long as the first topics are as known."""
        return Glance(self._lender, tenant, topics, known)

    @asynccontextmanager
    async def system(self) -> AsyncGenerator[Reader]:
        """A connection that sees no tenant: for the log's reader and for sign-in."""
        async with self._lender.lent() as connection:
            await connection.execute(_NOBODY)
            yield Reader(connection, ())

    @asynccontextmanager
    async def transaction(
        self, context: Context, topics: Sequence[str] = (), known: Sequence[int] | None = None
    ) -> AsyncGenerator[Transaction]:
        """One write transaction: commits at the end, rolls back on any error.

        `known` are the topics' versions as last seen: while they still hold, beginning costs one
        trip. The versions of what was touched rise last and in sorted order, so that two
        transactions never wait for each other crosswise.
        """
        async with self._lender.lent() as connection:
            try:
                versions = await _begun(connection, context, topics, known)
                transaction = Transaction(connection, versions, context)
                yield transaction
                await connection.execute(closing(transaction.changed))
            except BaseException:
                await _taken_back(connection)
                raise

    @asynccontextmanager
    async def late(
        self, context: Context, topics: Sequence[str], known: Sequence[int]
    ) -> AsyncGenerator[Late]:
        """One write transaction that begins with its first statement, or is that statement.

        Raises AskFirst, with nothing done, where the versions are not those known: also where it
        was refused before any statement could tell, since what was known may not hold any more.
        """
        async with self._lender.lent() as connection:
            late = Late(connection, known, context, topics=topics)
            try:
                yield late
                if late.state == "untouched":
                    raise AskFirst
                if late.state == "begun":
                    await connection.execute(closing(late.changed))
            except BaseException as error:
                if late.state == "begun":
                    await _taken_back(connection)
                if late.state == "untouched" and isinstance(error, TenfoldError):
                    raise AskFirst from error
                raise


def _connecting(
    url: str | Callable[[], str], look: Callable[[], Awaitable[None]] | None
) -> Callable[..., CoroutineType[Any, Any, asyncpg.Connection[asyncpg.Record]]]:
    """Makes connections to where the address leads at that moment."""

    async def connect(*_dsn: object, **options: Any) -> asyncpg.Connection[asyncpg.Record]:
        tried = url() if callable(url) else url
        try:
            return await asyncpg.connect(tried, **options)
        except REFUSED:
            if look is None or not callable(url):
                raise
            await look()
            if url() == tried:
                raise
            return await asyncpg.connect(url(), **options)

    return connect


async def _begun(
    connection: Connection, context: Context, topics: Sequence[str], known: Sequence[int] | None
) -> Sequence[int]:
    """Begin, and answer the topics' versions."""
    if known is not None and len(known) == len(topics):
        try:
            await connection.execute(opening(context, topics, known))
        except asyncpg.SerializationError:
            await connection.execute("ROLLBACK")
        else:
            return known
    await connection.execute(opening(context))
    if not topics:
        return ()
    return await connection.fetchval(_VERSIONS, context.tenant, topics)


async def _taken_back(connection: Connection) -> None:
    """Roll back; a connection that can't is closed, for it must not be lent in a transaction."""
    if gone(connection):
        return
    try:
        await connection.execute("ROLLBACK")
    except BaseException as error:
        connection.terminate()
        if not isinstance(error, LOST):
            raise


async def _codecs(connection: asyncpg.Connection) -> None:
    """JSON that PostgreSQL made is passed on as the bytes it is, never decoded on the way.

    Days and moments are what they say: by itself asyncpg stores the first and last that Python
    knows, like the 9999-12-31 by which some say "without end", as -infinity and infinity.
    """
    for name, form, encoder, decoder in (
        ("json", "binary", _bytes, _bytes),
        ("date", "tuple", _day, _date),
        ("timestamptz", "tuple", _microseconds, _moment),
    ):
        await connection.set_type_codec(
            name, schema="pg_catalog", format=form, encoder=encoder, decoder=decoder
        )


def _bytes(value: bytes) -> bytes:
    return value


def _day(value: date) -> tuple[int]:
    return (value.toordinal() - _EPOCH.toordinal(),)


def _date(value: tuple[int]) -> date:
    return date.fromordinal(value[0] + _EPOCH.toordinal())


def _microseconds(value: datetime) -> tuple[int]:
    return ((value - _EPOCH) // _MICROSECOND,)


def _moment(value: tuple[int]) -> datetime:
    return _EPOCH + timedelta(microseconds=value[0])


async def _no_trip(_connection: object) -> None:
    """Nothing to reset: a checkout sets the tenant anew, a transaction's settings end with it."""


__all__ = ["BUSY", "CLOSE_SECONDS", "Connection", "Database", "Late", "Reader", "Transaction"]
