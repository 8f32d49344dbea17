"""Short text, long text and rich text."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from typing import Any, ClassVar
from uuid import UUID

import nh3
from sqlalchemy.sql.elements import ColumnElement

from tenfold.engine.types.base import (
    TEXT,
    Column,
    Columns,
    FieldType,
    Locale,
    Refused,
    Schema,
    text_of,
)
from tenfold.kernel.clock import zones
from tenfold.kernel.ids import parse_id
from tenfold.kernel.language import grouped, say
from tenfold.kernel.text import sort_key

_ATTRIBUTES = {**nh3.ALLOWED_ATTRIBUTES, "span": {"data-mention"}}
_MENTION = re.compile(r' data-mention="([0-9a-f-]{36})"')
_ELEMENT = re.compile(r"<(/?)(?!(?:br|hr|img|col|wbr)\b)([a-z][a-z0-9]*)")
_DEEPEST = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Text(FieldType):
    """One line of text; where it sorts or names records, `folded` without case and accents too."""

    kind: ClassVar[str] = "text"
    operators: ClassVar[tuple[str, ...]] = (*FieldType.operators, "prefix")
    max_length: int = 500
    folded: bool = False

    def columns(self) -> tuple[Column, ...]:
        plain = Column("", TEXT)
        return (plain, Column("_key", TEXT, derived=True)) if self.folded else (plain,)

    def parse(self, value: object, at: Locale) -> tuple[object, ...]:
        text = " ".join(text_of(value).split())
        if len(text) > self.max_length:
            raise Refused(
                say(
                    "must have at most %(most)s characters, this has %(n)s",
                    most=grouped(self.max_length),
                    n=grouped(len(text)),
                )
            )
        return (text, sort_key(text)) if self.folded else (text,)

    def sorted_by(self, field: str, columns: Columns) -> ColumnElement[Any]:
        return columns[field + "_key"] if self.folded else columns[field]

    def filter_value(self, text: str, at: Locale) -> object:
        return text_of(text)

    def schema(self) -> Schema:
        return {"type": "string", "maxLength": self.max_length}

    def sample(self, n: int) -> object:
        number = str(n)[-self.max_length :]  # kept whole as long as it fits: it tells them apart
        return f"Ólafur {'Ż' * (n % 3)}text "[: self.max_length - len(number)] + number


@dataclass(frozen=True, slots=True, kw_only=True)
class TimeZone(Text):
    """A text that names a time zone of the IANA database, like America/Chicago."""

    max_length: int = 64

    def parse(self, value: object, at: Locale) -> tuple[object, ...]:
        (text,) = Text.parse(self, value, at)
        if text not in zones():
            raise Refused(say("must be a time zone by its IANA name, like America/Chicago"))
        return (text,)

    def schema(self) -> Schema:
        said = {"description": "By its IANA name.", "examples": ["America/Chicago"]}
        return {**Text.schema(self), **said}

    def sample(self, n: int) -> object:
        return ("America/Chicago", "Europe/Berlin", "UTC")[n % 3]


@dataclass(frozen=True, slots=True, kw_only=True)
class LongText(FieldType):
    """Text of many lines."""

    kind: ClassVar[str] = "long_text"
    operators: ClassVar[tuple[str, ...]] = ("null",)
    max_length: int = 100_000

    def columns(self) -> tuple[Column, ...]:
        return (Column("", TEXT),)

    def parse(self, value: object, at: Locale) -> tuple[object, ...]:
        text = text_of(value).replace("\r\n", "\n").replace("\r", "\n").strip()
        if len(text) > self.max_length:
            raise Refused(
                say(
                    "must have at most %(most)s characters, this has %(n)s",
                    most=grouped(self.max_length),
                    n=grouped(len(text)),
                )
            )
        return (text,)

    def schema(self) -> Schema:
        return {"type": "string", "maxLength": self.max_length}

    def sample(self, n: int) -> object:
        return f"First line {n}\nsecond line, with “quotes”"


@dataclass(frozen=True, slots=True, kw_only=True)
class RichText(LongText):
    """HTML of a small safe set; whatever is outside it is taken out before it is stored.

    `<span data-mention="…">@Name</span>` mentions a person of the organisation by their id.
    """

    kind: ClassVar[str] = "rich_text"

    def parse(self, value: object, at: Locale) -> tuple[object, ...]:
        text = str(LongText.parse(self, value, at)[0])
        if _depth(text) > _DEEPEST:
            raise Refused(
                say("must not have more than %(n)s elements inside each other", n=grouped(_DEEPEST))
            )
        return (nh3.clean(text, attributes=_ATTRIBUTES, attribute_filter=_kept),)

    def schema(self) -> Schema:
        return {"type": "string", "maxLength": self.max_length, "contentMediaType": "text/html"}

    def sample(self, n: int) -> object:
        return f"<p>Paragraph <strong>{n}</strong></p>"


def mentioned(html: str) -> set[UUID]:
    """The people whom a clean text mentions, by their ids."""
    return {UUID(found) for found in _MENTION.findall(html)}


def _kept(tag: str, attribute: str, value: str) -> str | None:
    """An attribute's value as it is kept: a mention names an id, or there is none."""
    del tag
    if attribute != "data-mention":
        return value
    found = parse_id(value)
    return str(found) if found else None


def _depth(text: str) -> int:
    """How many elements are open at once at most; to clean them takes the square of that."""
    opened, depth, deepest = Counter[str](), 0, 0
    for end, name in _ELEMENT.findall(text.lower()):
        if not end:
            opened[name] += 1
            depth += 1
            deepest = max(deepest, depth)
        elif opened[name] > 0:
            opened[name] -= 1
            depth -= 1
    return deepest
