"""Finding the record that a relation points to, by its title as one types."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from litestar import get
from litestar.response.base import ASGIResponse

from tenfold.db.database import Reader
from tenfold.engine.access import Person
from tenfold.engine.definition import Field
from tenfold.engine.query import Query
from tenfold.engine.registry import Registry
from tenfold.engine.titles import USER, Titled, suggest
from tenfold.engine.types import AnyRef, Ref, Refused
from tenfold.kernel.errors import NotFound
from tenfold.kernel.ids import parse_id
from tenfold.kernel.language import say, within
from tenfold.kernel.text import fold
from tenfold.web.desk import desk_of
from tenfold.web.pages import render
from tenfold.web.pages.door import signed_in
from tenfold.web.pages.frame import visiting
from tenfold.web.pages.session import Req, routed

_MARK = re.compile(r"^(.*) #([0-9a-f]{8})$", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Pick:
    """One suggestion: what the box will hold, and what tells it from others."""

    value: str
    hint: str


@get("/{plural:str}/pick")
async def pick_options(request: Req, plural: str, field: str = "", q: str = "") -> ASGIResponse:
    """Suggestions for a relation, as the options of its box."""
    routed(request, "page-pick")
    shipped = desk_of(request).shipped(plural)
    claims = await signed_in(request)
    given = dict(request.query_params.items())
    # The box is named like the field; its text comes along under that name.
    text = q or str(given.get(f"{field}_id", "") or given.get("add_value", ""))
    async with visiting(request, claims) as guest:
        one = shipped.fields.get(field)
        if one is None or not guest.person.access(shipped).sees(one):
            raise NotFound(say("There is no such field."))
        found = await suggestions(guest.desk.query, guest.reader, guest.person, one, bare(text))
    return render.partial(request, "parts/picks.html", picks=picks(found))


async def suggestions(
    query: Query, reader: Reader, person: Person, one: Field, text: str, *, most: int = 8
) -> list[Titled]:
    """What the text may mean for a relation's field."""
    names = targets(one, query.registry)
    return await suggest(query, reader, person, names, text, most=most)


def targets(one: Field, registry: Registry) -> list[str]:
    """The names of the types that a relation may point to."""
    if isinstance(one.type, Ref):
        return [one.type.to]
    if isinstance(one.type, AnyRef):
        return list(one.type.among) or list(registry.by_name)
    return [USER]


def picks(found: Sequence[Titled]) -> list[Pick]:
    """Suggestions as boxes hold them; doubles of one title carry the end of their id."""
    seen = [fold(t.title) for t in found]
    return [
        Pick(f"{t.title} #{t.id.hex[-8:]}" if seen.count(fold(t.title)) > 1 else t.title, t.hint)
        for t in found
    ]


async def resolve(
    query: Query, reader: Reader, person: Person, one: Field, text: str, *, begins: bool = False
) -> tuple[str, UUID]:
    """The type and id that a box's text means: an id, a title, or a title with its mark.

    Where it `begins` the title of one alone, that is enough. Raises Refused, saying what was found
    instead.
    """
    names = targets(one, query.registry)
    if found := parse_id(text):
        return names[0], found
    near = await suggestions(query, reader, person, one, bare(text), most=20)
    if begins and len(near) == 1:
        return near[0].type, near[0].id
    otherwise = say(
        "It is looked for by %(what)s. Choose one from the list, or leave it empty.",
        what=_looked_for(names, query.registry),
    )
    found = meant(near, text, otherwise)
    return found.type, found.id


def bare(text: str) -> str:
    """What a box holds without the mark that tells doubles apart."""
    return _MARK.sub(r"\1", text)


def meant(near: Sequence[Titled], text: str, otherwise: str) -> Titled:
    """The one of some suggestions that a box's text names; raises Refused, saying what is near."""
    marked = _MARK.match(text)
    title, mark = (marked[1], marked[2]) if marked else (text, "")
    called = [t for t in near if fold(t.title) == fold(title) and t.id.hex.endswith(mark)]
    # Nobody else has a person's address.
    same = called or [t for t in near if t.type == USER and fold(t.hint) == fold(title)]
    if len(same) == 1:
        return same[0]
    if same:
        raise Refused(
            say(
                "There are %(n)s of this name: %(names)s.",
                n=len(same),
                names=_listed(picks(same)[:3]),
            )
        )
    if near:
        raise Refused(
            say(
                "There is none of this very name. Did you mean %(names)s?",
                names=_listed(picks(near)[:3]),
            )
        )
    raise Refused(" ".join([say("There is none of this name."), otherwise]).strip())


def _looked_for(names: Sequence[str], registry: Registry) -> str:
    """By what records of these types are found: `student or title`."""
    one = registry.by_name.get(names[0]) if len(names) == 1 else None
    if one is None:
        return say("the beginning of its name")
    holder = one.fields.get(one.belongs_to)
    fields = (holder, *(one.naming or one.title_fields))
    *most, last = [within(f.label) for f in fields if f]
    return say("%(most)s or %(last)s", most=", ".join(most), last=last) if most else last


def _listed(found: Sequence[Pick]) -> str:
    return ", ".join(f"{p.value} ({p.hint})" if p.hint else p.value for p in found)


HANDLERS = [pick_options]
