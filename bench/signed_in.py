"""What it costs to know who asks, and how soon every process knows that a session has ended."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from typing import Any

import httpx
import msgspec

from bench.bench import Bench
from bench.figures import Target
from bench.load import Sample
from bench.machine import Used
from bench.organisations import Organisation
from bench.rounds import Measured, Way
from bench.site import ADDRESS, TOKEN_SECONDS
from tenfold import app
from tenfold.web.desk import CLAIMS, Desk

REQUESTS = 10_000
WARM = 500
PROCESSES = 4
CONNECTIONS = 48
"""Enough that each of the processes has some of them: the kernel deals them out."""
PATH = "/v1/leads"


def check(bench: Bench) -> Measured:
    """CPU of a signed-in request, its token looked at or its claims given; and revocations."""
    share = max(1, REQUESTS // bench.options.pairs)

    def way(*, given: bool) -> Way:
        return lambda _seconds: asyncio.run(_asked(bench, share, given=given))

    ways: dict[str, Way] = {
        "signed in, checked": way(given=False),
        "signed in, not checked": way(given=True),
        "revoked": lambda _seconds: asyncio.run(_revoked(bench)),
    }
    rounds = bench.rounds(ways, warm_seconds=0)
    names = list(ways)
    with_it, without = (
        [sample.used.cpu["process"] * 1_000 / sample.requests for sample in rounds.samples[name]]
        for name in names[:2]
    )
    cost = [a - b for a, b in zip(with_it, without, strict=True)]
    told = [sample.seconds * 1_000 for sample in rounds.samples["revoked"]]
    at_most = Target(0.1, at_most=True)
    within = Target(100, at_most=True)
    return Measured(
        [
            rounds.figure("CPU of a signed-in request", "ms", with_it, None, names[0]),
            rounds.figure("of it, to check who asks", "ms", cost, at_most, *names[:2]),
            rounds.figure(
                f"an ended session is refused by {PROCESSES} processes after",
                "ms",
                told,
                within,
                "revoked",
            ),
        ],
        rounds,
    )


async def _asked(bench: Bench, requests: int, *, given: bool) -> Sample:
    """The application in this process, asked without a network in between."""
    settings = msgspec.structs.replace(
        bench.site.installation.settings,
        public_url=ADDRESS,
        access_token_seconds=TOKEN_SECONDS,
        rate_per_minute=0,
        rate_anonymous=0,
        log_level="ERROR",
    )
    edge: Any = app.create_app(settings)
    token = bench.many[0].token
    async with edge.app.lifespan():
        desk: Desk = edge.app.state.desk
        more = {CLAIMS: desk.tokens.verify(token)} if given else {}
        for _ in range(WARM):
            await _ask(edge, token, more)
        began, cpu = time.perf_counter(), time.process_time()
        for _ in range(requests):
            await _ask(edge, token, more)
        used, seconds = time.process_time() - cpu, time.perf_counter() - began
    return Sample(requests / seconds, requests, seconds, used=Used(seconds, {"process": used}))


async def _ask(edge: Any, token: str, more: Mapping[str, object]) -> None:
    scope: dict[str, Any] = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": "GET",
        "scheme": "http",
        "path": PATH,
        "raw_path": PATH.encode(),
        "query_string": b"limit=1",
        "root_path": "",
        "headers": [(b"host", b"tenfold.bench"), (b"authorization", f"Bearer {token}".encode())],
        "client": ("127.0.0.1", 1),
        "server": ("127.0.0.1", 80),
        "state": {},
        **more,
    }
    status: list[int] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: dict[str, Any]) -> None:
        if message["type"] == "http.response.start":
            status.append(message["status"])

    await edge(scope, receive, send)
    assert status == [200], status


async def _revoked(bench: Bench) -> Sample:
    """From the end of a session to the last request that any process still let in; 0 for none.

    It counts when a request began: how long its answer took is the machine's affair.
    """
    port = bench.site.serve("several servers", TENFOLD_WORKERS=str(PROCESSES))
    one = bench.many[1]
    opened = [_client(port) for _ in range(CONNECTIONS)]
    try:
        token = await _signed_in(opened[0], one)
        headers = {"authorization": f"Bearer {token}"}
        asks = [client.get(PATH, params={"limit": 1}, headers=headers) for client in opened]
        for answer in await asyncio.gather(*asks):  # each process knows the token now
            answer.raise_for_status()
        ended = (await opened[0].post("/v1/auth/logout", headers=headers)).raise_for_status()
        began = time.perf_counter()
        assert ended.is_success
        last = await asyncio.gather(*(_until_refused(client, headers) for client in opened))
    finally:
        for client in opened:
            await client.aclose()
    seconds = max(0.0, max(last) - began)
    return Sample(CONNECTIONS, CONNECTIONS, seconds)


async def _until_refused(client: httpx.AsyncClient, headers: Mapping[str, str]) -> float:
    """When the last request began that was not refused; 0 where the first one was."""
    last = 0.0
    while True:
        asked = time.perf_counter()
        answer = await client.get(PATH, params={"limit": 1}, headers=headers)
        if answer.status_code == 401:
            return last
        answer.raise_for_status()
        last = asked


async def _signed_in(client: httpx.AsyncClient, one: Organisation) -> str:
    body = {"email": one.email, "password": one.password}
    answer = (await client.post("/v1/auth/login", json=body)).raise_for_status()
    return answer.json()["data"]["token"]


def _client(port: int) -> httpx.AsyncClient:
    """One connection of its own, which stays with one process."""
    limits = httpx.Limits(max_connections=1)
    return httpx.AsyncClient(
        base_url=f"http://127.0.0.1:{port}",
        limits=limits,
        trust_env=False,
        timeout=30,
    )
