"""What the tests of secrets' keys share: listings with a code, a worker, a change of keys."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID

from tests.exchange.imports import Person
from tests.factories import Owner
from tests.jobs.tools import QUICK, until

from tenfold import jobs
from tenfold.db.keys import number_in
from tenfold.engine import reseal
from tenfold.web.desk import Desk

KEYS = "/v1/organization/data-keys"
ROWS = 65


@asynccontextmanager
async def working(desk: Desk) -> AsyncIterator[None]:
    """A worker that seals anew, until the end of the block."""
    stop = asyncio.Event()
    registry = jobs.Registry(reseal.handlers(desk.registry, desk.keyring))
    task = asyncio.create_task(jobs.work(desk.database, registry, stop=stop, pace=QUICK))
    try:
        yield
    finally:
        stop.set()
        await asyncio.wait_for(task, 20)


async def made(me: Person, count: int = ROWS) -> list[str]:
    """Listings with a code each, one of them deleted and one without a code."""
    homes = [
        {"address": f"{n} Elm", "list_price": 1, "lockbox_code": f"code {n}"} for n in range(count)
    ]
    homes[1]["lockbox_code"] = None
    rows = await me.post("/v1/listings/bulk", {"records": homes}, 201)
    answer = await me.client.delete(f"/v1/listings/{rows[0]['id']}", headers=me.who.headers)
    assert answer.status_code == 200
    return [row["id"] for row in rows]


async def rotated(me: Person) -> dict[str, Any]:
    """A new key, and all secrets under it."""
    await me.post(KEYS)
    return await over(me)


async def over(me: Person) -> dict[str, Any]:
    async def there() -> bool:
        return (await me.get(KEYS))["rotation"]["state"] in ("completed", "failed")

    await until(there, 20)
    return await me.get(KEYS)


async def numbers(owner: Owner, tenant: UUID) -> list[int]:
    """The numbers of the keys that the organisation's live and deleted secrets are sealed with."""
    rows = await owner.fetch(
        "SELECT lockbox_code FROM tenfold.listings "
        "WHERE tenant_id = $1 AND lockbox_code IS NOT NULL",
        tenant,
    )
    return [number_in(row[0]) for row in rows]


async def code(me: Person, identity: str) -> str | None:
    found = await me.post(f"/v1/listings/{identity}/reveals", {"field": "lockbox_code"}, 201)
    return found["value"]
