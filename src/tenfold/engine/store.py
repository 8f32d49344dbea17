"""Runs the statements of writes; every row that is locked, inserted or changed passes here."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any
from uuid import UUID

import asyncpg

from tenfold.db.database import Late, Transaction
from tenfold.engine import checks, writing
from tenfold.engine.access import Person
from tenfold.engine.definition import Definition
from tenfold.engine.halving import halved, savepoint
from tenfold.engine.query import Query
from tenfold.engine.registry import Registry
from tenfold.engine.rows import Row, needed, slots
from tenfold.engine.slots import Slot
from tenfold.engine.sql import Statement
from tenfold.engine.types import Locale
from tenfold.engine.values import Values
from tenfold.engine.written import Written
from tenfold.kernel.errors import Conflict, Invalid, TenfoldError

_TOO_LARGE = "What is computed from these values is too large a number to be kept; check them."


class Store:
    """The statements of writes, made once per shape of access."""

    def __init__(self, registry: Registry, query: Query) -> None:
        self._registry, self._query, self._shapes = registry, query, query.shapes

    async def locked(
        self,
        tx: Transaction,
        person: Person,
        definition: Definition,
        ids: Sequence[UUID],
        *,
        deleted: bool = False,
        extra: Sequence[str] = (),
    ) -> dict[UUID, asyncpg.Record]:
        """The current rows by id, locked; with what checks and the search words need."""
        access = person.access(definition)
        access.need("read", definition)
        columns = needed(definition, extra)
        statement = self._shapes.get(
            ("lock", definition.name, definition.digest, access.shape, deleted, columns),
            lambda: writing.lock(definition, person, self._registry, columns, deleted),
        )
        bound = person.bound(ids=list(ids))
        rows = await tx.rows(statement.text, *statement.arguments(bound))
        return {row["id"]: row for row in rows}

    async def insert(
        self,
        tx: Transaction,
        person: Person,
        definition: Definition,
        rows: Sequence[Row],
        *,
        skip: bool,
        answer: bool,
        last: bool = False,
    ) -> list[Written]:
        """Store new rows; with `skip` those whose unique key is taken are left out.

        Where this is the `last` statement of a transaction and its first, it is the only one.
        """
        columns = tuple(sorted(set[str]().union(*rows)))
        shape, single = self._query.shape(person, definition, ()), len(rows) == 1
        late = tx if last and single and isinstance(tx, Late) and tx.untouched else None
        statement = self._shapes.get(
            ("insert", *shape, columns, single, skip, answer, late is None),
            lambda: writing.insert(
                definition,
                person,
                self._registry,
                columns,
                single=single,
                skip=skip,
                answer=answer,
                alone=late is not None,
            ),
        )
        return await _run(tx, statement, person, definition, rows, columns, late)

    async def insert_all(
        self,
        tx: Transaction,
        person: Person,
        definition: Definition,
        rows: Sequence[Row],
        *,
        answer: bool,
    ) -> tuple[list[Written], TenfoldError | None]:
        """Store new rows; where a unique key is taken, those that can be, and what is to be said.

        The error of a statement does not say which of its rows it is about: those left out do.
        """
        what = (tx, person, definition, rows)
        try:
            async with savepoint(tx):
                return await self.insert(*what, skip=False, answer=answer), None
        except Conflict as error:
            if error.code != "DUPLICATE":
                raise
            return await self.insert(*what, skip=True, answer=answer), error

    async def update(
        self, tx: Transaction, person: Person, definition: Definition, rows: Sequence[Row]
    ) -> list[Written]:
        """Change rows that all set the same columns: `id` and the new values."""
        columns = tuple(sorted(set(rows[0]) - {"id"}))
        if not columns:
            columns = ("deleted_at",)
            rows = [{**row, "deleted_at": None} for row in rows]
        shape, single = self._query.shape(person, definition, ()), len(rows) == 1
        statement = self._shapes.get(
            ("update", *shape, columns, single),
            lambda: writing.update(definition, person, self._registry, columns, single=single),
        )
        return await _run(tx, statement, person, definition, rows, ("id", *columns))

    async def update_groups(
        self,
        tx: Transaction,
        person: Person,
        definition: Definition,
        rows: Sequence[Row],
        refuse: Callable[[UUID, TenfoldError], None] | None,
    ) -> dict[UUID, Written]:
        """Change rows that may set different columns; with `refuse`, bad rows are left out."""
        found: dict[UUID, Written] = {}

        async def write(some: Sequence[Row]) -> None:
            found.update({w.id: w for w in await self.update(tx, person, definition, some)})

        for group in _by_columns(rows):
            if refuse is None:
                await write(group)
            else:
                await halved(tx, group, write, lambda row, error: refuse(row["id"], error))
        return found

    async def slots(
        self,
        tx: Transaction,
        definition: Definition,
        written: Iterable[tuple[UUID, Values]],
        locale: Locale,
        *,
        new: bool = False,
    ) -> None:
        """Write the slots of the fields that were given; those of `new` records have none yet."""
        made: list[tuple[UUID, Slot]] = []
        cleared: list[tuple[UUID, str]] = []
        for identity, values in written:
            for name, found in slots(definition, values, locale):
                cleared.append((identity, name))
                made.extend((identity, slot) for slot in found)
        tenant = tx.context.tenant
        if cleared and not new:
            ids, names = zip(*cleared, strict=True)
            await tx.execute(writing.CLEAR_SLOTS, tenant, ids, names)
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


def _by_columns(rows: Iterable[Row]) -> Iterable[list[Row]]:
    """Rows grouped by the columns they set, each group in the order of its ids."""
    groups: dict[frozenset[str], list[Row]] = {}
    for row in rows:
        groups.setdefault(frozenset(row), []).append(row)
    for group in groups.values():
        group.sort(key=lambda row: row["id"])
        yield group


async def _run(
    tx: Transaction,
    statement: Statement,
    person: Person,
    definition: Definition,
    rows: Sequence[Row],
    columns: Sequence[str],
    late: Late | None = None,
) -> list[Written]:
    """Run a write's statement; given `late`, it is that transaction's only one."""
    given: dict[str, Any]
    if len(rows) == 1:
        given = {c: rows[0].get(c) for c in columns}
    else:
        given = {c: [row.get(c) for row in rows] for c in columns}
    run = tx.rows
    if late is not None:
        given = {**given, **late.entering, "touched": [definition.name]}
        run = late.alone
    try:
        answered = await run(statement.text, *statement.arguments(person.bound(**given)))
    except asyncpg.UniqueViolationError as error:
        raise checks.taken(definition, error) from error
    except asyncpg.ForeignKeyViolationError as error:
        raise Conflict("A record that this one points to is gone; read it again.") from error
    except asyncpg.NumericValueOutOfRangeError as error:
        raise Invalid({}, _TOO_LARGE) from error
    return [Written(r[1], r[2], r[0]) for r in answered]
