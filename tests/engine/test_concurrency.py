"""Many at once: keys stay unique, nothing points to what is gone, nobody waits crosswise."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx
import pytest
from tests.factories import Somebody

pytestmark = pytest.mark.anyio

NAMES = {"first_name": "Ada", "last_name": "L"}


async def call(
    client: httpx.AsyncClient, who: Somebody, method: str, path: str, body: Any = None
) -> httpx.Response:
    return await client.request(method, path, json=body, headers=who.headers)


async def test_one_of_many_takes_a_key(client: httpx.AsyncClient, admin: Somebody) -> None:
    body = {**NAMES, "external_id": "one"}
    answers = await asyncio.gather(
        *(call(client, admin, "POST", "/v1/leads", body) for _ in range(6))
    )
    assert sorted(a.status_code for a in answers) == [201, *[409] * 5]
    codes = {a.json()["error"]["code"] for a in answers if a.status_code == 409}
    assert codes == {"DUPLICATE"}


async def test_upserts_of_one_key_make_one_record(
    client: httpx.AsyncClient, admin: Somebody
) -> None:
    body = {"key": "external_id", "records": [{**NAMES, "external_id": "one"}]}
    answers = await asyncio.gather(
        *(call(client, admin, "POST", "/v1/leads/upsert", body) for _ in range(6))
    )
    assert {a.status_code for a in answers} <= {200, 409}
    assert 200 in {a.status_code for a in answers}
    found = (await call(client, admin, "GET", "/v1/leads?external_id=one")).json()["data"]
    assert len(found) == 1


async def test_changes_in_opposite_order_do_not_wait_crosswise(
    client: httpx.AsyncClient, admin: Somebody
) -> None:
    made = await call(client, admin, "POST", "/v1/leads/bulk", {"records": [NAMES] * 40})
    ids = [r["id"] for r in made.json()["data"]]

    async def change(order: list[str], n: int) -> int:
        rows = [{"id": i, "engagement_count": n} for i in order]
        answer = await call(client, admin, "PATCH", "/v1/leads/bulk", {"records": rows})
        return answer.status_code

    statuses = await asyncio.gather(*(change(ids if n % 2 else ids[::-1], n) for n in range(8)))
    assert statuses == [200] * 8
    rows = (await call(client, admin, "GET", "/v1/leads?limit=100")).json()["data"]
    assert {r["version"] for r in rows} == {9}
    assert len({r["engagement_count"] for r in rows}) == 1


async def test_nothing_points_to_what_is_deleted_meanwhile(
    client: httpx.AsyncClient, admin: Somebody
) -> None:
    for _ in range(6):
        made = await call(client, admin, "POST", "/v1/contacts", {"first_name": "C"})
        assert made.status_code == 201, made.text
        contact = made.json()["data"]["id"]
        lead = {**NAMES, "contact_id": contact}
        added, gone = await asyncio.gather(
            call(client, admin, "POST", "/v1/leads", lead),
            call(client, admin, "DELETE", f"/v1/contacts/{contact}"),
        )
        assert added.status_code in (201, 400, 409), added.text
        assert gone.status_code in (200, 409), gone.text
        if added.status_code == 201 and gone.status_code == 200:
            path = f"/v1/leads/{added.json()['data']['id']}"
            now = (await call(client, admin, "GET", path)).json()["data"]
            assert now["contact_id"] is None, "it points to a deleted record"


async def test_a_record_is_deleted_once(client: httpx.AsyncClient, admin: Somebody) -> None:
    made = await call(client, admin, "POST", "/v1/leads", NAMES)
    path = f"/v1/leads/{made.json()['data']['id']}"
    answers = await asyncio.gather(*(call(client, admin, "DELETE", path) for _ in range(4)))
    assert sorted(a.status_code for a in answers) == [200, 404, 404, 404]
