"""People who may buy or sell, and how promising they are."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum

from tenfold.engine.declare import (
    ALL,
    OWN,
    TEAM,
    Record,
    by,
    can,
    computed,
    field,
    generated,
    index,
    moment,
    pipeline,
    relation,
)
from tenfold.engine.types import Email, Json, LongText, Money, Phone, Ref, Tags
from tenfold.kernel.language import mark


class LeadStatus(StrEnum):
    """Where the conversation with a lead stands."""

    NEW = "new"
    CONTACTED = "contacted"
    QUALIFIED = "qualified"
    NURTURE = "nurture"
    HOT = "hot"
    UNDER_CONTRACT = "under_contract"
    CLOSED = "closed"
    LOST = "lost"


class Timeline(StrEnum):
    """How soon they mean to act."""

    IMMEDIATE = "immediate"
    ONE_TO_THREE_MONTHS = "1_3_months"
    THREE_TO_SIX_MONTHS = "3_6_months"
    SIX_TO_TWELVE_MONTHS = "6_12_months"
    EXPLORING = "exploring"


class LeadSource(StrEnum):
    """Where a lead came from."""

    REFERRAL = "referral"
    WEBSITE = "website"
    OPEN_HOUSE = "open_house"
    PORTAL = "portal"
    SOCIAL_MEDIA = "social_media"
    ADVERTISING = "advertising"
    COLD_CALL = "cold_call"
    WALK_IN = "walk_in"
    PAST_CLIENT = "past_client"
    IMPORT = "import"
    OTHER = "other"


class Living(StrEnum):
    """How they live now."""

    OWNS = "owns"
    RENTS = "rents"
    WITH_FAMILY = "with_family"
    OTHER = "other"


# What each part of the score is worth at most: budget 30, timeline 25, pre-approval 20,
# engagement 15, source 10; together 100. Amounts are minor units (50,000,00 = 50,000.00).
_BUDGET = """CASE WHEN coalesce({t}.budget, 0) >= 100000000 THEN 30
    WHEN {t}.budget >= 50000000 THEN 24 WHEN {t}.budget >= 25000000 THEN 18
    WHEN {t}.budget > 0 THEN 10 ELSE 0 END"""
_TIMELINE = """CASE {t}.timeline WHEN 'immediate' THEN 25 WHEN '1_3_months' THEN 20
    WHEN '3_6_months' THEN 12 WHEN '6_12_months' THEN 6 ELSE 0 END"""
_PREAPPROVED = "CASE WHEN {t}.preapproved THEN 20 ELSE 0 END"
_ENGAGEMENT = "least(coalesce({t}.engagement_count, 0), 10)::int * 3 / 2"
_SOURCE = """CASE {t}.source WHEN 'referral' THEN 10 WHEN 'past_client' THEN 10
    WHEN 'open_house' THEN 7 WHEN 'walk_in' THEN 6 WHEN 'website' THEN 4
    WHEN 'portal' THEN 4 WHEN 'social_media' THEN 3 ELSE 0 END"""
_PARTS = {
    "budget": _BUDGET,
    "timeline": _TIMELINE,
    "preapproved": _PREAPPROVED,
    "engagement": _ENGAGEMENT,
    "source": _SOURCE,
}
# A part that is not called like a field.
ENGAGEMENT = mark("Engagement")
SCORE = " + ".join(f"({part})" for part in _PARTS.values()).replace("{t}.", "")
_PAIRS = ", ".join(f"'{name}', {part}" for name, part in _PARTS.items())
REASONS = f"json_build_object({_PAIRS})"


class Lead(
    Record,
    plural="leads",
    icon="user-plus",
    guide="Add a lead: its score tells how promising it is.",
):
    """A person who may buy or sell a property, with a score from 0 to 100 of how promising."""

    first_name: str = field(search="A", sort=True, title=True, aliases=["given name"])
    last_name: str = field(search="A", sort=True, title=True, aliases=["surname", "family name"])
    email: Email | None = field(search="B", filter=True)
    phone: Phone | None = field(search="B", filter=True)
    status: LeadStatus = pipeline(default=LeadStatus.NEW)
    budget: Money | None = field(min=0, sort=True, help="What they can spend.")
    timeline: Timeline | None = field(help="How soon they mean to act.")
    preapproved: bool = field(default=False, help="A lender has agreed to a loan.")
    engagement_count: int = field(
        default=0, min=0, max=1_000_000, help="Calls, visits and replies so far."
    )
    source: LeadSource | None = field(filter=True, help="Where the lead came from.")
    source_detail: str | None = field(help="The campaign, portal or person behind the source.")
    areas: Tags | None = field(help="Places they look at.")
    bedrooms_min: int | None = field(min=0, max=100)
    price_min: Money | None = field(min=0, help="The least they look for.")
    price_max: Money | None = field(min=0, help="The most they look for.")
    living: Living | None = field(section="Situation", label="Lives now")
    must_sell_first: bool = field(default=False, section="Situation")
    represented: bool = field(
        default=False, section="Situation", help="Another agent has an agreement with them."
    )
    lender: str | None = field(section="Financing", help="Who agreed to a loan.")
    preapproval_amount: Money | None = field(min=0, section="Financing")
    preapproval_expires: date | None = field(section="Financing")
    campaign: str | None = field(section="Origin", help="The campaign that brought them.")
    contact: Ref | None = relation("contact", back="leads", on_delete="clear")
    do_not_call: bool = field(default=False, section="Consent", help="Never telephone them.")
    sms_consent: bool = field(default=False, section="Consent", help="Agreed to text messages.")
    email_opt_in: bool = field(default=False, section="Consent", help="Agreed to mailings.")
    first_response_seconds: int | None = field(
        min=0, section="Touch", help="How long they waited for the first answer."
    )
    last_touch: datetime | None = field(section="Touch", help="When we last spoke or wrote.")
    next_touch: datetime | None = field(
        sort=True, section="Touch", help="When to get in touch again."
    )
    notes: LongText | None = field(search="D")
    score: int = generated(SCORE, sort=True, help="0 to 100; see score_reasons.")
    score_reasons: Json = computed(REASONS, help="The points behind the score.")

    indexes = [index("owner", "status", "-created_at"), index("owner", "next_touch")]
    contacted = [
        by("email", "email", only="email_opt_in"),
        by("sms", "phone", only="sms_consent"),
    ]
    agenda = [
        moment("created_at", "new", open={"status": ["new"]}),
        moment(
            "next_touch",
            "task",
            open={"status": ["new", "contacted", "qualified", "nurture", "hot"]},
        ),
    ]
    access = {
        "agent": can(read=TEAM, create=True, update=OWN, delete=OWN),
        "team_lead": can(read=TEAM, create=True, update=TEAM, delete=TEAM),
        "coordinator": can(read=ALL),
        "broker": can(read=ALL, create=True, update=ALL, delete=ALL),
    }
