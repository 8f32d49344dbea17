"""Tables, indexes, row policies and log triggers of a definition.

`tenant_id` leads every key and index; every operator that an index must serve under row security
is leakproof (see docs/decisions/0002-engine.md).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql
from sqlalchemy.dialects.postgresql import JSONB, TSVECTOR
from sqlalchemy.schema import CreateColumn

from tenfold.engine.definition import CUSTOM_TABLE, PRIVATE, Definition, Field
from tenfold.engine.types import Column, Columns, Locale, Ref

SCHEMA = "tenfold"
_DEFAULTS = {"created_at": "now()", "updated_at": "now()", "version": "1"}


def table_of(definition: Definition) -> sa.Table:
    """The table of a declared type; the same object for the same declaration."""
    return _table(definition.table, _Key(definition))


class _Key:
    """Hashes a definition by what its table depends on."""

    def __init__(self, definition: Definition) -> None:
        self.definition = definition

    def __hash__(self) -> int:
        return hash(self.definition.name)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Key) and self.definition.fields is other.definition.fields


@lru_cache(maxsize=4_096)
def _table(name: str, key: _Key) -> sa.Table:
    definition = key.definition
    columns: list[sa.Column[Any]] = [
        sa.Column("tenant_id", sa.UUID(as_uuid=True), primary_key=True),
        sa.Column("id", sa.UUID(as_uuid=True), primary_key=True),
    ]
    for field in definition.fields.values():
        if field.name != "id":
            columns.extend(_columns(field))
    columns.append(sa.Column("custom", JSONB, nullable=False, server_default=sa.text("'{}'")))
    columns.append(sa.Column("search", TSVECTOR))
    if has_private_search(definition):
        columns.append(sa.Column("search_private", TSVECTOR))
    return sa.Table(name, sa.MetaData(schema=SCHEMA), *columns)


def _columns(field: Field) -> Iterator[sa.Column[Any]]:
    for column in field.type.columns():
        generated = sa.Computed(column.generated, persisted=True) if column.generated else None
        name = column.named(field.name)
        default = _DEFAULTS.get(name) or _default(field, column)
        yield sa.Column(
            name,
            column.type,
            *([generated] if generated is not None else []),
            nullable=field.nullable or not field.type.writable or column.suffix != "",
            server_default=sa.text(default) if default else None,
        )


def _default(field: Field, column: Column) -> str | None:
    """A required column's declared default, so that it can join a table that has rows."""
    if field.nullable or field.default is None or column.suffix:
        return None
    value = field.type.parse(field.default, Locale())[0]
    if isinstance(value, str):
        return "'" + value.replace("'", "''") + "'"
    return str(value).lower() if isinstance(value, bool | int) else None


def has_private_search(definition: Definition) -> bool:
    """Whether some of its words may be found only by those who may see their field."""
    return any(f.search and f.private for f in definition.fields.values())


def logged_columns(definition: Definition) -> tuple[list[str], list[str]]:
    """The columns that the change log keeps: plain ones, and those holding JSON."""
    plain: list[str] = []
    documents: list[str] = ["custom"]
    for field in definition.fields.values():
        if field.name in ("id", "version", "updated_at"):
            continue
        for column in field.type.columns():
            if column.logged and not column.generated:
                target = documents if isinstance(column.type, JSONB) else plain
                target.append(column.named(field.name))
    return plain, documents


def sealed_columns(definition: Definition) -> list[str]:
    """The columns of secrets, and those by which they are found."""
    fields = (definition.fields[name] for name in definition.secrets)
    return [column for field in fields for column in field.column_names]


def create_table(definition: Definition) -> str:
    """CREATE TABLE without foreign keys, which come when all tables are there."""
    table = table_of(definition)
    dialect = _dialect()
    lines = [str(CreateColumn(column).compile(dialect=dialect)).strip() for column in table.columns]
    body = ",\n    ".join([*lines, "PRIMARY KEY (tenant_id, id)"])
    return f"CREATE TABLE {SCHEMA}.{table.name} (\n    {body}\n)"


@lru_cache(maxsize=1)
def _dialect() -> Any:
    return postgresql.dialect()


def foreign_keys(
    definition: Definition, known: Mapping[str, Definition]
) -> Iterator[tuple[str, str]]:
    """Name and SQL of each composite foreign key, one ALTER TABLE each."""
    for field in definition.fields.values():
        if isinstance(field.type, Ref):
            target = known[field.type.to].plural
            name = f"{definition.plural}_{field.name}_fk"
            yield (
                name,
                (
                    f"ALTER TABLE {SCHEMA}.{definition.plural} ADD CONSTRAINT {name} FOREIGN KEY "
                    f"(tenant_id, {field.name}_id) REFERENCES {SCHEMA}.{target} (tenant_id, id)"
                ),
            )


def indexes(definition: Definition) -> Iterator[tuple[str, str]]:
    """Name and SQL of each index, without CONCURRENTLY."""
    seen: set[tuple[str, str]] = set()
    for name, unique, columns, where in _index_parts(definition):
        if (columns, where) in seen:
            continue
        seen.add((columns, where))
        kind = "UNIQUE INDEX" if unique else "INDEX"
        table = f"{SCHEMA}.{definition.plural}"
        yield name, f"CREATE {kind} {name} ON {table} (tenant_id, {columns}) WHERE {where}"
    for vector in ("search", "search_private"):
        if vector == "search" or has_private_search(definition):
            name = f"{definition.plural}_{vector}"
            yield (
                name,
                (
                    f"CREATE INDEX {name} ON {SCHEMA}.{definition.plural} "
                    f"USING gin ({vector}) WITH (fastupdate = off)"
                ),
            )


def _index_parts(definition: Definition) -> Iterator[tuple[str, bool, str, str]]:
    live = "deleted_at IS NULL"
    plural = definition.plural
    for one in definition.indexes:
        parts = [_index_column(definition, name) for name in one.fields]
        name = one.name or f"{plural}_{'_'.join(n.lstrip('-') for n in one.fields)}"
        where = f"{live} AND {one.where}" if one.where else live
        columns = ", ".join([*parts, "id"])
        yield name, False, columns, where
    yield f"{plural}_created_at", False, "created_at, id", live
    for field in definition.fields.values():
        column = _compared(field)
        if field.unique:
            yield f"{plural}_{field.name}_unique", True, column, f"{live} AND {column} IS NOT NULL"
        if field.name in ("created_at", "external_id"):
            continue
        if field.filter and not field.type.many and field.name != "updated_at":
            key = _within(field, column)
            yield f"{plural}_{field.name}", False, f"{key}, created_at, id", live
        if field.sort or field.title:
            key = _sorted(field)
            yield f"{plural}_{field.name}_sort", False, f"{key}, id", live
        if field.within and (field.filter or field.sort):
            currency = field.within.name
            yield f"{plural}_{currency}", False, f"{currency}, created_at, id", live


def _index_column(definition: Definition, name: str) -> str:
    # An index is read both ways: `-` says in which the list is usually shown, and needs no DESC.
    return _sorted(definition.fields[name.lstrip("-")])


def _compared(field: Field) -> str:
    """The column that filters compare."""
    if not field.column_names:
        return ""
    return _bare(field.type.compared(field.name, _plain_columns(field)))


def _sorted(field: Field) -> str:
    key = _bare(field.type.sorted_by(field.name, _plain_columns(field)))
    return _within(field, key)


def _within(field: Field, column: str) -> str:
    """A column of an index: an amount's is behind its currency's."""
    return f"{field.within.name}, {column}" if field.within else column


def _plain_columns(field: Field) -> Columns:
    return Columns("t", {c.named(field.name): c.type for c in field.type.columns()})


def _bare(column: Any) -> str:
    return str(column).removeprefix("t.")


def protect(definition: Definition, app: str) -> Iterator[str]:
    """Row security, rights, and the triggers that keep version and change log."""
    table = f"{SCHEMA}.{definition.plural}"
    yield f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY"
    yield (
        f"CREATE POLICY tenant ON {table} "
        "USING (tenant_id = current_setting('app.tenant_id')::uuid) "
        "WITH CHECK (tenant_id = current_setting('app.tenant_id')::uuid)"
    )
    yield f"GRANT SELECT, INSERT, UPDATE, DELETE ON {table} TO {app}"
    sealed = ", ".join(f"'{name}'" for name in sealed_columns(definition))
    yield (
        f"CREATE TRIGGER touch BEFORE UPDATE ON {table} "
        f"FOR EACH ROW EXECUTE FUNCTION {SCHEMA}.touch({sealed})"
    )
    yield from log_triggers(definition)
    yield from finder(definition, app)


def log_triggers(definition: Definition) -> Iterator[str]:
    """Three statement triggers that write the change log, the type's name written in them."""
    plain, documents = logged_columns(definition)
    fill = {
        "schema": SCHEMA,
        "table": definition.plural,
        "type": definition.name,
        "new": _row("n", plain, documents),
        "old": _row("o", plain, documents),
    }
    for operation, body in (("insert", _INSERT), ("update", _UPDATE), ("delete", _DELETE)):
        tables = _TRANSITIONS[operation]
        planned = _PLANNED if operation == "update" else ""
        sealed = operation == "update" and definition.secrets
        called = _RESEALED if sealed else f"'{operation}'"
        before = ", o.version AS version_before" if sealed else ""
        parts = {"planned": planned, "body": body.format(before=before, **fill)}
        yield _FUNCTION.format(operation=operation, called=called, **parts, **fill)
        yield (
            f"CREATE TRIGGER log_{operation} AFTER {operation.upper()} ON {SCHEMA}.{fill['table']} "
            f"REFERENCING {tables} FOR EACH STATEMENT "
            f"EXECUTE FUNCTION {SCHEMA}.{fill['table']}_log_{operation}()"
        )


_FINDER = "(tsquery, boolean, uuid, uuid[], int, boolean, text)"
_TRANSITIONS = {
    "insert": "NEW TABLE AS new_rows",
    "update": "OLD TABLE AS old_rows NEW TABLE AS new_rows",
    "delete": "OLD TABLE AS old_rows",
}

# A connection keeps the plan of the first rows that it changed. Were that of one row a nested loop,
# ten thousand would be compared with each other, which takes longer than a statement may.
_PLANNED = " SET enable_nestloop = off"
_FUNCTION = """CREATE FUNCTION {schema}.{table}_log_{operation}() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = {schema}, pg_temp{planned} AS $$
DECLARE
    -- actor, request, batch, cause, depth: see Database.transaction
    change text[] := string_to_array(current_setting('app.change', true), ',');
BEGIN
    INSERT INTO {schema}.change_log (type, operation, actor_id, request_id, batch_id, cause_id,
        depth, reason, tenant_id, record_id, version, old, new)
    SELECT '{type}', {called},
        nullif(change[1], '')::uuid, nullif(change[2], ''), nullif(change[3], '')::uuid,
        nullif(change[4], '')::uuid, coalesce(nullif(change[5], '')::smallint, 0::smallint),
        nullif(current_setting('app.reason', true), ''),
        {body};
    RETURN NULL;
END $$"""

# Only where secrets are sealed anew does a record stay at its version; see tenfold.touch.
_RESEALED = "CASE WHEN r.version = r.version_before THEN 'reseal' ELSE 'update' END"

_INSERT = "n.tenant_id, n.id, n.version, NULL, {new}\n    FROM new_rows n"

_DELETE = "o.tenant_id, o.id, o.version, {old}, NULL\n    FROM old_rows o"

_UPDATE = """r.tenant_id, r.id, r.version, d.old, d.new
    FROM (SELECT n.tenant_id, n.id, n.version{before}, {old} AS old, {new} AS new
          FROM old_rows o JOIN new_rows n ON n.tenant_id = o.tenant_id AND n.id = o.id) r
    CROSS JOIN LATERAL {schema}.difference(r.old, r.new) d
    WHERE d.new IS NOT NULL"""


def _row(alias: str, plain: Iterable[str], documents: Iterable[str]) -> str:
    """One row's logged values; nulls of plain columns left out, documents kept to the letter."""
    names = ", ".join(f"{alias}.{name}" for name in plain)
    pairs = ", ".join(f"'{name}', {alias}.{name}" for name in documents)
    return (
        f"jsonb_strip_nulls((SELECT to_jsonb(x) FROM (SELECT {names}) x)) "
        f"|| jsonb_build_object({pairs})"
    )


def finder(definition: Definition, app: str) -> Iterator[str]:
    """The function that reaches the full-text index, which row security would lose.

    It takes the tenant from the context, answers capped ids with their rank (of the deleted where
    they are `gone`), and the caller joins them back to the protected table. What the caller would
    lose by that is left out before the cap: other types of a shared table, others' private records
    (where `groups` is null and `person` is not).
    """
    table = definition.plural
    name = f"{SCHEMA}.find_{table}"
    vector = "search"
    if has_private_search(definition):
        vector = "CASE WHEN private THEN coalesce(search || search_private, search) ELSE search END"
    condition = "t.search @@ query"
    if has_private_search(definition):
        condition = "(t.search @@ query OR (private AND t.search_private @@ query))"
    scope = "person IS NULL OR f.owner_id = person OR f.team_id = ANY (groups)"
    if definition.private:
        scope = (
            "person IS NULL OR f.owner_id = person\n"
            f"        OR f.{definition.private} <> '{PRIVATE}'"
            " AND (groups IS NULL OR f.team_id = ANY (groups))"
        )
    kind = "\n      AND (made IS NULL OR f.kind = made)" if table == CUSTOM_TABLE else ""
    yield f"""CREATE FUNCTION {name}
    (query tsquery, private boolean, person uuid, groups uuid[], most int, gone boolean, made text)
RETURNS TABLE (id uuid, rank real) LANGUAGE plpgsql STABLE SECURITY DEFINER ROWS 20
SET search_path = {SCHEMA}, pg_temp SET enable_seqscan = off AS $$
BEGIN
    RETURN QUERY
    SELECT f.id, ts_rank({vector.replace("search", "f.search")}, query)
    FROM (SELECT t.* FROM {SCHEMA}.{table} t WHERE {condition} OFFSET 0) f
    WHERE f.tenant_id = current_setting('app.tenant_id')::uuid
      AND (f.deleted_at IS NOT NULL) = gone
      AND ({scope}){kind}
    LIMIT most;
END $$"""
    signature = f"{name}{_FINDER}"
    yield f"REVOKE ALL ON FUNCTION {signature} FROM PUBLIC"
    yield f"GRANT EXECUTE ON FUNCTION {signature} TO {app}"


def drop_table(definition: Definition) -> Iterator[str]:
    """Undo `create_table` and `protect`."""
    table = definition.plural
    yield f"DROP FUNCTION {SCHEMA}.find_{table}{_FINDER}"
    yield f"DROP TABLE {SCHEMA}.{table} CASCADE"
    for operation in _TRANSITIONS:
        yield f"DROP FUNCTION {SCHEMA}.{table}_log_{operation}()"


__all__ = [
    "SCHEMA",
    "Column",
    "create_table",
    "drop_table",
    "foreign_keys",
    "has_private_search",
    "indexes",
    "log_triggers",
    "logged_columns",
    "protect",
    "sealed_columns",
    "table_of",
]
