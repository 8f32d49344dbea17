"""What somebody's place in the organisation is made of: roles and teams to choose from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from tenfold.accounts.organisation import members, roles, teams
from tenfold.accounts.organisation.members import Kind, Member, Which
from tenfold.accounts.organisation.teams import Team
from tenfold.db.database import Reader
from tenfold.engine.titles import USER, Titled
from tenfold.engine.types import Refused
from tenfold.kernel.ids import parse_id
from tenfold.kernel.labels import role_label
from tenfold.kernel.language import mark, say, say_as
from tenfold.web.pages.frame import Guest, uses
from tenfold.web.pages.pick import bare, meant
from tenfold.web.pages.session import Form

Option = tuple[str, str]
ROLES: Mapping[str, str] = {
    "owner": mark("everything, and gives the organisation away"),
    "admin": mark("everything, and administers"),
    "manager": mark("all records, but not what others keep private"),
    "member": mark("what their roles let them"),
    "read-only": mark("sees what their roles let them, changes nothing"),
}
# What members may is granted by a role of that name, which others may have beside theirs.
_GRANTS: Mapping[str, str] = {"member": mark("What members may")}
_NOBODY = mark("People are looked for by their name or address.")


@dataclass(frozen=True, slots=True)
class Choices:
    """What a place may be chosen from."""

    roles: tuple[Option, ...]
    own: tuple[Option, ...]
    teams: tuple[Option, ...]

    def team(self, identity: UUID | None) -> str:
        """What a team is called; empty for none."""
        return dict(self.teams).get(str(identity), "").lstrip("\u2003") if identity else ""


async def choices(
    guest: Guest, *, without: Sequence[str] = (), held: Sequence[str] = ()
) -> Choices:
    """The roles and teams of the organisation; also roles that are `held` and otherwise unused."""
    tenant = guest.person.tenant
    known = await roles.known(guest.reader, tenant, guest.desk.registry)
    names = known - (roles.shipped(guest.desk.registry) - used_roles(guest)) | {*held}
    whole = await teams.page(guest.reader, tenant, None, teams.MOST)
    tree = [(str(one.id), "\u2003" * depth + one.name) for one, depth in branched(whole)]
    return Choices(
        tuple(
            (value, f"{called(value)}: {say(text)}")
            for value, text in ROLES.items()
            if value not in without
        ),
        tuple((name, _granting(name)) for name in sorted(names)),
        (("", say("No team")), *tree),
    )


def used_roles(guest: Guest) -> set[str]:
    """The roles of the packs that the organisation works with."""
    return roles.shipped(one for one in guest.desk.registry if uses(guest, one))


def _granting(role: str) -> str:
    return say(_GRANTS[role]) if role in _GRANTS else called(role)


def called(role: str) -> str:
    """A role's name as people read it: one that ships in their language."""
    return say_as("role", role_label(role))


def branched(found: Sequence[Team]) -> list[tuple[Team, int]]:
    """Teams as a tree: each after the one that it is part of, with its depth."""
    below: dict[UUID | None, list[Team]] = {}
    for one in sorted(found, key=lambda team: team.name.casefold()):
        below.setdefault(one.parent_id, []).append(one)
    ordered: list[tuple[Team, int]] = []

    def walk(parent: UUID | None, depth: int) -> None:
        for one in below.get(parent, []):
            ordered.append((one, depth))
            walk(one.id, depth + 1)

    walk(None, 0)
    return ordered


def place_of(form: Form) -> dict[str, Any]:
    """The role, roles and team of a form, as the structs of the API take them."""
    return {
        "role": form.get("role"),
        "roles": form.all("roles"),
        "team_id": form.get("team_id") or None,
    }


# -- people by their name


def name_of(one: Member) -> str:
    """What a member is called: a program by its own name, somebody unknown by their address."""
    if one.kind == "service":
        return one.first_name
    return f"{one.first_name} {one.last_name}".strip() or one.email


async def people_like(
    reader: Reader,
    tenant: UUID,
    text: str,
    most: int,
    *,
    active: bool | None = None,
    programs: bool = False,
) -> list[Titled]:
    """The people whose name or address has this, former ones too unless only `active` ones.

    Service accounts are among them where `programs` are asked for.
    """
    kinds: tuple[Kind, ...] = ("person", "service") if programs else ("person",)
    found: list[Titled] = []
    for kind in kinds:
        which = Which(active=active, kind=kind, words=bare(text))
        some = await members.page(reader, tenant, which, None, most)
        hints = {one.id: one.email if kind == "person" else say("a program") for one in some}
        found += [Titled(USER, one.id, name_of(one), hint=hints[one.id]) for one in some[:most]]
    return found[:most]


async def person_in(
    reader: Reader,
    tenant: UUID,
    text: str,
    *,
    active: bool | None = None,
    programs: bool = False,
) -> UUID:
    """The person that a box names, by an id, a name or an address; raises Refused."""
    if found := parse_id(text):
        return found
    if not text.strip():
        raise Refused(say("Say who."))
    words = text.strip()
    near = await people_like(reader, tenant, words, 20, active=active, programs=programs)
    return meant(near, words, say(_NOBODY)).id
