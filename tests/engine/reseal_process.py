"""A worker process for the tests that seals secrets anew, and stops at a point to be killed."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from tests.jobs.tools import QUICK

from tenfold import app, jobs
from tenfold.db.database import Database, Transaction
from tenfold.db.keys import Keyring
from tenfold.engine import reseal

PIECES = {"between": 3, "within": 4}
"""How many transactions go before the point: counting, a piece, and another one."""


class Stopping:
    """A job that waits in or after its third piece."""

    def __init__(self, work: jobs.Job[Any], point: str) -> None:
        self._work, self._point, self._steps = work, point, 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._work, name)

    @asynccontextmanager
    async def step(
        self, done: int, total: int | None = None, note: str = ""
    ) -> AsyncGenerator[Transaction]:
        self._steps += 1
        here = self._work.attempt == 1 and self._steps == PIECES[self._point]
        async with self._work.step(done, total, note) as tx:
            yield tx
            if here and self._point == "within":
                await _wait()
        if here:
            await _wait()


async def _wait() -> None:
    sys.stdout.write("at the point\n")
    sys.stdout.flush()
    await asyncio.sleep(3_600)


async def main(url: str, home: str, point: str) -> None:
    reseal.PIECE = 10
    database = await Database.connect(url, largest=8)
    registry, keyring = app.registry(), Keyring.of(Path(home))

    @jobs.job(reseal.RESEAL_JOB, reseal.Reseal, attempts=10, timeout=60)
    async def stopping(work: jobs.Job[reseal.Reseal]) -> None:
        await reseal.Resealing(Stopping(work, point), registry, keyring).run()  # pyright: ignore[reportArgumentType]

    await jobs.work(database, jobs.Registry([stopping]), stop=asyncio.Event(), pace=QUICK)


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
