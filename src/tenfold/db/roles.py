"""The database's roles: one owns all tables, one migrates, one serves, one reads the log.

The application's role owns nothing and can't bypass row security; without a tenant set it sees
none (`ALTER ROLE … SET app.tenant_id`), never an error and never the previous one's.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import secrets
from collections.abc import Container, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote, urlsplit, urlunsplit

import asyncpg

from tenfold.db.private_file import kept
from tenfold.kernel.errors import Unavailable
from tenfold.kernel.ids import NIL

SCHEMA = "tenfold"
_MARK = "Tenfold installation"
_COMMENT = """SELECT shobj_description(oid, 'pg_authid') FROM pg_roles WHERE rolname = $1"""
_SCHEMA_OWNER = "SELECT nspowner::regrole::text FROM pg_namespace WHERE nspname = $1"


if TYPE_CHECKING:
    Connection = asyncpg.Connection[asyncpg.Record]


@dataclass(frozen=True, slots=True)
class Roles:
    """The names of an installation's roles."""

    owner: str
    migrate: str
    app: str
    tail: str

    @classmethod
    def of(cls, prefix: str) -> Roles:
        """The roles with a prefix; raises where the prefix can't be part of a name."""
        if not prefix.replace("_", "").isalnum() or not prefix.islower() or len(prefix) > 40:
            raise ValueError("TENFOLD_ROLE_PREFIX takes lower-case letters, digits and _")
        return cls(f"{prefix}_owner", f"{prefix}_migrate", f"{prefix}_app", f"{prefix}_tail")


async def ensure(
    admin_url: str,
    roles: Roles,
    passwords: Mapping[str, str] | None = None,
    kept_elsewhere: Container[str] = (),
) -> None:
    """Make the roles and the schema where they are missing; raises Unavailable with what to do.

    Needs a role that may create roles and schemas. `passwords` are this installation's; without
    them (the embedded server) the roles are known by the socket and nobody else's. Of roles
    `kept_elsewhere` the password is somebody else's to set.
    """
    connection = await _connected(admin_url)
    try:
        number = connection.get_server_version().major
        if number < 15:
            raise Unavailable(f"The database is PostgreSQL {number}; Tenfold needs 15 or newer.")
        # Two installations that start at once on one server take turns.
        await connection.execute("SELECT pg_advisory_lock(20261121)")
        mark = _mark(roles, passwords or {})
        await _ours(connection, roles, mark)
        ours = {
            name: word for name, word in (passwords or {}).items() if name not in kept_elsewhere
        }
        await _roles(connection, roles, ours)
        if mark:
            await connection.execute(f"COMMENT ON ROLE {roles.app} IS '{mark}'")
        await _schema(connection, roles)
    finally:
        await connection.close()


async def _connected(admin_url: str) -> Connection:
    try:
        return await asyncpg.connect(admin_url, timeout=10)
    except asyncpg.PostgresError as error:
        raise Unavailable(f"The database refuses the connection: {error}.") from error
    except asyncpg.InterfaceError as error:  # such as an unknown sslmode
        raise Unavailable(f"DATABASE_URL can't be used: {error}.") from error
    except OSError as error:  # TimeoutError among them
        where = urlsplit(admin_url).netloc.rpartition("@")[2] or "its socket"
        raise Unavailable(f"No PostgreSQL answers at {where} ({_why(error)}).") from error


def _why(error: OSError) -> str:
    # asyncio puts a sentence of its own where the system's would be.
    known = os.strerror(error.errno) if error.errno and error.errno > 0 else error.strerror
    return known or str(error) or "it said nothing within 10 seconds"


def _mark(roles: Roles, passwords: Mapping[str, str]) -> str:
    """What tells this installation's roles from those of another; empty on its own server."""
    word = passwords.get(roles.app)
    return f"{_MARK} {hashlib.sha256(word.encode()).hexdigest()[:16]}" if word else ""


async def _ours(connection: Connection, roles: Roles, mark: str) -> None:
    """Raise Unavailable where roles or tables of these names are another installation's."""
    found = await connection.fetchval(_COMMENT, roles.app)
    if mark and found and found.startswith(_MARK) and found != mark:
        raise Unavailable(
            f"The roles {roles.app} … of this PostgreSQL belong to another installation; "
            f"give this one another database and TENFOLD_ROLE_PREFIX. (If it is the same one and "
            f"its folder was lost, hand them over: COMMENT ON ROLE {roles.app} IS NULL.)"
        )
    owner = await connection.fetchval(_SCHEMA_OWNER, SCHEMA)
    if owner not in {None, roles.owner}:
        raise Unavailable(
            f"The database holds the tables of another installation, owned by {owner}; "
            f"choose another database in DATABASE_URL."
        )


async def _roles(connection: Connection, roles: Roles, passwords: Mapping[str, str]) -> None:
    try:
        for role in (roles.owner, roles.migrate, roles.app, roles.tail):
            await _role(connection, role, passwords.get(role, ""), login=role != roles.owner)
        await connection.execute(f"GRANT {roles.owner} TO {roles.migrate}")
        await connection.execute(f"GRANT {roles.owner} TO CURRENT_USER")
    except asyncpg.InsufficientPrivilegeError as error:
        me = await connection.fetchval("SELECT current_user")
        raise Unavailable(
            f"The role {me} of DATABASE_URL may not make or change the roles {roles.owner} … "
            f"({error}); let a superuser run: ALTER ROLE {me} CREATEROLE."
        ) from error


async def _role(connection: Connection, role: str, password: str, *, login: bool) -> None:
    if not await connection.fetchval("SELECT 1 FROM pg_roles WHERE rolname = $1", role):
        kind = "LOGIN" if login else "NOLOGIN"
        # Another database's lock does not hold us back: an installation there may be faster.
        with contextlib.suppress(asyncpg.DuplicateObjectError, asyncpg.UniqueViolationError):
            await connection.execute(
                f"CREATE ROLE {role} {kind} NOSUPERUSER NOBYPASSRLS NOCREATEROLE NOCREATEDB"
            )
    if password:
        word = password.replace("'", "")
        await connection.execute(f"ALTER ROLE {role} PASSWORD '{word}'")
    if login:
        await connection.execute(f"ALTER ROLE {role} SET search_path = {SCHEMA}, public")
        # A setting of our own is a superuser's to give; each connection of ours brings it along.
        with contextlib.suppress(asyncpg.InsufficientPrivilegeError):
            await connection.execute(f"ALTER ROLE {role} SET app.tenant_id = '{NIL}'")


async def _schema(connection: Connection, roles: Roles) -> None:
    database = await connection.fetchval("SELECT quote_ident(current_database())")
    try:
        await connection.execute(
            f"CREATE SCHEMA IF NOT EXISTS {SCHEMA} AUTHORIZATION {roles.owner}"
        )
        await connection.execute(f"GRANT CREATE, TEMPORARY ON DATABASE {database} TO {roles.owner}")
    except asyncpg.InsufficientPrivilegeError as error:
        me = await connection.fetchval("SELECT current_user")
        raise Unavailable(
            f"The role {me} of DATABASE_URL may not make schemas in the database {database} "
            f"({error}); let a superuser run: ALTER DATABASE {database} OWNER TO {me}."
        ) from error


def as_role(url: str, role: str, password: str | None = None) -> str:
    """The same address with another role."""
    parts = urlsplit(url)
    host = parts.netloc.rpartition("@")[2]
    word = f":{quote(password, safe='')}" if password else ""
    query = "&".join(
        p for p in parts.query.split("&") if p and not p.startswith(("user=", "password="))
    )
    return urlunsplit((parts.scheme, f"{role}{word}@{host}", parts.path, query, ""))


def passwords(home: Path, roles: Roles) -> dict[str, str]:
    """The roles' passwords of this installation, made once and kept in a private file."""

    def make() -> str:
        logins = (roles.migrate, roles.app, roles.tail)
        return json.dumps({role: secrets.token_urlsafe(32) for role in logins})

    return json.loads(kept(home / "keys" / "database.json", make))
