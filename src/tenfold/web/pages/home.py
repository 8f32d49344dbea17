"""The home page, the search page, the menu for small screens, and the choice of looks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from litestar import get, post
from litestar.response.base import ASGIResponse

from tenfold.engine.agenda import Item, agenda, of_kind
from tenfold.engine.definition import Definition
from tenfold.engine.search import Search
from tenfold.engine.stream import DONE
from tenfold.engine.titles import newest
from tenfold.kernel import digits
from tenfold.kernel.errors import Invalid
from tenfold.kernel.language import say
from tenfold.web.cookies import YEAR
from tenfold.web.pages import cells, render, words
from tenfold.web.pages.ahead import put_off
from tenfold.web.pages.cells import Cell
from tenfold.web.pages.door import signed_in
from tenfold.web.pages.filters import address
from tenfold.web.pages.frame import Guest, frame, readable, visiting
from tenfold.web.pages.guide import guides
from tenfold.web.pages.own_records import Own, own_records
from tenfold.web.pages.session import Req, keep_cookie, routed, signed_form
from tenfold.web.safe_next import safe_next

_RECENT = 8
_HITS = 8


@dataclass(frozen=True, slots=True)
class Line:
    """One record on the home page: what it is, when, and where it is done or put off."""

    title: Cell
    kind: str
    icon: str
    when: Cell
    late: bool = False
    done: str = ""
    snooze: str = ""


@dataclass(frozen=True, slots=True)
class Part:
    """A titled group of them."""

    label: str
    lines: tuple[Line, ...]
    late: bool = False


@dataclass(frozen=True, slots=True)
class Hit:
    """A record that a search found, and what tells it from others of its name."""

    record: Cell
    hint: str = ""


@dataclass(frozen=True, slots=True)
class Hits:
    """What a search found in one type."""

    label: str
    icon: str
    rows: tuple[Hit, ...]
    all: str


@get("/")
async def home_page(request: Req) -> ASGIResponse:
    """The person's day: what is to be done, whom they meet, what ends, what is new."""
    routed(request, "page-home")
    claims = await signed_in(request)
    async with visiting(request, claims) as guest:
        every = [definition for _, definitions in readable(guest) for definition in definitions]
        query, reader, person = guest.desk.query, guest.reader, guest.person
        items = await agenda(query, reader, person, every, guest.now, guest.zone)
        mine = await own_records(guest, every)
        lately = await _lately(guest, every, mine.seen)
        beginning = await guides(guest)
        around = frame(guest, say("Home"))
        may_add = any(person.access(d).create for d in every)
    first = guest.who.name.split(" ")[0]
    today = guest.now.astimezone(guest.zone).date()
    view: dict[str, Any] = {
        "hello": f"{words.greeting(guest.now, guest.zone)}, {first}",
        "day": words.full_day(today, guest.who.home),
        "days": _days(guest, items, today),
        "deadlines": [_line(guest, item, today) for item in of_kind(items, "deadline")],
        "fresh": [_line(guest, item, today) for item in reversed([*of_kind(items, "new")])],
        "fresh_list": _fresh_list(items),
        "favourites": [_own(one).title for one in mine.favourites],
        "lately": lately,
        "guides": beginning,
        "readable": bool(every),
        "may_add": may_add,
        "add": [d for d in every if d.agenda and person.access(d).create][:4],
    }
    return render.page(request, "home.html", around, **view)


def _days(guest: Guest, items: Sequence[Item], today: date) -> list[Part]:
    """Tasks and meetings by day: what is late, today, tomorrow, and what comes after."""
    parts: dict[str, list[Line]] = {}
    names = (say("Overdue"), say("Today"), say("Tomorrow"), say("Next days"))
    for item in of_kind(items, "task", "meeting"):
        day = _day_of(item, guest.zone)
        late = item.moment.kind == "task" and day < today
        place = 0 if late else min(3, max(1, (day - today).days + 1))
        parts.setdefault(names[place], []).append(_line(guest, item, today))
    return [Part(name, tuple(parts[name]), name == names[0]) for name in names if name in parts]


def _line(guest: Guest, item: Item, today: date) -> Line:
    one, eyes = item.definition, guest.eyes()
    field = one.fields[item.moment.field]
    record = {field.json_name: item.at.isoformat()}
    path = f"/{one.path}/{item.id}"
    day = _day_of(item, guest.zone)
    task = item.moment.kind == "task"
    past = item.at < guest.now if isinstance(item.at, datetime) else day < today
    access = guest.person.access(one)
    able = task and access.update != "none"
    kind = field.label if item.moment.kind == "deadline" else one.label
    return Line(
        title=cells.titled_cell(one, item.id, item.title or one.label),
        kind=kind,
        icon=one.icon,
        when=cells.cell(field, record, eyes),
        late=past if task else item.moment.kind == "deadline" and day < today,
        done=f"{path}/done" if able and DONE in one.fields else "",
        snooze=f"{path}/snooze" if able and access.sets(field) and put_off(one) == field else "",
    )


def _day_of(item: Item, zone: ZoneInfo) -> date:
    return words.there(item.at, zone).date() if isinstance(item.at, datetime) else item.at


def _fresh_list(items: Sequence[Item]) -> str:
    """The whole list of what is new and the person's; empty where several types are new."""
    kinds = {item.definition.path: item for item in of_kind(items, "new")}
    if len(kinds) != 1:
        return ""
    ((path, item),) = kinds.items()
    given = [
        (name if len(values) == 1 else f"{name}[in]", ",".join(values))
        for name, values in item.moment.open
    ]
    return address(f"/{path}", [*given, ("owner_id", "me")])


async def _lately(
    guest: Guest, every: Sequence[Definition], seen: Sequence[Own] | None
) -> list[Line]:
    """The records that the person looked at last; in the beginning those that are new."""
    if seen is not None:
        return [_own(one) for one in seen[:_RECENT]]
    query, reader, person = guest.desk.query, guest.reader, guest.person
    # What one begins with; else one sees nothing but the rows of a ledger.
    main = [d for d in every if d.guide or d.tenant_made] or every
    latest = await newest(query, reader, person, main, _RECENT)
    known, eyes = {d.name: d for d in every}, guest.eyes()
    return [
        replace(
            _own(Own(known[t.type], str(t.id), t.title)),
            when=cells.moment_cell(t.at, eyes) if t.at else Cell(),
        )
        for t in latest
    ]


def _own(one: Own) -> Line:
    definition = one.definition
    title = cells.titled_cell(definition, one.id, one.title)
    return Line(title, definition.label, definition.icon, Cell())


@get("/search")
async def search_page(request: Req, q: str = "") -> ASGIResponse:
    """What is found in every type; htmx gets the hits alone, as one types."""
    routed(request, "page-search")
    claims = await signed_in(request)
    text = q.strip()[:200]
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
                shown = tuple(_hit(one.definition, row) for row in rows)
                more = render.query(path, q=text) if len(rows) == _HITS else ""
                groups.append(Hits(one.definition.label_plural, one.definition.icon, shown, more))
        around = frame(guest, say("Search"))
    view: dict[str, Any] = {"words": text, "groups": groups}
    if render.wants(request, "hits"):
        return render.partial(request, "parts/hits.html", **view)
    return render.page(request, "search.html", around, **view)


def _hit(definition: Definition, row: dict[str, Any]) -> Hit:
    title = row["title"] or say("Without a name")
    return Hit(cells.titled_cell(definition, row["id"], title), row["hint"] or "")


@get("/menu")
async def menu_page(request: Req) -> ASGIResponse:
    """All places and the person's own choices, for screens without a rail."""
    routed(request, "page-menu")
    claims = await signed_in(request)
    async with visiting(request, claims) as guest:
        around = frame(guest, say("Menu"))
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
        ("keys", ("off", "")),
    ):
        if name in form and form.get(name) in allowed:
            value = form.get(name)
            keep_cookie(request, name, value, YEAR if value else 0)
    return render.to(request, safe_next(form.get("next")))


HANDLERS = [home_page, search_page, menu_page, appearance]
