"""The write path: every change of a record, one or ten thousand, from a person or a job, goes here."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import asyncpg
import msgspec

from tenfold.db import keys
from tenfold.db.database import Transaction
from tenfold.db.keys import Keyring
from tenfold.engine import checks, writing
from tenfold.engine.access import Person
from tenfold.engine.definition import Definition, Field
from tenfold.engine.project.tables import has_private_search
from tenfold.engine.query import Query, missing
from tenfold.engine.registry import Registry
from tenfold.engine.types import Locale
from tenfold.engine.values import Slot, Values, parse, search_vector, slots_of
from tenfold.kernel.clock import now
from tenfold.kernel.errors import Conflict, Forbidden, Lost, TenfoldError
from tenfold.kernel.ids import new_id

BULK = 10_000


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
    ) -> tuple[list[Written | None], list[Refusal]]:
        """Make records. All or nothing, unless `partial`: then bad rows are refused one by one."""
        access = person.access(definition)
        access.need("create", definition)
        refused: list[Refusal] = []
        parsed: list[tuple[int, UUID, Values]] = []
        for index, body in enumerate(bodies):
            try:
                values = parse(body, definition, access, locale, creating=True)
                parsed.append((index, new_id(), values))
            except TenfoldError as error:
                _refuse(refused, index, error, partial)
        parsed = await checks.relations(
            tx, person, definition, self.registry, parsed, refused, partial=partial
        )
        results: list[Written | None] = [None] * len(bodies)
        if not parsed:
            return results, refused
        rows = [
            await self._new_row(tx, person, definition, identity, values)
            for _, identity, values in parsed
        ]
        written = {w.id: w for w in await self._insert(tx, person, definition, rows, partial)}
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
    ) -> tuple[list[Written | None], list[Refusal]]:
        """Change records; only the fields given, null empties."""
        access = person.access(definition)
        refused: list[Refusal] = []
        current = await self._locked(tx, person, definition, [c.id for c in changes])
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
        rows = [
            (index, await self._changed_row(tx, definition, identity, values, current[identity]))
            for index, identity, values in parsed
        ]
        results: list[Written | None] = [None] * len(changes)
        for group in _by_columns(row for _, row in rows):
            for written in await self._update(tx, person, definition, group):
                place = next(i for i, identity, _ in parsed if identity == written.id)
                results[place] = written
        await self._slots(tx, definition, [(i, v) for _, i, v in parsed], locale)
        if parsed:
            tx.touch(definition.name)
        return results, refused

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
            made, bad = await self.update(
                tx, person, definition, changes, locale, partial=partial
            )
            _merge(results, refused, old, made, bad)
        if new:
            made, bad = await self.create(
                tx, person, definition, [bodies[i] for i in new], locale, partial=partial
            )
            _merge(results, refused, new, made, bad)
        return results, refused, set(new)

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
        place = keys.place(person.tenant, definition.plural, name, identity)
        opened = keys.unseal(await self.keyring.tenant(tx, person.tenant), row[name], place)
        return opened.decode()

    # -- rows

    async def _new_row(
        self, tx: Transaction, person: Person, definition: Definition, identity: UUID, values: Values
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
        if "team_id" not in row:
            row["team_id"] = person.team if owner == person.user else None
        row["search"] = search_vector(definition, person.tenant, row, private=False)
        if has_private_search(definition):
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
        if any(definition.fields[name].search for name in values.given):
            whole = {**dict(current.items()), **row}
            row["search"] = search_vector(definition, tx.context.tenant, whole, private=False)
            if has_private_search(definition):
                found = search_vector(definition, tx.context.tenant, whole, private=True)
                row["search_private"] = found
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
            place = keys.place(tx.context.tenant, definition.plural, name, identity)
            row[name] = keys.seal(key, number, text.encode(), place)

    # -- statements

    async def _locked(
        self,
        tx: Transaction,
        person: Person,
        definition: Definition,
        ids: Sequence[UUID],
        *,
        deleted: bool = False,
        extra: Sequence[str] = (),
    ) -> dict[UUID, asyncpg.Record]:
        """The current rows by id, locked; with what checks and the search vector need."""
        person.access(definition).need("read", definition)
        columns = _needed(definition, extra)
        key = ("lock", definition.name, definition.digest, person.access(definition).shape)
        statement = self.query.shapes.get(
            (*key, deleted, columns),
            lambda: writing.lock(definition, person, self.registry, columns, deleted),
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
    ) -> list[Written]:
        columns = tuple(sorted(set[str]().union(*rows)))
        key = ("insert", definition.name, definition.digest, person.access(definition).shape)
        statement = self.query.shapes.get(
            (*key, columns, partial),
            lambda: writing.insert(definition, person, self.registry, columns, partial),
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
        touched: set[str] = set()
        records: set[UUID] = set()
        for identity, values in written:
            for one, value in _slotted(definition, values):
                records.add(identity)
                touched.add(f"{definition.name}.{'custom.' if one.custom else ''}{one.name}")
                made.extend((identity, s) for s in slots_of(definition, one, value, locale))
        if not touched:
            return
        tenant = tx.context.tenant
        await tx.execute(writing.CLEAR_SLOTS, tenant, list(records), list(touched))
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


def _slotted(definition: Definition, values: Values) -> Iterable[tuple[Field, object]]:
    for name in values.given:
        one = definition.fields[name]
        if one.type.many and one.type.stored:
            stored = values.columns.get(name)
            yield one, None if stored is None else msgspec.json.decode(stored)
    for name, value in values.custom.items():
        yield definition.custom_fields[name], value


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
    return [Written(r[1], r[2], r[0].encode() if r[0] is not None else None) for r in answered]


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
