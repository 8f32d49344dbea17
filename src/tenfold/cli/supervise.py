"""Keeps the processes of `tenfold up` running, and ends them all together.

Each child has its own process group, so a Ctrl-C of the terminal reaches only the supervisor,
which then ends the children in order. No child outlives the supervisor, however that ends: in
front of each runs a small keeper (keeper.py), which ends the group when the supervisor is gone.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections import deque
from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass, field
from types import FrameType

from tenfold.cli import keeper as keeper_script
from tenfold.cli.log_file import LogFile

GRACE_SECONDS = 10.0
RESTARTS = 5
RESTART_WINDOW = 60.0
FIRST_BACKOFF = 0.25
_POLL = 0.05
_STOPPING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@dataclass(frozen=True, slots=True)
class Child:
    """A command to keep running, by the name that messages call it."""

    name: str
    command: Sequence[str]
    environment: Mapping[str, str] | None = None
    """The whole environment; None: that of the supervisor."""


def supervise(
    children: Sequence[Child],
    *,
    on_stopping: Callable[[], None] = lambda: None,
    on_stop: Callable[[], None] = lambda: None,
    watch: Callable[[], bool] = lambda: True,
    say: Callable[[str], None] = lambda text: print(text, file=sys.stderr, flush=True),
    grace: float = GRACE_SECONDS,
    log: LogFile | None = None,
) -> int:
    """Run the children until SIGINT, SIGTERM or SIGHUP; answers the exit code, 0 if all was clean.

    A child that ends is started again after a growing pause; one that ends more than 5 times in
    a minute ends everything (exit code 1), and so does `watch`, asked again and again, when it says
    False. `on_stopping` is called once before the children end, `on_stop` when none lives any more.
    What they print goes to the `log`, where one is given, else where the supervisor prints.
    """
    asked = _Asked()
    code = 0
    with _signals(asked):
        reader, writer = os.pipe()
        running = [_Running(child, reader, log) for child in children]
        try:
            for one in running:
                one.start()
            while not asked and code == 0:
                time.sleep(_POLL)
                code = 0 if watch() else 1
                for one in running:
                    code = max(code, _look_after(one, say))
        except OSError as error:
            say(f"A part of Tenfold can't be started: {error.strerror} ({error.filename}).")
            code = 1
        finally:
            try:
                on_stopping()
                if not _end(running, grace, say):
                    code = 1
            finally:
                os.close(writer)
                os.close(reader)
                on_stop()
    return code


class _Asked:
    """Whether a signal asked for the end."""

    def __init__(self) -> None:
        self.signal = 0

    def __bool__(self) -> bool:
        return self.signal != 0


@dataclass(slots=True)
class _Running:
    child: Child
    leash: int
    log: LogFile | None = None
    process: subprocess.Popen[bytes] | None = None
    ends: deque[float] = field(default_factory=deque[float])
    due: float = 0.0
    began: int = 0
    """Where the log was when the child began."""

    def start(self) -> None:
        self.began = self.log.size if self.log else 0
        # Isolated and without site-packages: it needs neither, and so costs 15 ms and 7 MB.
        keeper = [sys.executable, "-I", "-S", keeper_script.__file__, str(self.leash)]
        self.process = subprocess.Popen(
            [*keeper, *self.child.command],
            env=None if self.child.environment is None else dict(self.child.environment),
            stdin=subprocess.DEVNULL,
            stdout=self.log and self.log.handle,
            stderr=self.log and self.log.handle,
            pass_fds=(self.leash,),
            process_group=0,
        )

    def lives(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def send(self, number: signal.Signals) -> None:
        """Signal the whole group: the keeper, the child and what the child started."""
        if self.process is not None:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self.process.pid, number)


def _look_after(one: _Running, say: Callable[[str], None]) -> int:
    """Notice that a child ended, and start it again when its pause is over; 1: give up."""
    if one.lives():
        return 0
    now = time.monotonic()
    if one.process is not None:
        one.send(signal.SIGKILL)  # what the child left behind, before another takes its place
        ended, one.process = one.process, None
        one.ends.append(now)
        while one.ends[0] < now - RESTART_WINDOW:
            one.ends.popleft()
        how = _how(ended.returncode)
        if len(one.ends) > RESTARTS:
            say(
                f"The {one.child.name} ended {len(one.ends)} times within a minute ({how}); "
                f"Tenfold stops. {_reason(one)}"
            )
            return 1
        pause = FIRST_BACKOFF * 2 ** (len(one.ends) - 1)
        one.due = now + pause
        say(f"The {one.child.name} ended ({how}); starting it again in {pause:g} s.")
    elif now >= one.due:
        one.start()
    return 0


def _reason(one: _Running) -> str:
    log = one.log
    if log is None:
        return "What it said above tells why."
    if error := log.first_error(one.began):
        return f"Its first error in the log {log.path} is: {error}"
    return f"The last line of the log in {log.path} is: {log.last() or 'nothing'}"


def _how(code: int) -> str:
    # The keeper answers like a shell: 128 + n for a child that signal n ended.
    number = -code if code < 0 else code - 128
    if number > 0:
        with contextlib.suppress(ValueError):
            return f"by {signal.Signals(number).name}"
    return f"exit code {code}"


def _end(running: Sequence[_Running], grace: float, say: Callable[[str], None]) -> bool:
    """End all children: SIGTERM, then SIGKILL after the grace; answers whether all went kindly."""
    alive = [one for one in running if one.lives()]
    for one in alive:
        one.send(signal.SIGTERM)
    until = time.monotonic() + grace
    while any(one.lives() for one in alive) and time.monotonic() < until:
        time.sleep(_POLL)
    stubborn = [one for one in alive if one.lives()]
    for one in running:
        # The groups of those that went too: whatever they left behind goes with them.
        one.send(signal.SIGKILL)
    for one in stubborn:
        say(f"The {one.child.name} did not end within {grace:g} s and was killed.")
        if one.process is not None:
            one.process.wait()
    return not stubborn


@contextlib.contextmanager
def _signals(asked: _Asked) -> Generator[None]:
    def note(number: int, _frame: FrameType | None) -> None:
        asked.signal = number

    before = {number: signal.signal(number, note) for number in _STOPPING}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
