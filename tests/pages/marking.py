"""A language in which every text that is marked stands in brackets, and what stands outside them.

A text is bracketed up to the values that are put in, `⟦Moved to ⟧%(stage)s⟦.⟧`, so that an English
word given as a value stands outside, too.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest
from babel.messages.pofile import read_po, write_po
from tests.pages.html import Element

from tenfold.kernel import language
from tenfold.kernel.language import DOMAIN, FOLDER

MARKED = "fr"
"""It needs words for dates, which Babel has; no catalog of ours does."""
OPEN, CLOSE = "⟦", "⟧"
# What people read or hear of an element beside its text.
_TOLD = ("title", "aria-label", "placeholder", "alt", "aria-description", "aria-roledescription")
# The scripts show these: `data-copied="Copied"`.
_SAID = re.compile(r"data-(broken|copied|label|labels|looked|no|offline|often|pasted|sure|yes)")
_MUTE = frozenset({"script", "style", "code", "kbd", "svg"})
_PLACE = re.compile(r"%\(\w+\)[sd]")
_KEY = r"tf_\w+"  # the beginning of an API key
_WORD = re.compile(r"[^\W\d_]{2,}")


def bracketed(text: str) -> str:
    """A text as it is said in the language of the tests."""
    return _PLACE.sub(lambda found: f"{CLOSE}{found[0]}{OPEN}", f"{OPEN}{text}{CLOSE}")


def mark_all(patch: pytest.MonkeyPatch, folder: Path, spoken: str = MARKED, but: str = "") -> None:
    """Let pages speak the language of the tests to whoever asks for it.

    `folder` holds it. A text may be left out, as if nobody had marked it; such a language needs
    another name, since what was read of one is kept.
    """
    with (FOLDER / f"{DOMAIN}.pot").open("rb") as file:
        texts = read_po(file, locale=spoken)
    for one in texts:
        one.string = (
            bracketed(one.id)
            if isinstance(one.id, str)
            else tuple(bracketed(str(form)) for form in one.id)
        )
    if but:
        texts.delete(but)
    path = folder / spoken / "LC_MESSAGES" / f"{DOMAIN}.po"
    path.parent.mkdir(parents=True)
    with path.open("wb") as file:
        write_po(file, texts)
    patch.setitem(language.LANGUAGES, spoken, "Français")
    patch.setattr(language, "FOLDER", folder)


def unmarked(page: Element, data: Iterable[str]) -> list[str]:
    """What a page says that no translator sees, and that is none of these names and values."""
    names = "|".join(re.escape(one) for one in sorted(set(data), key=len, reverse=True))
    known = re.compile(rf"(?<!\w)(?:{names}|{_KEY})(?!\w)")
    told = [*_told(page), "".join(_texts(page))]
    outside = (" ".join(piece.split()) for text in told for piece in _outside(text))
    return sorted({piece for piece in outside if _WORD.search(known.sub("", piece))})


def _texts(one: Element) -> Iterator[str]:
    for child in one.children:
        if isinstance(child, str):
            yield child
        elif child.tag not in _MUTE:
            # Elements part words: <dt>Name</dt><dd>Ada</dd>.
            yield "\n"
            yield from _texts(child)
            yield "\n"


def _told(page: Element) -> Iterator[str]:
    for one in page.walk():
        for name, value in one.attributes.items():
            if name in _TOLD or _SAID.fullmatch(name):
                yield value


def _outside(text: str) -> Iterator[str]:
    depth, said = 0, ""
    for sign in text:
        if depth == 0 and sign in OPEN + "\n":
            yield said
            said = ""
        depth += (sign == OPEN) - (sign == CLOSE)
        if depth == 0 and sign != CLOSE:
            said += sign
    assert depth == 0, "a text that is said is whole"
    yield said
