"""How the value of a lane is spelled in pages and addresses, and how it is read again."""

from __future__ import annotations

from uuid import UUID

from tenfold.engine.definition import Field
from tenfold.engine.lanes import Others
from tenfold.engine.types import Locale, Refused
from tenfold.kernel.errors import Invalid

BARE = ",none"
"""The lane without a value in an address: no option has a comma in it."""
OTHERS = ",others"
"""That of all values without a lane of their own."""


def spelled(value: object) -> str:
    """A lane's value as text: `true`, an option, a person's id; empty for none."""
    if value is None:
        return ""
    if isinstance(value, Others):
        return OTHERS
    return str(value).lower() if isinstance(value, bool) else str(value)


def meant(field: Field, text: str, locale: Locale) -> object:
    """The value that a text spells, None for an empty one; raises Invalid."""
    if not text:
        return None
    try:
        return field.type.filter_value(text, locale)
    except Refused as refusal:
        raise Invalid({field.json_name: str(refusal)}) from None


def plain(value: object) -> object:
    """A lane's value as JSON has it."""
    return str(value) if isinstance(value, UUID) else value
