"""The write path: every change of a record, by a person or a job, one or many, goes here."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from uuid import UUID

import asyncpg

from tenfold.db.database import Reader, Transaction
from tenfold.db.keys import Keyring
from tenfold.engine import checks, writing
from tenfold.engine.access import Person
from tenfold.engine.checks import Parsed
from tenfold.engine.definition import Definition, Field
from tenfold.engine.pairing import Paired, Pairs
from tenfold.engine.query import Query, missing
from tenfold.engine.registry import Registry
from tenfold.engine.rows import Row, Rows, given_back, given_columns, search_again
from tenfold.engine.store import Store
from tenfold.engine.types import Locale
from tenfold.engine.values import parse
from tenfold.engine.written import Change, Refusal, Results, Written
from tenfold.kernel.clock import now
from tenfold.kernel.errors import Conflict, Forbidden, TenfoldError
from tenfold.kernel.ids import new_ids

# After so many rows a long request lets others have their turn.
_BREATH = 250
TWICE = "The same record is given twice; give it once."


class Records:
    """Creates, changes, deletes and restores records for people."""

    def __init__(self, registry: Registry, query: Query, keyring: Keyring) -> None:
        self.registry, self.query = registry, query
        self._rows, self._store = Rows(keyring), Store(registry, query)

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
    ) -> tuple[list[Written | None], list[Refusal]]:
        """Make records. All or nothing, unless `partial`: then bad rows are refused one by one.

        Without `answer` the records' JSON is not made, for those who don't need it. `moments` are
        when the records were first made, for those that come from elsewhere with their history.
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
        for place, (index, identity, values) in enumerate(parsed):
            await _breathe(place)
            row = await self._rows.new(tx, person, definition, identity, values)
            if moments:
                row["created_at"] = row["updated_at"] = moments[index]
            rows.append(row)
        stored = await self._store.insert(tx, person, definition, rows, skip=partial, answer=answer)
        written = {w.id: w for w in stored}
        new = [(identity, values) for _, identity, values in parsed if identity in written]
        await self._store.slots(tx, definition, new, locale, new=True)
        for index, identity, _ in parsed:
            if identity in written:
                results.written[index] = written[identity]
            else:
                results.refuse(index, Conflict("A record with this key exists already."))
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
        extra = () if same is None else given_columns(definition, changes)
        ids = [c.id for c in changes]
        current = await self._store.locked(tx, person, definition, ids, extra=extra)
        parsed = _changed(person, definition, changes, locale, current, results)
        parsed = await checks.relations(tx, person, definition, self.registry, parsed, results)
        if same is not None:
            parsed = await self._different(tx, definition, parsed, current, results, same)
        rows: list[Row] = []
        places: dict[UUID, int] = {}
        for place, (index, identity, values) in enumerate(parsed):
            await _breathe(place)
            places[identity] = index
            row = await self._rows.changed(tx, definition, identity, values, current[identity])
            rows.append(row)

        def refuse(identity: UUID, error: TenfoldError) -> None:
            results.refuse(places[identity], error)

        written = await self._store.update_groups(
            tx, person, definition, rows, refuse if partial else None
        )
        for identity, one in written.items():
            results.written[places[identity]] = one
        done = [(identity, values) for _, identity, values in parsed if identity in written]
        await self._store.slots(tx, definition, done, locale)
        if done:
            tx.touch(definition.name)
        return results.written, results.refused

    async def _different(
        self,
        tx: Transaction,
        definition: Definition,
        parsed: Parsed,
        current: Mapping[UUID, asyncpg.Record],
        results: Results,
        same: set[int],
    ) -> Parsed:
        """The rows that would change anything; the others are answered as they are."""
        kept: Parsed = []
        for index, identity, values in parsed:
            row = current[identity]
            if await self._rows.same(tx, definition, values, row):
                same.add(index)
                results.written[index] = Written(identity, row["version"], None)
            else:
                kept.append((index, identity, values))
        return kept

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
        """Delete records softly; they can be restored."""
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
        await self._let_go(tx, person, definition, chosen, results)
        moment = now()
        group: list[Row] = [{"id": identity, "deleted_at": moment} for identity in chosen]
        if group:
            for written in await self._store.update(tx, person, definition, group):
                results.written[chosen[written.id]] = written
            tx.touch(definition.name)
        return results.written, results.refused

    async def restore(
        self, tx: Transaction, person: Person, definition: Definition, identity: UUID
    ) -> Written:
        """Bring back a deleted record; Conflict where its unique key has been taken meanwhile."""
        current = await self._store.locked(tx, person, definition, [identity], deleted=True)
        row = _found(current, definition, identity)
        access = person.access(definition)
        access.need("delete", definition)
        checks.within(access.delete, person, row, "restore", definition)
        group: list[Row] = [{"id": identity, "deleted_at": None}]
        (written,) = await self._store.update(tx, person, definition, group)
        tx.touch(definition.name)
        return written

    async def upsert(
        self,
        tx: Transaction,
        person: Person,
        definition: Definition,
        key: Field,
        bodies: Sequence[Mapping[str, object]],
        locale: Locale,
        *,
        partial: bool = False,
    ) -> tuple[list[Written | None], list[Refusal], set[int]]:
        """Create or change by a unique field; also answers which rows were new."""
        results = Results(len(bodies), partial=partial)
        found = await checks.by_key(tx, person, definition, key, bodies, locale, results)
        bad = {refusal.index for refusal in results.refused}
        new = [i for i, identity in enumerate(found) if identity is None and i not in bad]
        old = [i for i, identity in enumerate(found) if identity is not None]
        changes = [Change(identity, bodies[i]) for i in old if (identity := found[i]) is not None]
        if changes:
            with results.part(old):
                done = await self.update(tx, person, definition, changes, locale, partial=partial)
            results.merge(old, *done)
        if new:
            given = [bodies[i] for i in new]
            with results.part(new):
                done = await self.create(tx, person, definition, given, locale, partial=partial)
            results.merge(new, *done)
        return results.written, results.refused, set(new)

    async def reveal(
        self, tx: Transaction, person: Person, definition: Definition, identity: UUID, name: str
    ) -> str | None:
        """Open one secret field for a person who may; the caller logs it as a security event."""
        current = await self._store.locked(tx, person, definition, [identity], extra=(name,))
        row = _found(current, definition, identity)
        if name not in person.access(definition).reveal:
            raise Forbidden(f"Your role does not allow you to reveal {name}.")
        return await self._rows.reveal(tx, definition, row, name)

    # -- for an undo

    async def current(
        self,
        reader: Reader,
        person: Person,
        definition: Definition,
        ids: Sequence[UUID],
        columns: Sequence[str],
        *,
        lock: bool,
    ) -> dict[UUID, asyncpg.Record]:
        """The rows of some ids as they are stored now, deleted or not."""
        locked, what = self._store.locked, (reader, person, definition)
        live = await locked(*what, ids, extra=columns, lock=lock)
        left = [identity for identity in ids if identity not in live]
        if not left:
            return live
        return live | await locked(*what, left, extra=columns, deleted=True, lock=lock)

    async def put_back(
        self,
        tx: Transaction,
        person: Person,
        definition: Definition,
        rows: Sequence[Row],
        current: Mapping[UUID, asyncpg.Record],
        refuse: Callable[[UUID, TenfoldError], None],
    ) -> None:
        """Store columns as they once were: `id` and values per row; search and slots follow.

        It checks no moves and no targets, since the values were checked when they were first
        written. A row whose unique key is taken by now is refused by itself.
        """
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

    async def _let_go(
        self,
        tx: Transaction,
        person: Person,
        definition: Definition,
        chosen: dict[UUID, int],
        results: Results,
    ) -> None:
        """Apply the on-delete rules of what points here: refuse, or clear the pointers."""
        for other, one in self.registry.pointing_to(definition):
            pointing = await checks.pointing(tx, other, one, list(chosen))
            if not pointing:
                continue
            if getattr(one.type, "on_delete", "") == "clear":
                group: list[Row] = [{"id": i, f"{one.name}_id": None} for i, _ in pointing]
                await self._store.update(tx, person, other, group)
                tx.touch(other.name)
                continue
            word = other.label_plural.lower()
            for held in {to for _, to in pointing}:
                error = Conflict(f"It is still used by {word}; change those first.")
                results.refuse(chosen.pop(held), error)


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
            checks.within(access.update, person, row, "change", definition)
            checks.version(definition, row, change.version)
            values = parse(change.body, definition, access, locale, creating=False)
            checks.move(definition, row, values)
            parsed.append((index, change.id, values))
        except TenfoldError as error:
            results.refuse(index, error)
    return parsed


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
