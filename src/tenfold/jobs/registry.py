"""What can be run: job declarations, and the registry that the composition root builds of them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Any, Generic, Protocol, TypeVar
from uuid import UUID

import msgspec

from tenfold.db.database import Transaction
from tenfold.jobs.schedules import Schedule
from tenfold.kernel.context import Context

P = TypeVar("P")
P_co = TypeVar("P_co", covariant=True)


class Later(Exception):
    """Raised by a job to be run again after some seconds; the attempt is not counted.

    For an answer of 429 with Retry-After, or a limit that is used up.
    """

    def __init__(self, seconds: float) -> None:
        super().__init__(f"Put off for {seconds:g} s.")
        self.seconds = seconds


class GiveUp(Exception):
    """Raised by a job that no further attempt can help: it goes to the dead letters at once."""


class LeaseLost(Exception):
    """The job was taken over by another worker, so nothing of this attempt may be committed."""


class JobCancelled(Exception):
    """Somebody cancelled the job, so its effect was not committed."""


class Job(Protocol[P_co]):
    """One attempt at a job, as its function sees it."""

    @property
    def id(self) -> UUID:
        """The job's id."""
        ...

    @property
    def name(self) -> str:
        """The name it was enqueued under."""
        ...

    @property
    def tenant(self) -> UUID:
        """The tenant it works for; the nil id for the installation's own jobs."""
        ...

    @property
    def actor(self) -> UUID | None:
        """Who caused it, or None for the system."""
        ...

    @property
    def payload(self) -> P_co:
        """What it was enqueued with."""
        ...

    @property
    def attempt(self) -> int:
        """1 for the first attempt."""
        ...

    @property
    def done(self) -> int:
        """How far earlier attempts came (the last `step` that was committed)."""
        ...

    @property
    def context(self) -> Context:
        """The tenant and actor to read and write as."""
        ...

    def cancelled(self) -> bool:
        """Whether somebody asked to cancel it; known a few seconds after."""
        ...

    async def progress(self, done: int, total: int | None = None, note: str = "") -> None:
        """Show how far it is, at once and in a transaction of its own."""
        ...

    def transaction(self) -> AbstractAsyncContextManager[Transaction]:
        """The job's effect and its completion in one transaction: both or neither, once.

        Raises LeaseLost or JobCancelled instead of committing.
        """
        ...

    def step(
        self, done: int, total: int | None = None, note: str = ""
    ) -> AbstractAsyncContextManager[Transaction]:
        """One piece of a long job, committed with how far it is; a later attempt sees `done`."""
        ...


@dataclass(frozen=True, slots=True)
class Handler(Generic[P]):
    """A declared job: its name, the type of its payload, its limits and its function."""

    name: str
    payload: type[P]
    attempts: int
    timeout: float
    run: Callable[[Job[P]], Awaitable[None]]


def job(
    name: str, payload: type[P], *, attempts: int = 3, timeout: float = 300.0
) -> Callable[[Callable[[Job[P]], Awaitable[None]]], Handler[P]]:
    """Declare an async function as a job; it runs only where a Registry was given it.

    `attempts` counts crashes of the worker too; `timeout` is in seconds for one attempt.
    """
    if attempts < 1 or timeout <= 0:
        raise ValueError(f"job {name!r}: attempts start at 1 and the timeout is above 0 seconds")

    def declare(run: Callable[[Job[P]], Awaitable[None]]) -> Handler[P]:
        return Handler(name, payload, attempts, timeout, run)

    return declare


class Registry:
    """The jobs and schedules of one installation; built once, then only read."""

    def __init__(
        self, handlers: Iterable[Handler[Any]], schedules: Iterable[Schedule] = ()
    ) -> None:
        listed = tuple(handlers)
        self._handlers: dict[str, Handler[Any]] = {handler.name: handler for handler in listed}
        self.schedules = tuple(schedules)
        problems = [*_twice("job", [h.name for h in listed])]
        problems += _twice("schedule", [s.name for s in self.schedules])
        problems += [problem for s in self.schedules for problem in self._wrong(s)]
        if problems:
            raise ValueError("; ".join(problems))

    @property
    def names(self) -> list[str]:
        """The names of all jobs that this installation can run."""
        return sorted(self._handlers)

    def handler(self, name: str) -> Handler[Any]:
        """The declaration of a job; KeyError where there is none."""
        return self._handlers[name]

    def _wrong(self, schedule: Schedule) -> Iterable[str]:
        yield from schedule.mistakes()
        handler = self._handlers.get(schedule.job)
        if handler is None:
            yield f"schedule {schedule.name!r}: there is no job {schedule.job!r}"
            return
        try:
            msgspec.convert(msgspec.to_builtins(schedule.payload), handler.payload)
        except msgspec.ValidationError as error:
            yield f"schedule {schedule.name!r}: {error}"


def _twice(kind: str, names: list[str]) -> list[str]:
    return [
        f"{kind} {name!r} is declared twice" for name in sorted({*names}) if names.count(name) > 1
    ]
