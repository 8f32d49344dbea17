"""One's sessions: where and how one is signed in, and ending what one does not know."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from litestar import get, post
from litestar.response.base import ASGIResponse

from tenfold.accounts.identity.account import memberships
from tenfold.accounts.identity.sessions import Open
from tenfold.kernel.errors import NotFound
from tenfold.kernel.ids import parse_id
from tenfold.kernel.language import mark, say, say_n
from tenfold.web.pages import cells, render, words
from tenfold.web.pages.agents import agent
from tenfold.web.pages.cells import Cell
from tenfold.web.pages.door import signed_in
from tenfold.web.pages.entering import gate_of
from tenfold.web.pages.frame import visiting
from tenfold.web.pages.session import Flash, Req, keep_flash, routed
from tenfold.web.pages.settings import acting, page

PLACE = "/settings/sessions"
_METHODS = {
    "pwd": mark("password"),
    "otp": mark("authenticator app"),
    "swk": mark("passkey"),
    "rec": mark("recovery code"),
    "email": mark("link by mail"),
    "fed": mark("another provider"),
}


@dataclass(frozen=True, slots=True)
class Entry:
    """A session as its owner sees it."""

    id: str
    device: str
    icon: str
    how: str
    address: str
    organisation: str
    seen: Cell
    since: Cell
    here: bool


@get(PLACE)
async def sessions_page(request: Req) -> ASGIResponse:
    """All sessions, this one first, then the one used last."""
    routed(request, "page-settings-sessions")
    claims = await signed_in(request)
    async with visiting(request, claims, blocked=True) as guest:
        found = await gate_of(request).own.sessions(guest.reader, claims)
        places = {m.tenant: m.name for m in await memberships(guest.reader, claims.user)}
        eyes, several = guest.eyes(), len({one.tenant for one in found}) > 1
        entries = [
            _entry(one, eyes, places.get(one.tenant, "") if several else "", claims.session)
            for one in sorted(found, key=lambda one: one.id != claims.session)
        ]
        view: dict[str, Any] = {"entries": entries, "others": len(entries) - 1}
        return page(request, "settings/sessions.html", guest, say("Sessions"), **view)


@post(f"{PLACE}/end", status_code=200)
async def end(request: Req) -> ASGIResponse:
    """End one session."""
    act = await acting(request, "page-settings-session-end")
    identity = parse_id(act.form.get("session"))
    if identity is None:
        raise NotFound(say("There is no such session."))
    try:
        await act.gate.own.end_session(act.claims, identity, act.client)
    except NotFound:
        keep_flash(request, Flash(say("That session had ended already.")))
        return render.to(request, PLACE)
    keep_flash(request, Flash(say("The session has ended; that device is signed out.")))
    return render.to(request, PLACE)


@post(f"{PLACE}/end-others", status_code=200)
async def end_others(request: Req) -> ASGIResponse:
    """End all sessions but this one."""
    act = await acting(request, "page-settings-sessions-end")
    ended = await act.gate.own.end_others(act.claims, act.client)
    text = say_n("One session has ended.", "%(n)s sessions have ended.", ended, n=ended)
    keep_flash(request, Flash(text if ended else say("There was no other session.")))
    return render.to(request, PLACE)


def how(methods: Sequence[str]) -> str:
    """How somebody proved who they are: `Password, passkey and authenticator app`."""
    *first, last = [say(_METHODS[one]) for one in methods if one in _METHODS] or [""]
    text = say("%(most)s and %(last)s", most=", ".join(first), last=last) if first else last
    return words.capital(text)


def _entry(one: Open, eyes: cells.Reader, organisation: str, current: object) -> Entry:
    known = agent(one.agent or "")
    return Entry(
        id=str(one.id),
        device=known.name,
        icon=known.icon,
        how=how(one.methods),
        address=one.address or "",
        organisation=organisation,
        seen=cells.moment_cell(one.seen_at, eyes),
        since=cells.moment_cell(one.created_at, eyes),
        here=one.id == current,
    )


HANDLERS = [sessions_page, end, end_others]
