"""People, whatever they are to us; shared by every pack and kept in step with other systems."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum

from tenfold.engine.declare import (
    OWN,
    TEAM,
    Record,
    by,
    can,
    computed,
    field,
    index,
    relation,
    rollup,
)
from tenfold.engine.types import Address, Email, LongText, Phone, Ref, Tags, Url


class ContactSource(StrEnum):
    """Where a contact came from."""

    MANUAL = "manual"
    IMPORT = "import"
    HUBSPOT = "hubspot"
    SALESFORCE = "salesforce"
    GOOGLE = "google"
    WEBSITE = "website"
    REFERRAL = "referral"
    EVENT = "event"
    API = "api"
    OTHER = "other"


class ContactPrivacy(StrEnum):
    """Who may see a contact."""

    EVERYONE = "everyone"
    PRIVATE = "private"


# What one brings along from a mailbox or another system is one's own until one shares it.
_SYNCED = (ContactSource.HUBSPOT, ContactSource.SALESFORCE, ContactSource.GOOGLE)


class LifecycleStage(StrEnum):
    """How far a person has come on the way to a customer."""

    SUBSCRIBER = "subscriber"
    LEAD = "lead"
    QUALIFIED = "qualified"
    OPPORTUNITY = "opportunity"
    CUSTOMER = "customer"
    ADVOCATE = "advocate"
    OTHER = "other"


class PreferredChannel(StrEnum):
    """How a person likes to be reached."""

    EMAIL = "email"
    PHONE = "phone"
    SMS = "sms"
    POST = "post"


# The letter that people see beside a contact: H HubSpot, S Salesforce, G Google.
_BADGE = """CASE {t}.source WHEN 'hubspot' THEN 'H' WHEN 'salesforce' THEN 'S'
    WHEN 'google' THEN 'G' END"""


class Contact(
    Record,
    plural="contacts",
    icon="user",
    private="privacy",
    strict=True,
    named_by=("email", "email_2", "phone", "mobile_phone", "company_name", "company"),
    guide="Bring in the people you know from a file, or add the first one.",
):
    """A person: how to reach them, where they work, where we know them from.

    A private one is its owner's alone, and unseen by managers and administrators too, until it is
    shared; contacts that were synced begin so.
    """

    first_name: str | None = field(search="A", sort=True, title=True, aliases=["given name"])
    last_name: str | None = field(
        search="A", sort=True, title=True, aliases=["surname", "family name"]
    )
    email: Email | None = field(search="B", filter=True, help="The address to write to.")
    email_2: Email | None = field(search="C", label="Second e-mail")
    phone: Phone | None = field(search="B", filter=True, aliases=["business phone"])
    mobile_phone: Phone | None = field(search="C", filter=True, label="Mobile")
    company: Ref | None = relation("company", back="contacts", on_delete="clear")
    company_name: str | None = field(
        search="C",
        aliases=["company", "employer", "organization name"],
        help="Where they work, as another system spells it; the company is the record.",
    )
    job_title: str | None = field(search="C", help="What they do there.")
    department: str | None = field(max_length=200)
    source: ContactSource = field(
        default=ContactSource.MANUAL, filter=True, help="Where the contact came from."
    )
    source_badge: str | None = computed(_BADGE, label="Badge", help="H, S or G where synced.")
    privacy: ContactPrivacy = field(
        default=ContactPrivacy.EVERYONE,
        begins={"source": dict.fromkeys(_SYNCED, ContactPrivacy.PRIVATE)},
        filter=True,
        help="Private: its owner's alone, until shared. A synced contact begins so.",
    )
    lifecycle_stage: LifecycleStage | None = field(filter=True)
    website: Url | None = field()
    linkedin_url: Url | None = field(label="LinkedIn")
    address: Address | None = field(search="D", section="Address", aliases=["mailing address"])
    other_address: Address | None = field(section="Address")
    birthday: date | None = field(section="Person")
    language: str | None = field(max_length=35, section="Person", help="Like en or pt-BR.")
    time_zone: str | None = field(max_length=64, section="Person", help="Like Europe/Berlin.")
    preferred_channel: PreferredChannel | None = field(section="Person")
    do_not_call: bool = field(default=False, section="Consent", help="Never telephone them.")
    email_opt_out: bool = field(default=False, section="Consent", help="Never send mailings.")
    sms_consent: bool = field(default=False, section="Consent", help="Agreed to text messages.")
    consent_at: datetime | None = field(section="Consent", help="When they last said so.")
    consent_source: str | None = field(section="Consent", help="How and where they said so.")
    last_contacted_at: datetime | None = field(sort=True, help="When we last spoke or wrote.")
    tags: Tags | None = field(aliases=["labels", "groups"], help="Free words to group by.")
    notes: LongText | None = field(search="D", aliases=["description"])
    deal_count: int = rollup("deals", label="Deals")
    last_activity_at: datetime | None = rollup("activities", "max", "at", label="Last activity")

    indexes = [index("owner", "-updated_at")]
    contacted = [
        by("email", "email", "email_2", unless="email_opt_out"),
        by("sms", "mobile_phone", "phone", only="sms_consent"),
    ]
    access = {"member": can(read=TEAM, create=True, update=TEAM, delete=OWN)}
