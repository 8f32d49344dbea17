"""A new person with an organisation of their own, however they prove who they are."""

from __future__ import annotations

import asyncpg

from tenfold.accounts.identity.account import Account, Membership, User, taken
from tenfold.db.database import Transaction
from tenfold.kernel import clock
from tenfold.kernel.settings import Settings

_NEW_TENANT = """INSERT INTO tenfold.tenants (id, name, region, currency)
VALUES ($1, $2, $3, $4)"""
_NEW_USER = """INSERT INTO tenfold.users (id, email, first_name, last_name, password_hash,
email_verified_at) VALUES ($1, $2, $3, $4, $5, $6)"""
_NEW_OWNER = """INSERT INTO tenfold.members (tenant_id, user_id, role, mfa_from)
VALUES ($1, $2, 'owner', $3)"""


async def found_organisation(
    tx: Transaction, settings: Settings, person: User, organization: str
) -> Account:
    """Store a person and the organisation that the transaction is for, which they own.

    Raises Conflict where somebody has their address already.
    """
    names = (person.email, person.first_name, person.last_name)
    try:
        await tx.execute(
            _NEW_USER, person.id, *names, person.password_hash, person.email_verified_at
        )
    except asyncpg.UniqueViolationError:
        raise taken() from None
    tenant = tx.context.tenant
    region, currency = settings.default_region, settings.default_currency
    await tx.execute(_NEW_TENANT, tenant, organization, region, currency)
    await tx.execute(_NEW_OWNER, tenant, person.id, clock.now())
    current = Membership(tenant, organization, "owner")
    return Account(person, current, (current,))
