"""The record types of an organisation, read and made through the API."""

from __future__ import annotations

import httpx
import pytest
from tests.factories import Organisation, Somebody

pytestmark = pytest.mark.anyio


async def test_a_new_type_is_where_its_location_says(
    client: httpx.AsyncClient, admin: Somebody, stranger: Organisation
) -> None:
    made = await client.post("/v1/types", json={"name": "vehicles"}, headers=admin.headers)
    assert made.status_code == 201, made.text
    place = made.headers["location"]
    read = await client.get(place, headers=admin.headers)
    assert read.json()["data"] == made.json()["data"]
    by_name = await client.get("/v1/types/custom_vehicles", headers=admin.headers)
    assert by_name.json() == read.json()
    outsider = await stranger.person("owner")
    assert (await client.get(place, headers=outsider.headers)).status_code == 404
    shipped = await client.get("/v1/types/lead", headers=admin.headers)
    assert shipped.json()["data"]["path"] == "/v1/leads"


async def test_a_type_is_made_once_for_each_key(client: httpx.AsyncClient, admin: Somebody) -> None:
    headers = {**admin.headers, "idempotency-key": "a type"}
    answers = [
        await client.post("/v1/types", json={"name": "boats"}, headers=headers) for _ in range(2)
    ]
    assert [a.status_code for a in answers] == [201, 201]
    assert answers[0].content == answers[1].content
    other = await client.post("/v1/types", json={"name": "ships"}, headers=headers)
    assert other.status_code == 422


@pytest.mark.parametrize("name", ["custom_vehicles", "vehicles\n", "V", "a" * 40, "1st"])
async def test_names_that_can_not_be_addresses_are_refused(
    client: httpx.AsyncClient, admin: Somebody, name: str
) -> None:
    answer = await client.post("/v1/types", json={"name": name}, headers=admin.headers)
    assert answer.status_code == 400
    assert list(answer.json()["error"]["fields"]) == ["name"]


async def test_types_have_a_bound(
    client: httpx.AsyncClient, organisation: Organisation, admin: Somebody
) -> None:
    await organisation.owner.execute(
        "INSERT INTO tenfold.custom_types (tenant_id, id, name, spec) "
        "SELECT $1, gen_random_uuid(), 'kind_' || n, '{}' FROM generate_series(1, 200) n",
        organisation.id,
    )
    answer = await client.post("/v1/types", json={"name": "one_more"}, headers=admin.headers)
    assert (answer.status_code, answer.json()["error"]["code"]) == (409, "TOO_MANY")
