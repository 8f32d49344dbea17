"""Record types: those that ship, and those that the organisation makes itself."""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from litestar import get, post
from litestar.response.base import ASGIResponse

from tenfold.accounts.identity.tokens import Claims
from tenfold.accounts.organisation import custom_fields, custom_types
from tenfold.accounts.organisation.custom_fields import CustomField, Which
from tenfold.accounts.organisation.custom_types import TypeChange
from tenfold.engine.custom_types import ICONS, PREFIX, TypeSpec, icon_label
from tenfold.engine.definition import Definition
from tenfold.engine.own_types import types_of
from tenfold.kernel.errors import Conflict, Invalid, NotFound, TenfoldError
from tenfold.kernel.language import say, say_as
from tenfold.kernel.structs import convert
from tenfold.web.pages import cells
from tenfold.web.pages.admin.around import Act, acting, entering, looking, page
from tenfold.web.pages.admin.field_words import called, facts
from tenfold.web.pages.cells import Cell
from tenfold.web.pages.frame import PACKS, Guest, uses
from tenfold.web.pages.session import Req
from tenfold.web.pages.typed import Typed, mistyped

PLACE = "/admin/types"
_NEW = f"{PLACE}/new"
_FIELDS = ("label_plural", "label", "help", "icon")
_EVERY = 2 * custom_types.MOST * custom_fields.MOST


@dataclass(frozen=True, slots=True)
class Row:
    """A type in the list."""

    name: str
    label: str
    icon: str
    help: str
    fields: int
    own: int


@dataclass(frozen=True, slots=True)
class FieldRow:
    """A field of one's own in the list of its type."""

    id: str
    label: str
    facts: str
    help: str
    since: Cell


@get(PLACE)
async def types_page(request: Req, q: str = "") -> ASGIResponse:
    """All types with their fields of one's own, found by the name of either."""
    claims = await entering(request, "page-admin-types")
    async with looking(request, claims) as guest:
        reader, tenant = guest.reader, guest.person.tenant
        types = await types_of(reader, tenant, guest.desk.registry)
        types = {name: one for name, one in types.items() if one.listed and uses(guest, one)}
        found = await custom_fields.page(reader, tenant, Which([*types], []), None, _EVERY)
        retired = await custom_types.every(reader, tenant, retired=True)
        eyes, words = guest.eyes(), " ".join(q.split())[:100]
        view: dict[str, Any] = {
            "words": words,
            "groups": _groups(types.values(), found, words.casefold()),
            "own": any(d.tenant_made for d in types.values()),
            "retired": [
                (spec.name, spec.label_plural, cells.moment_cell(at, eyes))
                for spec, at in retired
                if at is not None and words.casefold() in spec.label_plural.casefold()
            ],
        }
        return page(guest, "types.html", say("Types and fields"), **view)


def _groups(
    types: Iterable[Definition], fields: list[CustomField], words: str
) -> list[tuple[str, list[Row]]]:
    """The types by their pack, one's own first, with those whose fields have the words, too."""
    own = Counter(one.type for one in fields)
    named = {one.type for one in fields if words in f"{one.label} {one.name}".casefold()}
    groups: dict[str, list[Row]] = {}
    for one in sorted(types, key=lambda d: (not d.tenant_made, d.label_plural.casefold())):
        labels = f"{one.label} {one.label_plural} {one.name}".casefold()
        if words not in labels and one.name not in named:
            continue
        pack = called_pack(one.pack)
        group = say("Your own") if one.tenant_made else pack
        shipped = sum(1 for _ in one.own_fields())
        row = Row(one.name, one.label_plural, one.icon, one.doc, shipped, own[one.name])
        groups.setdefault(group, []).append(row)
    return list(groups.items())


def _icons() -> list[tuple[str, str]]:
    """The icons to choose from, and what they are called."""
    return [(name, say_as("icon", icon_label(name))) for name in ICONS]


def called_pack(name: str) -> str:
    """A pack's name as people read it."""
    return say_as("pack", PACKS.get(name) or name.replace("_", " ").capitalize())


# -- types of one's own


@get(_NEW)
async def new_page(request: Req) -> ASGIResponse:
    """The form of a type."""
    claims = await entering(request, "page-admin-type-new")
    return await _new(request, claims, Typed("label_plural", {"icon": "box"}))


@post(_NEW, status_code=200)
async def create(request: Req) -> ASGIResponse:
    """Make a type; its fields come next."""
    act = await acting(request, "page-admin-type-new")
    try:
        given = {name: " ".join(act.form.get(name).split()) for name in _FIELDS}
        if not given["label_plural"]:
            raise Invalid(
                {"label_plural": say("Say what several of them are called, like Vehicles.")}
            )
        spec = convert({**given, "name": slug(given["label_plural"])}, TypeSpec)
        async with act.changing() as by:
            made = await custom_types.create(by, spec)
    except (Invalid, Conflict) as error:
        return await _new(request, act.claims, _mistyped(act, error), error)
    said = say("%(what)s are made. Give them fields.", what=made.label_plural)
    return act.done(said, f"{PLACE}/{PREFIX}{made.name}")


async def _new(
    request: Req, claims: Claims, typed: Typed, error: TenfoldError | None = None
) -> ASGIResponse:
    async with looking(request, claims) as guest:
        view: dict[str, Any] = {"typed": typed, "icons": _icons()}
        status = error.status if error is not None else 200
        return page(guest, "type_new.html", say("New type"), status=status, **view)


@get(f"{PLACE}/{{name:str}}")
async def type_page(request: Req, name: str) -> ASGIResponse:
    """A type: its fields of one's own, those that were retired, and those that ship."""
    return await _page(request, await entering(request, "page-admin-type"), name)


@post(f"{PLACE}/{{name:str}}", status_code=200)
async def change(request: Req, name: str) -> ASGIResponse:
    """Change what a type of one's own is called, its help and its icon."""
    act = await acting(request, "page-admin-type")
    try:
        given = {one: " ".join(act.form.get(one).split()) for one in _FIELDS}
        async with act.changing() as by:
            done = await custom_types.change(by, name, convert(given, TypeChange))
    except Invalid as error:
        return await _page(request, act.claims, name, act, error)
    return act.done(
        say("%(what)s are changed.", what=done.label_plural), f"{PLACE}/{PREFIX}{done.name}"
    )


@post(f"{PLACE}/{{name:str}}/retire", status_code=200)
async def retire(request: Req, name: str) -> ASGIResponse:
    """Take a type out of use, with a way back."""
    act = await acting(request, "page-admin-type-retire")
    async with act.changing() as by:
        gone = await custom_types.retire(by, name)
    undo = f"{PLACE}/{PREFIX}{gone.name}/revive"
    return act.done(
        say("%(what)s are out of use. Nothing was deleted.", what=gone.label_plural),
        PLACE,
        undo=undo,
    )


@post(f"{PLACE}/{{name:str}}/revive", status_code=200)
async def revive(request: Req, name: str) -> ASGIResponse:
    """Use a type again, with its records."""
    act = await acting(request, "page-admin-type-revive")
    try:
        async with act.changing() as by:
            back = await custom_types.revive(by, name)
    except Conflict as error:
        return act.refused(error, PLACE)
    said = say("%(what)s are in use again, with their records.", what=back.label_plural)
    return act.done(said, f"{PLACE}/{PREFIX}{back.name}")


async def _page(
    request: Req,
    claims: Claims,
    name: str,
    act: Act | None = None,
    error: TenfoldError | None = None,
) -> ASGIResponse:
    async with looking(request, claims) as guest:
        definition = await found(guest, name)
        reader, tenant = guest.reader, guest.person.tenant
        which, most = [definition.name], custom_fields.MOST
        live = await custom_fields.page(reader, tenant, Which(which, []), None, most)
        gone = await custom_fields.page(reader, tenant, Which(which, [], retired=True), None, most)
        typed = _filled(definition)
        if act is not None and error is not None:
            typed = _mistyped(act, error)
        shipped = [one for one in definition.own_fields() if one.name != "kind"]
        view: dict[str, Any] = {
            "one": definition,
            "place": f"{PLACE}/{definition.name}",
            "typed": typed,
            "icons": _icons(),
            "live": [_row(guest, one) for one in live],
            "gone": [_row(guest, one) for one in gone],
            "shipped": [(f.label, called(f.type.kind), f.help, f.required) for f in shipped],
            "open": error is not None,
        }
        status = error.status if error is not None else 200
        return page(guest, "type.html", definition.label_plural, status=status, **view)


def _row(guest: Guest, one: CustomField) -> FieldRow:
    since = cells.moment_cell(one.retired_at or one.created_at, guest.eyes())
    return FieldRow(str(one.id), one.label, facts(one), one.help, since)


async def found(guest: Guest, name: str) -> Definition:
    """The type of an address; raises NotFound."""
    types = await types_of(guest.reader, guest.person.tenant, guest.desk.registry)
    if name not in types:
        raise NotFound(say("There is no such record type."))
    return types[name]


def slug(text: str) -> str:
    """A name for programs, made from what people read: `Größe in m` → `grosse_in_m`."""
    plain = unicodedata.normalize("NFKD", text.replace("ß", "ss")).encode("ascii", "ignore")
    words = "".join(c if c.isalnum() else " " for c in plain.decode().lower()).split()
    return "_".join(words)[:39].strip("_")


def _filled(one: Definition) -> Typed:
    values = {"label": one.label, "label_plural": one.label_plural, "icon": one.icon}
    return Typed("", {**values, "help": one.doc})


def _mistyped(act: Act, error: TenfoldError) -> Typed:
    """The form again; what is wrong with the name stands beside what it was made from."""
    typed = mistyped(act.form, _FIELDS, error)
    problem = error.fields.get("name", "")
    if error.code == "DUPLICATE":
        problem = say("is what another type is called already")
    if not problem:
        return typed
    return beside(typed, "label_plural", problem, instead="name")


def beside(typed: Typed, name: str, problem: str, *, instead: str = "") -> Typed:
    """The same with a mistake beside a field, and no longer beside another."""
    others = {key: said for key, said in typed.problems.items() if key != instead}
    return Typed(name, typed.values, {**others, name: problem})


HANDLERS = [types_page, new_page, create, type_page, change, retire, revive]
