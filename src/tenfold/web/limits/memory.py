"""What is remembered of limits by all processes of this machine: a table in a file, mapped.

The table has a fixed number of buckets. A key belongs to one of them, by a hash that only this
installation can tell, and has a place there for as long as it is busy; after that, what is
remembered of it is what is remembered of a stranger, and the place is free. Keys that find none
count together in the bucket's spill, and a key that takes a place later begins with what the spill
holds: where a bucket is full limits are stricter than they say, never looser.

A bucket is changed under a lock of its byte of the file, which ends with the process that holds it,
and each of its words is written at once: a process that is killed on the way leaves nothing locked
and no place that says less than before.
"""

from __future__ import annotations

import fcntl
import mmap
import os
import time
from collections.abc import Callable
from pathlib import Path
from struct import Struct

from tenfold.kernel.errors import Unavailable
from tenfold.web.limits.limit import Allowance, Limit

BUCKETS = 32_768
"""Of 128 bytes each: 4 MiB for 229,376 keys that are busy at the same time."""
_WORDS, _PLACES = 16, 7
_SPILL = 15
_MARKS = Struct(f"={_PLACES}Q")
_HASH = Struct("=QQ")
_LONGEST = 3_600.0
"""Seconds that no key can be busy for: what says more is from before the machine was started."""
_PATIENCE, _PAUSE = 0.05, 0.0001
"""Seconds that another process is waited for: it may be stopped while it holds a bucket."""


class Memory:
    """The counts of one machine. For one thread of each process."""

    def __init__(
        self, path: Path, buckets: int = BUCKETS, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._buckets, self._clock = buckets, clock
        self._handle = _opened(path, buckets * _WORDS * 8)
        self._map = mmap.mmap(self._handle, buckets * _WORDS * 8)
        self._marks = memoryview(self._map).cast("Q")
        self._times = memoryview(self._map).cast("d")

    def take(self, limit: Limit, key: bytes, slack: float = 0.0) -> Allowance:
        """Count one request of a key (16 bytes of a hash), unless it must wait.

        With slack it must wait only if it is busy for so many seconds more than the window.
        """
        place, mark = _HASH.unpack(key)
        bucket = place % self._buckets
        self._hold(bucket)
        try:
            moment = self._clock()
            word = self._word(bucket, mark or 1, moment)
            until = self._times[word]
            if not moment < until <= moment + _LONGEST:
                until = moment
            busy = until + limit.step - moment
            if limit.allows(busy - slack):
                # Read anew: others may have gone on while this process was not let run.
                now = self._times[word]
                until = now if until < now <= moment + _LONGEST else until
                self._times[word] = until + limit.step
        finally:
            fcntl.lockf(self._handle, fcntl.LOCK_UN, 1, bucket)
        return Allowance(limit, busy)

    def close(self) -> None:
        """Let go of the file, which stays."""
        self._marks.release()
        self._times.release()
        self._map.close()
        os.close(self._handle)

    def _word(self, bucket: int, mark: int, moment: float) -> int:
        """Which word says until when a key is busy; gives it a place where one is free."""
        first = bucket * _WORDS
        marks = _MARKS.unpack_from(self._map, first * 8)
        times = first + 8
        if mark in marks:
            return times + marks.index(mark)
        for place in range(times, times + _PLACES):
            if not moment < self._times[place] <= moment + _LONGEST:
                self._times[place] = self._times[first + _SPILL]
                self._marks[place - 8] = mark
                return place
        return first + _SPILL

    def _hold(self, bucket: int) -> None:
        """Lock a bucket, in vain only where its holder is stopped: then counts may be lost."""
        try:
            fcntl.lockf(self._handle, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, bucket)
        except OSError:
            self._wait_for(bucket)

    def _wait_for(self, bucket: int) -> None:
        until = time.monotonic() + _PATIENCE
        while time.monotonic() < until:
            time.sleep(_PAUSE)
            try:
                fcntl.lockf(self._handle, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, bucket)
            except OSError:
                continue
            return


def _opened(path: Path, size: int) -> int:
    """The file, all of it on the disk: a mapped page that finds no room there ends the process."""
    try:
        handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        if os.fstat(handle).st_size < size:
            if hasattr(os, "posix_fallocate"):
                os.posix_fallocate(handle, 0, size)
            else:
                os.pwrite(handle, bytes(size), 0)
    except OSError as error:
        raise Unavailable(
            f"Requests can't be counted in {path} ({error.strerror}); make room there, or set "
            "TENFOLD_HOME to a folder that can be written to."
        ) from error
    return handle
