"""A new key for an organisation's secrets: all of them go over, whatever happens meanwhile."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from typing import Any
from uuid import UUID

import asyncpg
import httpx
import pytest
from tests.children import unmeasured
from tests.conftest import MakeOrganisation, Running, Serve
from tests.engine.sealed_listings import KEYS, ROWS, code, made, numbers, over, rotated, working
from tests.exchange.imports import Person
from tests.exchange.imports import working as importing
from tests.factories import Owner, Somebody
from tests.jobs.tools import ROOT, until

from tenfold import jobs
from tenfold.engine import reseal
from tenfold.kernel.context import Context
from tenfold.kernel.settings import Settings
from tenfold.web.desk import Desk

pytestmark = pytest.mark.anyio


@pytest.fixture
def pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pieces so small that there are many."""
    monkeypatch.setattr(reseal, "PIECE", 10)


@pytest.fixture
def me(client: httpx.AsyncClient, admin: Somebody) -> Person:
    return Person(client, admin)


async def test_every_secret_goes_over_and_nobody_else_notices(
    me: Person, desk: Desk, owner: Owner, make_organisation: MakeOrganisation, pieces: None
) -> None:
    ids = await made(me)
    others = Person(me.client, await (await make_organisation()).person("owner"))
    await made(others, 3)
    before = [await me.get(f"/v1/listings/{i}") for i in ids[1:]]
    history = await me.get(f"/v1/listings/{ids[2]}/timeline")
    assert await numbers(owner, me.who.tenant) == [1] * (ROWS - 1)
    async with working(desk):
        told = await rotated(me)
    assert await numbers(owner, me.who.tenant) == [2] * (ROWS - 1), "not all went over"
    assert await numbers(owner, others.who.tenant) == [1] * 2, "another organisation's did, too"
    assert [(k["number"], k["retired_at"] is None) for k in told["keys"]] == [(2, True), (1, False)]
    assert (told["rotation"]["state"], told["rotation"]["done"]) == ("completed", ROWS)
    assert [await me.get(f"/v1/listings/{i}") for i in ids[1:]] == before, "a record changed"
    assert await me.get(f"/v1/listings/{ids[2]}/timeline") == history, "the history tells of it"
    assert [await code(me, i) for i in ids[2:5]] == ["code 2", "code 3", "code 4"]
    await me.post(f"/v1/listings/{ids[0]}/restore")
    assert await code(me, ids[0]) == "code 0"
    operations = await owner.fetch(
        "SELECT operation, version, old, new FROM tenfold.change_log "
        "WHERE record_id = $1 ORDER BY seq",
        UUID(ids[2]),
    )
    assert [(r[0], r[1]) for r in operations] == [("insert", 1), ("reseal", 1)]
    assert operations[1]["old"] != operations[1]["new"], "the log does not hold what was"


async def test_who_may_not_administer_neither_sees_nor_changes_keys(
    me: Person, organisation: Any, stranger: Any
) -> None:
    await made(me, 2)
    for somebody in (await organisation.person("manager"), await organisation.person("member")):
        for method in ("GET", "POST"):
            answer = await me.client.request(method, KEYS, headers=somebody.headers)
            assert answer.status_code == 403, answer.text
    there = Person(me.client, await stranger.person("owner"))
    assert (await there.get(KEYS))["keys"] == []
    await there.post(KEYS, status=409)
    assert len((await me.get(KEYS))["keys"]) == 1


async def test_a_second_wish_goes_on_with_the_first(
    me: Person, desk: Desk, owner: Owner, pieces: None
) -> None:
    await made(me, 12)
    first = await me.post(KEYS)
    second = await me.post(KEYS)
    assert [k["number"] for k in second["keys"]] == [2, 1]
    assert first["rotation"]["job_id"] == second["rotation"]["job_id"]
    async with desk.database.transaction(Context(me.who.tenant, me.who.id)) as tx:
        await jobs.cancel(tx.connection, me.who.tenant, UUID(first["rotation"]["job_id"]))
    assert (await me.get(KEYS))["rotation"]["state"] == "cancelled"
    async with working(desk):
        assert [k["number"] for k in (await me.post(KEYS))["keys"]] == [2, 1]
        await over(me)
        assert [k["number"] for k in (await rotated(me))["keys"]] == [3, 2, 1]
    assert await numbers(owner, me.who.tenant) == [3] * 11


@pytest.mark.parametrize("point", ["between", "within"])
async def test_a_killed_worker_loses_nothing_and_another_goes_on(
    me: Person, desk: Desk, owner: Owner, settings: Settings, point: str, pieces: None
) -> None:
    ids = await made(me)
    await me.post(KEYS)
    job = UUID((await me.get(KEYS))["rotation"]["job_id"])
    command = [sys.executable, "-m", "tests.engine.reseal_process"]
    victim = await asyncio.create_subprocess_exec(
        *command,
        settings.app_database_url,
        settings.home,
        point,
        cwd=ROOT,
        env=unmeasured(PYTHONPATH=os.pathsep.join([str(ROOT / "src"), str(ROOT)])),
        stdout=asyncio.subprocess.PIPE,
    )
    assert victim.stdout is not None
    line = await asyncio.wait_for(victim.stdout.readline(), 30)
    assert line == b"at the point\n"
    victim.send_signal(signal.SIGKILL)
    await victim.wait()
    victim._transport.close()  # pyright: ignore[reportAttributeAccessIssue]
    half = await numbers(owner, me.who.tenant)
    assert sorted(half) == [1] * (ROWS - 21) + [2] * 20, "two pieces were committed"
    assert await code(me, ids[-1]) == f"code {ROWS - 1}", "it opens under the old key meanwhile"
    async with working(desk):
        told = await over(me)
    assert UUID(told["rotation"]["job_id"]) == job
    assert told["rotation"]["state"] == "completed"
    assert await numbers(owner, me.who.tenant) == [2] * (ROWS - 1)
    assert [await code(me, i) for i in ids[2:]] == [f"code {n}" for n in range(2, ROWS)]
    resealed = await owner.fetchval(
        "SELECT count(*) FROM tenfold.change_log WHERE tenant_id = $1 AND operation = 'reseal'",
        me.who.tenant,
    )
    assert resealed == ROWS - 1, "each was sealed anew once"


async def test_what_people_write_meanwhile_stays(
    me: Person, desk: Desk, owner: Owner, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every row is changed over and over while the job takes them one by one."""
    monkeypatch.setattr(reseal, "PIECE", 1)
    ids = (await made(me, 14))[2:]
    last: dict[str, str] = {}
    stop = asyncio.Event()

    async def change(some: list[str]) -> None:
        n = 0
        while not stop.is_set():
            for identity in some:
                n += 1
                await me.patch(f"/v1/listings/{identity}", {"lockbox_code": f"new {n} {identity}"})
                last[identity] = f"new {n} {identity}"

    async with working(desk), asyncio.TaskGroup() as group:
        for start in range(3):
            group.create_task(change(ids[start::3]))
        await rotated(me)
        stop.set()
    assert {i: await code(me, i) for i in ids} == last
    assert {*await numbers(owner, me.who.tenant)} == {2}


async def test_nobody_writes_between_the_reading_of_a_row_and_its_writing(
    me: Person, desk: Desk, app_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was written there would be lost."""
    ids = await made(me, 3)
    refused: list[bool] = []

    async def meanwhile(*_: object) -> None:
        other = await asyncpg.connect(app_url)
        try:
            await other.execute(f"SET app.tenant_id = '{me.who.tenant}'; SET lock_timeout = 100")
            await other.execute("UPDATE tenfold.listings SET lockbox_code = NULL")
            refused.append(False)
        except asyncpg.LockNotAvailableError:
            refused.append(True)
        finally:
            await other.close()

    monkeypatch.setattr(reseal, "plan_for", meanwhile)
    async with working(desk):
        await rotated(me)
    assert refused == [True]
    assert await code(me, ids[2]) == "code 2"


async def test_a_write_that_read_the_keys_before_is_waited_for(
    me: Person, desk: Desk, owner: Owner
) -> None:
    """It commits under the old key after the new one was made, however long that takes it."""
    ids = await made(me, 3)
    tenant = me.who.tenant
    async with working(desk):
        async with desk.database.transaction(Context(tenant, me.who.id)) as tx:
            keys = await desk.keyring.sealing(tx, tenant)
            await me.post(KEYS)

            async def waiting() -> bool:
                return "Waiting" in (await me.get(KEYS))["rotation"]["note"]

            await until(waiting)
            late = keys.seal("late", "listings", "lockbox_code", UUID(ids[2]))
            sql = "UPDATE tenfold.listings SET lockbox_code = $1 WHERE tenant_id = $2 AND id = $3"
            await tx.execute(sql, late, tenant, UUID(ids[2]))
        await over(me)
    assert {*await numbers(owner, tenant)} == {2}
    assert await code(me, ids[2]) == "late"


async def test_another_process_seals_with_the_new_key_at_once(
    me: Person, app: Running, serve: Serve, settings: Settings, owner: Owner
) -> None:
    async with serve(settings) as other:
        there = Person(other.client, me.who)
        ids = await made(there, 3)
        await me.post(KEYS)
        await there.patch(f"/v1/listings/{ids[1]}", {"lockbox_code": "fresh"})
        assert sorted(await numbers(owner, me.who.tenant)) == [1, 1, 2]
        assert await code(there, ids[1]) == await code(me, ids[1]) == "fresh"


async def test_an_undo_reaches_behind_a_change_of_keys(
    me: Person, desk: Desk, owner: Owner
) -> None:
    """An edit and its undo from before, and the undo of that undo, across two new keys."""
    ids = (await made(me, 4))[2:]
    change = [{"id": i, "lockbox_code": f"second {i}"} for i in ids]
    answer = await me.client.patch(
        "/v1/listings/bulk", json={"records": change}, headers=me.who.headers
    )
    batch = answer.json()["meta"]["batch_id"]
    async with working(desk), importing(desk):
        await rotated(me)
        await rotated(me)
        undo = await me.undone(batch)
        assert undo["result"]["restored"] == 2, undo
        assert [await code(me, i) for i in ids] == ["code 2", "code 3"]
        await rotated(me)
        await me.patch(f"/v1/listings/{ids[0]}", {"lockbox_code": "third"})
        again = await me.undone(undo["id"])
    assert (again["result"]["restored"], again["result"]["kept"]) == (1, 1)
    assert [await code(me, i) for i in ids] == ["third", f"second {ids[1]}"]
    assert {*await numbers(owner, me.who.tenant)} == {4}


async def test_what_does_not_open_stays_and_is_told(me: Person, desk: Desk, owner: Owner) -> None:
    ids = await made(me, 5)
    sql = (
        "UPDATE tenfold.listings SET lockbox_code = set_byte(lockbox_code, 30, "
        "get_byte(lockbox_code, 30) # 1) WHERE id = $1"
    )
    await owner.execute(sql, UUID(ids[3]))
    async with working(desk):
        told = await rotated(me)
    assert "1 secret does not open" in told["rotation"]["note"]
    assert sorted(await numbers(owner, me.who.tenant)) == [1, 2, 2, 2]
    await me.post(f"/v1/listings/{ids[3]}/reveals", {"field": "lockbox_code"}, 409)
    await me.patch(f"/v1/listings/{ids[3]}", {"lockbox_code": "set anew"})
    assert await code(me, ids[3]) == "set anew"


async def test_a_record_is_only_left_at_its_version_where_its_secrets_alone_change(
    me: Person, desk: Desk, owner: Owner
) -> None:
    """Who says that secrets are sealed anew can't hide another change behind it."""
    ids = await made(me, 3)
    tenant = me.who.tenant
    async with desk.database.transaction(Context(tenant, me.who.id)) as tx:
        await tx.execute("SET LOCAL app.reseal = 'on'")
        sql = "UPDATE tenfold.listings SET list_price = 7 WHERE tenant_id = $1 AND id = $2"
        await tx.execute(sql, tenant, UUID(ids[2]))
    rows = await owner.fetch(
        "SELECT operation, version FROM tenfold.change_log WHERE record_id = $1 ORDER BY seq",
        UUID(ids[2]),
    )
    assert [tuple(row) for row in rows] == [("insert", 1), ("update", 2)]
