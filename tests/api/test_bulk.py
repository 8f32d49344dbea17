"""Many records at once: how many, which one is wrong, and each row by its own rights."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx
import pytest
from tests.factories import Organisation, Somebody

pytestmark = pytest.mark.anyio
PATH = "/v1/leads"
NAMES = {"first_name": "Ada", "last_name": "Lovelace"}


async def send(
    client: httpx.AsyncClient, who: Somebody, method: str, place: str, body: Any
) -> httpx.Response:
    """One request about many leads."""
    return await client.request(method, f"{PATH}/{place}", json=body, headers=who.headers)


async def test_ten_thousand_rows_are_taken_and_one_more_is_not(
    client: httpx.AsyncClient, admin: Somebody
) -> None:
    rows = [{**NAMES, "external_id": f"r{n}"} for n in range(10_000)]
    too_many = await send(client, admin, "POST", "bulk", {"records": [*rows, NAMES]})
    assert too_many.status_code == 400
    assert "10,000" in too_many.json()["error"]["fields"]["records"]
    made = await send(client, admin, "POST", "bulk", {"records": rows})
    assert made.status_code == 201
    assert made.json()["meta"]["written"] == 10_000
    assert [r["external_id"] for r in made.json()["data"]] == [r["external_id"] for r in rows]
    ids = [{"id": r["id"]} for r in made.json()["data"]]
    gone = await send(client, admin, "DELETE", "bulk", {"records": ids})
    assert (gone.status_code, gone.json()["meta"]["written"]) == (200, 10_000)


async def test_all_or_nothing_says_which_record_is_wrong(
    client: httpx.AsyncClient, admin: Somebody
) -> None:
    rows = [NAMES, NAMES, {**NAMES, "budget": "much"}]
    answer = await send(client, admin, "POST", "bulk", {"records": rows})
    error = answer.json()["error"]
    assert answer.status_code == 400
    assert error["fields"] == {"records[2].budget": "must be a number like 1234.50"}
    assert error["message"].startswith("records[2]: ")
    assert (await client.get(PATH, headers=admin.headers)).json()["data"] == []
    (one,) = (await send(client, admin, "POST", "bulk", {"records": [NAMES]})).json()["data"]
    rows = [{"id": one["id"], "score": 3}]
    answer = await send(client, admin, "PATCH", "bulk", {"records": rows})
    assert list(answer.json()["error"]["fields"]) == ["records[0].score"]
    rows = [{"id": one["id"]}, {"id": one["id"]}]
    answer = await send(client, admin, "DELETE", "bulk", {"records": rows})
    assert answer.status_code == 409
    assert answer.json()["error"]["message"].startswith("records[1]: ")
    single = await client.post(PATH, json={**NAMES, "budget": "much"}, headers=admin.headers)
    assert list(single.json()["error"]["fields"]) == ["budget"]


async def test_rows_that_cannot_be_read_are_refused_by_themselves(
    client: httpx.AsyncClient, admin: Somebody
) -> None:
    made = await send(client, admin, "POST", "bulk", {"records": [NAMES, NAMES]})
    one, two = (row["id"] for row in made.json()["data"])
    bad: list[Any] = [{"id": "zzz"}, {"campaign": "x"}, None, {"id": two, "version": "1"}]
    places = {1: "id", 2: "id", 3: "records[3]", 4: "version"}
    for method in ("PATCH", "DELETE"):
        rows = [{"id": one, "campaign": "x"}, *bad, {"id": two}]
        rows = [row for row in rows if method == "PATCH" or row != bad[3]]
        body = {"records": rows}
        whole = await send(client, admin, method, "bulk", body)
        assert whole.status_code == 400
        assert list(whole.json()["error"]["fields"]) == ["records[1].id"]
        parts = await send(client, admin, method, "bulk", {**body, "atomic": False})
        assert parts.status_code == 207
        told = {e["index"]: e for e in parts.json()["meta"]["errors"]}
        expected = {n: places[n] for n in range(1, len(rows) - 1)}
        assert {n: next(iter(e["fields"])) for n, e in told.items()} == expected
        assert told[1]["message"] == "id: must be an id (a UUID)"
        shown = [row and row["id"] for row in parts.json()["data"]]
        assert shown == [one, *[None] * len(expected), two]
        assert parts.json()["meta"]["written"] == 2


@pytest.mark.parametrize("place", ["bulk", "upsert"])
async def test_records_that_are_no_objects_are_refused_by_themselves(
    client: httpx.AsyncClient, admin: Somebody, place: str
) -> None:
    rows = [None, {**NAMES, "external_id": "a"}, "b", {**NAMES, "external_id": 5}]
    rows.append({**NAMES, "external_id": "c"})
    body: dict[str, Any] = {"records": rows} | ({"key": "external_id"} if place == "upsert" else {})
    whole = await send(client, admin, "POST", place, body)
    assert whole.status_code == 400
    assert whole.json()["error"]["fields"] == {"records[0]": "must be an object"}
    parts = await send(client, admin, "POST", place, {**body, "atomic": False})
    meta = parts.json()["meta"]
    assert (parts.status_code, meta["written"], meta["refused"]) == (207, 2, 3)
    assert [e["index"] for e in meta["errors"]] == [0, 2, 3]
    shown = [row and row["external_id"] for row in parts.json()["data"]]
    assert shown == [None, "a", None, None, "c"]
    assert place == "bulk" or (meta["created"], meta["updated"]) == (2, 0)
    none = await send(client, admin, "POST", place, {**body, "records": [1], "atomic": False})
    assert (none.status_code, none.json()["meta"]["batch_id"]) == (207, None)


async def test_upsert_judges_each_row_and_names_it(
    client: httpx.AsyncClient, admin: Somebody
) -> None:
    await client.post(PATH, json={**NAMES, "external_id": "old"}, headers=admin.headers)
    rows = [
        {**NAMES, "external_id": "new"},
        NAMES,
        {**NAMES, "external_id": "new"},
        {"external_id": "old", "campaign": "spring"},
        {**NAMES, "external_id": "bad", "budget": "much"},
    ]
    body = {"key": "external_id", "records": rows}
    for part, place, field in (
        (rows, 1, "external_id"),
        ([rows[0], rows[2]], 1, "external_id"),
        ([rows[3], rows[0], rows[4]], 2, "budget"),
        ([rows[0], {"external_id": "old", "score": 1}], 1, "score"),
    ):
        answer = await send(client, admin, "POST", "upsert", {**body, "records": part})
        assert answer.status_code == 400
        assert list(answer.json()["error"]["fields"]) == [f"records[{place}].{field}"]
    answer = await send(client, admin, "POST", "upsert", {**body, "atomic": False})
    assert answer.status_code == 207
    meta = answer.json()["meta"]
    assert [(e["index"], e["code"]) for e in meta["errors"]] == [
        (1, "MISSING_FIELDS"),
        (2, "INVALID_FIELDS"),
        (4, "INVALID_FIELDS"),
    ]
    assert (meta["created"], meta["updated"]) == (1, 1)
    assert [bool(row) for row in answer.json()["data"]] == [True, False, False, True, False]


async def test_upserts_of_one_key_at_once_make_one_record(
    client: httpx.AsyncClient, admin: Somebody
) -> None:
    body = {"key": "external_id", "records": [{**NAMES, "external_id": "race"}]}
    answers = await asyncio.gather(*(send(client, admin, "POST", "upsert", body) for _ in range(8)))
    assert [a.status_code for a in answers] == [200] * 8
    assert sum(a.json()["meta"]["created"] for a in answers) == 1
    assert len((await client.get(PATH, headers=admin.headers)).json()["data"]) == 1


async def test_upserts_in_opposite_order_change_what_the_others_made(
    client: httpx.AsyncClient, admin: Somebody
) -> None:
    rows = [{**NAMES, "external_id": f"k{n}"} for n in range(30)]
    bodies = [
        {"key": "external_id", "records": order, "atomic": n % 4 < 2}
        for n, order in enumerate([rows, rows[::-1]] * 4)
    ]
    answers = await asyncio.gather(*(send(client, admin, "POST", "upsert", b) for b in bodies))
    assert [a.status_code for a in answers] == [200] * 8
    assert sum(a.json()["meta"]["created"] for a in answers) == 30
    assert sum(a.json()["meta"]["updated"] for a in answers) == 210
    for body, answer in zip(bodies, answers, strict=True):
        shown = [row["external_id"] for row in answer.json()["data"]]
        assert shown == [row["external_id"] for row in body["records"]]


async def test_a_key_of_a_hidden_record_gives_nothing_away(
    client: httpx.AsyncClient, organisation: Organisation
) -> None:
    boss, agent = await organisation.person("owner"), await organisation.person("member", ["agent"])
    row = {**NAMES, "external_id": "hidden"}
    made = await client.post(PATH, json=row, headers=boss.headers)
    body = {"key": "external_id", "records": [{**NAMES, "external_id": "mine"}, row]}
    whole = await send(client, agent, "POST", "upsert", body)
    parts = await send(client, agent, "POST", "upsert", {**body, "atomic": False})
    (error,) = parts.json()["meta"]["errors"]
    assert (whole.status_code, parts.status_code, error["index"]) == (409, 207, 1)
    assert whole.json()["error"]["code"] == error["code"] == "DUPLICATE"
    assert list(whole.json()["error"]["fields"]) == ["records[1].external_id"]
    assert error["message"] == "Another lead has this external ID already."
    for answer in (whole, parts):
        assert made.json()["data"]["id"] not in answer.text


async def test_each_row_is_judged_by_who_may_change_it(
    client: httpx.AsyncClient, organisation: Organisation
) -> None:
    boss, agent = await organisation.person("owner"), await organisation.person("member", ["agent"])
    mine, theirs = [
        (await client.post(PATH, json=NAMES, headers=who.headers)).json()["data"]["id"]
        for who in (agent, boss)
    ]
    rows = [{"id": mine, "campaign": "x"}, {"id": theirs, "campaign": "x"}]
    answer = await send(client, agent, "PATCH", "bulk", {"records": rows, "atomic": False})
    assert [e["code"] for e in answer.json()["meta"]["errors"]] == ["NOT_FOUND"]
    assert [row and row["campaign"] for row in answer.json()["data"]] == ["x", None]
    whole = await send(client, agent, "PATCH", "bulk", {"records": rows})
    assert whole.status_code == 404
    read = await send(client, agent, "POST", "batch-read", {"ids": [theirs, mine, mine]})
    assert {row["id"] for row in read.json()["data"]} == {mine}


async def test_the_last_of_two_like_names_in_a_body_counts(
    client: httpx.AsyncClient, admin: Somebody
) -> None:
    body = b'{"first_name": "a", "last_name": "b", "first_name": "c"}'
    headers = {**admin.headers, "content-type": "application/json"}
    answer = await client.post(PATH, content=body, headers=headers)
    assert answer.json()["data"]["first_name"] == "c"


async def test_a_file_sent_twice_with_its_key_is_imported_once(
    client: httpx.AsyncClient, admin: Somebody
) -> None:
    headers = {**admin.headers, "idempotency-key": "a file"}

    async def sent(text: bytes) -> httpx.Response:
        # Each time the client parts the form by another boundary.
        files = {"file": ("a.csv", b"first_name,last_name\n" + text)}
        kind = {"type": "leads"}
        return await client.post("/v1/imports", files=files, data=kind, headers=headers)

    first, again, other = await sent(b"a,b"), await sent(b"a,b"), await sent(b"a,c")
    assert [a.status_code for a in (first, again, other)] == [202, 202, 422]
    assert first.content == again.content
    listed = await client.get("/v1/imports", headers=admin.headers)
    assert len(listed.json()["data"]) == 1


async def test_a_key_that_is_taken_names_its_record_and_its_field(
    client: httpx.AsyncClient, admin: Somebody
) -> None:
    first = await client.post("/v1/tags", json={"name": "Finance"}, headers=admin.headers)
    assert first.status_code == 201
    rows = [{"name": "Sales"}, {"name": "Finance"}, {"name": "Sales"}, {"name": "Law"}]
    body = {"records": rows}
    whole = await client.post("/v1/tags/bulk", json=body, headers=admin.headers)
    assert whole.status_code == 409
    error = whole.json()["error"]
    assert (error["code"], list(error["fields"])) == ("DUPLICATE", ["records[1].name"])
    listed = await client.get("/v1/tags", headers=admin.headers)
    assert [row["name"] for row in listed.json()["data"]] == ["Finance"]
    parts = await client.post(
        "/v1/tags/bulk", json={**body, "atomic": False}, headers=admin.headers
    )
    assert parts.status_code == 207
    told = {e["index"]: e["fields"] for e in parts.json()["meta"]["errors"]}
    assert told == {1: {"name": "is taken"}, 2: {"name": "is taken"}}
    assert [row and row["name"] for row in parts.json()["data"]] == ["Sales", None, None, "Law"]
