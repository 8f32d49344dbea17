"""Sales in progress, what they are expected to bring, and what was aimed at."""

from __future__ import annotations

from datetime import date
from enum import StrEnum

from tenfold.engine.declare import (
    ALL,
    OWN,
    TEAM,
    Record,
    can,
    field,
    generated,
    index,
    moment,
    pipeline,
    relation,
)
from tenfold.engine.types import LongText, Money, Ref, Tags, User


class DealStatus(StrEnum):
    """How far a sale has come."""

    QUALIFICATION = "qualification"
    DISCOVERY = "discovery"
    PROPOSAL = "proposal"
    NEGOTIATION = "negotiation"
    WON = "won"
    LOST = "lost"


class DealSource(StrEnum):
    """Where a deal came from."""

    INBOUND = "inbound"
    OUTBOUND = "outbound"
    REFERRAL = "referral"
    PARTNER = "partner"
    EXISTING_CUSTOMER = "existing_customer"
    EVENT = "event"
    OTHER = "other"


class ForecastCategory(StrEnum):
    """How sure a deal is, in the owner's own judgement."""

    PIPELINE = "pipeline"
    BEST_CASE = "best_case"
    COMMIT = "commit"
    OMITTED = "omitted"


class LostReason(StrEnum):
    """Why a deal was lost."""

    PRICE = "price"
    COMPETITOR = "competitor"
    TIMING = "timing"
    NO_BUDGET = "no_budget"
    NO_DECISION = "no_decision"
    MISSING_FEATURE = "missing_feature"
    OTHER = "other"


_WEIGHTED = """CASE status WHEN 'won' THEN amount WHEN 'lost' THEN 0
    ELSE round(amount * coalesce(probability, 0) / 100.0)::bigint END"""
_OPEN = "CASE WHEN status IN ('won', 'lost') THEN 0 ELSE amount END"


class Deal(Record, plural="deals", icon="handshake"):
    """A sale in progress: what it may bring, how likely, and when."""

    name: str = field(search="A", sort=True, title=True, aliases=["deal name", "opportunity"])
    status: DealStatus = pipeline(default=DealStatus.QUALIFICATION, label="Stage")
    amount: Money | None = field(min=0, sort=True, filter=True, help="What it brings if won.")
    probability: int | None = field(
        default=10, min=0, max=100, unit="percent", help="How likely it is to be won."
    )
    close_date: date | None = field(
        sort=True, filter=True, aliases=["closing date"], help="When it is expected to close."
    )
    company: Ref | None = relation("company", back="deals")
    contact: Ref | None = relation("contact", back="deals", on_delete="clear")
    source: DealSource | None = field(filter=True)
    forecast_category: ForecastCategory = field(default=ForecastCategory.PIPELINE)
    next_step: str | None = field()
    lost_reason: LostReason | None = field(help="Why it was lost.")
    competitor: str | None = field()
    description: LongText | None = field(search="D")
    tags: Tags | None = field()
    weighted_amount: Money | None = generated(
        _WEIGHTED, sort=True, help="The amount times its probability; the forecast's figure."
    )
    open_amount: Money | None = generated(_OPEN, help="The amount while it is undecided, else 0.")

    indexes = [
        index("owner", "status", "close_date"),
        index("close_date", where="status NOT IN ('won', 'lost')", name="deals_close_date_open"),
    ]
    agenda = [
        moment(
            "close_date",
            "deadline",
            open={"status": ["qualification", "discovery", "proposal", "negotiation"]},
        )
    ]
    access = {"member": can(read=TEAM, create=True, update=OWN, delete=OWN)}


class Quota(Record, plural="quotas", icon="target"):
    """What a person is to sell in a period; deals won are measured by it."""

    name: str = field(title=True, sort=True, help="Like 2026 Q4.")
    person: User = field(filter=True, help="Who is to sell it.")
    starts_on: date = field(sort=True)
    ends_on: date = field(sort=True)
    amount: Money = field(min=0)

    access = {"member": can(read=ALL), "team_lead": can(read=ALL, create=True, update=TEAM)}
