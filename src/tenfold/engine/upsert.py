"""Create or change records by a unique field, whatever others do at the same moment."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY

from tenfold.db.database import Transaction
from tenfold.engine import checks
from tenfold.engine.access import Person
from tenfold.engine.definition import Definition, Field
from tenfold.engine.project.tables import table_of
from tenfold.engine.records import Records
from tenfold.engine.sql import TENANT, compiled
from tenfold.engine.types import Columns, Locale, Refused
from tenfold.engine.written import Change, Refusal, Results, Written
from tenfold.kernel.errors import Invalid, MissingFields, NotFound, TenfoldError

Body = Mapping[str, object]


async def upserted(
    records: Records,
    tx: Transaction,
    person: Person,
    definition: Definition,
    key: Field,
    bodies: Sequence[Body],
    locale: Locale,
    *,
    partial: bool = False,
) -> tuple[list[Written | None], list[Refusal], set[int]]:
    """What was written, what was refused, and the places of the records that are new.

    A record that somebody makes at the same moment is changed as soon as it is there.
    """
    results = Results(len(bodies), partial=partial)
    writing = _Writing(records, tx, person, definition, key, locale, results)
    left = _keys(bodies, key, locale, results)
    made: set[int] = set()
    for last in (False, False, True):
        found = await _found(tx, definition, key, left.values())
        old = {i: found[value] for i, value in left.items() if value in found}
        await writing.change({i: Change(identity, bodies[i]) for i, identity in old.items()})
        # In the order of their keys, so that two upserts never wait for each other crosswise.
        new = sorted(left.keys() - old.keys(), key=lambda i: left[i])
        taken = await writing.make({i: bodies[i] for i in new}, last=last)
        made.update(i for i in new if results.written[i] is not None)
        left = {i: left[i] for i in taken}
        if not left:
            break
    return results.written, results.refused, made


class _Writing:
    """Writes some of the rows, each by its place among all."""

    def __init__(
        self,
        records: Records,
        tx: Transaction,
        person: Person,
        definition: Definition,
        key: Field,
        locale: Locale,
        results: Results,
    ) -> None:
        self._records, self._key, self._locale, self._results = records, key, locale, results
        self._what = (tx, person, definition)

    async def change(self, rows: Mapping[int, Change]) -> None:
        """Change records that were found by their key."""
        if not rows:
            return
        places, results = list(rows), self._results
        try:
            with results.part(places):
                written, refused = await self._records.update(
                    *self._what, list(rows.values()), self._locale, partial=results.partial
                )
        except NotFound as error:
            raise self._hidden(error) from None
        bare = [
            Refusal(r.index, self._hidden(r.error) if isinstance(r.error, NotFound) else r.error)
            for r in refused
        ]
        results.merge(places, written, bare)

    async def make(self, rows: Mapping[int, Body], *, last: bool) -> list[int]:
        """Make records; answers the places of those whose key somebody else has by now.

        The last time these are refused.
        """
        if not rows:
            return []
        places, results = list(rows), self._results
        taken: set[int] = set()
        with results.part(places):
            written, refused = await self._records.create(
                *self._what,
                list(rows.values()),
                self._locale,
                partial=results.partial,
                taken=None if last else taken,
            )
        results.merge(places, written, refused)
        return [places[index] for index in sorted(taken)]

    def _hidden(self, error: NotFound) -> TenfoldError:
        """What is said of a key that a record has which the person may not see: not its id."""
        told = checks.key_taken(self._what[2], self._key)
        told.row = error.row
        return told


def _keys(bodies: Sequence[Body], key: Field, locale: Locale, results: Results) -> dict[int, Any]:
    """Each row's key by its place; a row without a good one is refused."""
    values: dict[int, Any] = {}
    seen: set[Any] = set()
    for index, body in enumerate(bodies):
        try:
            value = _value(body, key, locale)
            if value in seen:
                raise Invalid({key.json_name: f"is given twice: {str(value)[:80]}"})
            seen.add(value)
            values[index] = value
        except TenfoldError as error:
            results.refuse(index, error)
    return values


def _value(body: Body, key: Field, locale: Locale) -> Any:
    """The value of the key in a body; raises where it is missing or can't be one."""
    value = body.get(key.json_name)
    if value is None or value == "":
        raise MissingFields({key.json_name: "is the key and is missing"})
    try:
        return key.type.parse(value, locale)[0]
    except Refused as refusal:
        raise Invalid({key.json_name: str(refusal)}) from None


async def _found(
    tx: Transaction, definition: Definition, key: Field, values: Iterable[Any]
) -> dict[Any, UUID]:
    """The live records that have these keys."""
    table = table_of(definition)
    column = key.type.compared(key.name, Columns.of(table))
    statement = compiled(
        sa.select(column, table.c.id).where(
            table.c.tenant_id == TENANT,
            table.c.deleted_at.is_(None),
            column == sa.any_(sa.bindparam("values", type_=ARRAY(column.type))),
        )
    )
    bound: dict[str, object] = {"tenant": tx.context.tenant, "values": list(values)}
    rows = await tx.rows(statement.text, *statement.arguments(bound))
    return {row[0]: row[1] for row in rows}
