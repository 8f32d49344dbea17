"""The write path: every change of a record, by a person or a job, one or many, goes here."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

import asyncpg

from tenfold.db.database import Transaction
from tenfold.db.keys import DataKeys, Keyring
from tenfold.engine import checks, following, pointers, sealing, shares, undo_secrets, writing
from tenfold.engine.access import Person
from tenfold.engine.checks import Parsed
from tenfold.engine.definition import Definition
from tenfold.engine.pairing import Paired, Pairs
from tenfold.engine.pointers import Refuse, Tell
from tenfold.engine.query import Query, missing
from tenfold.engine.registry import Registry
from tenfold.engine.rows import (
    Row,
    Rows,
    given_back,
    given_columns,
    holds,
    needed_columns,
    search_again,
    slots,
)
from tenfold.engine.store import Store
from tenfold.engine.types import Locale
from tenfold.engine.values import parse
from tenfold.engine.written import Change, Refusal, Results, Written
from tenfold.kernel.clock import now
from tenfold.kernel.errors import Conflict, Forbidden, TenfoldError
from tenfold.kernel.ids import new_ids
from tenfold.kernel.language import say

# After so many rows a long request lets others have their turn.
_BREATH = 250
TWICE = "The same record is given twice; give it once."


class Records:
    """Creates, changes, deletes and restores records for people."""

    def __init__(self, registry: Registry, query: Query, keyring: Keyring) -> None:
        self.registry, self.query, self._keyring = registry, query, keyring
        self._store = Store(registry, query)

    async def create(
        self,
        tx: Transaction,
        person: Person,
        definition: Definition,
        bodies: Sequence[Mapping[str, object]],
        locale: Locale,
        *,
        partial: bool = False,
        answer: bool = True,
        moments: Sequence[datetime] = (),
        taken: set[int] | None = None,
        last: bool = False,
    ) -> tuple[list[Written | None], list[Refusal]]:
        """Make records. All or nothing, unless `partial`: then bad rows are refused one by one.

        Without `answer` the records' JSON is not made, for those who don't need it. `moments` are
        when the records were first made, for those that come from elsewhere with their history.
        With `taken`, records whose unique key another has are left out and their places put there.
        Where it is the `last` of what its transaction does, a single record may take one trip.
        """
        access = person.access(definition)
        access.need("create", definition)
        results = Results(len(bodies), partial=partial)
        parsed: Parsed = []
        ids = new_ids(len(bodies))
        for index, body in enumerate(bodies):
            await _breathe(index)
            try:
                values = parse(body, definition, access, locale, creating=True)
                parsed.append((index, ids[index], values))
            except TenfoldError as error:
                results.refuse(index, error)
        parsed = await checks.relations(tx, person, definition, self.registry, parsed, results)
        if not parsed:
            return results.written, results.refused
        rows: list[Row] = []
        keys = await sealing.keys_for(self._keyring, tx, (v for _, _, v in parsed))
        making = Rows(definition, keys)
        for place, (index, identity, values) in enumerate(parsed):
            await _breathe(place)
            row = making.new(person, identity, values)
            if moments:
                row["created_at"] = row["updated_at"] = moments[index]
            rows.append(row)
        skip = partial or taken is not None
        last = last and not any(True for _, _, v in parsed for _ in slots(definition, v, locale))
        last = last and not any(following.mentioning(definition, v) for _, _, v in parsed)
        what, told = (tx, person, definition, rows), None
        if skip or len(rows) == 1 or not checks.keyed(definition, rows):
            stored = await self._store.insert(*what, skip=skip, answer=answer, last=last)
        else:
            stored, told = await self._store.insert_all(*what, answer=answer)
        written = {w.id: w for w in stored}
        new = [(identity, values) for _, identity, values in parsed if identity in written]
        await self._store.slots(tx, definition, new, locale, new=True)
        await following.note(tx, person, definition, new)
        for (index, identity, _), row in zip(parsed, rows, strict=True):
            if identity in written:
                results.written[index] = written[identity]
            elif taken is not None:
                taken.add(index)
            else:
                results.refuse(index, told or checks.one_taken(definition, row))
        tx.touch(definition.name)
        return results.written, results.refused

    async def update(
        self,
        tx: Transaction,
        person: Person,
        definition: Definition,
        changes: Sequence[Change],
        locale: Locale,
        *,
        partial: bool = False,
        same: set[int] | None = None,
    ) -> tuple[list[Written | None], list[Refusal]]:
        """Change records; only the fields given, null empties.

        With `same`, records that have the values already are left alone and their places put there.
        """
        results = Results(len(changes), partial=partial)
        given = needed_columns if same is None else given_columns
        ids = [c.id for c in changes]
        current = await self._store.locked(
            tx, person, definition, ids, extra=given(definition, changes)
        )
        parsed = _changed(person, definition, changes, locale, current, results)
        parsed = await checks.relations(tx, person, definition, self.registry, parsed, results)
        keys = await sealing.keys_for(self._keyring, tx, (v for _, _, v in parsed))
        if same is not None:
            parsed = _different(definition, keys, parsed, current, results, same)
        rows: list[Row] = []
        places: dict[UUID, int] = {}
        making = Rows(definition, keys)
        for place, (index, identity, values) in enumerate(parsed):
            await _breathe(place)
            places[identity] = index
            rows.append(making.changed(person.tenant, identity, values, current[identity]))

        def refuse(identity: UUID, error: TenfoldError) -> None:
            results.refuse(places[identity], error)

        written = await self._store.update_groups(
            tx, person, definition, rows, refuse if partial else None
        )
        for identity, one in written.items():
            results.written[places[identity]] = one
        done = [(identity, values) for _, identity, values in parsed if identity in written]
        await self._store.slots(tx, definition, done, locale)
        await following.note(tx, person, definition, done)
        if done:
            tx.touch(definition.name)
        return results.written, results.refused

    async def move(
        self,
        tx: Transaction,
        person: Person,
        definition: Definition,
        identity: UUID,
        to: str,
        reason: str,
        version: int | None = None,
    ) -> Written:
        """Move a record to another stage; the reason stays with the change."""
        if reason:
            await tx.value(writing.REASON, reason[:1_000])
        change = Change(identity, {"status": to}, version)
        (written,), _ = await self.update(tx, person, definition, [change], Locale())
        assert written is not None
        return written

    async def pair(
        self,
        tx: Transaction,
        pairs: Pairs,
        add: Sequence[UUID],
        remove: Sequence[UUID],
        version: int | None,
    ) -> tuple[Paired, int]:
        """Pair a record with others by a relation to many, or part it from them."""
        return await pairs.change(tx, self._store, self.registry, add, remove, version)

    async def delete(
        self,
        tx: Transaction,
        person: Person,
        definition: Definition,
        ids: Sequence[UUID],
        *,
        version: int | None = None,
        partial: bool = False,
    ) -> tuple[list[Written | None], list[Refusal]]:
        """Delete records softly; they can be restored, and are then shared with nobody."""
        access = person.access(definition)
        results = Results(len(ids), partial=partial)
        current = await self._store.locked(tx, person, definition, ids)
        chosen: dict[UUID, int] = {}
        for index, identity in enumerate(ids):
            try:
                row = _found(current, definition, identity)
                if identity in chosen:
                    raise Conflict(TWICE)
                access.need("delete", definition)
                checks.within(access.delete, person, row, "delete", definition)
                checks.version(definition, row, version)
                chosen[identity] = index
            except TenfoldError as error:
                results.refuse(index, error)

        def refuse(identity: UUID, error: TenfoldError) -> None:
            results.refuse(chosen.pop(identity), error)

        await pointers.let_go(tx, self.registry, definition, chosen, refuse)
        moment = now()
        group: list[Row] = [{"id": identity, "deleted_at": moment} for identity in chosen]
        if group:
            for written in await self._store.update(tx, person, definition, group):
                results.written[chosen[written.id]] = written
            await shares.end_of_records(tx, [row["id"] for row in group])
            tx.touch(definition.name)
        return results.written, results.refused

    async def restore(
        self, tx: Transaction, person: Person, definition: Definition, identity: UUID
    ) -> Written:
        """Bring back a deleted record; Conflict where its unique key has been taken meanwhile.

        So it is where what holds it was deleted meanwhile; other fields that would point to what is
        gone are left empty, and the change's reason says so.
        """
        ends = [c for one in definition.relations.values() for c in one.column_names]
        what = (tx, person, definition, [identity])
        current = await self._store.locked(*what, deleted=True, extra=ends)
        row = _found(current, definition, identity)
        access = person.access(definition)
        access.need("delete", definition)
        checks.within(access.delete, person, row, "restore", definition)
        told: list[str] = []

        def refuse(_: UUID, error: TenfoldError) -> None:
            raise error

        def tell(_: UUID, sentence: str, __: tuple[str, ...]) -> None:
            told.append(sentence)

        group: list[Row] = [{"id": identity, "deleted_at": None}]
        what = (tx, person, self.registry, definition)
        group = await pointers.settled(*what, group, current, refuse, tell)
        if told:
            await tx.value(writing.REASON, told[0])
        (written,) = await self._store.update(tx, person, definition, group)
        tx.touch(definition.name)
        return written

    async def reveal(
        self, tx: Transaction, person: Person, definition: Definition, identity: UUID, name: str
    ) -> str | None:
        """Open one secret field for a person who may; the caller logs it as a security event."""
        current = await self._store.locked(tx, person, definition, [identity], extra=(name,))
        row = _found(current, definition, identity)
        if name not in person.access(definition).reveal:
            raise Forbidden(say("Your role does not allow you to reveal %(name)s.", name=name))
        keys = await self._keyring.keys(tx, person.tenant)
        return sealing.opened(keys, definition, row, name)

    # -- for who may see a record

    async def held(
        self, tx: Transaction, person: Person, definition: Definition, identity: UUID
    ) -> asyncpg.Record:
        """A record that the person may read, locked; raises NotFound."""
        current = await self._store.locked(tx, person, definition, [identity])
        return _found(current, definition, identity)

    async def deciding(
        self, tx: Transaction, person: Person, definition: Definition, identity: UUID, verb: str
    ) -> asyncpg.Record:
        """The same where the person decides about it: may change it, and not by a share alone."""
        row = await self.held(tx, person, definition, identity)
        access = person.access(definition)
        access.need("update", definition)
        checks.within(access.update, person, row, verb, definition)
        return row

    async def changing(
        self, tx: Transaction, person: Person, definition: Definition, identity: UUID
    ) -> None:
        """Raise NotFound or Forbidden unless the person may change a record, if by a share."""
        row = await self.held(tx, person, definition, identity)
        access = person.access(definition)
        access.need("update", definition)
        checks.change(access, person, row, definition)

    # -- for an undo

    async def current(
        self,
        tx: Transaction,
        person: Person,
        definition: Definition,
        ids: Sequence[UUID],
        columns: Sequence[str],
    ) -> dict[UUID, asyncpg.Record]:
        """The rows of some ids as they are stored now, deleted or not, locked."""
        locked, what = self._store.locked, (tx, person, definition)
        live = await locked(*what, ids, extra=columns)
        left = [identity for identity in ids if identity not in live]
        if not left:
            return live
        return live | await locked(*what, left, extra=columns, deleted=True)

    async def put_back(
        self,
        tx: Transaction,
        person: Person,
        definition: Definition,
        rows: Sequence[Row],
        current: Mapping[UUID, asyncpg.Record],
        refuse: Refuse,
        tell: Tell,
    ) -> None:
        """Store columns as they once were: `id` and values per row; search and slots follow.

        It checks no moves, since the values were checked when they were first written. A row whose
        unique key is taken by now, or whose holder is deleted, is refused by itself; of a field
        that would point to what is gone only `tell` hears.
        """
        rows = await undo_secrets.again(self._keyring, tx, definition, rows, refuse, tell)
        what = (tx, person, self.registry, definition)
        rows = await pointers.settled(*what, rows, current, refuse, tell)
        if not rows:
            return
        columns_of = {row["id"]: frozenset(row) for row in rows}
        for row in rows:
            search_again(definition, tx.context.tenant, row, current[row["id"]])
        written = await self._store.update_groups(tx, person, definition, rows, refuse)
        back = [
            (i, given_back(definition, row, current[i], columns_of[i]))
            for row in rows
            if (i := row["id"]) in written
        ]
        await self._store.slots(tx, definition, back, Locale())
        if back:
            tx.touch(definition.name)


def _changed(
    person: Person,
    definition: Definition,
    changes: Sequence[Change],
    locale: Locale,
    current: Mapping[UUID, asyncpg.Record],
    results: Results,
) -> Parsed:
    """The changes that the person may make, parsed; the others are refused."""
    access = person.access(definition)
    parsed: Parsed = []
    seen: set[UUID] = set()
    for index, change in enumerate(changes):
        try:
            row = _found(current, definition, change.id)
            if change.id in seen:
                raise Conflict(TWICE)
            seen.add(change.id)
            access.need("update", definition)
            checks.change(access, person, row, definition)
            checks.version(definition, row, change.version)
            values = parse(change.body, definition, access, locale, creating=False, current=row)
            checks.handed_on(access, person, row, definition, values.columns)
            checks.owned(definition, row, values.columns)
            checks.move(definition, row, values)
            parsed.append((index, change.id, values))
        except TenfoldError as error:
            results.refuse(index, error)
    return parsed


def _different(
    definition: Definition,
    keys: DataKeys | None,
    parsed: Parsed,
    current: Mapping[UUID, asyncpg.Record],
    results: Results,
    same: set[int],
) -> Parsed:
    """The rows that would change anything; the others are answered as they are."""
    kept: Parsed = []
    for index, identity, values in parsed:
        row = current[identity]
        if holds(definition, values, row, keys):
            same.add(index)
            results.written[index] = Written(identity, row["version"], None)
        else:
            kept.append((index, identity, values))
    return kept


def _found(
    current: Mapping[UUID, asyncpg.Record], definition: Definition, identity: UUID
) -> asyncpg.Record:
    row = current.get(identity)
    if row is None:
        raise missing(definition, identity)
    return row


async def _breathe(place: int) -> None:
    """Let others have a turn now and then."""
    if place % _BREATH == _BREATH - 1:
        await asyncio.sleep(0)
