"""Builds the SQL of writes: one set-based statement per operation, whatever the number of rows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY, JSONB, TSVECTOR

from tenfold.db.database import Transaction
from tenfold.engine.access import Person
from tenfold.engine.ask import Ask
from tenfold.engine.definition import Definition
from tenfold.engine.project.tables import SCHEMA
from tenfold.engine.registry import Registry
from tenfold.engine.sql import TENANT, Statement, compiled
from tenfold.engine.statement import PersonReading

# What a statement that is a whole transaction does first and last.
_ENTERED = sa.func.tenfold.enter(
    sa.bindparam("enter_tenant", type_=sa.Text),
    sa.bindparam("enter_change", type_=sa.Text),
    sa.bindparam("enter_topics", type_=ARRAY(sa.Text)),
    sa.bindparam("enter_known", type_=sa.BigInteger),
).table_valued(name="entered")
_RAISED = sa.func.tenfold.bump(sa.bindparam("touched", type_=ARRAY(sa.Text)))


def insert(
    definition: Definition,
    person: Person,
    registry: Registry,
    columns: Sequence[str],
    *,
    single: bool,
    skip: bool,
    answer: bool = True,
    alone: bool = False,
) -> Statement:
    """INSERT of rows; answers each row's JSON, id and version.

    A `single` row is given as values, several as arrays, one per column. With `skip`, rows whose
    unique key is taken are left out instead of failing the statement. Without `answer` the JSON is
    null. One that runs `alone` enters before it makes its row, and raises the version after.
    """
    reading = PersonReading(definition, person, registry)
    table = reading.table
    rows = _given(table, columns, single)
    given = sa.select(*(_cast(table, rows, name) for name in columns))
    statement = sa.dialects.postgresql.insert(table).from_select(  # pyright: ignore[reportAttributeAccessIssue, reportUnknownMemberType, reportUnknownVariableType]
        list(columns), given.select_from(rows, _ENTERED) if alone else given
    )
    if skip:
        statement = statement.on_conflict_do_nothing()  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]
    shown = _answer(reading) if answer else [sa.null(), table.c.id, table.c.version]
    shown = [*shown, _RAISED] if alone else shown
    return compiled(statement.returning(*shown))  # pyright: ignore[reportUnknownMemberType]


def update(
    definition: Definition,
    person: Person,
    registry: Registry,
    columns: Sequence[str],
    *,
    single: bool,
) -> Statement:
    """UPDATE of rows by id, given as in `insert`; answers each row's JSON, id and version."""
    reading = PersonReading(definition, person, registry)
    table = reading.table
    rows = _given(table, ["id", *columns], single)
    statement = (
        sa.update(table)
        .where(table.c.tenant_id == TENANT, table.c.id == rows.c.id)
        .values({name: _cast(table, rows, name) for name in columns})
    )
    return compiled(statement.returning(*_answer(reading)))  # pyright: ignore[reportUnknownMemberType]


def lock(
    definition: Definition,
    person: Person,
    registry: Registry,
    columns: Sequence[str],
    deleted: bool,
) -> Statement:
    """The rows of some ids that the person can see, locked in the order of their ids."""
    reading = PersonReading(definition, person, registry)
    table = reading.table
    ids = sa.bindparam("ids", type_=ARRAY(table.c.id.type))
    statement = (
        reading.matching(Ask(deleted=deleted))
        .where(table.c.id == sa.any_(ids))
        .with_only_columns(*(table.c[name] for name in columns))
        .order_by(table.c.id)
    )
    return compiled(statement.with_for_update())


def _given(table: sa.Table, columns: Sequence[str], single: bool) -> Any:
    """The rows as a table: of one row's values, or of one array per column."""
    if single:  # unnest of thirty arrays costs a small INSERT half its time
        values = [sa.bindparam(n, type_=_carried(table.c[n].type)).label(n) for n in columns]
        return sa.select(*values).subquery("v")
    arrays = [sa.bindparam(name, type_=ARRAY(_carried(table.c[name].type))) for name in columns]
    typed = [sa.column(name, _carried(table.c[name].type)) for name in columns]
    return sa.func.unnest(*arrays).table_valued(*typed, name="v").render_derived()


def _carried(kind: sa.types.TypeEngine[Any]) -> sa.types.TypeEngine[Any]:
    """The type in which a column's values travel: texts for what has no binary form."""
    return sa.Text() if isinstance(kind, TSVECTOR | JSONB) else kind


def _cast(table: sa.Table, rows: Any, name: str) -> Any:
    kind = table.c[name].type
    column = rows.c[name]
    return sa.cast(column, kind) if isinstance(kind, TSVECTOR | JSONB) else column


def _answer(reading: PersonReading) -> list[Any]:
    """The projection of a written row: the same JSON that a read gives."""
    table = reading.table
    if reading.access.read == "none":
        return [sa.null(), table.c.id, table.c.version]
    shown = sa.select(*reading.projection(table.name)).subquery("x")
    text = sa.select(sa.func.row_to_json(shown.table_valued())).scalar_subquery()  # pyright: ignore[reportAttributeAccessIssue, reportUnknownArgumentType, reportUnknownMemberType]
    return [text, table.c.id, table.c.version]


# Slots: what a record's many-valued and custom fields are found by.
CLEAR_SLOTS = f"""DELETE FROM {SCHEMA}.slots s
USING unnest($2::uuid[], $3::text[]) AS v (record, field)
WHERE s.tenant_id = $1 AND s.record_id = v.record AND s.field = v.field"""
ADD_SLOTS = f"""INSERT INTO {SCHEMA}.slots
(tenant_id, record_id, field, place, text_value, int_value, time_value, ref_value)
SELECT $1, v.* FROM unnest($2::uuid[], $3::text[], $4::smallint[], $5::text[], $6::bigint[],
    $7::timestamptz[], $8::uuid[]) AS v"""
REASON = "SELECT set_config('app.reason', $1, true)"
_ANEW = "SET LOCAL plan_cache_mode = force_custom_plan"
_MANY = 500


async def plan_for(tx: Transaction, rows: int) -> None:
    """Let statements about many rows be planned for them, from here to the transaction's end.

    A plan that was kept since a table was small looks at the whole table for each row.
    """
    if rows >= _MANY:
        await tx.execute(_ANEW)
