"""People whom the brokerage works for, and those who help with it."""

from __future__ import annotations

from datetime import date
from enum import StrEnum

from tenfold.engine.declare import (
    ALL,
    OWN,
    TEAM,
    Record,
    by,
    can,
    field,
    index,
    pipeline,
    relation,
    rollup,
)
from tenfold.engine.types import Address, Email, LongText, Many, Money, Phone, Ref, Tags


class ClientStatus(StrEnum):
    """Whether one works with a client now (RESO ContactStatus)."""

    ACTIVE = "active"
    INACTIVE = "inactive"
    ON_VACATION = "on_vacation"
    DELETED = "deleted"


class ClientKind(StrEnum):
    """What a person is in a sale (RESO ContactType)."""

    LEAD = "lead"
    PROSPECT = "prospect"
    READY_TO_BUY = "ready_to_buy"
    BUYER = "buyer"
    SELLER = "seller"
    LANDLORD = "landlord"
    TENANT = "tenant"
    BUSINESS = "business"
    FRIEND = "friend"
    FAMILY = "family"
    LOAN_OFFICER = "loan_officer"
    TITLE_REPRESENTATIVE = "title_representative"
    HOME_INSPECTOR = "home_inspector"
    INSURANCE_REPRESENTATIVE = "insurance_representative"
    HOME_WARRANTY_REPRESENTATIVE = "home_warranty_representative"
    BUYER_ATTORNEY = "buyer_attorney"
    SELLER_ATTORNEY = "seller_attorney"
    FINANCIAL_PLANNER = "financial_planner"
    MOVING_STORAGE = "moving_storage"
    HOME_IMPROVEMENT_SPECIALIST = "home_improvement_specialist"
    HOME_SECURITY_PROVIDER = "home_security_provider"
    OTHER = "other"


class Client(
    Record,
    plural="clients",
    icon="user-check",
    guide="Add the people you work for, or bring them in from a file.",
):
    """A buyer, seller, landlord or tenant whom an agent works for, or somebody who helps."""

    first_name: str = field(search="A", sort=True, title=True, aliases=["given name"])
    last_name: str = field(search="A", sort=True, title=True, aliases=["surname", "family name"])
    email: Email | None = field(search="B", filter=True)
    phone: Phone | None = field(search="B", filter=True, reso="PreferredPhone")
    mobile_phone: Phone | None = field(search="C", label="Mobile")
    kind: ClientKind = field(default=ClientKind.BUYER, filter=True, reso="ContactType")
    status: ClientStatus = pipeline(default=ClientStatus.ACTIVE, reso="ContactStatus")
    address: Address | None = field(search="C")
    source: str | None = field(max_length=100, reso="LeadSource", help="Where we know them from.")
    referred_by: str | None = field(reso="ReferredBy", help="Who sent them.")
    budget_min: Money | None = field(min=0, section="Wishes")
    budget_max: Money | None = field(min=0, sort=True, section="Wishes")
    areas: Tags | None = field(section="Wishes", help="Places they look at.")
    bedrooms_min: int | None = field(min=0, max=100, section="Wishes")
    favorites: Many = relation(
        "listing", back="favored_by", section="Wishes", help="Listings that they like."
    )
    spouse_name: str | None = field(section="Person")
    birthday: date | None = field(section="Person", reso="Birthdate")
    anniversary: date | None = field(section="Person", reso="Anniversary")
    language: str | None = field(max_length=35, section="Person", reso="Language")
    contact: Ref | None = relation("contact", back="clients", on_delete="clear")
    lead: Ref | None = relation(
        "lead", back="clients", on_delete="clear", help="The lead that they began as."
    )
    do_not_call: bool = field(default=False, section="Consent", help="Never telephone them.")
    email_opt_in: bool = field(default=False, section="Consent", help="Agreed to mailings.")
    tags: Tags | None = field()
    notes: LongText | None = field(search="D")
    escrow_count: int = rollup("escrows", label="Escrows")
    listing_count: int = rollup("listings", label="Listings")

    indexes = [index("owner", "status", "-created_at")]
    contacted = [by("email", "email", only="email_opt_in"), by("sms", "mobile_phone", "phone")]
    access = {
        "agent": can(read=TEAM, create=True, update=OWN, delete=OWN),
        "team_lead": can(read=TEAM, create=True, update=TEAM, delete=TEAM),
        "coordinator": can(read=ALL, update=ALL),
        "broker": can(read=ALL, create=True, update=ALL, delete=ALL),
    }
