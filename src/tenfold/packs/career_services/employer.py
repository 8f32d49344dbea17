"""Organisations that hire students."""

from __future__ import annotations

from datetime import date
from enum import StrEnum

from tenfold.engine.declare import ALL, Record, can, field, pipeline, relation, rollup
from tenfold.engine.types import Address, LongText, Phone, Ref, Tags, Url, User


class EmployerStatus(StrEnum):
    """Whether an employer may post jobs here."""

    PENDING = "pending"
    APPROVED = "approved"
    DECLINED = "declined"
    FLAGGED = "flagged"


class EmployerKind(StrEnum):
    """What kind of organisation it is."""

    FOR_PROFIT = "for_profit"
    NON_PROFIT = "non_profit"
    GOVERNMENT = "government"
    STARTUP = "startup"
    EDUCATION = "education"


class EmployerSize(StrEnum):
    """How many people work there."""

    TINY = "1_10"
    SMALL = "11_50"
    MEDIUM = "51_250"
    LARGE = "251_1000"
    VERY_LARGE = "1001_10000"
    GIANT = "more_than_10000"


class Relationship(StrEnum):
    """How close the career centre and an employer are."""

    PROSPECT = "prospect"
    CONTACTED = "contacted"
    ENGAGED = "engaged"
    RECRUITING = "recruiting"
    PARTNER = "partner"
    DORMANT = "dormant"


class PartnerTier(StrEnum):
    """What a partner gives."""

    BRONZE = "bronze"
    SILVER = "silver"
    GOLD = "gold"
    PLATINUM = "platinum"


_S = EmployerStatus


class Employer(
    Record, plural="employers", icon="building-2", guide="Add the employers that recruit here."
):
    """An organisation that hires students, with how it and the career centre stand."""

    name: str = field(search="A", sort=True, title=True, aliases=["employer name", "company"])
    status: EmployerStatus = pipeline(
        default=EmployerStatus.PENDING,
        moves={
            _S.PENDING: {_S.APPROVED, _S.DECLINED, _S.FLAGGED},
            _S.APPROVED: {_S.FLAGGED, _S.DECLINED},
            _S.DECLINED: {_S.PENDING},
            _S.FLAGGED: {_S.APPROVED, _S.DECLINED},
        },
    )
    relationship: Relationship = field(default=Relationship.PROSPECT, filter=True)
    kind: EmployerKind | None = field(filter=True, label="Type")
    industry: str | None = field(search="C", filter=True, max_length=100)
    size: EmployerSize | None = field(help="How many people work there.")
    domain: str | None = field(search="B", filter=True, max_length=253)
    website: Url | None = field()
    phone: Phone | None = field()
    headquarters: Address | None = field(search="C", aliases=["hq", "address"])
    logo: Url | None = field()
    partner_tier: PartnerTier | None = field(filter=True)
    account_manager: User | None = field(
        filter=True, help="Who keeps in touch with them.", handed_over="true"
    )
    recruits_on_campus: bool = field(default=False, help="Interviews at the school.")
    sponsors_visas: bool | None = field()
    last_engaged_on: date | None = field(sort=True, help="The last visit, fair or session.")
    company: Ref | None = relation("company", back="employers", on_delete="clear")
    recruiter: Ref | None = relation(
        "contact", back="recruits_for", on_delete="clear", help="The person to talk to."
    )
    alumni_count: int | None = field(min=0, help="Graduates of the school who work there.")
    flag_reason: str | None = field(help="What is doubtful about them.")
    labels: Tags | None = field()
    description: LongText | None = field(search="D")
    posting_count: int = rollup("job_postings", label="Postings")

    access = {
        "counselor": can(read=ALL),
        "recruiter_relations": can(read=ALL, create=True, update=ALL, delete=ALL),
        "front_desk": can(read=ALL),
    }
