"""Entries, their digests, and the seals that hang together: the arithmetic, and nothing else.

SHA-256 (FIPS 180-4) throughout. Of an entry, `about` says who did what to which record and when,
`content` what it was before and after. The digest holds the salted digest of the content, so that
the content can be left out of an export, or erased with its salt, and the chain still holds.

    content digest = SHA-256(salt | content)
    digest         = SHA-256(about | newline | content digest)
    hash           = SHA-256(JSON of [organisation, log, number, since, sealed at, entries,
                             hash before, SHA-256(all digests)])
    stamp          = HMAC-SHA-256(a key that the database does not have, hash)

The stamp tells a chain that this installation made from one that was made anew by who can write
to the database. What was cut off at the end is told by a hash that was kept elsewhere.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from uuid import UUID

import msgspec

DIGEST, SALT = 32, 16
FIRST = bytes(DIGEST)
"""What the first seal of a chain has in the place of a hash before it."""


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """One entry of a log, as the texts that are sealed."""

    seq: int
    about: str
    content: str


class Head(msgspec.Struct, frozen=True):
    """The last seal of a chain, as a later one builds on it."""

    number: int = 0
    hash: bytes = FIRST


@dataclass(slots=True)
class Run:
    """Entries of one organisation's log that wait for a seal, in the order they committed."""

    tenant: UUID
    log: str
    since: datetime
    entries: list[Entry] = field(default_factory=list[Entry])


class Seal(msgspec.Struct, frozen=True, kw_only=True):
    """One seal of an organisation's chain over one of its logs."""

    tenant: UUID
    log: str
    number: int
    since: datetime
    """When the oldest of its entries was written."""
    sealed_at: datetime
    seqs: Sequence[int]
    digests: bytes
    salts: bytes
    before: bytes
    hash: bytes
    stamp: bytes

    def digest(self, place: int) -> bytes:
        """The digest of the entry at a place, counted from 0."""
        return self.digests[place * DIGEST : (place + 1) * DIGEST]

    def salt(self, place: int) -> bytes:
        """The salt of the entry at a place, counted from 0."""
        return self.salts[place * SALT : (place + 1) * SALT]

    def made_of(self) -> bytes:
        """The hash that follows from what the seal says."""
        over = hashlib.sha256(self.digests).hexdigest()
        moments = (_moment(self.since), _moment(self.sealed_at))
        count, before = len(self.digests) // DIGEST, self.before.hex()
        told = [str(self.tenant), self.log, self.number, *moments, count, before, over]
        return hashlib.sha256(msgspec.json.encode(told)).digest()

    def is_whole(self) -> bool:
        """Whether it has a digest and a salt for each of its entries, and an entry at all."""
        count = len(self.seqs)
        return count > 0 and len(self.digests) == count * DIGEST and len(self.salts) == count * SALT


def content_digest(salt: bytes, content: str) -> bytes:
    """What stands for the content of an entry."""
    return hashlib.sha256(salt + content.encode()).digest()


def entry_digest(about: str, of_content: bytes) -> bytes:
    """What stands for an entry."""
    return hashlib.sha256(about.encode() + b"\n" + of_content).digest()


def stamped(key: bytes, hash_: bytes) -> bytes:
    """What only who has the key makes of a hash."""
    return hmac.digest(key, hash_, "sha256")


def sealed(head: Head, run: Run, salts: bytes, key: bytes, at: datetime) -> Seal:
    """The next seal of a chain, over a run of entries; `salts` are 16 random bytes for each."""
    digests = b"".join(
        entry_digest(one.about, content_digest(salts[n * SALT : (n + 1) * SALT], one.content))
        for n, one in enumerate(run.entries)
    )
    blank = Seal(
        tenant=run.tenant,
        log=run.log,
        number=head.number + 1,
        since=run.since,
        sealed_at=at,
        seqs=[one.seq for one in run.entries],
        digests=digests,
        salts=salts,
        before=head.hash,
        hash=b"",
        stamp=b"",
    )
    hash_ = blank.made_of()
    return msgspec.structs.replace(blank, hash=hash_, stamp=stamped(key, hash_))


def _moment(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="microseconds")
