"""The organisation: its name, how it writes things, the packs that it uses, its sample data."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from litestar import get, post
from litestar.response.base import ASGIResponse

from tenfold.accounts.identity.tokens import Claims
from tenfold.accounts.organisation import organisation
from tenfold.accounts.organisation.organisation import Organisation, OrganisationChange
from tenfold.engine import batches, undo
from tenfold.engine.registry import Registry
from tenfold.kernel.errors import Invalid, TenfoldError
from tenfold.kernel.language import manner, say, say_as
from tenfold.kernel.money import CURRENCIES
from tenfold.kernel.structs import convert
from tenfold.web.pages import words
from tenfold.web.pages.admin.around import Act, acting, entering, looking, page
from tenfold.web.pages.frame import PACKS, Guest
from tenfold.web.pages.own_language import regions
from tenfold.web.pages.session import Req
from tenfold.web.pages.typed import Typed, mistyped

PLACE = "/admin/organisation"
_FIELDS = ("name", "region", "currency", "timezone", "packs")


@dataclass(frozen=True, slots=True)
class Sample:
    """The sample data that is there: its batch, and how many records of what."""

    place: str
    total: int
    types: str


@get(PLACE)
async def organisation_page(request: Req) -> ASGIResponse:
    """The organisation's form, and its sample data."""
    return await _page(request, await entering(request, "page-admin-organisation"))


@post(PLACE, status_code=200)
async def change(request: Req) -> ASGIResponse:
    """Change the organisation; a pack that is switched off is hidden, with all its records kept."""
    act = await acting(request, "page-admin-organisation")
    try:
        packs = packs_of(act.request.app.state.desk.registry)
        chosen = [name for name in act.form.all("packs") if name in packs]
        if packs and not chosen:
            raise Invalid({"packs": say("Keep at least one of them.")})
        given: dict[str, Any] = {
            **{name: act.form.get(name) for name in ("name", "region", "currency", "timezone")},
            # Empty is all, those of later too.
            "packs": [] if len(chosen) == len(packs) else chosen,
        }
        async with act.changing() as by:
            await organisation.changed(by, convert(given, OrganisationChange))
    except Invalid as error:
        return await _page(request, act.claims, act, error)
    return act.done(say("The organisation is saved."), PLACE)


def packs_of(registry: Registry) -> list[str]:
    """The packs that can be switched off."""
    return [name for name in registry.packs if name not in ("base", "custom")]


async def _page(
    request: Req, claims: Claims, act: Act | None = None, error: TenfoldError | None = None
) -> ASGIResponse:
    async with looking(request, claims) as guest:
        now = await organisation.read(guest.reader, guest.person.tenant)
        packs = packs_of(guest.desk.registry)
        typed = _filled(now, packs)
        if act is not None and error is not None:
            again = mistyped(act.form, _FIELDS, error)
            values = {**again.values, "packs": ",".join(act.form.all("packs"))}
            typed = Typed(again.focus, values, again.problems, again.problem)
        view: dict[str, Any] = {
            "typed": typed,
            "regions": regions(manner().language),
            "zones": words.zones(),
            "currencies": [(code, code) for code in sorted(CURRENCIES)],
            "packs": [(name, _pack(name)) for name in packs],
            "sample": await _sample(guest),
            "id": now.id,
        }
        status = error.status if error is not None else 200
        title = say("Organisation")
        return page(guest, "organisation.html", title, status=status, **view)


def _pack(name: str) -> str:
    return say_as("pack", PACKS.get(name) or name.replace("_", " ").capitalize())


def _filled(now: Organisation, packs: list[str]) -> Typed:
    shown = [name for name in packs if not now.packs or name in now.packs]
    values = {name: str(getattr(now, name)) for name in ("name", "region", "currency", "timezone")}
    return Typed("", {**values, "packs": ",".join(shown)})


async def _sample(guest: Guest) -> Sample | None:
    """The sample data, where there is some that was not taken back."""
    found = await batches.listing(guest.reader, guest.person, [batches.SAMPLE], None, 5)
    one = next((batch for batch in found if batch.undone_by is None), None)
    if one is None:
        return None
    types = await undo.types_of(guest.reader, guest.person.tenant, one.id)
    known = guest.desk.registry.by_name
    named = sorted(((known[n], n_) for n, n_ in types if n in known), key=lambda pair: -pair[1])
    total = sum(count for _, count in types)
    shown = [words.counted(count, d.label, d.label_plural) for d, count in named]
    return Sample(f"/imports/{one.id}", total, ", ".join(shown))


HANDLERS = [organisation_page, change]
