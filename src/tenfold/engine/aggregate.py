"""Aggregates: counts, sums, averages, least and most over what a person may see, by group."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from tenfold.db.database import Reader
from tenfold.engine import ask as asking
from tenfold.engine.access import Access, Person
from tenfold.engine.ask import Ask
from tenfold.engine.definition import Definition, Field
from tenfold.engine.filtering import visible
from tenfold.engine.query import Query, filter_shapes
from tenfold.engine.sql import Statement, compiled, row_json
from tenfold.engine.statement import PersonReading
from tenfold.engine.types import Columns, Locale
from tenfold.kernel.errors import Invalid

FUNCTIONS = ("sum", "avg", "min", "max")
GROUPS, FIGURES, ROWS = 2, 5, 1_000
GROUPED = frozenset({"choice", "stage", "boolean", "date", "ref", "user", "text", "id", "integer"})
SUMMED = frozenset({"integer", "decimal", "money", "generated"})


@dataclass(frozen=True, slots=True)
class Aggregate:
    """What was asked: the groups, the figures, and the conditions."""

    groups: tuple[Field, ...]
    figures: tuple[tuple[str, Field], ...]
    conditions: Ask


def parse_aggregate(
    pairs: Iterable[tuple[str, str]], definition: Definition, access: Access, locale: Locale
) -> Aggregate:
    """Read `group`, `sum`, `avg`, `min`, `max` and filters; raises Invalid naming each mistake."""
    access.need("read", definition)
    rest: list[tuple[str, str]] = []
    groups: list[Field] = []
    figures: list[tuple[str, Field]] = []
    for name, value in pairs:
        if name == "group":
            groups += [_checked(n, definition, access, GROUPED, "group") for n in _names(value)]
        elif name in FUNCTIONS:
            figures += [
                (name, _checked(n, definition, access, SUMMED, name)) for n in _names(value)
            ]
        else:
            rest.append((name, value))
    if len(groups) > GROUPS:
        raise Invalid({"group": f"takes at most {GROUPS} fields"})
    if len(figures) > FIGURES:
        raise Invalid({figures[-1][0]: f"at most {FIGURES} figures at once"})
    asked = asking.parse(rest, definition, access, locale)
    return Aggregate(tuple(groups), tuple(figures), asked.narrowed(deleted=False))


def _names(value: str) -> list[str]:
    return [n for n in value.split(",") if n]


def _checked(
    name: str, definition: Definition, access: Access, kinds: frozenset[str], parameter: str
) -> Field:
    field = visible(name, definition, access, parameter)
    if field.custom or field.type.kind not in kinds:
        raise Invalid({parameter: f"can't use {name}"})
    return field


async def aggregate(
    reader: Reader, person: Person, definition: Definition, query: Query, asked: Aggregate
) -> tuple[bytes, bool]:
    """The groups with their figures, largest first, as a JSON list, and whether there are more.

    At most 1,000 groups are shown.
    """
    conditions = asked.conditions
    key = (
        "aggregate",
        definition.name,
        definition.digest,
        person.access(definition).shape,
        tuple(f.name for f in asked.groups),
        tuple((n, f.name) for n, f in asked.figures),
        filter_shapes(conditions),
    )
    statement = query.shapes.get(key, lambda: _statement(definition, person, query, asked))
    values = person.bound(**await query.values(reader, person, definition, conditions))
    row = await reader.row(statement.text, *statement.arguments(values))
    return (row[0] or b"[]", row[1] > ROWS) if row else (b"[]", False)


def _statement(definition: Definition, person: Person, query: Query, asked: Aggregate) -> Statement:
    reading = PersonReading(definition, person, query.registry)
    columns = Columns.of(reading.table)
    groups: list[Any] = [
        one.type.select(one.name, columns).label(one.json_name) for one in asked.groups
    ]
    shown: list[Any] = [*groups, sa.func.count().label("count")]
    for name, field in asked.figures:
        value = field.type.select(field.name, columns)
        shown.append(getattr(sa.func, name)(value).label(f"{name}_{field.name}"))
    amounts = {f.name: f.type for _, f in asked.figures if f.currency}
    # Amounts of different currencies are never added up: the currency is a group of its own.
    for name, kind in sorted(amounts.items()):
        currency = columns[kind.currency_column(name)].label(f"{name}_currency")
        groups.append(currency)
        shown.append(currency)
    rows = reading.matching(asked.conditions).with_only_columns(*shown)
    if groups:
        rows = rows.group_by(*(g.element for g in groups))
    rows = rows.order_by(sa.text("count DESC")).limit(sa.literal_column(str(ROWS + 1)))
    found = rows.subquery("g")
    numbered = sa.select(
        row_json(found).label("j"), sa.func.row_number().over().label("n")
    ).subquery("r")
    kept = sa.func.json_agg(numbered.c.j).filter(numbered.c.n <= sa.literal_column(str(ROWS)))
    return compiled(sa.select(kept, sa.func.count()).select_from(numbered))
