"""What API keys reach, at every operation of the document: what no scope gives is refused."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import httpx
import pytest
from tests.accounts.conftest import Api
from tests.accounts.keys import Program, made, service
from tests.conftest import MakeOrganisation
from tests.factories import Somebody

from tenfold.proofs.document import Document
from tenfold.proofs.isolation.caller import Caller
from tenfold.proofs.isolation.things import RECORD, Things, delivery, message, pipeline, words

pytestmark = [pytest.mark.anyio, pytest.mark.slow]
# What anybody gets, whoever they are.
OPEN = frozenset({"read_health", "read_document", "read_metrics", "read_api_key_current"})
# What nobody reads without a scope is empty for them, rather than refused.
EMPTY = frozenset({"list_batches", "list_imports", "list_pipelines", "list_types", "search"})
# Of the organisation's, with any scope that reads.
LOOKS = frozenset(
    {
        "read_organization",
        "list_members",
        "read_member",
        "list_teams",
        "read_team",
        "list_custom_fields",
        "list_access",
        "read_access_explain",
        "read_organization_policy",
        "list_message_templates",
        "read_message_template",
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

    def __init__(self, document: Document, client: httpx.AsyncClient, boss: Somebody) -> None:
        self.document, self._client = document, client
        more = {"/v1/auth/identities/{identity_id}": _nobodys, _PASSKEYS: _nobodys}
        more["/v1/pipelines/{type}"] = pipeline
        more["/v1/webhook-deliveries/{delivery_id}"] = delivery
        more["/v1/messages/{message_id}"] = message
        more["/v1/notices/{notice_id}"] = more["/v1/hooks/{secret}"] = _nobodys
        self._ours = Things(Caller(document, client, boss.headers), str(boss.tenant), more)

    async def of(self, key: Program) -> dict[str, Any]:
        """What each operation answers a key: its data where it lets in, else nothing."""
        program = Caller(self.document, self._client, key.headers)
        found: dict[str, Any] = {}
        for one in self.document.operations:
            if not one.signed or "{provider}" in one.path:
                continue
            given = {**await self._ours.parameters(one), **words(one)}
            answer = await program.ask(one, given, await self._ours.body(one))
            assert answer.status != 500, (one.name, answer.text)
            if answer.status < 300:
                found[one.name] = answer.document.get("data", answer.text)
        return found


_PASSKEYS = "/v1/auth/passkeys/{passkey_id}"


async def _nobodys(_things: Things, _place: str) -> str:
    return str(uuid4())


@pytest.fixture
def reach(document: dict[str, Any], client: httpx.AsyncClient, boss: Somebody) -> Reach:
    """Tries what keys reach in the organisation of `boss`."""
    return Reach(Document(document), client, boss)


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
    found = await reach.of(key)
    of_records = {o.name for o in reach.document.operations if o.path.endswith(RECORD)}
    records = {name for name in found if found[name]} & of_records
    assert records == set()
