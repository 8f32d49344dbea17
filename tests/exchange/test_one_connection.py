"""Imports and undos need one connection each: as many at once as there are get through."""

from __future__ import annotations

import httpx
import msgspec
import pytest
from tests.exchange.imports import Person
from tests.factories import Organisation
from tests.pages.conftest import Visitor

from tenfold.kernel.settings import Settings

pytestmark = pytest.mark.anyio
FILE = "First Name,Last Name\nGrace,Hopper\n"


@pytest.fixture
def single(settings: Settings) -> Settings:
    """Settings with a single connection."""
    return msgspec.structs.replace(settings, pool_min=1, pool_max=1)


async def test_the_api_imports_and_undoes_with_one(serve, single, organisation: Organisation):
    who = await organisation.person("owner")
    async with serve(single) as running:
        person = Person(running.client, who)
        body = {"type": "leads", "content": FILE}
        await person.post("/v1/imports/preview", body)
        await person.post("/v1/imports", body, 202)
        records = {"records": [{"first_name": "Grace", "last_name": "Hopper"}]}
        answer = await running.client.post("/v1/leads/bulk", json=records, headers=who.headers)
        batch = f"/v1/batches/{answer.json()['meta']['batch_id']}"
        assert (await person.get(batch))["undo"]["deleted"] == 1
        assert (await person.post(f"{batch}/undo"))["result"]["deleted"] == 1


async def test_the_pages_import_with_one(serve, single, organisation: Organisation):
    who = await organisation.person("owner")
    async with serve(single) as running:
        transport = httpx.ASGITransport(running.app)
        async with httpx.AsyncClient(transport=transport, base_url="http://tenfold.test") as http:
            http.cookies.set("session", who.token, domain="tenfold.test")
            visitor = Visitor(http)
            page = await visitor.get("/imports/new?type=leads")
            values = dict(page.one("form", id="send-form").fields())
            values.pop("file", None)
            page = await visitor.upload("/imports/new", values, ("people.csv", FILE.encode()))
            await visitor.send(page.one("form", id="columns-form"), button="do=import")
            assert visitor.answer.status_code == 200
            assert visitor.path.startswith("/imports/")
            assert not visitor.path.endswith("/columns")
