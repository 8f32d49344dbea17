"""A few changes by the people themselves, so that timelines have something to tell."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from tenfold.db.database import Database
from tenfold.demo.maker import Made, Maker
from tenfold.engine.records import Records
from tenfold.engine.registry import Registry
from tenfold.engine.types import Locale
from tenfold.engine.written import Change
from tenfold.kernel.context import Context

# Type → the pack role whose people make the change, the field, and what follows what in it.
_NEXT: dict[str, tuple[str, str, dict[str, str]]] = {
    "lead": ("agent", "status", {"new": "contacted", "contacted": "qualified"}),
    "escrow": ("agent", "milestone", {"emd_in": "disclosures", "inspections": "appraisal"}),
    "application": ("counselor", "status", {"applied": "under_review", "interview": "offer"}),
}
_EACH = 6


async def make(database: Database, registry: Registry, records: Records, maker: Maker) -> None:
    """Each agent and counselor moves some of their own records on, as themselves."""
    for name, (role, field, steps) in _NEXT.items():
        for person in maker.staff.of_role(role):
            chosen = _chosen(maker.made[name], person.user, field, steps)
            changes = [Change(one.id, {field: steps[one[field]]}) for one in chosen]
            context = Context(tenant=person.tenant, actor=person.user, batch=maker.batch)
            async with database.transaction(context) as tx:
                definition = registry.by_name[name]
                await records.update(tx, person, definition, changes, Locale())


def _chosen(made: Sequence[Made], owner: UUID, field: str, steps: dict[str, str]) -> list[Made]:
    own = [one for one in made if one["owner_id"] == str(owner) and one[field] in steps]
    return own[:_EACH]
