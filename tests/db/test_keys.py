"""The keys of an organisation's secrets: what is sealed can be opened for as long as it is kept."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from tests.factories import Owner, Somebody
from tests.guards import Counter

pytestmark = pytest.mark.anyio

KEYS = "SELECT count(*) FROM tenfold.data_keys WHERE tenant_id = $1"
HOME: dict[str, Any] = {"address": "1 Elm Street", "list_price": 1, "lockbox_code": "1234"}


async def test_keys_are_asked_for_only_where_there_are_secrets(
    client: httpx.AsyncClient, admin: Somebody, queries: Counter
) -> None:
    """And once for a write, however many of its records have one."""
    for many in (1, 1, 20):
        for code, times in ((None, 0), ("1234", 1)):
            homes = [HOME | {"lockbox_code": code} for _ in range(many)]
            await client.post("/v1/listings/bulk", json={"records": homes}, headers=admin.headers)
            queries.clear()
            await client.post("/v1/listings/bulk", json={"records": homes}, headers=admin.headers)
            assert sum("keys" in one for one in queries.statements) == times, queries.statements


async def test_a_key_that_was_taken_back_seals_nothing(
    client: httpx.AsyncClient, admin: Somebody, owner: Owner
) -> None:
    """The second secret of a write finds the key that the first one made, not stored for good."""
    twice = [{**HOME, "external_id": "one"}, {**HOME, "external_id": "one"}]
    answer = await client.post("/v1/listings/bulk", json={"records": twice}, headers=admin.headers)
    assert answer.status_code == 409, answer.text
    assert await owner.fetchval(KEYS, admin.tenant) == 0
    answer = await client.post("/v1/listings", json=HOME, headers=admin.headers)
    assert answer.status_code == 201, answer.text
    assert await owner.fetchval(KEYS, admin.tenant) == 1
