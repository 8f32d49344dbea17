"""The write path: every change of a record, one or ten thousand, from a person or a job, goes here."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg
import msgspec
from sqlalchemy.dialects.postgresql import JSONB

from tenfold.db import keys
from tenfold.db.database import Reader, Transaction
from tenfold.db.keys import Keyring
from tenfold.engine import checks, writing
from tenfold.engine.access import Person
from tenfold.engine.definition import Definition, Field
from tenfold.engine.halving import halved
from tenfold.engine.project.tables import has_private_search, table_of
from tenfold.engine.query import Query, missing
from tenfold.engine.registry import Registry
from tenfold.engine.statement import slot_field
from tenfold.engine.types import Locale
from tenfold.engine.values import Slot, Values, parse, plan_of, search_vector, slots_of
from tenfold.kernel.clock import now
from tenfold.kernel.errors import Conflict, Forbidden, Lost, TenfoldError
from tenfold.kernel.ids import new_ids

BULK = 10_000
# After so many rows a long request lets others have their turn.
_BREATH = 250


@dataclass(frozen=True, slots=True)
class Written:
    """A record as it is after the write: its JSON (None where the writer may not read it)."""

    id: UUID
    version: int
    json: bytes | None


@dataclass(frozen=True, slots=True)
class Refusal:
    """A row of a bulk request that was not written, and why."""

    index: int
    error: TenfoldError


@dataclass(frozen=True, slots=True)
class Change:
    """New values for one record; with `version`, only if it still has that version."""

    id: UUID
    body: Mapping[str, object]
    version: int | None = None


class Records:
    """Creates, changes, deletes and restores records for people."""

    def __init__(self, registry: Registry, query: Query, keyring: Keyring) -> None:
        self.registry, self.query, self.keyring = registry, query, keyring

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
        refused: list[Refusal] = []
        parsed: list[tuple[int, UUID, Values]] = []
        ids = new_ids(len(bodies))
        for index, body in enumerate(bodies):
            if index % _BREATH == _BREATH - 1:
                await asyncio.sleep(0)
            try:
                values = parse(body, definition, access, locale, creating=True)
                parsed.append((index, ids[index], values))
            except TenfoldError as error:
                _refuse(refused, index, error, partial)
        parsed = await checks.relations(
            tx, person, definition, self.registry, parsed, refused, partial=partial
        )
        results: list[Written | None] = [None] * len(bodies)
        if not parsed:
            return results, refused
        rows: list[dict[str, Any]] = []
        for place, (index, identity, values) in enumerate(parsed):
            if place % _BREATH == _BREATH - 1:
                await asyncio.sleep(0)
            row = await self._new_row(tx, person, definition, identity, values)
            if moments:
                row["created_at"] = row["updated_at"] = moments[index]
            rows.append(row)
        inserted = await self._insert(tx, person, definition, rows, partial, answer)
        written = {w.id: w for w in inserted}
        await self._slots(tx, definition, [(i, v) for _, i, v in parsed if i in written], locale)
        for index, identity, _ in parsed:
            results[index] = written.get(identity)
            if identity not in written:
                refused.append(Refusal(index, Conflict("A record with this key exists already.")))
        tx.touch(definition.name)
        return results, refused

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
        access = person.access(definition)
        refused: list[Refusal] = []
        extra = () if same is None else _given_columns(definition, changes)
        ids = [c.id for c in changes]
        current = await self._locked(tx, person, definition, ids, extra=extra)
        parsed: list[tuple[int, UUID, Values]] = []
        seen: set[UUID] = set()
        for index, change in enumerate(changes):
            try:
                row = current.get(change.id)
                if row is None:
                    raise missing(definition, change.id)
                if change.id in seen:
                    raise Conflict("The same record is given twice; give it once.")
                seen.add(change.id)
                access.need("update", definition)
                checks.within(access.update, person, row, "change", definition)
                if change.version is not None and change.version != row["version"]:
                    raise Lost(
                        f"Somebody changed this {definition.label.lower()} meanwhile "
                        f"(version {row['version']}, yours was {change.version}). "
                        "Read it again and repeat your change."
                    )
                values = parse(change.body, definition, access, locale, creating=False)
                checks.move(definition, row, values)
                parsed.append((index, change.id, values))
            except TenfoldError as error:
                _refuse(refused, index, error, partial)
        parsed = await checks.relations(
            tx, person, definition, self.registry, parsed, refused, partial=partial
        )
        results: list[Written | None] = [None] * len(changes)
        if same is not None:
            parsed = await self._really_changed(tx, definition, parsed, current, results, same)
        rows: list[dict[str, Any]] = []
        for place, (_, identity, values) in enumerate(parsed):
            if place % _BREATH == _BREATH - 1:
                await asyncio.sleep(0)
            row = await self._changed_row(tx, definition, identity, values, current[identity])
            rows.append(row)
        places = {identity: index for index, identity, _ in parsed}

        async def write(some: Sequence[dict[str, Any]]) -> None:
            for written in await self._update(tx, person, definition, some):
                results[places[written.id]] = written

        def refuse(row: dict[str, Any], error: TenfoldError) -> None:
            results[places[row["id"]]] = None
            refused.append(Refusal(places[row["id"]], error))

        for group in _by_columns(rows):
            if partial:
                await halved(tx, group, write, refuse)
            else:
                await write(group)
        done = [(i, v) for place, i, v in parsed if results[place] is not None]
        await self._slots(tx, definition, done, locale)
        if done:
            tx.touch(definition.name)
        return results, refused

    async def _really_changed(
        self,
        tx: Transaction,
        definition: Definition,
        parsed: Sequence[tuple[int, UUID, Values]],
        current: Mapping[UUID, asyncpg.Record],
        results: list[Written | None],
        same: set[int],
    ) -> list[tuple[int, UUID, Values]]:
        """The rows that would change anything; the others are answered as they are."""
        kept: list[tuple[int, UUID, Values]] = []
        for index, identity, values in parsed:
            row = current[identity]
            if _equal(definition, values, row) and await self._same_secrets(
                tx, definition, identity, values, row
            ):
                same.add(index)
                results[index] = Written(identity, row["version"], None)
            else:
                kept.append((index, identity, values))
        return kept

    async def _same_secrets(
        self,
        tx: Transaction,
        definition: Definition,
        identity: UUID,
        values: Values,
        row: asyncpg.Record,
    ) -> bool:
        tenant = tx.context.tenant
        for name, text in values.secrets.items():
            if row[name] is None:
                return False
            place = keys.place(tenant, definition.table, name, identity)
            known = await self.keyring.tenant(tx, tenant)
            if keys.unseal(known, row[name], place).decode() != text:
                return False
        return True

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
        refused: list[Refusal] = []
        current = await self._locked(tx, person, definition, ids)
        chosen: list[tuple[int, UUID]] = []
        for index, identity in enumerate(ids):
            try:
                row = current.get(identity)
                if row is None:
                    raise missing(definition, identity)
                access.need("delete", definition)
                checks.within(access.delete, person, row, "delete", definition)
                if version is not None and version != row["version"]:
                    raise Lost(f"Somebody changed this {definition.label.lower()} meanwhile.")
                chosen.append((index, identity))
            except TenfoldError as error:
                _refuse(refused, index, error, partial)
        chosen = await self._let_go(tx, person, definition, chosen, refused, partial=partial)
        results: list[Written | None] = [None] * len(ids)
        moment = now()
        group = [{"id": identity, "deleted_at": moment} for _, identity in chosen]
        if group:
            written = {w.id: w for w in await self._update(tx, person, definition, group)}
            for index, identity in chosen:
                results[index] = written[identity]
            tx.touch(definition.name)
        return results, refused

    async def restore(
        self, tx: Transaction, person: Person, definition: Definition, identity: UUID
    ) -> Written:
        """Bring back a deleted record; Conflict where its unique key has been taken meanwhile."""
        current = await self._locked(tx, person, definition, [identity], deleted=True)
        row = current.get(identity)
        if row is None:
            raise missing(definition, identity)
        access = person.access(definition)
        access.need("delete", definition)
        checks.within(access.delete, person, row, "restore", definition)
        group = [{"id": identity, "deleted_at": None}]
        (written,) = await self._update(tx, person, definition, group)
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
        found = await checks.by_key(tx, person, definition, key, bodies, locale)
        new = [i for i, identity in enumerate(found) if identity is None]
        old = [i for i, identity in enumerate(found) if identity is not None]
        results: list[Written | None] = [None] * len(bodies)
        refused: list[Refusal] = []
        changes = [Change(identity, bodies[i]) for i in old if (identity := found[i]) is not None]
        if changes:
            made, bad = await self.update(tx, person, definition, changes, locale, partial=partial)
            _merge(results, refused, old, made, bad)
        if new:
            made, bad = await self.create(
                tx, person, definition, [bodies[i] for i in new], locale, partial=partial
            )
            _merge(results, refused, new, made, bad)
        return results, refused, set(new)

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
        """The rows of some ids as they are stored now, deleted or not; for an undo."""
        live = await self._locked(reader, person, definition, ids, extra=columns, lock=lock)
        left = [identity for identity in ids if identity not in live]
        if not left:
            return live
        return live | await self._locked(
            reader, person, definition, left, extra=columns, deleted=True, lock=lock
        )

    async def put_back(
        self,
        tx: Transaction,
        person: Person,
        definition: Definition,
        rows: Sequence[dict[str, Any]],
        current: Mapping[UUID, asyncpg.Record],
        refuse: Callable[[UUID, TenfoldError], None],
    ) -> None:
        """Store columns as they once were: `id` and values per row; search and slots follow.

        For an undo alone: it checks no moves and no targets, since the values were checked when
        they were first written. A row whose unique key is taken by now is refused by itself.
        """
        refused: set[UUID] = set()
        columns_of: dict[UUID, frozenset[str]] = {row["id"]: frozenset(row) for row in rows}
        for row in rows:
            _search_again(definition, tx.context.tenant, row, current[row["id"]])

        async def write(some: Sequence[dict[str, Any]]) -> None:
            await self._update(tx, person, definition, some)

        def no(row: dict[str, Any], error: TenfoldError) -> None:
            refused.add(row["id"])
            refuse(row["id"], error)

        for group in _by_columns(rows):
            await halved(tx, group, write, no)
        written: list[tuple[UUID, Values]] = []
        for row in rows:
            if row["id"] not in refused:
                values = _given_back(definition, row, current[row["id"]], columns_of[row["id"]])
                written.append((row["id"], values))
        await self._slots(tx, definition, written, Locale())
        if written:
            tx.touch(definition.name)

    async def reveal(
        self, tx: Transaction, person: Person, definition: Definition, identity: UUID, name: str
    ) -> str | None:
        """Open one secret field for a person who may; the caller logs it as a security event."""
        access = person.access(definition)
        row = (await self._locked(tx, person, definition, [identity], extra=(name,))).get(identity)
        if row is None:
            raise missing(definition, identity)
        if name not in access.reveal:
            raise Forbidden(f"Your role does not allow you to reveal {name}.")
        if row[name] is None:
            return None
        place = keys.place(person.tenant, definition.table, name, identity)
        opened = keys.unseal(await self.keyring.tenant(tx, person.tenant), row[name], place)
        return opened.decode()

    # -- rows

    async def _new_row(
        self,
        tx: Transaction,
        person: Person,
        definition: Definition,
        identity: UUID,
        values: Values,
    ) -> dict[str, Any]:
        owner = values.columns.get("owner_id") or person.user
        row: dict[str, Any] = {
            **values.columns,
            "tenant_id": person.tenant,
            "id": identity,
            "owner_id": owner,
            "created_by": person.user,
            "custom": msgspec.json.encode(
                {k: v for k, v in values.custom.items() if v is not None}
            ).decode(),
        }
        if definition.tenant_made:
            row["kind"] = definition.name
        if "team_id" not in row:
            row["team_id"] = person.team if owner == person.user else None
        row["search"] = search_vector(definition, person.tenant, row, private=False)
        if plan_of(definition).private:
            row["search_private"] = search_vector(definition, person.tenant, row, private=True)
        await self._seal(tx, definition, identity, values, row)
        return row

    async def _changed_row(
        self,
        tx: Transaction,
        definition: Definition,
        identity: UUID,
        values: Values,
        current: asyncpg.Record,
    ) -> dict[str, Any]:
        row: dict[str, Any] = {"id": identity, **values.columns}
        if values.custom:
            merged = {**msgspec.json.decode(current["custom"]), **values.custom}
            kept = {k: v for k, v in merged.items() if v is not None}
            row["custom"] = msgspec.json.encode(kept).decode()
        if not plan_of(definition).searched.isdisjoint(values.given):
            _search_again(definition, tx.context.tenant, row, current)
        await self._seal(tx, definition, identity, values, row)
        return row

    async def _seal(
        self,
        tx: Transaction,
        definition: Definition,
        identity: UUID,
        values: Values,
        row: dict[str, Any],
    ) -> None:
        for name, text in values.secrets.items():
            number, key = await self.keyring.sealing_key(tx, tx.context.tenant)
            place = keys.place(tx.context.tenant, definition.table, name, identity)
            row[name] = keys.seal(key, number, text.encode(), place)

    # -- statements

    async def _locked(
        self,
        tx: Reader,
        person: Person,
        definition: Definition,
        ids: Sequence[UUID],
        *,
        deleted: bool = False,
        extra: Sequence[str] = (),
        lock: bool = True,
    ) -> dict[UUID, asyncpg.Record]:
        """The current rows by id, locked; with what checks and the search vector need."""
        person.access(definition).need("read", definition)
        columns = _needed(definition, extra)
        key = ("lock", definition.name, definition.digest, person.access(definition).shape)
        statement = self.query.shapes.get(
            (*key, deleted, columns, lock),
            lambda: writing.lock(definition, person, self.registry, columns, deleted, lock),
        )
        bound: dict[str, object] = {
            "tenant": person.tenant,
            "user": person.user,
            "teams": list(person.teams),
            "ids": list(ids),
        }
        rows = await tx.rows(statement.text, *statement.arguments(bound))
        return {row["id"]: row for row in rows}

    async def _insert(
        self,
        tx: Transaction,
        person: Person,
        definition: Definition,
        rows: Sequence[dict[str, Any]],
        partial: bool,
        answer: bool,
    ) -> list[Written]:
        columns = tuple(sorted(set[str]().union(*rows)))
        key = ("insert", definition.name, definition.digest, person.access(definition).shape)
        statement = self.query.shapes.get(
            (*key, columns, partial, answer),
            lambda: writing.insert(definition, person, self.registry, columns, partial, answer),
        )
        return await _run(tx, statement, person, definition, rows, columns)

    async def _update(
        self,
        tx: Transaction,
        person: Person,
        definition: Definition,
        rows: Sequence[dict[str, Any]],
    ) -> list[Written]:
        columns = tuple(sorted(set(rows[0]) - {"id"}))
        if not columns:
            columns = ("deleted_at",)
            rows = [{**row, "deleted_at": None} for row in rows]
        key = ("update", definition.name, definition.digest, person.access(definition).shape)
        statement = self.query.shapes.get(
            (*key, columns),
            lambda: writing.update(definition, person, self.registry, columns),
        )
        return await _run(tx, statement, person, definition, rows, ("id", *columns))

    async def _slots(
        self,
        tx: Transaction,
        definition: Definition,
        written: Sequence[tuple[UUID, Values]],
        locale: Locale,
    ) -> None:
        """Rewrite the slots of the many-valued and custom fields that were given."""
        made: list[tuple[UUID, Slot]] = []
        cleared: list[tuple[UUID, str]] = []
        for identity, values in written:
            for one, value in _slotted(definition, values):
                cleared.append((identity, slot_field(definition, one)))
                at = _currency(one, values, locale)
                made.extend((identity, s) for s in slots_of(definition, one, value, at))
        if not cleared:
            return
        tenant = tx.context.tenant
        await tx.execute(
            writing.CLEAR_SLOTS, tenant, [i for i, _ in cleared], [name for _, name in cleared]
        )
        if made:
            await tx.execute(
                writing.ADD_SLOTS,
                tenant,
                [i for i, _ in made],
                [s.field for _, s in made],
                [s.place for _, s in made],
                [s.text for _, s in made],
                [s.number for _, s in made],
                [s.moment for _, s in made],
                [s.ref for _, s in made],
            )

    async def _let_go(
        self,
        tx: Transaction,
        person: Person,
        definition: Definition,
        chosen: list[tuple[int, UUID]],
        refused: list[Refusal],
        *,
        partial: bool,
    ) -> list[tuple[int, UUID]]:
        """Apply the on-delete rules of what points here: refuse, or clear the pointers."""
        ids = [identity for _, identity in chosen]
        for other in self.registry:
            for one in other.relations.values():
                if getattr(one.type, "to", "") != definition.name or one.type.many:
                    continue
                pointing = await checks.pointing(tx, other, one, ids)
                if not pointing:
                    continue
                if getattr(one.type, "on_delete", "") == "clear":
                    group = [{"id": i, f"{one.name}_id": None} for i, _ in pointing]
                    await self._update(tx, person, other, group)
                    tx.touch(other.name)
                    continue
                held = {to for _, to in pointing}
                for index, identity in list(chosen):
                    if identity in held:
                        word = other.label_plural.lower()
                        error = Conflict(f"It is still used by {word}; change those first.")
                        _refuse(refused, index, error, partial)
                        chosen.remove((index, identity))
        return chosen


def _needed(definition: Definition, extra: Sequence[str]) -> tuple[str, ...]:
    """The columns that checks, merging and the search vector need of a current row."""
    names = ["id", "version", "owner_id", "team_id", "custom", "deleted_at", *extra]
    if "status" in definition.fields:
        names.append("status")
    for one in definition.fields.values():
        if one.search:
            names.extend(one.column_names)
    return tuple(dict.fromkeys(names))


def _given_columns(definition: Definition, changes: Sequence[Change]) -> tuple[str, ...]:
    """The columns of all fields that any of the changes gives."""
    steps = plan_of(definition).by_json
    names = {name for change in changes for name in change.body if name in steps}
    return tuple(sorted({c for name in names for c in steps[name].columns}))


def _equal(definition: Definition, values: Values, row: asyncpg.Record) -> bool:
    """Whether a row has these values already; documents are compared as what they say."""
    table = table_of(definition)
    for name, value in values.columns.items():
        old = row.get(name)
        if old == value:
            continue
        if name not in row or not isinstance(table.c[name].type, JSONB):
            return False
        if old is None or value is None or _decoded(old) != _decoded(value):
            return False
    if not values.custom:
        return True
    stored = _decoded(row["custom"])
    return all(stored.get(name) == value for name, value in values.custom.items())


def _decoded(text: str) -> Any:
    return msgspec.json.decode(text)


def _search_again(
    definition: Definition, tenant: UUID, row: dict[str, Any], current: asyncpg.Record
) -> None:
    """Make the search words of a row that changes, where they may differ."""
    whole = {**dict(current.items()), **row}
    row["search"] = search_vector(definition, tenant, whole, private=False)
    if has_private_search(definition):
        row["search_private"] = search_vector(definition, tenant, whole, private=True)


def _given_back(
    definition: Definition, row: Mapping[str, Any], current: asyncpg.Record, names: frozenset[str]
) -> Values:
    """What slots must be made anew for a row that was put back."""
    values = Values(columns=dict(row))
    values.given = {f.name for f in definition.fields.values() if f.type.many and f.name in names}
    if "custom" in names:
        old, new = _decoded(current["custom"]), _decoded(row["custom"])
        changed = {k for k in {*old, *new} if old.get(k) != new.get(k)}
        values.custom = {k: new.get(k) for k in changed if k in definition.custom_fields}
        beside = {f"{k}_currency" for k in values.custom}
        values.custom |= {k: new[k] for k in beside if k in new}
    return values


def _slotted(definition: Definition, values: Values) -> Iterable[tuple[Field, object]]:
    for name in values.given:
        one = definition.fields[name]
        if one.type.many and one.type.stored:
            stored = values.columns.get(name)
            yield one, None if stored is None else msgspec.json.decode(stored)
    for name, value in values.custom.items():
        if one := definition.custom_fields.get(name):
            yield one, value


def _currency(one: Field, values: Values, locale: Locale) -> Locale:
    """The locale to read a custom amount in: that of the currency beside it."""
    beside = values.custom.get(f"{one.name}_currency") if one.type.kind == "money" else None
    return Locale(locale.region, beside) if isinstance(beside, str) else locale


async def _run(
    tx: Transaction,
    statement: Any,
    person: Person,
    definition: Definition,
    rows: Sequence[dict[str, Any]],
    columns: Sequence[str],
) -> list[Written]:
    bound: dict[str, object] = {c: [row.get(c) for row in rows] for c in columns}
    bound |= {"tenant": person.tenant, "user": person.user, "teams": list(person.teams)}
    try:
        answered = await tx.rows(statement.text, *statement.arguments(bound))
    except asyncpg.UniqueViolationError as error:
        raise checks.taken(definition, error) from error
    except asyncpg.ForeignKeyViolationError as error:
        raise Conflict("A record that this one points to is gone; read it again.") from error
    return [Written(r[1], r[2], r[0]) for r in answered]


def _by_columns(rows: Iterable[dict[str, Any]]) -> Iterable[list[dict[str, Any]]]:
    """Rows grouped by the columns they set, each group in the order of its ids."""
    groups: dict[frozenset[str], list[dict[str, Any]]] = {}
    for row in rows:
        groups.setdefault(frozenset(row), []).append(row)
    for group in groups.values():
        group.sort(key=lambda row: row["id"])
        yield group


def _refuse(refused: list[Refusal], index: int, error: TenfoldError, partial: bool) -> None:
    if not partial:
        raise error
    refused.append(Refusal(index, error))


def _merge(
    results: list[Written | None],
    refused: list[Refusal],
    places: Sequence[int],
    made: Sequence[Written | None],
    bad: Sequence[Refusal],
) -> None:
    for place, written in zip(places, made, strict=True):
        results[place] = written
    refused.extend(Refusal(places[r.index], r.error) for r in bad)


__all__ = ["BULK", "Change", "Records", "Refusal", "Written"]
