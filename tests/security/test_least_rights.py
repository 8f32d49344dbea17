"""What the roles and keys of an installation may do: no more than their work takes."""

from __future__ import annotations

import stat
from pathlib import Path

import asyncpg
import pytest
from tests.server import Base

from tenfold.db import roles
from tenfold.db.keys import Keyring

pytestmark = pytest.mark.anyio

_ROLES = """SELECT rolname, rolsuper OR rolcreaterole OR rolcreatedb OR rolbypassrls
OR rolreplication AS mighty FROM pg_roles WHERE rolname = ANY ($1)"""
_OWNS = """SELECT c.oid::regclass::text FROM pg_class c JOIN pg_roles r ON r.oid = c.relowner
WHERE r.rolname = ANY ($1)
UNION ALL SELECT p.oid::regprocedure::text FROM pg_proc p JOIN pg_roles r ON r.oid = p.proowner
WHERE r.rolname = ANY ($1)"""
_FORBIDDEN = [
    "UPDATE tenfold.security_events SET event_type = 'logout'",
    "DELETE FROM tenfold.security_events",
    "UPDATE tenfold.change_log SET actor_id = NULL",
    "DELETE FROM tenfold.change_log",
    "INSERT INTO tenfold.change_log DEFAULT VALUES",
    "TRUNCATE tenfold.leads",
    "TRUNCATE tenfold.security_events",
    "ALTER TABLE tenfold.leads DISABLE ROW LEVEL SECURITY",
    "ALTER TABLE tenfold.leads DISABLE TRIGGER ALL",
    "DROP TABLE tenfold.leads",
    "CREATE TABLE tenfold.mine (x int)",
    "CREATE FUNCTION tenfold.mine() RETURNS int LANGUAGE sql AS 'SELECT 1'",
    "COPY tenfold.leads TO PROGRAM 'cat'",
    "SELECT pg_read_file('/etc/passwd')",
]


async def test_the_applications_role_owns_nothing_and_is_nobody(base: Base) -> None:
    ours = [base.roles.app, base.roles.tail]
    admin = await asyncpg.connect(base.admin_url)
    try:
        found = {row[0]: row[1] for row in await admin.fetch(_ROLES, ours)}
        owned = await admin.fetch(_OWNS, ours)
    finally:
        await admin.close()
    assert found == dict.fromkeys(ours, False)
    assert [row[0] for row in owned] == []


@pytest.mark.parametrize("statement", _FORBIDDEN)
async def test_what_the_applications_role_may_not(base: Base, statement: str) -> None:
    for url in (base.app_url, base.as_role(base.roles.tail)):
        connection = await asyncpg.connect(url)
        try:
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await connection.execute(statement)
        finally:
            await connection.close()


def test_keys_are_made_once_and_for_their_owner_alone(tmp_path: Path) -> None:
    made = [Keyring.of(tmp_path).derive("x"), Keyring.of(tmp_path).derive("x")]
    words = roles.passwords(tmp_path, roles.Roles.of("tenfold"))
    assert made[0] == made[1]
    assert made[0] != Keyring.of(tmp_path / "other").derive("x")
    assert len(set(words.values())) == len(words) == 3
    assert all(len(word) >= 43 for word in words.values())
    assert words == roles.passwords(tmp_path, roles.Roles.of("tenfold"))
    assert words != roles.passwords(tmp_path / "other", roles.Roles.of("tenfold"))
    for path in [tmp_path / "keys", *(tmp_path / "keys").iterdir()]:
        assert stat.S_IMODE(path.stat().st_mode) & 0o077 == 0, path.name
