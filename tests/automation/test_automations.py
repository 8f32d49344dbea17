"""What automations do, by HTTP: set off, carried out once, told."""

from __future__ import annotations

from typing import Any

import pytest
from tests.automation.conftest import Machine
from tests.exchange.imports import Person

pytestmark = pytest.mark.anyio

CREATED = {"on": "created"}
CALL = {
    "do": "create",
    "type": "task",
    "values": {
        "title": "Call {{ first_name }} {{ last_name }}",
        "due_at": "{{ now | later: '1 day' }}",
        "assignee_id": "{{ owner_id }}",
    },
}


async def lead(person: Person, **values: Any) -> dict[str, Any]:
    body = {"first_name": "Ada", "last_name": "Byron", **values}
    return await person.post("/v1/leads", body, 201)


async def test_a_new_record_gets_a_task_about_it(machine: Machine, person: Person) -> None:
    made = await machine.make(name="Call them", type="lead", when=CREATED, steps=[CALL])
    one = await lead(person)
    await machine.settle()
    (task,) = await person.every("tasks")
    assert task["title"] == "Call Ada Byron"
    assert task["about"] == {"type": "lead", "id": one["id"]}
    assert task["assignee_id"] == task["owner_id"] == one["owner_id"]
    (run,) = await machine.runs(made)
    assert (run["state"], run["record_id"], run["reason"]) == ("done", one["id"], None)
    assert run["trail"][0]["did"] == "created"
    assert run["trail"][0]["record"] == task["id"]


async def test_fields_are_set_where_the_conditions_hold(machine: Machine, person: Person) -> None:
    await machine.make(
        name="Hot",
        type="lead",
        when={"on": "changed", "fields": ["budget"]},
        where={"budget[gte]": "500000"},
        steps=[{"do": "set", "values": {"status": "hot", "notes": "Worth {{ budget }}"}}],
    )
    rich, poor = await lead(person), await lead(person)
    await person.patch(f"/v1/leads/{rich['id']}", {"budget": "750000.00"})
    await person.patch(f"/v1/leads/{poor['id']}", {"budget": "1000.00"})
    await person.patch(f"/v1/leads/{poor['id']}", {"phone": "+1 312 555 0111"})
    await machine.settle()
    rich, poor = [await person.get(f"/v1/leads/{one['id']}") for one in (rich, poor)]
    assert (rich["status"], rich["notes"]) == ("hot", "Worth 750000.00")
    assert (poor["status"], poor["notes"]) == ("new", None)


async def test_a_move_to_a_stage_sets_off(machine: Machine, person: Person) -> None:
    made = await machine.make(
        name="Won",
        type="lead",
        when={"on": "moved", "to": ["closed"], "from": ["hot"]},
        steps=[{"do": "set", "values": {"preapproved": True}}],
    )
    one, other = await lead(person, status="hot"), await lead(person)
    for each in (one, other):
        await person.patch(f"/v1/leads/{each['id']}", {"status": "closed"})
    await machine.settle()
    assert [run["record_id"] for run in await machine.runs(made)] == [one["id"]]


async def test_conditions_are_met_once_until_they_are_not(machine: Machine, person: Person) -> None:
    before = await lead(person, engagement_count=9)
    made = await machine.make(
        name="Keen",
        type="lead",
        when={"on": "met"},
        where={"engagement_count[gte]": 5},
        steps=[CALL],
    )
    one = await lead(person)
    for count in (4, 5, 6, 2, 7):
        await person.patch(f"/v1/leads/{one['id']}", {"engagement_count": count})
        await machine.settle()
    await person.patch(f"/v1/leads/{before['id']}", {"engagement_count": 10})
    await machine.settle()
    assert [run["record_id"] for run in await machine.runs(made)] == [one["id"]] * 2


async def test_steps_are_left_out_and_refusals_are_told(machine: Machine, person: Person) -> None:
    made = await machine.make(
        name="Two steps",
        type="lead",
        when=CREATED,
        steps=[
            {"do": "set", "values": {"notes": "Seen"}, "only_if": {"source": "website"}},
            {"do": "set", "values": {"email": "{{ last_name }}"}},
            CALL,
        ],
    )
    await lead(person)
    await machine.settle()
    (run,) = await machine.runs(made)
    assert run["state"] == "failed"
    assert run["reason"].startswith("step 2: email ")
    assert [mark["did"] for mark in run["trail"]] == ["left out"]
    assert await person.every("tasks") == []
    (failed,) = await machine.runs(made, state="failed")
    await person.patch(f"/v1/leads/{failed['record_id']}", {"last_name": "ada@example.com"})
    await person.post(f"/v1/automation-runs/{failed['id']}/retry")
    await machine.settle()
    (run,) = await machine.runs(made)
    assert (run["state"], run["reason"]) == ("done", None)
    assert len(await person.every("tasks")) == 1


async def test_waiting_runs_go_on_when_their_time_has_come(
    machine: Machine, person: Person, owner
) -> None:
    made = await machine.make(
        name="A day later",
        type="lead",
        when=CREATED,
        steps=[{"do": "wait", "for": "24 hours"}, {**CALL, "only_if": {"status": "new"}}],
    )
    first, second = await lead(person), await lead(person)
    await machine.settle()
    waiting = await machine.runs(made)
    assert [run["state"] for run in waiting] == ["waiting"] * 2
    await person.patch(f"/v1/leads/{second['id']}", {"status": "contacted"})
    await forward(owner, machine.tenant, "24 hours")
    await machine.settle()
    done = await machine.runs(made)
    assert [run["state"] for run in done] == ["done"] * 2
    (task,) = await person.every("tasks")
    assert task["about"]["id"] == first["id"]


async def forward(owner, tenant, by: str) -> None:
    """Let time pass for what waits."""
    await owner.execute(
        f"UPDATE tenfold.automation_runs SET due_at = due_at - interval '{by}' "
        "WHERE tenant_id = $1 AND state = 'waiting'",
        tenant,
    )
    await owner.execute(
        f"UPDATE jobs.job SET run_at = run_at - interval '{by}' "
        "WHERE tenant_id = $1 AND state = 'pending'",
        tenant,
    )
