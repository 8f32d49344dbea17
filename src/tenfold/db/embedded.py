"""The PostgreSQL that comes with Tenfold: started and stopped here, one for each home folder.

It is driven through `pg_ctl`, never as a child of this process, so it outlives a crash of ours.
The file `postgres.owner` names the process that is to stop it: whoever starts a server owns it,
whoever finds one running whose owner is dead takes it over, everybody else only uses it.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import re
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Generator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NoReturn
from urllib.parse import quote

import psutil

from tenfold.db import embedded_config
from tenfold.db.embedded_place import (
    SOCKET_NAME,
    Account,
    EmbeddedError,
    Place,
    binaries,
    default_home,
    make_home,
    settle,
    socket_folder,
)

__all__ = ["EmbeddedError", "Server", "default_home", "remove", "running", "start", "stop"]

PORT = int(SOCKET_NAME.rpartition(".")[2])
START_SECONDS = 300  # recovery after a crash replays up to max_wal_size first
STOP_SECONDS = 120
LOCK_SECONDS = 330
INITDB_BYTES = 200 * 1024 * 1024  # a new cluster takes 40 MB, its log files soon 80 MB more
FULL_BYTES = 20 * 1024 * 1024  # less than this leaves no room for one more log segment of 16 MB
_HALF_MADE = ".postgres-initdb-"


@dataclass(frozen=True, slots=True)
class Server:
    """A running server: how to reach it, and whether this process is the one to stop it."""

    home: Path
    data: Path
    programs: Path
    socket_dir: Path
    log_dir: Path
    account: Account
    pid: int
    ours: bool = False
    port: int = PORT
    superuser: str = "postgres"
    notes: tuple[str, ...] = ()
    """Sentences for the person who started it: what was done that they may not expect."""

    def url(self, database: str = "postgres", user: str = "") -> str:
        """The address of a database as a role (the superuser by default), as asyncpg takes it."""
        role = quote(user or self.superuser, safe="")
        where = f"host={quote(str(self.socket_dir), safe='')}&port={self.port}"
        return f"postgresql://{role}@/{quote(database, safe='')}?{where}"


def start(home: Path, *, settings: Mapping[str, str] | None = None) -> Server:
    """Start the home's server, making its database first if there is none, or use the running one.

    `settings` are PostgreSQL's, over those of `embedded_config`. Raises EmbeddedError.
    """
    with _plainly(home):
        home = make_home(home)
        with _locked(home):
            place = settle(home)
            notes = list(place.notes)
            programs = binaries(place.account, notes)
            server = _answering(place, programs)
            if server is None:
                _make_database(place, programs)
                server = _launch(place, programs, settings or {})
            return replace(_owned(place, server), notes=tuple(notes))


def running(home: Path) -> Server | None:
    """The home's server if one runs and answers, else None; changes nothing."""
    with _plainly(home):
        if not (home / "postgres" / "PG_VERSION").is_file():
            return None
        place = settle(home.resolve())
        return _found(place, binaries(place.account, []))


def stop(server: Server, *, force: bool = False) -> bool:
    """Stop the server if this process is to (or `force`); answers whether it was stopped."""
    with _plainly(server.home), _locked(server.home):
        place = settle(server.home)
        if not (force or _owner(place) == _me()):
            return False
        if _postmaster(place) is None:
            return False
        _shut_down(place, server.programs)
        with contextlib.suppress(OSError):  # it is empty now, unless somebody put something there
            server.socket_dir.rmdir()
        place.owner.unlink(missing_ok=True)
        return True


def remove(home: Path) -> None:
    """Stop the home's server and delete its database, logs and socket for ever; for tests."""
    if not home.exists():
        return
    home = home.resolve()
    with _plainly(home), _locked(home):
        place = settle(home)
        programs = binaries(place.account, [])
        if _postmaster(place) is not None:
            _shut_down(place, programs)
        for folder in (socket_folder(home, place.account), place.logs, place.data):
            shutil.rmtree(folder, ignore_errors=True)
        if (home / "postgres").is_symlink():
            (home / "postgres").unlink()
            place.data.parent.rmdir()
        place.owner.unlink(missing_ok=True)


# --- is it running? ---


def _found(place: Place, programs: Path) -> Server | None:
    """The running server, when it takes connections now."""
    process = _postmaster(place)
    if process is None:
        return None
    lines = _pid_file(place)
    sockets = lines[4] if len(lines) > 4 else ""
    if not sockets or not _ready(place, programs, Path(sockets)):
        return None
    return Server(
        home=place.home,
        data=place.data,
        programs=programs,
        socket_dir=Path(sockets),
        log_dir=place.logs,
        account=place.account,
        pid=process.pid,
        ours=_owner(place) == _me(),
    )


def _answering(place: Place, programs: Path) -> Server | None:
    """The server, waiting for one that is about to be ready or about to be gone."""
    until = time.monotonic() + START_SECONDS
    while (process := _postmaster(place)) is not None:
        server = _found(place, programs)
        if server is not None:
            return server
        if process.status() == psutil.STATUS_STOPPED or time.monotonic() > until:
            raise EmbeddedError(
                f"PostgreSQL (process {process.pid}) runs for {place.home} but does not answer; "
                f"end it (kill -INT {process.pid}) and start again. Its log is in {place.logs}."
            )
        time.sleep(0.1)
    return None


def _ready(place: Place, programs: Path, sockets: Path) -> bool:
    command = [programs / "pg_isready", "-q", "-h", sockets, "-p", str(PORT), "-t", "3"]
    command += ["-U", "postgres", "-d", "postgres"]  # else its log names a role that is missing
    return place.account.run(command).returncode == 0


def _postmaster(place: Place) -> psutil.Process | None:
    """The server's main process, or None when the pid file is missing or stale."""
    lines = _pid_file(place)
    if not lines or not lines[0].lstrip("-").isdigit():
        return None
    try:
        process = psutil.Process(abs(int(lines[0])))
        return process if _works_in(process, place.data) else None
    except psutil.NoSuchProcess:
        return None


def _pid_file(place: Place) -> list[str]:
    try:
        return (place.data / "postmaster.pid").read_text("utf-8").splitlines()
    except FileNotFoundError:
        return []


def _works_in(process: psutil.Process, folder: Path) -> bool:
    """Whether this is a PostgreSQL of that data folder, in which all of its processes work."""
    try:
        return (
            process.name().startswith("postgres")
            and process.status() != psutil.STATUS_ZOMBIE
            and Path(process.cwd()) == folder
        )
    except (psutil.NoSuchProcess, psutil.AccessDenied):
        return False


# --- making and starting it ---


def _make_database(place: Place, programs: Path) -> None:
    """Make the database if there is none: beside its place, then renamed, so never by halves."""
    for leftover in place.data.parent.glob(f"{_HALF_MADE}*"):
        shutil.rmtree(leftover, ignore_errors=True)
    if (place.data / "PG_VERSION").is_file():
        _check_version(place, programs)
        return
    if place.data.exists() and any(place.data.iterdir()):
        raise EmbeddedError(
            f"The folder {place.data} holds something that is no PostgreSQL database; "
            f"move it away, or set TENFOLD_HOME to another folder."
        )
    free = shutil.disk_usage(place.data.parent).free
    if free < INITDB_BYTES:
        raise _full(place.data.parent, INITDB_BYTES)
    fresh = Path(tempfile.mkdtemp(prefix=_HALF_MADE, dir=place.data.parent))
    try:
        place.account.own(fresh)
        _initdb(place, programs, fresh)
        fresh.rename(place.data)
    finally:
        shutil.rmtree(fresh, ignore_errors=True)


def _initdb(place: Place, programs: Path, folder: Path) -> None:
    command = [programs / "initdb", "-D", folder, "-U", "postgres", "--no-instructions"]
    charset = ["--encoding=UTF8", "--locale=C", "--data-checksums"]
    done = place.account.run([*command, *charset, "--auth-local=peer", "--auth-host=reject"])
    if done.returncode:
        _explain(place, done.stdout, "PostgreSQL could not make its database")
    with (folder / "postgresql.conf").open("a", encoding="utf-8") as file:
        file.write("\ninclude 'tenfold.conf'\n")


def _check_version(place: Place, programs: Path) -> None:
    """Refuse a database that another major version made, and say what to do about it."""
    made_by = (place.data / "PG_VERSION").read_text("ascii").strip()
    told = place.account.run([programs / "postgres", "--version"]).stdout
    ours = re.search(r"(\d+)\.?\d*\s*$", told)
    if ours and ours[1] != made_by:
        raise EmbeddedError(
            f"The database in {place.data} was made by PostgreSQL {made_by}, and this Tenfold "
            f"brings PostgreSQL {ours[1]}; dump it with version {made_by} and restore it here, "
            f"or set TENFOLD_HOME to another folder."
        )


def _launch(place: Place, programs: Path, settings: Mapping[str, str]) -> Server:
    sockets = socket_folder(place.home, place.account)
    _clear_stale(place, sockets)
    began = time.time()
    try:
        embedded_config.write(place, sockets, settings)
        output = _pg_ctl(place, programs)
    except OSError as error:
        if error.errno == errno.ENOSPC:
            raise _full(place.data, FULL_BYTES) from error
        raise
    server = _found(place, programs)
    if server is None:
        _explain(place, output + _log_since(place, began), "PostgreSQL did not start")
    return server


def _pg_ctl(place: Place, programs: Path) -> str:
    """Start the server and wait until it answers; what it said before its log was open."""
    early = place.logs / "start.log"
    early.unlink(missing_ok=True)
    command = [programs / "pg_ctl", "start", "-D", place.data, "-l", early]
    done = place.account.run([*command, "-w", "-t", str(START_SECONDS)])
    said = early.read_text("utf-8", errors="replace") if early.is_file() else ""
    return f"{done.stdout}\n{said}"


def _clear_stale(place: Place, sockets: Path) -> None:
    """After a kill -9: wait for the orphans to go, then drop the files that name a dead server."""
    orphans: list[psutil.Process] = []
    for ask in (None, signal.SIGQUIT, signal.SIGKILL):
        orphans = [p for p in psutil.process_iter() if _works_in(p, place.data)]
        if ask is not None:
            for process in orphans:
                with contextlib.suppress(psutil.NoSuchProcess):
                    process.send_signal(ask)
        if _all_gone(orphans, place.data):
            break
    else:
        raise EmbeddedError(
            f"Processes of an earlier PostgreSQL still hold {place.data} and can't be ended: "
            f"{', '.join(str(process.pid) for process in orphans)}."
        )
    # PostgreSQL clears these itself when no process has the number they name. It refuses to start
    # when the number is a zombie's or another program's, though nobody works in the folder, as
    # just made sure of.
    for stale in (place.data / "postmaster.pid", sockets / f"{SOCKET_NAME}.lock"):
        stale.unlink(missing_ok=True)


def _all_gone(processes: list[psutil.Process], folder: Path) -> bool:
    """Wait up to two seconds; not by psutil, which waits for zombies that nobody buries."""
    until = time.monotonic() + 2
    while any(_works_in(process, folder) for process in processes):
        if time.monotonic() > until:
            return False
        time.sleep(0.02)
    return True


def _owned(place: Place, server: Server) -> Server:
    """Become the one who stops the server, unless another living process is."""
    owner = _owner(place)
    if owner not in {"", _me()} and _lives(owner):
        return replace(server, ours=False)
    fresh = place.owner.with_suffix(".new")
    fresh.write_text(_me(), "ascii")
    fresh.replace(place.owner)
    return replace(server, ours=True)


def _owner(place: Place) -> str:
    try:
        return place.owner.read_text("ascii")
    except FileNotFoundError:
        return ""


def _me() -> str:
    """This process, so named that a later one with the same number is told apart."""
    return f"{os.getpid()} {psutil.Process().create_time():.2f}"


def _lives(owner: str) -> bool:
    number, _, born = owner.partition(" ")
    try:
        return f"{psutil.Process(int(number)).create_time():.2f}" == born
    except (psutil.NoSuchProcess, ValueError):
        return False


# --- stopping it ---


def _shut_down(place: Place, programs: Path) -> None:
    """Fast shutdown; when that takes too long an immediate one, after which the log is replayed."""
    for mode in ("fast", "immediate"):
        command = [programs / "pg_ctl", "stop", "-D", place.data, "-m", mode]
        place.account.run([*command, "-w", "-t", str(STOP_SECONDS)])
        if _postmaster(place) is None:
            return
    raise EmbeddedError(f"PostgreSQL did not stop; its log is in {place.logs}.")


# --- what went wrong, in plain words ---


def _explain(place: Place, output: str, what: str) -> NoReturn:
    """Raise the sentence that fits what PostgreSQL said."""
    if "No space left on device" in output:
        raise _full(place.data, FULL_BYTES)
    if shutil.disk_usage(place.logs).free < FULL_BYTES:  # too full to even write the log
        raise _full(place.data, FULL_BYTES)
    said = re.findall(r"(?:FATAL|PANIC|ERROR|fatal|error): +(.+)", output)
    if said and "contains errors" in said[-1]:  # of a settings file: which ones is logged before
        said = re.findall(r"LOG: +(.+)", output)
    reason = said[-1].strip().rstrip(".") if said else "it gave no reason"
    raise EmbeddedError(f"{what}: {reason}. Its log is in {place.logs}.")


def _full(folder: Path, needed: int) -> EmbeddedError:
    there = folder if folder.exists() else folder.parent
    free = shutil.disk_usage(there).free // 1024 // 1024
    return EmbeddedError(
        f"The disk that holds {folder} is full: {free} MB are free and PostgreSQL needs "
        f"{needed // 1024 // 1024} MB. Free some space and start again; nothing was lost."
    )


def _log_since(place: Place, moment: float) -> str:
    """The end of each log file that was written since."""
    written = [p for p in place.logs.glob("postgresql-*.log") if p.stat().st_mtime >= moment]
    texts = [path.read_text("utf-8", errors="replace")[-20_000:] for path in written]
    return "\n".join(texts)


@contextlib.contextmanager
def _plainly(home: Path) -> Generator[None]:
    """Say in a sentence what the operating system refused."""
    try:
        yield
    except subprocess.TimeoutExpired as error:
        raise EmbeddedError(f"A program of PostgreSQL hung: {error.cmd}.") from error
    except OSError as error:
        if error.errno == errno.ENOSPC:
            raise _full(home, FULL_BYTES) from error
        about = f" ({error.filename})" if error.filename else ""
        raise EmbeddedError(
            f"The database of {home} can't be started or stopped: {error.strerror}{about}."
        ) from error


@contextlib.contextmanager
def _locked(home: Path) -> Generator[None]:
    """Let one process at a time start or stop this home's server; freed when it dies."""
    handle = os.open(home / "postgres.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        until = time.monotonic() + LOCK_SECONDS
        while True:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() > until:
                    raise EmbeddedError(
                        f"Another process has been starting or stopping the database of {home} "
                        f"for {LOCK_SECONDS} seconds; end it and start again."
                    ) from None
                time.sleep(0.05)
        yield
    finally:
        os.close(handle)
