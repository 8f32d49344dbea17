"""A client written from the document alone does every operation."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import httpx
import pytest
from tests.conftest import MakeOrganisation
from tests.openapi.stranger import Published, Stranger, Undeclared

from tenfold.app import registry

pytestmark = [pytest.mark.anyio, pytest.mark.untraced]
NOBODY = "it is the address of an example"
TYPES = list(registry().by_name.values())


@pytest.fixture
async def stranger(
    published: Published, client: httpx.AsyncClient, make_organisation: MakeOrganisation
) -> Stranger:
    """Somebody who may do everything in an organisation of their own."""
    person = await (await make_organisation("Ours")).person("owner")
    return Stranger(published, client, person.headers)


@pytest.mark.parametrize("kind", TYPES, ids=lambda kind: kind.name)
async def test_every_operation_is_done_from_the_document(kind: Any, stranger: Stranger) -> None:
    await _live(stranger, kind.name, kind.plural)
    assert stranger.operations(kind.label_plural) - stranger.called == set()


async def test_every_operation_is_done_on_a_type_of_ones_own(stranger: Stranger) -> None:
    await stranger.call("create_type", {"name": "vehicles"}, status=201)
    await _live(stranger, "custom_record", "custom_records", type="vehicles")
    assert stranger.operations("Custom records") - stranger.called == set()


async def _live(stranger: Stranger, one: str, many: str, **place: str) -> None:
    """The life of records of a type, through every operation that it has."""
    new = await stranger.made(f"create_{one}")
    made = await stranger.call(f"create_{one}", new, status=201, **place)
    identity = made["data"]["id"]
    by_id = {"record_id": identity, **place}
    read = await stranger.call(f"read_{one}", **by_id)
    assert read["data"] == made["data"]
    changed = await stranger.call(f"change_{one}", {"external_id": "ours"}, **by_id)
    assert changed["data"]["version"] > made["data"]["version"]
    await stranger.call(f"put_{one}", {"external_id": "ours"}, **by_id)
    listed = await stranger.call(
        f"list_{many}", external_id="ours", limit=1, sort="-created_at", **place
    )
    assert [row["id"] for row in listed["data"]] == [identity]
    if stranger.has(f"move_{one}"):
        await _move(stranger, one, identity, made["data"]["status"])
    if stranger.has(f"reveal_{one}"):
        field = (await stranger.made(f"reveal_{one}"))["field"]
        await stranger.call(f"reveal_{one}", {"field": field}, status=201, **by_id)
    await _relate(stranger, one, identity)
    await _share(stranger, one, **by_id)
    await _follow(stranger, one, **by_id)
    await _write(stranger, one, **by_id)
    timeline = await stranger.call(f"list_{one}_timeline", **by_id)
    assert timeline["data"][-1]["operation"] == "created"
    found = await stranger.call(f"batch_read_{many}", {"ids": [identity]}, **place)
    assert len(found["data"]) == 1
    await stranger.call(f"search_{many}", q="text", **place)
    counted = await stranger.call(f"aggregate_{many}", external_id="ours", **place)
    assert counted["data"][0]["count"] == 1
    assert "ours" in await stranger.call(f"export_{many}", external_id="ours", **place)
    await stranger.call(f"export_{many}", format="json", **place)
    await stranger.call(f"delete_{one}", **by_id)
    await stranger.call(f"read_{one}", status=404, **by_id)
    back = await stranger.call(f"restore_{one}", **by_id)
    assert back["data"]["id"] == identity
    await _bulk(stranger, one, many, **place)


async def _share(stranger: Stranger, one: str, **by_id: str) -> None:
    """Share it with a team, and take that back."""
    team = (await stranger.call("create_team", {"name": f"Team {uuid4()}"}, status=201))["data"]
    body = {"team_id": team["id"], "may": "update"}
    made = await stranger.call(f"create_{one}_share", body, status=201, **by_id)
    assert (await stranger.call(f"list_{one}_shares", **by_id))["data"] == [made["data"]]
    await stranger.call(f"create_{one}_share", {**body, "may": "read"}, status=200, **by_id)
    await stranger.call(f"delete_{one}_share", grantee_id=team["id"], **by_id)
    assert (await stranger.call(f"list_{one}_shares", **by_id))["data"] == []


async def _follow(stranger: Stranger, one: str, **by_id: str) -> None:
    """Follow it, and no longer."""
    made = await stranger.call(f"create_{one}_follower", **by_id)
    assert len(made["data"]) == 1
    assert await stranger.call(f"list_{one}_followers", **by_id) == made
    gone = await stranger.call(f"delete_{one}_follower", **by_id)
    assert gone["data"] == []


async def _write(stranger: Stranger, one: str, **by_id: str) -> None:
    """Write to its owner, as somebody else of it may have no address."""
    body = {"to": "owner", "subject": "Hello", "text": "Have a look."}
    seen = await stranger.call(f"preview_{one}_message", body, **by_id)
    assert (seen["data"]["subject"], seen["data"]["withheld"]) == ("Hello", NOBODY)
    await stranger.call(f"create_{one}_message", body, status=400, **by_id)
    assert (await stranger.call(f"list_{one}_messages", **by_id))["data"] == []


async def _relate(stranger: Stranger, one: str, identity: str) -> None:
    """Pair it with a record by each relation to many, and part them again."""
    for name, _ in stranger.addresses():
        if not name.startswith(f"add_{one}_"):
            continue
        relation = name.removeprefix("add_")
        to = stranger.relation(relation)
        new = await stranger.made(f"create_{to}", only_required=True)
        other = (await stranger.call(f"create_{to}", new, status=201))["data"]["id"]
        body = {"ids": [other]}
        done = await stranger.call(name, body, record_id=identity)
        assert done["data"].pop("batch_id")
        assert done["data"] == {"added": 1, "removed": 0, "count": 1}
        listed = await stranger.call(f"list_{relation}", record_id=identity)
        assert [row["id"] for row in listed["data"]] == [other]
        done = await stranger.call(f"remove_{relation}", body, record_id=identity)
        assert done["data"].pop("batch_id")
        assert done["data"] == {"added": 0, "removed": 1, "count": 0}


async def _move(stranger: Stranger, one: str, identity: str, status: str) -> None:
    ways = stranger.body_of(f"move_{one}")["properties"]["to"]["x-moves"]
    if not ways[status]:
        await stranger.call(f"move_{one}", {"to": status}, status=201, record_id=identity)
    for to in ways[status][:1]:
        body = {"to": to, "reason": "because"}
        moved = await stranger.call(f"move_{one}", body, status=201, record_id=identity)
        assert moved["data"]["status"] == to
    await stranger.call(f"list_{one}_moves", record_id=identity)


async def _bulk(stranger: Stranger, one: str, many: str, **place: str) -> None:
    rows = [await stranger.made(f"create_{one}") for _ in range(2)]
    for number, row in enumerate(rows):
        row["external_id"] = f"bulk {number}"
    made = await stranger.call(f"bulk_create_{many}", {"records": rows}, status=201, **place)
    ids = [row["id"] for row in made["data"]]
    changes = [{"id": i, "external_id": f"changed {i}"} for i in ids]
    await stranger.call(f"bulk_change_{many}", {"records": changes}, status=200, **place)
    again = [{"external_id": f"changed {i}"} for i in ids]
    kept = await stranger.call(f"upsert_{many}", {"key": "external_id", "records": again}, **place)
    assert (kept["meta"]["created"], kept["meta"]["updated"]) == (0, 2)
    await stranger.call(f"bulk_delete_{many}", {"records": [{"id": i} for i in ids]}, **place)


async def test_what_the_document_does_not_say_is_seen(stranger: Stranger) -> None:
    answer = httpx.Response(200, json={"success": True, "data": {"surprise": 1}})
    one = stranger._operations["read_tag"][2]
    with pytest.raises(Undeclared, match="X-Request-Id is missing"):
        stranger._held("read_tag", one, answer, None)
    answer.headers["x-request-id"] = "12345678"
    with pytest.raises(Undeclared, match=r"surprise|required"):
        stranger._held("read_tag", one, answer, None)
    with pytest.raises(Undeclared, match="status is not declared"):
        stranger._held("read_tag", one, httpx.Response(418), None)
