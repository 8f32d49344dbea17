"""Moments have one form in all answers, whoever makes the JSON: PostgreSQL or Python."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone

import httpx
import pytest
from tests.factories import Organisation, Somebody

from tenfold.kernel.answers import encoded, moment

pytestmark = pytest.mark.anyio
ANY = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d[0-9:.]*(?:Z|[+-]\d\d:\d\d)?")
OURS = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{0,5}[1-9])?\+00:00")
GIVEN, KEPT = "2026-11-21T10:30:00.250+01:00", "2026-11-21T09:30:00.25+00:00"
TIMED = {
    "/v1/batches", "/v1/custom-fields", "/v1/leads", "/v1/leads/export", "/v1/members",
    "/v1/roles", "/v1/teams",
}  # fmt: skip


@pytest.fixture
async def owner_of(organisation: Organisation) -> Somebody:
    return await organisation.person("owner")


async def test_every_answer_writes_moments_as_records_do(
    client: httpx.AsyncClient, owner_of: Somebody
) -> None:
    async def sent(method: str, path: str, body: object = None) -> str:
        answer = await client.request(method, path, json=body, headers=owner_of.headers)
        assert answer.status_code < 300, f"{path}: {answer.text}"
        wrong = [text for text in ANY.findall(answer.text) if not OURS.fullmatch(text)]
        assert not wrong, path
        return answer.text

    await sent("POST", "/v1/custom-fields", {"type": "lead", "name": "seen", "kind": "datetime"})
    person = {"first_name": "Ann", "last_name": "Lee", "next_touch": GIVEN}
    answer = await sent("POST", "/v1/leads", {**person, "custom": {"seen": GIVEN}})
    assert answer.count(KEPT) == 2
    lead = re.findall(r'"id":"([^"]+)"', answer)[0]
    await sent("POST", f"/v1/leads/{lead}/moves", {"to": "contacted"})
    await sent("PATCH", "/v1/leads/bulk", {"records": [{"id": lead, "status": "hot"}]})
    await sent("POST", "/v1/teams", {"name": "North"})
    await sent("POST", "/v1/roles", {"name": "guide", "grants": {"lead": {"read": "own"}}})
    timeline = await sent("GET", f"/v1/leads/{lead}/timeline")
    assert timeline.count(KEPT) == 2
    assert len(ANY.findall(timeline)) > 4
    assert ANY.search(await sent("GET", f"/v1/leads/{lead}/moves"))
    document = (await client.get("/openapi.json")).json()["paths"]
    plain = [path for path, item in document.items() if "get" in item and "{" not in path]
    asked = {path: f"{path}?q=ann" if path.endswith("/search") else path for path in plain}
    timed = {
        path
        for path, address in asked.items()
        if path.startswith("/v1")
        and not path.endswith(("/aggregate", "/explain", "/api-keys/current"))
        if ANY.search(await sent("GET", address))
    }
    assert timed >= TIMED


def test_a_moment_is_written_as_postgresql_writes_it() -> None:
    at = datetime(2026, 11, 21, 9, 30, tzinfo=UTC)
    assert moment(at) == "2026-11-21T09:30:00+00:00"
    assert moment(at.replace(microsecond=120_300)) == "2026-11-21T09:30:00.1203+00:00"
    assert moment(at.astimezone(timezone(timedelta(hours=5)))) == "2026-11-21T09:30:00+00:00"
    assert encoded({"a": [at, "2026-11-21T09:30:00Z"]}) == (
        b'{"a":["2026-11-21T09:30:00+00:00","2026-11-21T09:30:00Z"]}'
    )
