"""Texts made to be slow or to fill the memory cost no more than others of their length."""

from __future__ import annotations

import random
import unicodedata
from collections.abc import Callable, Sequence
from difflib import get_close_matches

import pytest
from tests.growth import grows_as_its_length

from tenfold.app import registry
from tenfold.engine import unknown
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
    assert grows_as_its_length(read, hostile[:25_000], hostile[:100_000])


@pytest.mark.parametrize("address", ["{}@example.com", '"{}"@example.com'])
def test_an_address_without_end_is_refused_in_no_time(address: str) -> None:
    def parse(accents: str) -> None:
        with pytest.raises(Refused, match="too long"):
            Email().parse(address.format(accents), Locale())

    assert grows_as_its_length(parse, ACCENTS[:25_000], ACCENTS[:100_000])


@pytest.mark.parametrize("opening", ["<div>", "<ul><li>", "<div></b>", "<DIV></p>"])
def test_elements_inside_each_other_without_end_are_refused_in_no_time(opening: str) -> None:
    def parse(times: int) -> None:
        with pytest.raises(Refused, match="inside each other"):
            RichText().parse(opening * times, Locale())

    assert grows_as_its_length(parse, 2_750, 11_000)


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


def test_of_unknown_names_without_end_only_the_first_are_told(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    sought: list[str] = []

    def counted(name: str, names: Sequence[str], most: int) -> list[str]:
        sought.append(name)
        return get_close_matches(name, names, most)

    monkeypatch.setattr(unknown, "get_close_matches", counted)
    lead = registry().by_name["lead"]
    owner = Person(user=new_id(), tenant=new_id(), role="owner")
    names = {f"name{n}": n for n in range(1_000)}
    for body in (names, {"custom": names}, {"x" * 5_000_000: 1}):
        with pytest.raises(UnknownField) as told:
            parse(body, lead, owner.access(lead), Locale(), creating=True)
        assert len(told.value.fields) <= 20
    assert sought
    assert len(sought) <= 41
    assert max(map(len, sought)) <= 100
