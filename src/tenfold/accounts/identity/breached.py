"""Passwords that attackers try first: those of past breaches, looked up without asking anybody.

By default the 30,000 most used ones, as zxcvbn brings them; with a file of haveibeenpwned.com
(SHA-1 in hex, one a line, ordered by hash) hundreds of millions.
"""

from __future__ import annotations

import hashlib
import mmap
from functools import cached_property
from pathlib import Path

from zxcvbn.frequency_lists import FREQUENCY_LISTS


class Breached:
    """The passwords that nobody may have."""

    def __init__(self, file: str = "") -> None:
        self._file = Path(file) if file else None

    def __contains__(self, password: str) -> bool:
        """Whether it was in a breach, in capitals or not."""
        if password.lower() in self._common:
            return True
        if self._file is None:
            return False
        # What the file knows passwords by; nothing is protected by it here.
        digest = hashlib.sha1(password.encode(), usedforsecurity=False).hexdigest().upper()
        return _in_file(self._file, digest.encode())

    @cached_property
    def _common(self) -> frozenset[str]:
        return frozenset(FREQUENCY_LISTS["passwords"])


def _in_file(path: Path, digest: bytes) -> bool:
    """Whether a line of the ordered file begins with the digest; 30 looks at a file of 30 GB."""
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as text:
        low, high = 0, len(text)
        while low < high:
            middle = (low + high) // 2
            start = text.rfind(b"\n", 0, middle) + 1
            found = text[start : start + len(digest)].upper()
            if found == digest:
                return True
            if found < digest:
                end = text.find(b"\n", middle)
                low = len(text) if end < 0 else end + 1
            else:
                high = start
    return False
