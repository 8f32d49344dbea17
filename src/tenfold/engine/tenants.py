"""An organisation as what follows from its changes sees it: its types, its place and time.

What works for the organisation, and for no person in it, acts as its owner.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from tenfold.db.database import Reader
from tenfold.engine.access import Person
from tenfold.engine.definition import Definition
from tenfold.engine.own_types import tailored_types
from tenfold.engine.registry import Registry
from tenfold.engine.types import Locale
from tenfold.kernel.errors import NotFound

_TENANT = "SELECT name, region, currency, timezone FROM tenfold.tenants WHERE id = $1"
_VERSION = "SELECT (tenfold.versions($1, ARRAY['definitions']))[1]"
_KEPT = 500


@dataclass(frozen=True, slots=True)
class Tenant:
    """One organisation, at a version of its types."""

    id: UUID
    name: str
    locale: Locale
    zone: str
    types: Mapping[str, Definition]
    registry: Registry
    version: int

    def person(self, user: UUID) -> Person:
        """Who acts for the organisation: all is open to them that no strict privacy forbids.

        `user` answers for it, and is who made what they make.
        """
        return Person(user, self.id, "owner", locale=self.locale, zone=self.zone)

    @property
    def itself(self) -> Person:
        """The same where nothing is made."""
        return self.person(self.id)


class Tenants:
    """Organisations, each kept for one version of its types."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry
        self._kept: OrderedDict[UUID, Tenant] = OrderedDict()

    async def of(self, reader: Reader, tenant: UUID) -> Tenant:
        """One organisation as it is now; raises NotFound where it is gone."""
        version: int = await reader.value(_VERSION, tenant)
        row = await reader.row(_TENANT, tenant)
        if row is None:
            raise NotFound("There is no such organisation any more.")
        locale, zone, name = Locale(row["region"], row["currency"]), row["timezone"], row["name"]
        kept = self._kept.get(tenant)
        if kept and (kept.version, kept.locale, kept.zone) == (version, locale, zone):
            return kept
        types = await tailored_types(reader, tenant, self._registry)
        made = Tenant(tenant, name, locale, zone, types, self._registry, version)
        self._kept[tenant] = made
        self._kept.move_to_end(tenant)
        if len(self._kept) > _KEPT:
            self._kept.popitem(last=False)
        return made
