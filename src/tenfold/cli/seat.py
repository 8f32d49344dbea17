"""Working from the command line as a person of an organisation."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from uuid import UUID

from tenfold.accounts.people import load
from tenfold.app import Parts, parts
from tenfold.db.database import Database
from tenfold.engine.access import Person
from tenfold.kernel.errors import NotFound
from tenfold.kernel.settings import Settings

_MEMBER = """SELECT m.tenant_id, t.name, u.id FROM tenfold.users u
CROSS JOIN LATERAL tenfold.memberships(u.id) m JOIN tenfold.tenants t ON t.id = m.tenant_id
WHERE u.email = $1 ORDER BY m.tenant_id"""


@dataclass(frozen=True, slots=True)
class Seat:
    """A person at work: the engine, a pool, and who acts."""

    made: Parts
    database: Database
    person: Person
    organisation: str


@asynccontextmanager
async def seat(settings: Settings, email: str, organisation: str = "") -> AsyncGenerator[Seat]:
    """Take the seat of the person with this address, in their organisation of this name or id."""
    made = parts(settings)
    database = await made.database(seconds=300)
    try:
        tenant, name, user = await _found(database, email, organisation)
        async with database.read(tenant) as reader:
            person = await load(reader, tenant, user)
        yield Seat(made, database, person, name)
    finally:
        await database.close()


async def _found(database: Database, email: str, organisation: str) -> tuple[UUID, str, UUID]:
    async with database.system() as reader:
        rows = await reader.rows(_MEMBER, email.strip().lower())
    if not rows:
        raise NotFound(f"Nobody with the address {email} belongs to an organisation here.")
    chosen = [r for r in rows if organisation in ("", r[1], str(r[0]))]
    if len(chosen) != 1:
        names = ", ".join(sorted(r[1] for r in rows))
        raise NotFound(f"Say which organisation of {email} you mean with --organisation: {names}.")
    return chosen[0][0], chosen[0][1], chosen[0][2]
