"""Values at the ends of what can be kept: the first and the last day, endless words and figures."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from tests.factories import Somebody

pytestmark = pytest.mark.anyio


async def made(
    client: httpx.AsyncClient, who: Somebody, plural: str, body: dict[str, Any]
) -> httpx.Response:
    return await client.post(f"/v1/{plural}", json=body, headers=who.headers)


@pytest.mark.parametrize(
    ("plural", "name", "value"),
    [
        ("contacts", "birthday", "0001-01-01"),
        ("contacts", "birthday", "9999-12-31"),
        ("tasks", "due_at", "0001-01-01T00:00:00+00:00"),
        ("tasks", "due_at", "9999-12-31T23:59:59.999999+00:00"),
    ],
)
async def test_the_first_and_the_last_day_are_days(
    client: httpx.AsyncClient, admin: Somebody, plural: str, name: str, value: str
) -> None:
    title = {"contacts": "first_name", "tasks": "title"}[plural]
    answer = await made(client, admin, plural, {title: "X", name: value})
    assert answer.json()["data"][name] == value
    path = f"/v1/{plural}?sort={name}&{name}={value[:10]}" if "T" not in value else f"/v1/{plural}"
    found = (await client.get(path, headers=admin.headers)).json()["data"]
    assert [one[name] for one in found] == [value]


async def test_words_without_end_are_kept_and_found(
    client: httpx.AsyncClient, admin: Somebody
) -> None:
    """PostgreSQL takes no word of more than 2,046 bytes into a full-text index."""
    word = "\u0436" * 1_500
    body = {"name": "X", "website": f"https://example.com/{word}"}
    assert (await made(client, admin, "companies", body)).status_code == 201
    answer = await client.get(
        "/v1/companies/search", params={"q": word[:150]}, headers=admin.headers
    )
    assert len(answer.json()["data"]) == 1


async def test_what_is_computed_from_too_large_a_number_is_refused(
    client: httpx.AsyncClient, admin: Somebody
) -> None:
    body = {"address": "X", "list_price": 92_233_720_368_547_758, "living_area": 0.01}
    answer = await made(client, admin, "listings", body)
    assert answer.status_code == 400, answer.text
    assert "too large a number" in answer.json()["error"]["message"]
