"""Who waits for what others hold is told to try again (503); it is no mistake of ours."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import asyncpg
import httpx
import msgspec
import pytest
from tests.conftest import Serve
from tests.factories import Owner, Somebody
from tests.server import Base

from tenfold.db import lender
from tenfold.kernel.ids import new_id
from tenfold.kernel.settings import Settings

pytestmark = pytest.mark.anyio
_WAITING = """SELECT count(*) FROM pg_stat_activity
WHERE datname = current_database() AND wait_event_type = 'Lock'"""

_END = """SELECT pg_terminate_backend(pid) FROM pg_stat_activity
WHERE datname = current_database() AND wait_event_type = 'Lock'"""


@pytest.fixture(params=["statement_timeout", "lock_timeout"])
async def hasty(
    request: pytest.FixtureRequest, serve: Serve, settings: Settings
) -> AsyncIterator[httpx.AsyncClient]:
    """An application whose statements don't wait for long."""
    if request.param == "lock_timeout":
        url = settings.app_database_url
        url += f"{'&' if '?' in url else '?'}lock_timeout=200"
        chosen = msgspec.structs.replace(settings, app_database_url=url)
    else:
        chosen = msgspec.structs.replace(settings, statement_seconds=0.3)
    async with serve(chosen) as running:
        yield running.client


@asynccontextmanager
async def held(base: Base, sql: str, *given: object) -> AsyncIterator[asyncpg.Connection]:
    """Somebody else's transaction that has run a statement."""
    holder = await asyncpg.connect(base.admin_url)
    try:
        async with holder.transaction():
            await holder.execute(sql, *given)
            yield holder
    finally:
        await holder.close()


async def waiting(owner: Owner) -> None:
    """Until somebody waits for what another holds."""
    for _ in range(500):
        if await owner.fetchval(_WAITING):
            return
        await asyncio.sleep(0.02)
    raise AssertionError("nobody waits")


async def lead(client: httpx.AsyncClient, who: Somebody) -> str:
    return (await lead_answer(client, who)).json()["data"]["id"]


async def lead_answer(client: httpx.AsyncClient, who: Somebody) -> httpx.Response:
    values = {"first_name": "A", "last_name": "B"}
    return await client.post("/v1/leads", json=values, headers=who.headers)


def check(answer: httpx.Response) -> None:
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "5"), answer.text
    assert "The database is busy; try again shortly." in answer.text


async def test_a_record_that_others_hold(
    hasty: httpx.AsyncClient, base: Base, admin: Somebody
) -> None:
    identity = await lead(hasty, admin)

    async def change() -> httpx.Response:
        return await hasty.patch(
            f"/v1/leads/{identity}", json={"notes": "new"}, headers=admin.headers
        )

    async with held(base, "SELECT FROM tenfold.leads WHERE id = $1 FOR UPDATE", identity):
        refused = await change()
    check(refused)
    assert refused.json()["error"]["code"] == "UNAVAILABLE"
    assert (await change()).status_code == 200


async def test_a_table_that_others_hold(
    hasty: httpx.AsyncClient, base: Base, admin: Somebody
) -> None:
    page = {"accept": "text/html", "cookie": f"session={admin.token}"}
    async with held(base, "LOCK TABLE tenfold.leads"):
        check(await hasty.get("/v1/leads", headers=admin.headers))
        shown = await hasty.get("/leads", headers=page)
    check(shown)
    assert shown.headers["content-type"].startswith("text/html")
    assert (await hasty.get("/leads", headers=page)).status_code == 200


async def test_two_who_wait_for_each_other(
    client: httpx.AsyncClient, base: Base, owner: Owner, admin: Somebody
) -> None:
    first, second = [await lead(client, admin) for _ in range(2)]
    records: list[dict[str, Any]] = [{"id": one, "notes": "new"} for one in (first, second)]
    hold = "SELECT FROM tenfold.leads WHERE id = $1 FOR UPDATE"
    async with held(base, hold, second) as holder:
        asked = asyncio.create_task(
            client.patch("/v1/leads/bulk", json={"records": records}, headers=admin.headers)
        )
        await waiting(owner)
        await holder.execute("SET LOCAL deadlock_timeout = '20s'")  # the other one gives up
        await holder.execute(hold, first)
        check(await asked)


async def test_who_finds_no_connection_waits_once(
    serve: Serve, settings: Settings, admin: Somebody, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with serve(msgspec.structs.replace(settings, pool_min=1, pool_max=1)) as running:
        desk = running.desk
        await lead(running.client, admin)
        for _ in range(2):
            await running.client.get("/v1/leads", headers=admin.headers)
        taken = list[object]()
        real = desk.database._lender.take

        async def take() -> Any:
            taken.append(1)
            return await real()

        monkeypatch.setattr(desk.database._lender, "take", take)
        monkeypatch.setattr(lender, "WAIT_SECONDS", 0.2)
        async with desk.database.read(new_id()):
            answer = await running.client.get("/v1/leads?limit=7", headers=admin.headers)
    assert answer.status_code == 503
    assert len(taken) == 2  # its own, and that of whoever holds the only one


async def test_a_write_whose_connection_is_lost_is_told_to_try_again(
    client: httpx.AsyncClient, base: Base, owner: Owner, admin: Somebody
) -> None:
    await lead(client, admin)
    async with held(base, "LOCK TABLE tenfold.leads"):
        asked = asyncio.create_task(lead_answer(client, admin))
        await waiting(owner)
        await owner.execute(_END)
        answer = await asked
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "5"), answer.text
    assert (await lead_answer(client, admin)).status_code == 201


@pytest.mark.parametrize(
    ("method", "path"), [("DELETE", "/v1/leads/{}"), ("DELETE", "/v1/teams/{}")]
)
async def test_a_request_that_comes_slowly_holds_no_connection(
    serve: Serve, settings: Settings, admin: Somebody, method: str, path: str
) -> None:
    asked, go = asyncio.Event(), asyncio.Event()
    async with serve(msgspec.structs.replace(settings, pool_min=1, pool_max=1)) as running:

        async def slow(scope: Any, receive: Any, send: Any) -> None:
            async def late() -> Any:
                asked.set()
                await go.wait()
                return await receive()

            await running.app(scope, late, send)

        transport = httpx.ASGITransport(slow)
        headers = {**admin.headers, "idempotency-key": "slowly"}
        async with httpx.AsyncClient(transport=transport, base_url="http://tenfold.test") as http:
            url = path.format(admin.id)
            sent = asyncio.create_task(http.request(method, url, headers=headers))
            try:
                async with asyncio.timeout(5):
                    await asked.wait()
                    answer = await running.client.get("/v1/leads", headers=admin.headers)
                    assert answer.status_code == 200
            finally:
                go.set()
            assert (await sent).status_code == 404
