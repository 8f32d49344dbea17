"""The people of the organisation: a list that is searched, and a page of each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from litestar import get
from litestar.response.base import ASGIResponse

from tenfold.accounts.organisation import members
from tenfold.accounts.organisation.members import Habit, Member, Which
from tenfold.kernel.ids import parse_id
from tenfold.kernel.language import say
from tenfold.web.pages import cells, hues, render
from tenfold.web.pages.admin.around import PAGE, entering, looking, page
from tenfold.web.pages.admin.places import Choices, called, choices, name_of, people_like
from tenfold.web.pages.cells import EMPTY, Cell
from tenfold.web.pages.frame import Guest
from tenfold.web.pages.pick import picks
from tenfold.web.pages.session import Req

PLACE = "/admin/people"
_KINDS = {"active": True, "former": False, "all": None}


@dataclass(frozen=True, slots=True)
class Row:
    """A member in the list."""

    who: Cell
    email: str
    role: str
    roles: str
    team: str
    seen: Cell
    factor: bool
    active: bool
    me: bool


@get(PLACE)
async def people_page(
    request: Req, q: str = "", which: str = "active", after: str = ""
) -> ASGIResponse:
    """Members, found by a part of their name or address, page by page."""
    claims = await entering(request, "page-admin-people")
    async with looking(request, claims) as guest:
        tenant, words = guest.person.tenant, q.strip()[:100]
        which = which if which in _KINDS else "active"
        asked = Which(active=_KINDS[which], words=words)
        found = await members.page(guest.reader, tenant, asked, parse_id(after), PAGE)
        shown, more = found[:PAGE], len(found) > PAGE
        rows = await _rows(guest, shown)
        onward = {"q": words, "which": which, "after": str(shown[-1].id)} if more else {}
        view: dict[str, Any] = {
            "rows": rows,
            "words": words,
            "which": which,
            "first": render.query(PLACE, q=words, which=which) if after else "",
            "next": render.query(PLACE, **onward) if more else "",
            "alone": len(rows) == 1 and not words and not more and not after,
        }
        return page(guest, "people.html", say("People"), **view)


@get(f"{PLACE}/pick")
async def pick_people(
    request: Req, to: str = "", person: str = "", q: str = "", programs: str = ""
) -> ASGIResponse:
    """People whose name or address has what one writes, as the options of its box."""
    claims = await entering(request, "page-pick")
    async with looking(request, claims) as guest:
        text = (to or person or q)[:100]
        active = True if to else None
        at = (guest.reader, guest.person.tenant)
        found = await people_like(*at, text, 8, active=active, programs=bool(programs))
    return render.partial(request, "parts/picks.html", picks=picks(found))


async def _rows(guest: Guest, found: Sequence[Member]) -> list[Row]:
    tenant, eyes = guest.person.tenant, guest.eyes()
    known = await members.habits(guest.reader, tenant, [one.id for one in found])
    offered = await choices(guest)
    return [_row(guest, one, known[one.id], offered, eyes) for one in found]


def _row(guest: Guest, one: Member, habit: Habit, offered: Choices, eyes: cells.Reader) -> Row:
    name = name_of(one)
    letters, hue = hues.initials(name), hues.of_id(one.id)
    return Row(
        who=Cell("record", name, f"{PLACE}/{one.id}", letters, hue),
        email=one.email if one.email != name else "",
        role=called(one.role),
        roles=", ".join(called(role) for role in one.roles),
        team=offered.team(one.team_id),
        seen=cells.moment_cell(habit.seen_at, eyes) if habit.seen_at else EMPTY,
        factor=habit.enrolled,
        active=one.active,
        me=one.id == guest.person.user,
    )


HANDLERS = [people_page, pick_people]
