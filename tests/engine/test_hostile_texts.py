"""Texts made to be slow or to fill the memory cost no more than others of their length."""

from __future__ import annotations

import random
import time
import unicodedata
from collections.abc import Callable

import pytest

from tenfold.app import registry
from tenfold.engine import words as indexed
from tenfold.engine.access import Person
from tenfold.engine.types import Email, Locale, Refused, RichText
from tenfold.engine.values import parse
from tenfold.kernel import text
from tenfold.kernel.errors import UnknownField
from tenfold.kernel.ids import new_id

ACCENTS = "a" + "\u0301\u0316" * 50_000
"""Accents above and below in turn: their normal form takes the square of their number."""
APART = "\u0f73\uff9e" * 50_000
"""No accents themselves, but taken apart into some."""


@pytest.mark.parametrize("hostile", [ACCENTS, APART])
@pytest.mark.parametrize("read", [text.fold, text.words, text.spelled])
def test_accents_without_end_are_read_in_no_time(
    read: Callable[[str], object], hostile: str
) -> None:
    _soon(lambda: read(hostile))


@pytest.mark.parametrize("address", [f"{ACCENTS}@example.com", f'"{ACCENTS}"@example.com'])
def test_an_address_without_end_is_refused_in_no_time(address: str) -> None:
    def parse() -> None:
        with pytest.raises(Refused, match="too long"):
            Email().parse(address, Locale())

    _soon(parse)


@pytest.mark.parametrize(
    "nested", ["<div>" * 20_000, "<ul><li>" * 12_500, "<div></b>" * 11_000, "<DIV></p>" * 11_000]
)
def test_elements_inside_each_other_without_end_are_refused_in_no_time(nested: str) -> None:
    def parse() -> None:
        with pytest.raises(Refused, match="inside each other"):
            RichText().parse(nested, Locale())

    _soon(parse, 0.3)


@pytest.mark.parametrize(
    "usual", ["<p>One</p>" * 9_000, "<p>One<br>two</p>" * 5_000, "<ul><li><b>x</b></ul>" * 900]
)
def test_elements_behind_each_other_are_fine(usual: str) -> None:
    (text,) = RichText().parse(usual, Locale())
    assert len(str(text)) >= len(usual)


def test_letters_are_folded_alone_as_they_are_together() -> None:
    some = random.Random(7)
    marks = [c for c in map(chr, range(0x3100)) if unicodedata.combining(c)]
    letters = [*"aeiäöüßøıİI가각ﬃ½Ⅷ𝐀-' ", "\u0345", "\u0f73", "\uff9e", *some.sample(marks, 30)]
    for _ in range(5_000):
        given = "".join(some.choices(letters, k=8))
        assert text.fold(given) == _folded(given), ascii(given)


def test_long_texts_and_words_are_not_kept() -> None:
    long = "ö" * 300
    sizes = _sizes()
    indexed.stem(long)
    text.words(f"{long} {long}")
    text.spelled(f"{long} {long}")
    assert _sizes() == sizes
    assert indexed.stem("running" * 20) == ("running" * 20)[:100]


def _sizes() -> list[int]:
    kept = (text._kept_words, text._kept_spelled, indexed._stem)
    return [one.cache_info().currsize for one in kept]


def _folded(given: str) -> str:
    """What folding means, said of the text as a whole."""
    apart = unicodedata.normalize("NFKD", given).casefold()
    plain = unicodedata.normalize("NFKD", apart).translate(text._PLAIN)
    kept = "".join(c for c in plain if not unicodedata.combining(c))
    return " ".join(unicodedata.normalize("NFC", kept).split())


def _soon(work: Callable[[], object], seconds: float = 1) -> None:
    began = time.process_time()
    work()
    assert time.process_time() - began < seconds


def test_unknown_names_without_end_are_refused_in_no_time() -> None:
    lead = registry().by_name["lead"]
    owner = Person(user=new_id(), tenant=new_id(), role="owner")
    names = {f"name{n}": n for n in range(50_000)}
    for body in (names, {"custom": names}, {"x" * 5_000_000: 1}):

        def refused(body: dict[str, object] = body) -> UnknownField:
            with pytest.raises(UnknownField) as told:
                parse(body, lead, owner.access(lead), Locale(), creating=True)
            return told.value

        _soon(refused, 0.5)
        assert len(refused().fields) <= 20
