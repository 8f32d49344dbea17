"""How a file to import is written: the choices on the page of its columns, and what was chosen."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import cast

import phonenumbers
from babel import Locale
from babel.numbers import get_currency_name

from tenfold.exchange import starting
from tenfold.exchange.delimited_shape import SEPARATORS
from tenfold.exchange.import_state import Options
from tenfold.exchange.keys import NO_KEY
from tenfold.exchange.previewing import Preview
from tenfold.kernel.language import manner, mark, say
from tenfold.kernel.money import CURRENCIES
from tenfold.web.pages.filters import Option
from tenfold.web.pages.frame import Who
from tenfold.web.pages.session import Form, whole

_COLUMN = "column."
_ENCODINGS = {
    "utf-8": "UTF-8",
    "utf-16": "UTF-16",
    "cp1252": mark("Western, Windows (cp1252)"),
    "iso8859_15": mark("Western, ISO 8859-15"),
    "mac_roman": mark("Western, Mac"),
    "cp1250": mark("Central European, Windows (cp1250)"),
    "cp1251": mark("Cyrillic, Windows (cp1251)"),
    "cp1253": mark("Greek, Windows (cp1253)"),
    "cp1254": mark("Turkish, Windows (cp1254)"),
    "cp932": mark("Japanese (Shift JIS)"),
    "gb18030": mark("Chinese, simplified (GB 18030)"),
    "big5": mark("Chinese, traditional (Big5)"),
    "cp949": mark("Korean (cp949)"),
}
_SEPARATORS = {
    ",": mark("Comma"),
    ";": mark("Semicolon"),
    "\t": mark("Tab"),
    "|": mark("Vertical bar"),
}


@dataclass(frozen=True, slots=True)
class Choice:
    """One thing about a file that was guessed and may be mended; `was` is what is shown."""

    name: str
    label: str
    help: str
    was: str
    options: tuple[Option, ...]


def choices(preview: Preview, chosen: Options, who: Who) -> tuple[Choice, ...]:
    """What may be chosen about a file, with what holds now."""
    region = (chosen.region or who.region).upper()
    currency = (chosen.currency or who.currency).upper()
    place = say("Numbers, dates and telephones are read as they are written there.")
    found = [
        _choice("region", say("Region"), place, region, _regions(manner().language)),
        _choice(
            "currency",
            say("Currency"),
            say("Of amounts that name none."),
            currency,
            currencies(manner().language),
        ),
        _choice(
            "encoding",
            say("Encoding"),
            say("Where letters look odd."),
            preview.encoding,
            _encodings(),
        ),
    ]
    if preview.separator is not None:
        known = [(sign, say(_SEPARATORS[sign])) for sign in SEPARATORS]
        found.append(
            _choice(
                "separator", say("Separator"), say("Between two cells."), preview.separator, known
            )
        )
    cells = [("refuse", say("Refuse their rows")), ("skip", say("Leave them out"))]
    needed = say("Where a row can't do without one, it is refused.")
    found.append(
        _choice("unreadable", say("Cells that can't be read"), needed, chosen.unreadable, cells)
    )
    return tuple(found)


def known(preview: Preview, chosen: Options) -> tuple[Choice, ...]:
    """What may be chosen about records that are here already: how they are found, what becomes."""
    new = (NO_KEY, say("Nothing: every row is new"))
    ways = [new, *((name, label) for name, label in preview.keys.items())]
    become = [("update", say("Change them as the file says")), ("skip", say("Skip their rows"))]
    finds = say("A row with the same value as a record stands for that record.")
    keeps = say("A cell that is empty leaves what the record has.")
    return (
        _choice("key", say("Found by"), finds, preview.key or NO_KEY, ways),
        _choice("existing", say("What becomes of them"), keeps, chosen.existing, become),
    )


def said(form: Form, before: Options, who: Who) -> Options:
    """How the file is written, by the form; what it leaves as it was shown stays a guess."""
    region, currency = form.get("region"), form.get("currency")
    return starting.check(
        Options(
            encoding=_changed(form, "encoding", before.encoding),
            separator=_changed(form, "separator", before.separator),
            # The organisation's own are not asked for: amounts then keep their records' currency.
            region="" if region == who.region else region,
            currency="" if currency == who.currency else currency,
            key=_changed(form, "key", before.key) or "",
            existing="skip" if form.get("existing") == "skip" else "update",
            unreadable="skip" if form.get("unreadable") == "skip" else "refuse",
        )
    )


def other_columns(one: Options, other: Options) -> bool:
    """Whether the file's columns may be others by these options than by those."""
    return (one.encoding, one.separator) != (other.encoding, other.separator)


def _changed(form: Form, name: str, before: str | None) -> str | None:
    given = form.get(name)
    return before if given == form.get(f"was.{name}") else given


def _choice(
    name: str, label: str, says: str, value: str, known: Iterable[tuple[str, str]]
) -> Choice:
    every = dict(known)
    every = every if value in every else {value: value, **every}
    return Choice(
        name, label, says, value, tuple(Option(v, t, v == value) for v, t in every.items())
    )


def _encodings() -> Iterable[tuple[str, str]]:
    return [(code, say(name)) for code, name in _ENCODINGS.items()]


@lru_cache(maxsize=16)
def _regions(language: str) -> tuple[tuple[str, str], ...]:
    names = cast("dict[str, str]", Locale(language).territories)
    found = [(code, names.get(code, code)) for code in phonenumbers.SUPPORTED_REGIONS]
    return tuple(sorted(found, key=lambda pair: pair[1]))


@lru_cache(maxsize=16)
def currencies(language: str) -> tuple[tuple[str, str], ...]:
    """Codes and names of all currencies."""
    return tuple(
        (code, f"{code} ({get_currency_name(code, locale=language)})")
        for code in sorted(CURRENCIES)
    )


def clashes(form: Form) -> dict[int, str]:
    """The columns of a form that are to go where one before them goes already, with that field."""
    taken: set[str] = set()
    found: dict[int, str] = {}
    for name in form.names(_COLUMN):
        number, target = whole(name.removeprefix(_COLUMN)), form.get(name)
        if target in taken and number is not None:
            found[number] = target
        elif target:
            taken.add(target)
    return found


def without(form: Form, columns: Mapping[int, str]) -> Form:
    """The form as if these columns were left out."""
    names = {f"{_COLUMN}{number}" for number in columns}
    return Form([(name, "" if name in names else value) for name, value in form.pairs])
