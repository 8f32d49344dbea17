"""The supervisor of `tenfold up`, on real processes."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from tenfold.cli import serve, supervise
from tenfold.cli.ports import port_free
from tenfold.jobs.worker import Pace

ROOT = Path(__file__).parents[2]

# A supervisor whose children are given as Python programs; `on_stop` leaves a mark. The programs
# need only the standard library (-S), so nothing loads what measures the coverage of ours.
SUPERVISOR = """
import sys, time
from pathlib import Path
from tenfold.cli import supervise as module
from tenfold.cli.supervise import Child, supervise
folder = Path(sys.argv[1])
module.FIRST_BACKOFF = float(sys.argv[2])
children = [
    Child(f"part{number}", [sys.executable, "-S", "-c", code, str(folder / f"pid{number}")])
    for number, code in enumerate(sys.argv[3:])
]
sys.exit(supervise(children, grace=2.0, on_stop=lambda: (folder / "stopped").touch()))
"""

# Tells its number, then works for ever; ends kindly when asked.
OBEDIENT = """
import os, signal, sys, time
from pathlib import Path
signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
Path(sys.argv[1]).write_text(str(os.getpid()))
while True: time.sleep(0.05)
"""
STUBBORN = OBEDIENT.replace("lambda *_: sys.exit(0)", "signal.SIG_IGN")
CRASHING = "import sys; sys.exit(3)"
# Starts another process that ignores SIGTERM, and is gone itself at once when asked.
WITH_GRANDCHILD = f"""
import subprocess, sys, time
subprocess.Popen([sys.executable, "-S", "-c", {STUBBORN!r}, sys.argv[1]])
time.sleep(60)
"""


@pytest.fixture
def supervised(tmp_path: Path) -> Iterator[Callable[..., subprocess.Popen[str]]]:
    """Starts a supervisor with children; whatever is left of it ends with the test."""
    started: list[subprocess.Popen[str]] = []

    def start(
        *children: str, first_backoff: float = supervise.FIRST_BACKOFF
    ) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, "-c", SUPERVISOR, str(tmp_path), str(first_backoff), *children],
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        started.append(process)
        return process

    yield start
    for process in started:
        process.kill()
        process.wait()
        if process.stderr:
            process.stderr.close()


def pid_of(path: Path, other_than: int = 0) -> int:
    """The number that a child wrote, once it did."""
    return until(lambda: (number := _read(path)) != other_than and number, "no child started")


def _read(path: Path) -> int:
    return int((path.read_text("ascii") if path.exists() else "") or 0)


def until(fact: Callable[[], int], otherwise: str, seconds: float = 15) -> int:
    """Wait for a fact; answers it."""
    end = time.monotonic() + seconds
    while not (found := fact()):
        assert time.monotonic() < end, otherwise
        time.sleep(0.02)
    return found


def lives(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_signal_ends_all_children_then_stops_the_rest_and_exits_0(
    tmp_path: Path, supervised: Callable[..., subprocess.Popen[str]], number: signal.Signals
) -> None:
    process = supervised(OBEDIENT, OBEDIENT)
    pids = [pid_of(tmp_path / "pid0"), pid_of(tmp_path / "pid1")]
    process.send_signal(number)
    _, said = process.communicate(timeout=15)
    assert process.returncode == 0
    assert said == ""
    assert not any(lives(pid) for pid in pids)
    assert (tmp_path / "stopped").exists()


def test_child_that_was_killed_is_started_again(
    tmp_path: Path, supervised: Callable[..., subprocess.Popen[str]]
) -> None:
    process = supervised(OBEDIENT)
    first = pid_of(tmp_path / "pid0")
    os.kill(first, signal.SIGKILL)
    second = pid_of(tmp_path / "pid0", other_than=first)
    assert lives(second)
    process.terminate()
    _, said = process.communicate(timeout=15)
    assert process.returncode == 0
    assert said == "The part0 ended (by SIGKILL); starting it again in 0.25 s.\n"


def test_child_that_keeps_crashing_stops_everything_with_a_sentence(
    tmp_path: Path, supervised: Callable[..., subprocess.Popen[str]]
) -> None:
    process = supervised(OBEDIENT, CRASHING, first_backoff=0.0625)
    good = pid_of(tmp_path / "pid0")
    _, said = process.communicate(timeout=40)
    assert process.returncode == 1
    pauses = re.findall(r"starting it again in (\S+) s", said)
    assert pauses == ["0.0625", "0.125", "0.25", "0.5", "1"]
    assert "The part1 ended 6 times within a minute (exit code 3); Tenfold stops." in said
    assert not lives(good)
    assert (tmp_path / "stopped").exists()


def test_server_and_worker_end_by_themselves_before_they_are_killed() -> None:
    """The server cuts off who is slow; the worker hands its jobs back."""
    assert serve.KILL_SECONDS <= supervise.GRACE_SECONDS - 2
    pace = Pace()
    assert pace.grace + pace.unwinding <= supervise.GRACE_SECONDS - 2


def test_child_that_ignores_the_request_is_killed_after_the_grace(
    tmp_path: Path, supervised: Callable[..., subprocess.Popen[str]]
) -> None:
    process = supervised(STUBBORN)
    pid = pid_of(tmp_path / "pid0")
    began = time.monotonic()
    process.terminate()
    _, said = process.communicate(timeout=15)
    assert 1.9 < time.monotonic() - began < 10
    assert process.returncode == 1
    assert "The part0 did not end within 2 s and was killed." in said
    assert not lives(pid)
    assert (tmp_path / "stopped").exists()


def test_grandchildren_end_too(
    tmp_path: Path, supervised: Callable[..., subprocess.Popen[str]]
) -> None:
    process = supervised(WITH_GRANDCHILD)
    pid = pid_of(tmp_path / "pid0")
    process.terminate()
    process.communicate(timeout=15)
    until(lambda: not lives(pid), "the grandchild lives on")


def test_children_do_not_outlive_a_supervisor_that_was_killed(
    tmp_path: Path, supervised: Callable[..., subprocess.Popen[str]]
) -> None:
    process = supervised(OBEDIENT, OBEDIENT)
    pids = [pid_of(tmp_path / "pid0"), pid_of(tmp_path / "pid1")]
    process.kill()
    process.communicate()
    until(lambda: not any(lives(pid) for pid in pids), "children live on without a supervisor")


def test_child_of_a_killed_keeper_does_not_run_twice(
    tmp_path: Path, supervised: Callable[..., subprocess.Popen[str]]
) -> None:
    supervised(OBEDIENT)
    first = pid_of(tmp_path / "pid0")
    parent = psutil.Process(first).parent()
    assert parent is not None
    parent.kill()
    pid_of(tmp_path / "pid0", other_than=first)
    until(lambda: not lives(first), "the old child runs beside the new one")


def test_command_that_is_not_there_is_told(
    tmp_path: Path, supervised: Callable[..., subprocess.Popen[str]]
) -> None:
    code = f"""
from tenfold.cli import serve, supervise
import sys
supervise.FIRST_BACKOFF = 0.01
child = supervise.Child("web server", ["{tmp_path}/nothing"])
sys.exit(supervise.supervise([child], grace=1.0))
"""
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=40
    )
    assert done.returncode == 1
    assert f"{tmp_path}/nothing can't be started: No such file or directory." in done.stderr
    assert "The web server ended 6 times within a minute (exit code 127)" in done.stderr


# --- ports ---


def test_free_port_is_free() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    assert port_free("127.0.0.1", port) == ""


def test_taken_port_names_who_holds_it() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        told = port_free("127.0.0.1", port)
        everywhere = port_free("0.0.0.0", port)
    assert told == everywhere
    assert told.startswith(f"Port {port} is taken by ")
    assert told.endswith(f"; end it, or choose another: PORT={port + 1}")
    if os.geteuid() == 0 or sys.platform == "linux":
        assert f"(process {os.getpid()})" in told


def test_address_of_another_machine_is_told() -> None:
    assert port_free("192.0.2.1", 8000).startswith("HOST=192.0.2.1 is no address of this machine")


def test_name_that_is_no_address_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(*_: object, **__: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    assert port_free("no such host", 8000).startswith("HOST=no such host is no address")
