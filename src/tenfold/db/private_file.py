"""Small secrets that are made once and kept in a file of the home."""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Callable
from pathlib import Path


def kept(path: Path, make: Callable[[], str]) -> str:
    """What the file holds, made by whoever comes first; never half of it, only its owner reads."""
    try:
        return path.read_text("utf-8")
    except FileNotFoundError:
        pass
    name = _written(path, make())
    try:
        with contextlib.suppress(FileExistsError):  # another process was faster: its file holds
            os.link(name, path)
    finally:
        name.unlink()
    return path.read_text("utf-8")


def replaced(path: Path, text: str) -> None:
    """Let the file hold this instead; who reads it meanwhile reads the one or the other."""
    _written(path, text).replace(path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _written(path: Path, text: str) -> Path:
    """A file beside it that holds the text for good."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    handle, name = tempfile.mkstemp(prefix=f".{path.name}-", dir=path.parent)
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
    except BaseException:
        Path(name).unlink()
        raise
    return Path(name)
