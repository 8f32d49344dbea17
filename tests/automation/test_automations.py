"""What automations do, by HTTP: set off, carried out once, told."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import asyncpg
import pytest
from tests.automation.conftest import Machine
from tests.exchange.imports import Person, working
from tests.following import sooner

from tenfold.automation import automations
from tenfold.automation.runs import LOOP

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


async def forward(owner: asyncpg.Connection, tenant: UUID, by: str) -> None:
    """Let time pass for what waits."""
    await owner.execute(
        f"UPDATE tenfold.automation_runs SET due_at = due_at - interval '{by}' "
        "WHERE tenant_id = $1 AND state = 'waiting'",
        tenant,
    )
    await sooner(owner, tenant, by)


async def test_what_is_off_does_nothing_and_what_waits_in_it_stops(
    machine: Machine, person: Person, owner
) -> None:
    steps = [{"do": "wait", "for": "1 hour"}, CALL]
    made = await machine.make(name="Later", type="lead", when=CREATED, steps=steps)
    await lead(person)
    await machine.settle()
    await person.patch(f"/v1/automations/{made['id']}", {"enabled": False})
    await lead(person)
    await forward(owner, machine.tenant, "1 hour")
    await machine.settle()
    (run,) = await machine.runs(made)
    assert (run["state"], run["reason"]) == ("stopped", "stopped: the automation was switched off")
    await person.patch(f"/v1/automations/{made['id']}", {"enabled": True})
    await machine.settle()
    assert len(await machine.runs(made)) == 1


async def test_what_an_import_and_an_undo_change_sets_nothing_off(
    machine: Machine, person: Person, desk
) -> None:
    plain = await machine.make(name="Plain", type="lead", when=CREATED, steps=[CALL])
    also = await machine.make(
        name="Imports too", type="lead", when=CREATED, steps=[CALL], on_import=True
    )
    async with working(desk):
        view = await person.imported("First Name,Last Name\nAda,Byron\nMary,Shelley\n", "leads")
        await machine.settle()
        assert (len(await machine.runs(plain)), len(await machine.runs(also))) == (0, 2)
        await person.undone(view["id"])
    await machine.settle()
    assert (len(await machine.runs(plain)), len(await machine.runs(also))) == (0, 2)


async def test_a_deleted_record_stops_its_runs(machine: Machine, person: Person, owner) -> None:
    steps = [{"do": "wait", "for": "1 day"}, CALL]
    made = await machine.make(name="Later", type="lead", when=CREATED, steps=steps)
    one = await lead(person)
    await machine.settle()
    await person.client.delete(f"/v1/leads/{one['id']}", headers=person.who.headers)
    await forward(owner, machine.tenant, "1 day")
    await machine.settle()
    (run,) = await machine.runs(made)
    assert run["reason"] == "stopped: the record is not there any more"


async def test_one_starts_another(machine: Machine, person: Person) -> None:
    called = await machine.make(name="Call", type="lead", when={"on": "call"}, steps=[CALL])
    steps = [{"do": "call", "automation_id": called["id"]}]
    await machine.make(name="Start", type="lead", when=CREATED, steps=steps)
    await lead(person)
    await machine.settle()
    (run,) = await machine.runs(called)
    assert run["state"] == "done"
    assert run["cause"].startswith("run ")
    assert len(await person.every("tasks")) == 1


async def test_a_circle_ends_by_itself(machine: Machine, person: Person, monkeypatch) -> None:
    """What the check at saving can't see is ended by counting."""
    monkeypatch.setattr(automations, "circle", lambda _start, _plans: [])
    steps = [{"do": "set", "values": {"engagement_count": "{{ engagement_count | plus: 1 }}"}}]
    when = {"on": "changed", "fields": ["engagement_count"]}
    made = await machine.make(name="Round", type="lead", when=when, steps=steps)
    one = await lead(person)
    await person.patch(f"/v1/leads/{one['id']}", {"engagement_count": 1})
    await machine.settle()
    assert (await person.get(f"/v1/leads/{one['id']}"))["engagement_count"] == 6
    states = [run["state"] for run in await machine.runs(made)]
    assert states == ["stopped", *["done"] * 5]
    (last, *_) = await machine.runs(made)
    assert last["reason"] == LOOP


async def test_the_changes_of_a_run_are_told_apart_and_undone(
    machine: Machine, person: Person
) -> None:
    steps = [{"do": "set", "values": {"notes": "By itself"}}]
    await machine.make(name="Noted", type="lead", when=CREATED, steps=steps)
    one = await lead(person)
    await machine.settle()
    newest, _ = await person.get(f"/v1/leads/{one['id']}/timeline")
    assert newest["actor_id"] is None
    batch = await person.get(f"/v1/batches/{newest['batch_id']}")
    assert batch["kind"] == "automation"
    assert (await person.undone(newest["batch_id"]))["result"]["restored"] == 1
    assert (await person.get(f"/v1/leads/{one['id']}"))["notes"] is None
    await machine.settle()
    assert (await person.get(f"/v1/leads/{one['id']}"))["notes"] is None


WRONG = [
    ({"name": "x" * 201}, "name", "1 to 200"),
    ({"type": "leed"}, "type", "did you mean lead?"),
    ({"type": ""}, "type", "is required"),
    ({"when": {"on": "changed", "fields": ["budgett"]}}, "when.fields", "did you mean budget?"),
    ({"when": {"on": "moved", "to": ["hott"]}}, "when.to", "did you mean hot?"),
    ({"type": "contact", "when": {"on": "moved"}}, "when.on", "no stages"),
    ({"when": {"on": "met"}}, "where", "is required"),
    ({"when": {"on": "time", "field": "first_name"}}, "when.field", "no date or moment"),
    (
        {"when": {"on": "time", "field": "next_touch", "offset": "soon"}},
        "when.offset",
        "like 3 days",
    ),
    (
        {"when": {"on": "time", "field": "next_touch", "at": "25:00"}},
        "when.at",
        "like 09:00",
    ),
    ({"when": {"on": "schedule", "cron": "every day"}}, "when.cron", "cron line"),
    (
        {"when": {"on": "schedule", "cron": "0 9 * * *", "zone": "Mars/Base"}},
        "when.zone",
        "time zone",
    ),
    ({"where": {"budget[like]": "1"}}, "where.budget[like]", "operator"),
    ({"where": {"bugdet": "1"}}, "where.bugdet", "did you mean budget?"),
    ({"steps": []}, "steps", "1 to 20"),
    ({"steps": [{"do": "set", "values": {}}]}, "steps[0].values", "must name"),
    ({"steps": [{"do": "set", "values": {"stauts": "new"}}]}, "steps[0].values.stauts", "status"),
    ({"steps": [{"do": "set", "values": {"status": "x"}}]}, "steps[0].values.status", "one of"),
    ({"steps": [{"do": "set", "values": {"score": 5}}]}, "steps[0].values.score", "computed"),
    (
        {"steps": [{"do": "set", "values": {"notes": "Hi {{ firstname }}"}}]},
        "steps[0].values.notes",
        "did you mean first_name?",
    ),
    (
        {"steps": [{"do": "set", "values": {"notes": "{% include 'x' %}"}}]},
        "steps[0].values.notes",
        "can't be read",
    ),
    (
        {"steps": [{"do": "set", "values": {"notes": "{{ now | latter: '1 day' }}"}}]},
        "steps[0].values.notes",
        "did you mean later?",
    ),
    ({"steps": [{"do": "create", "type": "tusk", "values": {"title": "x"}}]}, "steps[0].type", "?"),
    (
        {"steps": [{"do": "create", "type": "task", "values": {"done": False}}]},
        "steps[0].values.title",
        "is required",
    ),
    ({"steps": [{"do": "wait"}]}, "steps[0]", "how long"),
    ({"steps": [{"do": "wait", "for": "-1 day"}]}, "steps[0].for", "negative"),
    ({"steps": [{"do": "wait", "until": "notes"}]}, "steps[0].until", "no date"),
    (
        {"steps": [{"do": "call", "automation_id": "01920000-0000-7000-8000-000000000000"}]},
        "steps[0].automation_id",
        "no automation",
    ),
    (
        {
            "when": {"on": "changed"},
            "steps": [{"do": "set", "values": {"notes": "{{ notes }} again"}}],
        },
        "steps",
        "circle",
    ),
]


@pytest.mark.parametrize(("body", "field", "told"), WRONG)
async def test_what_can_not_be_is_told_at_its_place(
    machine: Machine, body: dict[str, Any], field: str, told: str
) -> None:
    right: dict[str, Any] = {"name": "A", "type": "lead", "when": CREATED, "steps": [CALL]}
    fields = await machine.refused(**{**right, **body})
    assert told in fields.get(field, ""), fields
    assert await machine.who.get("/v1/automations") == []


async def test_two_that_set_each_other_off_are_refused(machine: Machine) -> None:
    def toggles(at: str, to: str) -> dict[str, Any]:
        return {
            "name": f"{at} to {to}",
            "type": "lead",
            "when": {"on": "moved", "to": [at]},
            "steps": [{"do": "set", "values": {"status": to}}],
        }

    await machine.make(**toggles("hot", "nurture"))
    fields = await machine.refused(**toggles("nurture", "hot"))
    assert fields == {
        "steps": "would set each other off in a circle: "
        "nurture to hot → hot to nurture → nurture to hot"
    }
    off = await machine.make(**toggles("nurture", "hot"), enabled=False)
    answer = await machine.who.client.patch(
        f"/v1/automations/{off['id']}", json={"enabled": True}, headers=machine.who.who.headers
    )
    assert "circle" in answer.json()["error"]["fields"]["steps"]


async def test_a_trial_tells_what_would_be_and_leaves_nothing(
    machine: Machine, person: Person
) -> None:
    one, other = await lead(person, budget="900000"), await lead(person)
    body = {
        "name": "A trial",
        "type": "lead",
        "when": CREATED,
        "where": {"budget[gte]": "500000"},
        "steps": [CALL, {"do": "set", "values": {"phone": "{{ last_name }}"}}],
    }
    trial = await person.post("/v1/automations/trial", {"automation": body})
    assert (trial["looked"], trial["found"]) == (2, 1)
    (run,) = trial["runs"]
    assert (run["record_id"], run["title"]) == (one["id"], "Ada Byron")
    assert run["state"] == "failed"
    assert run["reason"].startswith("step 2: phone ")
    assert run["trail"][0]["type"] == "task"
    assert await person.every("tasks") == []
    kept = await machine.make(**body)
    again = await person.post(
        "/v1/automations/trial", {"automation_id": kept["id"], "record_id": other["id"]}
    )
    assert [run["record_id"] for run in again["runs"]] == [other["id"]]
    await machine.settle()
    assert await machine.runs(kept) == []


async def test_only_administrators_see_and_change_them(
    machine: Machine, organisation, client
) -> None:
    made = await machine.make(name="A", type="lead", when=CREATED, steps=[CALL])
    member = Person(client, await organisation.person("member", ("agent",)))
    for path in ("/v1/automations", f"/v1/automations/{made['id']}"):
        answer = await client.get(path, headers=member.who.headers)
        assert answer.status_code == 403
    answer = await client.delete(f"/v1/automations/{made['id']}", headers=member.who.headers)
    assert answer.status_code == 403


async def test_a_change_keeps_what_waits_as_it_was(machine: Machine, person: Person, owner) -> None:
    steps = [{"do": "wait", "for": "1 day"}, {"do": "set", "values": {"notes": "old"}}]
    body = {"name": "A", "type": "lead", "when": CREATED, "steps": steps}
    made = await machine.make(**body)
    one = await lead(person)
    await machine.settle()
    new = {**body, "enabled": True, "steps": [{"do": "set", "values": {"notes": "new"}}]}
    answer = await person.client.put(
        f"/v1/automations/{made['id']}", json=new, headers=person.who.headers
    )
    assert answer.json()["data"]["version"] == 2
    other = await lead(person)
    await forward(owner, machine.tenant, "1 day")
    await machine.settle()
    notes = [(await person.get(f"/v1/leads/{each['id']}"))["notes"] for each in (one, other)]
    assert notes == ["old", "new"]
