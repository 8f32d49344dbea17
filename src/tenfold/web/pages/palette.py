"""The palette: whatever one wants to go to, create or do, found as one types."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from litestar import get, post
from litestar.response.base import ASGIResponse

from tenfold.accounts import personal
from tenfold.engine.definition import Definition
from tenfold.engine.search import Search
from tenfold.engine.titles import titles
from tenfold.kernel import digits
from tenfold.kernel.errors import Conflict, Invalid, NotFound
from tenfold.kernel.ids import parse_id
from tenfold.kernel.language import say, within
from tenfold.kernel.text import fold
from tenfold.web.desk import desk_of
from tenfold.web.pages import cells, render
from tenfold.web.pages.admin.sections import GROUPS
from tenfold.web.pages.door import signed_in
from tenfold.web.pages.frame import Guest, changing, readable, visiting
from tenfold.web.pages.own_records import Own, own_records
from tenfold.web.pages.session import Flash, Req, keep_flash, routed, signed_form
from tenfold.web.pages.settings import SETTINGS
from tenfold.web.safe_next import safe_next

_HITS, _COMMANDS, _RECENT = 5, 8, 6
CREATE = "create"


@dataclass(frozen=True, slots=True)
class Choice:
    """One thing that the palette offers; `letters` and `hue` are of a record's avatar.

    By its `words` it is found, too.
    """

    label: str
    href: str
    icon: str
    note: str = ""
    letters: str = ""
    hue: str = ""
    words: str = ""


@dataclass(frozen=True, slots=True)
class Choices:
    """A titled group of them."""

    label: str
    choices: tuple[Choice, ...]


@get("/palette")
async def palette(request: Req, q: str = "", only: str = "") -> ASGIResponse:
    """What the palette offers for what was typed; with nothing typed what one needs most."""
    routed(request, "page-palette")
    claims = await signed_in(request)
    text = q.strip()[:100]
    async with visiting(request, claims) as guest:
        every = [d for _, definitions in readable(guest) for d in definitions]
        groups = [_named(say("Create"), _creating(guest, every), text, 30 if only else _COMMANDS)]
        if only != CREATE:
            kept = await own_records(guest, every, lately=not text)
            found = await _hits(guest, every, text) if text else _recent(kept.seen or [])
            go = _named(say("Go to"), _places(guest, every, text), text, _COMMANDS)
            marked = [_record(*one) for one in kept.favourites]
            mine = _named(say("Favourites"), marked, text, _RECENT)
            groups = [*found, mine, go, *groups] if text else [mine, *found, *groups, go]
    shown = [group for group in groups if group.choices]
    return render.partial(request, "parts/palette.html", groups=shown, words=text)


@post("/favourites", status_code=200)
async def favourite(request: Req) -> ASGIResponse:
    """Mark a record as one's own favourite, or no longer."""
    routed(request, "page-favourite")
    claims = await signed_in(request)
    form = await signed_form(request, claims)
    name, identity = form.get("type"), parse_id(form.get("id"))
    definition = desk_of(request).registry.by_name.get(name)
    back = safe_next(form.get("next"))
    if identity is None or definition is None:
        raise NotFound(say("There is no such record."))
    key = f"{name}/{identity}"
    try:
        async with changing(request, claims) as (tx, guest):
            if form.get("on") == "1":
                what = (guest.desk.query, tx, guest.person, {name: {identity}})
                named = (await titles(*what)).get(identity)
                if named is None:
                    raise NotFound(say("There is no such record."))
                await personal.keep(tx, "favourite", key, named[:200])
            else:
                await personal.drop(tx, "favourite", key)
    except Conflict as error:
        keep_flash(request, Flash(error.message, kind="problem"))
    return render.to(request, back)


async def _hits(guest: Guest, every: Sequence[Definition], text: str) -> list[Choices]:
    """The records that are found, the best of each type."""
    search = Search(guest.desk.query)
    try:
        found = await search.everywhere(guest.reader, guest.person, every, text, _HITS)
    except Invalid:  # no letter or digit in it
        return []
    groups: list[tuple[float, Choices]] = []
    for one in found:
        rows: list[dict[str, Any]] = digits.decode(one.json)
        best = max(float(row.get("rank") or 0) for row in rows)
        made = tuple(_hit(one.definition, row) for row in rows)
        groups.append((best, Choices(one.definition.label_plural, made)))
    groups.sort(key=lambda pair: -pair[0])
    return [group for _, group in groups]


def _recent(seen: Sequence[Own]) -> list[Choices]:
    """The records that the person looked at last."""
    return [Choices(say("Lately"), tuple(_record(*one) for one in seen[:_RECENT]))]


def _hit(definition: Definition, row: dict[str, Any]) -> Choice:
    """A record among those of its type; what tells it from others of its name stands by it."""
    return replace(_record(definition, row["id"], row["title"]), note=row["hint"] or "")


def _record(definition: Definition, identity: object, title: str | None) -> Choice:
    cell = cells.titled_cell(definition, identity, title or definition.label)
    return Choice(cell.text, cell.href, definition.icon, definition.label, cell.title, cell.hue)


def _creating(guest: Guest, every: Sequence[Definition]) -> list[Choice]:
    """A new record of each type that the person may make."""
    return [
        Choice(say("New %(thing)s", thing=within(d.label)), f"/{d.path}/new", d.icon)
        for d in every
        if guest.person.access(d).create
    ]


def _places(guest: Guest, every: Sequence[Definition], text: str) -> list[Choice]:
    """Lists, views, and everything else that has a place; settings where one asks for them."""
    lists = [Choice(d.label_plural, f"/{d.path}", d.icon) for d in every]
    labels = {d.path: d.label_plural for d in every}
    views = [
        Choice(view.name, view.address, "bookmark", labels[view.path])
        for view in guest.arranged.views
        if view.path in labels
    ]
    fixed = [
        Choice(say("Home"), "/", "house"),
        Choice(say("Imports"), "/imports", "file-up"),
        Choice(say("Settings"), "/settings", "settings"),
    ]
    if guest.person.administers:
        fixed.append(Choice(say("Administration"), "/admin", "sliders-horizontal"))
    return [*views, *lists, *fixed, *(_settings(guest) if text else ())]


def _settings(guest: Guest) -> list[Choice]:
    """The pages of one's own settings, and what an administrator sets."""
    own = [
        Choice(say(label), href, icon, say(SETTINGS.label)) for label, href, icon in SETTINGS.places
    ]
    if not guest.person.administers:
        return own
    every = [one for group in GROUPS for one in group.sections]
    label = say("Administration")
    sections = [Choice(say(one.label), one.href, one.icon, label) for one in every]
    settings = [
        Choice(say(each.label), each.href, one.icon, label, words=each.words)
        for one in every
        for each in one.settings
    ]
    return [*own, *sections, *settings]


def _named(label: str, choices: Sequence[Choice], text: str, most: int) -> Choices:
    """Those whose words begin as was typed, in any order; with nothing typed the first ones."""
    wanted = fold(text).split()
    fit = [c for c in choices if _begins(fold(f"{c.label} {c.note} {c.words}").split(), wanted)]
    return Choices(label, tuple(fit[:most]))


def _begins(words: Sequence[str], wanted: Sequence[str]) -> bool:
    return all(any(word.startswith(part) for word in words) for part in wanted)


HANDLERS = [palette, favourite]
