"""Security events, searched by person, kind, address and time."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from litestar import get
from litestar.response import Stream
from litestar.response.base import ASGIResponse

from tenfold.accounts import reading_events
from tenfold.accounts.events import EVENTS
from tenfold.accounts.identity.tokens import Claims
from tenfold.accounts.organisation import members
from tenfold.accounts.reading_events import SecurityEvent, Which
from tenfold.engine.definition import Definition
from tenfold.engine.own_types import tailored_types
from tenfold.engine.titles import USER, titles
from tenfold.engine.types import Refused
from tenfold.exchange.write_csv import write_csv
from tenfold.kernel.errors import Invalid
from tenfold.kernel.ids import parse_id
from tenfold.kernel.language import mark, say
from tenfold.web.api.exports import saved
from tenfold.web.pages import cells, hues, render
from tenfold.web.pages.admin.around import PAGE, entering, looking, page
from tenfold.web.pages.admin.event_words import LABELS, grave, told
from tenfold.web.pages.admin.people import PLACE as PEOPLE
from tenfold.web.pages.admin.places import name_of, person_in
from tenfold.web.pages.cells import EMPTY, Cell
from tenfold.web.pages.frame import Guest
from tenfold.web.pages.session import Req
from tenfold.web.pages.typed import Typed

PLACE = "/admin/security/events"
EXPORT = f"{PLACE}/export"
_ROWS = 1_000
"""Rows that an export reads at once."""
_ASKED = ("person", "kind", "address", "since", "until")


@dataclass(frozen=True, slots=True)
class Row:
    """An event as people read it."""

    what: str
    hue: str
    who: Cell
    by: str
    details: str
    address: str
    at: Cell


@get(PLACE)
async def events_page(request: Req, after: str = "") -> ASGIResponse:
    """The newest first; what is asked for stands in the address."""
    claims = await entering(request, "page-admin-events")
    given = _given(request)
    async with looking(request, claims) as guest:
        which, problems = await _which(guest, given)
        found: list[SecurityEvent] = []
        if not problems:
            where = (guest.reader, guest.person.tenant, which)
            found = await reading_events.page(*where, parse_id(after), PAGE)
        shown, more = found[:PAGE], len(found) > PAGE
        asked = {name: text for name, text in given.items() if text}
        last = str(shown[-1].id) if more else ""
        if parse_id(given["person"]) is not None and which.user is not None:
            member = await members.one(guest.reader, guest.person.tenant, which.user)
            given["person"] = member.email if member.kind == "person" else name_of(member)
        view: dict[str, Any] = {
            "rows": await _rows(guest, shown),
            "typed": Typed(next(iter(problems), ""), given, problems),
            "kinds": [("", say("Anything")), *((one, say(LABELS[one])) for one in EVENTS)],
            "filtered": bool(asked),
            "export": render.query(EXPORT, **asked),
            "next": render.query(PLACE, **asked, after=last) if more else "",
            "first": render.query(PLACE, **asked) if after else "",
        }
        status = 400 if problems else 200
        return page(guest, "events.html", mark("Security events"), status=status, **view)


@get(EXPORT)
async def export_events(request: Req) -> Stream:
    """All that the page finds under its filters, as CSV."""
    claims, given = await entering(request, "page-admin-events-export"), _given(request)
    async with looking(request, claims) as guest:
        which, problems = await _which(guest, given)
    if problems:
        raise Invalid(problems)
    pieces = _pieces(request, claims, which)
    return saved(request, pieces, "text/csv", "security-events.csv")


async def _pieces(request: Req, claims: Claims, which: Which) -> AsyncIterator[bytes]:
    """Page by page, each handed on when its connection is back: a client may read slowly."""
    after: UUID | None = None
    while True:
        async with looking(request, claims) as guest:
            where = (guest.reader, guest.person.tenant, which)
            found = await reading_events.page(*where, after, _ROWS)
        rows = [reading_events.flat(one) for one in found[:_ROWS]]
        first = after is None
        for piece in write_csv(reading_events.columns(), rows, bom=first, header=first):
            yield piece
        if len(found) <= _ROWS:
            return
        after = found[_ROWS - 1].id


def _given(request: Req) -> dict[str, str]:
    """What the address asks for."""
    asked = {name: str(request.query_params.get(name, "")) for name in _ASKED}
    return {name: text.strip()[:200] for name, text in asked.items()}


async def _which(guest: Guest, given: dict[str, str]) -> tuple[Which, dict[str, str]]:
    """What is asked for, and what of it can't be read."""
    problems: dict[str, str] = {}
    user: UUID | None = None
    if given["person"]:
        try:
            user = await person_in(guest.reader, guest.person.tenant, given["person"])
        except Refused as refusal:
            problems["person"] = str(refusal)
    kind = given["kind"]
    if kind and kind not in EVENTS:
        problems["kind"] = say("is none of these kinds")
    since, until = (_day(given[name], guest.zone) for name in ("since", "until"))
    for name, found in (("since", since), ("until", until)):
        if given[name] and found is None:
            problems[name] = say("must be a day, like 2026-11-22")
    # The last day counts, too.
    until = until + timedelta(days=1) if until else None
    types = (kind,) if kind else None
    return Which(types, user, given["address"] or None, since, until), problems


def _day(text: str, zone: ZoneInfo) -> datetime | None:
    """When a day begins where the reader is."""
    try:
        found = datetime.strptime(text, "%Y-%m-%d")  # noqa: DTZ007 - gets the zone below
    except ValueError:
        return None
    return found.replace(tzinfo=zone) if 1970 <= found.year <= 9998 else None


async def _rows(guest: Guest, found: list[SecurityEvent]) -> list[Row]:
    who = {one.user_id for one in found if one.user_id}
    who |= {actor for one in found if (actor := parse_id(str(one.detail.get("actor_id", ""))))}
    names = await titles(guest.desk.query, guest.reader, guest.person, {USER: who})
    eyes, types = guest.eyes(names), await _types(guest, found)
    return [_row(one, names, eyes, types) for one in found]


async def _types(guest: Guest, found: list[SecurityEvent]) -> Mapping[str, Definition]:
    """The types that events name, with the organisation's own fields where some are about them."""
    if not any("type" in one.detail or "scopes" in one.detail for one in found):
        return guest.desk.registry.by_name
    return await tailored_types(guest.reader, guest.person.tenant, guest.desk.registry)


def _row(
    one: SecurityEvent,
    names: dict[UUID, str],
    eyes: cells.Reader,
    types: Mapping[str, Definition],
) -> Row:
    name = names.get(one.user_id, "") if one.user_id else ""
    name = name or one.email or str(one.detail.get("email") or "")
    letters = hues.initials(name)
    who = EMPTY
    if name and one.user_id:
        who = Cell("record", name, f"{PEOPLE}/{one.user_id}", letters, hues.of_id(one.user_id))
    elif name:
        who = Cell("text", name)
    actor = parse_id(str(one.detail.get("actor_id", "")))
    return Row(
        what=say(LABELS.get(one.event_type, one.event_type)),
        hue=grave(one.event_type),
        who=who,
        by=names.get(actor, "") if actor else "",
        details=told(one, types),
        address=one.ip_address or "",
        at=cells.moment_cell(one.created_at, eyes),
    )


HANDLERS = [events_page, export_events]
