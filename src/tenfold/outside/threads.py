"""Work that blocks, in threads that never hold up the end of the process.

Threads of an executor are waited for when Python ends, and a name server or a secret source that
hangs would keep the process for as long; those here are daemons.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from threading import Thread
from typing import Any, TypeVar

T = TypeVar("T")


async def aside(work: Callable[[], T]) -> T:
    """What the work returns or raises; whoever stops waiting leaves it to end by itself."""
    loop = asyncio.get_running_loop()
    done: asyncio.Future[T] = loop.create_future()

    def run() -> None:
        try:
            result = work()
        except BaseException as error:  # noqa: BLE001 - it is the waiting one's
            _tell(loop, done, done.set_exception, error)
        else:
            _tell(loop, done, done.set_result, result)

    Thread(target=run, name="tenfold-aside", daemon=True).start()
    return await done


def _tell(
    loop: asyncio.AbstractEventLoop,
    done: asyncio.Future[Any],
    tell: Callable[[Any], None],
    value: object,
) -> None:
    with suppress(RuntimeError):  # the loop is closed: nobody waits any more
        loop.call_soon_threadsafe(lambda: None if done.done() else tell(value))
