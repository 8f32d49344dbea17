"""The page of one record: what matters of it, all its fields, what is related, what happened."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from litestar import get
from litestar.response.base import ASGIResponse

from tenfold.accounts.organisation import sharing as organised
from tenfold.engine import stream
from tenfold.engine.access import Access
from tenfold.engine.definition import Definition
from tenfold.engine.stream import ONLY, Made, Only, Page, Place
from tenfold.engine.titles import titles
from tenfold.kernel import digits
from tenfold.web.api.requests import identified
from tenfold.web.desk import desk_of
from tenfold.web.pages import (
    ahead,
    cells,
    compose,
    facts,
    followers,
    hues,
    in_place,
    mentions,
    related,
    render,
    sharing,
    timeline,
    words,
)
from tenfold.web.pages.ahead import Ahead
from tenfold.web.pages.cells import Cell, Record
from tenfold.web.pages.compose import Composer
from tenfold.web.pages.door import signed_in
from tenfold.web.pages.facts import Fact, Facts, Way
from tenfold.web.pages.filters import address
from tenfold.web.pages.followers import Following
from tenfold.web.pages.frame import Guest, frame, visiting
from tenfold.web.pages.keeping import looks
from tenfold.web.pages.reaching import may_change, may_delete
from tenfold.web.pages.related import Related
from tenfold.web.pages.session import Req, form_token, listed_in, routed
from tenfold.web.pages.sharing import Panel
from tenfold.web.pages.timeline import History

HISTORY = 20


@dataclass(frozen=True, slots=True)
class Step:
    """One stage of a record's way: where it is, where it may go, where it may not."""

    value: str
    label: str
    hue: str
    state: str
    last: bool


@dataclass(frozen=True, slots=True)
class View:
    """A record as its template shows it."""

    path: str
    list_path: str
    label: str
    label_plural: str
    icon: str
    title: Cell
    status: Cell
    version: int
    csrf: str
    steps: tuple[Step, ...]
    key: tuple[Fact, ...]
    ways: tuple[Way, ...]
    ahead: Ahead | None
    sections: tuple[Facts, ...]
    blank: tuple[Facts, ...]
    related: tuple[Related, ...]
    composer: Composer | None
    history: History
    owner: Cell
    created: Cell
    updated: Cell
    deleted: Cell
    may_update: bool
    may_delete: bool
    sharing: Panel | None
    followers: Following | None
    within: str
    here: str
    edit: str
    beside: str
    type: str
    id: str
    favourite: bool


@get("/{plural:str}/{record_id:str}")
async def record_page(
    request: Req, plural: str, record_id: str, deleted: str = "", before: str = "", only: str = ""
) -> ASGIResponse:
    """A record; htmx gets its timeline, what came earlier, or all of it for a panel alone."""
    routed(request, "page-record")
    shipped = desk_of(request).shipped(plural)
    claims = await signed_in(request)
    identity = identified(record_id, shipped)
    part = next((p for p in _PARTS if render.wants(request, p)), "")
    place = Place.parse(before) if before else None
    async with visiting(request, claims) as guest:
        definition = await guest.tailored(shipped)
        query, reader, person = guest.desk.query, guest.reader, guest.person
        embeds = () if part in _TIMELINES else related.embeds(guest, definition)
        what = (reader, person, definition, identity)
        json, version = await query.one(*what, embeds=embeds, deleted=deleted == "true")
        record: dict[str, Any] = digits.decode(json)
        narrowed = _only(only)
        if part in _TIMELINES:
            shown = await _timeline(guest, definition, record, place, narrowed)
            return render.partial(request, _PARTS[part], history=shown)
        view = await _view(guest, definition, record, version, place, narrowed)
        around = frame(guest, view.title.text)
    if part:
        panel, flash = part == "panel", around.flash
        answer = render.partial(request, _PARTS[part], record=view, panel=panel, flash=flash)
    else:
        answer = render.page(request, "record.html", around, record=view, panel=False, flash=None)
    if not definition.tenant_made:
        answer.background = looks().note(request, claims, definition.name, identity)
    return answer


_PARTS = {
    "timeline": "parts/timeline.html",
    "timeline-more": "parts/timeline_more.html",
    "panel": "parts/record.html",
    "record": "parts/record.html",
}
_TIMELINES = ("timeline", "timeline-more")


def _staged(guest: Guest, page: Page) -> Page:
    """The same with the stages of the organisation, where what was made has any."""

    def one(made: Made) -> Made:
        return replace(made, definition=guest.staged(made.definition))

    entries = tuple(one(e) if isinstance(e, Made) else e for e in page.entries)
    return replace(page, entries=entries, ahead=tuple(map(one, page.ahead)))


def _only(text: str) -> Only:
    for one in ONLY:
        if one == text:
            return one
    return ""


async def _timeline(
    guest: Guest, definition: Definition, record: Record, before: Place | None, only: Only
) -> History:
    """The timeline alone, narrowed, or what came before a place in it."""
    query, reader, person = guest.desk.query, guest.reader, guest.person
    what = (query, reader, person, definition, record)
    page = _staged(guest, await stream.stream(*what, limit=HISTORY, before=before, only=only))
    found = timeline.mentioned(definition, page)
    eyes = guest.eyes(await titles(query, reader, person, found))
    born = words.moment_of(str(record.get("created_at") or ""))
    path = f"/{definition.path}/{record['id']}"
    deleted = bool(record.get("deleted_at"))
    return timeline.history(definition, page, path, only, eyes, born, deleted=deleted)


async def _view(
    guest: Guest,
    definition: Definition,
    record: dict[str, Any],
    version: int,
    before: Place | None,
    only: Only,
) -> View:
    query, reader, person = guest.desk.query, guest.reader, guest.person
    what = (query, reader, person, definition, record)
    page = _staged(guest, await stream.stream(*what, limit=HISTORY, before=before, only=only))
    shares, told = await organised.around(reader, person.tenant, definition, record)
    found = mentions.mentioned(definition, record, query.registry)
    related.mention(guest, definition, record, found)
    found.merge(timeline.mentioned(definition, page))
    eyes = guest.eyes(await titles(query, reader, person, found))
    access = person.access(definition)
    path = f"/{definition.path}/{record['id']}"
    deleted = bool(record.get("deleted_at"))
    editable = in_place.editable(guest, definition, record)
    sections = facts.sections(definition, access, record, eyes, editable)
    born = words.moment_of(str(record.get("created_at") or ""))
    stage = definition.status and "status" in record
    status = cells.cell(definition.fields["status"], record, eyes) if stage else Cell()
    inside = listed_in(guest.request)
    return View(
        path=path,
        list_path=f"/{definition.path}?{inside}" if inside else f"/{definition.path}",
        label=definition.label,
        label_plural=definition.label_plural,
        icon=definition.icon,
        title=cells.record_cell(definition, record, eyes.registry),
        status=status,
        version=version,
        csrf=form_token(guest.desk, guest.claims),
        steps=_steps(definition, access, record, deleted),
        key=facts.key_facts(definition, access, record, eyes),
        ways=facts.ways(definition, access, record, eyes),
        ahead=None if deleted else ahead.first(guest, definition, record, page, eyes),
        sections=tuple(s for s in sections if s.filled),
        blank=tuple(s for s in sections if not s.filled),
        related=related.lists(guest, definition, record, eyes),
        composer=None if deleted else compose.offered(guest, definition, record),
        history=timeline.history(definition, page, path, only, eyes, born, deleted=deleted),
        owner=cells.person_cell(record.get("owner_id"), eyes),
        created=_when(record, "created_at", eyes),
        updated=_when(record, "updated_at", eyes),
        deleted=_when(record, "deleted_at", eyes),
        may_update=not deleted and may_change(guest, definition, record),
        may_delete=may_delete(guest, definition, record),
        sharing=None if deleted else sharing.panel(guest, definition, record, shares),
        followers=None if deleted else followers.shown(guest, definition, record, told),
        within=inside,
        here=address(path, [("deleted", "true" if deleted else ""), ("in", inside)]),
        edit=address(f"{path}/edit", [("in", inside)]),
        beside=address(f"{path}/beside", [("in", inside)]) if inside else "",
        type=definition.name,
        id=str(record["id"]),
        favourite=f"{definition.name}/{record['id']}" in guest.arranged.kept.favourites,
    )


def _steps(
    definition: Definition, access: Access, record: Record, deleted: bool
) -> tuple[Step, ...]:
    """Every stage in order: the one it is at, those it may move to, those it may not."""
    stage, one = definition.status, definition.fields.get("status")
    if stage is None or one is None or not access.sees(one) or deleted:
        return ()
    now = str(record.get("status"))
    able = access.sets(one) and access.update != "none"

    def state(option: str) -> str:
        if option == now:
            return "here"
        return "open" if able and stage.may_move(now, option) else "shut"

    return tuple(
        Step(o, stage.label(o), hues.of(stage, o), state(o), stage.ends(o))
        for o in stage.offered(now)
    )


def _when(record: Record, name: str, reader: cells.Reader) -> Cell:
    moment = words.moment_of(str(record.get(name) or ""))
    return cells.moment_cell(moment, reader) if moment else Cell()


HANDLERS = [record_page]
__all__ = ["HANDLERS"]
