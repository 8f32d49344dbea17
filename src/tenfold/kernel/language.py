"""In which language a text is made, and as which region writes figures and dates.

English is the source: what is said is written in English where it is said, and looked up by that.
Only pages choose another language (`speak`); whoever never asked for one reads English, so that
the API, exports and the command line stay as they are documented.
"""

from __future__ import annotations

import gettext
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tenfold.kernel.regions import Figures

ENGLISH = "en"
LANGUAGES = {"en": "English", "de": "Deutsch", "es": "Español"}
"""Those that pages speak, by their own names."""
DOMAIN = "tenfold"
FOLDER = Path(__file__).parents[1] / "locale"
# Languages that write nouns as they stand, also within a sentence.
_CAPITALS = frozenset({"de"})


@dataclass(frozen=True, slots=True)
class Manner:
    """How somebody is spoken to: the language of texts, and the region that figures follow."""

    language: str = ENGLISH
    region: str = ""


_PLAIN = Manner()
_MANNER: ContextVar[Manner] = ContextVar("tenfold_manner", default=_PLAIN)


def manner() -> Manner:
    """How the one is spoken to whom this text is for."""
    return _MANNER.get()


def plain() -> bool:
    """Whether English is spoken: what others' libraries say can be passed on."""
    return _MANNER.get().language == ENGLISH


def speak(language: str, region: str = "") -> None:
    """Make the texts of this request, from here on, in a language; an unknown one is English."""
    _MANNER.set(Manner(language if language in LANGUAGES else ENGLISH, region))


@contextmanager
def speaking(language: str | None, region: str | None = None) -> Generator[None]:
    """What is said meanwhile is in this language; where none is chosen, in that of before."""
    chosen = Manner(language, region or "") if language in LANGUAGES else _MANNER.get()
    before = _MANNER.set(chosen)
    try:
        yield
    finally:
        _MANNER.reset(before)


def hush() -> None:
    """Plain English again: what every request begins with."""
    _MANNER.set(_PLAIN)


def mark(text: str) -> str:
    """Marks a text of a constant, which is said later (`say(TEXT)`)."""
    return text


def say(text: str, /, **values: object) -> str:
    """A text in the reader's language: `say("Moved to %(stage)s.", stage=…)`.

    Without values nothing is put in, so a percent sign then stands for itself.
    """
    language = _MANNER.get().language
    if language != ENGLISH:
        text = _catalog(language).texts.get(text) or text
    return _put(text, values) if values else text


def say_n(one: str, many: str, count: int, /, **values: object) -> str:
    """The text for a number of things: `say_n("%(n)s lead", "%(n)s leads", count, n=…)`."""
    language = _MANNER.get().language
    text = one if count == 1 else many
    if language != ENGLISH:
        found = _catalog(language)
        forms = found.plurals.get(one)
        text = forms[found.form(count)] if forms else text
    return _put(text, values) if values else text


def _put(text: str, values: Mapping[str, object]) -> str:
    """The text with its values; one that ends with a dot needs none after it: `on 5. Nov.`"""
    if ")s." in text:
        dotted = (name for name, value in values.items() if str(value).endswith("."))
        for name in dotted:
            text = text.replace(f"%({name})s.", f"%({name})s")
    return text % values


def say_as(context: str, text: str, /) -> str:
    """A word in its meaning, where one English word has several: `say_as("choice", "Open")`."""
    language = _MANNER.get().language
    if language == ENGLISH or not text:
        return text
    texts = _catalog(language).texts
    return texts.get(f"{context}\x04{text}") or texts.get(text) or text


def within(label: str) -> str:
    """A label as it stands within a sentence: `Lead` → lead, `SMS consent` as it is; nouns of
    German keep their capital."""
    if _MANNER.get().language in _CAPITALS:
        return label
    if label[1:].islower():
        return label.lower()
    return " ".join(word if _is_name(word) else word.lower() for word in label.split(" "))


def _is_name(word: str) -> bool:
    """Whether a word is written so everywhere: GPA, LinkedIn."""
    return any(letter.isupper() for letter in word[1:])


@dataclass(frozen=True, slots=True)
class _Catalog:
    """The texts of a language by the English ones; with a context, those after it."""

    texts: dict[str, str]
    plurals: dict[str, tuple[str, ...]]
    form: Callable[[int], int]


@cache
def _catalog(language: str) -> _Catalog:
    """Read as it lies beside the code, when the first text of the language is asked for."""
    from babel.messages.pofile import read_po  # noqa: PLC0415 - English never needs it

    with (FOLDER / language / "LC_MESSAGES" / f"{DOMAIN}.po").open("rb") as file:
        found = read_po(file, locale=language, domain=DOMAIN)
    texts: dict[str, str] = {}
    plurals: dict[str, tuple[str, ...]] = {}
    for message in found:
        if not message.id or message.fuzzy or not message.string:
            continue
        if isinstance(message.id, str):
            key = f"{message.context}\x04{message.id}" if message.context else message.id
            texts[key] = str(message.string)
        elif all(message.string):
            plurals[message.id[0]] = tuple(message.string)
    return _Catalog(texts, plurals, gettext.c2py(found.plural_expr))


def grouped(count: int) -> str:
    """A count with its thousands separated as the reader's region does."""
    return f"{count:,}" if _MANNER.get() == _PLAIN else _figures().grouped(str(count))


def limit(number: int | Decimal | str) -> str:
    """A number that a refusal names, as the reader types it: `20.000`, `0,5`.

    Four digits may be those of a year and stay together.
    """
    plain = str(number)
    if _MANNER.get() == _PLAIN:
        return plain
    whole = plain.lstrip("-").partition(".")[0]
    return plain.replace(".", _figures().decimal) if len(whole) < 5 else _figures().grouped(plain)


def _figures() -> Figures:
    from tenfold.kernel.regions import figures  # noqa: PLC0415 - plain English never needs Babel

    told = _MANNER.get()
    return figures(told.language, told.region)
