"""The copies of cards that collectors own."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from tenfold.engine.declare import ALL, OWN, Record, can, computed, field, index, pipeline, relation
from tenfold.engine.types import Ref


class UserCardStatus(StrEnum):
    """What a collector can do with a copy."""

    SEALED = "sealed"
    REVEALED = "revealed"
    OWNED = "owned"
    REFUND_PENDING = "refund_pending"
    REFUNDED = "refunded"
    LOCKED = "locked"
    TRADED = "traded"


_S = UserCardStatus
_MOVES = {
    _S.SEALED: {_S.REVEALED, _S.REFUND_PENDING, _S.REFUNDED},
    _S.REVEALED: {_S.OWNED, _S.REFUND_PENDING, _S.REFUNDED},
    _S.OWNED: {_S.REFUND_PENDING, _S.REFUNDED, _S.LOCKED, _S.TRADED},
    _S.REFUND_PENDING: {_S.OWNED, _S.REFUNDED},
    _S.LOCKED: {_S.OWNED},
    _S.REFUNDED: set[_S](),
    _S.TRADED: set[_S](),
}
_REFUNDABLE = """NOT {t}.is_refunded AND {t}.status IN ('sealed', 'revealed', 'owned')
    AND coalesce({t}.refundable_until, '-infinity') > now()"""


class UserCard(Record, plural="user_cards", icon="star", cache=None):
    """One copy of a card that a collector, its owner, drew; made by opening, never by hand."""

    name: str = field(search="A", title=True, help="The card's name with its serial number.")
    card: Ref = relation("card", back="user_cards")
    purchase: Ref | None = relation("purchase", back="user_cards")
    drop: Ref | None = relation("drop", back="user_cards")
    serial: int | None = field(min=1, sort=True, help="Its number among the copies of the card.")
    status: UserCardStatus = pipeline(default=UserCardStatus.SEALED, moves=_MOVES)
    is_refunded: bool = field(default=False, filter=True)
    refunded_at: datetime | None = field()
    refund_credits: int | None = field(min=0, help="What the refund brought.")
    acquired_at: datetime | None = field(sort=True)
    refundable_until: datetime | None = field()
    can_refund: bool = computed(_REFUNDABLE, help="Whether it may be given back now.")

    indexes = [
        index("owner", "-created_at", where="NOT is_refunded", name="user_cards_owner_kept"),
        index("card", "serial"),
    ]
    access = {"collector": can(read=OWN), "drop_manager": can(read=ALL)}
