"""A refusal as people read it, where it is told apart from the form that it is about."""

from __future__ import annotations

from tenfold.engine.definition import Definition
from tenfold.kernel.errors import Invalid, MissingFields, TenfoldError
from tenfold.kernel.language import say
from tenfold.web.pages import words


def refusal(error: TenfoldError, definition: Definition | None = None) -> str:
    """Why not: the first field by its label, not by the name that programs call it."""
    if not isinstance(error, Invalid) or not error.fields:
        return error.message
    name, why = next(iter(error.fields.items()))
    if not (isinstance(error, MissingFields) or error.message.startswith(f"{name}: ")):
        return error.message
    label = _label(name, definition)
    return say("%(name)s: %(value)s", name=label, value=why) if label else words.sentence(why)


def _label(name: str, definition: Definition | None) -> str:
    """A field's label by its name in JSON; empty for what is no field."""
    if definition is None:
        return ""
    own = definition.custom_fields.get(name.removeprefix("custom."))
    one = own if name.startswith("custom.") else definition.by_json.get(name)
    return one.label if one is not None else ""
