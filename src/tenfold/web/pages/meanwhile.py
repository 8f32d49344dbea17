"""What somebody else did to a record while one was looking at it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from tenfold.engine import changes
from tenfold.engine.definition import Definition, Field
from tenfold.engine.titles import USER, titles
from tenfold.kernel.language import say
from tenfold.web.pages import cells
from tenfold.web.pages.cells import Cell
from tenfold.web.pages.frame import Guest

_LOOKED_BACK = 30


@dataclass(frozen=True, slots=True)
class Theirs:
    """What a field holds since somebody else changed it: by whom and when."""

    cell: Cell
    who: str
    when: Cell


async def theirs_of(
    guest: Guest,
    definition: Definition,
    record: dict[str, Any],
    one: Field,
    names: Mapping[UUID, str],
    version: int | None,
) -> Theirs:
    """Who changed the field last, since the version that the editor was made of."""
    identity = UUID(record["id"])
    what = (guest.reader, guest.person, definition, identity)
    log = await changes.timeline(*what, limit=_LOOKED_BACK, current=record)
    named = one.json_path
    since = [c for c in log if version is None or c.version > version]
    found = next((c for c in since if any(f.field == named for f in c.fields)), None)
    eyes = guest.eyes(names)
    cell = cells.cell(one, record, eyes)
    if found is None:
        return Theirs(cell, say("somebody"), Cell())
    actor = {found.actor_id} if found.actor_id else set[UUID]()
    people = await titles(guest.desk.query, guest.reader, guest.person, {USER: actor})
    who = people.get(found.actor_id, "") if found.actor_id else ""
    return Theirs(cell, who or "Tenfold", cells.moment_cell(found.at, eyes))
