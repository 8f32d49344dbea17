"""Every text that people read is marked, collected and translated whole."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

import pytest
from babel.messages.catalog import Message
from babel.messages.pofile import read_po
from tools import texts

from tenfold.kernel.language import DOMAIN, ENGLISH, FOLDER, LANGUAGES
from tenfold.web.pages.render import environment

TEMPLATES = Path(__file__).parents[2] / "src" / "tenfold" / "web" / "templates"
OTHERS = sorted(set(LANGUAGES) - {ENGLISH})
_PLACE = re.compile(r"%\(\w+\)[sd]|%%")
_TAG = re.compile(r"</?[a-z][^>]*>")
# What speaks English: the pages about the API.
ENGLISH_ONLY = {"docs.html", "docs_head.html", "docs_part.html"}
# Still to be marked; only ever takes names out.
UNMARKED: set[str] = set()


def test_every_text_is_in_the_catalogs() -> None:
    """`python tools/texts.py` writes what is missing here."""
    said = {(m.context, m.id) for m in texts.template() if m.id}
    with (FOLDER / f"{DOMAIN}.pot").open("rb") as file:
        assert not said - {(m.context, m.id) for m in read_po(file)}
    for language in OTHERS:
        assert not said - {(m.context, m.id) for m in catalog(language)}, language


@pytest.mark.parametrize("language", OTHERS)
def test_translations_are_complete(language: str) -> None:
    left = [m.id for m in catalog(language) if not all(_said(m))]
    assert not left, f"{len(left)} texts are not translated yet, like {left[:5]}"


@pytest.mark.parametrize("language", OTHERS)
def test_translations_put_in_the_same_values_and_tags(language: str) -> None:
    wrong: list[object] = []
    for message in catalog(language):
        asked = message.id if isinstance(message.id, tuple) else (message.id,)
        wanted = {_held(text) for text in asked}
        wrong += [message.id for text in _said(message) if text and _held(text) not in wanted]
    assert not wrong


def catalog(language: str) -> list[Message]:
    with (FOLDER / language / "LC_MESSAGES" / f"{DOMAIN}.po").open("rb") as file:
        return [m for m in read_po(file, locale=language) if m.id]


def _said(message: Message) -> list[str]:
    said = message.string
    return [str(s) for s in said] if isinstance(said, tuple | list) else [str(said or "")]


def _held(text: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    return tuple(sorted(_PLACE.findall(text))), tuple(sorted(_TAG.findall(text)))


# -- templates


@pytest.mark.parametrize(
    "name", sorted({p.relative_to(TEMPLATES).as_posix() for p in TEMPLATES.rglob("*.html")})
)
def test_templates_mark_what_people_read(name: str) -> None:
    if name in ENGLISH_ONLY:
        return
    found = list(unmarked((TEMPLATES / name).read_text("utf-8")))
    if name in UNMARKED:
        assert found, f"{name} is marked; take it from UNMARKED"
    else:
        assert not found, "write {{ _(…) }} around it"


_TRANS = re.compile(r"{%-?\s*trans\b.*?endtrans\s*-?%}", re.DOTALL)
_ROOM = re.compile(r"{%-?\s*block room\b.*?endblock\s*-?%}", re.DOTALL)
# Parts of a tag that a macro makes.
_WITHIN_TAG = re.compile(r"{% macro attributes\b.*?endmacro\s*-?%}", re.DOTALL)
_CODE = re.compile(r"{#.*?#}|{%.*?%}|{{.*?}}", re.DOTALL)
_SHOWN = ("title", "placeholder", "aria-label", "alt")
_PLAIN = {"Tenfold"}
_MARKS = {"_", "gettext", "ngettext", "pgettext"}


def unmarked(source: str) -> Iterator[str]:
    """Texts of a template that no translator will see."""
    for hidden in (_TRANS, _ROOM, _WITHIN_TAG):
        source = hidden.sub("\x01", source)
    yield from (text for text in _in_code(source) if text not in _PLAIN)
    reader = _Reader()
    reader.feed(_CODE.sub("\x01", source))
    yield from reader.found


def _in_code(source: str) -> Iterator[str]:
    """Sentences in expressions that are not given to `_`."""
    before: list[str] = []
    last = ""
    for kind, value in _tokens(source):
        if kind == "string" and re.match(r"[A-Z][a-z]+[^a-z]|[A-Z][a-z]+$", value):
            inside = any(mark in _MARKS for mark in before)
            if not inside:
                yield value
        if kind in ("variable_begin", "block_begin"):
            before = []
        elif value == "(":
            before.append(last)
        elif value == ")" and before:
            before.pop()
        last = value


def _tokens(source: str) -> Iterator[tuple[str, str]]:
    for _, kind, value in environment().lex(source):
        if kind == "string":
            yield kind, value[1:-1]
        elif kind not in ("whitespace", "data", "comment"):
            yield kind, value


class _Reader(HTMLParser):
    """The texts and the attributes that people see or hear."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self._code = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._code += tag in ("code", "kbd")
        for name, value in attrs:
            if name in _SHOWN:
                self._note(value or "")

    def handle_endtag(self, tag: str) -> None:
        self._code -= tag in ("code", "kbd")

    def handle_data(self, data: str) -> None:
        if not self._code:
            self._note(data)

    def _note(self, text: str) -> None:
        for part in text.split("\x01"):
            plain = part.strip(" \n·.,:;()")
            if re.search(r"[A-Za-z]{2}", plain) and plain not in _PLAIN:
                self.found.append(plain)
