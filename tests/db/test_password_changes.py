"""The database's password changes under a running application, and no request fails for it."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import asyncpg
import msgspec
import pytest
from tests import server as servers
from tests.conftest import Running, Serve
from tests.factories import Owner, Somebody
from tests.server import Base

from tenfold.db import roles
from tenfold.db.database import Database
from tenfold.db.lender import gone
from tenfold.kernel.settings import Settings
from tenfold.outside.secrets import current as currents

pytestmark = pytest.mark.anyio


@dataclass
class Role:
    """A role with the application's rights that the server knows by its password alone."""

    name: str
    owner: Owner
    base: Base
    secret: Path
    """Where the application finds its address."""

    def url(self, word: str) -> str:
        return roles.as_role(self.base.admin_url, self.name, word)

    async def changes(self, word: str) -> None:
        """The server takes another password from now on."""
        await self.owner.execute(f"ALTER ROLE {self.name} PASSWORD '{word}'")

    def keeps(self, word: str) -> None:
        """The source of secrets says another password from now on."""
        self.secret.write_text(self.url(word))

    async def cut_off(self, database: Database | None = None) -> None:
        """End the connections that there are, and wait until the application has seen it."""
        open_now = [one for one, _ in database._lender._free] if database else []
        ended = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = $1"
        await self.owner.execute(ended, self.name)
        for _ in range(1_000):
            if all(map(gone, open_now)):
                return
            await asyncio.sleep(0.005)
        raise AssertionError("a connection lives on")


@pytest.fixture
async def role(base: Base, owner: Owner, tmp_path: Path) -> AsyncIterator[Role]:
    name = f"{base.roles.app}_{secrets.token_hex(3)}"
    await owner.execute(f"CREATE ROLE {name} LOGIN PASSWORD 'one' IN ROLE {base.roles.app}")
    rules = Path(await owner.fetchval("SHOW hba_file"))
    rule = f"local all {name} scram-sha-256\n"
    if not servers.given():  # the embedded server knows its users by the socket
        _replace(rules, "", rule)
        await owner.execute("SELECT pg_reload_conf()")
    made = Role(name, owner, base, tmp_path / "app_database_url")
    made.keeps("one")
    await _refuses(made.url("wrong"))
    yield made
    await made.cut_off()
    if not servers.given():
        _replace(rules, rule, "")
        await owner.execute("SELECT pg_reload_conf()")
    await owner.execute(f"DROP ROLE {name}")


def _replace(path: Path, old: str, new: str) -> None:
    path.write_text(path.read_text().replace(old, new, 1))


async def _refuses(url: str) -> None:
    """Wait until the server asks for the password, as it does after it has read its rules."""
    for _ in range(500):
        try:
            await (await asyncpg.connect(url)).close()
        except asyncpg.InvalidPasswordError:
            return
        except asyncpg.PostgresError:
            pass
        await asyncio.sleep(0.01)
    raise AssertionError("the server takes any password")


@pytest.fixture
async def running(
    settings: Settings, serve: Serve, role: Role, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Running]:
    """An application that finds its database's address in a file."""
    monkeypatch.setattr(currents, "_NOT_AGAIN", 0.0)
    chosen = msgspec.structs.replace(
        settings,
        app_database_url=role.url("one"),
        secrets_from=f"file://{role.secret.parent}",
        secrets_refresh_seconds=0,
    )
    async with serve(chosen) as found:
        yield found


async def statuses(running: Running, who: Somebody, number: int = 12) -> set[int]:
    """What so many requests at once are answered."""
    asked = [running.client.get("/v1/leads?limit=1", headers=who.headers) for _ in range(number)]
    return {answer.status_code for answer in await asyncio.gather(*asked)}


async def test_no_request_fails_when_the_password_changes(
    running: Running, role: Role, admin: Somebody
) -> None:
    """Nobody has looked yet: the first connection that is refused makes it look."""
    assert await statuses(running, admin) == {200}
    for word in ("two", "three"):
        await role.changes(word)
        role.keeps(word)
        assert await statuses(running, admin) == {200}
        await role.cut_off(running.desk.database)
        assert await statuses(running, admin) == {200}
    assert running.app.app.state.current.settings.app_database_url == role.url("three")


async def test_open_connections_serve_all_until_the_new_password_is_known(
    running: Running, role: Role, admin: Somebody
) -> None:
    assert await statuses(running, admin, 1) == {200}
    await role.changes("two")
    assert await statuses(running, admin) == {200}
    role.keeps("two")
    assert await statuses(running, admin) == {200}


async def test_connections_are_made_anew_after_a_change(
    running: Running, role: Role, admin: Somebody
) -> None:
    """What was opened with the old password does not outlive it by long."""
    assert await statuses(running, admin) == {200}
    await role.changes("two")
    role.keeps("two")
    before = await _connections(role)
    await running.app.app.state.current.look()
    assert await statuses(running, admin) == {200}
    for _ in range(500):
        if not before & await _connections(role):
            break
        await asyncio.sleep(0.01)
    assert before
    assert not before & await _connections(role)


async def test_a_connection_in_use_is_closed_when_it_is_given_back(
    running: Running, admin: Somebody
) -> None:
    database, mine = running.desk.database, "SELECT pg_backend_pid()"
    async with database.read(admin.tenant) as reader:
        await database.renew()
        before = await reader.value(mine)
    async with database.read(admin.tenant) as reader:
        assert await reader.value(mine) != before


async def _connections(role: Role) -> set[int]:
    found = await role.owner.fetch("SELECT pid FROM pg_stat_activity WHERE usename = $1", role.name)
    return {row[0] for row in found}
