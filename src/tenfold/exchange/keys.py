"""By which field the rows of a file find the records that are there already."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from tenfold.engine.access import Access
from tenfold.engine.definition import Definition, Field
from tenfold.engine.types import Locale, Refused, Text
from tenfold.exchange.rows import Value, as_text
from tenfold.exchange.value_texts import several
from tenfold.kernel.errors import Invalid
from tenfold.kernel.language import say
from tenfold.kernel.text import sort_key

NO_KEY = "none"
"""What makes all rows new."""
_TELLING = ("email", "url")
"""Kinds of which one value is rarely that of two records."""


def keys_of(definition: Definition, access: Access) -> dict[str, Field]:
    """The fields that may be the key, the surest first: unique ones, e-mail, address, name."""
    uniques = sorted(definition.unique_fields, key=lambda one: one.name != "external_id")
    seen = [one for one in definition.fields.values() if access.sees(one)]
    telling = [next((f for f in seen if f.type.kind == kind), None) for kind in _TELLING]
    name = name_of(definition)
    named = [name] if name is not None and access.sees(name) else []
    found = [*uniques, *filter(None, telling), *named]
    return {one.json_name: one for one in found}


def name_of(definition: Definition) -> Field | None:
    """The one text that a type's records are called by, where there is just one."""
    titles = definition.title_fields
    return titles[0] if len(titles) == 1 and isinstance(titles[0].type, Text) else None


def chosen_key(
    keys: Mapping[str, Field], mapped: Mapping[str, Sequence[Value]], said: str
) -> tuple[str, bool]:
    """The key, and whether each row must have it; raises Invalid.

    `mapped` are the fields that columns go into, with values. What was not said is guessed: a
    unique field, or else the e-mail, unless the file itself has one address for two people.
    """
    if said == NO_KEY:
        return "", False
    if not said:
        return next((n for n, f in keys.items() if n in mapped and _sure(f, mapped[n])), ""), False
    if said not in keys:
        raise Invalid(
            {"key": say("must be one of %(keys)s, or %(none)s", keys=", ".join(keys), none=NO_KEY)}
        )
    if keys[said].unique:
        return said, True
    if said not in mapped:
        raise Invalid({"key": say("no column goes into %(field)s", field=said)})
    # Not everybody has an e-mail address; who has none is new.
    return said, False


def _sure(one: Field, values: Sequence[Value]) -> bool:
    """Whether a field is a key though nobody says so."""
    return one.unique or (one.type.kind == "email" and not _twin(values))


def shared(
    keys: Mapping[str, Field], mapped: Mapping[str, Sequence[Value]]
) -> tuple[Field, str] | None:
    """What would be the key, did not several rows have the same; with one such value."""
    for name, one in keys.items():
        if name in mapped and one.type.kind == "email" and (twin := _twin(mapped[name])):
            return one, twin
    return None


def _twin(values: Sequence[Value]) -> str:
    """The first of the addresses that comes twice."""
    cells = (several(as_text(value).casefold()) for value in values)
    counts = Counter(cell[0] for cell in cells if cell and cell[0])
    return next((address for address, number in counts.items() if number > 1), "")


def compared(one: Field, value: object, at: Locale) -> object:
    """A key as it is compared: addresses and names are the same in capitals, too."""
    if one.folded and not one.unique:
        return sort_key(str(value))
    try:
        return one.type.parse(value, at)[0]
    except Refused:
        return str(value)
