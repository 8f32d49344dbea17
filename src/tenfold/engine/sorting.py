"""The order of a list: its keys, their columns, and the rows after a cursor's."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.sql.elements import ColumnElement

from tenfold.engine.ask import Sort
from tenfold.engine.definition import Field
from tenfold.engine.slots import SLOTS, slot_column
from tenfold.engine.sql import TENANT
from tenfold.engine.types.identity import Id


def sort_keys(sorts: Sequence[Sort]) -> list[Sort]:
    """The sorts with the id as the last tie, in the direction of the first."""
    if any(s.field.name == "id" for s in sorts):
        return list(sorts)
    identity = Field(name="id", type=Id(), system=True, nullable=False)
    return [*sorts, Sort(identity, sorts[0].descending if sorts else True)]


def slot_key(field: Field, identity: ColumnElement[Any]) -> ColumnElement[Any]:
    """A custom field's value as a sort key; its name is bound, so that tenants share the text."""
    slots = SLOTS.alias()
    name = sa.bindparam(f"s_{field.name}", type_=sa.Text)
    return (
        sa.select(slots.c[slot_column(field.type.kind)])
        .where(slots.c.tenant_id == TENANT, slots.c.field == name, slots.c.record_id == identity)
        .limit(1)
        .scalar_subquery()
    )


def ordered(column: ColumnElement[Any], sort: Sort) -> ColumnElement[Any]:
    """Nulls last in both directions; said only where there can be nulls, for the index's sake."""
    if sort.descending:
        falling = column.desc()
        return falling if never_null(sort.field) else falling.nulls_last()
    return column.asc()


def never_null(field: Field) -> bool:
    """Whether every row has a value."""
    return not field.nullable and not field.custom


def after(
    keys: Sequence[Sort],
    columns: Sequence[ColumnElement[Any]],
    cursor: Sequence[object],
    *,
    offset: int = 0,
    first_has_value: bool = False,
) -> ColumnElement[bool]:
    """The rows after the cursor's; nulls sort last in both directions."""
    binds = [sa.bindparam(f"c{i + offset}", type_=column.type) for i, column in enumerate(columns)]
    plain = all(never_null(s.field) for s in (keys[1:] if first_has_value else keys))
    one_way = len({s.descending for s in keys}) == 1
    if plain and one_way:
        left, right = sa.tuple_(*columns), sa.tuple_(*binds)
        return left < right if keys[0].descending else left > right
    steps: list[ColumnElement[bool]] = []
    equal: list[ColumnElement[bool]] = []
    for place, (sort, column, bind) in enumerate(zip(keys, columns, binds, strict=True)):
        nullable = not never_null(sort.field) and not (place == 0 and first_has_value)
        empty = cursor[place] is None
        if not empty:
            beyond = column < bind if sort.descending else column > bind
            if nullable:
                beyond = sa.or_(beyond, column.is_(None))
            steps.append(sa.and_(*equal, beyond))
        equal.append(column.is_(None) if empty else column == bind)
    return sa.or_(*steps) if steps else sa.false()


def kind_of(column: ColumnElement[Any]) -> type:
    """The Python type of a key's values, as a cursor brings them back."""
    kind = column.type
    if isinstance(kind, sa.DateTime):
        return datetime
    if isinstance(kind, sa.Date):
        return date
    if isinstance(kind, sa.UUID):
        return UUID
    if isinstance(kind, sa.Boolean):
        return bool
    return int if isinstance(kind, sa.Integer) else str
