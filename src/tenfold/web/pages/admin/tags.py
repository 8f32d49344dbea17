"""The tags that records hold: how many have each, and renaming, merging and taking them off."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import msgspec
from litestar import get, post
from litestar.response.base import ASGIResponse

from tenfold.accounts.organisation import retagging
from tenfold.accounts.organisation.retagging import Retag
from tenfold.engine import tagging
from tenfold.engine.own_types import tailored_types
from tenfold.engine.tagging import Tagged
from tenfold.exchange.standing import UNFINISHED
from tenfold.kernel.errors import Invalid
from tenfold.kernel.language import say, say_n, within
from tenfold.web.desk import desk_of
from tenfold.web.pages import words
from tenfold.web.pages.admin.around import Act, acting, entering, looking, page
from tenfold.web.pages.filters import address
from tenfold.web.pages.frame import Guest
from tenfold.web.pages.session import Req

PLACE = "/admin/tags"
_LONGEST = 100


@dataclass(frozen=True, slots=True)
class Use:
    """How many records of a type have a tag, and where they are."""

    href: str
    text: str


@dataclass(frozen=True, slots=True)
class Row:
    """A tag in use."""

    name: str
    hue: str
    uses: tuple[Use, ...]


@get(PLACE)
async def tags_page(request: Req, q: str = "") -> ASGIResponse:
    """All tags in use, found by what they begin with or hold."""
    claims = await entering(request, "page-admin-tags")
    async with looking(request, claims) as guest:
        text = " ".join(q.split())[:_LONGEST]
        tenant, reader = guest.person.tenant, guest.reader
        types = await tailored_types(reader, tenant, guest.desk.registry)
        fields = tagging.fields_of(types.values())
        found = await tagging.in_use(reader, guest.person, fields, text)
        uses = await _uses(guest, fields, found.names)
        tints = guest.colours
        rows = [Row(t, tints.get(t.casefold(), ""), tuple(uses.get(t, ()))) for t in found.names]
        view: dict[str, Any] = {"rows": rows, "words": text, "cut": found.cut}
        return page(guest, "tags.html", say("Tags"), **view)


@post(f"{PLACE}/rename", status_code=200)
async def rename(request: Req) -> ASGIResponse:
    """Call a tag otherwise on all records; one that is there already takes it in."""
    act = await acting(request, "page-admin-tag-rename")
    new = " ".join(act.form.get("to").split())
    if not new or len(new) > _LONGEST:
        wrong = Invalid({"to": say("A tag has 1 to %(n)s characters.", n=_LONGEST)})
        return act.refused(wrong, PLACE)
    return await _replaced(act, act.form.get("tag"), new)


@post(f"{PLACE}/remove", status_code=200)
async def remove(request: Req) -> ASGIResponse:
    """Take a tag off all records."""
    act = await acting(request, "page-admin-tag-remove")
    return await _replaced(act, act.form.get("tag"), "")


async def _replaced(act: Act, old: str, new: str) -> ASGIResponse:
    if old == new:
        return act.done(say("It is called so already."), PLACE)
    async with act.changing() as by:
        batch = await retagging.start(by, desk_of(act.request).records, old, new)
    if batch is None:
        return act.done(say("No record has a tag like that."), PLACE)
    state = msgspec.convert(batch.summary, Retag)
    place = f"/imports/{batch.id}"
    if batch.status in UNFINISHED:
        said = say("%(n)s records are being changed.", n=words.number(state.total))
        return act.done(said, PLACE, more=place)
    changed, refused = state.written, state.refused
    said = say_n(
        "%(n)s record changed.", "%(n)s records changed.", changed, n=words.number(changed)
    )
    if refused:
        told = say_n(
            "%(n)s stays as it is.", "%(n)s stay as they are.", refused, n=words.number(refused)
        )
        said = f"{said} {told}"
    undo = address(f"{place}/undo", [("back", PLACE)]) if changed else ""
    return act.done(said, PLACE, undo=undo)


async def _uses(guest: Guest, fields: list[Tagged], tags: list[str]) -> dict[str, list[Use]]:
    by_slot = {one.slot: one for one in fields}
    found: dict[str, list[Use]] = {}
    asked = (guest.person, fields, tags, tagging.COUNTED + 1)
    for held in await tagging.counts(guest.reader, *asked):
        tag, one = held.tag, by_slot[held.slot]
        number = words.number(min(held.number, tagging.COUNTED))
        number += "+" if held.more else ""
        alone = held.number == 1 and not held.more
        label = one.definition.label if alone else one.definition.label_plural
        href = address(f"/{one.definition.path}", [(one.field.json_name, tag)])
        found.setdefault(tag, []).append(Use(href, f"{number} {within(label)}"))
    return found


HANDLERS = [tags_page, rename, remove]
