"""A worker that is killed anywhere on an automation's way: each event has one effect."""

from __future__ import annotations

import signal
from dataclasses import replace

import pytest
from tests.automation.conftest import Machine
from tests.automation.process import POINTS
from tests.automation.test_automations import CALL, CREATED, lead
from tests.exchange.imports import Person
from tests.jobs.tools import process
from tests.server import Base
from tests.walls.conftest import whole

from tenfold.automation import watching
from tenfold.kernel.ids import new_id
from tenfold.kernel.settings import Settings

pytestmark = [pytest.mark.anyio, pytest.mark.untraced]


@pytest.mark.parametrize("point", POINTS)
async def test_kill_9_leaves_one_effect_each(
    still: Machine, person: Person, settings: Settings, base: Base, point: str
) -> None:
    counted = {"do": "set", "values": {"engagement_count": "{{ engagement_count | plus: 1 }}"}}
    await still.make(name="Once", type="lead", when=CREATED, steps=[CALL, counted])
    where = (settings.home, base.app_url, base.as_role(base.roles.tail), still.name, point)
    for round_ in range(20 if whole() else 1):
        one = await lead(person)
        async with process(*where, module="tests.automation.process") as victim:
            await victim.says("stopped")
            victim.send(signal.SIGKILL)
        async with still.working():
            await still.settle()
        tasks = await person.every("tasks", about=f"lead:{one['id']}")
        assert len(tasks) == 1, round_
        assert (await person.get(f"/v1/leads/{one['id']}"))["engagement_count"] == 1


async def test_the_same_changes_given_again_begin_nothing(
    machine: Machine, person: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is the key of an event that does it: with another key each time, it would be twice."""
    made = await machine.make(name="Once", type="lead", when=CREATED, steps=[CALL])
    await lead(person)
    await machine.settle()
    await machine.rewind()
    await machine.settle()
    assert len(await machine.runs(made)) == len(await person.every("tasks")) == 1
    right = watching.event_of
    anew = lambda *one: replace(right(*one), key=str(new_id()))  # noqa: E731
    monkeypatch.setattr(watching, "event_of", anew)
    await machine.rewind()
    await machine.settle()
    assert len(await machine.runs(made)) == len(await person.every("tasks")) == 2
