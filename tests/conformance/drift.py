"""Checks that a database made by the migrations is the one that the definitions describe."""

from __future__ import annotations

import asyncpg
from tests.server import Base

from tenfold.engine.project import catalogue as catalogues


async def catalogue(base: Base) -> list[str]:
    """All that a database's schemas consist of, as texts."""
    return [str(item) for item in (await catalogues.read(base.admin_url, base.roles)).values()]


def check_same(made: list[str], described: list[str]) -> None:
    """Nothing is in one database that is not in the other."""
    missing = sorted(set(described) - set(made))
    extra = sorted(set(made) - set(described))
    assert not missing, f"the migrations do not make: {_short(missing)}"
    assert not extra, f"the definitions know nothing of: {_short(extra)}"


def _short(lines: list[str]) -> str:
    shown = "; ".join(line[:200] for line in lines[:8])
    return f"{shown} … ({len(lines)} in all)" if len(lines) > 8 else shown


async def check_tenant_first(base: Base) -> None:
    """The tenant leads every key and index of every table that carries one; rows are secured."""
    connection = await asyncpg.connect(base.admin_url)
    try:
        wrong = [row[0] for row in await connection.fetch(_NOT_FIRST)]
        open_tables = [row[0] for row in await connection.fetch(_OPEN_TABLES)]
        others = [row[0] for row in await connection.fetch(_NOT_OWNERS, base.roles.owner)]
    finally:
        await connection.close()
    assert set(wrong) <= _BY_DESIGN, f"the tenant does not come first: {set(wrong) - _BY_DESIGN}"
    known = {"refresh_tokens", "versions", "job", "sessions", "mails"}
    assert set(open_tables) <= known, f"no row security: {set(open_tables) - known}"
    assert others == [], f"not the owner's: {others}"


# What reads across tenants: who a person or a key is, the tail of a log, what is old, from where
# many sign-ins fail.
_BY_DESIGN = {
    "members_user",
    "change_log_tail",
    "idempotency_keys_age",
    "api_keys_hash",
    "invitations_hash",
    "automations_hook",
    "automation_runs_age",
    "webhook_messages_age",
    "webhook_deliveries_age",
    "messages_address",
    "notices_age",
    *(
        f"security_events_{name}"
        for name in ("pkey", "seq", "tail", "user", "address", "age", "type")
    ),
}
_NOT_FIRST = """
SELECT x.relname FROM pg_index i
JOIN pg_class c ON c.oid = i.indrelid AND c.relrowsecurity AND NOT c.relispartition
JOIN pg_attribute t ON t.attrelid = c.oid AND t.attname = 'tenant_id'
JOIN pg_class x ON x.oid = i.indexrelid JOIN pg_am am ON am.oid = x.relam
WHERE i.indkey[0] <> t.attnum AND am.amname <> 'gin'
"""
_OPEN_TABLES = """
SELECT c.relname FROM pg_class c
JOIN pg_namespace n ON n.oid = c.relnamespace AND n.nspname IN ('tenfold', 'jobs')
JOIN pg_attribute t ON t.attrelid = c.oid AND t.attname = 'tenant_id'
WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition AND NOT c.relrowsecurity
"""
_NOT_OWNERS = """
WITH ours AS (SELECT oid FROM pg_namespace WHERE nspname IN ('tenfold', 'jobs'))
SELECT oid::regclass::text FROM pg_class
WHERE relnamespace IN (SELECT oid FROM ours) AND relowner <> $1::regrole
UNION ALL
SELECT oid::regprocedure::text FROM pg_proc
WHERE pronamespace IN (SELECT oid FROM ours) AND proowner <> $1::regrole
"""
