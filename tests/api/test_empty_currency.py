"""A currency that is given as empty text is none, as for every other field."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from tests.factories import Somebody

pytestmark = pytest.mark.anyio
NAMES = {"first_name": "Aiko", "last_name": "Sato"}
EMPTY: list[str | None] = ["", None]


async def asked(
    client: httpx.AsyncClient, who: Somebody, method: str, path: str, body: dict[str, Any]
) -> Any:
    answer = await client.request(method, f"/v1/{path}", json=body, headers=who.headers)
    assert answer.is_success, answer.text
    return answer.json()["data"]


@pytest.mark.parametrize("nothing", EMPTY)
async def test_an_empty_currency_is_the_records_own_or_the_organisations(
    client: httpx.AsyncClient, admin: Somebody, nothing: str | None
) -> None:
    fee = {"type": "lead", "name": "fee", "kind": "money"}
    await asked(client, admin, "POST", "custom-fields", fee)
    given = {"budget": 5, "budget_currency": nothing, "custom": {"fee": 7, "fee_currency": nothing}}
    made = await asked(client, admin, "POST", "leads", {**NAMES, **given})
    assert (made["budget"], made["budget_currency"]) == (5, "USD")
    assert made["custom"] == {"fee": 7, "fee_currency": "USD"}
    path = f"leads/{made['id']}"
    yen = {"budget": 500, "budget_currency": "JPY", "custom": {"fee": 700, "fee_currency": "JPY"}}
    await asked(client, admin, "PATCH", path, yen)
    now = await asked(client, admin, "PATCH", path, given)
    assert (now["budget"], now["budget_currency"]) == (5, "JPY")
    assert now["custom"] == {"fee": 7, "fee_currency": "JPY"}


@pytest.mark.parametrize("nothing", EMPTY)
async def test_an_empty_currency_alone_still_wants_its_amount(
    client: httpx.AsyncClient, admin: Somebody, nothing: str | None
) -> None:
    body = {**NAMES, "budget_currency": nothing}
    answer = await client.post("/v1/leads", json=body, headers=admin.headers)
    assert answer.status_code == 400
    told = answer.json()["error"]["fields"]
    assert told == {"budget_currency": "goes with budget; give both"}
