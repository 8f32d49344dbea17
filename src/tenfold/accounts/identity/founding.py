"""A new person with an organisation of their own, however they prove who they are."""

from __future__ import annotations

import asyncpg
from phonenumbers import SUPPORTED_REGIONS

from tenfold.accounts.identity.account import Account, Membership, User, taken
from tenfold.db.database import Transaction
from tenfold.kernel import clock
from tenfold.kernel.money import CURRENCIES
from tenfold.kernel.settings import Settings

_NEW_TENANT = """INSERT INTO tenfold.tenants (id, name, region, currency, timezone)
VALUES ($1, $2, $3, $4, $5)"""
_NEW_USER = """INSERT INTO tenfold.users (id, email, first_name, last_name, password_hash,
email_verified_at) VALUES ($1, $2, $3, $4, $5, $6)"""
_NEW_OWNER = """INSERT INTO tenfold.members (tenant_id, user_id, role, mfa_from)
VALUES ($1, $2, 'owner', $3)"""


async def found_organisation(
    tx: Transaction, settings: Settings, person: User, organization: str, zone: str = ""
) -> Account:
    """Store a person and the organisation that the transaction is for, which they own.

    It begins in the time zone of their browser, and in that zone's country and currency. Raises
    Conflict where somebody has their address already.
    """
    names = (person.email, person.first_name, person.last_name)
    try:
        await tx.execute(
            _NEW_USER, person.id, *names, person.password_hash, person.email_verified_at
        )
    except asyncpg.UniqueViolationError:
        raise taken() from None
    tenant = tx.context.tenant
    await tx.execute(_NEW_TENANT, tenant, organization, *_beginnings(settings, zone))
    await tx.execute(_NEW_OWNER, tenant, person.id, clock.now())
    current = Membership(tenant, organization, "owner")
    return Account(person, current, (current,))


def _beginnings(settings: Settings, zone: str) -> tuple[str, str, str]:
    """The region, currency and time zone of a new organisation."""
    if zone not in clock.zones():
        return settings.default_region, settings.default_currency, "UTC"
    # Only a new organisation needs the tables of the CLDR.
    from babel.core import get_global  # noqa: PLC0415
    from babel.numbers import get_territory_currencies  # noqa: PLC0415

    region = get_global("zone_territories").get(zone, "")
    if region not in SUPPORTED_REGIONS:
        return settings.default_region, settings.default_currency, zone
    paid = [one for one in get_territory_currencies(region) if one in CURRENCIES]
    return region, paid[0] if paid else settings.default_currency, zone
