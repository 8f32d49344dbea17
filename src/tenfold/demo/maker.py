"""Makes demo records through the engine's own write path, many at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from tenfold.db.database import Transaction
from tenfold.demo.dice import Dice
from tenfold.demo.staff import Staff
from tenfold.engine.records import Records
from tenfold.engine.registry import Registry
from tenfold.engine.types import Locale
from tenfold.engine.written import Change

Body = dict[str, Any]
"""A record's values as the API takes them; `created_at` says when it was made."""

_LOCALE = Locale("US", "USD")


@dataclass(frozen=True, slots=True)
class Made:
    """A record that was made: its id and the values it was given."""

    id: UUID
    body: Mapping[str, Any]

    def __getitem__(self, name: str) -> Any:
        return self.body.get(name)


@dataclass(slots=True)
class Maker:
    """Writes as the organisation's owner, and remembers what there is."""

    tx: Transaction
    registry: Registry
    records: Records
    staff: Staff
    dice: Dice
    made: dict[str, list[Made]] = field(default_factory=dict[str, list[Made]])

    async def make(self, name: str, bodies: Sequence[Body]) -> list[Made]:
        """Make records of one type; answers them in the order given."""
        definition = self.registry.by_name[name]
        owner = self.staff.owner
        moments: list[datetime] = [body["created_at"] for body in bodies]
        given = [{k: v for k, v in body.items() if k != "created_at"} for body in bodies]
        written, _ = await self.records.create(
            self.tx, owner, definition, given, _LOCALE, answer=False, moments=moments
        )
        found = [Made(w.id, body) for w, body in zip(written, bodies, strict=True) if w is not None]
        self.made.setdefault(name, []).extend(found)
        return found

    async def change(self, name: str, bodies: Mapping[UUID, Body]) -> None:
        """Change records that were made."""
        definition = self.registry.by_name[name]
        changes = [Change(identity, body) for identity, body in bodies.items()]
        await self.records.update(self.tx, self.staff.owner, definition, changes, _LOCALE)

    @property
    def batch(self) -> UUID | None:
        """The batch that all of it belongs to."""
        return self.tx.context.batch

    def __getitem__(self, name: str) -> list[Made]:
        """What was made of a type."""
        return self.made[name]
