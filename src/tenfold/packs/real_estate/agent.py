"""The people of a brokerage: agents and brokers with their licences."""

from __future__ import annotations

from datetime import date
from enum import StrEnum

from tenfold.engine.declare import ALL, Record, can, field, rollup
from tenfold.engine.types import Email, LongText, Phone, Url, User


class MemberRole(StrEnum):
    """What a person does in a team (RESO TeamMemberType)."""

    TEAM_LEAD = "team_lead"
    LISTING_AGENT = "listing_agent"
    BUYER_AGENT = "buyer_agent"
    SHOWING_AGENT = "showing_agent"
    TRANSACTION_COORDINATOR = "transaction_coordinator"
    LEAD_MANAGER = "lead_manager"
    OPERATIONS_MANAGER = "operations_manager"
    MARKETING_ASSISTANT = "marketing_assistant"
    ADMINISTRATION_ASSISTANT = "administration_assistant"
    TEAM_MEMBER = "team_member"


class Agent(Record, plural="agents", icon="briefcase"):
    """An agent or broker, of this brokerage or another one, with a licence."""

    name: str = field(search="A", sort=True, title=True, aliases=["full name"])
    title: str | None = field(max_length=100, aliases=["job title"], help="Like Senior Broker.")
    role: MemberRole | None = field(filter=True, reso="TeamMemberType")
    email: Email | None = field(search="B", filter=True, reso="MemberEmail")
    phone: Phone | None = field(search="B", reso="MemberPreferredPhone")
    mobile_phone: Phone | None = field(label="Mobile", reso="MemberMobilePhone")
    picture: Url | None = field(aliases=["picture url", "photo url"])
    office: str | None = field(search="C", filter=True, reso="OfficeName")
    license_number: str | None = field(
        filter=True, label="Licence number", max_length=100, reso="MemberStateLicense"
    )
    license_expires: date | None = field(
        sort=True, label="Licence expires", reso="MemberStateLicenseExpirationDate"
    )
    mls_id: str | None = field(label="MLS ID", max_length=100, reso="MemberMlsId")
    account: User | None = field(filter=True, help="The person who signs in here.")
    biography: LongText | None = field(search="D")
    listing_count: int = rollup("listings", label="Listings")

    access = {
        "agent": can(read=ALL),
        "team_lead": can(read=ALL, create=True, update=ALL),
        "coordinator": can(read=ALL, create=True, update=ALL),
        "broker": can(read=ALL, create=True, update=ALL, delete=ALL),
    }
