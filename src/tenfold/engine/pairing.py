"""Relations to many: with which records a record is paired, changed as a resource of its own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

import msgspec

from tenfold.db.database import Reader, Transaction
from tenfold.engine import checks
from tenfold.engine.access import Person
from tenfold.engine.definition import Definition, Field
from tenfold.engine.registry import Registry
from tenfold.engine.slots import slot_field
from tenfold.engine.store import Store
from tenfold.engine.types import Many
from tenfold.kernel.errors import Conflict, Forbidden, Invalid, NotFound
from tenfold.kernel.language import grouped, say, within

MOST = 1_000
"""With how many records one record may be paired by a relation."""

_PAGE = """SELECT place, ref_value FROM tenfold.slots
WHERE tenant_id = $1 AND record_id = $2 AND field = $3 AND place > $4 ORDER BY place LIMIT $5"""
_ADD = """INSERT INTO tenfold.slots (tenant_id, record_id, field, place, ref_value)
SELECT $1, $2, $3, v.place, v.id FROM unnest($4::smallint[], $5::uuid[]) AS v (place, id)"""
_REMOVE = """DELETE FROM tenfold.slots
WHERE tenant_id = $1 AND record_id = $2 AND field = $3 AND ref_value = ANY ($4::uuid[])"""


class Paired(msgspec.Struct, frozen=True, kw_only=True):
    """What a change of pairs did, and with how many records the record is paired now."""

    added: int
    removed: int
    count: int
    batch_id: UUID | None = None
    """The batch by which it can be undone; null where nothing changed."""


@dataclass(frozen=True, slots=True)
class Pairs:
    """A relation to many of one record."""

    person: Person
    definition: Definition
    field: Field
    record: UUID

    @property
    def to(self) -> str:
        """The name of the type that the relation leads to."""
        assert isinstance(self.field.type, Many)
        return self.field.type.to

    async def page(self, reader: Reader, after: int, limit: int) -> list[tuple[int, UUID]]:
        """Places and ids of paired records, in the order in which they were added."""
        found = await reader.rows(_PAGE, *self._key, after, limit)
        return [(row[0], row[1]) for row in found]

    async def change(
        self,
        tx: Transaction,
        store: Store,
        registry: Registry,
        add: Sequence[UUID] = (),
        remove: Sequence[UUID] = (),
        version: int | None = None,
    ) -> tuple[Paired, int]:
        """Add or remove pairs; answers what changed and the record's version."""
        now = await self._held(tx, store, version)
        wanted = list(dict.fromkeys(add))
        known = await checks.readable(tx, self.person, registry, self.to, wanted)
        if strange := [one for one in wanted if one not in known]:
            word = within(registry.by_name[self.to].label)
            raise Invalid(
                {
                    "ids": say(
                        "there is no %(word)s with the id %(strange)s",
                        word=word,
                        strange=strange[0],
                    )
                }
            )
        before = await self.page(tx, -1, MOST)
        there = {identity for _, identity in before}
        new, gone = [i for i in wanted if i not in there], there.intersection(remove)
        places = sorted({*range(MOST)} - {place for place, _ in before})
        if len(new) > len(places):
            raise Conflict(
                say(
                    "%(label)s can be %(n)s at most.",
                    label=self.field.label,
                    n=grouped(MOST),
                ),
                code="TOO_MANY",
            )
        if not new and not gone:
            return Paired(added=0, removed=0, count=len(there)), now
        start = max((place for place, _ in before), default=-1) + 1
        free = [p for p in places if p >= start] + [p for p in places if p < start]
        await tx.execute(_ADD, *self._key, free[: len(new)], new)
        await tx.execute(_REMOVE, *self._key, gone)
        kept = [pair for pair in before if pair[1] not in gone]
        after = [identity for _, identity in sorted([*kept, *zip(free, new, strict=False)])]
        # The log's triggers see what the record was paired with, before and after.
        row = {"id": self.record, self.field.name: _json(after)}
        (written,) = await store.update(tx, self.person, self.definition, [row])
        tx.touch(self.definition.name)
        tx.touch(self.to)
        count = len(there) + len(new) - len(gone)
        return Paired(added=len(new), removed=len(gone), count=count), written.version

    async def _held(self, tx: Transaction, store: Store, version: int | None) -> int:
        """The record's version, once it is locked and the person may change it."""
        access = self.person.access(self.definition)
        rows = await store.locked(tx, self.person, self.definition, [self.record])
        if self.record not in rows:
            word = within(self.definition.label)
            raise NotFound(
                say("There is no %(word)s with the id %(record)s.", word=word, record=self.record)
            )
        row = rows[self.record]
        access.need("update", self.definition)
        checks.change(access, self.person, row, self.definition)
        if self.field.name in access.locked:
            raise Forbidden(
                say(
                    "Your role does not allow you to change %(label)s.",
                    label=within(self.field.label),
                )
            )
        checks.version(self.definition, row, version)
        return row["version"]

    @property
    def _key(self) -> tuple[UUID, UUID, str]:
        return self.person.tenant, self.record, slot_field(self.definition, self.field)


def _json(ids: Sequence[UUID]) -> str | None:
    """The pairs as the record keeps them; none at all is null."""
    return msgspec.json.encode(ids).decode() if ids else None
