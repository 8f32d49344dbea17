"""Each promise broken on purpose: the check that guards it must turn red.

A suite that never fails proves nothing. Where the breach is in the code, it is planted in an
application of its own; where it is in the database, in a copy of it.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from typing import Any

import asyncpg
import pytest
import sqlalchemy as sa
from tests.conformance import (
    drift,
    history,
    isolation,
    lifecycle,
    lists,
    permissions,
    plans,
    secrecy,
    sharing,
)
from tests.conformance.conftest import PACKS, add_specimens
from tests.conformance.world import World, world
from tests.conftest import Running, serving, settings_for
from tests.server import Server

from tenfold import app as composition
from tenfold.db import keys
from tenfold.db.master import derived
from tenfold.engine import (
    access,
    checks,
    conditions,
    sealing,
    search,
    shares,
    sorting,
    statement,
)
from tenfold.engine.access import Access
from tenfold.engine.definition import Definition, Field, Grant
from tenfold.engine.query import Shapes
from tenfold.engine.records import Records

pytestmark = [pytest.mark.anyio, pytest.mark.untraced]

Check = Callable[[World, Definition], Awaitable[None]]


@pytest.fixture(scope="session")
async def patient(
    server: Server, app: Running, tmp_path_factory: pytest.TempPathFactory, anyio_backend: str
) -> AsyncIterator[World]:
    """A world in a copy of the database, to be damaged and mended again and again.

    Applications have to end in the reverse order of their starts, so this one waits for the other.
    """
    async with server.database() as base:
        await add_specimens(base)
        owner = await asyncpg.connect(base.admin_url, statement_cache_size=0)
        async with AsyncExitStack() as stack:
            # Only while it is put together: other tests' applications serve what ships.
            with pytest.MonkeyPatch.context() as patch:
                patch.setattr(composition, "PACKS", PACKS)
                settings = settings_for(base, tmp_path_factory.mktemp("patient"))
                running = await stack.enter_async_context(serving(settings))
            yield await world(running, base, owner)
        await owner.close()


@asynccontextmanager
async def damaged(patient: World, script: str, mend: str) -> AsyncIterator[World]:
    """The same with something changed by hand, until the check has seen it."""
    owner = patient.owner
    if script.startswith("DROP INDEX"):
        name = script.rsplit(maxsplit=1)[-1]
        mend = await owner.fetchval("SELECT pg_get_indexdef($1::regclass)", name)
    if script.startswith("CREATE OR REPLACE"):
        name = script.split()[4].partition("(")[0]
        mend = await owner.fetchval("SELECT pg_get_functiondef($1::regproc)", name)
    await owner.execute(script.replace(":app", patient.base.roles.app))
    try:
        yield await world(patient.app, patient.base, owner)
    finally:
        if script.endswith("_unique"):  # what came in twice would be in the way of the index
            await owner.execute("DELETE FROM tenfold.specimens")
        await owner.execute(mend.replace(":app", patient.base.roles.app))


@pytest.fixture
async def whole(place: World) -> AsyncIterator[World]:
    """A new world whose application has no statements in mind, before and after."""
    query = place.app.desk.query
    query.shapes = Shapes()
    yield place
    query.shapes = Shapes()


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


_MINE = "tenant_id = current_setting('app.tenant_id')::uuid"
_T = "ALTER TABLE tenfold.specimens"
_RETYPED = f"""{_T} DROP COLUMN weight; {_T} ADD weight {{}};
CREATE INDEX ON tenfold.specimens (tenant_id, weight, created_at, id) WHERE deleted_at IS NULL"""


@pytest.mark.parametrize(
    ("script", "mend", "check", "saying"),
    [
        (
            f"{_T} DISABLE ROW LEVEL SECURITY",
            f"{_T} ENABLE ROW LEVEL SECURITY",
            isolation.check_rows,
            "rows of tenfold.specimens are seen by None",
        ),
        (
            "ALTER POLICY tenant ON tenfold.specimens USING (true)",
            f"ALTER POLICY tenant ON tenfold.specimens USING ({_MINE})",
            isolation.check_rows,
            "rows of tenfold.specimens are seen by",
        ),
        (
            "ALTER POLICY tenant ON tenfold.specimens WITH CHECK (true)",
            f"ALTER POLICY tenant ON tenfold.specimens WITH CHECK ({_MINE})",
            isolation.check_rows,
            "passed row security",
        ),
        (
            "ALTER TABLE tenfold.slots DISABLE ROW LEVEL SECURITY",
            "ALTER TABLE tenfold.slots ENABLE ROW LEVEL SECURITY",
            isolation.check_rows,
            "rows of tenfold.slots are seen by",
        ),
        (
            f"{_T} DISABLE TRIGGER log_update",
            f"{_T} ENABLE TRIGGER log_update",
            history.check_log,
            "0 rows in the log for one update",
        ),
        (
            f"{_T} DISABLE TRIGGER log_insert",
            f"{_T} ENABLE TRIGGER log_insert",
            history.check_log,
            "0 rows in the log for one insert",
        ),
        (_WRONG_OLD, "", history.check_log, "was .* the log says"),
        (_NO_BUMP, "", history.check_log, "version did not rise"),
        (
            "GRANT DELETE ON tenfold.change_log TO :app",
            "REVOKE DELETE ON tenfold.change_log FROM :app",
            _unwritable,
            "may DELETE the log",
        ),
        # Comparisons of numeric are not leakproof.
        (
            _RETYPED.format("numeric"),
            _RETYPED.format("bigint"),
            plans.check_filters,
            r"weight\[eq\]",
        ),
        ("DROP INDEX tenfold.specimens_email", "", plans.check_filters, r"email\[eq\]"),
        ("DROP INDEX tenfold.specimens_name_sort", "", plans.check_sorts, "sort by name"),
        ("DROP INDEX tenfold.specimens_search", "", plans.check_search, "does not use its index"),
        ("DROP INDEX tenfold.specimens_owner", "", plans.check_scopes, "walks through the tenant"),
        ("DROP INDEX tenfold.specimens_code_unique", "", lifecycle.check_upsert, "taken twice"),
    ],
    ids=lambda value: value[:60].replace("tenfold.", "") if isinstance(value, str) else "",
)
async def test_breach_in_the_database(
    patient: World, script: str, mend: str, check: Check, saying: str
) -> None:
    async with damaged(patient, script, mend) as place:
        await turns_red(check(place, place.registry.by_name["specimen"]), saying)


@pytest.mark.parametrize(
    "check",
    [isolation.check_rows, history.check_log, plans.check_sorts, lifecycle.check_upsert],
    ids=lambda check: check.__name__,
)
async def test_what_was_mended_is_green_again(patient: World, check: Check) -> None:
    place = await world(patient.app, patient.base, patient.owner)
    await check(place, place.registry.by_name["specimen"])


async def test_schema_that_drifted(server: Server) -> None:
    made = server.base(server.template)
    async with server.database() as base:
        owner = await asyncpg.connect(base.admin_url)
        for script, saying in (
            ("ALTER TABLE tenfold.leads ADD COLUMN surprise text", "know nothing of"),
            ("DROP INDEX tenfold.leads_email", "do not make|know nothing of"),
            ("ALTER TABLE tenfold.notes DISABLE ROW LEVEL SECURITY", "security tenfold.notes"),
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


def _unsealed(original: Callable[..., bytes]) -> Callable[..., bytes]:
    """Fields' secrets kept in plain; keys are sealed as ever."""

    def seal(key: bytes, number: int, plain: bytes, place: bytes) -> bytes:
        if place.startswith(b"data key"):
            return original(key, number, plain, place)
        return b"\x01" + plain

    return seal


def _declared(_: Access, one: Field) -> Any:
    """Everybody filters by what is declared."""
    return one.type.operators


def _anybody(key: bytes, purpose: str) -> bytes:
    """One key for all tenants and columns."""
    return bytes(32) if purpose.startswith("blind index") else derived(key, purpose)


async def _leaks(place: World, kind: Definition) -> None:
    await secrecy.check_leaks(place, kind, str)


_NOBODY = "SELECT NULL::uuid, 0::real WHERE false"


async def _kept(*args: Any, **more: Any) -> Any:
    """Relations are believed as they were sent."""
    return args[4]


def _no_more(kept: Callable[..., Any]) -> Callable[..., Any]:
    """What should be refused is done, as by something that asks less."""

    async def done(*args: Any) -> Any:
        return await kept(*args[:5])

    return done


async def _nothing(*args: Any, **more: Any) -> None:
    """What should be done is left undone."""


@pytest.mark.parametrize(
    ("owner_of", "name", "broken", "check", "saying"),
    [
        (statement, "scoped", _always(None), _role("collector"), "the list shows team wrongly"),
        (checks, "within", _always(None), _role("collector"), "changing (team|other)"),
        (Access, "need", _always(None), _role("guest"), "without the right"),
        (Access, "sees", _always(True), _role("guest"), "is hidden and shown"),
        (
            statement,
            "compared",
            _off_by_one(statement.compared),
            lists.check_filters,
            r"\[gt\].* instead of",
        ),
        (statement, "sort_keys", list, lists.check_sorts, "pages|out of order"),
        (sorting, "never_null", _always(True), lists.check_sorts, "pages|out of order"),
        (checks, "move", _always(None), lifecycle.check_moves, "200|201"),
        (checks, "relations", _kept, isolation.check_relations, "points to a stranger"),
        (conditions, "shared", _always(sa.false()), sharing.check_seen, "only"),
        (statement, "scoped", _always(None), sharing.check_seen, "set()"),
        (search, "_among_shared", _always(_NOBODY), sharing.check_seen, "only"),
        (shares, "_changed", _always(True), sharing.check_seen, "only"),
        (shares, "end_of_records", _nothing, sharing.check_swept, "== 0"),
        (shares, "end_with", _nothing, sharing.check_swept, "== 1"),
        (checks, "handed_on", _always(None), sharing.check_changed, "PATCH"),
        (checks, "change", _always(None), sharing.check_changed, "== 403"),
        (Records, "deciding", _no_more(Records.held), sharing.check_changed, "POST"),
        (Records, "deciding", _no_more(Records.held), sharing.check_refused, "403"),
        (keys, "seal", _unsealed(keys.seal), secrecy.check_binding, "canary"),
        (keys, "seal", _unsealed(keys.seal), _leaks, "leak"),
        (keys, "place", _always(b"anywhere"), secrecy.check_binding, "another row than its own"),
        (Access, "operators", _declared, secrecy.check_finding, r"serial=.*200|\"data\""),
        (access, "_indexed", _always(frozenset()), secrecy.check_finding, r"\?serial=.*: "),
        (keys, "derived", _anybody, secrecy.check_finding, "equal secrets can be told"),
        (sealing, "essence", str, secrecy.check_finding, "serial=.* finds 0"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
async def test_breach_in_the_code(
    whole: World,
    monkeypatch: pytest.MonkeyPatch,
    owner_of: Any,
    name: str,
    broken: Any,
    check: Check,
    saying: str,
) -> None:
    monkeypatch.setattr(owner_of, name, broken)
    await turns_red(check(whole, whole.registry.by_name["specimen"]), saying)


async def test_secret_that_was_logged(place: World) -> None:
    kind = place.registry.by_name["specimen"]
    await turns_red(secrecy.check_leaks(place, kind, lambda: secrecy.CANARY), "leak")


@pytest.mark.parametrize(
    ("less", "saying"),
    [
        (Grant(read="own", create=True, update="own", delete="own"), "the list shows own wrongly"),
        (Grant(read="team", update="own", delete="own"), "without the right"),
        (Grant(read="team", create=True, delete="own"), "changing own"),
        (Grant(read="team", create=True, update="own"), "deleting own"),
        (
            Grant(read="team", create=True, update="own", delete="own", hide=frozenset({"plain"})),
            "plain is hidden and shown",
        ),
        (
            Grant(
                read="team", create=True, update="own", delete="own", read_only=frozenset({"plain"})
            ),
            "plain: ",
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
async def test_right_that_was_never_granted(place: World, less: Grant, saying: str) -> None:
    """The application grants more than these declarations say."""
    kind = place.registry.by_name["specimen"]
    narrower = replace(kind, access={**kind.access, "collector": less})
    check = permissions.check_role(place, narrower, "member", "collector", less)
    await turns_red(check, saying)


async def test_deleted_record_that_is_still_shown(
    whole: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    original = statement.Reading.matching

    def everything(self: Any, *asked: Any) -> Any:
        found = original(self, *asked)._generate()
        kept = [c for c in found._where_criteria if "deleted_at" not in str(c)]
        found._where_criteria = tuple(kept)
        return found

    monkeypatch.setattr(statement.Reading, "matching", everything)
    check = lifecycle.check_delete(whole, whole.registry.by_name["specimen"])
    await turns_red(check, "of a deleted record")
