"""What the clock sets off: around dates and moments, by schedules, over summer time."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.automation.conftest import Machine
from tests.automation.test_automations import CALL, lead
from tests.exchange.imports import Person

from tenfold.automation.timing import Window
from tenfold.kernel import spans

pytestmark = pytest.mark.anyio

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)


async def looked(machine: Machine, owner, until: datetime, since: datetime) -> None:
    """A look at the time after a moment, up to another."""
    sql = "UPDATE tenfold.automations SET looked_at = $2 WHERE tenant_id = $1"
    await owner.execute(sql, machine.tenant, since)
    machine.timer.clock = lambda: until
    await machine.settle()


async def around(machine: Machine, **when: str) -> dict[str, Any]:
    return await machine.make(name="Around", type="lead", when={"on": "time", **when}, steps=[CALL])


async def test_a_moment_before_another_sets_off_once(
    machine: Machine, person: Person, owner
) -> None:
    made = await around(machine, field="next_touch", offset="-2 hours")
    one = await lead(person, next_touch="2026-11-23T14:00:00Z")
    await lead(person, next_touch="2026-11-23T14:30:00Z")
    await lead(person)
    hour = timedelta(hours=1)
    await looked(machine, owner, NOW + hour / 60, NOW - hour)
    await looked(machine, owner, NOW + hour / 30, NOW + hour / 60)
    assert [run["record_id"] for run in await machine.runs(made)] == [one["id"]]


async def test_a_date_sets_off_at_nine_where_the_organisation_is(
    machine: Machine, person: Person, owner
) -> None:
    await person.patch("/v1/organization", {"timezone": "America/Chicago"})
    made = await around(machine, field="preapproval_expires", offset="-3 days")
    one = await lead(person, preapproval_expires="2026-11-26")
    nine = datetime(2026, 11, 23, 9, tzinfo=ZoneInfo("America/Chicago")).astimezone(UTC)
    before = nine - timedelta(minutes=2)
    await looked(machine, owner, nine - timedelta(minutes=1), before)
    assert await machine.runs(made) == []
    await looked(machine, owner, nine, nine - timedelta(minutes=1))
    assert [run["record_id"] for run in await machine.runs(made)] == [one["id"]]


async def test_what_came_while_no_worker_ran_is_made_up_for(
    machine: Machine, person: Person, owner
) -> None:
    made = await around(machine, field="next_touch", at="08:00", offset="1 day")
    ids = [
        (await lead(person, next_touch=f"2026-11-{day}T10:00:00Z"))["id"] for day in (19, 20, 21)
    ]
    await looked(machine, owner, NOW, NOW - timedelta(days=4))
    assert sorted(run["record_id"] for run in await machine.runs(made)) == sorted(ids)


async def test_a_schedule_takes_all_that_meet_its_conditions(
    machine: Machine, person: Person, owner
) -> None:
    made = await machine.make(
        name="Mondays",
        type="lead",
        when={"on": "schedule", "cron": "0 9 * * MON"},
        where={"status": "nurture"},
        steps=[CALL],
    )
    one = await lead(person, status="nurture")
    await lead(person)
    await looked(machine, owner, NOW, NOW - timedelta(days=15))
    assert [run["record_id"] for run in await machine.runs(made)] == [one["id"]]
    assert (await machine.runs(made))[0]["at"] == "2026-11-23T09:00:00+00:00"
    await looked(machine, owner, NOW + timedelta(hours=1), NOW)
    assert len(await machine.runs(made)) == 1


async def test_a_schedule_without_a_type_makes_something_once(
    machine: Machine, person: Person, owner
) -> None:
    made = await machine.make(
        name="Weekly",
        when={"on": "schedule", "cron": "0 9 * * MON"},
        steps=[{"do": "create", "type": "task", "values": {"title": "Plan {{ today }}"}}],
    )
    await looked(machine, owner, NOW, NOW - timedelta(days=1))
    assert [run["record_id"] for run in await machine.runs(made)] == [None]
    (task,) = await person.every("tasks")
    assert task["title"].startswith("Plan 20")
    assert task["owner_id"] == str(person.who.id)


CHICAGO = "America/Chicago"


@pytest.mark.parametrize(
    ("day", "at", "there"),
    [
        # In 2026 the clock goes from 02:00 to 03:00 on 8 March, and back on 1 November.
        (date(2026, 3, 8), time(2, 30), "2026-03-08T03:30:00-05:00"),
        (date(2026, 3, 8), time(9), "2026-03-08T09:00:00-05:00"),
        (date(2026, 11, 1), time(1, 30), "2026-11-01T01:30:00-05:00"),
        (date(2026, 11, 1), time(9), "2026-11-01T09:00:00-06:00"),
    ],
)
def test_times_that_the_clock_leaves_out_or_has_twice(day: date, at: time, there: str) -> None:
    found = spans.local(day, at, CHICAGO).astimezone(ZoneInfo(CHICAGO))
    assert found.isoformat() == there


def test_hours_are_hours_and_days_at_a_time_are_the_calendars() -> None:
    noon = spans.local(date(2026, 3, 7), time(12), CHICAGO)
    later = spans.moved(noon, spans.span("24 hours"), None, CHICAGO)
    assert later - noon == timedelta(hours=24)
    day = spans.moved(noon, spans.span("1 day"), time(12), CHICAGO)
    assert day - noon == timedelta(hours=23)


@given(
    st.dates(date(2000, 1, 1), date(2100, 1, 1)),
    st.times(),
    st.integers(-400, 400),
    st.sampled_from(["UTC", CHICAGO, "Europe/Berlin", "Asia/Kathmandu", "Pacific/Apia"]),
)
def test_each_day_comes_once(day: date, at: time, days: int, zone: str) -> None:
    """Windows that touch hold each moment once, wherever they meet."""
    at = at.replace(second=0, microsecond=0)
    moment = spans.on_day(day, spans.span(f"{days} days"), at, zone)
    assert moment == spans.local(day + timedelta(days=days), at, zone)
    edges = [moment - timedelta(minutes=1), moment, moment + timedelta(minutes=1)]
    held = [Window(a, b).holds(moment) for a, b in pairwise(edges)]
    assert held == [True, False]


@pytest.mark.parametrize("text", ["", " 3 days ", "-24 hours", "1 week", "90 Minutes", "+2 day"])
def test_spans_are_read(text: str) -> None:
    minutes = {"": 0, "3": 4_320, "-24": -1_440, "1": 10_080, "90": 90, "+2": 2_880}
    assert spans.span(text).minutes == minutes[text.split(maxsplit=1)[0] if text else ""]


@pytest.mark.parametrize("text", ["3", "days", "3 months", "9999 weeks", "1.5 days"])
def test_what_is_no_span_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="must be"):
        spans.span(text)
