"""Runs one command for the supervisor, and ends it when the supervisor is gone.

    keeper.py LEASH COMMAND...

LEASH is the reading end of a pipe whose writing end only the supervisor has. Nobody ever writes:
it becomes readable when the supervisor ends, however it ends, on Linux and macOS alike. The keeper
leads the process group that the command and all it starts belong to. Only the standard library.
"""

from __future__ import annotations

import contextlib
import os
import select
import signal
import subprocess
import sys
from types import FrameType

GRACE_SECONDS = 10.0


def keep(leash: int, command: list[str]) -> int:
    """Run the command until it ends or the leash breaks; answers its exit code as a shell does."""
    asked: list[int] = []

    def note(number: int, _frame: FrameType | None) -> None:
        asked.append(number)

    # They reach the whole group: the command decides what to do, the keeper waits for it.
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, note)
    woken = _wake_on_signals()
    os.set_inheritable(leash, False)
    try:
        child = subprocess.Popen(command)
    except OSError as error:
        print(f"{command[0]} can't be started: {error.strerror}.", file=sys.stderr)
        return 127
    for number in asked:  # came before the child was there to get them itself
        child.send_signal(number)
    while child.poll() is None:
        ready, _, _ = select.select([leash, woken], [], [])
        if woken in ready:
            os.read(woken, 512)
        if leash in ready:
            _end_group(child)
    return child.returncode if child.returncode >= 0 else 128 - child.returncode


def _wake_on_signals() -> int:
    """A descriptor that becomes readable at each signal, the end of a child among them."""
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    signal.set_wakeup_fd(writer, warn_on_full_buffer=False)
    signal.signal(signal.SIGCHLD, _nothing)
    return reader


def _nothing(_number: int, _frame: FrameType | None) -> None:
    return


def _end_group(child: subprocess.Popen[bytes]) -> None:
    os.killpg(0, signal.SIGTERM)
    with contextlib.suppress(subprocess.TimeoutExpired):
        child.wait(GRACE_SECONDS)
    os.killpg(0, signal.SIGKILL)  # this process too


if __name__ == "__main__":
    sys.exit(keep(int(sys.argv[1]), sys.argv[2:]))
