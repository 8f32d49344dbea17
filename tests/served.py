"""The application as a server of its own, as `tenfold serve` runs it."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
from tests.children import unmeasured
from tests.server import Base

from tenfold.accounts.identity.tokens import Tokens
from tenfold.db.keys import Keyring

ROOT = Path(__file__).parents[1]
_STARTS_WITHIN = 90.0


@dataclass(frozen=True, slots=True)
class Served:
    """A running server: where it is, how to sign tokens that it takes, and its folder."""

    address: str
    tokens: Tokens
    home: Path


Start = Callable[..., AbstractContextManager[Served]]


@pytest.fixture(scope="session")
def start(base: Base, tmp_path_factory: pytest.TempPathFactory) -> Start:
    """Starts a server of an application factory, on a free port of this machine."""

    @contextmanager
    def started(target: str = "tenfold.app:create_app") -> Iterator[Served]:
        home = tmp_path_factory.mktemp("served")
        port = _free_port()
        address = f"http://127.0.0.1:{port}"
        environment = unmeasured(
            TENFOLD_HOME=str(home),
            PORT=str(port),
            TENFOLD_APP_DATABASE_URL=base.app_url,
            TENFOLD_RATE_PER_MINUTE="0",
            TENFOLD_RATE_ANONYMOUS="0",
            TENFOLD_SIGN_IN_PER_MINUTE="0",
            TENFOLD_LOG_LEVEL="ERROR",
            PYTHONPATH=f"{ROOT / 'src'}{os.pathsep}{ROOT}",
        )
        command = [sys.executable, "-m", "granian", "--interface", "asgi", "--factory", "--no-ws"]
        where = ["--host", "127.0.0.1", "--port", str(port), "--no-access-log", target]
        with (home / "log").open("wb") as log:
            server = subprocess.Popen(
                [*command, *where], env=environment, cwd=ROOT, stdout=log, stderr=log
            )
            try:
                wait_for(address, server, home / "log")
                key = Keyring.of(home).derive("access tokens")
                yield Served(address, Tokens(key, 3_600, address), home)
            finally:
                server.terminate()
                try:
                    server.wait(15)
                except subprocess.TimeoutExpired:
                    server.kill()
                    server.wait(5)

    return started


@pytest.fixture(scope="session")
def served(start: Start) -> Iterator[Served]:
    """The application, served."""
    with start() as running:
        yield running


def _free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return found.getsockname()[1]


def wait_for(address: str, server: subprocess.Popen[bytes], log: Path) -> None:
    """Wait until the server is ready; fails with its output where it ends or takes too long."""
    until = time.monotonic() + _STARTS_WITHIN
    while time.monotonic() < until and server.poll() is None:
        try:
            if httpx.get(f"{address}/v1/health", timeout=2).status_code == 200:
                return
        except httpx.HTTPError:
            time.sleep(0.05)
    pytest.fail(f"The server did not start:\n{log.read_text(errors='replace')[-3_000:]}")
