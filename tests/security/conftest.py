"""Strangers at addresses of their own, and applications with small limits."""

from __future__ import annotations

import os
import secrets
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Iterator

import httpx
import msgspec
import pytest
from tests.children import unmeasured
from tests.conftest import Running, Serve
from tests.served import Served, wait_for
from tests.server import PREFIX, Base

from tenfold.accounts.identity.tokens import Tokens
from tenfold.db.keys import Keyring
from tenfold.kernel.settings import Settings

HOST = "http://tenfold.test"
At = Callable[..., httpx.AsyncClient]


def somewhere() -> str:
    """An address that no other test asks from: limits remember those of the worker's home."""
    return "10." + ".".join(str(one) for one in secrets.token_bytes(3))


def network() -> str:
    """What the IPv6 networks of a site begin with: 65,536 of them, each a /64."""
    return f"2001:{secrets.randbelow(65_536):x}:{secrets.randbelow(65_536):x}"


@pytest.fixture
async def at() -> AsyncIterator[At]:
    """Opens a client of an application, from an address; without one from a new one."""
    opened: list[httpx.AsyncClient] = []

    def client(running: Running, address: str = "", base: str = HOST) -> httpx.AsyncClient:
        transport = httpx.ASGITransport(running.app, client=(address or somewhere(), 1))
        one = httpx.AsyncClient(transport=transport, base_url=base)
        opened.append(one)
        return one

    yield client
    for one in opened:
        await one.aclose()


@pytest.fixture(scope="session")
def few(settings: Settings) -> Settings:
    """Limits that are soon reached: 4 requests of a person, 6 searches, 5 of an address, 3 tries
    to sign in."""
    return msgspec.structs.replace(
        settings,
        rate_per_minute=4,
        search_per_minute=6,
        rate_anonymous=5,
        sign_in_per_minute=3,
    )


@pytest.fixture(scope="session")
async def strict(serve: Serve, few: Settings, anyio_backend: str) -> AsyncIterator[Running]:
    """An application with them."""
    async with serve(few) as running:
        yield running


@pytest.fixture(scope="session")
def running(base: Base, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """`tenfold serve` with two processes, which allow a person 20 requests a minute."""
    home = tmp_path_factory.mktemp("running")
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port = found.getsockname()[1]
    environment = unmeasured(
        TENFOLD_HOME=str(home),
        PORT=str(port),
        TENFOLD_WORKERS="2",
        TENFOLD_APP_DATABASE_URL=base.app_url,
        TENFOLD_TAIL_DATABASE_URL=base.as_role(base.roles.tail),
        TENFOLD_ROLE_PREFIX=os.environ[PREFIX],
        TENFOLD_RATE_PER_MINUTE="20",
        TENFOLD_RATE_ANONYMOUS="0",
        TENFOLD_SIGN_IN_PER_MINUTE="0",
        TENFOLD_LOG_LEVEL="ERROR",
    )
    with (home / "log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "tenfold", "serve"], env=environment, stdout=log, stderr=log
        )
        try:
            address = f"http://127.0.0.1:{port}"
            wait_for(address, process, home / "log")
            yield Served(
                address, Tokens(Keyring.of(home).derive("access tokens"), 3_600, address), home
            )
        finally:
            process.terminate()
            process.wait(20)
