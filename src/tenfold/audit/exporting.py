"""An organisation's chains as a file that anybody can verify: one JSON object a line.

A first line says whose it is; then each seal with its entries after it; the last line says where
the chains end. Entries are the texts that were hashed (`chain` says how), so that the file can be
verified with any tool; `content` is there only where it was asked for, as it holds all that
records say.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Container, Iterable
from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

import msgspec

from tenfold.audit.chain import SALT, Entry, Head, Seal, content_digest
from tenfold.audit.following import Following, Found
from tenfold.audit.logs import CHANGES, LOGS
from tenfold.audit.verifying import Opened, head_name, head_of, head_text, sealed
from tenfold.kernel import clock
from tenfold.kernel.answers import encoded
from tenfold.kernel.errors import BadRequest

FORMAT = 1
MEDIA = "application/octet-stream"
"""A file to be kept; generated clients know no better type for JSON lines."""


Moment = Annotated[datetime, msgspec.Meta(tz=True)]


class First(
    msgspec.Struct,
    frozen=True,
    kw_only=True,
    forbid_unknown_fields=True,
    tag_field="kind",
    tag="audit",
):
    """The first line: whose chains these are."""

    format: Literal[1] = FORMAT
    organization_id: UUID
    organization: str
    exported_at: Moment


class SealLine(
    msgspec.Struct,
    frozen=True,
    kw_only=True,
    forbid_unknown_fields=True,
    tag_field="kind",
    tag="seal",
):
    """A seal, without what is said of its entries."""

    log: Literal["changes", "security_events"]
    number: int
    since: Moment
    sealed_at: Moment
    entries: int
    before: str
    hash: str
    stamp: str


class EntryLine(
    msgspec.Struct,
    frozen=True,
    kw_only=True,
    forbid_unknown_fields=True,
    tag_field="kind",
    tag="entry",
):
    """An entry of the seal above; one that has had its time has its digest alone."""

    seq: int
    digest: str
    about: str | None = None
    content_digest: str | None = None
    salt: str | msgspec.UnsetType = msgspec.UNSET
    content: str | msgspec.UnsetType = msgspec.UNSET


class Last(
    msgspec.Struct,
    frozen=True,
    kw_only=True,
    forbid_unknown_fields=True,
    tag_field="kind",
    tag="end",
):
    """The last line: where each chain ends."""

    heads: dict[str, str]


Line = First | SealLine | EntryLine | Last


async def lines(
    opened: Opened, tenant: UUID, name: str, contents: Container[str]
) -> AsyncGenerator[bytes]:
    """The file, line by line, with the contents of the logs that are named."""
    heads: dict[str, str] = {}
    first = First(organization_id=tenant, organization=name, exported_at=clock.now())
    yield _line(first)
    for log in LOGS:
        async for seal, entries in sealed(opened, log, tenant):
            yield _line(_seal_line(seal))
            for place, entry in enumerate(entries):
                yield _line(_entry_line(seal, place, entry, contents=log.name in contents))
            heads[head_name(tenant, log)] = head_text(Head(seal.number, seal.hash))
    yield _line(Last(heads=heads))


def verify_file(rows: Iterable[bytes]) -> tuple[First, int, list[str]]:
    """Verify such a file; answers its first line, how many entries it has, and what is wrong.

    The stamps can't be looked at, as only the installation has their key. Raises BadRequest
    where it is not such a file.
    """
    checking = _Checking()
    for number, row in enumerate(rows, 1):
        try:
            checking.take(msgspec.json.decode(row, type=Line))
        except (msgspec.MsgspecError, ValueError) as error:
            raise BadRequest(f"Line {number} is not of an exported audit log: {error}.") from None
    return checking.result()


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
        if line.log not in self.chains:
            days = {log.name: log.days for log in LOGS}[line.log]
            self.chains[line.log] = Following(line.log, days, None)
        chain = self.chains[line.log]
        if len(entries) != line.entries:
            self.faults.append(
                f"{line.log}: seal {line.number} says {line.entries} entries, "
                f"and the file has {len(entries)}"
            )
        chain.follow(_seal_of(self.first, line, entries), [_found(one) for one in entries])

    def result(self) -> tuple[First, int, list[str]]:
        """What came out, after the last line."""
        if self.first is None:
            raise BadRequest("This is no exported audit log: it is empty.")
        self._close()
        heads = self.last.heads if self.last else {}
        if not self.last:
            self.faults.append("the file has no last line: its end is missing")
        for log in LOGS:
            chain = self.chains.setdefault(log.name, Following(log.name, log.days, None))
            end = head_of(heads, self.first.organization_id, log)
            if self.last and (end or Head()) != chain.head:
                told = head_text(end) if end else "that there is none"
                self.faults.append(
                    f"{log.name}: it ends at seal {head_text(chain.head)}, and the last line "
                    f"says {told}"
                )
            self.faults += chain.end()
        return self.first, sum(len(one.sealed) for one in self.chains.values()), self.faults


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
    of_content = bytes.fromhex(line.content_digest or "")
    if isinstance(line.content, str) and isinstance(line.salt, str):
        own = content_digest(bytes.fromhex(line.salt), line.content)
        of_content = own if own == of_content else b""
    return Found(line.about, of_content)


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
