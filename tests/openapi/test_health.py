"""Whether a process says truly that it is ready, and its figures for Prometheus."""

from __future__ import annotations

import asyncio
from pathlib import Path

import asyncpg
import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families
from tests.conftest import Running, Serve, settings_for
from tests.server import Base, Server

from tenfold.db import pulse
from tenfold.kernel.errors import Unavailable
from tenfold.kernel.settings import Settings

pytestmark = pytest.mark.anyio


async def test_is_ready_and_says_how_its_parts_do(
    client: httpx.AsyncClient, settings: Settings
) -> None:
    answer = await client.get("/v1/health")
    assert answer.status_code == 200
    found = answer.json()["data"]
    assert found["status"] == "ready"
    assert set(found["parts"]) == {"database", "log", "queue"}
    assert found["parts"]["database"]["connections"]["most"] == settings.pool_max
    assert found["parts"]["queue"]["ready"] >= 0
    assert answer.headers["cache-control"] == "no-store"


async def test_is_not_ready_without_its_database(
    serve: Serve, server: Server, tmp_path: Path
) -> None:
    async with server.database("gone") as base, serve(settings_for(base, tmp_path)) as running:
        await _answers(running.client, 200)
        await _shut(server, base)
        refused = await _answers(running.client, 503)
        figures = await running.client.get("/metrics")
        await _open(server, base)
        await _answers(running.client, 200)
    assert refused.json()["error"]["code"] == "UNAVAILABLE"
    assert refused.headers["retry-after"] == "5"
    assert _figure(figures.text, "tenfold_ready") == 0


async def test_many_strangers_together_take_one_connection(app: Running) -> None:
    taken: list[int] = []
    client, database = app.client, app.desk.database

    async def watched() -> None:
        while True:
            taken.append(database.figures()["open"] - database.figures()["free"])
            await asyncio.sleep(0)

    watching = asyncio.create_task(watched())
    answers = await asyncio.gather(*(client.get("/v1/health") for _ in range(20)))
    watching.cancel()
    assert {answer.status_code for answer in answers} == {200}
    assert max(taken) == 1


async def test_a_slow_database_is_not_waited_for(app: Running) -> None:
    with pytest.raises(Unavailable, match="too slow"):
        async with pulse.answering(app.desk.database, 0.05) as reader:
            await reader.value("SELECT pg_sleep(5)")
    async with pulse.answering(app.desk.database, 2) as reader:
        assert await reader.value("SELECT 1") == 1


async def test_figures_are_in_the_format_of_prometheus(client: httpx.AsyncClient) -> None:
    await client.get("/v1/health")
    answer = await client.get("/metrics")
    assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")
    assert _figure(answer.text, "tenfold_ready") == 1
    assert _figure(answer.text, "tenfold_pool_connections", state="open") >= 1
    assert _figure(answer.text, "tenfold_jobs", state="ready") >= 0
    asked = {"route": "health", "method": "GET", "status": "200"}
    assert _figure(answer.text, "tenfold_request_seconds_count", **asked) >= 1


async def test_methods_that_nobody_knows_are_counted_together(client: httpx.AsyncClient) -> None:
    counted: list[float] = []
    for number in range(5):
        await client.request(f"MADEUP{number}", "/v1/health")
        text = (await client.get("/metrics")).text
        asked = {"route": "other", "method": "other", "status": "405"}
        counted.append(_figure(text, "tenfold_request_seconds_count", **asked))
    assert counted[-1] - counted[0] == 4
    assert "MADEUP" not in text


async def test_statements_that_had_to_be_built_are_counted_once(
    app: Running, client: httpx.AsyncClient
) -> None:
    for _ in range(2):
        text = (await client.get("/metrics")).text
        counted = _figure(text, "tenfold_statement_misses_total")
        assert counted == app.desk.query.shapes.misses


def _figure(text: str, name: str, **labels: str) -> float:
    found = [
        sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
        if sample.name == name and labels.items() <= sample.labels.items()
    ]
    assert len(found) == 1, f"{name} {labels}: {found}"
    return found[0]


async def _answers(client: httpx.AsyncClient, status: int) -> httpx.Response:
    """Ask until this is the status; a busy machine may take longer than the check waits."""
    for _ in range(20):
        answer = await client.get("/v1/health")
        if answer.status_code == status:
            return answer
        await asyncio.sleep(0.2)
    pytest.fail(f"health still answers {answer.status_code}: {answer.text}")


async def _shut(server: Server, base: Base) -> None:
    """Refuse all connections to a database, and end those there are."""
    await _run(server, f"ALTER DATABASE {_name(base)} ALLOW_CONNECTIONS false")
    await _run(
        server,
        f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{_name(base)}'",
    )


async def _open(server: Server, base: Base) -> None:
    await _run(server, f"ALTER DATABASE {_name(base)} ALLOW_CONNECTIONS true")


def _name(base: Base) -> str:
    return httpx.URL(base.admin_url).path.lstrip("/")


async def _run(server: Server, sql: str) -> None:
    connection = await asyncpg.connect(server.url)
    try:
        await connection.execute(sql)
    finally:
        await connection.close()
