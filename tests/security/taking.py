"""A process that takes from a limit again and again: `python -m tests.security.taking FILE KEY
MOST TIMES SAYING`. It begins when it reads a line, and writes a `+` for each request that is
allowed: at once where `SAYING` is `now`, else at the end, together with a `.`."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from tenfold.web.limits import Limit, Memory
from tenfold.web.limits import memory as limits

WINDOW = 3_600


def main(file: str, key: str, most: str, times: str, saying: str) -> None:
    """Take so often. None of these processes is stopped, however long it is not let run."""
    limits._PATIENCE = 30.0
    memory, hashed = Memory(Path(file), buckets=4), bytes.fromhex(key)
    limit, allowed = Limit("person", int(most), WINDOW), 0
    os.write(1, b"!")
    sys.stdin.readline()
    for _ in range(int(times)):
        if memory.take(limit, hashed).wait:
            continue
        if saying == "now":
            os.write(1, b"+")
        else:
            allowed += 1
    os.write(1, b"+" * allowed + b".")


if __name__ == "__main__":
    main(*sys.argv[1:])
