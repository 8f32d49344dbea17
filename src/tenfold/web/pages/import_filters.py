"""Which batches the page of imports shows: of a kind, of somebody, in a state."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, get_args
from uuid import UUID

import msgspec

from tenfold.engine import batches
from tenfold.kernel.ids import parse_id
from tenfold.kernel.language import mark, say
from tenfold.web.pages.filters import Option
from tenfold.web.pages.frame import Guest

_KINDS = {
    batches.IMPORT: mark("Imports"),
    batches.BULK: mark("Bulk edits"),
    batches.HAND_OVER: mark("Hand-overs"),
    batches.SAMPLE: mark("Sample data"),
    batches.UNDO: mark("Undos"),
}
_STATES = {
    "running": mark("Running"),
    "done": mark("Done"),
    "failed": mark("Stopped"),
    "undone": mark("Undone"),
}
_PEOPLE = """SELECT u.id, btrim(u.first_name || ' ' || u.last_name) AS name
FROM tenfold.members m JOIN tenfold.users u ON u.id = m.user_id
WHERE m.tenant_id = $1 AND u.id <> $2 ORDER BY m.active DESC, 2 LIMIT 200"""


@dataclass(frozen=True, slots=True)
class Which:
    """What is asked for; what is not known asks for nothing."""

    kind: str
    by: UUID | None
    state: batches.State

    @property
    def kinds(self) -> tuple[str, ...]:
        """The kinds of batches."""
        return (self.kind,) if self.kind else tuple(_KINDS)

    @property
    def pairs(self) -> list[tuple[str, str]]:
        """The same in an address."""
        by = str(self.by) if self.by else ""
        given = (("kind", self.kind), ("by", by), ("status", self.state))
        return [(name, value) for name, value in given if value]


@dataclass(frozen=True, slots=True)
class Choice:
    """One list to choose from."""

    name: str
    label: str
    options: tuple[Option, ...]


def which(kind: str, by: str, state: str) -> Which:
    """What an address asks for."""
    known: Any = state if state in get_args(batches.State) else ""
    return Which(
        kind if kind in _KINDS else "", parse_id(by), msgspec.convert(known, batches.State)
    )


async def filters(guest: Guest, asked: Which) -> tuple[Choice, ...]:
    """The lists to choose from; whose it is only for those who see what others did."""
    kinds = [("", say("Everything")), *((k, say(text)) for k, text in _KINDS.items())]
    states = [("", say("Any state")), *((s, say(text)) for s, text in _STATES.items())]
    made = [_choice("kind", say("Kind"), kinds, asked.kind)]
    if batches.sees_all(guest.person):
        me = str(guest.claims.user)
        rows = await guest.reader.rows(_PEOPLE, guest.claims.tenant, guest.claims.user)
        people = [("", say("Anybody")), (me, say("Me")), *((str(r[0]), r[1]) for r in rows)]
        made.append(_choice("by", say("Who"), people, str(asked.by or "")))
    made.append(_choice("status", say("Status"), states, asked.state))
    return tuple(made)


def _choice(name: str, label: str, pairs: list[tuple[str, str]], chosen: str) -> Choice:
    return Choice(name, label, tuple(Option(v, text, v == chosen) for v, text in pairs))
