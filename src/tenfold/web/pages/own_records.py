"""A person's own records: their favourites, and those that they looked at last."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple
from uuid import UUID

from tenfold.accounts import personal
from tenfold.engine.definition import Definition
from tenfold.engine.titles import titles
from tenfold.web.pages.frame import Guest


class Own(NamedTuple):
    """One of them, with what it is called."""

    definition: Definition
    id: str
    title: str


def favourites(guest: Guest) -> list[Own]:
    """The records that the person marked, as they were called then."""
    found: list[Own] = []
    for key, title in guest.arranged.kept.favourites.items():
        name, _, identity = key.rpartition("/")
        definition = guest.desk.registry.by_name.get(name)
        if definition and guest.person.access(definition).read != "none":
            found.append(Own(definition, identity, title))
    return found


async def looked_at(guest: Guest, every: Sequence[Definition]) -> list[Own] | None:
    """The records of these types that the person looked at last; None who looked at none yet."""
    seen = await personal.recent(guest.reader, guest.claims.tenant, guest.claims.user)
    if not seen:
        return None
    known = {d.name: d for d in every}
    wanted: dict[str, set[UUID]] = {}
    for name, identity in seen:
        if name in known:
            wanted.setdefault(name, set()).add(identity)
    names = await titles(guest.desk.query, guest.reader, guest.person, wanted)
    return [Own(known[n], str(i), names[i]) for n, i in seen if n in known and i in names]
