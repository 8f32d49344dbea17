"""What records are called: titles of ids, suggestions as one types, what is new, how many.

Each question is one statement over all the types it concerns, every type under the person's own
access, so that a page never asks once per row.
"""

from __future__ import annotations

from collections.abc import Collection, Hashable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.sql.elements import ColumnElement

from tenfold.db.database import Reader
from tenfold.engine.access import Person
from tenfold.engine.beginnings import Typed, beginnings
from tenfold.engine.definition import Definition
from tenfold.engine.naming import hint_sql, title_shape, title_sql
from tenfold.engine.project.tables import SCHEMA
from tenfold.engine.query import COUNTED, Query
from tenfold.engine.sql import TENANT, Statement, compiled
from tenfold.engine.statement import PersonReading
from tenfold.engine.types import Columns

USER = "user"
_UUID = sa.UUID(as_uuid=True)
_USERS = sa.table(
    "users",
    sa.column("id", _UUID),
    sa.column("email", sa.Text),
    sa.column("first_name", sa.Text),
    sa.column("last_name", sa.Text),
    schema=SCHEMA,
)
_MEMBERS = sa.table(
    "members",
    sa.column("tenant_id", _UUID),
    sa.column("user_id", _UUID),
    sa.column("known_at", sa.DateTime(timezone=True)),
    schema=SCHEMA,
)
_BY_NAME, _EMAIL = (_USERS.c.first_name, _USERS.c.last_name), _USERS.c.email


@dataclass(frozen=True, slots=True)
class Titled:
    """A record by its type, id and title; `at`: when it was made, `hint`: tells doubles apart."""

    type: str
    id: UUID
    title: str
    at: datetime | None = None
    hint: str = ""


async def titles(
    query: Query, reader: Reader, person: Person, wanted: Mapping[str, Collection[UUID]]
) -> dict[UUID, str]:
    """The titles of records and people by id; those the person can't see are left out."""
    known = {t: sorted(ids) for t, ids in wanted.items() if ids and _readable(query, person, t)}
    if not known:
        return {}

    def make() -> Statement:
        return compiled(sa.union_all(*(_by_ids(query, person, name) for name in sorted(known))))

    statement = query.shapes.get(("titles", *_named_shapes(query, person, sorted(known))), make)
    bound = person.bound(**{f"ids_{name}": ids for name, ids in known.items()})
    rows = await reader.rows(statement.text, *statement.arguments(bound))
    return {row[0]: row[1] for row in rows}


async def suggest(
    query: Query,
    reader: Reader,
    person: Person,
    names: Sequence[str],
    text: str,
    *,
    most: int = 10,
) -> list[Titled]:
    """Records of some types (or people) whose title begins so, `most` of each type.

    Without a text the newest.
    """
    seen = [name for name in names if _readable(query, person, name)]
    if not seen:
        return []
    typed = Typed.of(text)

    def one(name: str) -> Any:
        rows = _people(typed) if name == USER else _beginning(query, person, name, typed)
        return rows.limit(_whole(most))

    def make() -> Statement:
        return compiled(sa.union_all(*map(one, seen)))

    shape = (typed.shape, most, *_named_shapes(query, person, seen))
    statement = query.shapes.get(("suggest", *shape), make)
    bound = person.bound(**typed.values())
    rows = await reader.rows(statement.text, *statement.arguments(bound))
    return [Titled(row[0], row[1], row[2], hint=row[3] or "") for row in rows]


async def newest(
    query: Query, reader: Reader, person: Person, definitions: Sequence[Definition], most: int
) -> list[Titled]:
    """The records made last, over several types."""
    seen = [d for d in definitions if person.access(d).read != "none"]
    if not seen:
        return []
    limit = _whole(most)

    def one(definition: Definition) -> Any:
        reading = PersonReading(definition, person, query.registry)
        table = reading.table
        rows = reading.matching().order_by(table.c.created_at.desc(), table.c.id.desc())
        return rows.with_only_columns(
            _named(definition.name),
            table.c.id.label("id"),
            title_sql(reading).label("title"),
            table.c.created_at.label("at"),
        ).limit(limit)

    def make() -> Statement:
        every = sa.union_all(*map(one, seen)).subquery("t")
        return compiled(
            sa.select(every).order_by(every.c.at.desc(), every.c.id.desc()).limit(limit)
        )

    statement = query.shapes.get(("newest", most, *_shapes(query, person, seen)), make)
    rows = await reader.rows(statement.text, *statement.arguments(person.bound()))
    return [Titled(row[0], row[1], row[2], row[3]) for row in rows]


async def counts(
    query: Query, reader: Reader, person: Person, definitions: Sequence[Definition]
) -> dict[str, int]:
    """How many records of each type the person may see, counted up to 1,001."""
    seen = [d for d in definitions if person.access(d).read != "none"]
    if not seen:
        return {}

    def one(definition: Definition) -> Any:
        rows = PersonReading(definition, person, query.registry).matching()
        some = rows.with_only_columns(_whole(1)).limit(_whole(COUNTED))
        return sa.select(_named(definition.name), sa.func.count()).select_from(some.subquery())

    def make() -> Statement:
        return compiled(sa.union_all(*map(one, seen)))

    statement = query.shapes.get(("counts", *_shapes(query, person, seen)), make)
    rows = await reader.rows(statement.text, *statement.arguments(person.bound()))
    return {row[0]: row[1] for row in rows}


def _named(name: str) -> ColumnElement[str]:
    """The name of a type as it stands in the text; names are checked when they are compiled."""
    return sa.literal_column(f"'{name}'", sa.Text).label("type")


def _whole(number: int) -> ColumnElement[int]:
    """A number of ours as it stands in the text, for what PostgreSQL plans by."""
    return sa.literal_column(str(int(number)), sa.Integer)


def _by_ids(query: Query, person: Person, name: str) -> Any:
    ids = sa.bindparam(f"ids_{name}", type_=ARRAY(_UUID))
    if name == USER:
        return (
            _members()
            .where(_USERS.c.id == sa.any_(ids))
            .with_only_columns(_USERS.c.id, _full_name())
        )
    reading = PersonReading(query.registry.by_name[name], person, query.registry)
    rows = reading.matching().where(reading.table.c.id == sa.any_(ids))
    return rows.with_only_columns(reading.table.c.id, title_sql(reading))


def _members() -> Any:
    joined = _USERS.join(_MEMBERS, _MEMBERS.c.user_id == _USERS.c.id)
    return sa.select(_USERS).select_from(joined).where(_MEMBERS.c.tenant_id == TENANT)


def _full_name() -> ColumnElement[str]:
    """The name, or the address of who has not signed in here yet (see accounts/members.py)."""
    blank = sa.literal_column("' '", sa.Text)
    name = sa.func.concat_ws(blank, _USERS.c.first_name, _USERS.c.last_name)
    return sa.case((_MEMBERS.c.known_at.is_(None), _USERS.c.email), else_=name)


def _people(typed: Typed) -> Any:
    """Members whose first, last or full name begins so; there are few, no index is needed."""
    rows = _members().with_only_columns(
        _named(USER), _USERS.c.id, _full_name().label("title"), _USERS.c.email.label("hint")
    )
    if typed.shape:
        whole = sa.bindparam("whole", type_=sa.Text)
        known = _MEMBERS.c.known_at.is_not(None)
        begins = [sa.func.starts_with(sa.func.lower(n), whole) for n in _BY_NAME]
        told = [sa.func.starts_with(sa.func.lower(n), whole) for n in (_full_name(), _EMAIL)]
        rows = rows.where(sa.or_(sa.and_(known, sa.or_(*begins)), *told))
    return rows.order_by(_full_name(), _USERS.c.id)


def _beginning(query: Query, person: Person, name: str, typed: Typed) -> Any:
    """Records by the beginning of what they are called, the newest first."""
    reading = PersonReading(query.registry.by_name[name], person, query.registry)
    table = reading.table
    rows = reading.matching()
    if typed.shape:
        ways = beginnings(reading, typed)
        # A type whose title is no text is not found by one.
        rows = rows.where(sa.or_(*ways) if ways else sa.false())
    if typed.rare:
        # Found first and then sorted: among the newest of a million hardly any begins so.
        rows = rows.offset(_whole(0))
    found = rows.subquery(f"{name}_found")
    columns = Columns.of(table, found.name)
    title = title_sql(reading, columns)
    return (
        sa.select(
            _named(name),
            columns["id"].label("id"),
            title.label("title"),
            hint_sql(reading, columns, title).label("hint"),
        )
        .select_from(found)
        .order_by(columns["created_at"].desc(), columns["id"].desc())
    )


def _readable(query: Query, person: Person, name: str) -> bool:
    if name == USER:
        return True
    definition = query.registry.by_name.get(name)
    return definition is not None and person.access(definition).read != "none"


def _shapes(
    query: Query, person: Person, definitions: Sequence[Definition]
) -> tuple[Hashable, ...]:
    """What decides the text of a statement over these types."""
    return tuple(title_shape(query.registry, person, d) for d in definitions)


def _named_shapes(query: Query, person: Person, names: Sequence[str]) -> tuple[Hashable, ...]:
    known = query.registry.by_name
    people = (USER,) if USER in names else ()
    return (*people, *_shapes(query, person, [known[n] for n in names if n in known]))


__all__ = ["USER", "Titled", "counts", "newest", "suggest", "titles"]
