"""A list in lanes: the first records of each value of a field, in one statement.

Boards and grouped lists are lanes; each goes on by its own cursor, as a list with one filter more.
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
from tenfold.engine.sql import Statement, compiled
from tenfold.engine.statement import PersonReading
from tenfold.engine.types import Columns

MOST = 60
"""How many lanes a list has at most."""
KINDS = frozenset({"choice", "stage", "boolean", "user"})
"""The kinds of fields whose values make lanes."""
_VALUES = "lanes"


@dataclass(frozen=True, slots=True)
class Lane:
    """One value of the field, None for those without one, with the first page of its records."""

    value: object
    page: Page


def laned(one: Field) -> bool:
    """Whether a list can be shown in lanes of a field."""
    return one.type.kind in KINDS and not one.custom and "eq" in one.type.operators


async def lanes(
    query: Query,
    reader: Reader,
    person: Person,
    definition: Definition,
    ask: Ask,
    field: Field,
    values: Sequence[object],
) -> list[Lane]:
    """The lanes of these values in their order, and the one without a value where there is any."""
    person.access(definition).need("read", definition)
    statement = _statement(query, person, definition, ask, field)
    bound = person.bound(**await query.values(reader, person, definition, ask))
    bound[_VALUES] = [v for v in values if v is not None][:MOST]
    found = [
        _lane(query, definition, ask, field, row)
        for row in await reader.rows(statement.text, *statement.arguments(bound))
    ]
    if field.nullable:
        bare = in_lane(ask, field, None)
        page = await query.page(reader, person, definition, replace(bare, count="capped"))
        found += [Lane(None, page)] if page.count else []
    return found


def in_lane(ask: Ask, field: Field, value: object) -> Ask:
    """The list of one lane alone."""
    one = Filter(field, "null", value=True) if value is None else Filter(field, "eq", value)
    return replace(ask, filters=(*ask.filters, one))


def _lane(query: Query, definition: Definition, ask: Ask, field: Field, row: Any) -> Lane:
    value, count, data, found, *last = row
    more = found > ask.limit
    identity = identity_of(definition, in_lane(ask, field, value))
    cursor = query.cursors.seal(identity, last) if more else None
    kind = "exact" if count < COUNTED else "at_least"
    page = Page(data or b"[]", ask.limit, cursor, more, min(count, COUNTED - 1), kind)
    return Lane(value, page)


def _statement(
    query: Query, person: Person, definition: Definition, ask: Ask, field: Field
) -> Statement:
    key = (
        "lanes",
        *query.shape(person, definition, ask.embeds),
        filter_shapes(ask),
        sort_shapes(ask),
        ask.fields,
        ask.limit,
        ask.deleted,
        field.name,
    )
    reading = _LaneReading(definition, person, query.registry, field)
    return query.shapes.get(key, lambda: reading.statement(ask))


class _LaneReading(PersonReading):
    """Reading of the lane whose value stands beside it in the statement."""

    def __init__(
        self, definition: Definition, person: Person, registry: Registry, field: Field
    ) -> None:
        super().__init__(definition, person, registry)
        columns = Columns.of(self.table)
        self._column: ColumnElement[Any] = field.type.compared(field.name, columns)

    def _asked(self, ask: Ask) -> Select[Any]:
        lane: ColumnElement[Any] = sa.literal_column("lane.value", self._column.type)
        return super()._asked(ask).where(self._column == lane)

    def statement(self, ask: Ask) -> Statement:
        """One row for each lane: its value, how many records, and its page."""
        kind = self._column.type
        given = sa.func.unnest(sa.bindparam(_VALUES, type_=ARRAY(kind)))
        lane = given.table_valued(
            sa.column("value", kind), with_ordinality="place", name="lane"
        ).render_derived(name="lane")
        page = self.page(ask, self.rows(ask, None))[0].lateral("page")
        one = sa.literal_column("1", sa.Integer)
        counted = self.matching(ask).with_only_columns(one).limit(sa.literal_column(str(COUNTED)))
        count = sa.select(sa.func.count().label("n")).select_from(counted.subquery())
        number = count.lateral("number")
        columns = [page.c[name] for name in page.c.keys()]  # noqa: SIM118 - no mapping
        return compiled(
            sa.select(lane.c.value, number.c.n, *columns)
            .select_from(lane.join(page, sa.true()).join(number, sa.true()))
            .order_by(lane.c.place)
        )


__all__ = ["KINDS", "MOST", "Lane", "in_lane", "laned", "lanes"]
