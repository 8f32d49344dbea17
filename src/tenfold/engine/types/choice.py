"""One choice, several choices, tags, and the stage with its allowed moves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import ClassVar, cast

import msgspec
from sqlalchemy.dialects.postgresql import JSONB

from tenfold.engine.types.base import (
    EQUAL,
    TEXT,
    Column,
    FieldType,
    Locale,
    Refused,
    Schema,
    text_of,
)
from tenfold.kernel.labels import label_of
from tenfold.kernel.language import say, say_as


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice(FieldType):
    """One of a fixed list, kept as its text."""

    kind: ClassVar[str] = "choice"
    operators: ClassVar[tuple[str, ...]] = EQUAL
    options: tuple[str, ...]
    labels: Mapping[str, str] = field(default_factory=dict[str, str], hash=False)
    as_written: bool = False

    def columns(self) -> tuple[Column, ...]:
        return (Column("", TEXT),)

    def parse(self, value: object, at: Locale) -> tuple[object, ...]:
        text = text_of(value)
        if text not in self.options:
            raise Refused(
                say(
                    "must be one of %(names)s, not %(said)s",
                    names=_listed(self.options),
                    said=repr(text[:40]),
                )
            )
        return (text,)

    def schema(self) -> Schema:
        return {"type": "string", "enum": list(self.options)}

    def sample(self, n: int) -> object:
        return self.options[n % len(self.options)]

    def mistakes(self) -> tuple[str, ...]:
        return () if self.options else ("has no options; give at least one",)

    def label(self, value: str) -> str:
        """What people read for a value, in their language; `as_written` by an organisation."""
        text = self.declared_label(value)
        return text if self.as_written else say_as("choice", text)

    def declared_label(self, value: str) -> str:
        """The same as it was declared: in English, or as an organisation wrote it."""
        return self.labels.get(value) or label_of(value)


@dataclass(frozen=True, slots=True)
class Shown:
    """How an organisation shows a stage; empty texts and no days: as it ships."""

    label: str = ""
    hue: str = ""
    hidden: bool = False
    days: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage(Choice):
    """The stage of a record's work, with the moves it may make; always the field `status`.

    `moves` names, for a stage, those that may follow it; a stage that is not named may go anywhere.
    `own` is what one organisation shows otherwise: never what is stored, asked or allowed.
    """

    kind: ClassVar[str] = "stage"
    moves: Mapping[str, frozenset[str]] = field(
        default_factory=dict[str, frozenset[str]], hash=False
    )
    own: Mapping[str, Shown] = field(
        default_factory=dict[str, Shown], hash=False, compare=False, repr=False
    )

    def label(self, value: str) -> str:
        """What people of the organisation read for a stage."""
        return (self.own[value].label if value in self.own else "") or Choice.label(self, value)

    def offered(self, at: str = "") -> list[str]:
        """The stages that people are offered, and the one that a record is at."""
        return [o for o in self.options if o == at or o not in self.own or not self.own[o].hidden]

    def stuck_after(self, value: str) -> int:
        """After how many days without a change a record counts as stuck there; 0: never."""
        return self.own[value].days if value in self.own else 0

    def may_move(self, old: str, new: str) -> bool:
        """Whether a record may go from one stage to another."""
        return old == new or old not in self.moves or new in self.moves[old]

    def ends(self, at: str) -> bool:
        """Whether no move leads away from a stage."""
        return self.moves.get(at) == frozenset()

    def sources(self, new: str) -> list[str]:
        """The stages from which a record may go to this one."""
        return [old for old in self.options if self.may_move(old, new)]

    def mistakes(self) -> tuple[str, ...]:
        named = set(self.moves) | {to for tos in self.moves.values() for to in tos}
        unknown = sorted(named - set(self.options))
        wrong = tuple(f"moves name the stage {stage!r}, which does not exist" for stage in unknown)
        return (*Choice.mistakes(self), *wrong)


@dataclass(frozen=True, slots=True, kw_only=True)
class Choices(FieldType):
    """Several of a fixed list; kept as JSON for output and in slots for filters."""

    kind: ClassVar[str] = "choices"
    operators: ClassVar[tuple[str, ...]] = ("eq", "in", "null")
    many: ClassVar[bool] = True
    options: tuple[str, ...]
    labels: Mapping[str, str] = field(default_factory=dict[str, str], hash=False)
    as_written: bool = False

    def columns(self) -> tuple[Column, ...]:
        return (Column("", JSONB()),)

    def parse(self, value: object, at: Locale) -> tuple[object, ...]:
        chosen = list_of(value, 100)
        for text in chosen:
            if text not in self.options:
                raise Refused(
                    say(
                        "takes %(names)s, not %(said)s",
                        names=_listed(self.options),
                        said=repr(text[:40]),
                    )
                )
        return (msgspec.json.encode(chosen).decode(),)

    def filter_value(self, text: str, at: Locale) -> object:
        if text not in self.options:
            raise Refused(say("takes %(names)s", names=_listed(self.options)))
        return text

    def schema(self) -> Schema:
        item: Schema = {"type": "string", "enum": list(self.options)}
        return {"type": "array", "items": item, "maxItems": 100}

    def sample(self, n: int) -> object:
        return sorted({self.options[n % len(self.options)], self.options[0]})

    def mistakes(self) -> tuple[str, ...]:
        return () if self.options else ("has no options; give at least one",)

    def label(self, value: str) -> str:
        """What people read for a value, in their language; `as_written` by an organisation."""
        text = self.declared_label(value)
        return text if self.as_written else say_as("choice", text)

    def declared_label(self, value: str) -> str:
        """The same as it was declared: in English, or as an organisation wrote it."""
        return self.labels.get(value) or label_of(value)


@dataclass(frozen=True, slots=True, kw_only=True)
class Tags(FieldType):
    """Free words, without order or doubles; kept as JSON for output and in slots for filters."""

    kind: ClassVar[str] = "tags"
    operators: ClassVar[tuple[str, ...]] = ("eq", "in", "null")
    many: ClassVar[bool] = True

    def columns(self) -> tuple[Column, ...]:
        return (Column("", JSONB()),)

    def parse(self, value: object, at: Locale) -> tuple[object, ...]:
        tags = list_of(value, 100)
        for tag in tags:
            if len(tag) > 100:
                raise Refused(say("a tag must have at most 100 characters"))
        return (msgspec.json.encode(tags).decode(),)

    def filter_value(self, text: str, at: Locale) -> object:
        return text_of(text)

    def schema(self) -> Schema:
        return {"type": "array", "items": {"type": "string", "maxLength": 100}, "maxItems": 100}

    def sample(self, n: int) -> object:
        return sorted({f"tag {n % 7}", "vip"})


def list_of(value: object, most: int) -> list[str]:
    """A list of distinct texts, in order of first mention."""
    if not isinstance(value, list | tuple):
        raise Refused(say("must be a list"))
    items = list(cast("Sequence[object]", value))
    if len(items) > most:
        raise Refused(say("must have at most %(most)s entries", most=most))
    texts = (" ".join(text_of(item).split()) for item in items)
    return list(dict.fromkeys(text for text in texts if text))


def _listed(options: tuple[str, ...]) -> str:
    shown = ", ".join(options[:20])
    return f"{shown}, …" if len(options) > 20 else shown
