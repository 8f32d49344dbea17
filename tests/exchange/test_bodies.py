"""What a file to import may weigh: a form goes to the disk, other bodies are held in memory."""

from __future__ import annotations

import json

import pytest
from tests.exchange.imports import Person
from tests.factories import Organisation

from tenfold.web.api import idempotency
from tenfold.web.desk import Desk

pytestmark = pytest.mark.anyio
ROW = "Grace,Hopper\n"


@pytest.fixture
async def person(client, organisation: Organisation) -> Person:
    return Person(client, await organisation.person("owner"))


def rows(size: int) -> str:
    return "First Name,Last Name\n" + ROW * (size // len(ROW))


async def test_a_json_body_is_no_larger_than_any_other(person: Person, desk: Desk):
    text = rows(desk.settings.body_limit)
    body = json.dumps({"type": "leads", "content": text})
    for kind in ("application/json", ""):
        headers = {**person.who.headers, "content-type": kind}
        answer = await person.client.post("/v1/imports/preview", content=body, headers=headers)
        assert answer.status_code == 413, answer.text
    sent = {"file": ("rows.csv", text.encode())}
    answer = await person.client.post(
        "/v1/imports/preview", data={"type": "leads"}, files=sent, headers=person.who.headers
    )
    assert answer.status_code == 200, answer.text


async def test_a_form_sent_again_with_its_key_has_one_effect(person: Person, monkeypatch):
    async def held(_request: object) -> bytes:
        pytest.fail("the body of a form is held in memory")

    monkeypatch.setattr(idempotency.Request, "body", held)
    headers = {**person.who.headers, "idempotency-key": "a file"}

    async def send(content: str, name: str = "rows.csv", **options: str):
        sent = {"file": (name, content.encode())}
        return await person.client.post(
            "/v1/imports", data={"type": "leads", **options}, files=sent, headers=headers
        )

    first, again = await send(rows(200_000)), await send(rows(200_000))
    assert (first.status_code, again.status_code) == (202, 202), first.text
    assert again.headers["idempotency-replayed"] == "true"
    assert again.json() == first.json()
    for other in (
        await send(rows(200_000) + ROW),
        await send(rows(200_000), "other.csv"),
        await send(rows(200_000), dry_run="true"),
    ):
        assert other.status_code == 422, other.text
