"""The organisation itself: its name and how it reads short forms of numbers and times."""

from __future__ import annotations

from collections.abc import Collection, Container
from datetime import datetime
from typing import Annotated
from uuid import UUID

import msgspec
import phonenumbers
from msgspec import UNSET, Meta, UnsetType

from tenfold.accounts.events import note
from tenfold.accounts.organisation.administrator import Administrator
from tenfold.db.database import Reader, Transaction
from tenfold.kernel.clock import zones
from tenfold.kernel.errors import Invalid
from tenfold.kernel.language import mark, say
from tenfold.kernel.money import CURRENCIES

# Held by every change of people, teams, roles and fields, so that two never cross:
# the last owner stays, teams stay a tree, a role in use is not deleted.
_HOLD = "SELECT 1 FROM tenfold.tenants WHERE id = $1 FOR NO KEY UPDATE"
_READ = """SELECT id, name, region, currency, timezone, packs, created_at
FROM tenfold.tenants WHERE id = $1"""
_CHANGE = """UPDATE tenfold.tenants SET name = $2, region = $3, currency = $4, timezone = $5,
packs = $6 WHERE id = $1"""


class Organisation(msgspec.Struct, frozen=True, kw_only=True):
    """An organisation."""

    id: UUID
    name: str
    region: str
    currency: str
    timezone: str
    packs: list[str]
    """The packs that the pages show beside what every organisation has; empty: all."""
    created_at: datetime


class OrganisationChange(msgspec.Struct, frozen=True, kw_only=True):
    """What may be changed: region (ISO 3166), currency (ISO 4217), timezone (IANA), packs."""

    name: Annotated[str, Meta(min_length=1, max_length=200)] | UnsetType = UNSET
    region: str | UnsetType = UNSET
    currency: str | UnsetType = UNSET
    timezone: str | UnsetType = UNSET
    packs: Annotated[list[str], Meta(max_length=100)] | UnsetType = UNSET


async def hold(tx: Transaction) -> None:
    """Let this organisation's changes of people and definitions happen one after the other."""
    await tx.value(_HOLD, tx.context.tenant)


async def read(reader: Reader, tenant: UUID) -> Organisation:
    """The organisation."""
    (row,) = await reader.rows(_READ, tenant)
    return Organisation(**dict(row.items()))


async def change(
    tx: Transaction, wanted: OrganisationChange, packs: Collection[str]
) -> Organisation:
    """Change what is given; raises Invalid naming what can't be. `packs` are those there are."""
    tenant = tx.context.tenant
    old = await read(tx, tenant)
    name = old.name if wanted.name is UNSET else " ".join(wanted.name.split())
    region = old.region if wanted.region is UNSET else wanted.region.upper()
    currency = old.currency if wanted.currency is UNSET else wanted.currency.upper()
    timezone = old.timezone if wanted.timezone is UNSET else wanted.timezone
    shown = old.packs if wanted.packs is UNSET else list(dict.fromkeys(wanted.packs))
    problems = {
        "name": "" if name else say("must not be blank"),
        "region": _listed(
            region,
            phonenumbers.SUPPORTED_REGIONS,
            mark("must be a country by its ISO 3166 code, like US"),
        ),
        "currency": _listed(
            currency, CURRENCIES, mark("must be a currency by its ISO 4217 code, like USD")
        ),
        "timezone": _listed(
            timezone,
            zones(),
            mark("must be a time zone by its IANA name, like America/Chicago"),
        ),
        # A pack that was taken out of the installation since may stay.
        "packs": _packs_problem(set(shown) - set(old.packs), packs),
    }
    if found := {field: problem for field, problem in problems.items() if problem}:
        raise Invalid(found)
    await tx.execute(_CHANGE, tenant, name, region, currency, timezone, shown)
    tx.touch("members")
    return await read(tx, tenant)


async def changed(act: Administrator, wanted: OrganisationChange) -> Organisation:
    """Change what is given, by an administrator, and tell it."""
    packs = [name for name in act.registry.packs if name != "base"]
    new = await change(act.tx, wanted, packs)
    await note(act.tx, "organization_changed", act.client, tenant=new.id, after=new)
    return new


def _listed(value: str, known: Container[str], otherwise: str) -> str:
    return "" if value in known else say(otherwise)


def _packs_problem(wanted: set[str], known: Collection[str]) -> str:
    if not (wrong := sorted(wanted - set(known))):
        return ""
    names = ", ".join(sorted(known))
    text = "there is no pack %(said)s; known are %(names)s; empty is all"
    return say(text, said=repr(wrong[0][:60]), names=names)
