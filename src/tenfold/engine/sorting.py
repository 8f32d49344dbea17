"""The order of a list: its keys, their columns, and the rows after a cursor's."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
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
from tenfold.engine.types.numbers import Currency


def sort_keys(sorts: Sequence[Sort]) -> list[Sort]:
    """The sorts with the id as the last tie, in the direction of the first.

    An amount is two keys, its currency and itself: yen are never more than dollars.
    """
    keys = [key for sort in sorts for key in (*_currency(sort), sort)]
    if any(s.field.name == "id" for s in keys):
        return keys
    identity = Field(name="id", type=Id(), system=True, nullable=False)
    return [*keys, Sort(identity, keys[0].descending if keys else True)]


def _currency(sort: Sort) -> Iterator[Sort]:
    if sort.field.within:
        yield Sort(sort.field.within, sort.descending)


def leading(keys: Sequence[Sort]) -> int:
    """How many keys the first sort is."""
    return 2 if isinstance(keys[0].field.type, Currency) else 1


def phased(keys: Sequence[Sort]) -> bool:
    """Whether the rows without a first value are better read after the others, by themselves.

    Downwards no index has nulls last; and a list goes on behind an amount by one comparison of all
    keys, which serves as the start in the index, only where none is null.
    """
    first = keys[0]
    return not never_null(first.field) and (first.descending or leading(keys) > 1)


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
    filled: int = 0,
) -> ColumnElement[bool]:
    """The rows after the cursor's; nulls sort last in both directions.

    The first `filled` keys are known to have values.
    """
    binds = [sa.bindparam(f"c{i + offset}", type_=column.type) for i, column in enumerate(columns)]
    plain = all(never_null(s.field) for s in keys[filled:])
    one_way = len({s.descending for s in keys}) == 1
    if plain and one_way:
        left, right = sa.tuple_(*columns), sa.tuple_(*binds)
        return left < right if keys[0].descending else left > right
    steps: list[ColumnElement[bool]] = []
    equal: list[ColumnElement[bool]] = []
    for place, (sort, column, bind) in enumerate(zip(keys, columns, binds, strict=True)):
        nullable = not never_null(sort.field) and place >= filled
        empty = cursor[place] is None
        if not empty:
            beyond = column < bind if sort.descending else column > bind
            if nullable:
                beyond = sa.or_(beyond, column.is_(None))
            steps.append(sa.and_(*equal, beyond))
        equal.append(column.is_(None) if empty else column == bind)
    return sa.or_(*steps) if steps else sa.false()


def reversed_(column: ColumnElement[Any], sort: Sort) -> ColumnElement[Any]:
    """The order of a list read from its end; see `ordered`."""
    rising = column.asc() if sort.descending else column.desc()
    return rising if never_null(sort.field) else rising.nulls_first()


def before(
    keys: Sequence[Sort],
    columns: Sequence[ColumnElement[Any]],
    cursor: Sequence[object],
    *,
    offset: int = 0,
) -> ColumnElement[bool]:
    """The rows before the cursor's; nulls sort last in both directions."""
    binds = [sa.bindparam(f"c{i + offset}", type_=column.type) for i, column in enumerate(columns)]
    plain = all(never_null(s.field) for s in keys)
    if plain and len({s.descending for s in keys}) == 1:
        left, right = sa.tuple_(*columns), sa.tuple_(*binds)
        return left > right if keys[0].descending else left < right
    steps: list[ColumnElement[bool]] = []
    equal: list[ColumnElement[bool]] = []
    for place, (sort, column, bind) in enumerate(zip(keys, columns, binds, strict=True)):
        empty = cursor[place] is None
        if empty:
            steps.append(sa.and_(*equal, column.is_not(None)))
        else:
            steps.append(sa.and_(*equal, column > bind if sort.descending else column < bind))
        equal.append(column.is_(None) if empty else column == bind)
    found = sa.or_(*steps)
    if cursor[0] is None:
        return found
    # Said once more, so that an index is read from there on.
    start = columns[0] >= binds[0] if keys[0].descending else columns[0] <= binds[0]
    return sa.and_(start, found)


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
