"""Conditions of reads: one filter's comparison, and the scope that a reader is kept to."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.sql.elements import ColumnElement
from sqlalchemy.sql.selectable import FromClause

from tenfold.engine.definition import PRIVATE, Definition
from tenfold.engine.sql import TEAMS, USER


def scoped(scope: str, definition: Definition, table: FromClause) -> ColumnElement[bool] | None:
    """The condition that keeps a reader to their scope; None where they may see all."""
    if scope == "all":
        return None
    if scope == "own":
        return table.c.owner_id == USER
    if scope == "team":
        return sa.or_(table.c.owner_id == USER, table.c.team_id == sa.any_(TEAMS))
    if scope == "open":
        if not definition.private:
            return None
        marked = table.c[definition.private] == sa.literal_column(f"'{PRIVATE}'", sa.Text)
        return sa.or_(table.c.owner_id == USER, sa.not_(marked))
    return sa.false()


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
        case "in":
            return column == sa.any_(sa.bindparam(bind, type_=ARRAY(column.type)))
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
