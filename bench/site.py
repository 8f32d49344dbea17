"""The installation that is measured: its own home, database, server processes and worker."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass
from pathlib import Path

from bench.load import environment
from bench.machine import Meter
from tenfold.cli import keeper
from tenfold.cli.installation import Installation, migrated, open_installation
from tenfold.cli.ready import READY, state
from tenfold.db.embedded import Server
from tenfold.kernel.settings import Settings

# Tokens are signed for this address, whatever port a run serves on, so that they can be used again.
ADDRESS = "http://tenfold.bench"
TOKEN_SECONDS = 30 * 86_400
_START_SECONDS = 60.0
_GRACE_SECONDS = 15.0


class BenchError(Exception):
    """The benchmark can't go on; the message says why."""


@dataclass(frozen=True, slots=True)
class Running:
    """A process that this run started."""

    process: subprocess.Popen[bytes]
    port: int = 0


class Site:
    """The processes of the installation, as `tenfold up` starts them."""

    def __init__(self, installation: Installation, database: Server, logs: Path) -> None:
        self.installation, self.database, self._logs = installation, database, logs
        self._leash, self._held = os.pipe()
        self._running: dict[str, Running] = {}

    def serve(self, name: str, **settings: str) -> int:
        """Start `tenfold serve` with some settings more; answers its port when it is ready."""
        if name not in self._running:
            port = _free_port()
            self._start(name, "serve", {"PORT": str(port), **settings}, port)
            self._await(name)
        return self._running[name].port

    def work(self) -> None:
        """Start `tenfold worker`."""
        if "worker" not in self._running:
            self._start("worker", "worker", {}, 0)

    def meter(self, *names: str) -> Meter:
        """Counts CPU time of the processes named (all servers: `server`), database and client."""
        children = {name: one.process.pid for name, one in self._running.items()}
        return Meter(
            {name: pid for name, pid in children.items() if not names or name in names},
            {"database": self.database.pid},
        )

    def close(self) -> None:
        """End all that was started; what does not go in time is killed."""
        for one in self._running.values():
            _signal(one.process, signal.SIGTERM)
        until = time.monotonic() + _GRACE_SECONDS
        for one in self._running.values():
            with contextlib.suppress(subprocess.TimeoutExpired):
                one.process.wait(max(0.1, until - time.monotonic()))
            _signal(one.process, signal.SIGKILL)
            one.process.wait()
        self._running.clear()
        os.close(self._held)
        os.close(self._leash)

    def _start(self, name: str, command: str, settings: Mapping[str, str], port: int) -> None:
        # The keeper ends the group if this process is killed before it can do so itself.
        keep = [sys.executable, "-I", "-S", keeper.__file__, str(self._leash)]
        given = {
            **environment(),
            **self.installation.environment,
            "TENFOLD_PUBLIC_URL": ADDRESS,
            "TENFOLD_HOSTS": "127.0.0.1",
            "TENFOLD_ACCESS_TOKEN_SECONDS": str(TOKEN_SECONDS),
            "TENFOLD_RATE_PER_MINUTE": "0",
            "TENFOLD_RATE_ANONYMOUS": "0",
            "TENFOLD_SIGN_IN_PER_MINUTE": "0",
            **settings,
        }
        with self._log(name).open("wb") as log:
            process = subprocess.Popen(
                [*keep, sys.executable, "-m", "tenfold", command],
                env=given,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                pass_fds=(self._leash,),
                process_group=0,
            )
        self._running[name] = Running(process, port)

    def _await(self, name: str) -> None:
        one = self._running[name]
        until = time.monotonic() + _START_SECONDS
        while time.monotonic() < until and one.process.poll() is None:
            if state(f"http://127.0.0.1:{one.port}") == READY:
                return
            time.sleep(0.1)
        said = self._log(name).read_text("utf-8", errors="replace").strip()[-1_500:]
        raise BenchError(f"`tenfold serve` did not become ready; it said:\n{said}")

    def _log(self, name: str) -> Path:
        return self._logs / f"{name}.log"


@contextlib.contextmanager
def opened(home: Path, say: Callable[[str], None]) -> Generator[Site]:
    """The installation of a home with its database started and migrated; stopped at the end."""
    logs = home / "bench-logs"
    installation = open_installation(Settings(home=str(home), port=_free_port()), say)
    try:
        assert installation.server is not None
        migrated(installation)
        logs.mkdir(exist_ok=True)
        site = Site(installation, installation.server, logs)
        try:
            yield site
        finally:
            site.close()
    finally:
        installation.close()


def _free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


def _signal(process: subprocess.Popen[bytes], number: signal.Signals) -> None:
    """To the whole group: the keeper, the command and what it started."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, number)
