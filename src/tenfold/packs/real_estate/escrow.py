"""Sales under contract: money, parties and dates from the offer to the recorded deed."""

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
    index,
    moment,
    pipeline,
    relation,
)
from tenfold.engine.types import Decimal, LongText, Money, Ref, Tags


class EscrowStatus(StrEnum):
    """Whether a transaction is under way."""

    ACTIVE = "active"
    PENDING = "pending"
    ON_HOLD = "on_hold"
    CLOSED = "closed"
    CANCELLED = "cancelled"


class Milestone(StrEnum):
    """How far a transaction has come."""

    OFFER_DRAFTED = "offer_drafted"
    OFFER_SUBMITTED = "offer_submitted"
    COUNTERED = "countered"
    ACCEPTED = "accepted"
    ESCROW_OPENED = "escrow_opened"
    EMD_IN = "emd_in"
    DISCLOSURES = "disclosures"
    INSPECTIONS = "inspections"
    APPRAISAL = "appraisal"
    LOAN_APPROVAL = "loan_approval"
    CONTINGENCIES_REMOVED = "contingencies_removed"
    DOCS_SIGNED = "docs_signed"
    FUNDED = "funded"
    RECORDED = "recorded"
    BACKUP = "backup"


class TransactionType(StrEnum):
    """What is transacted (RESO TransactionType)."""

    PURCHASE_OFFER = "purchase_offer"
    LISTING_FOR_SALE = "listing_for_sale"
    LISTING_FOR_LEASE = "listing_for_lease"
    LEASE_OFFER = "lease_offer"
    OTHER = "other"


class Side(StrEnum):
    """Whom we represent."""

    LISTING = "listing"
    BUYING = "buying"
    DUAL = "dual"


class Financing(StrEnum):
    """How the buyer pays (RESO BuyerFinancing)."""

    CASH = "cash"
    CONVENTIONAL = "conventional"
    FHA = "fha"
    FHA203B = "fha203b"
    FHA203K = "fha203k"
    VA = "va"
    USDA = "usda"
    ASSUMED = "assumed"
    SELLER_FINANCING = "seller_financing"
    TRUST_DEED = "trust_deed"
    PRIVATE = "private"
    CONTRACT = "contract"
    OTHER = "other"


class CancellationReason(StrEnum):
    """Why a transaction fell through."""

    INSPECTION = "inspection"
    APPRAISAL_GAP = "appraisal_gap"
    FINANCING = "financing"
    TITLE = "title"
    BUYER_REMORSE = "buyer_remorse"
    SELLER_DEFAULT = "seller_default"
    OTHER = "other"


_S = EscrowStatus
_MOVES = {
    _S.PENDING: {_S.ACTIVE, _S.ON_HOLD, _S.CANCELLED},
    _S.ACTIVE: {_S.PENDING, _S.ON_HOLD, _S.CLOSED, _S.CANCELLED},
    _S.ON_HOLD: {_S.ACTIVE, _S.PENDING, _S.CANCELLED},
    _S.CLOSED: set[_S](),
    _S.CANCELLED: {_S.ACTIVE},
}
_DAYS_LEFT = """CASE WHEN {t}.status IN ('active', 'pending')
    THEN {t}.close_date - {today} END"""


class Escrow(Record, plural="escrows", icon="key-round", cache=None):
    """A property under contract, from the accepted offer to the recorded deed."""

    property_address: str = field(search="A", sort=True, title=True, aliases=["address"])
    escrow_number: str | None = field(
        search="B", filter=True, max_length=100, help="The escrow officer's number."
    )
    status: EscrowStatus = pipeline(default=EscrowStatus.ACTIVE, moves=_MOVES)
    milestone: Milestone = field(default=Milestone.ESCROW_OPENED, filter=True)
    kind: TransactionType = field(
        default=TransactionType.PURCHASE_OFFER, reso="TransactionType", label="Type"
    )
    side: Side | None = field(filter=True, help="Whom we represent.")
    purchase_price: Money | None = field(
        min=0, sort=True, filter=True, aliases=["contract price", "sale price"]
    )
    listing: Ref | None = relation("listing", back="escrows")
    client: Ref | None = relation("client", back="escrows", help="Whom we work for in it.")

    acceptance_date: date | None = field(section="Dates", reso="PurchaseContractDate")
    opened_date: date | None = field(section="Dates")
    close_date: date | None = field(
        sort=True, section="Dates", label="Close of escrow", help="The day it is to close."
    )
    actual_close_date: date | None = field(section="Dates", help="The day it closed.")
    recorded_date: date | None = field(section="Dates")
    instrument_number: str | None = field(
        max_length=100, section="Dates", help="The recorder's number of the deed."
    )
    days_to_close: int | None = computed(_DAYS_LEFT, help="Days left; negative when overdue.")
    inspection_deadline: date | None = field(section="Contingencies")
    appraisal_deadline: date | None = field(section="Contingencies")
    loan_deadline: date | None = field(section="Contingencies")
    disclosures_due: date | None = field(section="Contingencies")
    contingencies_removed_on: date | None = field(section="Contingencies")

    emd_amount: Money | None = field(min=0, section="Money", label="Earnest money")
    emd_due: date | None = field(section="Money", label="Earnest money due")
    emd_received_on: date | None = field(section="Money", label="Earnest money received")
    option_fee: Money | None = field(min=0, section="Money", label="Option fee")
    down_payment: Money | None = field(min=0, section="Money")
    concessions_amount: Money | None = field(min=0, section="Money", reso="ConcessionsAmount")
    financing: Financing | None = field(filter=True, section="Loan", reso="BuyerFinancing")
    loan_amount: Money | None = field(min=0, section="Loan")
    lender: str | None = field(section="Loan")
    rate_lock_expires: date | None = field(section="Loan")
    commission_rate: Decimal | None = field(
        min=0,
        max=100,
        places=3,
        unit="percent",
        section="Commission",
        help="Our side, of the price.",
    )

    buyer_names: str | None = field(search="B", section="Parties")
    seller_names: str | None = field(search="B", section="Parties")
    escrow_officer: str | None = field(search="C", section="Parties")
    title_company: str | None = field(section="Parties")
    buyer_agent: Ref | None = relation(
        "agent", back="buying_escrows", on_delete="clear", section="Parties", reso="BuyerAgentKey"
    )
    listing_agent: Ref | None = relation(
        "agent", back="selling_escrows", on_delete="clear", section="Parties", reso="ListAgentKey"
    )
    backup_position: int | None = field(min=1, max=100, help="Its place among backup offers.")
    cancellation_reason: CancellationReason | None = field()
    tags: Tags | None = field()
    notes: LongText | None = field(search="D")

    indexes = [
        index("owner", "status", "-created_at"),
        index("close_date", where="status = 'active'", name="escrows_close_date_active"),
    ]
    agenda = [
        moment(name, "deadline", open={"status": ["active", "pending"]})
        for name in (
            "inspection_deadline",
            "appraisal_deadline",
            "loan_deadline",
            "disclosures_due",
            "close_date",
        )
    ]
    access = {
        "agent": can(read=TEAM, create=True, update=OWN),
        "team_lead": can(read=TEAM, create=True, update=TEAM, delete=TEAM),
        "coordinator": can(read=ALL, create=True, update=ALL),
        "broker": can(read=ALL, create=True, update=ALL, delete=ALL),
    }
