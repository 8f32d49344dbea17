"""`tenfold` as a person types it: one process each, its sentences and its exit codes."""

from __future__ import annotations

import io
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest
from tests.children import unmeasured

from tenfold.cli.commands import app, plain
from tenfold.db import embedded

pytestmark = pytest.mark.slow
TENFOLD = [sys.executable, "-m", "tenfold"]
NOT_OURS = ("DATABASE_URL", "TENFOLD_APP_DATABASE_URL", "TENFOLD_TAIL_DATABASE_URL")


def environment(**settings: str) -> dict[str, str]:
    """The person's environment, without what would lead to another installation or measure it."""
    return {**{k: v for k, v in unmeasured().items() if k not in NOT_OURS}, **settings}


def typed(*arguments: str, **settings: str) -> tuple[int, str]:
    """The exit code and the output of a command."""
    done = subprocess.run(
        [*TENFOLD, *arguments],
        env=environment(**settings),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
        timeout=120,
    )
    return done.returncode, done.stdout


def typed_here(*arguments: str) -> object:
    """The exit code of a command run in this process, which is faster."""
    try:
        return plain(lambda: app(arguments))
    except SystemExit as ended:
        return ended.code


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Path]:
    yield tmp_path / "home"
    embedded.remove(tmp_path / "home")


@pytest.fixture
def started(home: Path) -> Iterator[Callable[[int], tuple[subprocess.Popen[str], list[str]]]]:
    """Starts `tenfold up` and reads what it says until it says how to stop it."""
    running: list[subprocess.Popen[str]] = []

    def start(port: int) -> tuple[subprocess.Popen[str], list[str]]:
        process = subprocess.Popen(
            [*TENFOLD, "up", "--no-demo"],
            env=environment(TENFOLD_HOME=str(home), PORT=str(port), TENFOLD_WORKERS="1"),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        running.append(process)
        assert process.stdout is not None
        said: list[str] = []
        for line in process.stdout:
            said.append(line)
            if "Ctrl-C stops it" in line:
                break
        return process, said

    yield start
    for process in running:
        process.kill()
        process.communicate(timeout=60)


def left_of(home: Path) -> list[str]:
    """The commands of the processes that still know of the home."""
    found: list[str] = []
    for process in psutil.process_iter():
        try:
            if process.status() != psutil.STATUS_ZOMBIE and (
                str(home) in " ".join(process.cmdline())
                or process.environ().get("TENFOLD_HOME") == str(home)
            ):
                found.append(" ".join(process.cmdline()))
        except (psutil.NoSuchProcess, psutil.AccessDenied):
            continue
    return found


def gone(home: Path) -> bool:
    until = time.monotonic() + 20
    while left_of(home) and time.monotonic() < until:
        time.sleep(0.1)
    return not left_of(home)


def test_up_serves_survives_kill_9_and_leaves_nothing(started, home: Path) -> None:
    port = free_port()
    first, said = started(port)
    assert f"  Tenfold is at http://127.0.0.1:{port}\n" in said
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/login", timeout=20) as page:
        assert page.status == 200
    log = home / "log" / "tenfold.log"
    assert f"  Its log is {log}\n" in said
    assert not [line for line in said if line.startswith("{")]
    until = time.monotonic() + 20  # it comes through a pipe
    while '"route":"page-login"' not in log.read_text("utf-8"):
        assert time.monotonic() < until, log.read_text("utf-8")
        time.sleep(0.1)
    code, told = typed("up", TENFOLD_HOME=str(home), PORT=str(free_port()))
    assert (code, told.count("\n")) == (1, 1)
    assert told.startswith(f"tenfold: Tenfold runs already from {home}, at http://127.0.0.1:{port}")
    first.kill()
    first.wait(timeout=20)
    second, said = started(port)  # the killed one's server must have left the port by itself
    assert f"  Tenfold is at http://127.0.0.1:{port}\n" in said
    assert [line for line in said if line.endswith(" …\n")] == [
        "Starting the database …\n",
        "Bringing the tables up to date …\n",
        "Starting the server and the worker …\n",
    ]
    second.send_signal(signal.SIGTERM)
    told, _ = second.communicate(timeout=60)
    assert second.returncode == 0
    assert told.split("\n")[-3:] == [
        "Stopping Tenfold …",
        "Tenfold has stopped; everything is saved.",
        "",
    ]
    assert gone(home)


def test_a_taken_port_is_told_before_anything_is_started(home: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        code, told = typed("up", TENFOLD_HOME=str(home), PORT=str(port))
    assert (code, told.count("\n")) == (1, 1)
    assert told.startswith(f"tenfold: Port {port} is taken by ")
    assert told.endswith(f"PORT={port + 1}\n")
    assert not (home / "postgres").exists()


def test_the_home_of_nobody_is_told(monkeypatch: pytest.MonkeyPatch, capsys) -> None:
    monkeypatch.setenv("TENFOLD_HOME", "~nobody-of-that-name/data")
    monkeypatch.delenv("DATABASE_URL", raising=False)
    assert typed_here("migrate") == 1
    assert "set TENFOLD_HOME to a whole path" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "settings", "sentence"),
    [
        (["nonsense"], {}, 'Unknown command "nonsense".'),
        (["up", "--prot", "1"], {}, "Did you mean --port?"),
        (["up"], {"PORT": "80x"}, "PORT=80x can't be used: it takes a whole number."),
        (["up"], {"DATABASE_URL": "hello"}, "it takes an address like postgresql://"),
        (["up"], {"TENFOLD_DEFAULT_CURRENCY": "EUROS"}, "an ISO 4217 code, like USD."),
        (["up"], {"TENFOLD_DEFAULT_REGION": "GERMANY"}, "a country by its ISO 3166 code, like US."),
        (["up"], {"TENFOLD_PUBLIC_URL": "crm.example.com"}, "like https://crm.example.com."),
        (["import", "x.csv"], {}, "--user"),
        (["import", "x.csv", "--user", "a@b.co", "--map", "x"], {}, "written as Column=field"),
        (["user", "add", "a@b.co"], {}, "--by"),
        (["user", "password", "a@b.co", "--new", "-"], {}, "new: is required: the input held no"),
    ],
)
def test_wrong_use_is_one_sentence_and_2(
    arguments, settings, sentence, home, monkeypatch, capsys
) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO())
    for name, value in {"TENFOLD_HOME": str(home), "COLUMNS": "300", **settings}.items():
        monkeypatch.setenv(name, value)
    code = typed_here(*arguments)
    told = "".join(capsys.readouterr())
    assert (code, told.count("\n")) == (2, 1)
    assert told.startswith("tenfold: ")
    assert sentence in told


@pytest.mark.parametrize("database", ["", "postgresql://nobody@127.0.0.1:1/nothing"])
@pytest.mark.parametrize(
    "arguments",
    [
        ["search", "x", "--user", "a@b.co"],
        ["export", "leads", "--user", "a@b.co"],
        ["import", "x.csv", "--user", "a@b.co"],
        ["user", "list", "--user", "a@b.co"],
        ["user", "password", "a@b.co"],
        ["worker"],
    ],
    ids=" ".join,
)
def test_a_home_without_data_is_told_and_stays_as_it_is(
    arguments, database, home, monkeypatch, capsys
) -> None:
    for name in NOT_OURS:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("DATABASE_URL", database)
    monkeypatch.setenv("TENFOLD_HOME", str(home))
    for folder_there in (False, True):
        assert typed_here(*arguments) == 1
        sentence = (
            f"There is no Tenfold in {home}; start it with `tenfold up`, or set TENFOLD_HOME."
        )
        assert "".join(capsys.readouterr()) == f"tenfold: {sentence}\n"
        assert not home.exists() or (folder_there and list(home.iterdir()) == [])
        home.mkdir(exist_ok=True)


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("TENFOLD_WORKRES", "; did you mean TENFOLD_WORKERS?"),
        ("TENFOLD_PORT", "; did you mean PORT?"),
        ("TENFOLD_XYZ", "."),
        ("TENFOLD_WORKERS", None),
        ("TENFOLD_TEST_HOME", None),
    ],
)
def test_an_unknown_setting_is_told_and_not_refused(name, hint, home, monkeypatch, capsys) -> None:
    for other in NOT_OURS:
        monkeypatch.delenv(other, raising=False)
    monkeypatch.setenv("TENFOLD_HOME", str(home))
    monkeypatch.setenv(name, "2")
    assert typed_here("user", "list", "--user", "a@b.co") == 1
    told = [] if hint is None else [f"There is no setting {name}, so it changes nothing{hint}"]
    lines = capsys.readouterr().err.splitlines()
    assert lines[:-1] == [f"tenfold: {sentence}" for sentence in told]
    assert lines[-1].startswith("tenfold: There is no Tenfold in ")


def test_ctrl_c_is_told_and_130() -> None:
    program = """
import os, signal
from tenfold.cli.commands import app, plain

signal.signal(signal.SIGINT, signal.default_int_handler)  # what runs us may have it ignored

@app.command
def wait():
    os.kill(os.getpid(), signal.SIGINT)

raise SystemExit(plain(lambda: app(["wait"])))
"""
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False, timeout=60
    )
    assert (done.returncode, done.stderr) == (130, "tenfold: stopped.\n")


def test_the_commands_are_known_without_loading_what_only_some_of_them_need() -> None:
    program = """
import sys
import tenfold.cli.commands
print(sorted({"sqlalchemy", "alembic", "litestar", "granian"} & sys.modules.keys()))
"""
    told = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60
    )
    assert told.stdout == "[]\n"
