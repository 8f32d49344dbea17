"""A person's own records: their favourites, and those that they looked at last."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple
from uuid import UUID

from tenfold.accounts import personal
from tenfold.engine.definition import Definition
from tenfold.engine.titles import titles
from tenfold.kernel.ids import parse_id
from tenfold.web.pages.frame import Guest


class Own(NamedTuple):
    """One of them, with what it is called."""

    definition: Definition
    id: str
    title: str


@dataclass(frozen=True, slots=True)
class Kept:
    """The records of one's own; nothing was looked at yet where `seen` is None."""

    favourites: list[Own]
    seen: list[Own] | None


async def own_records(guest: Guest, every: Sequence[Definition], *, lately: bool = True) -> Kept:
    """The marked ones, and those of these types; as they are called now, if they are seen now."""
    known = {**guest.desk.registry.by_name, **{d.name: d for d in every}}
    marked = [pair for key in guest.arranged.kept.favourites if (pair := _pair(key))]
    who, shown = (guest.claims.tenant, guest.claims.user), {d.name for d in every}
    looked = await personal.recent(guest.reader, *who) if lately else []
    seen = [pair for pair in looked if pair[0] in shown]
    wanted: dict[str, set[UUID]] = {}
    for name, identity in (*marked, *seen):
        if name in known:
            wanted.setdefault(name, set()).add(identity)
    names = await titles(guest.desk.query, guest.reader, guest.person, wanted)

    def those(pairs: Sequence[tuple[str, UUID]]) -> list[Own]:
        return [Own(known[n], str(i), names[i]) for n, i in pairs if n in known and i in names]

    return Kept(those(marked), those(seen) if looked else None)


def _pair(key: str) -> tuple[str, UUID] | None:
    name, _, identity = key.rpartition("/")
    found = parse_id(identity)
    return (name, found) if found else None
