"""What API keys reach, at every operation of the document: what no scope gives is refused."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import httpx
import pytest
from tests.accounts.conftest import Api
from tests.accounts.keys import Program, made, service
from tests.conftest import MakeOrganisation
from tests.factories import Somebody
from tests.openapi.stranger import Published, Stranger
from tests.openapi.test_foreign_ids import Theirs, _asked

pytestmark = [pytest.mark.anyio, pytest.mark.slow]
# What anybody gets, whoever they are.
OPEN = frozenset({"read_health", "read_document", "read_metrics", "read_api_key_current"})
# What nobody reads without a scope is empty for them, rather than refused.
EMPTY = frozenset({"list_batches", "list_imports", "list_types", "search"})
# Of the organisation's, with any scope that reads.
LOOKS = frozenset(
    {
        "read_organization",
        "list_members",
        "read_member",
        "list_teams",
        "read_team",
        "list_service_accounts",
        "read_service_account",
        "list_custom_fields",
        "list_access",
    }
)


@pytest.fixture
async def boss(make_organisation: MakeOrganisation) -> Somebody:
    """Somebody who may do everything."""
    return await (await make_organisation("Ours")).person("owner")


@pytest.fixture
def api(client: httpx.AsyncClient) -> Api:
    """Asks the worker's application as anybody."""
    return Api(client)


class Reach:
    """Tries every operation with what its organisation has."""

    def __init__(self, published: Published, client: httpx.AsyncClient, boss: Somebody) -> None:
        self.published, self.client = published, client
        self.ours = Theirs(Stranger(published, client, boss.headers))

    async def of(self, key: Program, *, but: frozenset[str] = frozenset()) -> dict[str, Any]:
        """What each operation answers a key: its data where it lets in, else nothing."""
        program = Stranger(self.published, self.client, key.headers)
        found: dict[str, Any] = {}
        for name, path in program.addresses():
            if name in but or _public(self.published.document, name):
                continue
            parameters, body = await _asked(self.ours, name, path)
            answer = await self._call(program, name, body, parameters)
            assert answer.status_code != 500, (name, answer.text)
            if answer.is_success:
                found[name] = answer.json()["data"] if _is_json(answer) else answer.text
        return found

    async def _call(
        self, program: Stranger, name: str, body: Any, parameters: Mapping[str, Any]
    ) -> httpx.Response:
        method, path, _, _ = program._operations[name]
        query = {k: v for k, v in parameters.items() if f"{{{k}}}" not in path}
        for key, value in parameters.items():
            path = path.replace(f"{{{key}}}", str(value))
        content = {} if body is None else {"json": body}
        return await self.client.request(
            method, path, params=query, headers=program.headers, **content
        )


def _is_json(answer: httpx.Response) -> bool:
    return answer.headers.get("content-type", "").startswith("application/json")


def _public(document: Mapping[str, Any], name: str) -> bool:
    operations = (one for item in document["paths"].values() for one in item.values())
    return any(
        isinstance(o, dict) and o.get("operationId") == name and o.get("security") == []
        for o in operations
    )


@pytest.fixture
def reach(published: Published, client: httpx.AsyncClient, boss: Somebody) -> Reach:
    """Tries what keys reach in the organisation of `boss`."""
    return Reach(published, client, boss)


async def test_a_key_for_something_else_reaches_nothing(
    api: Api, boss: Somebody, reach: Reach
) -> None:
    key = await made(api, boss, "scim", user_id=await service(api, boss, "admin"))
    found = await reach.of(key)
    assert set(found) <= OPEN | EMPTY
    assert not any(found[name] for name in EMPTY & set(found))


async def test_a_key_that_reads_one_type_reaches_that_and_the_organisation(
    api: Api, boss: Somebody, reach: Reach
) -> None:
    key = await made(api, boss, "tag:read")
    found = await reach.of(key)
    others = set(found) - OPEN - EMPTY - LOOKS
    assert others, "it reads tags"
    assert {name for name in others if "tag" not in name} == {"read_batch"}
    assert found["read_batch"]["type"] == "tag"
    changes = ("create", "change", "delete", "bulk", "upsert", "undo", "add", "remove", "move")
    assert {name for name in others if name.startswith(changes)} == set()
    assert [one["name"] for one in found["list_types"]] == ["tag"]
    assert [one["type"] for one in found["list_access"] if one["read"]["scope"] != "none"] == [
        "tag"
    ]


async def test_an_admin_scope_reads_and_writes_no_records(
    api: Api, boss: Somebody, reach: Reach
) -> None:
    key = await made(api, boss, "admin", user_id=await service(api, boss, "admin"))
    before = await reach.of(key, but=frozenset())
    records = {name for name in before if before[name]} & {
        name for name, path in reach.ours.who.addresses() if path.endswith("{record_id}")
    }
    assert records == set()
