"""A list in lanes: the first records of each value of a field, in one statement.

Boards and grouped lists are lanes of values, calendars lanes of days. Each goes on by its own
cursor, as a list with one filter more.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.sql.elements import ColumnElement
from sqlalchemy.sql.selectable import Select

from tenfold.db.database import Reader
from tenfold.engine.access import Person
from tenfold.engine.ask import Ask
from tenfold.engine.definition import Definition, Field
from tenfold.engine.filtering import Filter
from tenfold.engine.query import COUNTED, Page, Query, filter_shapes, identity_of, sort_shapes
from tenfold.engine.registry import Registry
from tenfold.engine.slots import SLOTS, slot_column, slot_field
from tenfold.engine.sql import TENANT, Statement, compiled
from tenfold.engine.statement import PersonReading
from tenfold.engine.types import Columns

MOST = 60
"""How many values have a lane of their own; those of all others are in one."""
KINDS = frozenset({"choice", "stage", "boolean", "user"})
OWN_KINDS = frozenset({"choice"})
"""The kinds of fields whose values make lanes; of those that organisations made."""
_LANE = "lane"
_VALUES, _ENDS, _FIELD = "lanes", "lane_ends", f"{_LANE}_field"


@dataclass(frozen=True, slots=True)
class Others:
    """All values but these, which have lanes of their own."""

    shown: tuple[object, ...]


@dataclass(frozen=True, slots=True)
class Lane:
    """One value of the field, None for those without one, with the first page of its records."""

    value: object
    page: Page


def laned(one: Field) -> bool:
    """Whether a list can be shown in lanes of a field."""
    kinds = OWN_KINDS if one.custom else KINDS
    return one.type.kind in kinds and "eq" in one.type.operators


async def lanes(
    query: Query,
    reader: Reader,
    person: Person,
    definition: Definition,
    ask: Ask,
    field: Field,
    values: Sequence[object],
) -> list[Lane]:
    """The lanes of these values in their order, then those of others and without one, if any."""
    rows = await _rows(query, reader, person, definition, ask, field, list(values)[:MOST])
    bare = rows[0][0] if rows else 0
    found = [_lane(query, definition, in_lane(ask, field, row[1]), row[1:]) for row in rows]
    if others := others_of(values):
        asked = replace(in_lane(ask, field, others), count="capped")
        page = await query.page(reader, person, definition, asked)
        found += [Lane(others, page)] if page.count else []
    if bare:
        asked = replace(in_lane(ask, field, None), count="")
        page = await query.page(reader, person, definition, asked)
        kind = "exact" if bare < COUNTED else "at_least"
        found.append(Lane(None, replace(page, count=min(bare, COUNTED - 1), count_kind=kind)))
    return found


def others_of(values: Sequence[object]) -> Others | None:
    """What stands for the values that have no lane of their own, where there are so many."""
    return Others(tuple(values[:MOST])) if len(values) > MOST else None


async def stretches(
    query: Query,
    reader: Reader,
    person: Person,
    definition: Definition,
    ask: Ask,
    field: Field,
    bounds: Sequence[object],
) -> list[Lane]:
    """The lanes from each of these moments or days up to the next one."""
    starts, ends = list(bounds[:-1]), list(bounds[1:])
    rows = await _rows(query, reader, person, definition, ask, field, starts, ends)
    return [_lane(query, definition, ask, row) for row in rows]


def in_lane(ask: Ask, field: Field, value: object) -> Ask:
    """The list of one lane alone."""
    if isinstance(value, Others):
        one = Filter(field, "out", list(value.shown))
    else:
        one = Filter(field, "null", value=True) if value is None else Filter(field, "eq", value)
    return replace(ask, filters=(*ask.filters, one))


async def _rows(
    query: Query,
    reader: Reader,
    person: Person,
    definition: Definition,
    ask: Ask,
    field: Field,
    values: list[object],
    ends: list[object] | None = None,
) -> list[Any]:
    person.access(definition).need("read", definition)
    key = (
        "lanes",
        *query.shape(person, definition, ask.embeds),
        filter_shapes(ask),
        sort_shapes(ask),
        ask.fields,
        ask.limit,
        ask.deleted,
        (field.custom, "" if field.custom else field.name, field.nullable),
        ends is None,
    )
    reading = _LaneReading(definition, person, query.registry, field, ranged=ends is not None)
    statement = query.shapes.get(key, lambda: reading.statement(ask))
    bound = person.bound(**await query.values(reader, person, definition, ask))
    bound |= {_VALUES: values, _ENDS: ends, _FIELD: slot_field(definition, field)}
    return await reader.rows(statement.text, *statement.arguments(bound))


def _lane(query: Query, definition: Definition, alone: Ask, row: Any) -> Lane:
    """One lane of a statement's row; `alone` is what its cursor is of."""
    value, count, data, found, *last = row
    more = found > alone.limit
    cursor = query.cursors.seal(identity_of(definition, alone), last) if more else None
    kind = "exact" if count < COUNTED else "at_least"
    page = Page(data or b"[]", alone.limit, cursor, more, min(count, COUNTED - 1), kind)
    return Lane(value, page)


class _LaneReading(PersonReading):
    """Reading of the lane whose value stands beside it in the statement."""

    def __init__(
        self,
        definition: Definition,
        person: Person,
        registry: Registry,
        field: Field,
        *,
        ranged: bool,
    ) -> None:
        super().__init__(definition, person, registry)
        self._whole = PersonReading(definition, person, registry)
        self._field = field
        self._slots = SLOTS.alias() if field.custom else None
        self._column: ColumnElement[Any] = (
            field.type.compared(field.name, Columns.of(self.table))
            if self._slots is None
            else self._slots.c[slot_column(field.type.kind)]
        )
        self._ranged = ranged

    def _asked(self, ask: Ask) -> Select[Any]:
        column, asked = self._column, super()._asked(ask)
        value: ColumnElement[Any] = sa.literal_column("lane.value", column.type)
        if self._slots is not None:
            held = sa.select(self._slots.c.record_id).where(
                self._slots.c.tenant_id == TENANT,
                self._slots.c.field == sa.bindparam(_FIELD, type_=sa.Text),
                column == value,
            )
            return asked.where(self.table.c.id.in_(held))
        if not self._ranged:
            return asked.where(column == value)
        end: ColumnElement[Any] = sa.literal_column("lane.until", column.type)
        return asked.where(column >= value, column < end)

    def statement(self, ask: Ask) -> Statement:
        """One row for each lane: its value, how many records, and its page.

        Lanes of values say before it how many records have none.
        """
        kind = self._column.type
        named = {"value": _VALUES, **({"until": _ENDS} if self._ranged else {})}
        arrays = (sa.bindparam(bind, type_=ARRAY(kind)) for bind in named.values())
        columns = (sa.column(name, kind) for name in named)
        lane = (
            sa.func.unnest(*arrays)
            .table_valued(*columns, with_ordinality="place", name="lane")
            .render_derived(name="lane")
        )
        page = self.page(ask, self.rows(ask, None))[0].lateral("page")
        one = sa.literal_column("1", sa.Integer)
        counted = self.matching(ask).with_only_columns(one).limit(sa.literal_column(str(COUNTED)))
        count = sa.select(sa.func.count().label("n")).select_from(counted.subquery())
        number = count.lateral("number")
        bare = [] if self._ranged else [self._bare(ask)]
        return compiled(
            sa.select(*bare, lane.c.value, number.c.n, *page.c.values())
            .select_from(lane.join(page, sa.true()).join(number, sa.true()))
            .order_by(lane.c.place)
        )

    def _bare(self, ask: Ask) -> ColumnElement[int]:
        """How many records have no value, counted as far as those of lanes."""
        one = sa.literal_column("1", sa.Integer)
        if not self._field.nullable:
            return sa.literal_column("0", sa.Integer)
        none = self._whole.condition(Filter(self._field, "null", value=True), _LANE)
        found = self._whole.matching(ask).where(none).with_only_columns(one)
        some = found.limit(sa.literal_column(str(COUNTED))).subquery("bare")
        return sa.select(sa.func.count()).select_from(some).scalar_subquery()


__all__ = ["KINDS", "MOST", "Lane", "Others", "in_lane", "laned", "lanes", "others_of", "stretches"]
