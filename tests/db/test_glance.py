"""A statement that enters and reads in one trip sees one tenant, and only what was known."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import httpx
import pytest
from tests.factories import Organisation, Somebody

from tenfold.db.database import Database
from tenfold.db.glance import AskFirst
from tenfold.web.desk import Desk

pytestmark = pytest.mark.anyio

_COUNT = "SELECT count(*), min(tenant_id::text) FROM tenfold.leads"
_TENANT = "SELECT current_setting('app.tenant_id')"
TOPICS = ("members", "definitions", "lead")
Make = Callable[..., Awaitable[Organisation]]


async def _versions(database: Database, organisation: Organisation) -> list[int]:
    async with database.read(organisation.id, TOPICS) as reader:
        return list(reader.versions)


async def _lead(client: httpx.AsyncClient, who: Somebody) -> None:
    made = await client.post(
        "/v1/leads", json={"first_name": "A", "last_name": "B"}, headers=who.headers
    )
    assert made.status_code == 201, made.text


async def test_row_security_holds_whatever_the_connection_did_before(
    client: httpx.AsyncClient, make_organisation: Make, desk: Desk
) -> None:
    one, two = await make_organisation("One"), await make_organisation("Two")
    await _lead(client, await one.person("owner"))
    database = desk.database
    for mine, leads in ((two, 0), (one, 1), (two, 0)):
        async with database.read(one.id):  # leaves its tenant on the connection it had
            pass
        known = (await _versions(database, mine))[:2]
        glance = database.glance(mine.id, TOPICS, known)
        row = await glance.row(_COUNT)
        assert row is not None
        assert row[0] == leads
        assert row[1] in (None, str(mine.id))
        assert list(glance.versions) == await _versions(database, mine)


async def test_setting_is_gone_after_the_statement(make_organisation: Make, desk: Desk) -> None:
    mine = await make_organisation("Mine")
    known = (await _versions(desk.database, mine))[:2]
    async with desk.database.system():
        pass
    assert await desk.database.glance(mine.id, TOPICS, known).value(_TENANT) == str(mine.id)
    async with desk.database.system() as reader:
        assert await reader.value(_TENANT) != str(mine.id)


async def test_nothing_is_read_where_something_changed(make_organisation: Make, desk: Desk) -> None:
    mine = await make_organisation("Mine")
    members, definitions, _ = await _versions(desk.database, mine)
    for known in ([members + 1, definitions], [members, definitions + 1]):
        with pytest.raises(AskFirst):
            await desk.database.glance(mine.id, TOPICS, known).row(
                "SELECT 1 / count(*) FROM tenfold.leads"
            )


async def test_no_row_is_none(make_organisation: Make, desk: Desk) -> None:
    mine = await make_organisation("Mine")
    known = (await _versions(desk.database, mine))[:2]
    nothing = desk.database.glance(mine.id, TOPICS, known)
    assert await nothing.row("SELECT id FROM tenfold.leads") is None
    assert await nothing.value("SELECT id FROM tenfold.leads") is None
