"""The organisation itself: its name and how it reads short forms of numbers and times."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from uuid import UUID
from zoneinfo import available_timezones

import msgspec
import phonenumbers
from msgspec import UNSET, Meta, UnsetType

from tenfold.db.database import Reader, Transaction
from tenfold.kernel.errors import Invalid
from tenfold.kernel.money import CURRENCIES

# Held by every change of people, teams, roles and fields, so that two never cross:
# the last owner stays, teams stay a tree, a role in use is not deleted.
_HOLD = "SELECT 1 FROM tenfold.tenants WHERE id = $1 FOR NO KEY UPDATE"
_READ = """SELECT id, name, region, currency, timezone, created_at
FROM tenfold.tenants WHERE id = $1"""
_CHANGE = """UPDATE tenfold.tenants SET name = $2, region = $3, currency = $4, timezone = $5
WHERE id = $1"""


class Organisation(msgspec.Struct, frozen=True, kw_only=True):
    """An organisation."""

    id: UUID
    name: str
    region: str
    currency: str
    timezone: str
    created_at: datetime


class OrganisationChange(msgspec.Struct, frozen=True, kw_only=True):
    """What may be changed: region (ISO 3166), currency (ISO 4217), timezone (IANA)."""

    name: Annotated[str, Meta(min_length=1, max_length=200)] | UnsetType = UNSET
    region: str | UnsetType = UNSET
    currency: str | UnsetType = UNSET
    timezone: str | UnsetType = UNSET


async def hold(tx: Transaction) -> None:
    """Let this organisation's changes of people and definitions happen one after the other."""
    await tx.value(_HOLD, tx.context.tenant)


async def read(reader: Reader, tenant: UUID) -> Organisation:
    """The organisation."""
    (row,) = await reader.rows(_READ, tenant)
    return Organisation(**dict(row.items()))


async def change(tx: Transaction, wanted: OrganisationChange) -> Organisation:
    """Change what is given; raises Invalid naming what can't be."""
    tenant = tx.context.tenant
    old = await read(tx, tenant)
    problems: dict[str, str] = {}
    name = old.name if wanted.name is UNSET else " ".join(wanted.name.split())
    region = old.region if wanted.region is UNSET else wanted.region.upper()
    currency = old.currency if wanted.currency is UNSET else wanted.currency.upper()
    timezone = old.timezone if wanted.timezone is UNSET else wanted.timezone
    if not name:
        problems["name"] = "must not be blank"
    if region not in phonenumbers.SUPPORTED_REGIONS:
        problems["region"] = "must be a country by its ISO 3166 code, like US"
    if currency not in CURRENCIES:
        problems["currency"] = "must be an ISO 4217 code, like USD"
    if timezone not in available_timezones():
        problems["timezone"] = "must be a time zone by its IANA name, like America/Los_Angeles"
    if problems:
        raise Invalid(problems)
    await tx.execute(_CHANGE, tenant, name, region, currency, timezone)
    tx.touch("members")
    return await read(tx, tenant)
