"""Who a message is for: where they are reached, in what language, and whether they gave leave."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from tenfold.db.database import Reader
from tenfold.engine.ask import Embed
from tenfold.engine.definition import Definition, Field
from tenfold.engine.registry import Registry
from tenfold.engine.types import Ref, User
from tenfold.kernel import clock
from tenfold.kernel.channels import Channel
from tenfold.kernel.ids import parse_id

# RFC 2606 and RFC 6761: addresses that are nobody's, as sample data has them; and the numbers that
# films have, which no telephone company gives out.
_NOBODY = re.compile(
    r"@(.+\.)?(example(\.(com|net|org))?|test|invalid|localhost)$|^\+1\d{3}55501\d{2}$",
    re.IGNORECASE,
)


_COLLEAGUES = """SELECT u.id, u.email, concat_ws(' ', u.first_name, u.last_name) AS name,
    u.language, u.timezone
FROM tenfold.members m JOIN tenfold.users u ON u.id = m.user_id
WHERE m.tenant_id = $1 AND m.user_id = ANY ($2) AND m.active AND u.active AND u.kind = 'person'"""


@dataclass(frozen=True, slots=True)
class Recipient:
    """One person at the other end."""

    address: str
    name: str = ""
    language: str = ""
    zone: str = ""
    user: UUID | None = None
    """Which of our own people it is."""
    leave: bool = True
    """Whether they agreed to what needs it: mailings, and text messages at all."""

    @property
    def nobody(self) -> bool:
        """Whether the address is one of those that examples have."""
        return _NOBODY.search(self.address) is not None


@dataclass(frozen=True, slots=True)
class Whom:
    """To whom of a record a message goes: the record itself, one it points to, or a colleague."""

    channel: Channel
    definition: Definition
    """Of the person's own record."""
    relation: Field | None = None
    person: Field | None = None

    def embeds(self, others: Sequence[Embed]) -> tuple[Embed, ...]:
        """What is to be read along with the record, besides what others need."""
        if self.relation is None or any(one.name == self.relation.name for one in others):
            return ()
        return (Embed(self.relation.name),)

    def found(self, record: Mapping[str, Any]) -> Recipient | UUID | None:
        """Who it is for a record; a colleague by their id, None where nobody is named."""
        if self.person is not None:
            return parse_id(str(_at(record, self.person.json_path)))
        one: Any = record if self.relation is None else record.get(self.relation.name)
        return None if one is None else _person(self.channel, self.definition, one)


async def colleagues(reader: Reader, tenant: UUID, ids: Iterable[UUID]) -> Mapping[UUID, Recipient]:
    """Those of some people who work here, as they are reached."""
    rows = await reader.rows(_COLLEAGUES, tenant, sorted({*ids}))
    return {
        row["id"]: Recipient(
            row["email"],
            row["name"],
            row["language"] or "",
            row["timezone"] or "",
            user=row["id"],
        )
        for row in rows
    }


def whom(name: str, channel: Channel, definition: Definition, registry: Registry) -> Whom | str:
    """Who a name means for records of a type; a text says what is wrong with it."""
    if not name:
        return _reached(Whom(channel, definition))
    for one in (*definition.fields.values(), *definition.custom_fields.values()):
        if name not in (one.name, one.json_path):
            continue
        if isinstance(one.type, User):
            return Whom(channel, definition, person=one)
        if isinstance(one.type, Ref):
            return _reached(Whom(channel, registry.by_name[one.type.to], relation=one))
    people = ", ".join(people_of(channel, definition, registry))
    return f"is nobody; there are {people}" if people else "is nobody that the record names"


def people_of(channel: Channel, definition: Definition, registry: Registry) -> Sequence[str]:
    """The names of those whom a record of a type can reach, besides itself."""
    return [one.name for one in definition.fields.values() if _is_person(channel, one, registry)]


def _is_person(channel: Channel, one: Field, registry: Registry) -> bool:
    if isinstance(one.type, User):
        return not one.system or one.name == "owner"
    return isinstance(one.type, Ref) and registry.by_name[one.type.to].way(channel) is not None


def _reached(one: Whom) -> Whom | str:
    if one.definition.way(one.channel) is None:
        what = "e-mail address" if one.channel == "email" else "telephone number"
        return f"can't be reached: {one.definition.label_plural.lower()} have no {what}"
    return one


def _person(channel: Channel, definition: Definition, record: Mapping[str, Any]) -> Recipient:
    way = definition.way(channel)
    assert way is not None
    addresses = (_at(record, _path(definition, name)) for name in way.fields)
    address = next((str(found) for found in addresses if found), "")
    if channel == "email":
        address = address.lower()
    leave = True
    if way.only:
        leave = bool(record.get(way.only))
    elif way.unless:
        leave = not record.get(way.unless)
    parts = [str(found) for f in definition.title_fields if (found := record.get(f.json_name))]
    zone = str(record.get("time_zone") or "")
    return Recipient(
        address,
        " ".join(parts),
        str(record.get("language") or ""),
        zone if zone in clock.zones() else "",
        leave=leave,
    )


def _path(definition: Definition, name: str) -> str:
    found = definition.fields.get(name)
    return name if found is None else found.json_path


def _at(record: Mapping[str, Any], path: str) -> object:
    found: Any = record
    for part in path.split("."):
        found = found.get(part) if found else None
    return found
