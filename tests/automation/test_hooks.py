"""What is sent to an automation's own address."""

from __future__ import annotations

import httpx
import pytest
from tests.automation.conftest import Machine
from tests.automation.test_automations import lead
from tests.exchange.imports import Person

pytestmark = pytest.mark.anyio

STEPS = [
    {
        "do": "create",
        "type": "task",
        "values": {"title": "Answer {{ payload.email }}: {{ payload.more.note }}"},
    }
]
HOOK = {"on": "hook"}


def path_of(made: dict[str, str]) -> str:
    """The path of its address, which is told as it is made."""
    return httpx.URL(made["address"]).path


async def test_what_is_sent_sets_it_off_once_for_each_id(
    machine: Machine, person: Person, client: httpx.AsyncClient
) -> None:
    made = await machine.make(name="A form", when=HOOK, steps=STEPS)
    sent = {"email": "ada@example.com", "more": {"note": "call me", "amount": 1.5}}
    first = await client.post(path_of(made), json=sent, headers={"webhook-id": "one"})
    assert first.status_code == 202, first.text
    again = await client.post(path_of(made), json=sent, headers={"webhook-id": "one"})
    ids = first.json()["data"], again.json()["data"]
    assert [(one["run_id"], one["again"]) for one in ids] == [
        (ids[0]["run_id"], False),
        (ids[0]["run_id"], True),
    ]
    await client.post(path_of(made), json=sent)
    await client.post(path_of(made), json=sent)
    await machine.settle()
    titles = [one["title"] for one in await person.every("tasks")]
    assert titles == ["Answer ada@example.com: call me"] * 3
    # The address is told to who made it, and never again.
    kept = await person.get(f"/v1/automations/{made['id']}")
    assert kept["address"] is None


async def test_one_with_a_type_is_about_the_record_that_is_named(
    machine: Machine, person: Person, client: httpx.AsyncClient
) -> None:
    steps = [{"do": "set", "values": {"notes": "{{ payload.note }}"}}]
    made = await machine.make(name="Notes", type="lead", when=HOOK, steps=steps)
    one = await lead(person)
    for sent, told in (
        ({}, "must be the id of the lead"),
        ({"record_id": "x"}, "must be the id of the lead"),
        ({"record_id": str(made["id"])}, "is no lead that there is"),
    ):
        refused = await client.post(path_of(made), json=sent)
        assert refused.status_code == 400, refused.text
        assert told in refused.json()["error"]["fields"]["record_id"]
    body = {"record_id": one["id"], "note": "from outside"}
    assert (await client.post(path_of(made), json=body)).status_code == 202
    await machine.settle()
    assert (await person.get(f"/v1/leads/{one['id']}"))["notes"] == "from outside"


async def test_who_does_not_know_the_address_sets_nothing_off(
    machine: Machine, person: Person, client: httpx.AsyncClient
) -> None:
    made = await machine.make(name="A form", when=HOOK, steps=STEPS)
    assert (await client.post("/v1/hooks/guessed", json={})).status_code == 404
    for sent in ("[1]", "{", '"text"'):
        headers = {"content-type": "application/json"}
        refused = await client.post(path_of(made), content=sent, headers=headers)
        assert refused.status_code == 400, refused.text
    large = await client.post(path_of(made), json={"text": "x" * 70_000})
    assert large.status_code == 413
    long = await client.post(path_of(made), json={}, headers={"webhook-id": "x" * 300})
    assert long.status_code == 400
    renewed = await person.post(f"/v1/automations/{made['id']}/address", {})
    assert path_of(renewed) != path_of(made)
    assert (await client.post(path_of(made), json={})).status_code == 404
    assert (await client.post(path_of(renewed), json={})).status_code == 202
    await person.patch(f"/v1/automations/{made['id']}", {"enabled": False})
    assert (await client.post(path_of(renewed), json={})).status_code == 404
    await machine.settle()
    assert len(await person.every("tasks")) <= 1
    other = await machine.make(
        name="Other",
        type="lead",
        when={"on": "created"},
        steps=[{"do": "set", "values": {"notes": "x"}}],
    )
    conflict = await client.post(
        f"/v1/automations/{other['id']}/address", json={}, headers=person.who.headers
    )
    assert conflict.status_code == 409
