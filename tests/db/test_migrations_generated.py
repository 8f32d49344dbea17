"""The revisions that tools/migration.py generates, on a database with data in two organisations."""
# ruff: noqa: RUF012 - a mapping is part of a declaration, here as in the packs

from __future__ import annotations

import asyncio
import importlib.util
import re
import shutil
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from types import ModuleType
from uuid import UUID

import asyncpg
import pytest
from tests.server import Base, Server

from tenfold import app as composition
from tenfold.cli.installation import Installation, need_migrated
from tenfold.db import migrate
from tenfold.engine.declare import ALL, Record, can, field, relation
from tenfold.engine.definition import Index
from tenfold.engine.project import catalogue, difference
from tenfold.engine.project.catalogue import Catalogue
from tenfold.engine.registry import Registry
from tenfold.engine.types import Ref
from tenfold.kernel.errors import Unavailable
from tenfold.kernel.ids import new_id
from tenfold.kernel.settings import Settings

pytestmark = pytest.mark.anyio
PACKS = dict(composition.PACKS)  # taken before the conformance suite adds types of its own
ROOT = Path(__file__).parents[2]
ORGANISATIONS = (new_id(), new_id())


class Gadget(Record, plural="gadgets"):
    """A whole new type; its fields are also lent to leads."""

    nickname: str | None = field(title=True, search="A", sort=True)
    rank: int = field(default=3, filter=True)
    gadget: Ref | None = relation("gadget", back="gadgets")
    maker: Ref | None = relation("company", back="made_gadgets")

    access = {"keeper": can(read=ALL, create=True)}


# What somebody changed in core.sql at the same time.
CORE = """
CREATE TABLE tenfold.gauges (
    tenant_id uuid NOT NULL, n int NOT NULL CHECK (n > 0), PRIMARY KEY (tenant_id, n));
CREATE INDEX gauges_n ON tenfold.gauges (tenant_id, n DESC);
ALTER TABLE tenfold.gauges ENABLE ROW LEVEL SECURITY;
GRANT SELECT ON tenfold.gauges TO :app;
CREATE FUNCTION tenfold.gauge(tenant uuid) RETURNS int LANGUAGE sql STABLE AS
    $$ SELECT max(n) FROM tenfold.gauges WHERE tenant_id = tenant $$;
REVOKE ALL ON FUNCTION tenfold.gauge(uuid) FROM PUBLIC;
CREATE OR REPLACE FUNCTION tenfold.log_lag() RETURNS float8 LANGUAGE sql STABLE AS
    'SELECT 0.0::float8';
DROP FUNCTION tenfold.memberships(uuid);
CREATE FUNCTION tenfold.memberships(somebody uuid) RETURNS int LANGUAGE sql STABLE AS 'SELECT 1';
REVOKE ALL ON FUNCTION tenfold.memberships(uuid) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION tenfold.memberships(uuid) TO :tail;
DROP FUNCTION tenfold.enter;
ALTER POLICY tenant ON tenfold.notes USING (tenant_id = current_setting('app.tenant_id')::uuid
    AND deleted_at IS NULL);
DROP POLICY tail ON tenfold.change_log;
REVOKE DELETE ON tenfold.tags FROM :app;
GRANT SELECT ON tenfold.tags TO :tail;
DROP INDEX tenfold.leads_email;
DROP INDEX tenfold.leads_phone;
CREATE INDEX leads_phone ON tenfold.leads (tenant_id, phone);
ALTER TABLE tenfold.leads DROP CONSTRAINT leads_contact_fk;
ALTER TABLE tenfold.leads ADD CONSTRAINT leads_ranked CHECK (rank < 100);
ALTER TABLE tenfold.leads ALTER COLUMN timeline SET NOT NULL;
ALTER TABLE tenfold.leads ALTER COLUMN first_name DROP NOT NULL;
ALTER TABLE tenfold.leads ALTER COLUMN status SET DEFAULT 'hot';
DROP TRIGGER log_delete ON tenfold.quotas;
CREATE OR REPLACE TRIGGER touch BEFORE UPDATE OF amount ON tenfold.quotas
    FOR EACH ROW EXECUTE FUNCTION tenfold.touch();
"""


def _changed_types() -> Registry:
    """The shipped types, and: a new one, and leads with more fields, indexes and a relation."""
    types = Registry({**PACKS, "trial": [Gadget]})
    lent = types.stored["gadget"].fields
    lead = types.stored["lead"]
    unique = replace(lead.fields["last_name"], unique=True)
    more = {name: lent[name] for name in ("nickname", "rank", "gadget")}
    types.stored["lead"] = replace(
        lead,
        fields={**lead.fields, "last_name": unique, **more},
        indexes=(*lead.indexes, Index(("status", "nickname"))),
    )
    return types


def _tool(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, ROOT / "tools" / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@dataclass(frozen=True)
class Generated:
    """What the tool was given, and the folder that it wrote into."""

    before: Catalogue
    after: Catalogue
    folder: Path


@pytest.fixture(scope="module")
async def generated(server: Server, tmp_path_factory) -> Generated:
    folder = tmp_path_factory.mktemp("migrations") / "versions"
    shutil.copytree(migrate.VERSIONS, folder, ignore=shutil.ignore_patterns("__pycache__"))
    before = await catalogue.read(server.base(server.template).admin_url, server.roles)
    async with server.database(empty=True) as straight:
        await catalogue.make_straight(straight.admin_url, straight.roles, _changed_types())
        await _run(straight, CORE)
        after = await catalogue.read(straight.admin_url, straight.roles)
    _tool("migration").write("more", before, after, folder)
    return Generated(before, after, folder)


async def _run(base: Base, sql: str) -> None:
    connection = await asyncpg.connect(base.admin_url)
    await connection.execute(f"SET ROLE {base.roles.owner}")
    await connection.execute(migrate.filled(sql, base.roles))
    await connection.close()


@asynccontextmanager
async def with_data(server: Server, *, doubled: bool = False) -> AsyncIterator[Base]:
    """A database of today with leads of two organisations; `doubled` has one name twice."""
    async with server.database("filled") as base:
        connection = await asyncpg.connect(base.admin_url)
        for tenant in ORGANISATIONS:
            for name in ("Ash", "Beech", "Ash" if doubled else "Cedar"):
                await connection.execute(
                    "INSERT INTO tenfold.leads (tenant_id, id, first_name, last_name, timeline)"
                    "VALUES ($1, $2, 'Kim', $3, 'exploring')",
                    *(tenant, new_id(), name),
                )
        await connection.close()
        yield base


async def _leads(base: Base, columns: str = "last_name") -> list[tuple[UUID, ...]]:
    connection = await asyncpg.connect(base.admin_url)
    rows = await connection.fetch(f"SELECT tenant_id, {columns} FROM tenfold.leads ORDER BY 1, 2")
    await connection.close()
    return [tuple(row) for row in rows]


async def _read(base: Base) -> Catalogue:
    return await catalogue.read(base.admin_url, base.roles)


def _same(found: Catalogue, wanted: Catalogue) -> None:
    assert sorted(map(str, found.values())) == sorted(map(str, wanted.values()))


async def _up(base: Base, generated: Generated, to: str = "head") -> None:
    await migrate.upgrade(base.migrate_url, base.roles, to, generated.folder)


NUMBERS = [f"{int(migrate.head()) + n:04d}" for n in (0, 1, 2)]


async def test_up_down_and_up_again_keep_the_data(server: Server, generated: Generated) -> None:
    async with with_data(server) as base:
        leads = await _leads(base)
        await _up(base, generated)
        _same(await _read(base), generated.after)
        ranks = await _leads(base, "last_name, rank, nickname")
        assert ranks == [(*lead, 3, None) for lead in leads]
        await migrate.downgrade(base.migrate_url, base.roles, NUMBERS[0], generated.folder)
        _same(await _read(base), generated.before)
        assert await _leads(base) == leads
        await _up(base, generated)
        _same(await _read(base), generated.after)
        assert await _leads(base) == leads


async def test_what_died_half_way_is_run_again(server: Server, generated: Generated) -> None:
    async with with_data(server, doubled=True) as base:
        with pytest.raises(Unavailable, match=rf"take {NUMBERS[2]}_more_online.*is duplicated"):
            await _up(base, generated)
        assert await migrate.current(base.migrate_url) == NUMBERS[1]
        left = (await _read(base))["index", "tenfold.leads_last_name_unique"]
        assert left.parts[1] == "invalid"
        await _run(base, "UPDATE tenfold.leads SET last_name = id::text")
        await _up(base, generated)
        _same(await _read(base), generated.after)


async def test_missing_values_stop_what_becomes_required(
    server: Server, generated: Generated
) -> None:
    async with with_data(server) as base:
        await _run(base, "UPDATE tenfold.leads SET timeline = NULL WHERE last_name = 'Ash'")
        with pytest.raises(Unavailable, match="timeline_is_there"):
            await _up(base, generated)
        await _run(base, "UPDATE tenfold.leads SET timeline = 'exploring'")
        await _up(base, generated)
        _same(await _read(base), generated.after)


async def test_a_table_in_use_is_waited_for_five_seconds(
    server: Server, generated: Generated
) -> None:
    async with with_data(server) as base:
        holder = await asyncpg.connect(base.admin_url)
        await holder.execute("BEGIN; SELECT FROM tenfold.leads")
        began = time.monotonic()
        with pytest.raises(
            Unavailable, match=rf"that {NUMBERS[1]}_more\.up\.sql changes is in use"
        ):
            await _up(base, generated)
        assert 4.5 < time.monotonic() - began < 15
        _same(await _read(base), generated.before)
        await holder.execute("ROLLBACK")
        await holder.close()
        await _up(base, generated)
        _same(await _read(base), generated.after)


_MIGRATE = """
import asyncio, sys
from pathlib import Path
from tenfold.db import migrate
from tenfold.db.roles import Roles
url, prefix, folder = sys.argv[1:]
asyncio.run(migrate.upgrade(url, Roles.of(prefix), versions=Path(folder)))
"""


async def _process(base: Base, generated: Generated) -> asyncio.subprocess.Process:
    prefix = base.roles.app.removesuffix("_app")
    command = (sys.executable, "-c", _MIGRATE, base.migrate_url, prefix, str(generated.folder))
    return await asyncio.create_subprocess_exec(*command, stderr=asyncio.subprocess.PIPE)


async def test_two_processes_migrate_once(server: Server, generated: Generated) -> None:
    async with with_data(server) as base:
        for one in [await _process(base, generated) for _ in range(2)]:
            _, said = await asyncio.wait_for(one.communicate(), 60)
            assert one.returncode == 0, said.decode()
        _same(await _read(base), generated.after)


_BUILDING = """SELECT pid FROM pg_stat_activity
WHERE datname = current_database() AND query LIKE 'CREATE%CONCURRENTLY%'
    AND wait_event_type = 'Lock'
"""


async def test_a_process_killed_in_an_index_leaves_one_that_is_built_anew(
    server: Server, generated: Generated
) -> None:
    async with with_data(server) as base:
        older, watcher = [await asyncpg.connect(base.admin_url) for _ in range(2)]
        await older.execute("BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT 1")
        killed = await _process(base, generated)
        for _ in range(600):
            if building := await watcher.fetchval(_BUILDING):
                break
            await asyncio.sleep(0.1)
        killed.kill()
        await killed.communicate()
        await watcher.execute(f"SELECT pg_terminate_backend({building})")
        left = [i for i in (await _read(base)).values() if i.kind == "index" and i.parts[1]]
        assert len(left) == 1
        await older.close()
        await watcher.close()
        await _up(base, generated)
        _same(await _read(base), generated.after)


async def test_a_newer_database_is_refused(server: Server, generated: Generated) -> None:
    async with with_data(server) as base:
        await _up(base, generated)
        with pytest.raises(Unavailable, match=f"is at revision {NUMBERS[2]}.*Start that version"):
            await migrate.upgrade(base.migrate_url, base.roles)
        here = Installation(Settings(), base.admin_url, base.roles, base.passwords, None)
        with pytest.raises(Unavailable, match=f"knows none after {NUMBERS[0]}"):
            await asyncio.to_thread(need_migrated, here)


async def test_a_column_goes_as_the_page_says(
    server: Server, generated: Generated, tmp_path: Path
) -> None:
    versions = tmp_path / "versions"
    shutil.copytree(migrate.VERSIONS, versions, ignore=shutil.ignore_patterns("__pycache__"))
    types = Registry(PACKS)
    lead = types.stored["lead"]
    fields = {name: one for name, one in lead.fields.items() if name != "last_touch"}
    types.stored["lead"] = replace(lead, fields=fields)
    async with server.database(empty=True) as straight:
        await catalogue.make_straight(straight.admin_url, straight.roles, types)
        after = await _read(straight)

    page = (ROOT / "docs" / "how-to" / "change-a-type.md").read_text()
    column, first_name = re.findall(r"--keep (\S+) (\w+)", page)[0]
    tool = _tool("migration")
    tool.write(first_name, generated.before, tool.kept(generated.before, after, [column]), versions)
    by_hand = tool.empty(re.findall(r"--empty (\w+)", page)[0], versions)
    for path, step in zip(by_hand, re.findall(r"(?s)```sql\n(.*?)```", page), strict=False):
        path.write_text(f"{path.read_text()}\n{step}")
    assert list(_tool("unsafe_steps").mistakes(versions)) == []

    async with with_data(server) as base:
        leads = await _leads(base)
        for _ in range(2):
            await migrate.upgrade(base.migrate_url, base.roles, versions=versions)
            _same(await _read(base), after)
            await migrate.downgrade(base.migrate_url, base.roles, NUMBERS[0], versions)
            _same(await _read(base), generated.before)
        assert await _leads(base) == leads


def test_a_column_to_keep_must_be_there(generated: Generated) -> None:
    with pytest.raises(SystemExit, match="There is no column leads"):
        _tool("migration").kept(generated.before, generated.after, ["leads.nothing"])


@pytest.mark.parametrize("arguments", [[], ["--first", "name"], ["--empty"]], ids=str)
def test_the_tool_says_what_it_takes(arguments, capsys) -> None:
    with pytest.raises(SystemExit, match="2"):
        _tool("migration").main(arguments)
    assert "give either a name or --first" in capsys.readouterr().err


def test_generated_steps_are_safe_but_for_what_a_person_must_judge(generated: Generated) -> None:
    unsafe = _tool("unsafe_steps").mistakes(generated.folder)
    assert [one.rpartition(" ")[2] for one in unsafe] == 2 * ["(ban-drop-function)"]


def test_the_tool_compares_in_a_server_of_its_own() -> None:
    made, described = _tool("migration").compare(Registry(PACKS), migrate.VERSIONS)
    assert made == described
    assert ("table", "tenfold.leads") in made


def test_the_first_revision_is_written_anew_until_others_build_on_it(
    generated: Generated, tmp_path: Path
) -> None:
    page = _tool("migration").first(Registry(PACKS), tmp_path)[2]
    assert page.read_text() == (migrate.VERSIONS / "0001_spine.py").read_text()
    with pytest.raises(SystemExit, match="Other revisions build on 0001"):
        _tool("migration").first(Registry(PACKS), generated.folder)


async def test_nothing_is_written_where_nothing_differs(generated: Generated, tmp_path) -> None:
    assert _tool("migration").write("none", generated.after, generated.after, tmp_path) == []


# What no generator should do, and what it says instead.
BY_HAND = {
    "DROP TABLE tenfold.quotas CASCADE": "tenfold.quotas is no longer declared",
    "ALTER TABLE tenfold.tags DROP COLUMN colour": "tags.colour is no longer declared",
    "ALTER TABLE tenfold.tasks DROP title; ALTER TABLE tenfold.tasks ADD title bytea": (
        'tasks.title changes from text COLLATE "C" to bytea'
    ),
    "ALTER TABLE tenfold.tags ADD a text NOT NULL": "tags.a is required, and the rows",
    "ALTER TABLE tenfold.tags ADD b uuid DEFAULT gen_random_uuid()": (
        "tags.b has a default that differs by row (DEFAULT gen_random_uuid())"
    ),
    "ALTER TABLE tenfold.tags ADD c int GENERATED ALWAYS AS (1) STORED": (
        "tags.c is worked out by PostgreSQL and stored"
    ),
    "ALTER TABLE tenfold.notes DISABLE ROW LEVEL SECURITY": "notes would lose its row security",
    "ALTER TABLE tenfold.tags FORCE ROW LEVEL SECURITY": "The forced security tenfold.tags differs",
    "ALTER TABLE tenfold.tags ADD CONSTRAINT k UNIQUE (tenant_id, name)": "The key tenfold.tags.k",
    "ALTER TABLE tenfold.deals DROP CONSTRAINT deals_pkey CASCADE": "deals_pkey would go from",
    "ALTER TABLE tenfold.slots SET (fillfactor = 70)": "The storage of tenfold.slots changes",
    "CREATE INDEX i ON tenfold.change_log (tenant_id, reason)": "tenfold.i takes a step each",
    "CREATE VIEW tenfold.v AS SELECT 1 AS one": "The view tenfold.v differs",
    "CREATE TABLE tenfold.p (n int) PARTITION BY LIST (n)": "tenfold.p is partitioned",
}


async def test_what_no_generator_should_do_is_refused_at_once(
    server: Server, generated: Generated
) -> None:
    async with server.database("by_hand") as base:
        for sql in BY_HAND:
            await _run(base, sql)
        with pytest.raises(difference.Refused) as refused:
            difference.between(generated.before, await _read(base))
    for saying in BY_HAND.values():
        assert [s for s in refused.value.sentences if saying in s], (saying, refused.value)
    assert len(refused.value.sentences) == len(BY_HAND)
