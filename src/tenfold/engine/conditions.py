"""Conditions of reads: one filter's comparison, and the scope that a reader is kept to."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.sql.elements import ColumnElement
from sqlalchemy.sql.selectable import FromClause

from tenfold.engine.access import Access, shared_bind
from tenfold.engine.definition import PRIVATE, Definition
from tenfold.engine.sql import TEAMS, USER, UUID_TYPE


def scoped(access: Access, definition: Definition, table: FromClause) -> ColumnElement[bool] | None:
    """The condition that keeps a reader to their scope; None where they may see all."""
    ways: list[ColumnElement[bool]] = [table.c.owner_id == USER]
    match access.read:
        case "none":
            return sa.false()
        case "team":
            mine = table.c.team_id == sa.any_(TEAMS)
            among = [open_to_others(definition, table)] if definition.private else []
            ways.append(sa.and_(mine, *among))
        case "open" if definition.private:
            ways.append(open_to_others(definition, table))
        case "all" | "open":
            return None
        case "own":
            pass
    if access.widened:
        ways.append(shared(access, definition, table))
    return sa.or_(*ways)


def shared(access: Access, definition: Definition, table: FromClause) -> ColumnElement[bool]:
    """What was shared with the reader one by one."""
    ids = sa.bindparam(shared_bind(definition.name), type_=ARRAY(UUID_TYPE))
    if access.read == "own":
        return table.c.id == sa.any_(ids)  # an index serves both ways
    # Who sees more walks through rows and asks of each: in a hash, not in a list of a thousand.
    return table.c.id.in_(sa.select(sa.func.unnest(ids)))


def open_to_others(definition: Definition, table: FromClause) -> ColumnElement[bool]:
    """What its owner did not mark private, of a type where they may."""
    marked = table.c[definition.private] == sa.literal_column(f"'{PRIVATE}'", sa.Text)
    return sa.not_(marked)


def compared(
    column: ColumnElement[Any], operator: str, bind: str, *, negated: bool = False
) -> ColumnElement[bool]:
    """A column against the value that is bound under a name."""
    value = sa.bindparam(bind, type_=column.type)
    match operator:
        case "null":
            return column.is_not(None) if negated else column.is_(None)
        case "eq":
            return column == value
        case "ne":
            return column.is_distinct_from(value)
        case "in" | "out":  # the latter of lanes alone: addresses have no such operator
            values = sa.bindparam(bind, type_=ARRAY(column.type))
            return column == sa.any_(values) if operator == "in" else column != sa.all_(values)
        case "prefix":
            end = sa.bindparam(f"{bind}_end", type_=column.type)
            return sa.and_(column >= value, column < end)
        case "gt":
            return column > value
        case "gte":
            return column >= value
        case "lt":
            return column < value
        case "lte":
            return column <= value
        case _:
            raise ValueError(operator)


def among(column: ColumnElement[Any], operator: str, bind: str) -> ColumnElement[bool]:
    """A column that holds a value in one of several forms, all of which are bound."""
    forms = sa.bindparam(bind, type_=ARRAY(column.type))
    if operator == "ne":
        return sa.or_(column.is_(None), column != sa.all_(forms))
    return column == sa.any_(forms)


def of_currency(
    found: ColumnElement[bool],
    operator: str,
    currency: ColumnElement[Any],
    bind: str,
    *,
    bare: bool,
) -> ColumnElement[bool]:
    """A comparison of amounts, kept to those of one currency: yen are never more than dollars.

    What is computed may be a `bare` amount without a currency (nothing, say), which is of any.
    """
    wanted = sa.bindparam(f"{bind}_currency", type_=sa.Text)
    if operator == "ne":
        return sa.or_(found, currency != wanted)
    same = currency == wanted
    return sa.and_(found, sa.or_(same, currency.is_(None)) if bare else same)
