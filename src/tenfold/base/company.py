"""Organisations that people work for and deals are made with."""

from __future__ import annotations

from enum import StrEnum

from tenfold.engine.declare import ALL, OWN, Record, can, field, rollup
from tenfold.engine.types import Address, LongText, Money, Phone, Tags, Url


class CompanyKind(StrEnum):
    """What a company is to us."""

    PROSPECT = "prospect"
    CUSTOMER = "customer"
    PARTNER = "partner"
    VENDOR = "vendor"
    COMPETITOR = "competitor"
    OTHER = "other"


class CompanySize(StrEnum):
    """How many people work there."""

    SOLO = "1"
    TINY = "2_10"
    SMALL = "11_50"
    MEDIUM = "51_200"
    LARGE = "201_1000"
    VERY_LARGE = "1001_5000"
    GIANT = "more_than_5000"


class Company(Record, plural="companies", icon="building"):
    """An organisation: where people work, and with which deals are made."""

    name: str = field(
        search="A", sort=True, title=True, aliases=["company name", "account name", "organization"]
    )
    domain: str | None = field(
        search="B", filter=True, max_length=253, help="Its internet domain, like example.com."
    )
    website: Url | None = field(search="C", aliases=["company website"])
    kind: CompanyKind | None = field(filter=True, aliases=["type"], help="What it is to us.")
    industry: str | None = field(filter=True, max_length=100, help="The trade it is in.")
    size: CompanySize | None = field(help="How many people work there.")
    phone: Phone | None = field(search="B", filter=True)
    address: Address | None = field(search="C", section="Address", help="Its seat.")
    country: str | None = field(filter=True, max_length=100, section="Address")
    annual_revenue: Money | None = field(min=0, help="What it sells in a year.")
    description: LongText | None = field(search="D")
    tags: Tags | None = field(help="Free words to group by.")
    contact_count: int = rollup("contacts", label="People")
    open_deal_amount: int = rollup("deals", "sum", "open_amount", label="Open deals")

    access = {"member": can(read=ALL, create=True, update=ALL, delete=OWN)}
