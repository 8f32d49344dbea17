"""The cards that packs hold, in their sets."""

from __future__ import annotations

from datetime import date
from enum import StrEnum

from tenfold.engine.declare import ALL, Record, can, field, index, relation, rollup
from tenfold.engine.types import Json, LongText, Ref, Tags, Url


class Rarity(StrEnum):
    """How rare a card is."""

    COMMON = "common"
    UNCOMMON = "uncommon"
    RARE = "rare"
    EPIC = "epic"
    LEGENDARY = "legendary"


class CardSet(Record, plural="card_sets", icon="layers", guide="Make the first card set."):
    """A series of cards that belong together."""

    name: str = field(search="A", title=True, sort=True)
    code: str = field(filter=True, unique=True, max_length=20, help="Short, like TIDE1.")
    released_on: date | None = field(sort=True)
    artist: str | None = field(search="B")
    description: LongText | None = field(search="D")
    card_count: int = rollup("cards", label="Cards")

    access = {
        "collector": can(read=ALL),
        "drop_manager": can(read=ALL, create=True, update=ALL, delete=ALL),
    }


class Card(Record, plural="cards", icon="image"):
    """A card as it is printed; a collector's own copy is a user card."""

    name: str = field(search="A", title=True, sort=True)
    card_set: Ref = relation("card_set", back="cards")
    number: int = field(min=1, max=100_000, sort=True, help="Its place in the set.")
    rarity: Rarity = field(filter=True)
    print_run: int | None = field(min=1, help="How many there are at most; empty: no limit.")
    refund_credits: int = field(
        default=0, min=0, help="What a copy brings when it is refunded after the reveal."
    )
    artist: str | None = field(search="B", filter=True)
    year: str | None = field(max_length=50)
    medium: str | None = field(max_length=200)
    art: Url | None = field(help="Where its picture lies.")
    traits: Json | None = field(help="What else is printed on it.")
    tags: Tags | None = field()
    copy_count: int = rollup("user_cards", label="Copies")

    indexes = [index("card_set", "number"), index("rarity", "name")]
    access = {
        "collector": can(read=ALL),
        "drop_manager": can(read=ALL, create=True, update=ALL, delete=ALL),
    }
