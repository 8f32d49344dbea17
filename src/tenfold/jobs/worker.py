"""The worker: claims jobs in turn between tenants, runs them, settles them, and never holds one
that it can't prove to be its own."""

from __future__ import annotations

import asyncio
import logging
import random
from collections import Counter
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import msgspec

from tenfold.db.database import Connection, Database
from tenfold.jobs import queue, schedules, statements
from tenfold.jobs.attempt import Attempt
from tenfold.jobs.registry import GiveUp, Handler, JobCancelled, Later, LeaseLost, Registry
from tenfold.kernel.context import Context
from tenfold.kernel.errors import Unavailable
from tenfold.kernel.ids import NIL

log = logging.getLogger(__name__)

_SYSTEM = Context(tenant=NIL, actor=None, request="worker")
_ERROR_LENGTH = 2_000


@dataclass(frozen=True, slots=True)
class Pace:
    """How a worker paces itself; all times in seconds."""

    lease: float = 45.0
    """How long a silent worker keeps its jobs; with a beat on top they are retaken within 50 s."""
    poll: float = 0.25
    """How often an idle worker looks for jobs."""
    tick: float = 1.0
    """How often the schedules are looked at."""
    backoff: float = 5.0
    """Wait after the first failed attempt; doubles with each."""
    backoff_most: float = 3_600.0
    """Longest wait between two attempts."""
    grace: float = 5.0
    """How long running jobs may take to finish after the stop; then they are handed back."""
    unwinding: float = 2.0
    """How long they may take to end then; what starts a worker kills it after some 10 seconds."""
    keep_days: int = 7
    """Days that completed and cancelled jobs stay visible."""
    keep_failed_days: int = 90
    """Days that dead letters stay."""
    tenant_share: float = 0.75
    """Part of the worker's places that one tenant's running jobs may take."""

    @property
    def beat(self) -> float:
        """Seconds between two signs of life, each also looking for what dead workers left."""
        return self.lease / 10

    def wait(self, attempt: int) -> float:
        """Seconds until the next attempt, up to a tenth more so that many don't return at once."""
        return spread(min(self.backoff * 2.0 ** min(attempt - 1, 30), self.backoff_most))


def spread(seconds: float, share: float = 0.1) -> float:
    """Up to a share more, so that what waits alike does not come back at once."""
    return seconds * random.uniform(1.0, 1.0 + share)  # noqa: S311


@dataclass(frozen=True, slots=True)
class _Outcome:
    """How an attempt ended: the statement that settles it and what it takes beside the fence."""

    statement: str
    arguments: tuple[object, ...] = ()


async def work(
    database: Database,
    registry: Registry,
    *,
    stop: asyncio.Event,
    concurrency: int = 4,
    pace: Pace | None = None,
) -> None:
    """Run jobs until `stop` is set, then finish or hand back what is running.

    The pool must allow more connections than `concurrency`: two stay for the worker's own needs.
    """
    await _Worker(database, registry, stop, concurrency, pace or Pace()).run()


@dataclass(slots=True, eq=False)
class _Worker:
    database: Database
    registry: Registry
    stop: asyncio.Event
    concurrency: int
    pace: Pace
    id: UUID = field(default_factory=uuid4)
    running: dict[tuple[UUID, int], tuple[Attempt, asyncio.Task[None]]] = field(
        default_factory=dict[tuple[UUID, int], tuple[Attempt, asyncio.Task[None]]]
    )
    served: UUID = NIL
    # A claim between its commit and its entry in `running` would look like a forgotten job, and so
    # would one that was interrupted and is not handed back yet.
    books: asyncio.Lock = field(default_factory=asyncio.Lock)
    wake: asyncio.Event = field(default_factory=asyncio.Event)
    closing: asyncio.Event = field(default_factory=asyncio.Event)
    promoted: float = 0.0

    async def run(self) -> None:
        """Beat, fire schedules, claim and tidy side by side until the stop; then drain."""
        started = asyncio.Event()
        async with asyncio.TaskGroup() as group:
            group.create_task(self._every(self.pace.beat, self._beat, started))
            watch = group.create_task(self._wake_on_stop())
            others = [group.create_task(self._after(started, loop)) for loop in self._loops()]
            await self.stop.wait()
            await asyncio.gather(*others, watch)
            await self._drain()
            self.closing.set()
        await self._leave()

    def _loops(self) -> list[Callable[[], Awaitable[None]]]:
        return [self._claims, self._schedules, self._tidying]

    async def _after(self, started: asyncio.Event, loop: Callable[[], Awaitable[None]]) -> None:
        """Begin a loop when the first beat has made the worker known."""
        if await _first(started, self.stop):
            await loop()

    @asynccontextmanager
    async def _book(self) -> AsyncGenerator[Connection]:
        """A short transaction on the queue's own tables."""
        async with self.database.transaction(_SYSTEM) as tx:
            yield tx.connection

    # ── claiming ───────────────────────────────────────────────────────────────────────────────

    async def _claims(self) -> None:
        while not self.stop.is_set():
            self.wake.clear()
            free = self.concurrency - len(self.running)
            claimed = await self._guarded(self._claim, free) if free > 0 else 0
            if free > 0 and claimed == free:
                continue
            wait = None if free == 0 else self.pace.poll * random.uniform(0.8, 1.2)  # noqa: S311
            await _wait(self.wake, wait)

    async def _claim(self, free: int) -> int:
        """Take up to `free` jobs and start them; answers how many."""
        busy = Counter(attempt.tenant for attempt, _ in self.running.values())
        async with self.books:
            async with self._book() as connection:
                await self._promote(connection.execute)
                rows = await connection.fetch(
                    statements.CLAIM,
                    self.registry.names,
                    free,
                    self.served,
                    list(busy),
                    list(busy.values()),
                    max(1, int(self.concurrency * self.pace.tenant_share)),
                    self.id,
                )
            for row in rows:
                self._start(Attempt.of(self.database, row))
        if rows:
            self.served = max(rows, key=lambda row: row["n"])["tenant_id"]
        return len(rows)

    async def _promote(self, execute: Callable[[str], Awaitable[object]]) -> None:
        """Make the jobs ready whose time has come, at most once a poll."""
        now = asyncio.get_running_loop().time()
        if now - self.promoted >= self.pace.poll / 2:
            self.promoted = now
            await execute(statements.PROMOTE)

    def _start(self, attempt: Attempt) -> None:
        task = asyncio.create_task(self._run(attempt), name=f"job {attempt.name} {attempt.id}")
        self.running[attempt.id, attempt.lease] = (attempt, task)

    # ── running ────────────────────────────────────────────────────────────────────────────────

    async def _run(self, attempt: Attempt) -> None:
        try:
            outcome = await self._outcome(attempt, self.registry.handler(attempt.name))
            if outcome is not None and not attempt.settled:
                await self._settle(attempt, outcome)
        except Exception:
            # Not settled: the next beat finds it held but not running, and hands it back.
            log.exception("job %s %s could not be settled", attempt.name, attempt.id)
        finally:
            self.running.pop((attempt.id, attempt.lease), None)
            self.wake.set()

    async def _outcome(self, attempt: Attempt, handler: Handler[Any]) -> _Outcome | None:
        """Run the job's function; answers how to settle it, or None if it isn't ours any more."""
        if attempt.attempt > handler.attempts:
            text = f"The worker died in each of {handler.attempts} attempts."
            return _Outcome(statements.FAIL, (text, None))
        limit = asyncio.timeout(handler.timeout)
        try:
            attempt.read_payload(handler)
            async with limit:
                await handler.run(attempt)
        except LeaseLost:
            log.warning("job %s %s was taken over", attempt.name, attempt.id)
            return None
        except JobCancelled:
            return _Outcome(statements.FINISH)
        except Later as later:
            return _Outcome(statements.LATER, (later.seconds,))
        except (GiveUp, msgspec.DecodeError) as error:
            return _Outcome(statements.FAIL, (_described(error), None))
        except TimeoutError as error:
            text = f"Took longer than {handler.timeout:g} s." if limit.expired() else None
            return self._failed(attempt, handler, error, text)
        except Exception as error:  # noqa: BLE001 - logged in _failed; a job may raise anything
            return self._failed(attempt, handler, error)
        return _Outcome(statements.FINISH)

    def _failed(
        self, attempt: Attempt, handler: Handler[Any], error: Exception, text: str | None = None
    ) -> _Outcome:
        last = attempt.attempt >= handler.attempts
        log.warning(
            "job %s %s failed, attempt %d of %d",
            attempt.name,
            attempt.id,
            attempt.attempt,
            handler.attempts,
            exc_info=error,
        )
        wait = None if last else self.pace.wait(attempt.attempt)
        return _Outcome(statements.FAIL, (text or _described(error), wait))

    async def _settle(self, attempt: Attempt, outcome: _Outcome) -> None:
        """Write down how it ended; does nothing if the job is somebody else's by now."""
        async with self._book() as connection:
            await connection.execute(outcome.statement, *attempt.fence, *outcome.arguments)
        attempt.settled = True

    # ── beside the jobs ────────────────────────────────────────────────────────────────────────

    async def _beat(self) -> None:
        """A sign of life; learns which jobs are still ours, and takes back those of the dead."""
        async with self.books:
            async with self._book() as connection:
                rows = await connection.fetch(statements.BEAT, self.id, self.pace.lease)
                await connection.execute(statements.RETAKE, self.pace.backoff)
            held = {(row["id"], row["lease"]): row for row in rows}
            for key, (attempt, task) in tuple(self.running.items()):
                if key in held:
                    attempt.missed = 0
                    attempt.cancelling = held[key]["cancelling"]
                else:
                    attempt.missed += 1
                # Missed once, it may just have committed its own completion.
                if attempt.missed > 1 and not attempt.settled:
                    task.cancel("the job was taken over")
            forgotten = [row for key, row in held.items() if key not in self.running]
        await self._forget(forgotten)

    async def _forget(self, rows: list[asyncpg.Record]) -> None:
        """Hand back jobs that are ours in the database but not running here."""
        if not rows:
            return
        async with self._book() as connection:
            for row in rows:
                text = "The outcome could not be written down."
                fence = (row["tenant_id"], row["id"], row["lease"])
                await connection.execute(statements.FAIL, *fence, text, self.pace.backoff)

    async def _schedules(self) -> None:
        listed = self.registry.schedules
        if not listed:
            return
        declared = False
        while not self.stop.is_set():
            declared = declared or bool(await self._guarded(self._declare))
            await self._guarded(self._fire)
            await _wait(self.stop, self.pace.tick)

    async def _declare(self) -> int:
        async with self._book() as connection:
            await schedules.declare(connection, self.registry.schedules)
        return 1

    async def _fire(self) -> int:
        async with self._book() as connection:
            return await schedules.fire(connection, self.registry.schedules)

    async def _tidying(self) -> None:
        while not self.stop.is_set():
            await self._guarded(self._tidy)
            await _wait(self.stop, 60.0)

    async def _tidy(self) -> int:
        async with self._book() as connection:
            await queue.tidy(
                connection,
                keep_days=self.pace.keep_days,
                keep_failed_days=self.pace.keep_failed_days,
            )
        return 0

    async def _every(
        self, seconds: float, act: Callable[[], Awaitable[None]], done: asyncio.Event
    ) -> None:
        """Repeat until closing, through any outage of the database."""
        while not self.closing.is_set():
            try:
                await act()
                done.set()
            except Unavailable as error:
                log.warning("the worker waits: %s", error)
            except Exception:
                log.exception("the worker's beat failed")
            await _wait(self.closing, seconds)

    async def _guarded(self, act: Callable[..., Awaitable[int]], *arguments: object) -> int:
        """Run it; an error is logged and waited out, so that an outage does not end the worker."""
        try:
            return await act(*arguments)
        except Unavailable as error:
            log.warning("the worker waits: %s", error)
        except Exception:
            log.exception("the worker could not reach its queue")
        await _wait(self.stop, 1.0)
        return 0

    # ── stopping ───────────────────────────────────────────────────────────────────────────────

    async def _wake_on_stop(self) -> None:
        await self.stop.wait()
        self.wake.set()

    async def _drain(self) -> None:
        """Let running jobs finish for a while, then interrupt and hand them back uncounted."""
        tasks = {task: attempt for attempt, task in self.running.values()}
        if not tasks:
            return
        _, late = await asyncio.wait(tasks, timeout=self.pace.grace)
        if late:
            async with self.books:  # a beat would take what has ended for forgotten
                await self._interrupt({task: tasks[task] for task in late})

    async def _interrupt(self, late: dict[asyncio.Task[None], Attempt]) -> None:
        for task in late:
            task.cancel("the worker stops")
        await asyncio.wait(late, timeout=self.pace.unwinding)
        for attempt in late.values():
            if not attempt.settled:
                await self._guarded(self._hand_back, attempt)

    async def _hand_back(self, attempt: Attempt) -> int:
        await self._settle(attempt, _Outcome(statements.LATER, (0.0,)))
        return 1

    async def _leave(self) -> None:
        """Take the worker off the list, so that nobody waits for its lease to run out."""
        try:
            async with self._book() as connection:
                await connection.execute(statements.LEAVE, self.id)
        except Exception:
            log.exception("the worker could not sign off; its lease will run out")


def _described(error: BaseException) -> str:
    """The error for the list of dead letters, without NUL, which PostgreSQL can't store."""
    text = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
    return text.replace("\0", "")[:_ERROR_LENGTH]


async def _wait(event: asyncio.Event, seconds: float | None) -> None:
    """Return when the event is set or the time is over."""
    try:
        async with asyncio.timeout(seconds):
            await event.wait()
    except TimeoutError:
        return


async def _first(event: asyncio.Event, stop: asyncio.Event) -> bool:
    """Wait for either event; whether it was the first."""
    waits = [asyncio.create_task(event.wait()), asyncio.create_task(stop.wait())]
    await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
    for wait in waits:
        wait.cancel()
    return event.is_set()
