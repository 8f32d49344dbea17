"""The plans of automations, each kept for one version of itself and of its organisation's types."""

from __future__ import annotations

from collections import OrderedDict
from uuid import UUID

import msgspec

from tenfold.automation.plan import Plan, plan
from tenfold.automation.spec import Automation
from tenfold.db.database import Reader
from tenfold.engine.access import Person
from tenfold.engine.tenants import Tenant, Tenants
from tenfold.kernel.errors import Invalid, NotFound

_SPEC = """SELECT spec, made_by FROM tenfold.automation_versions
WHERE tenant_id = $1 AND automation_id = $2 AND version = $3"""
_KEPT = 2_000


class Plans:
    """Automations made ready to be carried out."""

    def __init__(self, tenants: Tenants) -> None:
        self.tenants = tenants
        self._kept: OrderedDict[tuple[UUID, int], tuple[Tenant, Plan, Person]] = OrderedDict()

    async def plan(
        self, reader: Reader, tenant: Tenant, automation: UUID, version: int
    ) -> tuple[Plan, Person]:
        """A version of an automation, and as whom it acts; Invalid where it can't be."""
        key = (automation, version)
        found = self._kept.get(key)
        if found is None or found[0] is not tenant:
            row = await reader.row(_SPEC, tenant.id, automation, version)
            if row is None:
                raise NotFound("There is no such automation any more.")
            made = plan(decoded(row["spec"]), tenant)
            found = self._kept[key] = (tenant, made, tenant.person(row["made_by"]))
            self._kept.move_to_end(key)
            if len(self._kept) > _KEPT:
                self._kept.popitem(last=False)
        return found[1], found[2]


def decoded(text: str | bytes) -> Automation:
    """An automation from its stored JSON; raises Invalid where this release can't read it."""
    try:
        return msgspec.json.decode(text, type=Automation)
    except msgspec.ValidationError as error:
        raise Invalid({}, f"The automation can't be read: {error}") from None
