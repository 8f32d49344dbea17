"""The migrations make what the declarations say, no column or index more or less."""

from __future__ import annotations

import pytest

from tenfold import app
from tenfold.engine.project import tables
from tenfold.engine.registry import Registry

pytestmark = pytest.mark.anyio

_COLUMNS = """SELECT column_name, is_nullable = 'YES', is_generated = 'ALWAYS'
FROM information_schema.columns WHERE table_schema = 'tenfold' AND table_name = $1"""
_INDEXES = "SELECT indexname FROM pg_indexes WHERE schemaname = 'tenfold' AND tablename = $1"
_TRIGGERS = "SELECT tgname FROM pg_trigger WHERE tgrelid = $1::text::regclass AND NOT tgisinternal"


@pytest.fixture(scope="module")
def registry() -> Registry:
    return app.registry()


async def test_the_tables_have_the_declared_columns(owner, registry):
    for definition in registry.stored.values():
        table = tables.table_of(definition)
        made = {r[0]: (r[1], r[2]) for r in await owner.fetch(_COLUMNS, table.name)}
        declared = {c.name: (bool(c.nullable), c.computed is not None) for c in table.columns}
        assert made == declared, f"write a migration for {table.name}"


async def test_the_tables_have_the_declared_indexes(owner, registry):
    for definition in registry.stored.values():
        table = tables.table_of(definition)
        made = {r[0] for r in await owner.fetch(_INDEXES, table.name)} - {f"{table.name}_pkey"}
        declared = {name for name, _ in tables.indexes(definition)}
        assert made == declared, f"write a migration for {table.name}"


async def test_the_tables_are_logged_and_kept_apart(owner, registry):
    for definition in registry.stored.values():
        name = f"tenfold.{tables.table_of(definition).name}"
        triggers = {r[0] for r in await owner.fetch(_TRIGGERS, name)}
        assert {"touch", "log_insert", "log_update", "log_delete"} <= triggers, name
        secured = "SELECT relrowsecurity FROM pg_class WHERE oid = $1::text::regclass"
        assert await owner.fetchval(secured, name), name
