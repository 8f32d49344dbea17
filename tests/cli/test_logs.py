"""Where log lines go under `tenfold up`, and that those of the commands alone are JSON."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.cli.test_commands import TENFOLD, environment, free_port

from tenfold.cli import ready, supervise
from tenfold.cli.log_file import LogFile
from tenfold.demo.seed import sign_in


@pytest.fixture
def log(tmp_path: Path) -> Iterator[LogFile]:
    made = LogFile(tmp_path / "log" / "tenfold.log", most=100)
    yield made
    made.close()


def test_what_children_print_goes_to_the_log_and_its_last_line_tells_why(
    log: LogFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(supervise, "FIRST_BACKOFF", 0.01)
    said: list[str] = []
    program = (
        'import sys; print(\'{"event": "first"}\', flush=True); sys.exit("The port is taken.")'
    )
    child = supervise.Child("part", [sys.executable, "-S", "-c", program])
    assert supervise.supervise([child], say=said.append, log=log) == 1
    assert "ended 6 times" in said[-1]
    assert said[-1].endswith(f"The last line of the log in {log.path} is: The port is taken.")
    assert log.path.read_text("utf-8").count('"first"') == 6


_LINE = """print('{"event": "failed", "level": "error", "error": "no database"}')"""
_TRACE = """import traceback
try: raise ValueError("no database")
except ValueError: traceback.print_exc(file=sys.stdout)"""


@pytest.mark.parametrize("begins", [_LINE, _TRACE], ids=["a line of the log", "a traceback"])
def test_the_first_error_tells_why_and_not_what_follows_from_it(
    log: LogFile, monkeypatch: pytest.MonkeyPatch, begins: str
) -> None:
    monkeypatch.setattr(supervise, "FIRST_BACKOFF", 0.01)
    log.path.write_text('{"event": "of another time", "level": "error"}\n', "utf-8")
    said: list[str] = []
    follows = 'print(\'{"event": "can not stop", "level": "error"}\')\nsys.exit("Aborted!")'
    program = f"import sys\nprint('starting')\n{begins}\n{follows}"
    child = supervise.Child("part", [sys.executable, "-S", "-c", program])
    assert supervise.supervise([child], say=said.append, log=log) == 1
    assert f"Its first error in the log {log.path} is: " in said[-1]
    assert said[-1].endswith("no database")


def test_a_line_of_json_is_told_by_what_it_says(log: LogFile) -> None:
    assert log.last() == ""
    log.path.write_text('{"event": "broken", "error": "no database"}\n\n', "utf-8")
    assert log.last() == "no database"


def test_the_log_stays_small_and_keeps_what_was_before(log: LogFile) -> None:
    log.path.write_text("x" * 101, "utf-8")
    log.look()
    assert log.path.stat().st_size == 0
    assert len(log.path.with_name("tenfold.log.1").read_text("utf-8")) == 101


def test_a_database_that_goes_away_is_told_once_and_so_is_its_return(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    states = [ready.SILENT, ready.AWAY, ready.READY, ready.READY, ready.AWAY, ready.SILENT,
              ready.AWAY, ready.READY, ready.READY]  # fmt: skip
    said: list[str] = []

    def state(_address: str) -> str:
        if len(states) == 1:
            announcer._stop.set()  # pyright: ignore[reportPrivateUsage]
        return states.pop(0)

    announcer = ready.Announcer("", lambda: said.append("ready"), said.append, "the.log")
    for name, value in {
        "state": state,
        "_PAUSE": 0.01,
        "_LONG": 0.02,
        "_LOOK_SECONDS": 0.0,
    }.items():
        monkeypatch.setattr(ready, name, value)
    announcer._work()  # pyright: ignore[reportPrivateUsage]
    assert said == [
        "The database does not answer yet … (log: the.log)",
        "ready",
        "The database does not answer; Tenfold waits for it.",
        "The database answers again.",
    ]


def test_the_accounts_stand_one_below_the_other() -> None:
    first, *accounts = sign_in()
    assert first.endswith("with the password quiet-heron-lantern as")
    assert len({line.index(line.split()[1]) for line in accounts}) == 1
    assert all(line.count("@") == 1 for line in accounts)


@pytest.mark.parametrize("command", ["worker", "serve"])
def test_a_command_without_its_database_waits_and_says_so_in_json(
    command: str, tmp_path: Path
) -> None:
    gone = f"postgresql://nobody@127.0.0.1:{free_port()}/gone"
    given = {
        "TENFOLD_HOME": str(tmp_path),
        "TENFOLD_APP_DATABASE_URL": gone,
        "TENFOLD_TAIL_DATABASE_URL": gone,
        "TENFOLD_WORKERS": "1",
        "PORT": str(free_port()),
    }
    process = subprocess.Popen(
        [*TENFOLD, command], env=environment(**given), stderr=subprocess.PIPE, text=True
    )
    assert process.stderr is not None
    line = json.loads(process.stderr.readline())
    process.terminate()
    process.communicate(timeout=30)
    assert line["event"] == "the database is away; waiting for it"
    assert (line["level"], "at" in line) == ("warning", True)
