"""Whose a record is, and how it comes within somebody's reach.

Reads say the same in SQL (`conditions.scoped`); a test holds the two against each other.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal
from uuid import UUID

import asyncpg
import sqlalchemy as sa

from tenfold.db.database import Reader
from tenfold.engine.access import Access, Person
from tenfold.engine.definition import PRIVATE, Definition, Scope
from tenfold.engine.query import Query, missing
from tenfold.engine.sql import UUID_TYPE, compiled
from tenfold.engine.statement import PersonReading

How = Literal["own", "team", "open", "all", "shared"]


@dataclass(frozen=True, slots=True)
class Whose:
    """What decides who may do something with a record."""

    id: UUID
    owner: UUID | None
    team: UUID | None
    private: bool

    @classmethod
    def of(cls, definition: Definition, row: asyncpg.Record | Mapping[str, Any]) -> Whose:
        """The same of a stored row."""
        marked = bool(definition.private) and row[definition.private] == PRIVATE
        return cls(row["id"], row["owner_id"], row["team_id"], marked)


def within(scope: Scope, access: Access, person: Person, one: Whose) -> How | None:
    """How a record lies within the scope of a verb; None where it does not.

    What its owner keeps private is in nobody else's scope, except theirs who read all.
    """
    if scope == "none":
        return None
    if one.owner == person.user:
        return "own"
    if one.private and access.read != "all":
        return None
    if scope == "team":
        return "team" if one.team in person.teams else None
    return None if scope == "own" else scope


def readable(access: Access, person: Person, one: Whose) -> How | None:
    """How it is that somebody sees a record; None where they don't."""
    shared = access.read != "none" and one.id in access.shared.ids
    return within(access.read, access, person, one) or ("shared" if shared else None)


def changeable(access: Access, person: Person, one: Whose) -> How | None:
    """How it is that somebody may change a record that they see; None where they may not."""
    shared = access.update != "none" and one.id in access.shared.changeable
    return within(access.update, access, person, one) or ("shared" if shared else None)


async def found(
    query: Query, reader: Reader, person: Person, definition: Definition, identity: UUID
) -> Whose:
    """Whose a record is that somebody sees; raises NotFound where they don't."""
    if person.access(definition).read == "none":
        raise missing(definition, identity)
    key = ("whose", definition.name, definition.digest, person.access(definition).shape)
    reading = PersonReading(definition, person, query.registry)
    table = reading.table
    names = [n for n in ("id", "owner_id", "team_id", definition.private) if n]
    statement = query.shapes.get(
        key,
        lambda: compiled(
            reading.matching()
            .where(table.c.id == sa.bindparam("id", type_=UUID_TYPE))
            .with_only_columns(*(table.c[name] for name in names))
        ),
    )
    row = await reader.row(statement.text, *statement.arguments(person.bound(id=identity)))
    if row is None:
        raise missing(definition, identity)
    return Whose.of(definition, row)
