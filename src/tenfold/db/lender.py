"""Lends connections of a pool without a trip, a task or a timer each time.

asyncpg's pool makes a task for every release and a timer for every acquire, a third of what a
small request costs (docs/decisions/0002-engine.md). Here connections that were acquired stay at
hand between requests; those unused for a while go back to the pool, which closes them.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from typing import TYPE_CHECKING, Any

import asyncpg

from tenfold.kernel.errors import Unavailable

if TYPE_CHECKING:
    Pool = asyncpg.Pool[asyncpg.Record]

WAIT_SECONDS = 10.0
USUAL = 5
"""Connections that are enough while each is soon back (docs/decisions/0002-engine.md, 21)."""
PATIENCE_SECONDS = 0.2
"""How long somebody waits for one of those before there is one more."""
_NEXT_SECONDS = 0.05
SCARCE_SECONDS = 1.0
"""How long no further connection is asked for after the server gave none."""
REFUSED = asyncpg.InvalidAuthorizationSpecificationError
"""How the server refuses a password, as while it is being changed."""
LOST = (asyncpg.PostgresError, asyncpg.InterfaceError, OSError)
"""How statements fail whose connection was lost, and others."""

log = logging.getLogger(__name__)


class Lender:
    """At most as many connections as the pool has, handed over first come, first served.

    More than the usual ones are lent only to whom waited: while some are long in use.
    """

    def __init__(self, pool: Pool, idle_seconds: float) -> None:
        self._pool, self._idle = pool, idle_seconds
        self._most = pool.get_max_size()
        self._free: deque[tuple[Any, float]] = deque()
        self._fresh: set[Any] = set()
        self._waiting: deque[tuple[float, asyncio.Future[Any]]] = deque()
        self._timer: asyncio.TimerHandle | None = None
        self._hurry: asyncio.TimerHandle | None = None
        self._out = 0
        self._ask_again = 0.0
        self._loop = asyncio.get_running_loop()
        self._sweeper = self._loop.create_task(self._sweep())

    @property
    def out(self) -> int:
        """Connections in use."""
        return self._out

    def lent(self) -> Loan:
        """A connection for as long as a block takes."""
        return Loan(self)

    async def take(self, until: float = 0.0) -> Any:
        """A connection; raises Unavailable where none comes free in time or the server is gone.

        `until` is the time of the loop at which somebody who waited before gives up.
        """
        while self._free:
            connection, _ = self._free.pop()
            if not gone(connection):
                self._out += 1
                return connection
            self._let_go(connection)
        room = self._most if until else min(USUAL, self._most)
        if self._out < room and not (self._out and self._loop.time() < self._ask_again):
            self._out += 1
            try:
                connection = await self._pool.acquire(timeout=WAIT_SECONDS)
                self._fresh.add(connection)
                return connection
            except BaseException as error:
                self._out -= 1
                if isinstance(error, asyncpg.TooManyConnectionsError | REFUSED):
                    if self._free:  # somebody else's came back meanwhile
                        return await self.take(until)
                    if self._out:
                        return await self._make_do(error, until)
                self._wake()
                if isinstance(error, OSError | asyncpg.PostgresError | TimeoutError):
                    raise Unavailable("The database does not answer; try again shortly.") from error
                raise
        return await self._wait(until)

    def give(self, connection: Any) -> None:
        """Hand a connection back: to whom waits longest, else to those at hand."""
        lost = gone(connection) or connection not in self._fresh
        if lost or (self._out > USUAL and not self._overdue()):
            self._out -= 1
            self._let_go(connection)
            if lost:
                self._wake()
            return
        if self._hand_on(connection):
            return
        self._out -= 1
        self._free.append((connection, self._loop.time()))

    async def renew(self) -> None:
        """Close the connections that are open now, each when it is free, for new ones."""
        await self._pool.expire_connections()
        self._fresh.clear()
        while self._free:
            self._let_go(self._free.pop()[0])

    async def close(self) -> None:
        """Give all connections back to the pool."""
        self._sweeper.cancel()
        while self._free:
            connection, _ = self._free.pop()
            await self._pool.release(connection)

    async def _make_do(self, error: BaseException, until: float) -> Any:
        """Where the server gives no more connections: one of those in use, once it is free."""
        log.warning("making do with %s of %s connections: %s", self._out, self._most, error)
        self._ask_again = self._loop.time() + SCARCE_SECONDS
        self._loop.call_later(SCARCE_SECONDS, self._wake)
        return await self._wait(until)

    async def _wait(self, until: float) -> Any:
        waiter: asyncio.Future[Any] = self._loop.create_future()
        if until:
            self._waiting.appendleft((until, waiter))
        else:
            until = self._loop.time() + WAIT_SECONDS
            self._waiting.append((until, waiter))
        if self._timer is None:
            self._timer = self._loop.call_at(until, self._expire)
        if self._hurry is None:  # also where all are out: one may be let go before it is time
            self._hurry = self._loop.call_later(PATIENCE_SECONDS, self._widen)
        try:
            connection = await waiter
        except BaseException:
            if waiter.done() and not waiter.cancelled() and waiter.exception() is None:
                if (given := waiter.result()) is None:
                    self._wake()
                else:
                    self.give(given)
            raise
        if connection is None:
            return await self.take(until)
        return connection

    def _expire(self) -> None:
        """Let go who has waited too long: one timer for all of them."""
        self._timer = None
        while self._waiting and self._waiting[0][0] <= self._loop.time():
            _, waiter = self._waiting.popleft()
            if not waiter.done():
                busy = "All database connections are busy; try again shortly."
                waiter.set_exception(Unavailable(busy))
        if self._waiting:
            self._timer = self._loop.call_at(self._waiting[0][0], self._expire)

    def _overdue(self) -> bool:
        """Whether somebody has waited as long as is usual."""
        patient = self._loop.time() + WAIT_SECONDS - PATIENCE_SECONDS
        return bool(self._waiting) and self._waiting[0][0] <= patient

    def _widen(self) -> None:
        """One connection more for whom waits longest, and soon another."""
        self._hurry = None
        if self._out < self._most and self._overdue():
            self._wake()
        if self._waiting:
            self._hurry = self._loop.call_later(_NEXT_SECONDS, self._widen)

    def _wake(self) -> None:
        """Let one that waits try again: a place has come free without a connection."""
        self._hand_on(None)

    def _hand_on(self, connection: Any) -> bool:
        """Give it to whom waits longest; whether anybody waits."""
        while self._waiting:
            _, waiter = self._waiting.popleft()
            if not waiter.done():
                waiter.set_result(connection)
                return True
        return False

    async def _sweep(self) -> None:
        while True:
            await asyncio.sleep(self._idle / 2)
            before = self._loop.time() - self._idle
            while self._free and self._free[0][1] < before:
                self._let_go(self._free.popleft()[0])

    def _let_go(self, connection: Any) -> None:
        """Give one back to the pool, without waiting for it to be reset there."""
        self._fresh.discard(connection)
        self._loop.create_task(self._pool.release(connection)).add_done_callback(_seen)


class Loan:
    """A connection lent for a block; raises Unavailable where an error came of its loss."""

    __slots__ = ("_connection", "_lender")

    def __init__(self, lender: Lender) -> None:
        self._lender = lender

    async def __aenter__(self) -> Any:
        self._connection = await self._lender.take()
        return self._connection

    async def __aexit__(self, _kind: object, error: BaseException | None, _trace: object) -> None:
        lost = isinstance(error, LOST) and gone(self._connection)
        self._lender.give(self._connection)
        if lost:  # as when the server ends
            text = "The database went away for a moment; try again shortly."
            raise Unavailable(text) from error


def gone(connection: Any) -> bool:
    """Whether a connection is closed; one that was cut off is no longer even the pool's to ask."""
    try:
        return connection.is_closed()
    except asyncpg.InterfaceError:
        return True


def _seen(task: asyncio.Task[None]) -> None:
    """A closed connection's release may fail; there is nothing left to do about it."""
    if not task.cancelled():
        task.exception()
