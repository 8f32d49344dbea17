"""Each promise broken on purpose: the check that guards it must turn red.

A suite that never fails proves nothing. Where the breach is in the code, it is planted in an
application of its own; where it is in the database, in a copy of it.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from tests.conformance import (
    drift,
    history,
    isolation,
    lifecycle,
    lists,
    permissions,
    plans,
    secrecy,
)
from tests.conformance.conftest import PACKS, add_specimens
from tests.conformance.world import World, world
from tests.conftest import serving, settings_for
from tests.factories import Owner
from tests.server import Base, Server

from tenfold import app as composition
from tenfold.db import keys
from tenfold.engine import checks, cursor, statement
from tenfold.engine.access import Access
from tenfold.engine.definition import Definition, Grant

pytestmark = pytest.mark.anyio

Check = Callable[[World, Definition], Awaitable[None]]


@asynccontextmanager
async def application(base: Base, owner: Owner, home: Path) -> AsyncIterator[World]:
    """An application of its own over a database, with a new world."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(composition, "PACKS", PACKS)
        async with serving(settings_for(base, home)) as running:
            yield await world(running, base, owner)


@asynccontextmanager
async def damaged(server: Server, home: Path, *scripts: str) -> AsyncIterator[World]:
    """A world in a copy of the database in which something was changed by hand."""
    async with server.database() as base:
        await add_specimens(base)
        owner = await asyncpg.connect(base.admin_url)
        try:
            for script in scripts:
                await owner.execute(script.replace(":app", base.roles.app))
            async with application(base, owner, home) as place:
                yield place
        finally:
            await owner.close()


async def turns_red(check: Awaitable[Any], saying: str) -> None:
    """The check fails, and for the reason it is there for."""
    with pytest.raises(AssertionError, match=saying):
        await check


# -- breaches in the database


def _role(role: str) -> Callable[[World, Definition], Awaitable[None]]:
    async def check(place: World, kind: Definition) -> None:
        await permissions.check_role(place, kind, "member", role, kind.access[role])

    return check


_WRONG_OLD = """CREATE OR REPLACE FUNCTION tenfold.difference(
    before jsonb, after jsonb, OUT old jsonb, OUT new jsonb)
LANGUAGE sql IMMUTABLE SET search_path = tenfold, pg_temp AS $$
    SELECT jsonb_object_agg(k, $2 -> k), jsonb_object_agg(k, $2 -> k)
    FROM (SELECT jsonb_object_keys($1 || $2) AS k) keys
    WHERE $1 -> k IS DISTINCT FROM $2 -> k
$$"""
_NO_BUMP = """CREATE OR REPLACE FUNCTION tenfold.bump(topics text[]) RETURNS void
LANGUAGE sql SECURITY DEFINER AS $$ SELECT $$"""


async def _unwritable(place: World, _: Definition) -> None:
    await history.check_unwritable(place)


@pytest.mark.parametrize(
    ("script", "check", "saying"),
    [
        ("ALTER TABLE tenfold.specimens DISABLE ROW LEVEL SECURITY", isolation.check_rows, "seen"),
        (
            "ALTER POLICY tenant ON tenfold.specimens USING (true)",
            isolation.check_rows,
            "are seen by",
        ),
        (
            "ALTER POLICY tenant ON tenfold.specimens WITH CHECK (true)",
            isolation.check_rows,
            "passed row security",
        ),
        ("ALTER TABLE tenfold.slots DISABLE ROW LEVEL SECURITY", isolation.check_rows, "slots"),
        (
            "ALTER TABLE tenfold.specimens DISABLE TRIGGER log_update",
            history.check_log,
            "0 rows in the log",
        ),
        (
            "ALTER TABLE tenfold.specimens DISABLE TRIGGER log_insert",
            history.check_bulk_log,
            "",
        ),
        (_WRONG_OLD, history.check_log, "was .* the log says"),
        (_NO_BUMP, history.check_log, "version did not rise"),
        (
            "GRANT DELETE ON tenfold.change_log TO :app",
            _unwritable,
            "may DELETE the log",
        ),
        (
            "ALTER TABLE tenfold.specimens ALTER COLUMN weight TYPE numeric",
            plans.check_filters,
            "weight",
        ),
        ("DROP INDEX tenfold.specimens_email", plans.check_filters, "email"),
        ("DROP INDEX tenfold.specimens_name_sort", plans.check_sorts, "name sorts"),
        ("DROP INDEX tenfold.specimens_search", plans.check_search, "does not use its index"),
        ("DROP INDEX tenfold.specimens_owner", plans.check_scopes, "walks through the tenant"),
        ("DROP INDEX tenfold.specimens_code_unique", lifecycle.check_upsert, "taken twice"),
    ],
    ids=lambda value: "" if callable(value) else str(value)[:50].replace("tenfold.", ""),
)
async def test_breach_in_the_database(
    server: Server, tmp_path: Path, script: str, check: Check, saying: str
) -> None:
    scripts = [script]
    if script.startswith("DROP INDEX tenfold.specimens_owner"):
        # Any index that leads with the owner would do.
        scripts += ["DROP INDEX IF EXISTS tenfold.specimens_owner_created_at"]
    async with damaged(server, tmp_path, *scripts) as place:
        await turns_red(check(place, place.registry.by_name["specimen"]), saying)


async def test_schema_that_drifted(server: Server) -> None:
    made = server.base(server.template)
    async with server.database() as base:
        owner = await asyncpg.connect(base.admin_url)
        for script, saying in (
            ("ALTER TABLE tenfold.leads ADD COLUMN surprise text", "know nothing of"),
            ("DROP INDEX tenfold.leads_email", "do not make|know nothing of"),
            ("ALTER TABLE tenfold.notes DISABLE ROW LEVEL SECURITY", "row security"),
            (f"REVOKE SELECT ON tenfold.tasks FROM {base.roles.app}", "tasks"),
        ):
            await owner.execute(script)
            with pytest.raises(AssertionError, match=saying):
                drift.check_same(await drift.catalogue(base), await drift.catalogue(made))
        await owner.execute("CREATE INDEX rogue ON tenfold.leads (email)")
        with pytest.raises(AssertionError, match="rogue"):
            await drift.check_tenant_first(base)
        await owner.close()


# -- breaches in the code


def _always(value: Any) -> Callable[..., Any]:
    return lambda *args, **more: value


def _off_by_one(original: Callable[..., Any]) -> Callable[..., Any]:
    """`gt` compiled as `gte`."""

    def compare(column: Any, operator: str, *rest: Any, **more: Any) -> Any:
        return original(column, {"gt": "gte"}.get(operator, operator), *rest, **more)

    return compare


def _without_tie(sorts: Any) -> list[Any]:
    return list(sorts)


async def _kept(*args: Any, **more: Any) -> Any:
    """Relations are believed as they were sent."""
    return args[4]


@pytest.mark.parametrize(
    ("owner_of", "name", "broken", "check", "saying"),
    [
        (statement, "scoped", _always(None), _role("collector"), "the list shows team wrongly"),
        (checks, "within", _always(None), _role("collector"), "changing (team|other)"),
        (Access, "need", _always(None), _role("guest"), "without the right"),
        (Access, "sees", _always(True), _role("guest"), "is hidden and shown"),
        (
            Access,
            "sets",
            lambda self, one: one.writable and self.sees(one),
            _role("collector"),
            "error",
        ),
        (
            statement,
            "_compare",
            _off_by_one(statement._compare),
            lists.check_filters,
            r"\[gt\].* instead of",
        ),
        (statement, "sort_keys", _without_tie, lists.check_sorts, "pages|out of order"),
        (statement, "_never_null", _always(True), lists.check_sorts, "pages|out of order"),
        (checks, "move", _always(None), lifecycle.check_moves, "MOVE_NOT_ALLOWED|201|409"),
        (checks, "relations", _kept, isolation.check_relations, "points to a stranger"),
        (keys, "seal", lambda key, number, plain, place: plain, secrecy.check_binding, ""),
        (keys, "place", _always(b"anywhere"), secrecy.check_binding, "another row than its own"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
async def test_breach_in_the_code(
    base: Base,
    owner: Owner,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    owner_of: Any,
    name: str,
    broken: Any,
    check: Check,
    saying: str,
) -> None:
    async with application(base, owner, tmp_path) as place:
        monkeypatch.setattr(owner_of, name, broken)
        await turns_red(check(place, place.registry.by_name["specimen"]), saying)


async def test_secret_kept_in_plain(
    base: Base, owner: Owner, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with application(base, owner, tmp_path) as place:
        monkeypatch.setattr(keys, "seal", lambda key, number, plain, where: plain)
        check = secrecy.check_leaks(place, place.registry.by_name["specimen"], str)
        await turns_red(check, "leak")


async def test_secret_that_was_logged(base: Base, owner: Owner, tmp_path: Path) -> None:
    async with application(base, owner, tmp_path) as place:
        kind = place.registry.by_name["specimen"]
        await turns_red(secrecy.check_leaks(place, kind, lambda: secrecy.CANARY), "leak")


async def test_right_that_was_never_granted(base: Base, owner: Owner, tmp_path: Path) -> None:
    """The declaration says less than the application grants."""
    async with application(base, owner, tmp_path) as place:
        kind = place.registry.by_name["specimen"]
        for less in (
            Grant(read="own", create=True, update="own"),
            Grant(read="team", create=True, update="own", delete="none"),
        ):
            narrower = replace(kind, access={**kind.access, "collector": less})
            check = permissions.check_role(place, narrower, "member", "collector", less)
            await turns_red(check, "")


async def test_deleted_record_that_is_still_shown(
    base: Base, owner: Owner, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    original = statement.Reading.matching

    def everything(self: Any, filters: Any, *, deleted: bool = False) -> Any:
        found = original(self, filters, deleted=deleted)
        table = self.table
        kept = [c for c in found.whereclause.clauses if "deleted_at" not in str(c)]
        return found.with_only_columns(table).where(None) if not kept else _only(found, kept)

    async with application(base, owner, tmp_path) as place:
        monkeypatch.setattr(statement.Reading, "matching", everything)
        check = lifecycle.check_delete(place, place.registry.by_name["specimen"])
        await turns_red(check, "deleted record")


def _only(found: Any, kept: list[Any]) -> Any:
    """The same select with some of its conditions."""
    import sqlalchemy as sa  # noqa: PLC0415 - only this breach rewrites a statement

    bare = found._generate()
    bare._where_criteria = tuple(kept)
    return bare if isinstance(bare, sa.Select) else found


__all__ = ["cursor"]
