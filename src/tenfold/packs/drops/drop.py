"""Kinds of packs with their odds, and the hours in which they are sold."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from tenfold.engine.declare import ALL, Record, can, field, generated, index, pipeline, relation
from tenfold.engine.types import Json, LongText, Ref, Tags, Url


class PackType(Record, plural="pack_types", icon="package"):
    """A kind of pack: its price, how many cards it holds, and the odds of each rarity."""

    name: str = field(search="A", title=True, sort=True)
    card_set: Ref = relation("card_set", back="pack_types")
    price: int = field(min=0, max=1_000_000_000, sort=True, help="In credits.")
    cards_per_pack: int = field(min=1, max=100)
    odds: Json = field(help="Published before the sale: for each rarity its share in millionths.")
    slots: Json | None = field(help="What each place in the pack may hold.")
    pity_after: int | None = field(
        min=1, max=10_000, help="A rare card comes at the latest in this many packs."
    )
    odds_hash: str | None = field(max_length=64, help="SHA-256 of the odds as published.")
    art: Url | None = field()
    description: LongText | None = field(search="D")

    access = {
        "collector": can(read=ALL),
        "drop_manager": can(read=ALL, create=True, update=ALL, delete=ALL),
    }


class DropStatus(StrEnum):
    """Where a sale stands."""

    DRAFT = "draft"
    SCHEDULED = "scheduled"
    QUEUE_OPEN = "queue_open"
    LIVE = "live"
    PAUSED = "paused"
    SOLD_OUT = "sold_out"
    ENDED = "ended"
    SETTLED = "settled"
    CANCELLED = "cancelled"


_S = DropStatus
_MOVES = {
    _S.DRAFT: {_S.SCHEDULED, _S.CANCELLED},
    _S.SCHEDULED: {_S.DRAFT, _S.QUEUE_OPEN, _S.LIVE, _S.CANCELLED},
    _S.QUEUE_OPEN: {_S.LIVE, _S.PAUSED, _S.CANCELLED},
    _S.LIVE: {_S.PAUSED, _S.SOLD_OUT, _S.ENDED, _S.CANCELLED},
    _S.PAUSED: {_S.QUEUE_OPEN, _S.LIVE, _S.ENDED, _S.CANCELLED},
    _S.SOLD_OUT: {_S.ENDED, _S.SETTLED},
    _S.ENDED: {_S.SETTLED},
    _S.SETTLED: set[_S](),
    _S.CANCELLED: set[_S](),
}


class Drop(
    Record,
    plural="drops",
    icon="ticket",
    guide="Plan the first drop: when it begins, and how many packs there are.",
):
    """A sale of one kind of pack: when, how many, how many for each."""

    name: str = field(search="A", title=True, sort=True)
    pack_type: Ref = relation("pack_type", back="drops")
    status: DropStatus = pipeline(default=DropStatus.DRAFT, moves=_MOVES)
    starts_at: datetime = field(sort=True, filter=True)
    ends_at: datetime | None = field(sort=True, after="starts_at")
    supply: int = field(min=1, max=100_000_000, help="How many packs there are.")
    remaining: int | None = field(min=0, max=100_000_000, help="How many are left.")
    sold: int | None = generated("supply - remaining", sort=True)
    per_person: int = field(default=5, min=1, max=100_000, help="How many one person may buy.")
    refund_hours: int = field(
        default=24, min=0, max=8_760, help="How long a bought pack may be given back."
    )
    waves: Json | None = field(help="Who may buy from which moment on.")
    allow_list: Tags | None = field(help="Words of those who may buy early.")
    seed_hash: str | None = field(
        max_length=64, help="Published before the sale; the seed itself after it."
    )
    seed: str | None = field(max_length=64, help="Revealed when the drop is settled.")
    description: LongText | None = field(search="D")

    indexes = [index("status", "starts_at")]
    access = {
        "collector": can(read=ALL),
        "drop_manager": can(read=ALL, create=True, update=ALL, delete=ALL),
    }
