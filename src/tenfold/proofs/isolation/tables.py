"""The wall as the database has it, tried as the application's role on every table with a tenant.

Rows to try with are made in a transaction that is never committed.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import UUID, uuid4

import asyncpg

from tenfold.kernel.ids import NIL
from tenfold.proofs.findings import Findings

# Tables with a tenant that row security can't be on, each for its reason.
OUTSIDE: Mapping[str, str] = {
    "jobs.job": "the worker takes jobs of all tenants; every statement names its tenant",
    "tenfold.mails": "the worker sends mail of all tenants, and some are of none",
    "tenfold.refresh_tokens": "read before a tenant is known",
    "tenfold.security_events": "written where no tenant is known, as when a sign-in fails",
    "tenfold.sessions": "read before a tenant is known",
}
# Tables that this role can make no row in, to look for from elsewhere.
UNWRITTEN: Mapping[str, str] = {"tenfold.audit_seals": "its rows are made by a worker's role alone"}
POLICY = "(tenant_id = (current_setting('app.tenant_id'::text))::uuid)"
_SQL = dict(
    re.findall(
        r"-- name: (\w+)\n(.*?)(?=\n-- name:|\Z)",
        Path(__file__).with_name("catalogue.sql").read_text(),
        re.DOTALL,
    )
)
_SET = "SELECT set_config('app.tenant_id', $1, true)"
_VALUES: Mapping[str, str] = {
    "uuid": "gen_random_uuid()",
    "text": "'x' || gen_random_uuid()",
    "jsonb": "'{}'",
    "bytea": "decode(md5(random()::text), 'hex')",
    "timestamptz": "now()",
    "date": "current_date",
    "bool": "false",
    "_text": "'{}'",
}
if TYPE_CHECKING:
    Connection = asyncpg.Connection[asyncpg.Record]


@dataclass(frozen=True, slots=True)
class Table:
    """A table, and what the application's role may do with it."""

    name: str
    kind: str
    secured: bool
    invoker: bool
    reads: bool
    inserts: bool
    updates: bool
    deletes: bool
    truncates: bool

    @property
    def touched(self) -> bool:
        """Whether the role may do anything with it."""
        return self.reads or self.inserts or self.updates or self.deletes or self.truncates


async def try_tables(url: str, findings: Findings) -> None:
    """Try everything as the role of an address."""
    connection = await asyncpg.connect(url, server_settings={"app.tenant_id": str(NIL)})
    try:
        await _try_role(connection, findings)
        await _try_functions(connection, findings)
        tables = [Table(*row) for row in await connection.fetch(_SQL["tables"])]
        await _try_settings(connection, tables, findings)
        await _Rows(connection, tables, findings).try_all()
    finally:
        await connection.close()


async def _try_role(connection: Connection, findings: Findings) -> None:
    """It owns nothing, passes no wall, and may not become somebody who does."""
    role = await connection.fetchrow(_SQL["role"])
    assert role is not None
    for right in ("rolsuper", "rolbypassrls", "rolcreaterole", "rolcreatedb", "rolreplication"):
        word = right.removeprefix("rol").upper()
        findings.hold("role", not role[right], f"The role {role['name']} has {word}.")
    for one in await connection.fetch(_SQL["memberships"]):
        findings.hold("role", False, f"The role {role['name']} may act as {one[0]}.")
    for one in await connection.fetch(_SQL["owned"]):
        findings.hold("role", False, f"The role {role['name']} owns the {one[0]}.")
    for schema, makes in await connection.fetch(_SQL["schemas"]):
        findings.hold("role", not makes, f"The role {role['name']} may make things in {schema}.")


async def _try_functions(connection: Connection, findings: Findings) -> None:
    """What runs as its owner looks nowhere that others may put something."""
    for name, path in await connection.fetch(_SQL["functions"]):
        places = [place.strip(' "') for place in (path or "").split(",")]
        fixed = places[-1] == "pg_temp" and not {"public", "$user", ""} & {*places}
        findings.hold(
            "functions",
            fixed,
            f"The function {name} runs as its owner and looks in {path or 'whatever is set'}: give "
            "it SET search_path = tenfold, pg_temp.",
        )


async def _try_settings(
    connection: Connection, tables: Sequence[Table], findings: Findings
) -> None:
    """Row security is on, by the one policy that there is to be, and can't be gone around."""
    policies: dict[str, list[asyncpg.Record]] = {}
    for row in await connection.fetch(_SQL["policies"]):
        policies.setdefault(row["name"], []).append(row)
    for table in tables:
        if not table.touched:
            continue
        findings.hold(
            "row security",
            not table.truncates,
            f"{table.name} may be truncated, past row security.",
        )
        if table.name in OUTSIDE:
            continue
        if table.kind in ("v", "m", "f"):
            fine = table.kind == "v" and table.invoker
            findings.hold(
                "row security", fine, f"The view {table.name} shows rows past row security."
            )
            continue
        findings.hold("row security", table.secured, f"Row security is off on {table.name}.")
        found = policies.get(table.name, [])
        findings.hold("row security", bool(found), f"{table.name} has no policy for its tenants.")
        for one in found:
            wrong = {one["qual"], one["with_check"]} - {POLICY, None}
            findings.hold(
                "row security",
                not wrong,
                f"The policy {one['policy']} of {table.name} lets through {' and '.join(wrong)}.",
            )


class _Rows:
    """Makes a row of each table for one tenant, and looks for it from elsewhere."""

    def __init__(self, connection: Connection, tables: Sequence[Table], findings: Findings) -> None:
        self._connection, self._findings = connection, findings
        self._tables = {t.name: t for t in tables if t.kind in ("r", "p") and t.name not in OUTSIDE}
        self._ours, self._theirs = uuid4(), uuid4()
        self._made: dict[str, asyncpg.Record | None] = {}

    async def try_all(self) -> None:
        """All tables, in one transaction that is taken back."""
        transaction = self._connection.transaction()
        await transaction.start()
        try:
            await self._as(self._theirs)
            for table in self._tables.values():
                await self._row(table.name)
            for table in self._tables.values():
                if table.touched:
                    await self._try(table)
        finally:
            await transaction.rollback()

    async def _as(self, tenant: UUID) -> None:
        await self._connection.execute(_SET, str(tenant))

    async def _row(self, name: str) -> asyncpg.Record | None:
        """A row of the other tenant, with what it must point to; None where none can be made."""
        if name not in self._made:
            self._made[name] = None
            table = self._tables.get(name)
            if table is not None and table.inserts:
                self._made[name] = await self._new(name)
        return self._made[name]

    async def _new(self, name: str) -> asyncpg.Record | None:
        try:
            async with self._connection.transaction():
                return await self._connection.fetchrow(f"{await self._insert(name)} RETURNING *")
        except asyncpg.PostgresError as error:
            self._findings.untried.append(f"{name}: no row could be made to try with ({error})")
            return None

    async def _insert(self, name: str) -> str:
        """The statement that makes a row of the other tenant."""
        names, values = ["tenant_id"], [f"'{self._theirs}'::uuid"]
        for column in await self._connection.fetch(_SQL["columns"], name):
            names.append(f'"{column["name"]}"')
            values.append(await self._value(column))
        # Names of the catalogue, and values of our own.
        return f"INSERT INTO {name} ({', '.join(names)}) VALUES ({', '.join(values)})"  # noqa: S608

    async def _value(self, column: asyncpg.Record) -> str:
        if column["target"]:
            row = await self._row(column["target"])
            if row is not None:
                return f"'{row[column['target_column']]}'"
        return _VALUES.get(column["type"], "1")

    async def _try(self, table: Table) -> None:
        if table.reads:
            await self._try_reading(table)
        if table.updates:
            statement = f"UPDATE {table.name} SET tenant_id = tenant_id WHERE tenant_id = $1"  # noqa: S608
            await self._try_touching(table, statement, "changed")
        if table.deletes:
            statement = f"DELETE FROM {table.name} WHERE tenant_id = $1"  # noqa: S608
            await self._try_touching(table, statement, "deleted")
        if table.inserts and self._made.get(table.name) is not None:
            await self._try_inserting(table)

    async def _try_reading(self, table: Table) -> None:
        count = f"SELECT count(*) FROM {table.name} WHERE tenant_id IS DISTINCT FROM $1"  # noqa: S608
        await self._as(self._theirs)
        own = f"SELECT count(*) FROM {table.name} WHERE tenant_id = $1"  # noqa: S608
        if table.name in UNWRITTEN:
            self._findings.left_out.append(f"a row of {table.name}: {UNWRITTEN[table.name]}")
        elif not await self._connection.fetchval(own, self._theirs):
            self._findings.untried.append(f"{table.name}: no row to look for")
        for tenant, who in ((self._ours, "another tenant"), (NIL, "nobody")):
            await self._as(tenant)
            seen = await self._connection.fetchval(count, tenant)
            text = f"{seen} rows of {table.name} are seen by {who}."
            self._findings.hold("rows seen", seen == 0, text)

    async def _try_touching(self, table: Table, statement: str, what: str) -> None:
        for tenant, who in ((self._ours, "another tenant"), (NIL, "nobody")):
            await self._as(tenant)
            reached = 0
            try:
                async with self._connection.transaction():
                    tag = await self._connection.execute(statement, self._theirs)
                    reached = int(tag.rpartition(" ")[2])
                    raise _TakenBack
            except _TakenBack:
                pass
            except asyncpg.PostgresError as error:
                # A row that a trigger or a key refused to let change was reached.
                reached = 1 if not isinstance(error, asyncpg.InsufficientPrivilegeError) else 0
            text = f"{reached} rows of {table.name} are {what} by {who}."
            self._findings.hold("rows touched", reached == 0, text)

    async def _try_inserting(self, table: Table) -> None:
        """A row for the other tenant, and a row that is to become theirs."""
        for tenant, who in ((self._ours, "another tenant"), (NIL, "nobody")):
            await self._as(tenant)
            refused = False
            try:
                async with self._connection.transaction():
                    await self._connection.execute(await self._insert(table.name))
            except asyncpg.InsufficientPrivilegeError:
                refused = True
            except asyncpg.PostgresError:  # a key was in its way, and row security was not
                pass
            text = f"A row of {table.name} is made for others by {who}."
            self._findings.hold("rows touched", refused, text)


class _TakenBack(Exception):
    """Ends a try whose effect is not to stay."""
