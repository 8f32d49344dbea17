"""The fields of one type, as one role sees them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import msgspec
from litestar import get, post
from litestar.response.base import ASGIResponse

from tenfold.accounts.identity.tokens import Claims
from tenfold.accounts.organisation import roles
from tenfold.accounts.organisation.roles import GrantSpec
from tenfold.engine.definition import Definition
from tenfold.engine.own_types import tailored_types
from tenfold.kernel.errors import Invalid, NotFound
from tenfold.kernel.language import mark, say
from tenfold.web.pages.admin.around import acting, entering, looking, page
from tenfold.web.pages.admin.places import called
from tenfold.web.pages.admin.role_changes import PLACE, Types, saved
from tenfold.web.pages.admin.role_words import fields_of, sentence
from tenfold.web.pages.session import Form, Req

_WAYS = (
    ("visible", mark("Visible")),
    ("read_only", mark("Read-only")),
    ("hidden", mark("Hidden")),
)


@dataclass(frozen=True, slots=True)
class Line:
    """A field: how the role sees it, and whether it opens a secret."""

    name: str
    label: str
    help: str
    way: str
    secret: bool
    opens: bool
    writable: bool


@get(f"{PLACE}/{{name:str}}/{{kind:str}}")
async def fields_page(request: Req, name: str, kind: str) -> ASGIResponse:
    """Each field: visible, read-only or hidden; a secret also opened."""
    return await _page(request, await entering(request, "page-admin-role-fields"), name, kind)


@post(f"{PLACE}/{{name:str}}/{{kind:str}}", status_code=200)
async def change(request: Req, name: str, kind: str) -> ASGIResponse:
    """Save how the role sees the fields of one type."""
    act = await acting(request, "page-admin-role-fields")

    def edit(grants: Mapping[str, GrantSpec], types: Types) -> dict[str, GrantSpec]:
        definition = _known(types, kind)
        return {**grants, kind: _read(act.form, definition, grants.get(kind, GrantSpec()))}

    try:
        return await saved(act, name, edit)
    except Invalid as error:
        problem = next(iter(error.fields.values()), error.message)
        return await _page(request, act.claims, name, kind, problem)


def _read(form: Form, definition: Definition, grant: GrantSpec) -> GrantSpec:
    names = [one.json_path for one in fields_of(definition)]
    ways = {name: form.get(f"way.{name}", "visible") for name in names}
    secret = [one.json_path for one in fields_of(definition) if one.type.kind == "secret"]
    return msgspec.structs.replace(
        grant,
        hide=[name for name in names if ways[name] == "hidden"],
        read_only=[name for name in names if ways[name] == "read_only"],
        reveal=[n for n in secret if form.get(f"open.{n}") == "true" and ways[n] != "hidden"],
    )


def _known(types: Types, kind: str) -> Definition:
    if kind not in types:
        raise NotFound(say("There is no such record type."))
    return types[kind]


async def _page(
    request: Req, claims: Claims, name: str, kind: str, problem: str = ""
) -> ASGIResponse:
    async with looking(request, claims) as guest:
        tenant, registry = guest.person.tenant, guest.desk.registry
        one = await roles.one(guest.reader, tenant, registry, name)
        definition = _known(await tailored_types(guest.reader, tenant, registry), kind)
        grant = one.grants.get(kind, GrantSpec())
        view: dict[str, Any] = {
            "one": one,
            "role": called(one.name),
            "definition": definition,
            "lines": _lines(definition, grant),
            "ways": [(name, say(text)) for name, text in _WAYS],
            "secrets": bool(definition.secrets),
            "says": sentence(definition, grant),
            "problem": problem,
        }
        title = say("%(label_plural)s: fields", label_plural=definition.label_plural)
        return page(guest, "role_fields.html", title, status=400 if problem else 200, **view)


def _lines(definition: Definition, grant: GrantSpec) -> list[Line]:
    made: list[Line] = []
    for one in fields_of(definition):
        name = one.json_path
        way = "hidden" if name in grant.hide else "read_only" if name in grant.read_only else ""
        secret = one.type.kind == "secret"
        help_ = "" if one.writable else say("Never set by hand")
        opens = name in grant.reveal
        made.append(Line(name, one.label, help_, way or "visible", secret, opens, one.writable))
    return made


HANDLERS = [fields_page, change]
