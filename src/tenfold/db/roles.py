"""The database's roles: one owns all tables, one migrates, one serves, one reads the log.

The application's role owns nothing and can't bypass row security; without a tenant set it sees
none (`ALTER ROLE … SET app.tenant_id`), never an error and never the previous one's.
"""

from __future__ import annotations

import json
import os
import secrets
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote, urlsplit, urlunsplit

import asyncpg

from tenfold.kernel.errors import Unavailable
from tenfold.kernel.ids import NIL

SCHEMA = "tenfold"


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


async def ensure(admin_url: str, roles: Roles, passwords: dict[str, str] | None = None) -> None:
    """Make the roles and the schema where they are missing; needs a role that may create roles."""
    try:
        connection = await asyncpg.connect(admin_url, timeout=10)
    except (OSError, asyncpg.PostgresError, TimeoutError) as error:
        raise Unavailable(f"The database does not answer: {error}") from error
    try:
        number = connection.get_server_version().major
        if number < 15:
            raise Unavailable(f"The database is PostgreSQL {number}; Tenfold needs 15 or newer.")
        # Two installations that start at once on one server take turns.
        await connection.execute("SELECT pg_advisory_lock(20261121)")
        await _roles(connection, roles, passwords or {})
        await connection.execute(
            f"CREATE SCHEMA IF NOT EXISTS {SCHEMA} AUTHORIZATION {roles.owner}"
        )
    except asyncpg.InsufficientPrivilegeError as error:
        raise Unavailable(
            f"DATABASE_URL must name a role that may create roles and schemas: {error}"
        ) from error
    finally:
        await connection.close()


async def _roles(
    connection: asyncpg.Connection[asyncpg.Record], roles: Roles, passwords: dict[str, str]
) -> None:
    found = {r["rolname"] for r in await connection.fetch("SELECT rolname FROM pg_roles")}
    for role in (roles.owner, roles.migrate, roles.app, roles.tail):
        login = "NOLOGIN" if role == roles.owner else "LOGIN"
        if role not in found:
            await connection.execute(
                f"CREATE ROLE {role} {login} NOSUPERUSER NOBYPASSRLS NOCREATEROLE NOCREATEDB"
            )
        if role in passwords:
            word = passwords[role].replace("'", "")
            await connection.execute(f"ALTER ROLE {role} PASSWORD '{word}'")
        if role != roles.owner:
            await connection.execute(f"ALTER ROLE {role} SET app.tenant_id = '{NIL}'")
            await connection.execute(f"ALTER ROLE {role} SET search_path = {SCHEMA}, public")
    await connection.execute(f"GRANT {roles.owner} TO {roles.migrate}")
    await connection.execute(f"GRANT {roles.owner} TO CURRENT_USER")
    database = await connection.fetchval("SELECT quote_ident(current_database())")
    await connection.execute(f"GRANT CREATE, TEMPORARY ON DATABASE {database} TO {roles.owner}")


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
    path = home / "keys" / "database.json"
    if path.exists():
        return json.loads(path.read_text())
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    made = {r: secrets.token_urlsafe(32) for r in (roles.migrate, roles.app, roles.tail)}
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as file:
        json.dump(made, file)
    return made
