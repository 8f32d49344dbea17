"""A write that begins late is one trip where it can be, and never trusts what is known."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Generator
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

import asyncpg
import httpx
import pytest
from tests import factories
from tests.factories import Organisation, Somebody

from tenfold.db.database import Database, Late
from tenfold.db.glance import AskFirst
from tenfold.kernel.context import Context
from tenfold.kernel.errors import Invalid
from tenfold.web.desk import Desk

pytestmark = pytest.mark.anyio

TOPICS = ("members", "definitions")
LEAD = {"first_name": "Ana", "last_name": "Ruiz"}
Make = Callable[..., Awaitable[Organisation]]


@contextmanager
def _trips() -> Generator[list[str]]:
    """The statements sent while this holds."""
    sent: list[str] = []

    def heard(name: str) -> Any:
        real = getattr(asyncpg.Connection, name)

        async def sending(connection: Any, sql: str, *args: Any, **more: Any) -> Any:
            sent.append(sql)
            return await real(connection, sql, *args, **more)

        return patch.object(asyncpg.Connection, name, sending)

    with heard("fetch"), heard("fetchrow"), heard("fetchval"), heard("execute"):
        yield sent


async def _lead(client: httpx.AsyncClient, who: Somebody, **more: Any) -> httpx.Response:
    return await client.post("/v1/leads", json={**LEAD, **more}, headers=who.headers)


async def _known(database: Database, organisation: Organisation) -> list[int]:
    async with database.read(organisation.id, TOPICS) as reader:
        return list(reader.versions)


async def test_plain_create_is_one_trip(
    client: httpx.AsyncClient, make_organisation: Make, owner: factories.Owner
) -> None:
    mine = await make_organisation("Mine")
    who = await mine.person("manager")
    await _lead(client, who)
    with _trips() as sent:
        made = await _lead(client, who, email="ana@example.com")
    assert made.status_code == 201, made.text
    assert len(sent) == 1, sent
    log = await owner.fetchrow(
        "SELECT operation, actor_id, request_id, tenant_id FROM tenfold.change_log "
        "WHERE record_id = $1",
        made.json()["data"]["id"],
    )
    assert log is not None
    assert tuple(log) == ("insert", who.id, made.headers["x-request-id"], mine.id)


async def test_its_version_rises_with_it(
    client: httpx.AsyncClient, make_organisation: Make
) -> None:
    who = await (await make_organisation("Mine")).person("manager")
    for count in range(4):
        page = await client.get("/v1/leads", headers=who.headers)
        assert len(page.json()["data"]) == count
        assert (await _lead(client, who)).status_code == 201


@pytest.mark.parametrize("more", [{"areas": ["North", "South"]}, {"owner_id": "me"}])
async def test_what_needs_more_statements_is_one_transaction(
    client: httpx.AsyncClient, make_organisation: Make, more: dict[str, Any]
) -> None:
    who = await (await make_organisation("Mine")).person("manager")
    await _lead(client, who)
    given = {name: str(who.id) if value == "me" else value for name, value in more.items()}
    with _trips() as sent:
        made = await _lead(client, who, **given)
    assert made.status_code == 201, made.text
    assert sent[0].startswith("BEGIN;")
    assert sent[-1].endswith("COMMIT")
    assert {name: made.json()["data"][name] for name in given} == given


async def test_role_taken_away_counts_at_once(
    client: httpx.AsyncClient, make_organisation: Make, owner: factories.Owner, desk: Desk
) -> None:
    mine = await make_organisation("Mine")
    who = await mine.person("manager")
    assert (await _lead(client, who)).status_code == 201
    async with desk.database.transaction(Context(tenant=mine.id, actor=None)) as tx:
        await owner.execute(
            "UPDATE tenfold.members SET role = 'read-only' WHERE user_id = $1", who.id
        )
        tx.touch("members")
    refused = await _lead(client, who)
    assert refused.status_code == 403, refused.text


async def test_nothing_is_done_where_something_changed(make_organisation: Make, desk: Desk) -> None:
    mine = await make_organisation("Mine")
    members, definitions = await _known(desk.database, mine)
    context = Context(tenant=mine.id, actor=None)
    for known in ([members + 1, definitions], [members, definitions + 1]):
        for run in (_begun, _alone):
            with pytest.raises(AskFirst):
                async with desk.database.late(context, TOPICS, known) as tx:
                    await run(tx)
    async with desk.database.read(mine.id) as reader:
        assert not reader.connection.is_in_transaction()


async def _begun(tx: Late) -> None:
    await tx.value("SELECT 1")


async def _refused(tx: Late) -> None:
    await tx.value("SELECT 1")
    raise Invalid({"a": "for sure"})


async def _twice(tx: Late) -> None:
    await _alone(tx)
    await tx.value("SELECT 1")


async def _alone(tx: Late) -> None:
    enter = "SELECT tenfold.enter($1, $2, $3, $4)"
    await tx.alone(enter, *tx.entering.values())


async def test_refusal_before_any_statement_asks_first(make_organisation: Make, desk: Desk) -> None:
    mine = await make_organisation("Mine")
    context, known = Context(tenant=mine.id, actor=None), await _known(desk.database, mine)
    with pytest.raises(AskFirst):
        async with desk.database.late(context, TOPICS, known):
            raise Invalid({"a": "by what was known"})
    with pytest.raises(Invalid):
        async with desk.database.late(context, TOPICS, known) as tx:
            await _refused(tx)
    with pytest.raises(AskFirst):
        async with desk.database.late(context, TOPICS, known):
            pass


async def test_nothing_comes_after_a_statement_that_was_alone(
    make_organisation: Make, desk: Desk
) -> None:
    mine = await make_organisation("Mine")
    context, known = Context(tenant=mine.id, actor=None), await _known(desk.database, mine)
    with pytest.raises(RuntimeError, match="committed already"):
        async with desk.database.late(context, TOPICS, known) as tx:
            await _twice(tx)
