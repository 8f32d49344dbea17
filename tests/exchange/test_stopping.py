"""An import that runs is stopped: what came in by then stays, and nothing comes after."""

from __future__ import annotations

import asyncio

import httpx
import pytest
from tests.exchange.imports import Person, counts, working

from tenfold.exchange import importing
from tenfold.exchange.writing_rows import Writer

pytestmark = pytest.mark.anyio
ROWS = "First Name,Last Name\n" + "".join(f"A{n},L\n" for n in range(30))


@pytest.fixture
async def person(client: httpx.AsyncClient, organisation):
    return Person(client, await organisation.person("owner"))


async def test_an_import_is_stopped_after_what_is_in(desk, person, monkeypatch):
    monkeypatch.setattr(importing, "_FIRST", 10)
    monkeypatch.setattr(importing, "_MOST", 10)
    written, held, goes_on = Writer.write, asyncio.Event(), asyncio.Event()

    async def waits(self, tx, piece, **more):
        if piece[0].row.number > 10:  # the second piece, however often the job begins anew
            held.set()
            await goes_on.wait()
        return await written(self, tx, piece, **more)

    monkeypatch.setattr(Writer, "write", waits)
    async with working(desk):
        started = (await person.start(ROWS, "leads")).json()["data"]["id"]
        await asyncio.wait_for(held.wait(), 20)
        view = await person.post(f"/v1/imports/{started}/stop")
        assert (view["state"], view["error"]) == ("failed", "It was stopped after 10 rows.")
        goes_on.set()
        await asyncio.sleep(0.3)
    view = await person.get(f"/v1/imports/{started}")
    assert (view["state"], counts(view)) == ("failed", (10, 10, 0, 0, 0))
    assert len(await person.every("leads")) == 10
    assert (await person.post(f"/v1/imports/{started}/undo"))["result"]["deleted"] == 10


async def test_an_import_that_waits_is_stopped_before_it_begins(desk, person):
    started = (await person.start(ROWS, "leads")).json()["data"]["id"]
    await person.post(f"/v1/imports/{started}/stop")
    async with working(desk):
        await asyncio.sleep(0.3)
    view = await person.get(f"/v1/imports/{started}")
    assert (view["state"], view["error"]) == ("failed", "It was stopped after 0 rows.")
    assert await person.every("leads") == []


async def test_an_import_that_is_over_stays_as_it_is(desk, person):
    async with working(desk):
        view = await person.imported(ROWS, "leads")
    stopped = await person.post(f"/v1/imports/{view['id']}/stop")
    assert (stopped["state"], counts(stopped)) == ("completed", (30, 30, 0, 0, 0))


async def test_only_who_sees_an_import_may_stop_it(client, organisation, person):
    started = (await person.start(ROWS, "leads")).json()["data"]["id"]
    other = Person(client, await organisation.person("member"))
    await other.post(f"/v1/imports/{started}/stop", status=404)
    assert (await person.get(f"/v1/imports/{started}"))["state"] == "pending"
