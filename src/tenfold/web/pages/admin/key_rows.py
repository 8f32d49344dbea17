"""API keys as lists show them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from tenfold.accounts.organisation.api_keys import ApiKey
from tenfold.engine.definition import Definition
from tenfold.engine.own_types import types_of
from tenfold.engine.scopes import ADMIN, EVERY, SCIM
from tenfold.engine.titles import USER, titles
from tenfold.kernel.language import mark, say, within
from tenfold.web.pages import cells
from tenfold.web.pages.admin.role_words import listed
from tenfold.web.pages.cells import EMPTY, Cell
from tenfold.web.pages.frame import Guest
from tenfold.web.pages.words import capital


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
    types = await types_of(guest.reader, guest.person.tenant, guest.desk.registry)
    rows = [_row(one, names.get(one.user_id, ""), guest, types) for one in found]
    return sorted(rows, key=lambda row: not row.good)


def _row(one: ApiKey, owner: str, guest: Guest, types: Mapping[str, Definition]) -> KeyRow:
    eyes = guest.eyes()
    over = one.revoked_at is not None or one.expires_at <= guest.now
    ended = say("Revoked") if one.revoked_at else say("Expired")
    hue, state = ("grey", ended) if over else ("green", say("Good"))
    if not over and one.successor_id is not None:
        hue, state = "amber", say("Replaced")
    mine = one.user_id == guest.person.user
    service = owner.endswith(" (service)")
    return KeyRow(
        id=str(one.id),
        name=one.name,
        prefix=one.prefix,
        owner=say("%(name)s (you)", name=owner) if mine else owner.removesuffix(" (service)"),
        scopes=scopes_in_words(one.scopes, types),
        until=cells.moment_cell(one.revoked_at or one.expires_at, eyes),
        used=cells.moment_cell(one.used_at, eyes) if one.used_at else EMPTY,
        used_from=one.used_from or "",
        hue=hue,
        state=state,
        good=not over,
        rotates=not over and one.successor_id is None and (mine or service),
    )


def scopes_in_words(scopes: Sequence[str], types: Mapping[str, Definition]) -> str:
    """What a key may do: `Read and write all records`, `Read leads`."""
    verbs: dict[str, list[str]] = {}
    for scope in sorted(scopes):
        kind, _, verb = scope.partition(":")
        if verb:
            verbs.setdefault(kind, []).append(verb)
    same: dict[tuple[str, ...], list[str]] = {}
    for kind, some in verbs.items():
        known = types.get(kind)
        what = (
            say("all records") if kind == EVERY else within(known.label_plural) if known else kind
        )
        same.setdefault(tuple(sorted(some)), []).append(what)
    told = [say(_VERBS[some], what=listed(kinds)) for some, kinds in same.items()]
    told += [say(text) for name, text in _MORE.items() if name in scopes]
    return "; ".join(capital(text) for text in told)


_VERBS: Mapping[tuple[str, ...], str] = {
    ("read",): mark("read %(what)s"),
    ("write",): mark("write %(what)s"),
    ("reveal",): mark("open secrets of %(what)s"),
    ("read", "write"): mark("read and write %(what)s"),
    ("read", "reveal"): mark("read and open secrets of %(what)s"),
    ("reveal", "write"): mark("write and open secrets of %(what)s"),
    ("read", "reveal", "write"): mark("read, write and open secrets of %(what)s"),
}
_MORE = {ADMIN: mark("administer the organisation"), SCIM: mark("provision people (SCIM)")}
