"""The dispatcher: nothing that committed is missed, also what commits late."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager
from uuid import UUID

import asyncpg
import pytest
from tests.factories import Organisation
from tests.server import Base

from tenfold.db.database import Database, Reader
from tenfold.db.pulse import log_lag
from tenfold.engine import dispatch
from tenfold.engine.dispatch import Change, Dispatcher
from tenfold.kernel.context import Context
from tenfold.kernel.errors import Unavailable
from tenfold.kernel.ids import new_id
from tenfold.web.desk import Desk

pytestmark = pytest.mark.anyio

_TAG = """INSERT INTO tenfold.tags (tenant_id, id, name, name_key, colour)
VALUES ($1, $2, $3, $3, 'grey')"""

_LOGGED = """INSERT INTO tenfold.change_log
    (tenant_id, type, record_id, operation, version, xid)
VALUES ($1, 'tag', $2, 'insert', 1, $3::text::xid8)"""


@pytest.fixture
async def tail(base: Base) -> AsyncIterator[Database]:
    """A pool of the role that reads the log."""
    database = await Database.connect(base.as_role(base.roles.tail), smallest=1, largest=2)
    yield database
    await database.close()


class Seen:
    """A consumer that remembers the records of one tenant."""

    def __init__(self, tenant: UUID) -> None:
        self.tenant, self.records, self.fail = tenant, list[UUID](), False

    async def __call__(self, changes: Sequence[Change]) -> None:
        if self.fail:
            raise RuntimeError("a consumer that is down")
        self.records += [c.record for c in changes if c.tenant == self.tenant]


async def drain(dispatcher: Dispatcher, name: str) -> None:
    """Step until nothing is new."""
    while await dispatcher.step(name):
        pass


async def drain_until(dispatcher: Dispatcher, name: str, seen: Seen, count: int) -> None:
    """Step until so many came: transactions of other tests on this server hold readers back."""
    for _ in range(1_000):
        await drain(dispatcher, name)
        if len(seen.records) >= count:
            return
        await asyncio.sleep(0.02)


async def known(tail: Database, name: str) -> None:
    async with tail.system() as reader:
        await reader.connection.execute(
            "INSERT INTO tenfold.log_positions (consumer) VALUES ($1)", name
        )


async def tag(connection: asyncpg.Connection, tenant: UUID, name: str) -> UUID:
    made = new_id()
    await connection.execute("SELECT set_config('app.tenant_id', $1, false)", str(tenant))
    await connection.execute(_TAG, tenant, made, name)
    return made


async def tagged(base: Base, tenant: UUID, name: str) -> UUID:
    """Make a tag on a connection of its own."""
    connection = await asyncpg.connect(base.app_url)
    try:
        return await tag(connection, tenant, name)
    finally:
        await connection.close()


async def until_seen(seen: Seen, record: UUID) -> None:
    for _ in range(2_000):
        if record in seen.records:
            return
        await asyncio.sleep(0.01)


async def test_a_change_that_commits_late_is_not_missed(
    tail: Database, organisation: Organisation, base: Base
) -> None:
    name = f"late-{organisation.id}"
    seen = Seen(organisation.id)
    dispatcher = Dispatcher(tail, {name: seen})
    await known(tail, name)
    slow, quick = await asyncpg.connect(base.app_url), await asyncpg.connect(base.app_url)
    try:
        transaction = slow.transaction()
        await transaction.start()
        first = await tag(slow, organisation.id, "first")
        second = await tag(quick, organisation.id, "second")
        await drain(dispatcher, name)
        assert seen.records == [], "a later change was handed on before an earlier one ended"
        await transaction.commit()
        await drain_until(dispatcher, name, seen, 2)
        assert sorted(seen.records) == sorted([first, second])
    finally:
        await slow.close()
        await quick.close()


async def test_a_consumer_that_fails_gets_the_same_changes_again(
    tail: Database, organisation: Organisation, base: Base, desk: Desk
) -> None:
    name = f"fails-{organisation.id}"
    seen = Seen(organisation.id)
    dispatcher = Dispatcher(tail, {name: seen})
    await known(tail, name)
    made = await tagged(base, organisation.id, "once")
    seen.fail = True
    with pytest.raises(RuntimeError, match="down"):
        await drain_until(dispatcher, name, seen, 1)
    async with desk.database.system() as reader:
        assert (await log_lag(reader) or 0) > 0
    seen.fail = False
    await drain_until(dispatcher, name, seen, 1)
    assert seen.records == [made]


async def test_transactions_come_in_the_order_of_their_numbers(
    tail: Database, organisation: Organisation
) -> None:
    name = f"digits-{organisation.id}"
    seen = Seen(organisation.id)
    dispatcher = Dispatcher(tail, {name: seen})
    await known(tail, name)
    made = [new_id() for _ in range(3)]
    for number, record in zip(("9", "10", "100"), made, strict=True):
        await organisation.owner.execute(_LOGGED, organisation.id, record, number)
    await drain_until(dispatcher, name, seen, 3)
    assert seen.records == made


async def test_it_runs_until_it_is_stopped(
    tail: Database, organisation: Organisation, base: Base
) -> None:
    name = f"runs-{organisation.id}"
    seen = Seen(organisation.id)
    stop = asyncio.Event()
    running = asyncio.create_task(Dispatcher(tail, {name: seen}).run(stop, pause=0.01))
    made = await tagged(base, organisation.id, "live")
    await until_seen(seen, made)
    stop.set()
    await asyncio.wait_for(running, 5)
    assert seen.records == [made]


async def test_it_begins_while_the_database_is_away(
    tail: Database, organisation: Organisation, base: Base, monkeypatch: pytest.MonkeyPatch
) -> None:
    outages = [Unavailable("The database does not answer.") for _ in range(2)]
    system = tail.system

    def sometimes() -> AbstractAsyncContextManager[Reader]:
        if outages:
            raise outages.pop()
        return system()

    monkeypatch.setattr(tail, "system", sometimes)
    monkeypatch.setattr(dispatch, "_OUTAGE", 0.01)
    name, stop = f"away-{organisation.id}", asyncio.Event()
    seen = Seen(organisation.id)
    running = asyncio.create_task(Dispatcher(tail, {name: seen}).run(stop, pause=0.01))
    made = await tagged(base, organisation.id, "afterwards")
    await until_seen(seen, made)
    stop.set()
    await asyncio.wait_for(running, 5)
    assert not outages
    assert seen.records == [made]


async def test_the_log_can_not_be_written_by_the_application(
    base: Base, organisation: Organisation
) -> None:
    connection = await asyncpg.connect(base.app_url)
    try:
        await connection.execute(
            "SELECT set_config('app.tenant_id', $1, false)", str(organisation.id)
        )
        for statement in (
            (
                "INSERT INTO tenfold.change_log (tenant_id, type, record_id, operation, version) "
                f"VALUES ('{organisation.id}', 'tag', '{organisation.id}', 'insert', 1)"
            ),
            "UPDATE tenfold.change_log SET type = 'x'",
            "DELETE FROM tenfold.change_log",
            "TRUNCATE tenfold.change_log",
        ):
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await connection.execute(statement)
    finally:
        await connection.close()


async def test_a_forgotten_tenant_sees_nothing(base: Base) -> None:
    connection = await asyncpg.connect(base.app_url)
    try:
        assert await connection.fetchval("SELECT count(*) FROM tenfold.members") == 0
    finally:
        await connection.close()
    assert Context(new_id(), None).in_batch(new_id()).batch is not None
