"""What to begin with: steps that tick themselves, until one puts them away."""

from __future__ import annotations

from dataclasses import dataclass

from litestar import post
from litestar.response.base import ASGIResponse

from tenfold.accounts import personal
from tenfold.engine.definition import Definition
from tenfold.engine.titles import counts
from tenfold.kernel.errors import NotFound
from tenfold.kernel.language import say
from tenfold.web.desk import desk_of
from tenfold.web.pages import render
from tenfold.web.pages.door import signed_in
from tenfold.web.pages.filters import address
from tenfold.web.pages.frame import Guest, changing, readable
from tenfold.web.pages.session import Req, routed, signed_form

_AWAY = "away"
ORGANISATION = "organisation"
"""The guide of who administers, beside those of the packs."""


@dataclass(frozen=True, slots=True)
class Step:
    """One thing to begin with, and whether it is done."""

    label: str
    text: str
    icon: str
    href: str
    file: str
    done: bool


@dataclass(frozen=True, slots=True)
class Guide:
    """The steps of one pack, or of the organisation."""

    pack: str
    label: str
    steps: tuple[Step, ...]

    @property
    def file(self) -> str:
        """Where a file of what is to be done next is sent."""
        return next(step.file for step in self.steps if not step.done)

    @property
    def done(self) -> int:
        """How many of them are done."""
        return sum(step.done for step in self.steps)


async def guides(guest: Guest) -> list[Guide]:
    """The guides that are not done, and that the person did not put away."""
    made = [_of_organisation(guest), *await _of_packs(guest)]
    return [one for one in made if one is not None and one.done < len(one.steps)]


def _of_organisation(guest: Guest) -> Guide | None:
    """What an administrator begins with."""
    if not guest.person.administers or ORGANISATION in guest.arranged.kept.guide:
        return None
    who = guest.who
    place = Step(
        say("Your organisation"),
        say("How figures, dates and days are read: region, currency and time zone."),
        "building-2",
        "/admin/organisation",
        "",
        who.timezone != "UTC",
    )
    people = Step(
        say("Your colleagues"),
        say("Invite them, each with a role that says what they see and do."),
        "users",
        "/admin/people/invite",
        "",
        who.colleagues,
    )
    proof = Step(
        say("A second factor"),
        say("An app or a passkey keeps your account safe, even where your password got out."),
        "shield-check",
        "/settings/security",
        "",
        guest.person.standing.enrolled,
    )
    return Guide(ORGANISATION, who.organisation, (place, people, proof))


async def _of_packs(guest: Guest) -> list[Guide]:
    wanted: list[tuple[str, str, list[Definition]]] = []
    for label, definitions in readable(guest):
        steps = [d for d in definitions if d.guide and guest.person.access(d).create]
        if steps and steps[0].pack not in guest.arranged.kept.guide:
            wanted.append((steps[0].pack, label, steps))
    if not wanted:
        return []
    query, reader, person = guest.desk.query, guest.reader, guest.person
    numbers = await counts(query, reader, person, [d for _, _, steps in wanted for d in steps])
    return [
        Guide(pack, label, tuple(_step(d, numbers.get(d.name, 0)) for d in steps))
        for pack, label, steps in wanted
    ]


def _step(definition: Definition, number: int) -> Step:
    return Step(
        definition.label_plural,
        definition.guide,
        definition.icon,
        f"/{definition.path}/new",
        address("/imports/new", [("type", definition.path)]),
        number > 0,
    )


@post("/guide", status_code=200)
async def put_away(request: Req) -> ASGIResponse:
    """Put a guide away, for oneself."""
    routed(request, "page-guide")
    claims = await signed_in(request)
    form = await signed_form(request, claims)
    if form.get("pack") not in (*desk_of(request).registry.packs, ORGANISATION):
        raise NotFound(say("There is no such guide."))
    async with changing(request, claims) as (tx, _):
        await personal.keep(tx, "guide", form.get("pack"), _AWAY)
    return render.to(request, "/")


HANDLERS = [put_away]
