"""Record types that an organisation makes itself behave like those that ship."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx
import pytest
from tests.factories import Organisation, Owner, Somebody

pytestmark = pytest.mark.anyio
_WAITING = """SELECT count(*) FROM pg_stat_activity
WHERE datname = current_database() AND cardinality(pg_blocking_pids(pid)) > 0"""


async def call(
    client: httpx.AsyncClient, who: Somebody, method: str, path: str, body: object = None
) -> tuple[int, Any]:
    answer = await client.request(method, path, json=body, headers=who.headers)
    return answer.status_code, answer.json()


async def made(client: httpx.AsyncClient, who: Somebody) -> str:
    """A type `vehicles` with three fields; answers its path."""
    status, body = await call(client, who, "POST", "/v1/types", {"name": "vehicles"})
    assert (status, body["data"]["path"]) == (201, "/v1/custom/vehicles")
    for name, kind in (("wheels", "integer"), ("colour", "text"), ("bought", "date")):
        field = {"type": "custom_vehicles", "name": name, "kind": kind}
        status, body = await call(client, who, "POST", "/v1/custom-fields", field)
        assert status == 201, body
    return "/v1/custom/vehicles"


async def test_its_records_are_made_read_changed_found_sorted_deleted_and_restored(
    client: httpx.AsyncClient, organisation: Organisation
) -> None:
    owner = await organisation.person("owner")
    path = await made(client, owner)
    for name, wheels in (("Truck", 6), ("Bike", 2), ("Car", 4)):
        body = {"name": name, "custom": {"wheels": wheels, "bought": "2026-01-02"}}
        status, answer = await call(client, owner, "POST", path, body)
        assert status == 201, answer
    found = (await call(client, owner, "GET", f"{path}?custom.wheels[gte]=4&sort=-custom.wheels"))[
        1
    ]
    assert [r["name"] for r in found["data"]] == ["Truck", "Car"]
    record = found["data"][1]
    one = f"{path}/{record['id']}"
    status, answer = await call(client, owner, "PATCH", one, {"custom": {"wheels": 3}})
    assert answer["data"]["custom"] == {"wheels": 3, "bought": "2026-01-02"}
    assert (await call(client, owner, "GET", f"{path}?custom.wheels=4"))[1]["data"] == []
    hits = (await call(client, owner, "GET", f"{path}/search?q=tru"))[1]["data"]
    assert [r["name"] for r in hits] == ["Truck"]
    assert (await call(client, owner, "DELETE", one))[0] == 200
    assert (await call(client, owner, "GET", one))[0] == 404
    assert (await call(client, owner, "POST", f"{one}/restore"))[0] == 200
    assert (await call(client, owner, "GET", one))[1]["data"]["custom"]["wheels"] == 3


async def test_bad_values_name_the_field(
    client: httpx.AsyncClient, organisation: Organisation
) -> None:
    owner = await organisation.person("owner")
    path = await made(client, owner)
    body = {"name": "Car", "custom": {"wheels": "four"}}
    status, answer = await call(client, owner, "POST", path, body)
    assert status == 400
    assert answer["error"]["fields"] == {"custom.wheels": "must be a whole number like 1234"}
    body = {"name": "Car", "custom": {"doors": 4}}
    status, answer = await call(client, owner, "POST", path, body)
    assert (status, answer["error"]["code"]) == (400, "UNKNOWN_FIELD")
    status, answer = await call(client, owner, "POST", path, {"name": "x", "kind": "custom_boats"})
    assert status == 400


async def test_two_types_of_one_organisation_do_not_mix(
    client: httpx.AsyncClient, organisation: Organisation
) -> None:
    owner = await organisation.person("owner")
    path = await made(client, owner)
    await call(client, owner, "POST", "/v1/types", {"name": "boats"})
    status, answer = await call(client, owner, "POST", path, {"name": "Car"})
    assert status == 201
    assert (await call(client, owner, "GET", "/v1/custom/boats"))[1]["data"] == []
    foreign = f"/v1/custom/boats/{answer['data']['id']}"
    for method in ("GET", "PATCH", "DELETE"):
        assert (await call(client, owner, method, foreign, {}))[0] == 404


async def test_another_organisation_has_no_such_type(
    client: httpx.AsyncClient, organisation: Organisation, stranger: Organisation
) -> None:
    owner = await organisation.person("owner")
    path = await made(client, owner)
    outsider = await stranger.person("owner")
    assert (await call(client, outsider, "GET", path))[0] == 404
    assert (await call(client, outsider, "POST", path, {"name": "x"}))[0] == 404


async def test_only_who_administers_makes_types_and_names_are_checked(
    client: httpx.AsyncClient, organisation: Organisation
) -> None:
    owner, member = await organisation.person("owner"), await organisation.person("member")
    assert (await call(client, member, "POST", "/v1/types", {"name": "boats"}))[0] == 403
    for name in ("Boats", "b", "1boats", "boats-2", "a" * 60, ""):
        status, answer = await call(client, owner, "POST", "/v1/types", {"name": name})
        assert (status, list(answer["error"]["fields"])) == (400, ["name"])
    assert (await call(client, owner, "POST", "/v1/types", {"name": "leads"}))[0] == 409
    await made(client, owner)
    assert (await call(client, owner, "POST", "/v1/types", {"name": "vehicles"}))[0] == 409
    change = {"label": "Vehicle", "help": "What we drive."}
    status, answer = await call(client, owner, "PATCH", "/v1/types/vehicles", change)
    assert answer["data"]["help"] == "What we drive."
    listed = (await call(client, owner, "GET", "/v1/types"))[1]["data"]
    assert "custom_vehicles" in [one["name"] for one in listed]
    assert (await call(client, owner, "DELETE", "/v1/types/vehicles"))[0] == 200
    assert (await call(client, owner, "DELETE", "/v1/types/vehicles"))[0] == 404
    assert (await call(client, owner, "GET", "/v1/custom/vehicles"))[0] == 404


async def test_two_changes_of_a_type_at_once_both_hold(
    client: httpx.AsyncClient, organisation: Organisation, owner: Owner
) -> None:
    who = await organisation.person("owner")
    await made(client, who)
    path, wanted = "/v1/types/vehicles", {"label": "Car", "help": "On wheels."}
    async with owner.transaction():
        await owner.execute(
            "SELECT 1 FROM tenfold.custom_types WHERE tenant_id = $1 FOR UPDATE", who.tenant
        )
        tasks = [
            asyncio.create_task(call(client, who, "PATCH", path, {name: value}))
            for name, value in wanted.items()
        ]
        for _ in range(200):  # no longer than a statement may take
            if await owner.fetchval(_WAITING) >= len(tasks):
                break
            await asyncio.sleep(0.01)
    assert [status for status, _ in await asyncio.gather(*tasks)] == [200, 200]
    now = (await call(client, who, "GET", path))[1]["data"]
    assert {name: now[name] for name in wanted} == wanted
