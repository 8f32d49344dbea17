"""What a file names and is not here: the part of its page, and what was chosen."""

from __future__ import annotations

from dataclasses import dataclass

from tenfold.exchange.import_state import Options
from tenfold.exchange.links import Link
from tenfold.exchange.previewing import Preview
from tenfold.kernel.language import say, say_n
from tenfold.web.pages import words
from tenfold.web.pages.filters import Option
from tenfold.web.pages.import_words import rows
from tenfold.web.pages.session import Form

_NAME = "link."
_MAKE, _LEAVE = "make", "leave"


@dataclass(frozen=True, slots=True)
class Missing:
    """A relation whose records are not here, in how many rows, and what may be done."""

    name: str
    label: str
    names: str
    rows: str
    options: tuple[Option, ...]


def missing(preview: Preview, chosen: Options) -> tuple[Missing, ...]:
    """What is asked about the relations of a file."""
    return tuple(
        Missing(f"{_NAME}{one.name}", one.label, _names(one), rows(one.rows), _options(one, chosen))
        for one in preview.links
    )


def said(form: Form) -> dict[str, list[str]]:
    """The options that the form chooses: relations whose records are made, or that stay empty."""
    chosen = {name.removeprefix(_NAME): form.get(name) for name in form.names(_NAME)}
    return {
        "create_missing": [name for name, deed in chosen.items() if deed == _MAKE],
        "leave_missing": [name for name, deed in chosen.items() if deed == _LEAVE],
    }


def _names(one: Link) -> str:
    names = ", ".join(one.names)
    more = one.records - len(one.names)
    if not more:
        return names
    return say("%(names)s and %(n)s more", names=names, n=words.number(more))


def _options(one: Link, chosen: Options) -> tuple[Option, ...]:
    make, leave = one.name in chosen.create_missing, one.name in chosen.leave_missing
    found = [Option("", say("Refuse these rows"), not (make or leave))]
    if one.make:
        many = say_n(
            "Make %(n)s record with just the name",
            "Make %(n)s records with just the name",
            one.records,
            n=words.number(one.records),
        )
        found.append(Option(_MAKE, many, make))
    if one.leave:
        found.append(Option(_LEAVE, say("Leave it empty"), leave))
    return tuple(found)
