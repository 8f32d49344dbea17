"""Imports and undos need one connection each: as many at once as there are get through."""

from __future__ import annotations

import asyncio
import threading

import httpx
import msgspec
import pytest
from tests.exchange.imports import Person
from tests.factories import Organisation
from tests.pages.conftest import Visitor

from tenfold.exchange import previewing
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


@pytest.mark.parametrize("form", ["csv", "json"])
async def test_an_export_holds_no_connection_while_its_reader_is_slow(
    serve, single, organisation: Organisation, form: str
):
    who = await organisation.person("owner")
    sent, go = asyncio.Event(), asyncio.Event()
    async with serve(single) as running:
        person = Person(running.client, who)
        await person.post("/v1/leads", {"first_name": "Grace", "last_name": "Hopper"}, 201)

        async def slow(scope, receive, send):
            async def later(message):
                if message["type"] == "http.response.body":
                    sent.set()
                    await go.wait()
                await send(message)

            await running.app(scope, receive, later)

        transport = httpx.ASGITransport(slow)
        async with httpx.AsyncClient(transport=transport, base_url="http://tenfold.test") as http:
            asked = {"params": {"format": form}, "headers": who.headers}
            export = asyncio.create_task(http.get("/v1/leads/export", **asked))
            try:
                async with asyncio.timeout(5):
                    await sent.wait()
                    assert len(await person.get("/v1/leads", limit="1")) == 1
            finally:
                go.set()
            assert (await export).status_code == 200


async def test_a_preview_holds_no_connection_while_it_reads_and_few_are_read_at_once(
    serve, single, organisation: Organisation, monkeypatch: pytest.MonkeyPatch
):
    who = await organisation.person("owner")
    began, go, reading, most = threading.Semaphore(0), threading.Event(), [0], [0]
    survey, lock = previewing.survey, threading.Lock()

    def slowly(*given):
        with lock:
            reading[0] += 1
            most[0] = max(most[0], reading[0])
        began.release()
        assert go.wait(20)
        with lock:
            reading[0] -= 1
        return survey(*given)

    monkeypatch.setattr(previewing, "survey", slowly)
    async with serve(single) as running:
        person = Person(running.client, who)
        body = {"type": "leads", "content": FILE}
        previews = [asyncio.create_task(person.post("/v1/imports/preview", body)) for _ in range(4)]
        try:
            for _ in range(2):
                assert await asyncio.to_thread(began.acquire, timeout=5)
            async with asyncio.timeout(5):
                assert await person.get("/v1/leads", limit="1") == []
        finally:
            go.set()
        shown = await asyncio.gather(*previews)
    assert [found["rows"] for found in shown] == [1] * 4
    assert most == [2]
