"""The history of a record through the API, under today's access."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from tests.conftest import MakeOrganisation
from tests.factories import Organisation, Somebody
from tests.pages.conftest import Make

pytestmark = pytest.mark.anyio


async def read(
    client: httpx.AsyncClient, somebody: Somebody, path: str, **params: Any
) -> dict[str, Any]:
    answer = await client.get(path, headers=somebody.headers, params=params)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def test_the_timeline_tells_who_when_what_and_why(
    client: httpx.AsyncClient, admin: Somebody, lead: dict[str, Any]
) -> None:
    path = f"/v1/leads/{lead['id']}"
    change = {"budget": 1_500_000.5, "areas": ["Midtown"]}
    await client.patch(path, json=change, headers=admin.headers)
    await client.post(
        f"{path}/moves", json={"to": "hot", "reason": "They called"}, headers=admin.headers
    )
    await client.delete(path, headers=admin.headers)
    await client.post(f"{path}/restore", headers=admin.headers)
    body = await read(client, admin, f"{path}/timeline")
    restored, deleted, moved, updated, created = body["data"]
    kinds = [e["operation"] for e in body["data"]]
    assert kinds == ["restored", "deleted", "moved", "updated", "created"]
    assert moved["reason"] == "They called"
    assert [(f["field"], f["old"], f["new"]) for f in moved["fields"]] == [("status", "new", "hot")]
    by_name = {f["field"]: f for f in updated["fields"]}
    assert (by_name["budget"]["old"], by_name["budget"]["new"]) == (1_000_000, 1_500_000.5)
    assert by_name["budget"]["currency"] == "USD"
    assert by_name["areas"]["new"] == ["Midtown"]
    assert {e["actor"] for e in body["data"]} == {"Robin owner"}
    assert {e["actor_id"] for e in body["data"]} == {str(admin.id)}
    assert "first_name" in {f["field"] for f in created["fields"]}
    assert [e["version"] for e in (created, updated, moved, deleted, restored)] == [1, 2, 3, 4, 5]
    assert set(body["meta"]) == {
        "limit",
        "next_cursor",
        "has_more",
        "count",
        "count_kind",
        "cached",
    }


async def test_the_timeline_is_paged_by_cursor(
    client: httpx.AsyncClient, admin: Somebody, lead: dict[str, Any]
) -> None:
    path = f"/v1/leads/{lead['id']}"
    for n in range(6):
        await client.patch(path, json={"engagement_count": n + 1}, headers=admin.headers)
    seen: list[int] = []
    cursor = ""
    while True:
        params = {"limit": 3} | ({"cursor": cursor} if cursor else {})
        body = await read(client, admin, f"{path}/timeline", **params)
        seen += [e["id"] for e in body["data"]]
        cursor = body["meta"]["next_cursor"]
        if not body["meta"]["has_more"]:
            break
    assert len(seen) == 7
    assert seen == sorted(seen, reverse=True)
    assert cursor is None


async def test_a_cursor_of_another_record_is_refused(
    client: httpx.AsyncClient, admin: Somebody, lead: dict[str, Any], make: Make
) -> None:
    path = f"/v1/leads/{lead['id']}"
    await client.patch(path, json={"engagement_count": 1}, headers=admin.headers)
    body = await read(client, admin, f"{path}/timeline", limit=1)
    other = await make("leads", first_name="A", last_name="B")
    answer = await client.get(
        f"/v1/leads/{other['id']}/timeline",
        headers=admin.headers,
        params={"cursor": body["meta"]["next_cursor"]},
    )
    assert answer.status_code == 400


@pytest.mark.parametrize("params", [{"limit": "0"}, {"limit": "101"}, {"limit": "x"}, {"q": "1"}])
async def test_wrong_parameters_are_refused(
    client: httpx.AsyncClient, admin: Somebody, lead: dict[str, Any], params: dict[str, str]
) -> None:
    answer = await client.get(
        f"/v1/leads/{lead['id']}/timeline", headers=admin.headers, params=params
    )
    assert answer.status_code == 400


async def test_moves_are_their_own_list(
    client: httpx.AsyncClient, admin: Somebody, lead: dict[str, Any]
) -> None:
    path = f"/v1/leads/{lead['id']}"
    await client.patch(path, json={"engagement_count": 1}, headers=admin.headers)
    for to, reason in (("contacted", ""), ("hot", "They called")):
        move = {"to": to, "reason": reason}
        await client.post(f"{path}/moves", json=move, headers=admin.headers)
    body = await read(client, admin, f"{path}/moves")
    told = [(m["old"], m["to"], m["reason"], m["actor"]) for m in body["data"]]
    assert told == [
        ("contacted", "hot", "They called", "Robin owner"),
        ("new", "contacted", None, "Robin owner"),
    ]


async def test_a_type_without_stages_has_no_moves(
    client: httpx.AsyncClient, admin: Somebody, make: Make
) -> None:
    contact = await make("contacts", first_name="Ann", last_name="Lee")
    answer = await client.get(f"/v1/contacts/{contact['id']}/moves", headers=admin.headers)
    assert answer.status_code == 404


async def test_relations_are_told_by_title(
    client: httpx.AsyncClient, admin: Somebody, make: Make, organisation: Organisation
) -> None:
    first, second = await make("companies", name="Acme"), await make("companies", name="Looms")
    contact = await make("contacts", first_name="Ann", last_name="Lee", company_id=first["id"])
    other = await organisation.person("member", name="other")
    path = f"/v1/contacts/{contact['id']}"
    change = {"company_id": second["id"], "owner_id": str(other.id)}
    answer = await client.patch(path, json=change, headers=admin.headers)
    assert answer.status_code == 200, answer.text
    entry = (await read(client, admin, f"{path}/timeline"))["data"][0]
    told = {f["field"]: (f["old_title"], f["new_title"]) for f in entry["fields"]}
    assert told == {"company_id": ("Acme", "Looms"), "owner_id": ("Robin owner", "Robin member")}


async def test_another_organisation_finds_no_history(
    client: httpx.AsyncClient, make_organisation: MakeOrganisation, lead: dict[str, Any]
) -> None:
    stranger = await (await make_organisation()).person("owner")
    for part in ("timeline", "moves"):
        answer = await client.get(f"/v1/leads/{lead['id']}/{part}", headers=stranger.headers)
        assert answer.status_code == 404


async def test_secrets_are_masked_and_hidden_fields_left_out(
    client: httpx.AsyncClient, admin: Somebody, make: Make, organisation: Organisation
) -> None:
    listing = await make(
        "listings", address={"street": "1 Main Street"}, list_price=1, lockbox_code="Yellow 1"
    )
    path = f"/v1/listings/{listing['id']}"
    await client.patch(path, json={"lockbox_code": "Yellow 2"}, headers=admin.headers)
    answer = await client.get(f"{path}/timeline", headers=admin.headers)
    assert "Yellow" not in answer.text
    entry = answer.json()["data"][0]
    told = [(f["field"], f["old"], f["new"]) for f in entry["fields"]]
    assert told == [("lockbox_code", "••••", "••••")]
    grant = {"listing": {"read": "all", "hide": ["list_price"]}}
    role = {"name": "viewer", "grants": grant}
    answer = await client.post("/v1/roles", json=role, headers=admin.headers)
    assert answer.status_code == 201, answer.text
    viewer = await organisation.person("member", ["viewer"])
    body = await read(client, viewer, f"{path}/timeline")
    assert "list_price" not in {f["field"] for e in body["data"] for f in e["fields"]}
