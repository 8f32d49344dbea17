"""`tenfold up`: the database, the tables, demo data, server and worker, until asked to stop."""

from __future__ import annotations

import contextlib
import fcntl
import os
import signal
import sys
import time
from collections.abc import Callable, Generator
from pathlib import Path
from types import FrameType

import psutil

from tenfold.app import make_demo
from tenfold.cli.installation import Installation, home_of, migrated, open_installation
from tenfold.cli.log_file import LogFile
from tenfold.cli.ports import port_free
from tenfold.cli.ready import Announcer
from tenfold.cli.supervise import Child, supervise
from tenfold.db import embedded
from tenfold.db.embedded import Server
from tenfold.db.embedded_place import make_home
from tenfold.db.keys import Keyring
from tenfold.kernel.errors import Unavailable
from tenfold.kernel.settings import Settings
from tenfold.mail import outbox

Say = Callable[[str], None]
_LOOK_SECONDS = 1.0
_RESTARTS, _WINDOW = 5, 60.0


def run(settings: Settings, *, demo: bool, say: Say) -> int:
    """Start everything and keep it running; answers the exit code when asked to stop."""
    with _alone(make_home(home_of(settings)), settings.address), _stoppable():
        if problem := port_free(settings.host, settings.port):
            raise Unavailable(problem)
        if settings.address.startswith("https:") and not settings.trusted_proxies:
            say("TENFOLD_TRUSTED_PROXIES names no proxy, so nothing is reached by https.")
            say("Set it to your proxy's address, or to the network that it is in.")
        say("Starting the database …")
        installation = open_installation(settings, say)
        try:
            say("Bringing the tables up to date …")
            migrated(installation)
            signs = _demo(installation.settings, say) if demo else []
            return _served(installation, signs, say)
        except BaseException:
            installation.close()
            raise


def _demo(settings: Settings, say: Say) -> list[str]:
    """The demo organisation, whose password everybody knows: for who tries it on their machine."""
    if settings.public_url:
        say("No demo organisation is made where TENFOLD_PUBLIC_URL is set; `tenfold demo` does it.")
        return []
    return make_demo(settings, say)


def _served(installation: Installation, signs: list[str], say: Say) -> int:
    made = installation.settings
    environment = {**os.environ, **installation.environment}
    me = [sys.executable, "-m", "tenfold"]
    children = [
        Child("server", [*me, "serve"], environment),
        Child("worker", [*me, "worker"], environment),
    ]
    log = LogFile(made.folder / "log" / "tenfold.log")

    page = outbox.address(made, Keyring.of(made.folder, made.master_key))
    letters = [f"No mail server is set; its letters are read at {page}", ""] if page else []

    def announce() -> None:
        place = f"Tenfold is at {made.address}"
        lines = [place, "", *signs, "", *letters, f"Its log is {log.path}"]
        say("\n".join(["", *(f"  {line}".rstrip() for line in lines)]))
        say("  Ctrl-C stops it.\n")

    def watch() -> bool:
        log.look()
        return database.look()

    database = _Watch(installation.server, say)
    address = f"http://{_reachable(made.host)}:{made.port}"
    ready = Announcer(address, announce, say, str(log.path))
    say("Starting the server and the worker …")
    ready.start()
    try:
        code = supervise(
            children,
            on_stopping=lambda: _stopping(ready, say),
            on_stop=installation.close,
            watch=watch,
            say=say,
            log=log,
        )
    finally:
        ready.stop()
        log.close()
    say("Tenfold has stopped; everything is saved." if code == 0 else "Tenfold has stopped.")
    return code


def _stopping(ready: Announcer, say: Say) -> None:
    ready.stop()
    say("Stopping Tenfold …")


def _reachable(host: str) -> str:
    """A host that can be called from here, where the server listens on all."""
    return "127.0.0.1" if host in ("0.0.0.0", "::", "") else host  # noqa: S104


class _Watch:
    """Starts the embedded PostgreSQL again when it ends while it is needed."""

    def __init__(self, server: Server | None, say: Say) -> None:
        self._server, self._say = server, say
        self._process = _process(server)
        self._ends: list[float] = []
        self._due = 0.0

    def look(self) -> bool:
        """Whether the database runs or runs again; False where it can't, which was said."""
        now = time.monotonic()
        if self._server is None or now < self._due:
            return True
        self._due = now + _LOOK_SECONDS
        if _lives(self._process):
            return True
        self._ends = [*(end for end in self._ends if end > now - _WINDOW), now]
        if len(self._ends) > _RESTARTS:
            self._say(f"PostgreSQL ended {len(self._ends)} times within a minute; Tenfold stops.")
            self._say(f"Its log, which tells why, is in {self._server.log_dir}.")
            return False
        self._say("PostgreSQL ended; starting it again.")
        try:
            self._server = embedded.start(self._server.home)
        except embedded.EmbeddedError as error:
            self._say(f"tenfold: {error}")
            return False
        self._process = _process(self._server)
        self._say("PostgreSQL runs again; nothing that was saved is lost.")
        return True


def _process(server: Server | None) -> psutil.Process | None:
    with contextlib.suppress(psutil.NoSuchProcess):
        return psutil.Process(server.pid) if server is not None else None
    return None


def _lives(process: psutil.Process | None) -> bool:
    try:
        return (
            process is not None
            and process.is_running()
            and process.status() != psutil.STATUS_ZOMBIE
        )
    except psutil.NoSuchProcess:
        return False


@contextlib.contextmanager
def _alone(home: Path, address: str) -> Generator[None]:
    """Hold the home; raises Unavailable where another `tenfold up` does. Freed however it ends."""
    try:
        handle = os.open(home / "up.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    except OSError as error:
        raise Unavailable(
            f"The folder {home} can't be written to ({error.strerror}); "
            f"set TENFOLD_HOME to another folder."
        ) from error
    with os.fdopen(handle, "r+", encoding="utf-8") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Unavailable(
                f"Tenfold runs already from {home}, {file.read().strip()}; stop that one first, "
                f"or set TENFOLD_HOME to another folder for a second installation."
            ) from None
        with contextlib.suppress(OSError):  # a full disk is told by what needs the room
            file.truncate()
            file.write(f"at {address} (process {os.getpid()})\n")
            file.flush()
        yield


class _stoppable:  # noqa: N801
    """Until it is supervised, SIGTERM and SIGHUP end `tenfold up` like Ctrl-C does."""

    def __enter__(self) -> None:
        numbers = (signal.SIGTERM, signal.SIGHUP)
        self._before = {number: signal.signal(number, self._stop) for number in numbers}

    def __exit__(self, *_: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    @staticmethod
    def _stop(_number: int, _frame: FrameType | None) -> None:
        raise KeyboardInterrupt
