"""The file that holds what the server and the worker log while `tenfold up` runs them."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import time
from pathlib import Path
from typing import Any

MOST_BYTES = 16 * 1024 * 1024
_LOOK_SECONDS = 5.0
_TAIL = 64 * 1024


class LogFile:
    """Children write to it directly; when it is full it moves to `NAME.1`, the only one before it.

    They keep their handle, so what is full is copied and emptied, not renamed: a line that comes in
    that moment may be lost, but none costs a trip through the supervisor.
    """

    def __init__(self, path: Path, most: int = MOST_BYTES) -> None:
        self.path, self._most, self._due = path, most, 0.0
        path.parent.mkdir(parents=True, exist_ok=True)
        self.handle = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)

    def look(self) -> None:
        """Keep the file below its size; to be called again and again."""
        now = time.monotonic()
        if now < self._due:
            return
        self._due = now + _LOOK_SECONDS
        if os.fstat(self.handle).st_size > self._most:
            with contextlib.suppress(OSError):  # a full disk: the newest lines count
                shutil.copyfile(self.path, self.path.with_name(f"{self.path.name}.1"))
            os.ftruncate(self.handle, 0)

    def last(self) -> str:
        """The last thing that was said, as a sentence; empty where nothing was."""
        with contextlib.suppress(OSError), self.path.open("rb") as file:
            file.seek(max(0, os.fstat(self.handle).st_size - _TAIL))
            lines = file.read().decode("utf-8", "replace").split("\n")
            return next((_said(line) for line in reversed(lines) if line.strip()), "")
        return ""

    def close(self) -> None:
        """Write no more."""
        os.close(self.handle)


def _said(line: str) -> str:
    with contextlib.suppress(ValueError):
        known: Any = json.loads(line)
        if isinstance(known, dict) and "event" in known:
            return str(known.get("error") or known["event"])  # pyright: ignore[reportUnknownMemberType, reportUnknownArgumentType]
    return line.strip()
