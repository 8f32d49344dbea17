"""A worker process for the tests: its job stops at a named point and waits to be killed there."""

from __future__ import annotations

import asyncio
import os
import signal
import sys

from tests.jobs.tools import QUICK, Work

from tenfold import jobs
from tenfold.db.database import Database

EFFECT = "INSERT INTO effect (job, tenant, note) VALUES ($1, $2, $3)"


def _say(words: str) -> None:
    sys.stdout.write(words + "\n")
    sys.stdout.flush()


async def _point(job: jobs.Job[Work], name: str) -> None:
    """Stay here if this is the point that the payload names; only in the first attempt."""
    if job.payload.note == name and job.attempt == 1:
        _say(f"at {name}")
        if name == "frozen":
            # Stopped exactly here; when continued, it goes straight on to commit.
            os.kill(os.getpid(), signal.SIGSTOP)
        else:
            await asyncio.sleep(3_600)


@jobs.job("pay", Work, attempts=3, timeout=60)
async def pay(job: jobs.Job[Work]) -> None:
    """One effect, with places to die before, in and after its transaction."""
    await _point(job, "claimed")
    try:
        async with job.transaction() as tx:
            await tx.execute(EFFECT, job.id, job.tenant, "paid")
            await _point(job, "written")
            await _point(job, "frozen")
    except jobs.LeaseLost:
        _say("refused")
        raise
    await _point(job, "committed")


@jobs.job("import", Work, attempts=3, timeout=60)
async def steps(job: jobs.Job[Work]) -> None:
    """Three pieces, of which the process dies after the first."""
    for piece in range(job.done, 3):
        async with job.step(piece + 1, 3) as tx:
            await tx.execute(EFFECT, job.id, job.tenant, f"piece {piece}")
        await _point(job, "stepped")


@jobs.job("poison", Work, attempts=2, timeout=60)
async def poison(job: jobs.Job[Work]) -> None:
    """Kills whatever process runs it."""
    _say("at poison")
    await asyncio.sleep(3_600)


async def main(url: str) -> None:
    database = await Database.connect(url, largest=8)
    registry = jobs.Registry([pay, steps, poison])
    await jobs.work(database, registry, stop=asyncio.Event(), concurrency=2, pace=QUICK)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
