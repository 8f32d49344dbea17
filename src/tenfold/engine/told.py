"""What texts about records may name, read for many at once: `{{ owner.name }}`, `{{ link }}`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import msgspec

from tenfold.db.database import Reader
from tenfold.engine.access import Person
from tenfold.engine.ask import Embed
from tenfold.engine.definition import Definition
from tenfold.engine.query import Query
from tenfold.engine.tenants import Tenant
from tenfold.engine.wording import Wording
from tenfold.kernel.ids import parse_id

_PEOPLE = """SELECT u.id, u.email, concat_ws(' ', u.first_name, u.last_name) AS name
FROM tenfold.members m JOIN tenfold.users u ON u.id = m.user_id
WHERE m.tenant_id = $1 AND m.user_id = ANY ($2)"""
# Every digit as the record has it: an amount reads 750000.00.
_RECORDS = msgspec.json.Decoder(list[dict[str, Any]], float_hook=Decimal)


@dataclass(frozen=True, slots=True)
class Told:
    """A record, and all that texts about it may name."""

    record: Mapping[str, Any]
    values: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Teller:
    """Reads what texts name; `address` is where the pages of records are."""

    query: Query
    address: str

    def common(self, tenant: Tenant, person: Person, now: datetime) -> dict[str, Any]:
        """What every text may name."""
        return {
            "now": now.isoformat(timespec="seconds"),
            "today": person.today.isoformat(),
            "organization": {"name": tenant.name},
        }

    async def records(
        self,
        reader: Reader,
        person: Person,
        definition: Definition,
        ids: Sequence[UUID],
        wordings: Sequence[Wording],
        embeds: Sequence[Embed],
    ) -> Mapping[UUID, Told]:
        """Those of some records that the person may see, by id."""
        found = await self.query.several(reader, person, definition, ids, embeds=embeds)
        records = _RECORDS.decode(found)
        owned = any(path[0] == "owner" for text in wordings for path in text.paths)
        owners = await _owners(reader, person.tenant, records) if owned else {}
        told: dict[UUID, Told] = {}
        for one in records:
            link = f"{self.address.rstrip('/')}/{definition.path}/{one['id']}"
            owner = owners.get(str(one.get("owner_id")))
            told[UUID(one["id"])] = Told(one, {**one, "link": link, "owner": owner})
        return told


async def _owners(
    reader: Reader, tenant: UUID, records: Iterable[Mapping[str, Any]]
) -> dict[str, dict[str, str]]:
    ids = {found for one in records if (found := parse_id(str(one.get("owner_id"))))}
    rows = await reader.rows(_PEOPLE, tenant, sorted(ids))
    return {str(r[0]): {"id": str(r[0]), "email": r[1], "name": r[2]} for r in rows}
