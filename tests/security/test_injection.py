"""Whatever is asked of a list is bound or refused: nothing of it becomes SQL."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from tests.conftest import MakeOrganisation, Running
from tests.guards import Counter

from tenfold.app import registry
from tenfold.engine.definition import Definition

pytestmark = pytest.mark.anyio
MARK = "zzinj"
PAYLOADS = (
    f"{MARK}' OR '1'='1",
    f"{MARK}'; SELECT pg_sleep(0)--",
    f'{MARK}" UNION SELECT email FROM tenfold.users--',
    f"{MARK}') OR tenant_id IS NOT NULL--",
    f"{MARK}\\' OR 1=1--",
    f"{MARK}$$||current_user||$$",
    f"{MARK}%' AND (SELECT 1/0)--",
    f"{MARK}->>'x'=$1::text OR true",
)
# A list has more questions than each name of them: what stands for a name, and what for a value.
NAMES = ("sort", "fields", "embed", "count", "cursor", "deleted", "limit", "page", "group_by")
KINDS = [kind.path for kind in registry()]


def _questions(kind: Definition, payload: str) -> Iterator[dict[str, str]]:
    """Each part of a question about a list, with the payload in it."""
    for name in NAMES:
        yield {name: payload}
    yield {"q": payload}
    yield {payload: "1"}
    for field in kind.fields.values():
        yield {field.json_name: payload}
        yield {f"{field.json_name}[{payload}]": "1"}
    field = next(iter(kind.fields.values())).json_name
    yield {"sort": f"{field}{payload}"}
    yield {"sort": f"-custom.{payload}"}
    yield {f"custom.{payload}": "1"}


@pytest.mark.parametrize("plural", KINDS)
async def test_no_question_becomes_sql(
    app: Running, make_organisation: MakeOrganisation, queries: Counter, plural: str
) -> None:
    who = await (await make_organisation()).person("owner")
    kind = registry().named(plural)
    assert kind is not None
    asked = 0
    # Each payload takes its turn: all of them meet each part of the question of some type.
    for number, payload in enumerate(PAYLOADS):
        for turn, question in enumerate(_questions(kind, payload)):
            if (turn + number + KINDS.index(plural)) % len(PAYLOADS):
                continue
            for path in (f"/v1/{plural}", f"/v1/{plural}/aggregate", f"/v1/{plural}/export"):
                answer = await app.client.get(path, params=question, headers=who.headers)
                assert answer.status_code in (200, 400), f"{path} {question}: {answer.text}"
                if answer.status_code == 200 and path.endswith(plural):
                    assert answer.json()["data"] == [], question
                asked += 1
    written = [text for text in queries.statements if MARK in text]
    assert written == [], "what was asked stands in a statement"
    assert asked > 30


@pytest.mark.parametrize("payload", PAYLOADS)
async def test_no_search_and_no_name_of_ones_own_becomes_sql(
    app: Running, make_organisation: MakeOrganisation, queries: Counter, payload: str
) -> None:
    who = await (await make_organisation()).person("owner")

    async def ask(method: str, path: str, **more: Any) -> int:
        answer = await app.client.request(method, path, headers=who.headers, **more)
        assert answer.status_code < 500, answer.text
        return answer.status_code

    assert await ask("GET", "/v1/search", params={"q": payload}) == 200
    assert await ask("GET", "/v1/leads/search", params={"q": payload}) == 200
    new = {"type": "lead", "name": payload, "kind": "text", "label": "x"}
    assert await ask("POST", "/v1/custom-fields", json=new) == 400
    assert await ask("POST", "/v1/types", json={"name": payload}) == 400
    assert await ask("POST", "/v1/roles", json={"name": payload, "grants": {}}) == 400
    values = {"first_name": "A", "last_name": "B", payload: "x", "custom": {payload: "x"}}
    assert await ask("POST", "/v1/leads", json=values) == 400
    rows = {"key": payload, "records": [{"first_name": "A", "last_name": "B"}]}
    assert await ask("POST", "/v1/leads/upsert", json=rows) == 400
    text = await app.client.post(
        "/v1/leads", headers=who.headers, json={"first_name": payload, "last_name": "B"}
    )
    assert text.json()["data"]["first_name"] == payload, "a text is what it is"
    for name in ("user_id", "event_type", "ip_address", "since", "cursor", "limit"):
        await ask("GET", "/v1/security-events", params={name: payload})
        await ask("GET", "/v1/members", params={name: payload})
    assert [text for text in queries.statements if MARK in text] == []


def test_a_payload_in_a_statement_would_be_seen() -> None:
    """All payloads are known by one mark, however they are quoted."""
    assert all(re.match(MARK, payload) for payload in PAYLOADS)
