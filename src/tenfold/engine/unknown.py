"""What is said of a name that is no field, or is none that the person may see."""

from __future__ import annotations

from collections.abc import Sequence
from difflib import get_close_matches
from functools import lru_cache

from tenfold.engine.access import Access
from tenfold.engine.definition import Definition, Field
from tenfold.kernel.errors import UnknownField

_HINTED = 10


def unknown(name: str, definition: Definition, access: Access, parameter: str = "") -> UnknownField:
    """The error, about the `parameter` that names the field: a filter is named by the field."""
    wrong = "is" if parameter in ("", name) else f"{name[:100]!r} is"
    where = (parameter or name)[:100]
    whole, dot, _ = name.partition(".")
    field = definition.by_json.get(whole) if dot else None
    if field is not None and access.sees(field):
        ways = _ways(field, access) if parameter == name else ""
        return UnknownField({where: f"{wrong} not a field; there is {whole} as a whole only{ways}"})
    names = [f.json_name for f in definition.fields.values() if access.sees(f)]
    names += [f"custom.{f.name}" for f in definition.custom_fields.values() if access.sees(f)]
    told = hint(name[:100], tuple(names))
    return UnknownField(
        {where: f"{wrong} not a field of {definition.label_plural.lower()}; {told}"}
    )


@lru_cache(maxsize=1_024)
def hint(name: str, names: tuple[str, ...]) -> str:
    """What was meant, or may be; asked once for the rows of a bulk that are all wrong alike."""
    close = get_close_matches(name, names, 1)
    return f"did you mean {close[0]}?" if close else f"there are {_first(sorted(names))}"


def _ways(field: Field, access: Access) -> str:
    """How a list is filtered by a field."""
    name = field.json_name
    ways = [f"{name}=…" if o == "eq" else f"{name}[{o}]=…" for o in access.operators(field)]
    return f": {', '.join(ways)}" if ways else ""


def _first(names: Sequence[str]) -> str:
    """Some of the names, and where the others are."""
    more = len(names) - _HINTED
    told = ", ".join(names[:_HINTED])
    return f"{told} and {more} more, listed in /docs" if more > 0 else told
