"""What is in a person's day: tasks, meetings, deadlines and what is new, of all types at once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.sql.elements import ColumnElement

from tenfold.db.database import Reader
from tenfold.engine.access import Person
from tenfold.engine.definition import Agenda, Definition, Moment
from tenfold.engine.naming import title_shape, title_sql
from tenfold.engine.query import Query
from tenfold.engine.sql import USER, Statement, compiled
from tenfold.engine.statement import PersonReading
from tenfold.engine.types import Boolean, Columns

MOST = 12
"""How many of one moment of a type a day has at most."""
WINDOWS: Mapping[Agenda, tuple[int, int]] = {
    "task": (-365, 7),
    "meeting": (0, 2),
    "deadline": (-30, 8),
    "new": (-30, 1),
}
"""From which day on and up to which a kind is looked for, in days from today."""


@dataclass(frozen=True, slots=True)
class Item:
    """A record in somebody's day: when, which of its moments, and its version."""

    definition: Definition
    moment: Moment
    id: UUID
    title: str
    at: datetime | date
    version: int


async def agenda(
    query: Query,
    reader: Reader,
    person: Person,
    definitions: Sequence[Definition],
    now: datetime,
    zone: ZoneInfo,
) -> list[Item]:
    """What is in the person's day, by time; the first 12 of each moment of a type."""
    found = [(one, each) for one in definitions for each in one.agenda if _may(person, one, each)]
    if not found:
        return []
    shapes = tuple((title_shape(query.registry, person, one), each) for one, each in found)
    statement = query.shapes.get(("agenda", shapes), lambda: _statement(query, person, found))
    bound = person.bound(**_bounds(now, zone))
    rows = await reader.rows(statement.text, *statement.arguments(bound))
    items = [_item(found[int(row[0])], row) for row in rows]
    return sorted(items, key=lambda item: _when(item.at, zone))


def _may(person: Person, one: Definition, each: Moment) -> bool:
    """Whether a person reads a type with all that the moment depends on."""
    access = person.access(one)
    names = (each.field, *(name for name, _ in each.open), *each.people)
    return access.read != "none" and all(access.sees(one.fields[name]) for name in names)


def _statement(
    query: Query, person: Person, found: Sequence[tuple[Definition, Moment]]
) -> Statement:
    parts: list[Any] = []
    for place, (one, each) in enumerate(found):
        for way, rows in enumerate(_ways(query, person, place, one, each)):
            parts.append(sa.select(rows.subquery(f"p{place}_{way}")))
    return compiled(sa.union_all(*parts))


def _ways(
    query: Query, person: Person, place: int, one: Definition, each: Moment
) -> Iterator[sa.Select[*tuple[Any, ...]]]:
    """The records that are the reader's by each field that may say so: each walks an index.

    Asked with an OR, they would be looked for among everybody's.
    """
    reading = PersonReading(one, person, query.registry)
    columns = Columns.of(reading.table)
    at = columns[each.field]
    of_day = one.fields[each.field].type.kind == "date"
    start, end = (
        sa.bindparam(f"{each.kind}_{edge}{'_day' if of_day else ''}", type_=at.type)
        for edge in ("from", "until")
    )
    open_ = [_open(one, columns, name, values) for name, values in each.open]
    shown = (
        sa.literal_column(str(place), sa.Integer).label("place"),
        columns["id"].label("id"),
        title_sql(reading).label("title"),
        (sa.cast(at, sa.DateTime(timezone=True)) if of_day else at).label("at"),
        columns["version"].label("version"),
    )
    order = at.desc() if each.kind == "new" else at.asc()
    names = [*(f"{name}_id" for name in each.people), "owner_id"]
    for way, name in enumerate(names):
        mine = [columns[name] == USER, *(columns[before].is_(None) for before in names[:way])]
        rows = reading.matching().where(*mine, at >= start, at < end, *open_)
        most = sa.literal_column(str(MOST), sa.BigInteger)
        yield rows.with_only_columns(*shown).order_by(order).limit(most)


def _open(
    one: Definition, columns: Columns, name: str, values: Sequence[str]
) -> ColumnElement[bool]:
    """Declared values are written out: an index for open records alone serves only such."""
    column = columns[name]
    if isinstance(one.fields[name].type, Boolean):
        return column if values == ("true",) else sa.not_(column)
    words = [sa.literal_column(f"'{value}'", sa.Text) for value in values]
    return column.in_(words)


def _bounds(now: datetime, zone: ZoneInfo) -> dict[str, object]:
    today = now.astimezone(zone).date()
    bounds: dict[str, object] = {}
    for kind, days in WINDOWS.items():
        for edge, number in zip(("from", "until"), days, strict=True):
            day = today + timedelta(days=number)
            bounds[f"{kind}_{edge}_day"] = day
            bounds[f"{kind}_{edge}"] = datetime.combine(day, time(), zone).astimezone(UTC)
    return bounds


def _item(found: tuple[Definition, Moment], row: Any) -> Item:
    definition, each = found
    at: datetime = row[3]
    of_day = definition.fields[each.field].type.kind == "date"
    return Item(definition, each, row[1], row[2], at.date() if of_day else at, row[4])


def _when(at: datetime | date, zone: ZoneInfo) -> datetime:
    """A day counts as its end: what has an hour comes before."""
    if isinstance(at, datetime):
        return at
    return datetime.combine(at, time(23, 59), zone)


def of_kind(items: Sequence[Item], *kinds: Agenda) -> Iterator[Item]:
    """Those of some kinds."""
    return (item for item in items if item.moment.kind in kinds)
