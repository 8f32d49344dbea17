"""Written agreements with buyers, needed before a home is shown to them."""

from __future__ import annotations

from datetime import date
from enum import StrEnum

from tenfold.engine.declare import (
    ALL,
    OWN,
    TEAM,
    Record,
    can,
    computed,
    field,
    pipeline,
    relation,
)
from tenfold.engine.types import Decimal, File, LongText, Money, Ref


class AgreementStatus(StrEnum):
    """Whether an agreement is in force."""

    DRAFT = "draft"
    SENT = "sent"
    SIGNED = "signed"
    TERMINATED = "terminated"


class AgreementKind(StrEnum):
    """What a buyer agreed to."""

    EXCLUSIVE = "exclusive"
    NON_EXCLUSIVE = "non_exclusive"
    TOURING = "touring"


_S = AgreementStatus
_MOVES = {
    _S.DRAFT: {_S.SENT, _S.SIGNED, _S.TERMINATED},
    _S.SENT: {_S.DRAFT, _S.SIGNED, _S.TERMINATED},
    _S.SIGNED: {_S.TERMINATED},
    _S.TERMINATED: set[_S](),
}
_IN_FORCE = """{t}.status = 'signed' AND {t}.starts_on <= {today}
    AND ({t}.ends_on IS NULL OR {t}.ends_on >= {today})"""


class BuyerAgreement(Record, plural="buyer_agreements", icon="file-text"):
    """What a buyer and the brokerage agreed in writing; needed before a home is shown."""

    title: str = field(search="A", title=True)
    client: Ref = relation("client", back="buyer_agreements")
    kind: AgreementKind = field(default=AgreementKind.EXCLUSIVE, filter=True)
    status: AgreementStatus = pipeline(default=AgreementStatus.DRAFT, moves=_MOVES)
    starts_on: date = field(sort=True)
    ends_on: date | None = field(sort=True, after="starts_on")
    signed_on: date | None = field()
    compensation_rate: Decimal | None = field(
        min=0, max=100, places=3, unit="percent", help="Of the price; never shown on listings."
    )
    compensation_amount: Money | None = field(min=0, help="Where a fixed amount was agreed.")
    in_force: bool = computed(_IN_FORCE, help="Signed, begun and not ended.")
    document: File | None = field(help="The signed paper.")
    notes: LongText | None = field(search="D")

    access = {
        "agent": can(read=TEAM, create=True, update=OWN, delete=OWN),
        "team_lead": can(read=TEAM, create=True, update=TEAM, delete=TEAM),
        "coordinator": can(read=ALL, create=True, update=ALL),
        "broker": can(read=ALL, create=True, update=ALL, delete=ALL),
    }
