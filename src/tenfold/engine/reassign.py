"""A person's records follow them when they change teams: one statement per record type."""

from __future__ import annotations

from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from tenfold.db.database import Transaction
from tenfold.engine import writing
from tenfold.engine.custom_types import PREFIX
from tenfold.engine.definition import CUSTOM_TABLE, Definition
from tenfold.engine.project.tables import table_of
from tenfold.engine.query import Shapes
from tenfold.engine.registry import Registry
from tenfold.engine.sql import TENANT, USER, Statement, compiled

# Somebody's hundred thousand records take longer than a request's statement may.
_PATIENCE = "SELECT set_config('statement_timeout', '60000', true)"
_OWN_TYPES = "SELECT name FROM tenfold.custom_types WHERE tenant_id = $1"
_REASON = "The owner changed teams."
_TEAM = sa.bindparam("team", type_=postgresql.UUID(as_uuid=True))
_shapes = Shapes()


async def reassign_team(tx: Transaction, registry: Registry, user: UUID, team: UUID | None) -> int:
    """Give all records that a person owns the team; answers how many changed."""
    await tx.value(_PATIENCE)
    await tx.value(writing.REASON, _REASON)
    bound: dict[str, object] = {"tenant": tx.context.tenant, "user": user, "team": team}
    changed = 0
    for definition in registry.stored.values():
        statement = _shapes.get(
            (definition.name, definition.digest), lambda one=definition: _statement(one)
        )
        tag = await tx.execute(statement.text, *statement.arguments(bound))
        count = int(tag.rpartition(" ")[2])
        if count:
            tx.touch(*await _topics(tx, definition))
        changed += count
    return changed


async def _topics(tx: Transaction, definition: Definition) -> list[str]:
    """What shows the records of a table: the type, or all types that share the table."""
    if definition.plural != CUSTOM_TABLE:
        return [definition.name]
    return [PREFIX + row[0] for row in await tx.rows(_OWN_TYPES, tx.context.tenant)]


def _statement(definition: Definition) -> Statement:
    """Deleted records too, since they can be restored."""
    table = table_of(definition)
    return compiled(
        sa.update(table)
        .where(
            table.c.tenant_id == TENANT,
            table.c.owner_id == USER,
            table.c.team_id.is_distinct_from(_TEAM),
        )
        .values(team_id=_TEAM)
    )
