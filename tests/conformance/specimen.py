"""Types with a field of every kind, so that each promise is tried where no pack needs it yet."""
# ruff: noqa: RUF012 - lists and mappings are part of a declaration, here as in the packs

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum

from tenfold.engine import types as t
from tenfold.engine.declare import (
    ALL,
    OWN,
    TEAM,
    Record,
    can,
    computed,
    field,
    generated,
    index,
    pipeline,
    relation,
    rollup,
)
from tenfold.engine.definition import Definition
from tenfold.engine.project import tables


class Colour(StrEnum):
    """Some colours."""

    RED = "red"
    GREEN = "green"
    BLUE = "blue"


class SpecimenStatus(StrEnum):
    """Where a specimen stands."""

    FOUND = "found"
    NAMED = "named"
    SHOWN = "shown"
    LOST = "lost"


class Drawer(Record, plural="drawers"):
    """Where specimens are kept."""

    name: str = field(title=True, search="A", sort=True)
    specimen_count: int = rollup("specimens")
    heaviest: Decimal | None = rollup("specimens", "max", "weight")

    access = {
        "keeper": can(read=ALL, create=True, update=ALL, delete=ALL),
        "guest": can(read=ALL),
    }


class Specimen(Record, plural="specimens"):
    """A thing with a field of every kind."""

    name: str = field(title=True, search="A", sort=True, filter=True)
    code: str | None = field(unique=True, max_length=12)
    plain: str | None = field(filter=True, search="B")
    story: t.LongText | None = field(search="C")
    article: t.RichText | None = field(search="D")
    number: int | None = field(filter=True, sort=True, min=-1_000, max=1_000_000)
    weight: Decimal | None = field(filter=True, sort=True, places=3, min=0)
    price: t.Money | None = field(filter=True, sort=True)
    cost: t.Money = field(min=0, default=0)
    shown: bool = field(default=False, filter=True)
    rare: bool | None = field(filter=True)
    found_on: date | None = field(filter=True, sort=True)
    seen_at: datetime | None = field(filter=True, sort=True)
    email: t.Email | None = field(filter=True, search="B")
    phone: t.Phone | None = field(filter=True, search="B")
    site: t.Url | None = field(filter=True)
    place: t.Address | None = field(filter=True, sort=True, search="C")
    colour: Colour | None = field(filter=True)
    colours: set[Colour] | None = field()
    tags: t.Tags | None = field()
    notes: t.Json | None = field()
    combination: t.Secret | None = field(help="Opens the case.")
    serial: t.Secret | None = field(filter=True, help="What it is insured by.")
    diary: t.LongText | None = field(search="B", private=True)
    drawer: t.Ref | None = relation("drawer", back="specimens", on_delete="clear")
    parent: t.Ref | None = relation("specimen", back="children")
    about: t.AnyRef | None = relation(among=["drawer", "specimen"])
    finder: t.User | None = field(filter=True)
    picture: t.File | None = field()
    status: SpecimenStatus = pipeline(
        default=SpecimenStatus.FOUND,
        moves={
            SpecimenStatus.FOUND: {SpecimenStatus.NAMED, SpecimenStatus.LOST},
            SpecimenStatus.NAMED: {SpecimenStatus.SHOWN},
            SpecimenStatus.LOST: set(),
        },
    )
    twice: int | None = generated("number * 2", sort=True)
    label: str | None = computed("{t}.name || ' no. ' || coalesce({t}.number::text, '?')")

    indexes = [index("colour", "-found_on"), index("drawer", "number")]
    access = {
        "keeper": can(
            read=ALL, create=True, update=ALL, delete=ALL, reveal={"combination", "serial"}
        ),
        "collector": can(
            read=TEAM,
            create=True,
            update=OWN,
            delete=OWN,
            hide={"price", "diary", "combination"},
            read_only={"weight"},
        ),
        "finder": can(read=OWN, create=True, update=OWN),
        "guest": can(read=ALL, hide={"diary", "finder", "tags"}),
    }


RECORDS = (Drawer, Specimen)


def scripts(known: Mapping[str, Definition], app: str) -> Iterator[str]:
    """What makes the specimens' tables in a migrated database."""
    mine = [known["drawer"], known["specimen"]]
    for one in mine:
        yield tables.create_table(one)
        yield from (sql for _, sql in tables.indexes(one))
        yield from tables.protect(one, app)
    for one in mine:
        yield from (sql for _, sql in tables.foreign_keys(one, known))
