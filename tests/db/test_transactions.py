"""A transaction that can't begin, or is cancelled, leaves its connection fit for the next one."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager
from typing import Any

import asyncpg
import pytest
from tests import factories
from tests.server import Base

from tenfold.db import lender, roles
from tenfold.db.database import Database, Reader
from tenfold.kernel.context import Context
from tenfold.kernel.errors import Unavailable
from tenfold.kernel.ids import new_id

pytestmark = pytest.mark.anyio
MEMBERS = ("members",)
_LOCK = "LOCK TABLE tenfold.versions IN ACCESS EXCLUSIVE MODE"


@pytest.fixture
async def single(base: Base) -> AsyncIterator[Database]:
    """A pool of one connection, so that whoever comes next gets the same."""
    database = await Database.connect(base.app_url, smallest=1, largest=1)
    yield database
    await database.close()


async def _works(database: Database) -> None:
    """Reading and writing go on, and nobody's transaction is open."""
    context = Context(tenant=new_id(), actor=None)
    async with database.read(context.tenant, MEMBERS) as reader:
        assert not reader.connection.is_in_transaction()
        assert list(reader.versions) == [0]
    async with database.transaction(context, MEMBERS) as tx:
        assert list(tx.versions) == [0]


async def test_error_after_begin_is_rolled_back(single: Database) -> None:
    context = Context(tenant=new_id(), actor=None)
    too_large = [2**70]  # no bigint: enter() refuses it, which is no 40001
    with pytest.raises(asyncpg.PostgresError):
        async with single.transaction(context, MEMBERS, too_large):
            pytest.fail("it must not begin")
    await _works(single)


async def test_cancelled_beginning_is_rolled_back(single: Database, owner: factories.Owner) -> None:
    async def begin() -> None:
        async with single.transaction(Context(tenant=new_id(), actor=None), MEMBERS):
            pytest.fail("it must not begin")

    async with owner.transaction():
        await owner.execute(_LOCK)
        task = asyncio.create_task(begin())
        await asyncio.sleep(0.1)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
    await _works(single)


async def test_connection_that_cannot_roll_back_is_not_lent_again(
    single: Database, owner: factories.Owner
) -> None:
    started = asyncio.Event()

    async def write() -> None:
        async with single.transaction(Context(tenant=new_id(), actor=None), MEMBERS) as tx:
            started.set()
            await tx.value("SELECT pg_sleep(5)")

    task = asyncio.create_task(write())
    await started.wait()
    for _ in range(3):  # the second comes while it rolls back
        task.cancel()
        await asyncio.sleep(0)
    with pytest.raises(asyncio.CancelledError):
        await task
    await _works(single)


def _read(database: Database) -> AbstractAsyncContextManager[Reader]:
    return database.read(new_id())


def _write(database: Database) -> AbstractAsyncContextManager[Reader]:
    return database.transaction(Context(tenant=new_id(), actor=None))


def _late(database: Database) -> AbstractAsyncContextManager[Reader]:
    return database.late(Context(tenant=new_id(), actor=None), MEMBERS, [0])


@pytest.mark.parametrize("opened", [_read, _write, _late, Database.system])
@pytest.mark.parametrize("meanwhile", [True, False])
async def test_a_connection_that_was_lost_is_told_as_such(
    single: Database, owner: factories.Owner, opened: Any, meanwhile: bool
) -> None:
    async def work() -> None:
        async with opened(single) as reader:
            pid = await reader.value("SELECT pg_backend_pid()")
            asked = asyncio.create_task(reader.value("SELECT pg_sleep(5)")) if meanwhile else None
            await asyncio.sleep(0.1)
            await owner.execute("SELECT pg_terminate_backend($1)", pid)
            await asyncio.sleep(0.1)
            await (asked or reader.value("SELECT 1"))

    with pytest.raises(Unavailable, match="try again"):
        await work()
    await _works(single)


async def test_a_glance_that_was_lost_is_told_as_such(
    single: Database, owner: factories.Owner
) -> None:
    glance = single.glance(new_id(), MEMBERS, [0])
    pid = await glance.value("SELECT pg_backend_pid()")
    asked = asyncio.create_task(glance.value("SELECT pg_sleep(5)::text"))
    await asyncio.sleep(0.1)
    await owner.execute("SELECT pg_terminate_backend($1)", pid)
    with pytest.raises(Unavailable, match="try again"):
        await asked
    await _works(single)


@pytest.fixture
async def scarce(base: Base) -> AsyncIterator[Database]:
    """A pool of six, of which the server grants two."""
    role = f"scarce_{new_id().hex}"
    password = new_id().hex
    admin = await asyncpg.connect(base.admin_url)
    try:
        await admin.execute(
            f"CREATE ROLE {role} LOGIN PASSWORD '{password}' CONNECTION LIMIT 2"
            f" IN ROLE {base.roles.app}"
        )
        url = roles.as_role(base.admin_url, role, password)
        database = await Database.connect(url, smallest=1, largest=6)
        yield database
        await database.close()
        await admin.execute(f"DROP ROLE {role}")
    finally:
        await admin.close()


async def test_server_without_connections_left_is_made_do_with(scarce: Database) -> None:
    async def read() -> int:
        async with scarce.read(new_id()) as reader:
            return await reader.value("SELECT 1 FROM pg_sleep(0.02)")

    assert await asyncio.gather(*(read() for _ in range(20))) == [1] * 20
    assert scarce.figures()["open"] <= 2


async def test_room_that_the_server_has_again_is_asked_for(scarce: Database, base: Base) -> None:
    done = asyncio.Event()

    async def role(until: asyncio.Event | None = None) -> str:
        async with scarce.read(new_id()) as reader:
            found = await reader.value("SELECT current_user::text")
            if until:
                await until.wait()
            return found

    name = await role()
    long = [asyncio.create_task(role(done)) for _ in range(2)]
    await asyncio.sleep(0.1)
    waiting = asyncio.create_task(role())
    await asyncio.sleep(0.1)
    admin = await asyncpg.connect(base.admin_url)
    await admin.execute(f"ALTER ROLE {name} CONNECTION LIMIT 3")
    await admin.close()
    async with asyncio.timeout(lender.SCARCE_SECONDS + 3):
        await waiting
    done.set()
    await asyncio.gather(*long)


async def test_who_waits_too_long_is_told_and_the_next_is_served(
    single: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lender, "WAIT_SECONDS", 0.3)

    async def read(delay: float) -> int:
        await asyncio.sleep(delay)
        async with single.read(new_id()) as reader:
            return await reader.value("SELECT 1")

    async with single.read(new_id()) as reader:
        await reader.value("SELECT 1")
        first, cancelled, last = (asyncio.create_task(read(d)) for d in (0, 0.05, 0.2))
        await asyncio.sleep(0.1)
        cancelled.cancel()
        with pytest.raises(Unavailable, match="are busy"):
            await first
    assert await last == 1
    await _works(single)


async def test_more_connections_than_usual_are_there_for_whom_waits_only(base: Base) -> None:
    database = await Database.connect(base.app_url, smallest=1, largest=lender.USUAL + 2)
    done = asyncio.Event()
    most = 0

    async def long() -> None:
        async with database.read(new_id()):
            await done.wait()

    async def short() -> None:
        nonlocal most
        async with database.read(new_id()) as reader:
            most = max(most, database.figures()["open"])
            await reader.value("SELECT 1")

    try:
        await asyncio.gather(*(short() for _ in range(40)))
        assert most == lender.USUAL
        held = [asyncio.create_task(long()) for _ in range(lender.USUAL + 1)]
        async with asyncio.timeout(lender.PATIENCE_SECONDS + 3):
            await asyncio.gather(*(short() for _ in range(3)))
        done.set()
        await asyncio.gather(*held)
        most = 0
        await asyncio.gather(*(short() for _ in range(40)))
        assert database.figures()["free"] == database.figures()["open"]
    finally:
        done.set()
        await database.close()


async def test_a_place_that_comes_free_soon_after_somebody_waits_is_theirs(base: Base) -> None:
    database = await Database.connect(base.app_url, smallest=1, largest=lender.USUAL + 1)
    done, entered = asyncio.Event(), asyncio.Event()

    async def long() -> None:
        async with database.read(new_id()):
            await done.wait()

    async def short() -> None:
        async with database.read(new_id()) as reader:
            entered.set()
            await reader.value("SELECT pg_sleep(0.05)")

    try:
        held = [asyncio.create_task(long()) for _ in range(lender.USUAL)]
        await asyncio.sleep(0.1)
        last = asyncio.create_task(short())
        async with asyncio.timeout(lender.PATIENCE_SECONDS + 3):
            await entered.wait()
            await asyncio.gather(last, short())
        done.set()
        await asyncio.gather(*held)
    finally:
        done.set()
        await database.close()
