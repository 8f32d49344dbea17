"""Everybody's sessions: who is signed in, with what, from where; and ending them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from litestar import get, post
from litestar.response.base import ASGIResponse

from tenfold.accounts.organisation import sessions
from tenfold.accounts.organisation.sessions import Going
from tenfold.kernel.errors import Forbidden, NotFound
from tenfold.kernel.ids import parse_id
from tenfold.kernel.language import say, say_n
from tenfold.web.pages import cells, hues, render, words
from tenfold.web.pages.admin.around import PAGE, acting, entering, identified, looking, page
from tenfold.web.pages.agents import agent
from tenfold.web.pages.cells import Cell
from tenfold.web.pages.frame import Guest
from tenfold.web.pages.own_sessions import how
from tenfold.web.pages.session import Req

PLACE = "/admin/sessions"


@dataclass(frozen=True, slots=True)
class Row:
    """A session in the list."""

    id: str
    who: Cell
    email: str
    device: str
    icon: str
    how: str
    address: str
    seen: Cell
    since: Cell
    here: bool


@get(PLACE)
async def sessions_page(request: Req, q: str = "", after: str = "") -> ASGIResponse:
    """Sessions that go on, the newest first, found by whose they are."""
    claims = await entering(request, "page-admin-sessions")
    async with looking(request, claims) as guest:
        text = " ".join(q.split())[:100]
        found = await sessions.page(guest.reader, guest.person.tenant, text, _after(after), PAGE)
        shown, more = found[:PAGE], len(found) > PAGE
        onward = {"q": text, "after": _mark(shown[-1])} if more else {}
        view: dict[str, Any] = {
            "rows": [_row(guest, one) for one in shown],
            "words": text,
            "first": render.query(PLACE, q=text) if after else "",
            "next": render.query(PLACE, **onward) if more else "",
        }
        return page(guest, "sessions.html", say("Sessions"), **view)


@post(f"{PLACE}/{{session_id:str}}/end", status_code=200)
async def end(request: Req, session_id: str) -> ASGIResponse:
    """End one session at once."""
    act = await acting(request, "page-admin-session-end")
    try:
        async with act.changing() as by:
            await sessions.end(by, identified(session_id))
    except (NotFound, Forbidden) as error:
        if isinstance(error, Forbidden) and error.code != "FORBIDDEN":
            raise
        async with looking(request, act.claims):
            return act.refused(error, PLACE)
    return act.done(say("The session has ended; that device is signed out."), PLACE)


@post(f"{PLACE}/end-all", status_code=200)
async def end_all(request: Req) -> ASGIResponse:
    """End everybody's sessions but this one."""
    act = await acting(request, "page-admin-sessions-end")
    async with act.changing() as by:
        ended = await sessions.end_all(by, act.claims.session)
    said = say_n(
        "%(n)s session has ended.", "%(n)s sessions have ended.", ended, n=words.number(ended)
    )
    return act.done(said, PLACE)


def _after(text: str) -> tuple[datetime, UUID] | None:
    """Where to go on: when the last one shown began, and its id."""
    moment, _, identity = text.partition("_")
    at, found = words.moment_of(moment), parse_id(identity)
    return (at, found) if at is not None and found is not None else None


def _mark(one: Going) -> str:
    return f"{one.created_at.isoformat()}_{one.id}"


def _row(guest: Guest, one: Going) -> Row:
    known, eyes = agent(one.agent), guest.eyes()
    name = one.name or one.email
    who = Cell("record", name, f"/admin/people/{one.user}", hue=hues.of_id(one.user))
    return Row(
        id=str(one.id),
        who=who,
        email=one.email if one.name else "",
        device=known.name,
        icon=known.icon,
        how=how(one.methods),
        address=one.address,
        seen=cells.moment_cell(one.seen_at, eyes),
        since=cells.moment_cell(one.created_at, eyes),
        here=one.id == guest.claims.session,
    )


HANDLERS = [sessions_page, end, end_all]
