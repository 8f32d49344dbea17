"""A secret in plain is nowhere: no log line, error, figure or export, nor anything of the database.

Canaries go in by every way in; then all that went out, and a dump of the whole database, is
searched for them in every form in which a text may lie about.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import itertools
import logging
import subprocess
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import asyncpg
import httpx
import msgspec
import pytest
import structlog
from tests.conftest import Running, Serve, settings_for
from tests.engine.sealed_listings import KEYS, over
from tests.engine.sealed_listings import working as sealing
from tests.exchange.imports import Person, working
from tests.factories import Owner, organisation
from tests.server import Base, Server

from tenfold.db import embedded_place

pytestmark = [pytest.mark.anyio, pytest.mark.slow]

HOME: dict[str, Any] = {"address": "1 Elm Street", "list_price": 1}


class Canaries:
    """Values that appear nowhere else, each of its own, and all that was heard."""

    def __init__(self) -> None:
        self.given: list[str] = []
        self.heard: list[tuple[str, str]] = []
        self.first: dict[str, Any] = {}

    def new(self, length: int = 0) -> str:
        value = f"Canary{len(self.given):03}Xq7Vt2"
        self.given.append(value)
        return value + "y" * max(0, length - len(value))

    def hear(self, where: str, text: str | bytes) -> None:
        self.heard.append((where, text.decode("latin-1") if isinstance(text, bytes) else text))

    def found(self) -> list[str]:
        """Where any of them is, in plain, hex or base64."""
        return [
            f"{value} as {form} in {where}"
            for (where, text), value in itertools.product(self.heard, self.given)
            for form, spelled in _forms(value)
            if spelled in text
        ]


def _forms(value: str) -> Iterator[tuple[str, str]]:
    yield "itself", value
    yield "lower case", value.lower()
    yield "hex", value.encode().hex()
    for shift in range(3):  # where it begins in a longer text
        middle = base64.b64encode(b"x" * shift + value.encode())[shift + 2 : -4].decode()
        yield "base64", middle
    yield "backwards", value[::-1]


@pytest.fixture
async def base(server: Server) -> AsyncIterator[Base]:
    async with server.database("canary") as made:
        yield made


@pytest.fixture
async def running(base: Base, serve: Serve, tmp_path: Path) -> AsyncIterator[Running]:
    settings = settings_for(base, tmp_path / "home")
    async with serve(msgspec.structs.replace(settings, log_level="DEBUG")) as one:
        yield one


@pytest.fixture
async def owner(base: Base) -> AsyncIterator[Owner]:
    connection = await asyncpg.connect(base.admin_url)
    yield connection
    await connection.close()


@pytest.fixture
async def me(running: Running, owner: Owner) -> Person:
    home = await organisation(owner, running.desk.tokens)
    return Person(running.client, await home.person("owner"))


async def test_a_secret_in_plain_is_nowhere(
    base: Base,
    running: Running,
    owner: Owner,
    me: Person,
    capfd: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG)
    canaries = Canaries()
    with structlog.testing.capture_logs() as lines:
        await _by_the_api(me, canaries)
        async with working(running.desk):
            await _by_imports(me, canaries)
        await me.post(KEYS)
        async with sealing(running.desk):
            await over(me)
        await _looked_at(me, canaries)
    canaries.hear("the log", repr(lines))
    canaries.hear("what was printed", "".join(capfd.readouterr()))
    canaries.hear("what libraries say", caplog.text)
    dump = await asyncio.to_thread(_dumped, base)
    canaries.hear("the database", dump)
    # From the hash of a request that anybody can make, a short secret in it could be guessed.
    known = b"POST /v1/listings\n" + msgspec.json.encode(canaries.first)
    assert hashlib.sha256(known).hexdigest() not in dump
    assert len(canaries.given) > 12
    assert canaries.found() == []


async def _by_the_api(me: Person, canaries: Canaries) -> None:
    """Each way to write a record, also those that are refused, with a key to be sent again."""

    async def send(method: str, path: str, body: Any, **headers: str) -> httpx.Response:
        headers |= me.who.headers | {"content-type": "application/json"}
        content = msgspec.json.encode(body)
        answer = await me.client.request(method, f"/v1/{path}", content=content, headers=headers)
        canaries.hear(f"{method} {path}", f"{answer.headers} {answer.text}")
        return answer

    def home(length: int = 0, **more: Any) -> dict[str, Any]:
        return HOME | {"lockbox_code": canaries.new(length)} | more

    key = {"idempotency-key": "the very same"}
    body = canaries.first = home(external_id="one")
    made = (await send("POST", "listings", body, **key)).json()["data"]["id"]
    assert (await send("POST", "listings", body, **key)).headers["idempotency-replayed"]
    await send("PATCH", f"listings/{made}", {"lockbox_code": canaries.new()})
    await send("PATCH", f"listings/{made}", {"lockbox_code": canaries.new(1_001)})
    await send("PATCH", f"listings/{made}", {"lockbox_code": [canaries.new()]})
    await send("POST", "listings/bulk", {"records": [home(), home(list_price="x")]})
    await send("POST", "listings/bulk", {"records": [home(), home(external_id="two")]})
    rows = [{"id": made, "lockbox_code": canaries.new()}]
    await send("PATCH", "listings/bulk", {"records": rows})
    upsert = {"key": "external_id", "records": [home(external_id="one"), home(external_id="3")]}
    await send("POST", "listings/upsert", upsert)
    await send("POST", "listings", {canaries.new(): "x", "lockbox_code": canaries.new()})
    canaries.given.pop(-2)  # a name that nobody knows may be told
    await send("POST", "leads", {"last_name": "L", "lockbox_code": canaries.new()})
    await send("DELETE", f"listings/{made}", None)
    await send("POST", f"listings/{made}/restore", None)


async def _by_imports(me: Person, canaries: Canaries) -> None:
    """A file with good rows, one too long, one refused for another field; tried and brought in."""
    rows = [
        f"1 Oak,1,{canaries.new()},a1",
        f"2 Oak,none,{canaries.new()},a2",
        f"3 Oak,3,{canaries.new(1_001)},a3",
        f"4 Oak,4,{canaries.new()},a1",
    ]
    text = "\n".join(["Address,List price,Lockbox code,External ID", *rows])
    for form in ({"dry_run": "true"}, {"unreadable": "skip"}, {}):
        view = await me.imported(text, "listings", **form)
        canaries.hear(f"an import {form}", repr(view))
    answer = await me.client.post(
        "/v1/imports/preview",
        data={"type": "listings"},
        files=[("file", ("rows.csv", text.encode()))],
        headers=me.who.headers,
    )
    assert answer.status_code == 200, answer.text
    # Who sends a file is shown its rows; how a column is to be read is kept, and shown to others.
    canaries.hear("what is guessed of a column", repr(answer.json()["data"]["mapping"]))
    canaries.hear("batches", repr(await me.get("/v1/batches")))


async def _looked_at(me: Person, canaries: Canaries) -> None:
    """All that shows records, what became of them, or how the installation is."""
    listed = await me.get("/v1/listings", limit="100")
    assert len(listed) > 4
    assert all(row["lockbox_code"] == "••••" for row in listed)
    for row in listed:
        canaries.hear("a timeline", repr(await me.get(f"/v1/listings/{row['id']}/timeline")))
        page = await me.client.get(f"/listings/{row['id']}", headers=me.who.headers)
        canaries.hear("a page", page.text)
    for path in (
        "listings/export?format=csv",
        "listings/export?format=json",
        "listings/search?q=oak",
        f"search?q={canaries.given[0][:6]}",
        "listings/aggregate?group=status",
        "../metrics",
        "health",
        "imports",
    ):
        answer = await me.client.get(f"/v1/{path}", headers=me.who.headers)
        canaries.hear(path, answer.text.replace(f"q={canaries.given[0]}", ""))


def _dumped(base: Base) -> str:
    """The database as pg_dump writes it: the change log, jobs, what is kept of answers, and all."""
    programs = embedded_place._package() / embedded_place._INSTALLED / "bin"
    done = subprocess.run(
        [programs / "pg_dump", f"--dbname={base.admin_url}", "--data-only"],
        capture_output=True,
        check=True,
    )
    text = done.stdout.decode()
    for table in ("change_log", "idempotency_keys", "batches", "security_events", "jobs.job"):
        assert table in text
    return text


def test_every_form_of_a_canary_is_found() -> None:
    """The search would find what it looks for."""
    for n, spoil in enumerate(
        (
            lambda v: f"log: {v}.",
            lambda v: f'{{"body": "\\\\x{v.encode().hex()}"}}',
            lambda v: base64.b64encode(f"a longer text {v} and its end".encode()).decode(),
            lambda v: base64.b64encode(f"a longer text. {v} and its end".encode()).decode(),
            lambda v: v.lower(),
        )
    ):
        canaries = Canaries()
        canaries.hear("here", spoil(canaries.new()))
        assert canaries.found(), n
