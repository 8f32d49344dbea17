"""Fields of one's own: added to a record type, changed, retired and brought back."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import msgspec
from litestar import get, post
from litestar.response.base import ASGIResponse

from tenfold.accounts.identity.tokens import Claims
from tenfold.accounts.organisation import custom_fields
from tenfold.accounts.organisation.custom_fields import (
    CustomField,
    CustomFieldChange,
    NewCustomField,
)
from tenfold.engine.definition import Definition
from tenfold.engine.tailored import FieldSpec
from tenfold.kernel.errors import Conflict, Invalid, NotFound, TenfoldError
from tenfold.kernel.language import say
from tenfold.kernel.structs import convert
from tenfold.web.pages import render
from tenfold.web.pages.admin.around import acting, entering, identified, looking, page
from tenfold.web.pages.admin.field_words import KINDS, called, preview
from tenfold.web.pages.admin.types import PLACE, beside, found, slug
from tenfold.web.pages.forms import number
from tenfold.web.pages.frame import Guest
from tenfold.web.pages.session import Form, Req
from tenfold.web.pages.typed import Typed, mistyped

_FIELDS = f"{PLACE}/{{name:str}}/fields"
_ONE = f"{_FIELDS}/{{field_id:str}}"
_NAMES = ("label", "name", "kind", "help", "section", "options", "places", "max_length", "required")
_CHOICES = ("choice", "choices")


@get(f"{_FIELDS}/new")
async def new_page(request: Req, name: str, kind: str = "text") -> ASGIResponse:
    """The form of a field."""
    claims = await entering(request, "page-admin-field-new")
    values = {"kind": kind if kind in KINDS else "text", "places": "2", "max_length": "500"}
    return await _form(request, claims, name, None, Typed("label", values))


@post(f"{_FIELDS}/new", status_code=200)
async def create(request: Req, name: str) -> ASGIResponse:
    """Add a field; one of the same name and kind that was retired comes back."""
    act = await acting(request, "page-admin-field-new")
    try:
        given = _given(act.form)
        if not given["label"]:
            raise Invalid({"label": say("Say what the field is called.")})
        async with act.changing() as by:
            made = await custom_fields.create(by, convert({**given, "type": name}, NewCustomField))
    except (Invalid, Conflict) as error:
        return await _form(request, act.claims, name, None, _again(act.form, error), error)
    return act.done(say("The field %(what)s is added.", what=made.label), f"{PLACE}/{made.type}")


@post(f"{_FIELDS}/preview", status_code=200)
async def preview_part(request: Req, name: str) -> ASGIResponse:
    """The field as a form will show it, from what is typed so far."""
    act = await acting(request, "page-admin-field-preview")
    async with looking(request, act.claims) as guest:
        definition = await found(guest, name)
        shown = preview(guest, definition, _spec(act.form))
    return render.partial(request, "admin/field_preview.html", preview=shown, of=definition)


@get(_ONE)
async def field_page(request: Req, name: str, field_id: str) -> ASGIResponse:
    """A field's form."""
    claims = await entering(request, "page-admin-field")
    return await _form(request, claims, name, identified(field_id))


@post(_ONE, status_code=200)
async def change(request: Req, name: str, field_id: str) -> ASGIResponse:
    """Change what a field is called, its help, section and choices, and whether it is required."""
    act = await acting(request, "page-admin-field")
    identity = identified(field_id)
    try:
        given = {k: v for k, v in _given(act.form).items() if k in _changeable(act.form)}
        if not given["label"]:
            raise Invalid({"label": say("Say what the field is called.")})
        async with act.changing() as by:
            done = await custom_fields.change(by, identity, convert(given, CustomFieldChange))
    except (Invalid, Conflict) as error:
        return await _form(request, act.claims, name, identity, _again(act.form, error), error)
    return act.done(say("The field %(what)s is changed.", what=done.label), f"{PLACE}/{done.type}")


@post(f"{_ONE}/retire", status_code=200)
async def retire(request: Req, field_id: str) -> ASGIResponse:
    """Show a field no more, with a way back."""
    act = await acting(request, "page-admin-field-retire")
    async with act.changing() as by:
        gone = await custom_fields.retire(by, identified(field_id))
    undo = f"{PLACE}/{gone.type}/fields/{gone.id}/revive"
    said = say("The field %(what)s is retired; its values are kept.", what=gone.label)
    return act.done(said, f"{PLACE}/{gone.type}", undo=undo)


@post(f"{_ONE}/revive", status_code=200)
async def revive(request: Req, name: str, field_id: str) -> ASGIResponse:
    """Show a retired field again, with its values."""
    act = await acting(request, "page-admin-field-revive")
    place = f"{PLACE}/{name}"
    try:
        async with act.changing() as by:
            back = await custom_fields.revive(by, identified(field_id))
    except (Invalid, Conflict) as error:
        return act.refused(error, place)
    return act.done(say("The field %(what)s is back, with its values.", what=back.label), place)


# -- what a form brings


def _given(form: Form) -> dict[str, Any]:
    """The form as the API takes it; what does not fit the kind is left out."""
    kind, label = form.get("kind"), " ".join(form.get("label").split())
    given: dict[str, Any] = {
        "label": label,
        "name": form.get("name").strip() or slug(label),
        "kind": kind,
        "help": form.get("help").strip(),
        "section": " ".join(form.get("section").split()),
        "required": form.get("required") == "true",
    }
    if kind in _CHOICES:
        given["options"] = _options(form)
    if kind == "decimal":
        given["places"] = number(form.get("places"))
    if kind == "text":
        given["max_length"] = number(form.get("max_length"))
    return given


def _changeable(form: Form) -> tuple[str, ...]:
    kept = ("label", "help", "section", "required")
    return (*kept, "options") if form.get("kind") in _CHOICES else kept


def _options(form: Form) -> list[str]:
    """One choice on each line."""
    lines = (" ".join(line.split()) for line in form.get("options")[:30_000].splitlines())
    return [line for line in lines if line]


def _spec(form: Form) -> FieldSpec:
    """The field as far as it is typed; what is not whole yet is as it begins."""
    given = _given(form)
    usual = {"label": given["label"] or say("Your field"), "name": given["name"] or "field"}
    try:
        return msgspec.convert({**given, **usual}, FieldSpec)
    except msgspec.ValidationError:
        bare = {k: v for k, v in given.items() if k not in ("places", "max_length")}
        return msgspec.convert({**bare, **usual}, FieldSpec)


def _again(form: Form, error: TenfoldError) -> Typed:
    """The form with its mistakes; a wrong choice is told beside all of them."""
    typed = mistyped(form, _NAMES, error)
    values = {**typed.values, "options": form.get("options")[:30_000]}
    typed = Typed(typed.focus, values, typed.problems, typed.problem)
    problem = error.fields.get("name", "")
    if problem and not form.get("name").strip():
        said = f"“{slug(form.get('label'))}” {problem}"
        return beside(typed, "label", said, instead="name")
    wrong = next((text for name, text in error.fields.items() if name.startswith("options")), "")
    return beside(typed, "options", wrong) if wrong else typed


# -- the form


async def _form(
    request: Req,
    claims: Claims,
    name: str,
    identity: UUID | None,
    typed: Typed | None = None,
    error: TenfoldError | None = None,
) -> ASGIResponse:
    async with looking(request, claims) as guest:
        definition = await found(guest, name)
        one = await _one(guest, definition, identity) if identity is not None else None
        typed = typed or _filled(one)
        view: dict[str, Any] = {
            "of": definition,
            "one": one,
            "kind": called(one.kind) if one is not None else "",
            "typed": typed,
            "kinds": [
                (kind, f"{say(label)}: {say(text)}") for kind, (label, text) in KINDS.items()
            ],
            "sections_known": _sections(definition),
            "action": f"{PLACE}/{name}/fields/{identity or 'new'}",
            "preview": preview(guest, definition, _spec(Form([*typed.values.items()]))),
        }
        status = error.status if error is not None else 200
        title = one.label if one is not None else say("New field")
        return page(guest, "field.html", title, status=status, **view)


async def _one(guest: Guest, definition: Definition, identity: UUID) -> CustomField:
    one = await custom_fields.one(guest.reader, guest.person.tenant, identity)
    if one.type != definition.name:
        raise NotFound(say("There is no such field."))
    return one


def _filled(one: CustomField | None) -> Typed:
    if one is None:
        return Typed()
    values = {
        "label": one.label,
        "name": one.name,
        "kind": one.kind,
        "help": one.help,
        "section": one.section,
        "options": "\n".join(one.options),
        "places": str(one.places),
        "max_length": str(one.max_length),
        "required": "true" if one.required else "",
    }
    return Typed("", values)


def _sections(definition: Definition) -> list[str]:
    """The sections that the type's forms have already, to choose from."""
    fields = (*definition.fields.values(), *definition.custom_fields.values())
    return sorted({one.section for one in fields if one.section})


HANDLERS = [new_page, create, preview_part, field_page, change, retire, revive]
