"""Who follows a record, on its page: shown, joined, left; and whom a text can mention."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from litestar import get, post
from litestar.response.base import ASGIResponse

from tenfold.engine import following
from tenfold.engine.definition import Definition
from tenfold.engine.following import Follower
from tenfold.engine.titles import USER, suggest
from tenfold.kernel.language import say, within
from tenfold.web.api.requests import identified
from tenfold.web.desk import desk_of
from tenfold.web.pages import hues, render
from tenfold.web.pages.cells import Cell, Record
from tenfold.web.pages.door import signed_in
from tenfold.web.pages.edit import arrived
from tenfold.web.pages.frame import Guest, visiting
from tenfold.web.pages.session import Req, routed

_MOST = 8


@dataclass(frozen=True, slots=True)
class Following:
    """Who follows a record, and whether the reader does."""

    action: str
    mine: bool
    people: tuple[Cell, ...]


@dataclass(frozen=True, slots=True)
class Named:
    """Somebody who can be mentioned."""

    id: str
    name: str
    hint: str
    letters: str
    hue: str


def shown(
    guest: Guest, definition: Definition, record: Record, found: Sequence[Follower]
) -> Following:
    """The part of a record's page."""
    people = tuple(
        Cell("person", f.name, hue=hues.of_id(f.user_id), title=hues.initials(f.name))
        for f in found
    )
    mine = any(f.user_id == guest.person.user for f in found)
    return Following(f"/{definition.path}/{record['id']}/follow", mine, people)


@post("/{plural:str}/{record_id:str}/follow", status_code=200)
async def follow(request: Req, plural: str, record_id: str) -> ASGIResponse:
    """Follow the record, or no longer."""
    act = await arrived(request, plural, "page-follow", record_id)
    follows = act.form.get("follows") == "true"
    async with act.changing() as (tx, guest, definition):
        what = (tx, guest.person, definition, act.identity)
        await act.desk.query.one(*what, fields=("id",))
        kind, me = definition.name, guest.person.user
        await following.follow(tx, kind, act.identity, me, follows=follows)
        word = definition.label
    if follows:
        return act.done(say("You follow this %(record)s now.", record=within(word)), act.back)
    return act.done(say("You no longer follow this %(record)s.", record=within(word)), act.back)


@get("/{plural:str}/{record_id:str}/mentionable")
async def mentionable(request: Req, plural: str, record_id: str, q: str = "") -> ASGIResponse:
    """People whose name begins so, as a list to choose from."""
    routed(request, "page-mentionable")
    shipped = desk_of(request).shipped(plural)
    identified(record_id, shipped)
    claims = await signed_in(request)
    async with visiting(request, claims) as guest:
        query, reader, person = guest.desk.query, guest.reader, guest.person
        found = await suggest(query, reader, person, [USER], q.strip()[:80], most=_MOST)
    named = [
        Named(str(t.id), t.title, t.hint, hues.initials(t.title), hues.of_id(t.id)) for t in found
    ]
    return render.partial(request, "parts/mentionable.html", people=named)


HANDLERS = [follow, mentionable]
