"""Checks that every declared filter, sort and search is served by an index (decision 1).

Plans are made as the application's role with row security on and without knowing the values, as
the application makes them. `enable_seqscan` and `enable_sort` are off: a plan that still scans the
whole table or sorts it shows that no index can serve the question.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import asyncpg
from tests.conformance.world import World
from tests.factories import Owner

from tenfold.engine.access import Person, Shared
from tenfold.engine.ask import Ask, Filter, Sort
from tenfold.engine.definition import Definition, Field, Grant
from tenfold.engine.sql import Statement
from tenfold.engine.statement import PersonReading
from tenfold.kernel.ids import new_id

ROWS, TENANTS = 2_000, 4
Plan = dict[str, Any]


async def fill(owner: Owner, kind: Definition) -> None:
    """Rows enough that the planner sees a difference, made without triggers; only once a type."""
    table = f"tenfold.{kind.table}"
    if await owner.fetchval(f"SELECT count(*) > {ROWS // 2} FROM {table}"):
        return
    columns = await owner.fetch(
        "SELECT attname, atttypid::regtype::text AS type FROM pg_attribute "
        "WHERE attrelid = $1::regclass AND attnum > 0 AND attgenerated = '' AND NOT attisdropped",
        table,
    )
    values = {r["attname"]: _VALUES.get(r["type"], "NULL") for r in columns}
    values |= {"tenant_id": f"('00000000-0000-7000-8000-00000000000' || n % {TENANTS})::uuid"}
    values |= {"deleted_at": "NULL", "version": "1", "custom": "'{}'"}
    if kind.tenant_made:
        values["kind"] = f"'{kind.name}'"
    for one in kind.fields.values():
        options = getattr(one.type, "options", None)
        if options and not one.type.many:
            listed = ", ".join(f"'{option}'" for option in options)
            values[one.name] = f"(ARRAY[{listed}])[1 + n % {len(options)}]"
        if one.within:
            values[one.within.name] = "(ARRAY['EUR', 'JPY', 'USD'])[1 + n % 3]"
    names, expressions = ", ".join(values), ", ".join(values.values())
    async with owner.transaction():
        # A server that is not ours may vacuum meanwhile, and then plan otherwise.
        await owner.execute(f"ALTER TABLE {table} SET (autovacuum_enabled = false)")
        # Other tests' organisations have a few records each: any index does for so few.
        await owner.execute(
            f"ALTER TABLE {table} ALTER COLUMN tenant_id SET (n_distinct = {TENANTS})"
        )
        await owner.execute("SET LOCAL session_replication_role = replica")
        await owner.execute(
            f"INSERT INTO {table} ({names}) SELECT {expressions} FROM generate_series(1, {ROWS}) n"
        )
    await owner.execute(f"ANALYZE {table}")


_VALUES = {
    "text": "'text ' || (n * 7919) % 1999",
    "bigint": "(n * 7919) % 1999",
    "integer": "(n * 7919) % 1999",
    "smallint": "n % 100",
    "boolean": "n % 2 = 0",
    "date": "date '2024-01-01' + n % 700",
    "timestamp with time zone": "timestamptz '2024-01-01' + n * interval '1 minute'",
    "uuid": "md5(n::text)::uuid",
    "jsonb": "'{}'",
    "bytea": "decode(md5(n::text), 'hex')",
    "tsvector": "('''word' || n % 500 || ''':1')::tsvector",
}


async def plan_of(connection: asyncpg.Connection, statement: Statement) -> Plan:
    """The plan of a statement, made before its values are known."""
    nothing = ", ".join(["NULL"] * len(statement.parameters))
    await connection.execute(f"PREPARE asked AS {statement.text}")
    try:
        call = f"EXECUTE asked({nothing})" if nothing else "EXECUTE asked"
        text = await connection.fetchval(f"EXPLAIN (FORMAT JSON) {call}")
    finally:
        await connection.execute("DEALLOCATE asked")
    return json.loads(text)[0]["Plan"]


def nodes(plan: Plan) -> Iterator[Plan]:
    """All nodes of a plan."""
    yield plan
    for inner in plan.get("Plans", ()):
        yield from nodes(inner)


async def planning(place: World) -> asyncpg.Connection:
    """A connection as the application's role that plans as the application does."""
    connection = await asyncpg.connect(place.base.app_url, statement_cache_size=0)
    await connection.execute(
        f"SET app.tenant_id = '{new_id()}'; SET plan_cache_mode = force_generic_plan; "
        "SET enable_seqscan = off; SET jit = off"
    )
    return connection


def reading(place: World, kind: Definition) -> PersonReading:
    """What somebody with the right to read everything asks with."""
    person = Person(user=new_id(), tenant=new_id(), role="admin")
    return PersonReading(kind, person, place.registry)


def filters(kind: Definition) -> Iterator[tuple[Field, str]]:
    """Each declared filter with each of its operators that an index can serve.

    `ne` is true of almost every row, and so is `in` of a field with few values: no index helps.
    """
    for one in (*kind.fields.values(), *kind.custom_fields.values()):
        if one.within and (one.filter or one.sort):
            yield one.within, "eq"  # there are but a few
        if one.by_key:
            yield from ((one, operator) for operator in ("eq", "in", "prefix"))
        if not (one.filter or one.unique) or one.name == "created_at":
            continue
        for operator in one.type.operators:
            if operator == "null" and (one.unique or not one.nullable):
                continue  # a unique key leaves out the empty ones
            if operator != "ne" and not (operator == "in" and _few(one)):
                yield one, operator


def _few(one: Field) -> bool:
    """Whether the field has but a few values."""
    inner = getattr(one.type, "of", one.type)
    return inner.kind in ("choice", "stage", "boolean")


async def check_filters(place: World, kind: Definition) -> None:
    """Each declared filter is an index condition, never a filter over all rows of the tenant."""
    await fill(place.owner, kind)
    connection = await planning(place)
    try:
        for one, operator in filters(kind):
            chosen = Filter(one, operator, True if operator == "null" else "x")
            ask = Ask(filters=(chosen,), sorts=(_newest(kind),), fields=("id",))
            asked = reading(place, kind)
            # A range and another sort can't share an index, and half of all rows are as well found
            # in the order of the sort: these are asked without one.
            ranged = operator in ("gt", "gte", "lt", "lte", "prefix") or _few(one)
            counted = asked.count_statement(ask, 1_001)
            statement = counted if ranged else asked.list_statement(ask, None).page
            plan = await plan_of(connection, statement)
            _served(plan, kind, one, operator)
    finally:
        await connection.close()


def _newest(kind: Definition) -> Sort:
    return Sort(kind.fields["created_at"], descending=True)


def _served(plan: Plan, kind: Definition, one: Field, operator: str) -> None:
    """The table is reached by an index condition on the field, and not filtered by it after."""
    what = f"{one.json_name}[{operator}]"
    if one.custom or one.type.many:
        used = [n for n in nodes(plan) if str(n.get("Index Name", "")).startswith("slots_")]
        assert used, f"{what} does not use the slots' index: {_short(plan)}"
        return
    names = {f"{one.name}_key"} if one.by_key else {*one.column_names}
    conditions: list[str] = []
    for node in nodes(plan):
        assert node["Node Type"] != "Seq Scan" or node.get("Relation Name") != kind.table, (
            f"{what} reads the whole table: {_short(plan)}"
        )
        conditions.append(str(node.get("Index Cond", "")))
        if node.get("Relation Name") != kind.table:
            continue  # a rollup over another table
        after = str(node.get("Filter", ""))
        if kind.strict:  # everybody is kept from what others marked private
            scope = rf"\(owner_id = \$\d+\) OR \({kind.private} <> 'private'::text\)"
            after = re.sub(scope, "", after)
        assert not _mentions(after, names), f"{what} is a filter after the index: {after}"
    # A folded text is compared by one of its columns, an amount by both but where there is neither.
    both = one.within is not None and operator != "null"
    compared = [{name} for name in names] if both else [names]
    assert all(any(_mentions(c, some) for c in conditions) for some in compared), (
        f"{what} is no index condition: {_short(plan)}"
    )


def _mentions(condition: str, names: set[str]) -> bool:
    return any(re.search(rf"\b{name}\b", condition) for name in names)


# The last row of a page that was sorted by an amount: its currency, the amount, and its id.
_BEHIND = ("EUR", 1, new_id())


async def check_sorts(place: World, kind: Definition) -> None:
    """Each declared sort reads an index in its order, both ways, and sorts nothing."""
    await fill(place.owner, kind)
    connection = await planning(place)
    await connection.execute("SET enable_sort = off")
    try:
        for one in kind.fields.values():
            if not (one.sort or one.title) or one.name == "updated_at":
                continue
            for down in (False, True):
                ask = Ask(sorts=(Sort(one, descending=down),), fields=("id",))
                statement = reading(place, kind).list_statement(ask, None).page
                plan = await plan_of(connection, statement)
                kinds = {n["Node Type"] for n in nodes(plan)}
                what = f"sort by {'-' if down else ''}{one.json_name}"
                assert not kinds & {"Sort", "Seq Scan"}, f"{what} sorts: {_short(plan)}"
                if one.within:
                    statement = reading(place, kind).list_statement(ask, _BEHIND).page
                    plan = await plan_of(connection, statement)
                    begun = [n for n in nodes(plan) if "ROW(" in str(n.get("Index Cond", ""))]
                    assert begun, f"{what} goes on from the beginning: {_short(plan)}"
    finally:
        await connection.close()


async def check_search(place: World, kind: Definition) -> None:
    """The finder's own question uses the full-text index, whatever the tenant's size."""
    if not any(f.search for f in kind.fields.values()):
        return
    await fill(place.owner, kind)
    body = await place.owner.fetchval(
        "SELECT prosrc FROM pg_proc WHERE oid = $1::regproc", f"tenfold.find_{kind.table}"
    )
    (source,) = re.findall(r"(?s)\bSELECT .* LIMIT most", body)
    names = ("query", "private", "person", "groups", "most", "gone", "made")
    for number, name in enumerate(names, 1):
        source = re.sub(rf"(?<![.\w]){name}\b", f"${number}", source)
    connection = await asyncpg.connect(place.base.admin_url, statement_cache_size=0)
    try:
        await connection.execute(
            "SET enable_seqscan = off; SET plan_cache_mode = force_generic_plan; "
            f"SET search_path = tenfold, pg_temp; SET app.tenant_id = '{new_id()}'; "
            f"PREPARE found(tsquery, boolean, uuid, uuid[], int, boolean, text) AS {source}"
        )
        text = await connection.fetchval(
            "EXPLAIN (FORMAT JSON) EXECUTE found(NULL, NULL, NULL, NULL, NULL, NULL, NULL)"
        )
    finally:
        await connection.close()
    plan = json.loads(text)[0]["Plan"]
    used = {str(n.get("Index Name")) for n in nodes(plan) if "Index Cond" in n}
    assert f"{kind.table}_search" in used, f"search does not use its index: {_short(plan)}"


async def check_scopes(place: World, kind: Definition) -> None:
    """What is one's own is found by the owner's index, not by walking through the tenant."""
    await fill(place.owner, kind)
    connection = await planning(place)
    try:
        person = Person(user=new_id(), tenant=new_id(), role="x")
        for scope, columns in (("own", {"owner_id"}),):
            access = person.access(kind)
            object.__setattr__(access, "read", scope)
            asked = PersonReading(kind, person, place.registry)
            plan = await plan_of(
                connection, asked.list_statement(Ask(sorts=(_newest(kind),)), None).page
            )
            conditions = [str(n.get("Index Cond", "")) for n in nodes(plan)]
            assert any(_mentions(c, columns) for c in conditions), (
                f"{scope} walks through the tenant: {_short(plan)}"
            )
    finally:
        await connection.close()


async def check_shared(place: World, kind: Definition) -> None:
    """Who has something shared with them still reads by indexes, and one's own by the owner's."""
    await fill(place.owner, kind)
    connection = await planning(place)
    ask = Ask(sorts=(_newest(kind),))
    try:
        for scope in ("own", "team", *(("open",) if kind.private else ())):
            grants = {"sharee": {kind.name: Grant(read=scope)}}
            shared = {kind.name: Shared((new_id(),))}
            person = Person(
                user=new_id(),
                tenant=new_id(),
                role="x",
                roles=frozenset({"sharee"}),
                own_roles=grants,
                shared=shared,
            )
            asked = PersonReading(kind, person, place.registry)
            assert asked.access.widened
            statements = {
                "list": asked.list_statement(ask, None).page,
                "count": asked.count_statement(ask, 1_001),
                "one": asked.one_statement((), ()),
                "several": asked.many_statement((), ()),
                "narrowed": asked.count_statement(replace(ask, among=()), 1_001),
            }
            for name, statement in statements.items():
                plan = await plan_of(connection, statement)
                _by_index(plan, kind, f"{name} of {scope} and shared")
            if scope == "own":
                _both_ways(await plan_of(connection, statements["list"]), kind)
    finally:
        await connection.close()


def _by_index(plan: Plan, kind: Definition, what: str) -> None:
    for node in nodes(plan):
        if node.get("Relation Name") == kind.table:
            assert node["Node Type"] != "Seq Scan", f"{what} reads the table: {_short(plan)}"


def _both_ways(plan: Plan, kind: Definition) -> None:
    """One's own by the owner's index without a sort, what is shared by its ids."""
    scans = [n for n in nodes(plan) if n.get("Relation Name") == kind.table]
    # A bitmap's conditions stand in a node below; above it they are looked at again.
    conditions = [str(n.get("Index Cond") or n.get("Recheck Cond", "")) for n in scans]
    assert any(_mentions(c, {"owner_id"}) for c in conditions), f"not by owner: {_short(plan)}"
    assert any("id = ANY" in c for c in conditions), f"not by ids: {_short(plan)}"


def _short(plan: Plan) -> str:
    """A plan in a line: its nodes with what they use."""
    keys = ("Relation Name", "Index Name", "Index Cond", "Filter", "Sort Key")
    parts = [
        " ".join([n["Node Type"], *(f"{k}={n[k]}" for k in keys if k in n)]) for n in nodes(plan)
    ]
    return " > ".join(parts)[:1_500]
