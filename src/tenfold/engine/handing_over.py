"""What somebody leaves goes to others: the records they own, and the work that is theirs to do.

A piece is one statement. It does not ask what the person who wants it may see: an organisation's
records must reach somebody, also those that their owner kept private. Only while the owner still
belongs to the organisation these stay theirs.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.sql.elements import ColumnElement

from tenfold.db.database import Reader, Transaction
from tenfold.engine.conditions import open_to_others
from tenfold.engine.definition import Definition, Field
from tenfold.engine.project.tables import table_of
from tenfold.engine.query import Shapes
from tenfold.engine.sql import TENANT, USER, UUID_TYPE, Statement, compiled, name_of

PIECE = 1_000
_TO = sa.bindparam("to", type_=UUID_TYPE)
_TEAM = sa.bindparam("team", type_=UUID_TYPE)
_shapes = Shapes()


@dataclass(frozen=True, slots=True)
class Leaving:
    """Whose records go; `private` ones too where their owner has left."""

    user: UUID
    private: bool


def parts(definition: Definition) -> Iterator[Field]:
    """The fields by which records are somebody's: the owner, and whose work it is."""
    yield definition.fields["owner"]
    yield from (one for one in definition.own_fields() if one.handed_over)


async def counted(reader: Reader, tenant: UUID, definition: Definition, leaving: Leaving) -> int:
    """How many changes it takes to hand over what somebody has of a type."""
    count = 0
    for one in parts(definition):
        statement = _shapes.get(
            ("count", definition.name, definition.digest, one.name, leaving.private),
            lambda field=one: _count(definition, field, leaving),
        )
        bound = {"tenant": tenant, "user": leaving.user}
        count += await reader.value(statement.text, *statement.arguments(bound))
    return count


async def piece(
    tx: Transaction, definition: Definition, leaving: Leaving, to: UUID, team: UUID | None
) -> int:
    """Hand over the next records of a type; answers how many changes it took, 0 at the end."""
    for one in parts(definition):
        statement = _shapes.get(
            ("change", definition.name, definition.digest, one.name, leaving.private),
            lambda field=one: _change(definition, field, leaving),
        )
        bound = {"tenant": tx.context.tenant, "user": leaving.user, "to": to, "team": team}
        tag = await tx.execute(statement.text, *statement.arguments(bound))
        if changed := int(tag.rpartition(" ")[2]):
            tx.touch(definition.name)
            return changed
    return 0


def _count(definition: Definition, one: Field, leaving: Leaving) -> Statement:
    table = table_of(definition)
    count = sa.select(sa.func.count()).select_from(table)
    return compiled(count.where(*_theirs(definition, one, leaving)))


def _change(definition: Definition, one: Field, leaving: Leaving) -> Statement:
    table = table_of(definition)
    chosen = (
        sa.select(table.c.id)
        .where(*_theirs(definition, one, leaving))
        .order_by(table.c.id)
        .limit(sa.literal_column(str(PIECE)))
        .with_for_update()
    )
    new: dict[str, ColumnElement[UUID]] = {f"{one.name}_id": _TO}
    if one.name == "owner":
        new["team_id"] = _TEAM
    change = sa.update(table).where(table.c.tenant_id == TENANT, table.c.id.in_(chosen))
    return compiled(change.values(new))


def _theirs(definition: Definition, one: Field, leaving: Leaving) -> list[ColumnElement[bool]]:
    """The records that are somebody's by a field; deleted ones too, since they can be restored."""
    table = table_of(definition)
    found = [table.c.tenant_id == TENANT, table.c[f"{one.name}_id"] == USER]
    if definition.tenant_made:
        found.append(table.c.kind == name_of(definition.name))
    if one.handed_over:
        condition: ColumnElement[bool] = sa.literal_column(f"({one.handed_over})", sa.Boolean)
        found += [table.c.deleted_at.is_(None), condition]
    if definition.private and not leaving.private:
        found.append(open_to_others(definition, table))
    return found
