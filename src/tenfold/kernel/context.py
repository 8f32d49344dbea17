"""Who acts, for which tenant, in which request: passed as an argument, never ambient."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Context:
    """One request's or job's tenant and actor.

    `batch` groups the changes of one import, bulk edit or undo; `depth` counts how many
    automations led here, for the loop guard. `key` is the API key that acts for the actor.
    """

    tenant: UUID
    actor: UUID | None
    request: str = ""
    teams: tuple[UUID, ...] = ()
    roles: frozenset[str] = field(default_factory=frozenset[str])
    session: UUID | None = None
    key: UUID | None = None
    batch: UUID | None = None
    cause: UUID | None = None
    depth: int = 0

    def in_batch(self, batch: UUID, cause: UUID | None = None, depth: int = 0) -> Context:
        """The same actor working on one batch of changes, which so many automations led to."""
        return replace(self, batch=batch, cause=cause, depth=depth)
