"""Declared types with every kind of field and relation, to see each in the document."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import ClassVar

from tenfold.engine.declare import (
    ALL,
    Record,
    can,
    computed,
    field,
    generated,
    pipeline,
    relation,
    rollup,
)
from tenfold.engine.registry import Registry
from tenfold.engine.types import (
    Address,
    AnyRef,
    Email,
    File,
    Json,
    LongText,
    Many,
    Money,
    Phone,
    Ref,
    RichText,
    Secret,
    Tags,
    Url,
    User,
)


class Colour(StrEnum):
    """A colour."""

    RED = "red"
    GREEN = "green"


class Step(StrEnum):
    """Where a gadget stands."""

    OPEN = "open"
    DONE = "done"


class Maker(Record, plural="makers"):
    """A maker of gadgets."""

    name: str = field(title=True, search="A")
    worth: int = rollup("gadgets", "count")
    friends: Many | None = relation("maker", back="friends_of")


class Gadget(Record, plural="gadgets"):
    """A thing with every kind of field."""

    name: str = field(title=True, search="A", reso="ListingId")
    text: LongText | None = field(help="Said at length.")
    rich: RichText | None
    number: int | None = field(min=0, max=9)
    ratio: Decimal | None = field(min=0, max=1, places=3)
    price: Money | None = field(min=0)
    fee: Money = field(default=0)
    fine: bool = field(default=False)
    day: date | None
    moment: datetime | None
    email: Email | None
    phone: Phone | None
    site: Url | None
    place: Address | None
    colour: Colour | None
    colours: set[Colour] | None
    tags: Tags | None
    maker: Ref | None = relation("maker", back="gadgets")
    about: AnyRef | None = relation()
    helper: User | None
    picture: File | None
    extra: Json | None
    code: Secret | None
    status: Step = pipeline(default=Step.OPEN, moves={Step.DONE: set()})
    twice: int | None = generated("number * 2")
    shout: str | None = computed("upper({t}.name)")

    access: ClassVar = {"agent": can(read=ALL, reveal={"code"})}


class Lonely(Record, plural="lonelies"):
    """A thing that relates to nothing."""

    name: str = field(title=True)


def registry() -> Registry:
    """The two related types, compiled."""
    return Registry({"things": [Maker, Gadget]})
