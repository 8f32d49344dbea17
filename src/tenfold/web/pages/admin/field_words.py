"""What kinds of fields are called, what each is for, and how one will look in a form."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from tenfold.accounts.organisation.custom_fields import CustomField
from tenfold.engine.definition import Definition
from tenfold.engine.tailored import FieldSpec, field_of
from tenfold.kernel.errors import Invalid
from tenfold.web.pages.frame import Guest
from tenfold.web.pages.widgets import Filled, Widget, sections

KINDS: Mapping[str, tuple[str, str]] = {
    "text": ("Text", "A line of text"),
    "long_text": ("Long text", "Several lines of text"),
    "integer": ("Whole number", "A count, like rooms"),
    "decimal": ("Number with decimals", "A measure, like kilometres"),
    "money": ("Amount of money", "An amount with its currency"),
    "boolean": ("Yes or no", "A question with two answers"),
    "date": ("Day", "A day of the calendar"),
    "datetime": ("Day and time", "A moment, in each person's time zone"),
    "email": ("E-mail address", "Mailed to with a click"),
    "phone": ("Phone number", "Called with a click"),
    "url": ("Web address", "Opened with a click"),
    "choice": ("One choice", "One of the choices that you name"),
    "choices": ("Several choices", "Any of the choices that you name"),
    "tags": ("Tags", "Free words to group by"),
}


def called(kind: str) -> str:
    """What people read for a kind."""
    return KINDS[kind][0] if kind in KINDS else kind


def facts(one: CustomField) -> str:
    """What is particular about a field, in a line."""
    told = [called(one.kind)]
    if one.options:
        told.append(f"{len(one.options)} choices" if len(one.options) > 1 else "1 choice")
    if one.kind == "decimal":
        told.append("no decimals" if not one.places else f"{one.places} decimals")
    told += ["required"] if one.required else []
    told += [f"in “{one.section}”"] if one.section else []
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
