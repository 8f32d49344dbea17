"""Working from the command line as a person of an organisation."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from uuid import UUID

from tenfold.accounts.client import Client
from tenfold.accounts.identity.sign_in import plain_email
from tenfold.accounts.people import load
from tenfold.app import Parts, parts
from tenfold.cli.who import Who
from tenfold.db.database import Database
from tenfold.engine.access import Person
from tenfold.kernel.errors import Invalid, NotFound
from tenfold.kernel.ids import parse_id
from tenfold.kernel.settings import Settings

TERMINAL = Client(agent="tenfold command line")
"""From where a security event comes that a command makes."""
_MEMBER = """SELECT m.tenant_id, t.name, u.id FROM tenfold.users u
CROSS JOIN LATERAL tenfold.memberships(u.id) m JOIN tenfold.tenants t ON t.id = m.tenant_id
WHERE u.email = $1 AND u.kind = 'person' AND u.active ORDER BY m.tenant_id"""


@dataclass(frozen=True, slots=True)
class Place:
    """One organisation of a person."""

    tenant: UUID
    organisation: str
    user: UUID


@dataclass(frozen=True, slots=True)
class Seat:
    """A person at work: the engine, a pool, and who acts."""

    made: Parts
    database: Database
    person: Person
    organisation: str


@asynccontextmanager
async def opened(settings: Settings) -> AsyncGenerator[tuple[Parts, Database]]:
    """The engine and a pool of its own, for statements that may take long."""
    made = parts(settings)
    database = await made.database(seconds=300)
    try:
        yield made, database
    finally:
        await database.close()


@asynccontextmanager
async def seat(settings: Settings, who: Who) -> AsyncGenerator[Seat]:
    """Take the seat of a person in their organisation."""
    async with opened(settings) as (made, database):
        place = await find(database, who)
        async with database.read(place.tenant) as reader:
            person = await load(reader, place.tenant, place.user)
        yield Seat(made, database, person, place.organisation)


async def find(database: Database, who: Who) -> Place:
    """The person and their organisation; says which to choose from where there are several."""
    async with database.system() as reader:
        rows = await reader.rows(_MEMBER, plain_email(who.email))
    places = [Place(*row) for row in rows]
    if not places:
        raise NotFound(f"Nobody with the address {who.email} belongs to an organisation here.")
    wanted = who.organisation.strip()
    if wanted:
        key = parse_id(wanted)
        named = wanted.casefold()
        places = [p for p in places if p.tenant == key or p.organisation.casefold() == named]
        if not places:
            raise NotFound(f"{who.email} is no member of {wanted!r}.")
    if len(places) > 1:
        names = ", ".join(sorted(f"{p.organisation} ({p.tenant})" for p in places))
        raise Invalid({}, f"Say with --organisation which one of {who.email} you mean: {names}.")
    return places[0]
