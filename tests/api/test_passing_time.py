"""What changes by the passing of time alone is never answered from before."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from tests.factories import Owner, Somebody

pytestmark = pytest.mark.anyio
# As if it had been an hour: no write of the application's raises a version.
_AN_HOUR = """UPDATE tenfold.user_cards SET refundable_until = refundable_until - interval '1 hour'
WHERE tenant_id = $1"""


@pytest.mark.parametrize("path", ["/v1/user_cards", "/v1/cards?embed=user_cards"])
async def test_a_list_follows_the_clock(
    client: httpx.AsyncClient, admin: Somebody, owner: Owner, path: str
) -> None:
    async def made(plural: str, **body: Any) -> str:
        answer = await client.post(f"/v1/{plural}", json=body, headers=admin.headers)
        assert answer.status_code == 201, answer.text
        return answer.json()["data"]["id"]

    async def seen(etag: str = "") -> tuple[bool, str]:
        headers = {**admin.headers, "if-none-match": etag}
        answer = await client.get(path, headers=headers)
        assert answer.status_code == 200, answer.text
        (row,) = answer.json()["data"]
        (copy,) = row["user_cards"]["data"] if "user_cards" in row else [row]
        return copy["can_refund"], answer.headers["etag"]

    whole = await made("card_sets", name="S", code="S")
    card = await made("cards", name="X", card_set_id=whole, number=1, rarity="common")
    await made("user_cards", name="X 1", card_id=card)
    soon = "UPDATE tenfold.user_cards SET refundable_until = now() + interval '1 minute' WHERE "
    await owner.execute(soon + "tenant_id = $1", admin.tenant)
    before, etag = await seen()
    again = await client.get(path, headers={**admin.headers, "if-none-match": etag})
    assert (before, again.status_code) == (True, 304)
    await owner.execute(_AN_HOUR, admin.tenant)
    assert (await seen(etag))[0] is False
    assert (await seen())[0] is False
