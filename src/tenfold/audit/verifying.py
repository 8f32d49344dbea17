"""All chains of an installation looked at again, against its logs as they are now."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from uuid import UUID

import asyncpg

from tenfold.audit.chain import DIGEST, Entry, Head, Seal, content_digest
from tenfold.audit.following import Following, Found
from tenfold.audit.logs import LOGS, Log
from tenfold.audit.sealing import consumer
from tenfold.db import log_position
from tenfold.db.database import Database
from tenfold.db.log_position import Place
from tenfold.db.transaction import Reader
from tenfold.kernel.errors import BadRequest
from tenfold.kernel.ids import NIL

Say = Callable[[str], None]
PASSING = "Isolation proof "
"""How organisations are called that a proof makes for itself, and takes away again."""
Opened = Callable[[], AbstractAsyncContextManager[Reader]]
"""Lends a connection that may read the chain."""
SEALS, ENTRIES = 200, 5_000
"""Seals that are read at a time, and at how many of their entries it is enough."""
WAITING = "5 minutes"
"""How old an entry may be that is not sealed yet: imports write for 5 seconds at a time."""

_SEALS = """SELECT tenant_id AS tenant, log, number, since, sealed_at, seqs, digests, salts,
    before, hash, stamp
FROM (SELECT *, sum(cardinality(seqs)) OVER (ORDER BY number) - cardinality(seqs) AS entries_before
    FROM tenfold.audit_seals WHERE tenant_id = $1 AND log = $2 AND number > $3
    ORDER BY number LIMIT $4) s
WHERE entries_before < $5 ORDER BY number"""
_OWN = "{} AND seq = ANY ($2)"
_BELOW = "SELECT seq FROM {0} WHERE {1} AND (xid, seq) <= ($2::text::xid8, $3)"
# Only those from before there was a chain have no place in it.
_PLACELESS = """SELECT count(*) FROM {0} WHERE {1} AND (xid IS NULL OR seq IS NULL)
    AND {2} > $2"""
_BEGAN = "SELECT min(sealed_at) FROM tenfold.audit_seals WHERE log = $1"
_ABOVE = """SELECT count(*) FROM {0}
WHERE (xid, seq) > ($1::text::xid8, $2) AND {1} < clock_timestamp() - interval '{2}'"""
_STRANGERS = """SELECT count(*) FROM (SELECT DISTINCT tenant_id FROM tenfold.audit_seals
    WHERE tenant_id <> ALL ($1::uuid[])) AS gone"""


@dataclass(slots=True)
class Verified:
    """What was looked at, and what was found."""

    seals: int = 0
    entries: int = 0
    faults: list[str] = field(default_factory=list[str])
    heads: dict[str, str] = field(default_factory=dict[str, str])
    """Where each chain ends, to be kept elsewhere: a later look compares with it."""
    gone: int = 0
    """Organisations that have seals and are no more."""


async def verify(
    tail: Database,
    key: bytes,
    organisations: Mapping[UUID, str],
    known: Mapping[str, str],
    say: Say,
) -> Verified:
    """Follow the chains of organisations, whose names are given.

    `known` are the heads of an earlier look, as `Verified` has them.
    """
    result = Verified()
    named = {**organisations, NIL: "no organisation"}
    async with tail.system() as reader:
        for log in LOGS:
            at = await log_position.look(reader, consumer(log))
            began = await reader.value(_BEGAN, log.name)
            waiting = await reader.value(_ABOVE.format(log.table, log.at, WAITING), *at)
            if waiting:
                result.faults.append(
                    f"{waiting} entries of {log.name} are older than {WAITING} and not sealed: "
                    "is a worker running?"
                )
            for tenant, name in named.items():
                chain = Following(
                    f"{log.name} of {name}",
                    log.days,
                    key,
                    expected=head_of(known, tenant, log),
                )
                async for seal, entries in sealed(tail.system, log, tenant):
                    chain.follow(seal, [_found(seal, n, one) for n, one in enumerate(entries)])
                if at != log_position.START:
                    chain.outside(await _below(reader, log, tenant, at))
                if began:
                    placeless = _PLACELESS.format(log.table, log.own, log.at)
                    chain.placeless(await reader.value(placeless, tenant, began))
                _count(result, chain, tenant, name, log, say)
        result.faults += [
            f"{name}: its organisation and its log are gone, and it was known before"
            for name in known
            if UUID(name.partition(" ")[0]) not in named
        ]
        result.gone = await reader.value(_STRANGERS, list(named))
    return result


async def sealed(
    opened: Opened, log: Log, tenant: UUID
) -> AsyncGenerator[tuple[Seal, Sequence[Entry | None]]]:
    """The seals of a chain in order, each with its entries as they are now; None: gone.

    A connection is held for each page of them alone, however slowly they are taken.
    """
    after = 0
    entries = log.entries(_OWN.format(log.own))
    while True:
        async with opened() as reader:
            rows = await reader.rows(_SEALS, tenant, log.name, after, SEALS, ENTRIES)
            seals = [_seal(row) for row in rows]
            wanted = [seq for seal in seals for seq in seal.seqs]
            here = {row["seq"]: _entry(row) for row in await reader.rows(entries, tenant, wanted)}
        if not seals:
            return
        for seal in seals:
            yield seal, [here.get(seq) for seq in seal.seqs]
        after = seals[-1].number


def head_name(tenant: UUID, log: Log) -> str:
    """The name of a chain among the heads that are kept."""
    return f"{tenant} {log.name}"


def head_of(known: Mapping[str, str], tenant: UUID, log: Log) -> Head | None:
    """Where a chain ended when it was looked at before; None where it wasn't."""
    text = known.get(head_name(tenant, log))
    return _head(text) if text else None


def check_head(name: str, head: str) -> None:
    """Raise BadRequest where a head is none that was kept."""
    try:
        tenant, _, log = name.partition(" ")
        UUID(tenant)
        found = _head(head)
        fine = found.number > 0 and len(found.hash) == DIGEST
        fine &= log in {one.name for one in LOGS}
    except ValueError:
        fine = False
    if not fine:
        raise BadRequest(f"{name[:80]!r}: {head[:80]!r} is not where a chain ends.")


def head_text(head: Head) -> str:
    """A head as it is kept: the number of the seal, and its hash."""
    return f"{head.number} {head.hash.hex()}"


def _head(text: str) -> Head:
    number, _, digest = text.partition(" ")
    return Head(int(number), bytes.fromhex(digest))


async def _below(reader: Reader, log: Log, tenant: UUID, at: Place) -> list[int]:
    return [row[0] for row in await reader.rows(_BELOW.format(log.table, log.own), tenant, *at)]


def _count(result: Verified, chain: Following, tenant: UUID, name: str, log: Log, say: Say) -> None:
    faults = chain.end()
    result.seals += chain.seals
    result.entries += len(chain.sealed)
    result.faults += faults
    if chain.seals and not name.startswith(PASSING):
        result.heads[head_name(tenant, log)] = head_text(chain.head)
        say(f"{chain.name}: {len(chain.sealed):,} entries in {chain.seals:,} seals …")


def _found(seal: Seal, place: int, entry: Entry | None) -> Found | None:
    if entry is None:
        return None
    return Found(entry.about, content_digest(seal.salt(place), entry.content))


def _seal(row: asyncpg.Record) -> Seal:
    return Seal(**dict(row.items()))


def _entry(row: asyncpg.Record) -> Entry:
    return Entry(seq=row["seq"], about=row["about"], content=row["content"])
