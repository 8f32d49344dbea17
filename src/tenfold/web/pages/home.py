"""The home page, the search page, the menu for small screens, and the choice of looks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from litestar import get, post
from litestar.response.base import ASGIResponse

from tenfold.engine.search import Search
from tenfold.engine.titles import counts, newest
from tenfold.kernel import digits
from tenfold.kernel.errors import Invalid
from tenfold.web.cookies import YEAR
from tenfold.web.pages import cells, render, words
from tenfold.web.pages.cells import Cell
from tenfold.web.pages.door import signed_in
from tenfold.web.pages.frame import frame, readable, visiting
from tenfold.web.pages.session import Req, keep_cookie, routed, signed_form
from tenfold.web.safe_next import safe_next

_RECENT = 8
_HITS = 8
_MOST = 1_000


@dataclass(frozen=True, slots=True)
class Tile:
    """One type on the home page: its name, how many there are, and what to do first."""

    label: str
    href: str
    icon: str
    count: str
    may_create: bool


@dataclass(frozen=True, slots=True)
class Pack:
    """One pack on the home page."""

    label: str
    tiles: tuple[Tile, ...]


@dataclass(frozen=True, slots=True)
class Recent:
    """A record made lately."""

    title: Cell
    kind: str
    icon: str
    when: Cell


@dataclass(frozen=True, slots=True)
class Hits:
    """What a search found in one type."""

    label: str
    icon: str
    rows: tuple[Cell, ...]
    all: str


@get("/")
async def home_page(request: Req) -> ASGIResponse:
    """Every pack with its types and their counts, and what is new."""
    routed(request, "page-home")
    claims = await signed_in(request)
    async with visiting(request, claims) as guest:
        shown = readable(guest)
        every = [definition for _, definitions in shown for definition in definitions]
        query, reader, person = guest.desk.query, guest.reader, guest.person
        numbers = await counts(query, reader, person, every)
        latest = await newest(query, reader, person, every, _RECENT)
        eyes = guest.eyes()
        around = frame(guest, "Home")
        hello = words.greeting(guest.now, guest.zone)
    packs = [
        Pack(
            label,
            tuple(
                Tile(
                    d.label_plural,
                    f"/{d.path}",
                    d.icon,
                    _counted(numbers.get(d.name, 0)),
                    guest.person.access(d).create,
                )
                for d in definitions
            ),
        )
        for label, definitions in shown
    ]
    known = {d.name: d for d in every}
    recents = [
        Recent(
            cells.titled_cell(known[t.type], t.id, t.title),
            known[t.type].label,
            known[t.type].icon,
            cells.moment_cell(t.at, eyes) if t.at else Cell(),
        )
        for t in latest
    ]
    first = guest.who.name.split(" ")[0]
    view: dict[str, Any] = {
        "hello": f"{hello}, {first}",
        "packs": packs,
        "recents": recents,
        "may_add": any(tile.may_create for pack in packs for tile in pack.tiles),
    }
    return render.page(request, "home.html", around, **view)


@get("/search")
async def search_page(request: Req, q: str = "") -> ASGIResponse:
    """What is found in every type; htmx gets the hits alone, as one types."""
    routed(request, "page-search")
    claims = await signed_in(request)
    text = q.replace("\x00", " ").strip()[:200]
    groups: list[Hits] = []
    async with visiting(request, claims) as guest:
        if text:
            every = [d for _, definitions in readable(guest) for d in definitions]
            try:
                found = await Search(guest.desk.query).everywhere(
                    guest.reader, guest.person, every, text, _HITS
                )
            except Invalid:
                found = []
            for one in found:
                rows: list[dict[str, Any]] = digits.decode(one.json)
                path = f"/{one.definition.path}"
                shown = tuple(
                    cells.titled_cell(one.definition, r["id"], r["title"] or "Without a name")
                    for r in rows
                )
                more = render.query(path, q=text) if len(rows) == _HITS else ""
                groups.append(Hits(one.definition.label_plural, one.definition.icon, shown, more))
        around = frame(guest, "Search")
    view: dict[str, Any] = {"words": text, "groups": groups}
    if render.wants(request, "hits"):
        return render.partial(request, "parts/hits.html", **view)
    return render.page(request, "search.html", around, **view)


@get("/menu")
async def menu_page(request: Req) -> ASGIResponse:
    """All places and the person's own choices, for screens without a rail."""
    routed(request, "page-menu")
    claims = await signed_in(request)
    async with visiting(request, claims) as guest:
        around = frame(guest, "Menu")
    return render.page(request, "menu.html", around)


@post("/appearance", status_code=200)
async def appearance(request: Req) -> ASGIResponse:
    """Keep the chosen look in the browser."""
    routed(request, "page-appearance")
    claims = await signed_in(request)
    form = await signed_form(request, claims)
    for name, allowed in (
        ("theme", ("light", "dark", "")),
        ("density", ("compact", "comfortable", "")),
        ("rail", ("folded", "")),
    ):
        if name in form and form.get(name) in allowed:
            value = form.get(name)
            keep_cookie(request, name, value, YEAR if value else 0)
    return render.to(request, safe_next(form.get("next")))


def _counted(number: int) -> str:
    return f"{_MOST:,}+" if number > _MOST else f"{number:,}"


HANDLERS = [home_page, search_page, menu_page, appearance]
