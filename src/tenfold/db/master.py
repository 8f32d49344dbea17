"""The installation's master keys: where they come from, and which of them seals and signs.

There is one, and two while it changes: the first seals and signs, the others still open what was
sealed and accept what was signed before. They are read anew wherever they are needed, so that a
running process knows of a change as soon as it is made.
"""

from __future__ import annotations

import os
import secrets
import struct
from collections.abc import Callable
from pathlib import Path

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from tenfold.db.private_file import kept, replaced
from tenfold.kernel.settings import SettingError, variable

Given = str | Callable[[], str]
"""Master keys as text, or what tells them as they are now."""
_BYTES = 32
_NUMBER = struct.Struct(">I")


class Masters:
    """The master keys as they are now; the last good ones where what tells them fails."""

    def __init__(self, read: Callable[[], str]) -> None:
        self._read = read
        self._text = read()
        self._all = parsed(self._text)
        self._derived: dict[str, tuple[bytes, ...]] = {}

    @classmethod
    def of(cls, home: Path, given: Given = "") -> Masters:
        """Those given (64 hex digits each, the newest first), or of the home's file, made once."""
        if callable(given):
            return cls(given)
        if given:
            return cls(lambda: given)
        kept(file_of(home), new)
        return cls(_Watched(file_of(home)).text)

    def derived(self, purpose: str) -> tuple[bytes, ...]:
        """A 32-byte key for one purpose from each of them (HKDF, RFC 5869); the first signs."""
        self._look()
        return self._made(purpose)

    @property
    def numbered(self) -> tuple[tuple[int, bytes], ...]:
        """What seals, each with the number that tells so in what it sealed."""
        self._look()
        # The number tells nothing of the key; 0 is what was sealed before there were numbers.
        numbers = (_NUMBER.unpack(one[:4])[0] or 1 for one in self._made("number"))
        return tuple(zip(numbers, self._made("seal"), strict=True))

    def _made(self, purpose: str) -> tuple[bytes, ...]:
        found = self._derived.get(purpose)
        if found is None:
            found = self._derived[purpose] = tuple(derived(m, purpose) for m in self._all)
        return found

    def _look(self) -> None:
        try:
            text = self._read()
            if text != self._text:
                self._all, self._text = parsed(text), text
                self._derived.clear()
        except (OSError, ValueError, SettingError):
            pass  # half written, or away for a moment


def file_of(home: Path) -> Path:
    """Where an installation keeps its master keys, one in a line."""
    return home / "keys" / "master.key"


def new() -> str:
    """A new master key as text."""
    return secrets.token_hex(_BYTES)


def parsed(text: str) -> tuple[bytes, ...]:
    """The keys in a text, separated by commas or lines; SettingError without a word of them."""
    words = text.replace(",", " ").split()
    try:
        found = tuple(bytes.fromhex(word) for word in words)
    except ValueError:
        found = ()
    if not found or any(len(key) != _BYTES for key in found) or len({*found}) < len(found):
        raise SettingError(
            f"The master key can't be used: {variable('master_key')} or the file keys/master.key "
            "takes 64 hex digits, or several such keys, the newest first."
        )
    return found


def texts(home: Path) -> tuple[str, ...]:
    """The master keys of the home's file, made where there are none."""
    return tuple(key.hex() for key in parsed(kept(file_of(home), new)))


def write(home: Path, masters: tuple[str, ...]) -> None:
    """Keep these master keys in the home's file; who reads it has the old ones or these."""
    replaced(file_of(home), "".join(f"{one}\n" for one in masters))


def derived(key: bytes, purpose: str) -> bytes:
    """A 32-byte key for one purpose, made of another."""
    return HKDF(SHA256(), _BYTES, None, purpose.encode()).derive(key)


class _Watched:
    """The text of a file, read again when it is another one."""

    def __init__(self, path: Path) -> None:
        self._path, self._text = path, ""
        self._seen: tuple[int, ...] = ()

    def text(self) -> str:
        seen = self._stamp()
        if seen != self._seen:
            self._text, self._seen = self._path.read_text("utf-8"), seen
        return self._text

    def _stamp(self) -> tuple[int, ...]:
        found = os.stat(self._path)  # noqa: PTH116 - half the time of Path.stat, on hot paths
        return found.st_mtime_ns, found.st_ino, found.st_size
