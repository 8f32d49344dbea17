"""API keys as lists show them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from tenfold.accounts.organisation.api_keys import ApiKey
from tenfold.engine.titles import USER, titles
from tenfold.web.pages import cells
from tenfold.web.pages.cells import EMPTY, Cell
from tenfold.web.pages.frame import Guest


@dataclass(frozen=True, slots=True)
class KeyRow:
    """A key: known by its beginning, and how it stands."""

    id: str
    name: str
    prefix: str
    owner: str
    scopes: str
    until: Cell
    used: Cell
    used_from: str
    hue: str
    state: str
    good: bool
    rotates: bool


async def rows_of(guest: Guest, found: Sequence[ApiKey]) -> list[KeyRow]:
    """Keys, the good ones first, then by age."""
    who = {USER: {one.user_id for one in found}}
    names = await titles(guest.desk.query, guest.reader, guest.person, who)
    rows = [_row(one, names.get(one.user_id, ""), guest) for one in found]
    return sorted(rows, key=lambda row: not row.good)


def _row(one: ApiKey, owner: str, guest: Guest) -> KeyRow:
    eyes = guest.eyes()
    over = one.revoked_at is not None or one.expires_at <= guest.now
    hue, state = ("grey", "Revoked" if one.revoked_at else "Expired") if over else ("green", "Good")
    if not over and one.successor_id is not None:
        hue, state = "amber", "Replaced"
    mine = one.user_id == guest.person.user
    service = owner.endswith(" (service)")
    return KeyRow(
        id=str(one.id),
        name=one.name,
        prefix=one.prefix,
        owner=owner.removesuffix(" (service)") + (" (you)" if mine else ""),
        scopes=", ".join(one.scopes),
        until=cells.moment_cell(one.revoked_at or one.expires_at, eyes),
        used=cells.moment_cell(one.used_at, eyes) if one.used_at else EMPTY,
        used_from=one.used_from or "",
        hue=hue,
        state=state,
        good=not over,
        rotates=not over and one.successor_id is None and (mine or service),
    )
