"""A worker process that stops at a named point of an automation's way, to be killed there."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Awaitable, Callable
from functools import wraps
from pathlib import Path
from typing import Any

from tests.jobs.tools import QUICK

from tenfold import jobs
from tenfold.app import automations_of, parts
from tenfold.automation import runs, watching
from tenfold.automation.running import Runner
from tenfold.db.database import Database
from tenfold.engine.dispatch import Dispatcher
from tenfold.kernel.settings import Settings

POINTS = ("noticed", "begun", "told", "taken", "halfway", "saved", "finished")
"""Before and after a run is begun, after that was committed, and so with what the run does."""


def stopping(work: Callable[..., Awaitable[Any]], *, after: bool = True) -> Callable[..., Any]:
    """The same, which stops before or after it is done, and says so."""

    @wraps(work)
    async def stopped(*arguments: Any, **options: Any) -> Any:
        done = await work(*arguments, **options) if after else None
        sys.stdout.write("stopped\n")
        sys.stdout.flush()
        await asyncio.sleep(3_600)
        return done

    return stopped


def stop_at(point: str) -> None:
    """Stop at a point from here on."""
    match point:
        case "noticed" | "begun":
            runs.begin = stopping(runs.begin, after=point == "begun")
        case "told":
            watching.Watcher.__call__ = stopping(watching.Watcher.__call__)
        case "taken":
            Runner.go = stopping(Runner.go, after=False)
        case "halfway":
            Runner._create = stopping(Runner._create)
        case "saved":
            runs.save = stopping(runs.save)
        case "finished":
            Runner.handlers = _finishing(Runner.handlers)
        case _:
            raise ValueError(point)


def _finishing(made: Callable[[Runner], list[jobs.Handler[Any]]]) -> Callable[..., Any]:
    def handlers(runner: Runner) -> list[jobs.Handler[Any]]:
        return [
            jobs.Handler(h.name, h.payload, h.attempts, h.timeout, stopping(h.run))
            for h in made(runner)
        ]

    return handlers


async def main(home: str, app_url: str, tail_url: str, consumer: str, point: str) -> None:
    stop_at(point)
    machine = automations_of(parts(Settings(home=str(Path(home)))))
    database = await Database.connect(app_url, largest=8)
    tail = await Database.connect(tail_url, largest=2)
    registry = jobs.Registry(machine.handlers(database))
    dispatcher = Dispatcher(tail, {consumer: machine.watcher(database)})
    stop = asyncio.Event()
    async with asyncio.TaskGroup() as group:
        group.create_task(dispatcher.run(stop, pause=0.02))
        group.create_task(jobs.work(database, registry, stop=stop, concurrency=2, pace=QUICK))


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
