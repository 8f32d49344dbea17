"""Relations to many, as resources of their own: what a client likes among the listings."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import httpx
import pytest
from tests.factories import Organisation, Somebody

pytestmark = pytest.mark.anyio


class Likes:
    """A client of an organisation with what they like."""

    def __init__(self, client: httpx.AsyncClient, who: Somebody, path: str) -> None:
        self.client, self.who, self.path = client, who, path

    async def call(
        self, method: str, body: Any = None, *, who: Somebody | None = None, **more: str
    ) -> httpx.Response:
        """One request about what they like."""
        headers = {**(who or self.who).headers, **more}
        path = f"{self.path}/favorites"
        return await self.client.request(method, path, json=body, headers=headers)

    async def ids(self, query: str = "") -> list[str]:
        """The listings that they like."""
        answer = await self.client.get(f"{self.path}/favorites{query}", headers=self.who.headers)
        assert answer.status_code == 200, answer.text
        return [row["id"] for row in answer.json()["data"]]


async def made(client: httpx.AsyncClient, who: Somebody, plural: str, **body: Any) -> str:
    """The id of a new record."""
    answer = await client.post(f"/v1/{plural}", json=body, headers=who.headers)
    assert answer.status_code == 201, answer.text
    return answer.json()["data"]["id"]


def did(answer: httpx.Response) -> tuple[int, int, int]:
    """How many were added and removed, and how many there are now."""
    assert answer.status_code == 200, answer.text
    data = answer.json()["data"]
    return data["added"], data["removed"], data["count"]


async def listings(client: httpx.AsyncClient, who: Somebody, count: int) -> list[str]:
    """The ids of new listings."""
    return [
        await made(client, who, "listings", address=f"{n} Elm Street", list_price=1)
        for n in range(count)
    ]


@pytest.fixture
async def likes(client: httpx.AsyncClient, admin: Somebody) -> Likes:
    """Somebody who likes nothing yet."""
    fan = await made(client, admin, "clients", first_name="Ada", last_name="Lovelace")
    return Likes(client, admin, f"/v1/clients/{fan}")


async def test_pairs_are_added_listed_found_and_removed(
    client: httpx.AsyncClient, admin: Somebody, likes: Likes
) -> None:
    ids = await listings(client, admin, 3)
    before = (await client.get(likes.path, headers=admin.headers)).headers["etag"]
    added = await likes.call("POST", {"ids": [ids[1], ids[0], ids[1]]})
    assert did(added) == (2, 0, 2)
    again = await likes.call("POST", {"ids": [ids[0], ids[2]]})
    assert did(again) == (1, 0, 3)
    assert await likes.ids() == [ids[1], ids[0], ids[2]]
    first = await likes.call("GET")
    assert first.json()["meta"]["has_more"] is False
    shown = await client.get(f"{likes.path}?embed=favorites", headers=admin.headers)
    assert {r["id"] for r in shown.json()["data"]["favorites"]["data"]} == set(ids)
    assert shown.headers["etag"] != before
    found = await client.get(f"/v1/clients?favorites={ids[2]}", headers=admin.headers)
    assert [r["id"] for r in found.json()["data"]] == [likes.path[-36:]]
    gone = await likes.call("DELETE", {"ids": [ids[0], str(uuid4())]})
    assert did(gone) == (0, 1, 2)
    assert await likes.ids() == [ids[1], ids[2]]
    back = await client.get(f"/v1/listings/{ids[0]}?embed=favored_by", headers=admin.headers)
    assert back.json()["data"]["favored_by"]["data"] == []


async def test_pages_follow_one_another(
    client: httpx.AsyncClient, admin: Somebody, likes: Likes
) -> None:
    ids = await listings(client, admin, 3)
    await likes.call("POST", {"ids": ids})
    seen: list[str] = []
    query = "?limit=2"
    while query:
        answer = await client.get(f"{likes.path}/favorites{query}", headers=admin.headers)
        seen += [row["id"] for row in answer.json()["data"]]
        cursor = answer.json()["meta"]["next_cursor"]
        query = f"?limit=2&cursor={cursor}" if cursor else ""
    assert seen == ids
    for wrong in ("limit=0", "limit=101", "cursor=x", "sort=id"):
        answer = await client.get(f"{likes.path}/favorites?{wrong}", headers=admin.headers)
        assert answer.status_code == 400, wrong


async def test_a_page_that_shows_pairs_is_never_stale(
    client: httpx.AsyncClient, admin: Somebody, likes: Likes
) -> None:
    (one,) = await listings(client, admin, 1)
    for path in ("/v1/clients?embed=favorites", "/v1/listings?embed=favored_by"):
        etags: list[str] = []
        for method in ("POST", "DELETE"):
            etags.append((await client.get(path, headers=admin.headers)).headers["etag"])
            await likes.call(method, {"ids": [one]})
        etags.append((await client.get(path, headers=admin.headers)).headers["etag"])
        before, paired, after = etags
        assert before != paired != after, path


async def test_only_what_may_be_read_and_changed_is_paired(
    client: httpx.AsyncClient,
    organisation: Organisation,
    stranger: Organisation,
    admin: Somebody,
    likes: Likes,
) -> None:
    outsider = await stranger.person("owner")
    (theirs,) = await listings(client, outsider, 1)
    (ours,) = await listings(client, admin, 1)
    wrong = await likes.call("POST", {"ids": [ours, theirs]})
    assert (wrong.status_code, list(wrong.json()["error"]["fields"])) == (400, ["ids"])
    assert await likes.ids() == []
    assert (await likes.call("POST", {"ids": [theirs]}, who=outsider)).status_code == 404
    assert (await likes.call("GET", who=outsider)).status_code == 404
    reader = await organisation.person("read-only")
    assert (await likes.call("POST", {"ids": [ours]}, who=reader)).status_code == 403
    for body in ({}, {"ids": None}, {"ids": ["x"]}, {"ids": "x"}, {"ids": [], "more": 1}):
        assert (await likes.call("POST", body)).status_code == 400, body
    path = likes.path.removesuffix("/favorites")
    for other in ("first_name", "nothing", "escrows"):
        answer = await client.post(f"{path}/{other}", json={"ids": []}, headers=admin.headers)
        assert answer.status_code == 404, other


async def test_versions_and_keys_guard_pairs_too(
    client: httpx.AsyncClient, admin: Somebody, likes: Likes
) -> None:
    one, two = await listings(client, admin, 2)
    first = await likes.call("POST", {"ids": [one]}, **{"if-match": '"1"'})
    assert first.status_code == 200
    lost = await likes.call("POST", {"ids": [two]}, **{"if-match": '"1"'})
    assert lost.status_code == 412
    key = {"idempotency-key": "pair"}
    answers = [
        await likes.call("POST", {"ids": [two]}, **key, **{"if-match": first.headers["etag"]})
        for _ in range(2)
    ]
    assert [a.status_code for a in answers] == [200, 200]
    assert answers[0].content == answers[1].content
    assert (await likes.call("POST", {"ids": [one]}, **key)).status_code == 422
