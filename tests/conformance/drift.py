"""Checks that a database made by the migrations is the one that the definitions describe."""

from __future__ import annotations

from pathlib import Path

import asyncpg
from tests.server import Base

import tenfold.db
import tenfold.jobs
from tenfold.engine.project import revision
from tenfold.engine.registry import Registry

# Everything that a schema is made of, one line of text each, in an order of its own.
_CATALOGUE = """
WITH ours AS (SELECT oid, nspname FROM pg_namespace WHERE nspname IN ('tenfold', 'jobs'))
SELECT 'column ' || c.oid::regclass || '.' || a.attname || ' ' ||
    format_type(a.atttypid, a.atttypmod) || ' ' || coalesce(l.collname, '') ||
    CASE WHEN a.attnotnull THEN ' not null' ELSE '' END ||
    coalesce(' = ' || pg_get_expr(d.adbin, d.adrelid), '') || a.attgenerated::text ||
    a.attidentity::text
FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN ours ON ours.oid = c.relnamespace
LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
LEFT JOIN pg_collation l ON l.oid = a.attcollation
WHERE a.attnum > 0 AND NOT a.attisdropped AND c.relkind IN ('r', 'p', 'v')
UNION ALL SELECT 'table ' || c.oid::regclass || ' ' || c.relkind::text || ' owner '
    || c.relowner::regrole
    || ' row security ' || c.relrowsecurity || c.relforcerowsecurity || ' '
    || coalesce(c.reloptions::text, '') || ' ' ||
    coalesce((SELECT string_agg(x::text, ' ' ORDER BY x::text) FROM unnest(c.relacl) x), '')
FROM pg_class c JOIN ours ON ours.oid = c.relnamespace WHERE c.relkind IN ('r', 'p', 'v', 'S')
UNION ALL SELECT 'index ' || pg_get_indexdef(i.indexrelid) || ' ' || i.indisvalid
FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid JOIN ours ON ours.oid = c.relnamespace
UNION ALL SELECT 'constraint ' || k.conrelid::regclass || ' ' || k.conname || ' ' ||
    pg_get_constraintdef(k.oid)
FROM pg_constraint k JOIN ours ON ours.oid = k.connamespace WHERE k.conrelid <> 0
UNION ALL SELECT 'policy ' || tablename || ' ' || policyname || ' ' || permissive || ' ' ||
    roles::text || ' ' || cmd || ' ' || coalesce(qual, '') || ' ' || coalesce(with_check, '')
FROM pg_policies WHERE schemaname IN ('tenfold', 'jobs')
UNION ALL SELECT 'trigger ' || pg_get_triggerdef(t.oid) || ' ' || t.tgenabled::text
FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid JOIN ours ON ours.oid = c.relnamespace
WHERE NOT t.tgisinternal
UNION ALL SELECT 'function ' || pg_get_functiondef(p.oid) || ' owner ' || p.proowner::regrole || ' '
    || coalesce((SELECT string_agg(x::text, ' ' ORDER BY x::text) FROM unnest(p.proacl) x), '')
FROM pg_proc p JOIN ours ON ours.oid = p.pronamespace
ORDER BY 1
"""


async def catalogue(base: Base) -> list[str]:
    """All that a database's schemas consist of, as sorted texts."""
    connection = await asyncpg.connect(base.admin_url)
    try:
        lines = [row[0] for row in await connection.fetch(_CATALOGUE)]
    finally:
        await connection.close()
    return [line for line in lines if "alembic_version" not in line]


async def make_straight(base: Base, registry: Registry) -> None:
    """Make everything from the definitions, without a migration."""
    here = Path(tenfold.db.__file__).parent
    queue = Path(tenfold.jobs.__file__).parent / "schema.sql"
    script = revision.create(registry.stored, [(here / "core.sql").read_text()])
    queue_roles = f"SET jobs.roles = '{base.roles.app},{base.roles.tail}'"
    connection = await asyncpg.connect(base.admin_url)
    try:
        await connection.execute(f"SET ROLE {base.roles.owner}; {queue_roles}")
        for word in ("app", "tail", "owner"):
            script = script.replace(f":{word}", getattr(base.roles, word))
        await connection.execute(script)
        await connection.execute(queue.read_text())
    finally:
        await connection.close()


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
        owned = [row[0] for row in await connection.fetch(_OWNED, base.roles.app)]
    finally:
        await connection.close()
    assert set(wrong) <= _BY_DESIGN, f"the tenant does not come first: {set(wrong) - _BY_DESIGN}"
    known = {"refresh_tokens", "security_events", "versions", "job"}
    assert set(open_tables) <= known, f"no row security: {set(open_tables) - known}"
    assert owned == [], f"the application's role owns {owned}"


# What reads across tenants: who a person is, the tail of the log, what is old.
_BY_DESIGN = {"members_user", "change_log_tail", "idempotency_keys_age"}
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
_OWNED = "SELECT relname FROM pg_class WHERE relowner = $1::regrole"
