"""The records before and after one in the list that one came from."""

from __future__ import annotations

from dataclasses import replace
from urllib.parse import parse_qsl
from uuid import UUID

import msgspec
from litestar import get
from litestar.response.base import ASGIResponse

from tenfold.engine.ask import Ask
from tenfold.engine.definition import Definition
from tenfold.engine.search import Search
from tenfold.kernel.language import say
from tenfold.web.api.requests import identified
from tenfold.web.desk import desk_of
from tenfold.web.pages import render
from tenfold.web.pages.door import signed_in
from tenfold.web.pages.filters import address
from tenfold.web.pages.frame import Guest, visiting
from tenfold.web.pages.lists.question import question
from tenfold.web.pages.session import Flash, Req, keep_flash, listed_in, routed

_PREVIOUS = "previous"


@get("/{plural:str}/{record_id:str}/beside")
async def beside(request: Req, plural: str, record_id: str, to: str = "next") -> ASGIResponse:
    """Go to the next or the previous record of the list; at its end, stay and say so."""
    routed(request, "page-beside")
    shipped = desk_of(request).shipped(plural)
    claims = await signed_in(request)
    identity = identified(record_id, shipped)
    inside = listed_in(request)
    async with visiting(request, claims) as guest:
        definition = await guest.tailored(shipped)
        asked = await _asked(guest, definition, inside)
        query, backwards = guest.desk.query, to == _PREVIOUS
        if asked.words:
            found = await _among_found(guest, definition, asked, identity, backwards=backwards)
        else:
            what = (guest.reader, guest.person, definition, asked, identity)
            found = await query.neighbour(*what, backwards=backwards)
    if found is None:
        first, last = say("This is the first of the list."), say("This is the last of the list.")
        keep_flash(request, Flash(first if backwards else last))
    gone = "true" if asked.deleted else ""
    path = f"/{definition.path}/{found or identity}"
    return render.to(request, address(path, [("deleted", gone), ("in", inside)]))


async def _asked(guest: Guest, definition: Definition, inside: str) -> Ask:
    """The list that an address asks for; nothing, where its conditions can't be used."""
    access = guest.person.access(definition)
    pairs = parse_qsl(inside)
    found = question(await guest.opening(pairs), definition, access, pairs).asked
    return replace(found, cursor="", page=0)


async def _among_found(
    guest: Guest, definition: Definition, asked: Ask, identity: UUID, *, backwards: bool
) -> UUID | None:
    """The record that a search shows next to one, or before it."""
    search, bare = Search(guest.desk.query), replace(asked, fields=("id",), embeds=())
    json = await search.found(guest.reader, guest.person, definition, bare)
    ids = [row.id for row in msgspec.json.decode(json, type=list[_Row])]
    place = ids.index(identity) + (-1 if backwards else 1) if identity in ids else -1
    return ids[place] if 0 <= place < len(ids) else None


class _Row(msgspec.Struct):
    id: UUID


HANDLERS = [beside]
