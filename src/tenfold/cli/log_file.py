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
_MOST_READ = 1024 * 1024
_TRACEBACK = "Traceback (most recent call last):"
_ERRORS = ("error", "critical")


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

    @property
    def size(self) -> int:
        """How long it is: from where on it is read later."""
        return os.fstat(self.handle).st_size

    def last(self) -> str:
        """The last thing that was said, as a sentence; empty where nothing was."""
        lines = self._lines(max(0, self.size - _TAIL))
        return next((_said(line) for line in reversed(lines) if line.strip()), "")

    def first_error(self, since: int) -> str:
        """The first error that was said from a place on; empty where none was.

        What comes after it is often but what follows from it.
        """
        # A file that is shorter now was emptied: all of it is new.
        lines = self._lines(since if since <= self.size else 0)
        for place, line in enumerate(lines):
            if line.startswith(_TRACEBACK):
                ends = (one for one in lines[place + 1 :] if one.strip() and one[:1] != " ")
                return next(ends, "").strip()
            known = _known(line)
            if known.get("level") in _ERRORS:
                return _said(line)
        return ""

    def _lines(self, since: int) -> list[str]:
        with contextlib.suppress(OSError), self.path.open("rb") as file:
            file.seek(since)
            return file.read(_MOST_READ).decode("utf-8", "replace").split("\n")
        return []

    def close(self) -> None:
        """Write no more."""
        os.close(self.handle)


def _said(line: str) -> str:
    known = _known(line)
    return str(known.get("error") or known["event"]) if "event" in known else line.strip()


def _known(line: str) -> dict[str, Any]:
    """What a line of JSON says; empty where it is none."""
    with contextlib.suppress(ValueError):
        found: Any = json.loads(line)
        if isinstance(found, dict):
            return found  # pyright: ignore[reportUnknownVariableType] - of JSON
    return {}
