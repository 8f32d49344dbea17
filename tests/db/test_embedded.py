"""The embedded PostgreSQL, on real servers: what it survives, and what it says when it can't."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Generator, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

import asyncpg
import psutil
import pytest
from tests.children import unmeasured

from tenfold.db import embedded, embedded_config, embedded_place
from tenfold.db.embedded import EmbeddedError, Server

AS_ROOT = os.geteuid() == 0
copied = pytest.mark.usefixtures("made_before")
needs_root = pytest.mark.skipif(not AS_ROOT, reason="only root can mount, or run as another user")

START_AND_WAIT = """
import sys
from pathlib import Path
from tenfold.db import embedded
server = embedded.start(Path(sys.argv[1]))
print(server.pid, server.ours, flush=True)
sys.stdin.read()
print(embedded.stop(server), flush=True)
"""


@contextmanager
def open_folder(parent: Path | None = None) -> Generator[Path]:
    """A folder that every user can reach, as pytest's own is not."""
    made = Path(tempfile.mkdtemp(prefix="tenfold-test-", dir=parent)).resolve()
    made.chmod(0o755)
    yield made
    shutil.rmtree(made)


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder for this test, where temporary files lie."""
    with open_folder() as made:
        yield made


@pytest.fixture(scope="module")
def quick() -> Path | None:
    """Where there is memory for a disk: no process that is killed can tell the difference."""
    memory = Path("/dev/shm")
    return memory if memory.is_dir() and shutil.disk_usage(memory).free > 1 << 30 else None


@pytest.fixture
def home(quick: Path | None) -> Iterator[Path]:
    """A home whose server is gone when the test is over."""
    with open_folder(quick) as made:
        yield made / "home"
        embedded.remove(made / "home")


@pytest.fixture(scope="module")
def fresh(quick: Path | None) -> Iterator[Path]:
    """A database that initdb made and nobody used."""
    with open_folder(quick) as made:
        embedded.stop(embedded.start(made))
        yield made / "postgres"
        embedded.remove(made)


@pytest.fixture
def made_before(fresh: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """For tests of what comes after initdb: it is only copied what initdb made once."""

    def copy(_place: object, _programs: Path, to: Path) -> None:
        subprocess.run(["cp", "-Rp", f"{fresh}/.", to], check=True)

    monkeypatch.setattr(embedded, "_initdb", copy)


@pytest.fixture
def tmpfs(folder: Path) -> Iterator[Path]:
    """A disk of 320 MB."""
    disk = folder / "disk"
    disk.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=320m", "tmpfs", disk], check=True)
    yield disk
    embedded.remove(disk / "home")
    subprocess.run(["umount", disk], check=True)


def ask(server: Server, sql: str) -> str:
    """The first value that a statement answers, as text."""

    async def answer() -> str:
        connection = await asyncpg.connect(server.url())
        try:
            return str(await connection.fetchval(sql))
        finally:
            await connection.close()

    return asyncio.run(answer())


@contextmanager
def another_process(home: Path) -> Generator[subprocess.Popen[str]]:
    """Another Tenfold that starts the same home and keeps it until its input is closed."""
    process = subprocess.Popen(
        [sys.executable, "-c", START_AND_WAIT, str(home)],
        env=unmeasured(),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    with process:
        try:
            yield process
        finally:
            process.kill()


def told(process: subprocess.Popen[str]) -> tuple[int, bool]:
    """The server's process that the other Tenfold reports, and whether it is its own."""
    assert process.stdout is not None
    pid, ours = process.stdout.readline().split()
    return int(pid), ours == "True"


def lives(pid: int) -> bool:
    """Whether the process is there and no zombie, which containers without an init keep."""
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def kill_9(*processes: psutil.Process) -> None:
    for process in processes:
        with suppress(psutil.NoSuchProcess):  # a backend may end by itself meanwhile
            process.kill()
    until = time.monotonic() + 10
    while any(lives(process.pid) for process in processes):
        assert time.monotonic() < until, "a process survived kill -9 for ten seconds"
        time.sleep(0.01)


# --- starting and stopping ---


def test_fresh_home_answers_with_our_settings_and_stops(home: Path) -> None:
    server = embedded.start(home, settings={"work_mem": "7MB", "application_name": "it's"})

    assert server.ours
    wanted = {
        "data_checksums": "on",
        "server_encoding": "UTF8",
        "listen_addresses": "",
        "wal_level": "replica",
        "summarize_wal": "on",
        "fsync": "on",
        "synchronous_commit": "on",
        "TimeZone": "UTC",
        "jit": "off",
        "max_connections": str(embedded_config.connections(os.cpu_count() or 1)),
        "work_mem": "7MB",
        "application_name": "it's",
    }
    assert {name: ask(server, f"SHOW {name}") for name in wanted} == wanted
    assert ask(server, "SELECT datcollate FROM pg_database WHERE datname = 'postgres'") == "C"
    assert stat.S_IMODE(server.socket_dir.stat().st_mode) == 0o700
    assert list(server.log_dir.glob("postgresql-*.log"))

    assert embedded.stop(server)
    assert not lives(server.pid)
    assert not server.socket_dir.exists()
    assert embedded.running(home) is None


def test_a_second_start_uses_the_running_server(home: Path) -> None:
    with another_process(home) as other:
        pid, ours = told(other)
        assert ours

        server = embedded.start(home)

        assert (server.pid, server.ours) == (pid, False)
        assert not embedded.stop(server), "stopped what another living process owns"
        assert ask(server, "SELECT 1") == "1"
        answer, _ = other.communicate()
        assert answer.strip() == "True"
    assert embedded.running(home) is None


def test_a_server_whose_owner_was_killed_is_taken_over(home: Path) -> None:
    with another_process(home) as other:
        pid, _ = told(other)
        other.kill()
        other.wait()
        assert lives(pid)

        server = embedded.start(home)

        assert (server.pid, server.ours) == (pid, True)
        assert embedded.stop(server)
        assert not lives(pid)


def test_four_starts_at_once_make_one_server_with_one_owner(home: Path) -> None:
    with ExitStack() as stack:
        started = [stack.enter_context(another_process(home)) for _ in range(4)]
        answers = [told(process) for process in started]
    assert len({pid for pid, _ in answers}) == 1
    assert sorted(ours for _, ours in answers) == [False, False, False, True]


@copied
def test_two_homes_run_side_by_side(home: Path, folder: Path) -> None:
    other = folder / "other"
    one = embedded.start(home)
    two = embedded.start(other)
    try:
        ask(one, "CREATE TABLE only_here (id int)")
        assert one.socket_dir != two.socket_dir
        assert ask(two, "SELECT to_regclass('only_here')") == "None"
        assert embedded.stop(one)
        assert ask(two, "SELECT 1") == "1"
    finally:
        embedded.remove(other)


# --- surviving ---


@copied
def test_committed_rows_survive_kill_9_of_every_process(home: Path) -> None:
    server = embedded.start(home)
    ask(server, "CREATE TABLE kept AS SELECT generate_series(1, 1000) AS id")
    kill_9(psutil.Process(server.pid), *psutil.Process(server.pid).children())
    assert (server.data / "postmaster.pid").exists()

    again = embedded.start(home)

    assert again.pid != server.pid
    assert ask(again, "SELECT count(*) FROM kept") == "1000"


@copied
def test_orphans_of_a_killed_server_do_not_stop_the_next_start(home: Path) -> None:
    server = embedded.start(home)
    orphan = psutil.Process(server.pid).children()[0]
    orphan.suspend()  # so that it can't notice that its parent is gone
    kill_9(psutil.Process(server.pid))

    again = embedded.start(home)

    assert ask(again, "SELECT 1") == "1"
    assert not lives(orphan.pid)


@copied
def test_a_pid_file_that_names_a_stranger_is_no_obstacle(home: Path) -> None:
    server = embedded.start(home)
    kept = (server.data / "postmaster.pid").read_text("utf-8")
    embedded.stop(server)
    account = server.account
    with subprocess.Popen(
        ["sleep", "60"],
        user=account.uid if AS_ROOT else None,
        group=account.gid if AS_ROOT else None,
    ) as stranger:
        try:
            lines = [str(stranger.pid), *kept.splitlines()[1:]]
            (server.data / "postmaster.pid").write_text("\n".join(lines) + "\n", "utf-8")
            account.own(server.data / "postmaster.pid")
            assert embedded.running(home) is None

            again = embedded.start(home)

            assert ask(again, "SELECT 1") == "1"
            assert stranger.poll() is None, "ended a process that isn't ours"
        finally:
            stranger.kill()


def test_initdb_killed_half_way_leaves_nothing_in_the_way(home: Path) -> None:
    with another_process(home) as other:
        for _ in range(5000):
            if any(home.glob(".postgres-initdb-*/base/1/*")):
                break
            time.sleep(0.002)
        else:
            pytest.fail("initdb made nothing within ten seconds")
        other.kill()
        other.wait()
    assert not (home / "postgres").exists(), "the database came to its place before it was whole"

    server = embedded.start(home)

    assert ask(server, "SELECT 1") == "1"
    # What the killed start left running ends by itself; then the next start clears its folder.
    embedded.stop(server)
    for _ in range(500):
        if not any(p.name() == "initdb" for p in psutil.process_iter() if str(home) in _words(p)):
            break
        time.sleep(0.01)
    embedded.start(home)
    assert not list(home.glob(".postgres-initdb-*"))


def _words(process: psutil.Process) -> str:
    try:
        return " ".join(process.cmdline())
    except psutil.NoSuchProcess:
        return ""


# --- saying what is wrong ---


@copied
def test_database_of_another_major_version_is_named(home: Path) -> None:
    server = embedded.start(home)
    embedded.stop(server)
    (server.data / "PG_VERSION").write_text("16\n", "ascii")

    with pytest.raises(EmbeddedError, match=r"made by PostgreSQL 16.*brings PostgreSQL 18"):
        embedded.start(home)

    (server.data / "PG_VERSION").write_text("18\n", "ascii")
    assert ask(embedded.start(home), "SELECT 1") == "1"


def test_a_folder_with_something_else_in_it_is_left_alone(home: Path) -> None:
    precious = home / "postgres" / "thesis.txt"
    precious.parent.mkdir(parents=True)
    precious.write_text("chapter one", "utf-8")
    if AS_ROOT:
        shutil.chown(precious.parent, "nobody")

    with pytest.raises(EmbeddedError, match="holds something that is no PostgreSQL database"):
        embedded.start(home)

    assert precious.read_text("utf-8") == "chapter one"


@copied
def test_a_setting_that_postgresql_refuses_is_told_with_its_reason(home: Path) -> None:
    with pytest.raises(EmbeddedError, match=r"PostgreSQL did not start: .*max_connections"):
        embedded.start(home, settings={"max_connections": "many"})

    assert ask(embedded.start(home), "SHOW max_connections").isdecimal()


@copied
def test_a_frozen_server_is_named_instead_of_waited_for(home: Path) -> None:
    server = embedded.start(home)
    os.kill(server.pid, signal.SIGSTOP)
    try:
        with pytest.raises(EmbeddedError, match=rf"process {server.pid}\) runs .* does not answer"):
            embedded.start(home)
    finally:
        os.kill(server.pid, signal.SIGCONT)


def test_a_home_that_is_a_file_is_told(folder: Path) -> None:
    (folder / "file").write_text("", "utf-8")
    with pytest.raises(EmbeddedError, match=r"can't be made"):
        embedded.start(folder / "file" / "home")


@needs_root
def test_full_disk_is_told_before_initdb_and_at_start(tmpfs: Path) -> None:
    home = tmpfs / "home"
    filler = tmpfs / "filler"
    filler.write_bytes(bytes(200 * 1024 * 1024))
    with pytest.raises(EmbeddedError, match=r"disk that holds .* is full: 1\d\d MB are free"):
        embedded.start(home)
    assert not (home / "postgres").exists()

    filler.unlink()
    server = embedded.start(home)
    ask(server, "CREATE TABLE kept AS SELECT 7 AS id")
    embedded.stop(server)
    fill(filler)
    with pytest.raises(EmbeddedError, match=r"disk that holds .* is full: 0 MB are free"):
        embedded.start(home)

    filler.unlink()
    assert ask(embedded.start(home), "SELECT id FROM kept") == "7"


def fill(path: Path) -> None:
    """Take all that is left of a disk."""
    with path.open("wb", buffering=0) as file:
        try:
            while True:
                file.write(bytes(64 * 1024))
        except OSError:
            return


# --- as root ---


@copied
@needs_root
def test_root_drops_to_another_user_and_nobody_else_gets_in(home: Path) -> None:
    server = embedded.start(home)
    assert psutil.Process(server.pid).uids().real == server.account.uid != 0
    stranger = embedded_place.Account("daemon", 1, 1)
    command = [
        server.programs / "psql",
        "-h",
        server.socket_dir,
        "-U",
        "postgres",
        "-c",
        "SELECT 1",
    ]

    closed = stranger.run(command)
    assert closed.returncode != 0
    assert "Permission denied" in closed.stdout

    server.socket_dir.chmod(0o755)
    (server.socket_dir / embedded_place.SOCKET_NAME).chmod(0o777)
    opened = stranger.run(command)
    server.socket_dir.chmod(0o700)
    assert opened.returncode != 0
    assert 'Peer authentication failed for user "postgres"' in opened.stdout


@copied
@needs_root
def test_home_that_the_account_cannot_reach_gets_its_data_elsewhere(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(embedded_place, "SYSTEM_FOLDER", folder / "system")
    closed = folder / "closed"
    closed.mkdir(mode=0o700)
    home = closed / "home"

    server = embedded.start(home)

    assert server.data.parent.parent == folder / "system"
    assert (home / "postgres").resolve() == server.data
    assert any("can't reach" in note for note in server.notes)
    ask(server, "CREATE TABLE kept AS SELECT 7 AS id")
    assert embedded.stop(server)
    again = embedded.start(home)
    assert again.data == server.data
    assert not again.notes
    assert ask(again, "SELECT id FROM kept") == "7"
    embedded.remove(home)
    assert not list((folder / "system").iterdir())


@copied
@needs_root
def test_a_home_that_was_closed_later_is_never_replaced_by_an_empty_one(home: Path) -> None:
    server = embedded.start(home)
    embedded.stop(server)
    home.chmod(0o700)
    try:
        with pytest.raises(EmbeddedError, match=r"can't reach the database in .*chmod o\+x"):
            embedded.start(home)
    finally:
        home.chmod(0o711)


@needs_root
def test_programs_that_the_account_cannot_reach_are_copied(
    home: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = embedded_place._package()
    closed = folder / "closed"
    closed.mkdir(mode=0o700)
    shutil.copytree(package / "pginstall18", closed / package.name / "pginstall18")
    shutil.copytree(package.with_name(f"{package.name}.libs"), closed / f"{package.name}.libs")
    monkeypatch.setattr(embedded_place, "_package", lambda: closed / package.name)
    monkeypatch.setattr(embedded_place, "SYSTEM_FOLDER", folder / "system")

    server = embedded.start(home)

    assert server.programs.is_relative_to(folder / "system")
    assert any("runs from a copy" in note for note in server.notes)
    assert ask(server, "SELECT 1") == "1"
    assert server.account.run([server.programs / "pg_dump", "--version"]).returncode == 0


# --- the socket folder ---


def test_socket_folder_made_by_others_is_never_used(folder: Path) -> None:
    account = embedded_place.settle(folder).account
    ours = embedded_place.socket_folder(folder, account)
    ours.rmdir()
    try:
        ours.symlink_to(folder)
        second = embedded_place.socket_folder(folder, account)
        assert second != ours
        assert second.name == f"{ours.name}-1"
        second.rmdir()
        ours.unlink()

        ours.mkdir(mode=0o777)
        ours.chmod(0o777)
        third = embedded_place.socket_folder(folder, account)
        assert third != ours
        third.rmdir()
        ours.rmdir()
    finally:
        if ours.is_symlink():
            ours.unlink()


@needs_root
def test_socket_folder_of_another_user_is_never_used(folder: Path) -> None:
    account = embedded_place.settle(folder).account
    ours = embedded_place.socket_folder(folder, account)
    shutil.chown(ours, "daemon")
    other = embedded_place.socket_folder(folder, account)
    ours.rmdir()
    other.rmdir()
    assert other != ours


def test_socket_folder_is_in_the_runtime_folder_where_that_is_ours_and_short(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    me = embedded_place.Account("me", os.geteuid(), os.getegid())
    long = folder / ("x" * 100)
    long.mkdir()
    for runtime, base in ((folder, folder), (long, Path("/tmp")), (folder / "gone", Path("/tmp"))):
        monkeypatch.setenv("XDG_RUNTIME_DIR", str(runtime))
        made = embedded_place.socket_folder(folder, me)
        made.rmdir()
        assert made.parent == base


# --- small things ---


def test_a_user_without_a_name_is_told() -> None:
    with pytest.raises(EmbeddedError, match=r"user number 3999999 has no name"):
        embedded_place._known(3_999_999)


def test_machine_without_useradd_runs_it_as_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda tool: None)
    notes: list[str] = []
    assert embedded_place._make_system_user(notes).name == "nobody"
    assert notes == ["PostgreSQL does not run as root, so it runs as the user nobody."]


@copied
@needs_root
def test_a_database_that_belongs_to_root_is_told_how_to_hand_over(home: Path) -> None:
    server = embedded.start(home)
    embedded.stop(server)
    os.chown(server.data, 0, 0)
    with pytest.raises(EmbeddedError, match=rf"chown -R {server.account.name} {server.data}"):
        embedded.start(home)
    server.account.own(server.data)
    assert ask(embedded.start(home), "SELECT 1") == "1"


@copied
def test_url_quotes_what_names_may_contain(home: Path) -> None:
    server = embedded.start(home)
    ask(server, 'CREATE ROLE "a/b c" LOGIN')
    ask(server, 'CREATE DATABASE "x?y"')

    async def who() -> tuple[str, str]:
        connection = await asyncpg.connect(server.url("x?y", "a/b c"))
        row = await connection.fetchrow("SELECT current_user::text, current_database()::text")
        await connection.close()
        return tuple(row)

    assert asyncio.run(who()) == ("a/b c", "x?y")


@pytest.mark.parametrize(("memory", "expected"), [(1 << 29, 256), (2 << 30, 512), (64 << 30, 4096)])
def test_shared_buffers_are_a_quarter_within_bounds(memory: int, expected: int) -> None:
    assert embedded_config.shared_buffers(memory) == expected


def test_memory_of_a_container_counts(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    limit = folder / "memory.max"
    monkeypatch.setattr(embedded_config, "_CGROUP_LIMIT", limit)
    machine = psutil.virtual_memory().total
    assert embedded_config.memory() == machine
    limit.write_text("max\n", "ascii")
    assert embedded_config.memory() == machine
    limit.write_text("536870912\n", "ascii")
    assert embedded_config.memory() == 536_870_912


def test_default_home_is_named_or_in_the_clone() -> None:
    clone = Path(__file__).parents[2]
    assert embedded.default_home({"TENFOLD_HOME": "/srv/crm"}) == Path("/srv/crm")
    assert embedded.default_home({}) == clone / ".tenfold"
