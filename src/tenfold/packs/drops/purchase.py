"""What collectors bought."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from tenfold.engine.declare import ALL, OWN, Record, can, field, index, pipeline, relation
from tenfold.engine.types import Ref


class PurchaseStatus(StrEnum):
    """How far a purchase has come."""

    REQUESTED = "requested"
    RESERVED = "reserved"
    PAID = "paid"
    ALLOCATED = "allocated"
    OPENED = "opened"
    EXPIRED = "expired"
    REFUNDED = "refunded"
    FAILED = "failed"


_S = PurchaseStatus
_MOVES = {
    _S.REQUESTED: {_S.RESERVED, _S.FAILED},
    _S.RESERVED: {_S.PAID, _S.EXPIRED, _S.FAILED},
    _S.PAID: {_S.ALLOCATED, _S.REFUNDED, _S.FAILED},
    _S.ALLOCATED: {_S.OPENED, _S.REFUNDED},
    _S.OPENED: {_S.REFUNDED},
    _S.EXPIRED: set[_S](),
    _S.REFUNDED: set[_S](),
    _S.FAILED: set[_S](),
}


class Purchase(Record, plural="purchases", icon="receipt", cache=None):
    """Packs that a collector bought in a drop, its owner; made by buying, never by hand."""

    reference: str = field(search="A", title=True, filter=True, unique=True, max_length=64)
    drop: Ref = relation("drop", back="purchases")
    status: PurchaseStatus = pipeline(default=PurchaseStatus.REQUESTED, moves=_MOVES)
    quantity: int = field(default=1, min=1, max=1_000, help="How many packs.")
    credits: int = field(min=0, sort=True, help="What was paid for all of them.")
    reserved_until: datetime | None = field()
    paid_at: datetime | None = field(sort=True)
    opened_at: datetime | None = field()
    refunded_at: datetime | None = field()
    client_seed: str | None = field(max_length=64, help="The collector's part of the draw.")

    indexes = [index("drop", "owner")]
    access = {"collector": can(read=OWN), "drop_manager": can(read=ALL)}
