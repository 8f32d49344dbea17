"""What every statement is made of: its compiled text, the names all bind, a row as JSON."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from dataclasses import field as attribute
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY, JSON
from sqlalchemy.dialects.postgresql.asyncpg import dialect as asyncpg_dialect
from sqlalchemy.sql.elements import ColumnElement
from sqlalchemy.sql.selectable import CompoundSelect, FromClause, Select

_DIALECT = asyncpg_dialect()
UUID_TYPE = sa.UUID(as_uuid=True)
Rows = Select[Any] | CompoundSelect[Any]

TENANT = sa.bindparam("tenant", type_=UUID_TYPE)
USER = sa.bindparam("user", type_=UUID_TYPE)
TEAMS = sa.bindparam("teams", type_=ARRAY(UUID_TYPE))
TODAY = sa.bindparam("today", type_=sa.Date)


@dataclass(frozen=True, slots=True)
class Statement:
    """SQL text with the names of its parameters in order."""

    text: str
    parameters: tuple[str, ...]
    constants: Mapping[str, object] = attribute(default_factory=dict[str, object])

    def arguments(self, values: Mapping[str, object]) -> list[object]:
        """The parameters' values in order."""
        constants = self.constants
        return [constants[n] if n in constants else values[n] for n in self.parameters]


@dataclass(frozen=True, slots=True)
class ListStatement:
    """A list's SQL; `kinds` are the Python types of the cursor's values."""

    page: Statement
    kinds: tuple[type, ...] = ()
    plan: Rows | None = attribute(default=None, compare=False)


def compiled(statement: Any) -> Statement:
    """The text of a statement with numbered parameters."""
    made = statement.compile(dialect=_DIALECT)
    constants = {name: value for name, value in made.params.items() if value is not None}
    return Statement(str(made), tuple(made.positiontup or ()), constants)


def name_of(text: str) -> ColumnElement[str]:
    """A declared name as a literal; names are checked when they are compiled."""
    assert text.replace("_", "").replace(".", "").isalnum()
    return sa.literal_column(f"'{text}'", sa.Text)


def row_json(rows: FromClause) -> ColumnElement[Any]:
    """Each row as a JSON object."""
    return sa.func.row_to_json(whole_row(rows), type_=JSON)


def whole_row(rows: FromClause) -> ColumnElement[Any]:
    """The row itself, as one value."""
    return rows.table_valued()  # pyright: ignore[reportAttributeAccessIssue, reportUnknownMemberType, reportUnknownVariableType]
