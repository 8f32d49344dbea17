"""Keeps today's database as a state that later migrations are tried on.

    python tools/state.py        starts a PostgreSQL of its own, migrates it, makes the demo
                                 organisation and what people add to one (fields and types of
                                 their own, secrets, imports, an undo), and writes it as SQL to
                                 tests/states/REVISION.sql.gz

Run it when an issue is done: a state is written once and never again, for it stands for databases
that people have. `tests/conformance/test_earlier_states.py` migrates each of them.
"""

from __future__ import annotations

import asyncio
import gzip
import os
import re
import shutil
import subprocess
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import asyncpg
import httpx
from pyotp.totp import TOTP

from tenfold.app import Parts, create_app, parts
from tenfold.audit.logs import LOGS
from tenfold.audit.sealing import Sealer, stamp_key
from tenfold.db import embedded, migrate, roles
from tenfold.db.embedded import Server
from tenfold.db.migrate import PLACEHOLDERS
from tenfold.db.roles import Roles
from tenfold.demo import seed
from tenfold.demo.staff import EMAIL, PASSWORD
from tenfold.kernel.settings import Settings

FOLDER = Path(__file__).resolve().parent.parent / "tests" / "states"
ROLES = Roles.of("tenfold_state")
DAY = datetime(2026, 11, 20, 12, tzinfo=UTC)
KEY = "5e" * 32
"""The master key of every state: no secret, for all that it seals is made up."""
_SCHEMAS = ("tenfold", "jobs")
_FAST = {"fsync": "off", "autovacuum": "off"}


def main() -> int:
    """Write the state of the newest revision."""
    path = FOLDER / f"{migrate.head()}.sql.gz"
    if path.exists():
        raise SystemExit(f"{path} stands for databases that people have; it stays as it is.")
    home = Path(tempfile.mkdtemp(prefix="tenfold-state-")).resolve()
    home.chmod(0o755)  # the account that PostgreSQL runs as must reach it
    try:
        server = embedded.start(home, settings=_FAST)
        asyncio.run(_fill(server, home))
        path.parent.mkdir(exist_ok=True)
        with path.open("wb") as file, gzip.GzipFile("", "wb", 9, file, mtime=0) as packed:
            packed.write(_dumped(server).encode())
    finally:
        embedded.remove(home)
        shutil.rmtree(home, ignore_errors=True)
    print(path)
    return 0


async def _fill(server: Server, home: Path) -> None:
    url = await _database(server)
    (home / "keys").mkdir()
    (home / "keys" / "master.key").write_text(KEY)
    (home / "keys" / "master.key").chmod(0o600)
    settings = Settings(
        home=str(home),
        database_url=url,
        app_database_url=roles.as_role(url, ROLES.app),
        tail_database_url=roles.as_role(url, ROLES.tail),
        role_prefix="tenfold_state",
        rate_per_minute=0,
        rate_anonymous=0,
        log_level="ERROR",
    )
    made = parts(settings)
    database = await made.database(seconds=60)
    await seed(database, made.registry, made.records, at=DAY)
    await database.close()
    edge = create_app(settings)
    transport = httpx.ASGITransport(edge)  # pyright: ignore[reportArgumentType]
    inside: Any = edge.app
    async with (
        inside.lifespan(),
        httpx.AsyncClient(transport=transport, base_url=settings.address) as client,
    ):
        await _add(_Owner(client))
        await _arrange(_Owner(client))
        await _protect(_Owner(client))
    await _seal(made)


async def _database(server: Server) -> str:
    connection = await asyncpg.connect(server.url())
    try:
        await connection.execute("CREATE DATABASE state LOCALE 'C' TEMPLATE template0")
    finally:
        await connection.close()
    url = server.url("state")
    await roles.ensure(url, ROLES)
    await migrate.upgrade(roles.as_role(url, ROLES.migrate), ROLES)
    return url


class _Owner:
    """The demo organisation's owner at the API."""

    def __init__(self, client: httpx.AsyncClient) -> None:
        self.client, self.headers = client, dict[str, str]()

    async def ask(self, method: str, path: str, body: object = None) -> Any:
        """Send a request that must succeed; answers its data."""
        answer = await self.client.request(method, path, json=body, headers=self.headers)
        if not answer.is_success:
            raise SystemExit(f"{method} {path}: {answer.status_code} {answer.text[:500]}")
        return answer.json()["data"]


async def _add(owner: _Owner) -> None:
    """What people add to an organisation, as far as the API of every state can."""
    signed = await owner.ask("POST", "/v1/auth/login", {"email": EMAIL, "password": PASSWORD})
    owner.headers["authorization"] = f"Bearer {signed['token']}"
    await owner.client.post("/v1/auth/login", json={"email": EMAIL, "password": "wrong one"})
    field = {"type": "lead", "name": "pets", "label": "Pets", "kind": "integer"}
    await owner.ask("POST", "/v1/custom-fields", field)
    leads = await owner.ask("GET", "/v1/leads?limit=3")
    for pets, lead in enumerate(leads):
        await owner.ask("PATCH", f"/v1/leads/{lead['id']}", {"custom": {"pets": pets}})
    await owner.ask("POST", "/v1/types", {"name": "vehicles", "label": "Vehicle"})
    await owner.ask(
        "POST", "/v1/custom/vehicles/bulk", {"records": [{"name": "Van"}, {"name": "Bus"}]}
    )
    listing = (await owner.ask("GET", "/v1/listings?limit=1"))[0]
    await owner.ask("PATCH", f"/v1/listings/{listing['id']}", {"lockbox_code": "4711 heron"})
    grants = {"lead": {"read": "team", "update": "own", "hide": ["budget"]}}
    await owner.ask("POST", "/v1/roles", {"name": "scout", "grants": grants})
    people = await owner.ask("GET", "/v1/members?limit=100&role=member")
    await owner.ask("PATCH", f"/v1/members/{people[0]['id']}", {"roles": ["scout"]})
    records = [{"first_name": "Undone", "last_name": f"Person {n}"} for n in range(5)]
    await owner.ask("POST", "/v1/contacts/bulk", {"records": records})
    batch = (await owner.ask("GET", "/v1/batches?limit=1"))[0]
    await owner.ask("POST", f"/v1/batches/{batch['id']}/undo")
    await owner.ask("DELETE", f"/v1/leads/{leads[-1]['id']}")


async def _arrange(owner: _Owner) -> None:
    """How people arrange their work: views, stages, what they follow, tags, their language."""
    signed = await owner.ask("POST", "/v1/auth/login", {"email": EMAIL, "password": PASSWORD})
    owner.headers["authorization"] = f"Bearer {signed['token']}"
    view = {"name": "Hot ones", "path": "leads", "parameters": "status=hot&sort=-score"}
    await owner.ask("POST", "/v1/saved_views", view)
    stages = {"stages": {"hot": {"label": "On fire", "hue": "red", "stuck_after_days": 3}}}
    await owner.ask("PUT", "/v1/pipelines/lead", stages)
    lead = (await owner.ask("GET", "/v1/leads?limit=1"))[0]
    await owner.ask("POST", f"/v1/leads/{lead['id']}/followers")
    await owner.ask("POST", "/v1/tags", {"name": "Kept", "colour": "purple"})
    await owner.ask("PATCH", "/v1/auth/me", {"language": "de"})


async def _protect(owner: _Owner) -> None:
    """What people do for accounts, access and programs."""
    signed = await owner.ask("POST", "/v1/auth/login", {"email": EMAIL, "password": PASSWORD})
    owner.headers["authorization"] = f"Bearer {signed['token']}"
    people = await owner.ask("GET", "/v1/members?limit=100&role=member")
    team = (await owner.ask("GET", "/v1/teams"))[0]
    await owner.ask("POST", "/v1/teams", {"name": "North", "parent_id": team["id"]})
    await owner.ask("POST", "/v1/invitations", {"email": "colleague@example.com"})
    lead = (await owner.ask("GET", "/v1/leads?limit=1"))[0]
    share = {"user_id": people[1]["id"], "may": "read"}
    await owner.ask("POST", f"/v1/leads/{lead['id']}/shares", share)
    program = await owner.ask("POST", "/v1/service-accounts", {"name": "Nightly export"})
    key = {"name": "Export", "scopes": ["lead:read"], "user_id": program["id"]}
    made = await owner.ask("POST", "/v1/api-keys", key)
    await owner.ask("POST", f"/v1/api-keys/{made['id']}/rotate")
    await owner.ask("PATCH", "/v1/organization/policy", {"mfa_grace_days": 30})
    await owner.ask("POST", "/v1/organization/data-keys")
    # A second factor of somebody else's: the owner signs in by password alone, in every state.
    careful = {"email": people[0]["email"], "password": PASSWORD}
    signed = await owner.ask("POST", "/v1/auth/login", careful)
    owner.headers["authorization"] = f"Bearer {signed['token']}"
    secret = (await owner.ask("POST", "/v1/auth/totp"))["secret"]
    await owner.ask("POST", "/v1/auth/totp/confirm", {"code": TOTP(secret).now()})


async def _seal(made: Parts) -> None:
    """Seal the log, as a worker would."""
    database = await made.database(seconds=60)
    tail = await made.database("tail_database_url", seconds=60)
    sealer = Sealer(tail, await stamp_key(made.keyring, database))
    for log in LOGS:
        while await sealer.step(log):
            pass
    await tail.close()
    await database.close()


def _dumped(server: Server) -> str:
    """The database as SQL with `:app` … for its roles, as one script that any client runs."""
    command = [
        server.programs / "pg_dump",
        f"--dbname={server.url('state')}",
        *(f"--schema={name}" for name in _SCHEMAS),
        "--inserts",
        "--rows-per-insert=200",
    ]
    found = subprocess.run(
        command, capture_output=True, check=True, text=True, env=dict(os.environ)
    )
    kept = [line for line in found.stdout.splitlines() if not _is_clients(line)]
    script = "\n".join(kept) + "\n"
    for word in PLACEHOLDERS:
        script = re.sub(rf"\b{getattr(ROLES, word)}\b", f":{word}", script)
    return script


def _is_clients(line: str) -> bool:
    """Whether a line is psql's own, or sets what older servers do not know."""
    return line.startswith(("\\", "SET transaction_timeout"))


if __name__ == "__main__":
    sys.exit(main())
