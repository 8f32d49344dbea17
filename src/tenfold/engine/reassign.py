"""A person's records follow them when they change teams: one statement per record type."""

from __future__ import annotations

from collections.abc import Mapping
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
_WAS = sa.bindparam("was", type_=postgresql.UUID(as_uuid=True))
_shapes = Shapes()


async def reassign_team(tx: Transaction, registry: Registry, user: UUID, team: UUID | None) -> int:
    """Give all records that a person owns the team; answers how many changed."""
    return await _reassign(tx, registry, {"user": user, "team": team})


async def reassign_rest(
    tx: Transaction, registry: Registry, user: UUID, was: UUID | None, team: UUID | None
) -> int:
    """Give those that still have the team that the person was in the present one."""
    return await _reassign(tx, registry, {"user": user, "was": was, "team": team})


async def _reassign(tx: Transaction, registry: Registry, values: Mapping[str, object]) -> int:
    await tx.value(_PATIENCE)
    await tx.value(writing.REASON, _REASON)
    bound = {"tenant": tx.context.tenant, **values}
    rest = "was" in values
    changed = 0
    for definition in registry.stored.values():
        statement = _shapes.get(
            (definition.name, definition.digest, rest),
            lambda one=definition: _statement(one, rest=rest),
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


def _statement(definition: Definition, *, rest: bool) -> Statement:
    """Deleted records too, since they can be restored."""
    table = table_of(definition)
    conditions = [
        table.c.tenant_id == TENANT,
        table.c.owner_id == USER,
        table.c.team_id.is_distinct_from(_TEAM),
    ]
    if rest:
        conditions.append(table.c.team_id.is_not_distinct_from(_WAS))
    return compiled(sa.update(table).where(*conditions).values(team_id=_TEAM))
