"""One chain looked at again, seal by seal: what was altered, taken out, put in or cut off."""

from __future__ import annotations

import hmac
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from tenfold.audit.chain import DIGEST, Head, Seal, entry_digest, stamped
from tenfold.kernel import clock

_LATE = 7
"""Days that an entry may have waited for its seal."""
SHOWN = 20
"""Faults of a chain that are told one by one."""


def _now() -> datetime:
    return clock.now()


@dataclass(frozen=True, slots=True)
class Found:
    """What is found of an entry now: what it is about, and the digest of its content."""

    about: str
    of_content: bytes


@dataclass(slots=True)
class Following:
    """A chain as far as it was followed."""

    name: str
    """How the chain is called to who reads of it."""
    days: int | None
    """For how long entries are kept; None: for good."""
    key: bytes | None
    """What stamps were made with; None: they are not looked at."""
    now: datetime = field(default_factory=_now)
    expected: Head | None = None
    """A seal that was known before: it must still be there."""
    head: Head = field(default_factory=Head)
    sealed: set[int] = field(default_factory=set[int])
    seals: int = 0
    blank: int = 0
    """Entries of which only the digest is left."""
    faults: list[str] = field(default_factory=list[str])
    more: int = 0

    def follow(self, seal: Seal, found: Sequence[Found | None]) -> None:
        """Look at the next seal, with each of its entries as it is now; None: it is gone."""
        self.seals += 1
        self._hangs_together(seal)
        if seal.is_whole():
            for place, seq in enumerate(seal.seqs):
                self._entry(seal, seq, seal.digest(place), found[place])
        else:
            self._fault(f"seal {seal.number} has not a digest and a salt for each of its entries")
        self.head = Head(seal.number, seal.hash)
        if self.expected and self.expected.number == seal.number:
            if self.expected.hash != seal.hash:
                self._fault(f"seal {seal.number} is another than the one that was known before")
            self.expected = None

    def end(self) -> list[str]:
        """What is wrong with the chain, after its last seal."""
        if self.expected:
            self._fault(
                f"it ends at seal {self.head.number}, but seal {self.expected.number} was known "
                "before: it was cut off, or the database was put back to an earlier moment"
            )
            self.expected = None
        more = [f"{self.name}: and {self.more} more"] if self.more else []
        return [*(f"{self.name}: {one}" for one in self.faults), *more]

    def outside(self, seqs: Iterable[int]) -> None:
        """Entries that should be sealed: those that are not were put in, or lost their seal."""
        for seq in sorted({*seqs} - self.sealed):
            self._fault(f"entry {seq} is in no seal: it was put in, or its seal taken out")

    def placeless(self, count: int) -> None:
        """Entries that have no place in the log, and are not from before the chain."""
        if count:
            self._fault(f"{count} entries have no place in the log: they were put in")

    def _hangs_together(self, seal: Seal) -> None:
        if seal.number != self.head.number + 1:
            self._fault(f"seal {self.head.number + 1} is missing before seal {seal.number}")
        elif seal.before != self.head.hash:
            self._fault(f"seal {seal.number} does not follow from the one before")
        if seal.made_of() != seal.hash:
            self._fault(f"seal {seal.number} was altered")
        elif self.key is not None and not hmac.compare_digest(
            stamped(self.key, seal.hash), seal.stamp
        ):
            self._fault(f"seal {seal.number} was not made by this installation")

    def _entry(self, seal: Seal, seq: int, digest: bytes, found: Found | None) -> None:
        if seq in self.sealed:
            self._fault(f"entry {seq} is sealed twice, again in seal {seal.number}")
        self.sealed.add(seq)
        if found is None:
            self.blank += 1
            if not self._had_its_time(seal):
                self._fault(f"entry {seq}, sealed {_day(seal)} in seal {seal.number}, is gone")
        elif len(found.of_content) != DIGEST or digest != entry_digest(
            found.about, found.of_content
        ):
            self._fault(
                f"entry {seq} was altered after it was sealed {_day(seal)}; it says now: "
                f"{found.about[:200]}"
            )

    def _had_its_time(self, seal: Seal) -> bool:
        """Whether its entries may have been let go of: they are as old as the seal, or a bit more.

        By when it was made, since when an entry was written is said by whoever wrote it.
        """
        if self.days is None:
            return False
        return seal.sealed_at < self.now - timedelta(days=self.days - _LATE)

    def _fault(self, text: str) -> None:
        if len(self.faults) < SHOWN:
            self.faults.append(text)
        else:
            self.more += 1


def _day(seal: Seal) -> str:
    return f"{seal.sealed_at.astimezone(UTC):%Y-%m-%d %H:%M:%S}Z"
