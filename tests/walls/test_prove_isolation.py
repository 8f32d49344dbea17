"""`tenfold prove isolation` against a running installation, whole and with each kind of breach."""

from __future__ import annotations

import fcntl
import os
from collections.abc import AsyncIterator
from pathlib import Path

import anyio.to_thread
import asyncpg
import msgspec
import pytest
from tests import server as servers
from tests.conftest import settings_for
from tests.factories import Owner
from tests.served import Served
from tests.server import Base, Server

from tenfold.cli import prove as command
from tenfold.cli.installation import Installation
from tenfold.db.roles import Roles
from tenfold.kernel.errors import Unavailable
from tenfold.kernel.ids import new_id
from tenfold.proofs.evidence import FOLDER
from tenfold.proofs.findings import Findings
from tenfold.proofs.isolation import organisations
from tenfold.proofs.isolation.organisations import Noted
from tenfold.proofs.isolation.tables import OUTSIDE, try_tables

pytestmark = [pytest.mark.anyio, pytest.mark.untraced]
_COUNTS = """SELECT (SELECT count(*) FROM tenfold.tenants), (SELECT count(*) FROM tenfold.users),
(SELECT count(*) FROM tenfold.members), (SELECT count(*) FROM tenfold.leads),
(SELECT count(*) FROM tenfold.change_log), (SELECT count(*) FROM tenfold.versions),
(SELECT count(*) FROM jobs.job)"""


def _installation(base: Base, home: Path, port: int) -> Installation:
    """The installation of a database, as a command on its machine finds it."""
    roles = Roles.of(os.environ[servers.PREFIX])
    settings = msgspec.structs.replace(settings_for(base, home), port=port)
    return Installation(settings, base.admin_url, roles, base.passwords, None)


async def _proved(base: Base, home: Path, port: int, address: str = "") -> tuple[int, str]:
    said: list[str] = []
    installation = _installation(base, home, port)
    code = await anyio.to_thread.run_sync(
        command.isolation, installation, address, said.append, str
    )
    return code, "\n".join(said)


async def test_it_holds_and_leaves_nothing_behind_but_the_evidence(
    base: Base, served: Served, owner: Owner
) -> None:
    before = await owner.fetchrow(_COUNTS)
    code, said = await _proved(base, served.home, _port(served))
    assert code == 0, said
    assert "OPEN" not in said
    assert "It holds." in said
    assert await owner.fetchrow(_COUNTS) == before
    (path,) = (served.home / FOLDER / "isolation").glob("*.json")
    kept = msgspec.json.decode(path.read_bytes())
    assert (kept["proof"], kept["verdict"], kept["open"]) == ("isolation", "holds", [])
    assert kept["tried"]["ids in addresses"] > 200
    assert "Left out: DELETE /v1/auth/passkeys/{passkey_id}: a passkey is made by" in said
    assert path.stat().st_mode & 0o077 == 0
    assert not list((served.home / FOLDER).glob(".isolation-*"))


async def test_what_a_killed_run_left_is_taken_away_by_the_next(
    base: Base, owner: Owner, tmp_path: Path
) -> None:
    before = await owner.fetchrow(_COUNTS)
    home = tmp_path / FOLDER
    home.mkdir()
    side = organisations._side("ours")
    await organisations._make(base.app_url, side)
    await owner.execute(
        "INSERT INTO tenfold.leads (tenant_id, id, first_name, last_name) "
        "VALUES ($1, $2, 'a', 'b')",
        side.tenant,
        new_id(),
    )
    (home / ".isolation-dead").write_bytes(msgspec.json.encode(Noted([side.tenant], [side.user])))
    (home / ".isolation-begun").write_bytes(b"")
    going = home / ".isolation-alive"
    going.write_bytes(msgspec.json.encode(Noted([new_id()], [new_id()])))
    with going.open("rb") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        as_owner = organisations.Owner(base.migrate_url, base.roles.owner)
        assert await organisations.tidy(as_owner, tmp_path) == 2
    assert [path.name for path in home.iterdir()] == [".isolation-alive"]
    assert await owner.fetchrow(_COUNTS) == before


async def test_a_server_that_is_away_or_another_one_is_told(
    base: Base, served: Served, tmp_path: Path
) -> None:
    with pytest.raises(Unavailable, match="No Tenfold answers"):
        await _proved(base, tmp_path, 9)
    with pytest.raises(Unavailable, match="does not know whom this command made"):
        await _proved(base, tmp_path, 8_000, served.address)
    assert [path.name for path in (tmp_path / FOLDER).iterdir()] == []


def _port(served: Served) -> int:
    return int(served.address.rpartition(":")[2])


def test_what_could_not_be_tried_is_not_proven() -> None:
    assert Findings().verdict == "unproven"
    found = Findings()
    found.hold("rows seen", True, "")
    assert found.verdict == "holds"
    found.left_out.append("a passkey")
    assert found.verdict == "holds"
    found.untried.append("a table")
    assert found.verdict == "unproven"
    found.hold("rows seen", False, "1 row is seen")
    assert found.verdict == "open"


# -- breaches in the database


@pytest.fixture(scope="module")
async def patient(server: Server, anyio_backend: str) -> AsyncIterator[tuple[Base, Owner]]:
    """A copy of the database, to be damaged and mended again and again."""
    async with server.database() as base:
        connection = await asyncpg.connect(base.admin_url, statement_cache_size=0)
        yield base, connection
        await connection.close()


_MINE = "tenant_id = current_setting('app.tenant_id')::uuid"
_DEFINER = (
    "CREATE FUNCTION tenfold.rogue() RETURNS int LANGUAGE sql SECURITY DEFINER {} AS 'SELECT 1'"
)


@pytest.mark.parametrize(
    ("script", "mend", "saying"),
    [
        (
            "ALTER TABLE tenfold.leads DISABLE ROW LEVEL SECURITY",
            "ALTER TABLE tenfold.leads ENABLE ROW LEVEL SECURITY",
            [
                "Row security is off on tenfold.leads.",
                "1 rows of tenfold.leads are seen by another tenant.",
                "1 rows of tenfold.leads are seen by nobody.",
                "1 rows of tenfold.leads are changed by another tenant.",
                "1 rows of tenfold.leads are deleted by another tenant.",
                "A row of tenfold.leads is made for others by another tenant.",
            ],
        ),
        (
            "ALTER TABLE tenfold.change_log DISABLE ROW LEVEL SECURITY",
            "ALTER TABLE tenfold.change_log ENABLE ROW LEVEL SECURITY",
            ["Row security is off on tenfold.change_log.", "rows of tenfold.change_log are seen"],
        ),
        (
            "DROP POLICY tenant ON tenfold.members",
            f"CREATE POLICY tenant ON tenfold.members USING ({_MINE}) WITH CHECK ({_MINE})",
            ["tenfold.members has no policy"],
        ),
        (
            "CREATE POLICY extra ON tenfold.slots FOR SELECT USING (true)",
            "DROP POLICY extra ON tenfold.slots",
            ["The policy extra of tenfold.slots lets through true", "tenfold.slots are seen by"],
        ),
        (
            "ALTER POLICY tenant ON tenfold.teams WITH CHECK (true)",
            f"ALTER POLICY tenant ON tenfold.teams WITH CHECK ({_MINE})",
            ["The policy tenant of tenfold.teams", "A row of tenfold.teams is made for others"],
        ),
        (
            "ALTER TABLE tenfold.notes OWNER TO :app",
            "ALTER TABLE tenfold.notes OWNER TO :owner",
            ["owns the table tenfold.notes", "rows of tenfold.notes are seen by another tenant"],
        ),
        (
            _DEFINER.format(""),
            "DROP FUNCTION tenfold.rogue()",
            ["tenfold.rogue() runs as its owner and looks in whatever is set"],
        ),
        (
            _DEFINER.format("SET search_path = tenfold, public"),
            "DROP FUNCTION tenfold.rogue()",
            ["tenfold.rogue() runs as its owner and looks in tenfold, public"],
        ),
        (
            "GRANT TRUNCATE ON tenfold.leads TO :app",
            "REVOKE TRUNCATE ON tenfold.leads FROM :app",
            ["tenfold.leads may be truncated"],
        ),
        (
            """CREATE VIEW tenfold.everybody AS SELECT * FROM tenfold.leads;
            GRANT SELECT ON tenfold.everybody TO :app""",
            "DROP VIEW tenfold.everybody",
            ["The view tenfold.everybody shows rows past row security."],
        ),
        (
            """CREATE TABLE tenfold.forgotten (tenant_id uuid NOT NULL);
            GRANT SELECT, INSERT ON tenfold.forgotten TO :app""",
            "DROP TABLE tenfold.forgotten",
            ["Row security is off on tenfold.forgotten.", "tenfold.forgotten are seen by"],
        ),
        (
            "GRANT CREATE ON SCHEMA tenfold TO :app",
            "REVOKE CREATE ON SCHEMA tenfold FROM :app",
            ["may make things in tenfold"],
        ),
    ],
    ids=lambda value: value[:50].replace("tenfold.", "") if isinstance(value, str) else "",
)
async def test_a_breach_in_the_database_is_named(
    patient: tuple[Base, Owner], script: str, mend: str, saying: list[str]
) -> None:
    base, connection = patient
    names = {":app": base.roles.app, ":owner": base.roles.owner}

    async def run(text: str) -> None:
        for name, role in names.items():
            text = text.replace(name, role)
        await connection.execute(text)

    await run(script)
    try:
        found = Findings()
        await try_tables(base.app_url, found)
    finally:
        await run(mend)
    told = "\n".join(found.open)
    assert [one for one in saying if one not in told] == [], told


async def test_a_role_that_may_more_is_told(base: Base) -> None:
    """That of the owner's member, and a superuser, in the place of the application's."""
    found = Findings()
    await try_tables(base.admin_url, found)
    assert any("has SUPER" in one for one in found.open)
    assert any("has BYPASSRLS" in one for one in found.open)
    found = Findings()
    await try_tables(base.migrate_url, found)
    assert any(f"may act as {base.roles.owner}" in one for one in found.open)


async def test_every_table_with_a_tenant_is_tried(base: Base, owner: Owner) -> None:
    found = Findings()
    await try_tables(base.app_url, found)
    assert found.open == []
    assert found.untried == [], "a row of each table can be made"
    secured = await owner.fetchval("SELECT count(*) FROM pg_class WHERE relrowsecurity")
    assert found.tried["rows seen"] == 2 * secured
    gone = [n for n in OUTSIDE if not await owner.fetchval("SELECT to_regclass($1)", n)]
    assert gone == [], "tables that are there no more"
