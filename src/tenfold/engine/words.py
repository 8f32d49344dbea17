"""The words that a record is found by, as PostgreSQL stores them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Any, Protocol, cast
from uuid import UUID

import snowballstemmer

from tenfold.engine.definition import Definition, Field
from tenfold.engine.types import LongText
from tenfold.engine.values import plan_of
from tenfold.kernel.text import spelled, words

_TAG = re.compile(r"<[^>]*>")
_MOST_WORDS = 2_000
_LONG = 120


def search_vector(
    definition: Definition, tenant: UUID, row: Mapping[str, Any], *, private: bool
) -> str | None:
    """The text form of a tsvector: folded words with weights, each behind its tenant's prefix."""
    prefix = tenant.hex[-8:]
    found: dict[str, list[str]] = {}
    place = 0
    plan = plan_of(definition)
    for one, column in plan.private if private else plan.public:
        text = row.get(column)
        if not isinstance(text, str):
            continue
        for word in _indexed(one, text):
            place += 1
            if place > _MOST_WORDS:
                break
            # As of a word that is searched; and PostgreSQL refuses one of 2,047 bytes.
            found.setdefault(word[:100], []).append(f"{place}{one.search}")
    if not found:
        return None
    return " ".join(f"'{prefix}:{word}':{','.join(at[:50])}" for word, at in found.items())


def _indexed(one: Field, text: str) -> Iterable[str]:
    if isinstance(one.type, LongText):
        clean = _TAG.sub(" ", text) if one.type.kind == "rich_text" else text
        return map(stem, spellings(clean))
    if one.type.kind in ("email", "url"):
        return [*words(text), *_joined(text)]
    if one.type.kind == "phone":
        digits = "".join(c for c in text if c.isdigit())
        return [digits, digits[-7:]] if len(digits) > 7 else [digits]
    return spellings(text)


def spellings(text: str) -> Sequence[str]:
    """The words of a text, then those that can be spelled otherwise as well."""
    plain = words(text)
    return plain if text.isascii() else [*plain, *sorted({*spelled(text)} - {*plain})]


def _joined(text: str) -> list[str]:
    """An address's parts as people type them: the domain as one word."""
    domain = text.rpartition("@")[2].removeprefix("https://").removeprefix("http://")
    return _whole_word(domain.split("/")[0])


@lru_cache(maxsize=16_384)
def _whole_word(domain: str) -> list[str]:
    whole = re.sub(r"\W", "", domain)
    return [whole] if whole else []


class _Stemmer(Protocol):
    def stemWord(self, word: str) -> str: ...  # noqa: N802 - the library's name


# The library carries no types.
_STEMMER = cast("_Stemmer", snowballstemmer.stemmer("english"))  # pyright: ignore[reportUnknownMemberType]


def stem(word: str) -> str:
    """The English stem of a folded word (Snowball), 100 letters at most; a number is its own."""
    # No stem differs from its word so far from the end; and endless words are not to be kept.
    return word[:100] if len(word) > _LONG or word.isdecimal() else _stem(word)


@lru_cache(maxsize=65_536)
def _stem(word: str) -> str:
    return _STEMMER.stemWord(word)[:100]
