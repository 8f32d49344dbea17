"""What people have today goes on: the databases of earlier states migrate and keep all they hold.

The other files of this folder run on the newest of them; `make prove` runs them on each.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import asyncpg
import httpx
import pytest
from tests import states
from tests.conformance import drift
from tests.conftest import serving, settings_for
from tests.server import Base, Server

from tenfold.audit.sealing import stamp_key
from tenfold.audit.verifying import verify
from tenfold.db import migrate
from tenfold.db.database import Database

pytestmark = [pytest.mark.anyio, pytest.mark.untraced]
_TABLES = """SELECT format('%I.%I', schemaname, tablename) FROM pg_tables
WHERE schemaname IN ('tenfold', 'jobs') AND tablename <> 'alembic_version'"""


@pytest.fixture(scope="module", params=states.names())
async def earlier(
    request: pytest.FixtureRequest, server: Server, anyio_backend: str
) -> AsyncIterator[tuple[Base, dict[str, int]]]:
    """The database of a state, migrated, and how many rows each table had before."""
    async with states.database(server, request.param) as base:
        before = await _counts(base)
        await migrate.upgrade(base.migrate_url, base.roles)
        yield base, before


async def test_becomes_what_is_declared(
    server: Server, earlier: tuple[Base, dict[str, int]]
) -> None:
    declared = await drift.catalogue(server.base(server.template))
    drift.check_same(await drift.catalogue(earlier[0]), declared)


async def test_loses_no_row(earlier: tuple[Base, dict[str, int]]) -> None:
    base, before = earlier
    after = await _counts(base)
    assert sum(before.values()) > 4_000
    assert {name: after.get(name, 0) for name in before if after.get(name, 0) < before[name]} == {}


async def test_people_sign_in_and_find_what_they_had(
    earlier: tuple[Base, dict[str, int]], tmp_path: Path
) -> None:
    (tmp_path / "keys").mkdir()
    (tmp_path / "keys" / "master.key").write_text(states.MASTER_KEY)
    async with serving(settings_for(earlier[0], tmp_path)) as running:
        await _find(running.client)
        if earlier[1].get("tenfold.saved_views"):
            await _find_arranged(running.client)


async def test_what_was_sealed_still_is(
    earlier: tuple[Base, dict[str, int]], tmp_path: Path
) -> None:
    (tmp_path / "keys").mkdir()
    (tmp_path / "keys" / "master.key").write_text(states.MASTER_KEY)
    base, before = earlier
    seals = before.get("tenfold.audit_seals", 0)
    tail = await Database.connect(base.as_role(base.roles.tail), smallest=1, largest=2)
    async with serving(settings_for(base, tmp_path)) as running:
        key = await stamp_key(running.desk.keyring, running.desk.database)
        async with running.desk.database.system() as reader:
            named = dict(await reader.rows("SELECT id, name FROM tenfold.tenants"))
        found = await verify(tail, key, named, {}, str)
    await tail.close()
    assert found.seals == seals
    waiting = [one for one in found.faults if "are older than" in one]
    assert found.faults == (waiting if not seals else [])


async def _find(client: httpx.AsyncClient) -> None:
    wanted = {"email": states.EMAIL, "password": states.PASSWORD}
    token = (await _data(client.post("/v1/auth/login", json=wanted)))["token"]
    client.headers["authorization"] = f"Bearer {token}"
    leads = (await client.get("/v1/leads?sort=-custom.pets&limit=1")).json()["data"]
    assert leads[0]["custom"] == {"pets": 1}, "a custom field"
    vehicles = await _data(client.get("/v1/custom/vehicles?sort=name"))
    assert [one["name"] for one in vehicles] == ["Bus", "Van"]
    (listing,) = await _data(client.get("/v1/listings?sort=-updated_at&limit=1"))
    opened = await _data(
        client.post(f"/v1/listings/{listing['id']}/reveals", json={"field": "lockbox_code"})
    )
    assert opened["value"] == "4711 heron"
    history = await _data(client.get(f"/v1/listings/{listing['id']}/timeline"))
    assert history, "its history"
    assert (await _data(client.get("/v1/roles/scout")))["grants"]["lead"]["hide"] == ["budget"]
    assert (await _data(client.get("/v1/contacts?first_name=Undone"))) == []


async def _find_arranged(client: httpx.AsyncClient) -> None:
    """How people of states since the workplace arranged their work."""
    views = await _data(client.get("/v1/saved_views"))
    (view,) = (one for one in views if one["name"] == "Hot ones")
    assert view["parameters"] == "status=hot&sort=-score"
    stages = (await _data(client.get("/v1/pipelines/lead")))["stages"]
    (hot,) = (one for one in stages if one["name"] == "hot")
    assert (hot["label"], hot["stuck_after_days"]) == ("On fire", 3)
    assert (await _data(client.get("/v1/auth/me")))["user"]["language"] == "de"
    tags = await _data(client.get("/v1/tags?name=Kept"))
    assert [one["colour"] for one in tags] == ["purple"]


async def _data(asked: Any) -> Any:
    answer = await asked
    assert answer.is_success, f"{answer.request.url}: {answer.text[:300]}"
    return answer.json()["data"]


async def _counts(base: Base) -> dict[str, int]:
    connection = await asyncpg.connect(base.admin_url)
    try:
        names = [row[0] for row in await connection.fetch(_TABLES)]
        return {one: await connection.fetchval(f"SELECT count(*) FROM {one}") for one in names}
    finally:
        await connection.close()
