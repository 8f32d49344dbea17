"""What kinds of fields are called, what each is for, and how one will look in a form."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from tenfold.accounts.organisation.custom_fields import CustomField
from tenfold.engine.definition import Definition
from tenfold.engine.tailored import FieldSpec, field_of
from tenfold.kernel.errors import Invalid
from tenfold.kernel.language import mark, say, say_n
from tenfold.web.pages.frame import Guest
from tenfold.web.pages.widgets import Filled, Widget, sections

KINDS: Mapping[str, tuple[str, str]] = {
    "text": (mark("Text"), mark("A line of text")),
    "long_text": (mark("Long text"), mark("Several lines of text")),
    "integer": (mark("Whole number"), mark("A count, like rooms")),
    "decimal": (mark("Number with decimals"), mark("A measure, like kilometres")),
    "money": (mark("Amount of money"), mark("An amount with its currency")),
    "boolean": (mark("Yes or no"), mark("A question with two answers")),
    "date": (mark("Day"), mark("A day of the calendar")),
    "datetime": (mark("Day and time"), mark("A moment, in each person's time zone")),
    "email": (mark("E-mail address"), mark("Mailed to with a click")),
    "phone": (mark("Phone number"), mark("Called with a click")),
    "url": (mark("Web address"), mark("Opened with a click")),
    "choice": (mark("One choice"), mark("One of the choices that you name")),
    "choices": (mark("Several choices"), mark("Any of the choices that you name")),
    "tags": (mark("Tags"), mark("Free words to group by")),
}


# What an organisation can't make itself.
_SHIPPED: Mapping[str, str] = {
    "stage": mark("Stage"),
    "address": mark("Postal address"),
    "rich_text": mark("Formatted text"),
    "ref": mark("Link to a record"),
    "many": mark("Links to records"),
    "any_ref": mark("Link to any record"),
    "user": mark("Person"),
    "file": mark("File"),
    "json": mark("Data of programs"),
    "secret": mark("Secret"),
    "generated": mark("Computed"),
    "computed": mark("Computed"),
    "rollup": mark("Computed of others"),
}


def called(kind: str) -> str:
    """What people read for a kind."""
    label, _ = KINDS.get(kind, (_SHIPPED.get(kind, kind), ""))
    return say(label)


def facts(one: CustomField) -> str:
    """What is particular about a field, in a line."""
    told = [called(one.kind)]
    if one.options:
        told.append(say_n("%(n)s choice", "%(n)s choices", len(one.options), n=len(one.options)))
    if one.kind == "decimal":
        told.append(say_n("%(n)s decimal", "%(n)s decimals", one.places, n=one.places))
    told += [say("required")] if one.required else []
    told += [say("in “%(section)s”", section=one.section)] if one.section else []
    return ", ".join(told)


def preview(guest: Guest, definition: Definition, spec: FieldSpec) -> tuple[str, Widget] | None:
    """The section and the control as a form will show them; None while the field is not whole."""
    try:
        field = field_of(spec)
    except Invalid:
        return None
    filled = Filled({}, None, {}, {}, guest.zone, guest.who.currency, {})
    (section,) = sections(definition, [field], filled)
    return section.label, replace(section.widgets[0], name="preview", focus=False)
