"""How roles are shown: in a line, and as a grid of record types by pack."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from tenfold.accounts.organisation.roles import GrantSpec, Role
from tenfold.engine.definition import SCOPES, Definition, Scope
from tenfold.kernel.language import mark, say, say_as
from tenfold.web.pages.admin.places import called
from tenfold.web.pages.admin.role_changes import Grants, Types
from tenfold.web.pages.admin.role_words import sentence
from tenfold.web.pages.frame import PACKS, Guest, uses

_WORDS: Mapping[Scope, str] = {
    "none": mark("None"),
    "own": mark("Own"),
    "team": mark("Team"),
    "open": mark("Not private"),
    "all": mark("All"),
}


@dataclass(frozen=True, slots=True)
class Line:
    """A type in the grid."""

    type: str
    label: str
    grant: GrantSpec
    scopes: tuple[tuple[str, str], ...]
    fields: str
    says: str


def several(one: Role, types: Types) -> str:
    """A role in a line: the types that it reads."""
    seen = [types[n].label_plural for n, g in one.grants.items() if n in types and g.read != "none"]
    if not seen:
        return say("Reads nothing yet.")
    if len(seen) > 5:
        return say("Reads %(names)s and %(n)s more.", names=", ".join(seen[:4]), n=len(seen) - 4)
    return say("Reads %(names)s.", names=", ".join(seen))


def grouped(
    guest: Guest, grants: Grants, types: Types, *, empty: bool = True
) -> list[tuple[str, Sequence[Line]]]:
    """The lines by pack: those that the organisation uses, and what the role has beside."""
    groups: dict[str, list[Line]] = {}
    for name, one in types.items():
        if name in grants or (empty and uses(guest, one)):
            label = say_as("pack", PACKS.get(one.pack) or called(one.pack))
            groups.setdefault(label, []).append(_line(one, grants.get(name, GrantSpec())))
    return list(groups.items())


def _line(one: Definition, grant: GrantSpec) -> Line:
    held = [
        say(word, n=len(names))
        for names, word in (
            (grant.hide, mark("%(n)s hidden")),
            (grant.read_only, mark("%(n)s read-only")),
            (grant.reveal, mark("%(n)s opened")),
        )
        if names
    ]
    used: set[Scope] = {grant.read, grant.update, grant.delete}
    scopes: list[Scope] = [s for s in SCOPES if s != "open" or one.private or s in used]
    options = tuple((scope, say(_WORDS[scope])) for scope in scopes)
    says = sentence(one, grant)
    return Line(one.name, one.label_plural, grant, options, ", ".join(held), says)
