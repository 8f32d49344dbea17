"""`tenfold organisation`: what the operator of an installation does for an organisation."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

from tenfold.accounts.events import note
from tenfold.accounts.organisation import policy
from tenfold.cli.seat import TERMINAL, opened
from tenfold.db.database import Reader
from tenfold.kernel.context import Context
from tenfold.kernel.errors import Invalid, NotFound
from tenfold.kernel.ids import parse_id
from tenfold.kernel.settings import Settings

Say = Callable[[str], None]
_ALL = "SELECT id, name FROM tenfold.tenants ORDER BY name, id"
_NAMED = "SELECT id, name FROM tenfold.tenants WHERE id = $1 OR lower(name) = lower($2) LIMIT 9"


async def list_organisations(settings: Settings, say: Say) -> int:
    """Print every organisation."""
    async with opened(settings) as (_, database), database.system() as reader:
        for identity, name in await reader.rows(_ALL):
            say(f"  {identity}  {name}")
    return 0


async def open_everywhere(settings: Settings, name: str, say: Say) -> int:
    """Take away the networks from which an organisation is administered."""
    async with opened(settings) as (_, database):
        async with database.system() as reader:
            tenant = await find_organisation(reader, name)
        async with database.transaction(Context(tenant, None)) as tx:
            called, before = await policy.open_networks(tx, tenant)
            if before:
                was, now = {"admin_networks": before}, {"admin_networks": list[str]()}
                await note(tx, "policy_changed", TERMINAL, tenant=tenant, before=was, after=now)
    again = " again" if before else ", as it was before"
    say(f"{called} is administered from everywhere{again}, by whoever may.")
    return 0


async def find_organisation(reader: Reader, name: str) -> UUID:
    """The organisation of a name or an id; says which to choose from where there are several."""
    rows = await reader.rows(_NAMED, parse_id(name), name.strip())
    if not rows:
        raise NotFound(f"There is no organisation {name!r}; `tenfold organisation list` has all.")
    if len(rows) > 1:
        names = ", ".join(str(row[0]) for row in rows)
        raise Invalid({}, f"Several organisations are called {name!r}; give one's id: {names}.")
    return rows[0][0]
