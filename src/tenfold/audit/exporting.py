"""An organisation's chains as a file that anybody can verify: one JSON object a line.

A first line says whose it is; then each seal with its entries after it; the last line says where
the chains end. Entries are the texts that were hashed (`chain` says how), so that the file can be
verified with any tool; `content` is there only where it was asked for, as it holds all that
records say.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Container, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Annotated, Literal
from uuid import UUID

import msgspec

from tenfold.audit.chain import SALT, Entry, Head, Seal, content_digest
from tenfold.audit.following import Following, Found
from tenfold.audit.logs import CHANGES, LOGS
from tenfold.audit.verifying import Opened, check_head, head_name, head_of, head_text, sealed
from tenfold.kernel import clock
from tenfold.kernel.answers import encoded
from tenfold.kernel.errors import BadRequest

FORMAT = 1
MEDIA = "application/octet-stream"
"""A file to be kept; generated clients know no better type for JSON lines."""


Moment = Annotated[datetime, msgspec.Meta(tz=True)]


class _Tagged(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="kind"):
    """What all lines share."""


class First(_Tagged, frozen=True, kw_only=True, tag="audit"):
    """The first line: whose chains these are."""

    format: Literal[1] = FORMAT
    organization_id: UUID
    organization: str
    exported_at: Moment


class SealLine(_Tagged, frozen=True, kw_only=True, tag="seal"):
    """A seal, without what is said of its entries."""

    log: Literal["changes", "security_events"]
    number: int
    since: Moment
    sealed_at: Moment
    entries: int
    before: str
    hash: str
    stamp: str


class EntryLine(_Tagged, frozen=True, kw_only=True, tag="entry"):
    """An entry of the seal above; one that has had its time has its digest alone."""

    seq: int
    digest: str
    about: str | None = None
    content_digest: str | None = None
    salt: str | msgspec.UnsetType = msgspec.UNSET
    content: str | msgspec.UnsetType = msgspec.UNSET


class Last(_Tagged, frozen=True, kw_only=True, tag="end"):
    """The last line: where each chain ends."""

    heads: dict[str, str]


_NAME = "SELECT name FROM tenfold.tenants WHERE id = $1"
Line = First | SealLine | EntryLine | Last


async def lines(opened: Opened, tenant: UUID, contents: Container[str]) -> AsyncGenerator[bytes]:
    """The file, line by line, with the contents of the logs that are named."""
    heads: dict[str, str] = {}
    async with opened() as reader:
        name = str(await reader.value(_NAME, tenant))
    first = First(organization_id=tenant, organization=name, exported_at=clock.now())
    yield _line(first)
    for log in LOGS:
        async for seal, entries in sealed(opened, log, tenant):
            yield _line(_seal_line(seal))
            for place, entry in enumerate(entries):
                yield _line(_entry_line(seal, place, entry, contents=log.name in contents))
            heads[head_name(tenant, log)] = head_text(Head(seal.number, seal.hash))
    yield _line(Last(heads=heads))


@dataclass(frozen=True, slots=True)
class File:
    """What an exported audit log was found to be."""

    first: First
    entries: int
    blank: int
    """Entries of which it has only the digest: they had had their time when it was exported."""
    heads: Mapping[str, str]
    faults: Sequence[str]


def verify_file(rows: Iterable[bytes]) -> File:
    """Verify such a file; raises BadRequest where it is not such a file.

    The stamps can't be looked at, as only the installation has their key.
    """
    checking, number = _Checking(), 0
    try:
        for row in rows:
            number += 1
            checking.take(msgspec.json.decode(row, type=Line))
        return checking.result()
    except (msgspec.MsgspecError, ValueError, OverflowError) as error:
        raise BadRequest(f"Line {number} is not of an exported audit log: {error}.") from None


def is_one(path: Path) -> bool:
    """Whether a file begins as an exported audit log does."""
    with path.open("rb") as rows:
        return rows.read(32).startswith(b'{"kind":"audit"')


def heads_of(rows: Iterable[bytes]) -> Mapping[str, str]:
    """Where the chains of an exported log end; raises BadRequest where it was altered."""
    found = verify_file(rows)
    if found.faults:
        raise BadRequest(f"This exported log is not as it was sealed: {found.faults[0]}.")
    return found.heads


class _Checking:
    """A file as far as it was read."""

    def __init__(self) -> None:
        self.first: First | None = None
        self.last: Last | None = None
        self.chains: dict[str, Following] = {}
        self.seal: SealLine | None = None
        self.waiting: list[EntryLine] = []
        self.faults: list[str] = []

    def take(self, line: Line) -> None:
        """Take the next line in."""
        if self.first is None:
            if not isinstance(line, First):
                raise ValueError("the first line must say whose log it is")
            self.first = line
        elif self.last is not None:
            raise ValueError("it comes after the last line")
        elif isinstance(line, EntryLine):
            self.waiting.append(line)
        else:
            self._close()
            self.seal = line if isinstance(line, SealLine) else None
            self.last = line if isinstance(line, Last) else None

    def _close(self) -> None:
        """Follow the seal that is complete now."""
        line, self.seal = self.seal, None
        entries, self.waiting = self.waiting, []
        if line is None or self.first is None:
            if entries:
                raise ValueError("an entry comes before any seal")
            return
        chain = self._chain(line.log)
        if len(entries) != line.entries:
            self.faults.append(
                f"{line.log}: seal {line.number} says {line.entries} entries, "
                f"and the file has {len(entries)}"
            )
        chain.follow(_seal_of(self.first, line, entries), [_found(one) for one in entries])

    def result(self) -> File:
        """What came out, after the last line."""
        if self.first is None:
            raise ValueError("it is empty")
        self._close()
        heads = self.last.heads if self.last else {}
        if not self.last:
            self.faults.append("the file has no last line: its end is missing")
        for name, head in heads.items():
            check_head(name, head)
        for log in LOGS:
            chain = self._chain(log.name)
            end = head_of(heads, self.first.organization_id, log)
            if self.last and (end or Head()) != chain.head:
                told = head_text(end) if end else "that there is none"
                self.faults.append(
                    f"{log.name}: it ends at seal {head_text(chain.head)}, and the last line "
                    f"says {told}"
                )
            self.faults += chain.end()
        chains = self.chains.values()
        entries, blank = sum(len(c.sealed) for c in chains), sum(c.blank for c in chains)
        return File(self.first, entries, blank, heads, self.faults)

    def _chain(self, log: str) -> Following:
        assert self.first is not None
        if log not in self.chains:
            days = {one.name: one.days for one in LOGS}[log]
            self.chains[log] = Following(log, days, None, now=self.first.exported_at)
        return self.chains[log]


def _seal_of(first: First, line: SealLine, entries: list[EntryLine]) -> Seal:
    return Seal(
        tenant=first.organization_id,
        log=line.log,
        number=line.number,
        since=line.since,
        sealed_at=line.sealed_at,
        seqs=[one.seq for one in entries],
        digests=b"".join(bytes.fromhex(one.digest) for one in entries),
        salts=bytes(SALT * len(entries)),
        before=bytes.fromhex(line.before),
        hash=bytes.fromhex(line.hash),
        stamp=bytes.fromhex(line.stamp),
    )


def _found(line: EntryLine) -> Found | None:
    """What the file says of an entry; content that is there must be what stands for it."""
    if line.about is None:
        return None
    if msgspec.json.decode(line.about, type=_Place).seq != line.seq:
        return Found(line.about, b"")
    of_content = bytes.fromhex(line.content_digest or "")
    if isinstance(line.content, str) and isinstance(line.salt, str):
        salt = bytes.fromhex(line.salt)
        own = content_digest(salt, line.content)
        of_content = own if own == of_content and len(salt) == SALT else b""
    return Found(line.about, of_content)


class _Place(msgspec.Struct):
    seq: int


def _seal_line(seal: Seal) -> SealLine:
    return SealLine(
        log="changes" if seal.log == CHANGES.name else "security_events",
        number=seal.number,
        since=seal.since,
        sealed_at=seal.sealed_at,
        entries=len(seal.seqs),
        before=seal.before.hex(),
        hash=seal.hash.hex(),
        stamp=seal.stamp.hex(),
    )


def _entry_line(seal: Seal, place: int, entry: Entry | None, *, contents: bool) -> EntryLine:
    digest = seal.digest(place).hex()
    if entry is None:
        return EntryLine(seq=seal.seqs[place], digest=digest)
    salt = seal.salt(place)
    return EntryLine(
        seq=entry.seq,
        digest=digest,
        about=entry.about,
        content_digest=content_digest(salt, entry.content).hex(),
        salt=salt.hex() if contents else msgspec.UNSET,
        content=entry.content if contents else msgspec.UNSET,
    )


def _line(line: Line) -> bytes:
    return encoded(line) + b"\n"
