"""An organisation as its automations see it: its types, place and time, and as whom they act."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from typing import TypeVar
from uuid import UUID

import msgspec

from tenfold.automation.plan import Plan, Scene, plan
from tenfold.automation.spec import Automation
from tenfold.db.database import Reader
from tenfold.engine.access import Person
from tenfold.engine.own_types import tailored_types
from tenfold.engine.registry import Registry
from tenfold.engine.types import Locale
from tenfold.kernel.errors import Invalid, NotFound

_TENANT = "SELECT name, region, currency, timezone FROM tenfold.tenants WHERE id = $1"
_SPEC = """SELECT spec, made_by FROM tenfold.automation_versions
WHERE tenant_id = $1 AND automation_id = $2 AND version = $3"""
_VERSION = "SELECT (tenfold.versions($1, ARRAY['definitions']))[1]"
_KEPT = 500
_K = TypeVar("_K")
_V = TypeVar("_V")


@dataclass(frozen=True, slots=True)
class Stage:
    """One organisation: its name, its types with its own fields, what there is to know of it."""

    tenant: UUID
    name: str
    scene: Scene

    def person(self, user: UUID) -> Person:
        """Who acts for the organisation: all may be read and changed that no privacy forbids.

        `user` is who built the automation and answers for what it makes.
        """
        person = self.scene.person
        return Person(user, self.tenant, "owner", locale=person.locale, zone=person.zone)


class Plans:
    """Automations made ready, each kept for one version of itself and of the types."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry
        self._stages: OrderedDict[UUID, tuple[int, Stage]] = OrderedDict()
        self._plans: OrderedDict[tuple[UUID, UUID, int, int], tuple[Plan, UUID]] = OrderedDict()

    async def stage(self, reader: Reader, tenant: UUID) -> tuple[int, Stage]:
        """An organisation, and the version of its types; raises NotFound where it is gone."""
        version: int = await reader.value(_VERSION, tenant)
        kept = self._stages.get(tenant)
        if kept is not None and kept[0] == version:
            return kept
        row = await reader.row(_TENANT, tenant)
        if row is None:
            raise NotFound("There is no such organisation any more.")
        types = await tailored_types(reader, tenant, self._registry)
        locale = Locale(row["region"], row["currency"])
        nobody = Person(tenant, tenant, "owner", locale=locale, zone=row["timezone"])
        made = Stage(tenant, row["name"], Scene(nobody, types, self._registry))
        _keep(self._stages, tenant, (version, made))
        return version, made

    async def plan(
        self, reader: Reader, tenant: UUID, automation: UUID, version: int
    ) -> tuple[Plan, Person]:
        """A version of an automation, ready, and as whom it acts; Invalid where it can't be."""
        known, stage = await self.stage(reader, tenant)
        key = (tenant, automation, version, known)
        found = self._plans.get(key)
        if found is None:
            row = await reader.row(_SPEC, tenant, automation, version)
            if row is None:
                raise NotFound("There is no such automation any more.")
            spec = decoded(row["spec"])
            found = (plan(spec, stage.scene), row["made_by"])
            _keep(self._plans, key, found)
        return found[0], stage.person(found[1])


def decoded(text: str | bytes) -> Automation:
    """An automation from its stored JSON; raises Invalid where this release can't read it."""
    try:
        return msgspec.json.decode(text, type=Automation)
    except msgspec.ValidationError as error:
        raise Invalid({}, f"The automation can't be read: {error}") from None


def _keep(kept: OrderedDict[_K, _V], key: _K, value: _V) -> None:
    kept[key] = value
    kept.move_to_end(key)
    if len(kept) > _KEPT:
        kept.popitem(last=False)
