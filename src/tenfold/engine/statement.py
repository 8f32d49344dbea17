"""Builds the SQL of reads: one text per shape, values always bound.

A list is two levels: the inner select finds the rows (filters, scope, keyset, limit), the outer one
projects them to JSON with their embeds, so that nothing is computed for rows that are not shown.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import count
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY, JSON
from sqlalchemy.sql.elements import ColumnElement
from sqlalchemy.sql.selectable import Select

from tenfold.engine.access import Access, Person
from tenfold.engine.ask import EMBEDDED_ROWS, EVERYTHING, Ask, Embed, Sort, related
from tenfold.engine.bound import AMONG
from tenfold.engine.conditions import among, compared, of_currency, scoped, shared
from tenfold.engine.definition import Definition, Field
from tenfold.engine.filtering import Filter, Group
from tenfold.engine.project.tables import SCHEMA, table_of
from tenfold.engine.registry import Registry
from tenfold.engine.slots import SLOTS, slot_column, slot_field
from tenfold.engine.sorting import (
    after,
    before,
    kind_of,
    leading,
    ordered,
    phased,
    reversed_,
    slot_key,
    sort_keys,
)
from tenfold.engine.sql import (
    TENANT,
    USER,
    UUID_TYPE,
    ListStatement,
    Rows,
    Statement,
    compiled,
    name_of,
    row_json,
    whole_row,
)
from tenfold.engine.types import Columns, Many, Rollup
from tenfold.engine.types.numbers import Currency
from tenfold.engine.types.other import IndexedSecret
from tenfold.kernel.errors import Invalid

CUSTOM_FIELDS = sa.Table(
    "custom_fields",
    sa.MetaData(schema=SCHEMA),
    sa.Column("tenant_id", UUID_TYPE),
    sa.Column("type", sa.Text),
    sa.Column("name", sa.Text),
    sa.Column("retired_at", sa.DateTime(timezone=True)),
)


class Reading:
    """Builds what one access shape may read of one type."""

    def __init__(self, definition: Definition, access: Access, registry: Registry) -> None:
        self.definition, self.access, self.registry = definition, access, registry
        self.table = table_of(definition)

    # -- rows

    def rows(self, ask: Ask, cursor: Sequence[object] | None) -> Rows:
        """The inner select of a list: the table's rows, filtered, sorted and limited."""
        keys = sort_keys(ask.sorts)
        if self.access.read != "own" or not self.access.widened or ask.page:
            return self._first(self.matching(ask), ask, keys, cursor)
        # One's own in the order of an index, then what is shared: together they would all be read.
        table, asked = self.table, self._asked(ask)
        parts = [
            asked.where(table.c.owner_id == USER),
            asked.where(
                shared(self.access, self.definition, table),
                table.c.owner_id.is_distinct_from(USER),
            ),
        ]
        every: ColumnElement[Any] = sa.literal_column("found.*")
        both = sa.union_all(*(self._first(part, ask, keys, cursor) for part in parts))
        columns = Columns.of(table, "found")
        return (
            sa.select(every)
            .select_from(both.subquery("found"))
            .order_by(*(ordered(self._key(s, columns), s) for s in keys))
            .limit(_more(ask))
        )

    def _first(
        self, base: Select[Any], ask: Ask, keys: Sequence[Sort], cursor: Sequence[object] | None
    ) -> Rows:
        """The first rows of a list behind the cursor, and one more."""
        key, limit = self._key_column, _more(ask)
        if phased(keys) and not ask.page:
            return self._two_phases(base, keys, cursor, limit)
        order = [ordered(key(s), s) for s in keys]
        if cursor is not None:
            base = base.where(after(keys, [key(s) for s in keys], cursor))
        base = base.order_by(*order).limit(limit)
        return base.offset(sa.bindparam("offset", type_=sa.BigInteger)) if ask.page else base

    def _two_phases(
        self, base: Select[Any], keys: Sequence[Sort], cursor: Sequence[object] | None, limit: Any
    ) -> Rows:
        """Rows with a first value, then those without: each phase walks an index one way."""
        key = self._key_column
        first, most = key(keys[0]), leading(keys)
        phases: list[Select[Any]] = []
        columns = [key(s) for s in keys]
        rest = [ordered(key(s), s) for s in keys[most:]]
        if cursor is None or cursor[0] is not None:
            some = base.where(first.is_not(None))
            if cursor is not None:
                some = some.where(after(keys, columns, cursor, filled=most))
            order = [c.desc() if keys[0].descending else c.asc() for c in columns[:most]]
            phases.append(some.order_by(*order, *rest).limit(limit))
        none = base.where(first.is_(None))
        if cursor is not None and cursor[0] is None:
            none = none.where(after(keys[most:], columns[most:], cursor[most:], offset=most))
        phases.append(none.order_by(*rest).limit(limit))
        return phases[0] if len(phases) == 1 else sa.union_all(*phases).limit(limit)

    def matching(self, ask: Ask = EVERYTHING) -> Select[Any]:
        """The table's rows within the tenant, the reader's scope and a list's conditions."""
        scope = scoped(self.access, self.definition, self.table)
        statement = self._asked(ask)
        return statement if scope is None else statement.where(scope)

    def _asked(self, ask: Ask) -> Select[Any]:
        """The same without the reader's scope."""
        table = self.table
        # Not each by its name: they would be most of the text, at each level of it.
        every: ColumnElement[Any] = sa.literal_column(f"{table.name}.*")
        statement = sa.select(every).select_from(table).where(table.c.tenant_id == TENANT)
        if self.definition.tenant_made:
            statement = statement.where(table.c.kind == name_of(self.definition.name))
        gone = table.c.deleted_at
        statement = statement.where(gone.is_not(None) if ask.deleted else gone.is_(None))
        if ask.among is not None:
            among_ids = sa.bindparam(AMONG, type_=ARRAY(UUID_TYPE))
            statement = statement.where(table.c.id == sa.any_(among_ids))
        binds = (f"f{place}" for place in count())
        for one in ask.filters:
            statement = statement.where(self.condition(one, next(binds)))
        return statement.where(self._grouped(ask.where, binds)) if ask.where else statement

    def _grouped(self, part: Filter | Group, binds: Iterator[str]) -> ColumnElement[bool]:
        """A group of conditions as SQL, each bound under the next name."""
        if isinstance(part, Filter):
            return self.condition(part, next(binds))
        parts = [self._grouped(one, binds) for one in part.parts]
        return sa.or_(*parts) if part.any else sa.and_(*parts)

    def condition(self, one: Filter, bind: str) -> ColumnElement[bool]:
        """One filter as SQL, its value bound under the given name."""
        field = one.field
        if field.custom or field.type.many:
            return self._slot_condition(one, bind)
        columns = Columns.of(self.table)
        column = field.type.compared(field.name, columns)
        if one.operator == "prefix":
            column = field.type.sorted_by(field.name, columns)
        currency = field.type.currency_column(field.name)
        if one.operator == "null" and field.within and field.nullable:
            # Neither is there without the other, and the index has the currency first.
            column = columns[currency]
        if isinstance(field.type, IndexedSecret) and one.operator != "null":
            # Under each key that may have sealed it: there are two while secrets go over.
            return among(column, one.operator, bind)
        found = compared(column, one.operator, bind, negated=one.value is False)
        if field.by_key and one.operator in ("eq", "in"):
            key = field.type.sorted_by(field.name, columns)
            found = sa.and_(compared(key, one.operator, f"{bind}_folded"), found)
        if not currency or one.operator == "null":
            return found
        # The rows that were there when a required amount joined them got its default alone.
        bare = field.within is None or field.default is not None
        return of_currency(found, one.operator, columns[currency], bind, bare=bare)

    def _slot_condition(self, one: Filter, bind: str) -> ColumnElement[bool]:
        slots = SLOTS.alias()
        column = slots.c[slot_column(one.field.type.kind)]
        found = sa.select(slots.c.record_id).where(
            slots.c.tenant_id == TENANT,
            slots.c.field == sa.bindparam(f"{bind}_field", type_=sa.Text),
        )
        identity = self.table.c.id
        if one.operator == "null":
            has = identity.in_(found)
            return sa.not_(has) if one.value else has
        kind = one.field.type
        # The currency of a custom amount lies beside it in the record's JSON.
        key = sa.bindparam(f"{bind}_key", type_=sa.Text)
        beside: ColumnElement[Any] = self.table.c.custom.op("->>", return_type=sa.Text())(key)
        if isinstance(kind, Currency):
            return sa.and_(identity.in_(found), compared(beside, one.operator, bind))
        same = one.operator == "ne"
        matches = identity.in_(found.where(compared(column, "eq" if same else one.operator, bind)))
        if kind.currency_column(one.field.name):
            matches = of_currency(matches, "eq", beside, bind, bare=True)
        return sa.not_(matches) if same else matches

    def _key_column(self, sort: Sort) -> ColumnElement[Any]:
        return self._key(sort, Columns.of(self.table))

    def _key(self, sort: Sort, columns: Columns) -> ColumnElement[Any]:
        field = sort.field
        if field.custom:
            return slot_key(field, columns["id"])
        return field.type.sorted_by(field.name, columns)

    # -- projection

    def projection(
        self, alias: str, fields: Sequence[str] = (), embeds: Sequence[Embed] = ()
    ) -> list[ColumnElement[Any]]:
        """The labelled columns of the JSON of a row named `alias`, in order of declaration."""
        columns = Columns.of(self.table, alias)
        shown: list[ColumnElement[Any]] = []
        for field in self.definition.fields.values():
            if not self.access.sees(field) or (fields and field.name not in {*fields, "id"}):
                continue
            if isinstance(field.type, Many):
                continue
            if isinstance(field.type, Rollup):
                shown.append(self._rollup(field, field.type, columns).label(field.name))
                continue
            shown.append(field.type.select(field.name, columns).label(field.json_name))
            beside = field.type.beside(field.name, columns)
            shown.extend(column.label(name) for name, column in beside.items())
        if not fields or "custom" in fields:
            shown.append(self._custom(columns).label("custom"))
        shown.extend(self._embed(embed, columns).label(embed.name) for embed in embeds)
        return shown

    def _custom(self, row: Columns) -> ColumnElement[Any]:
        """The custom fields without those that are hidden or retired.

        Hidden names come from the access shape and not from the tenant's own fields: the
        statement is shared by all tenants with the same shape.
        """
        column = row["custom"]
        names = sorted(self.access.hidden - set(self.definition.fields))
        if names:
            hidden = [*names, *(f"{name}_currency" for name in names)]
            column = column.op("-")(sa.cast(sa.literal(hidden, ARRAY(sa.Text)), ARRAY(sa.Text)))
        return column.op("-")(_retired(self.definition)) if self.definition.retired else column

    def _rollup(self, field: Field, kind: Rollup, row: Columns) -> ColumnElement[Any]:
        found = related(kind.relation, self.definition, self.registry)
        if found is None:
            raise Invalid({field.name: "has no such relation"})
        other, relation, _ = found
        table = table_of(other).alias(f"{field.name}_rows")
        figure: ColumnElement[Any] = sa.func.count(sa.literal_column("*", sa.Text))
        if kind.over:
            columns = Columns.of(table_of(other), str(table.name))
            over = other.fields[kind.over].type
            figure = getattr(sa.func, kind.function)(over.select(kind.over, columns))
            if currency := over.currency_column(kind.over):
                # Amounts in several currencies have no figure; nothing is nothing in each.
                some = columns[kind.over] != sa.literal_column("0", sa.BigInteger)
                codes = sa.case((some, columns[currency]))
                one = sa.func.min(codes).is_not_distinct_from(sa.func.max(codes))
                figure = sa.case((one, figure))
        query = sa.select(figure).where(
            table.c.tenant_id == TENANT,
            table.c[f"{relation.name}_id"] == row["id"],
            table.c.deleted_at.is_(None),
        )
        return query.scalar_subquery()

    def _embed(self, embed: Embed, row: Columns) -> ColumnElement[Any]:
        raise NotImplementedError(embed.name, row)


class PersonReading(Reading):
    """Reading with embeds: each embedded type is read under the person's own access to it."""

    def __init__(self, definition: Definition, person: Person, registry: Registry) -> None:
        super().__init__(definition, person.access(definition), registry)
        self.person = person

    def _rollup(self, field: Field, kind: Rollup, row: Columns) -> ColumnElement[Any]:
        query = super()._rollup(field, kind, row)
        found = related(kind.relation, self.definition, self.registry)
        assert found is not None
        access = self.person.access(found[0])
        counted = [found[1], *([found[0].fields[kind.over]] if kind.over else [])]
        inner = query.element  # pyright: ignore[reportAttributeAccessIssue, reportUnknownMemberType, reportUnknownVariableType]
        table = inner.get_final_froms()[0]  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]
        if access.read == "none" or not all(map(access.sees, counted)):
            return sa.null()
        scope = scoped(access, found[0], table)  # pyright: ignore[reportUnknownArgumentType]
        return inner.where(scope).scalar_subquery() if scope is not None else query  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]

    def _embed(self, embed: Embed, row: Columns) -> ColumnElement[Any]:
        found = related(embed.name, self.definition, self.registry)
        if found is None or (not self.access.sees(found[1]) and not found[2]):
            names = [f.name for f in self.definition.relations.values() if self.access.sees(f)]
            names += list(self.registry.backs.get(self.definition.name, {}))
            known = ", ".join(sorted(names)) or "none"
            raise Invalid({"embed": f"has no relation {embed.name!r}; there are: {known}"})
        other, relation, back = found
        # Whether the tenant retired any of its custom fields is not known here.
        inner = PersonReading(replace(other, retired=True), self.person, self.registry)
        if inner.access.read == "none" or (back and not inner.access.sees(relation)):
            return sa.null()
        rows = inner.matching()
        if isinstance(relation.type, Many):
            holder = other if back else self.definition
            rows = rows.where(inner.table.c.id.in_(_paired(holder, relation, row, back=back)))
        elif back:
            rows = rows.where(inner.table.c[f"{relation.name}_id"] == row["id"])
        else:
            rows = rows.where(inner.table.c.id == row[f"{relation.name}_id"])
            return inner.object(rows, (), embed.within)
        rows = rows.order_by(inner.table.c.created_at.desc(), inner.table.c.id.desc())
        return inner.array(rows.limit(EMBEDDED_ROWS + 1), embed.within)

    def object(
        self, rows: Select[Any], fields: Sequence[str], embeds: Sequence[Embed]
    ) -> ColumnElement[Any]:
        """One row as a JSON object, null where there is none."""
        alias = f"{self.definition.name}_row"
        source = rows.limit(1).subquery(alias)
        shown = sa.select(*self.projection(alias, fields, embeds)).select_from(source)
        return sa.select(row_json(shown.subquery())).scalar_subquery()

    def array(self, rows: Select[Any], embeds: Sequence[Embed]) -> ColumnElement[Any]:
        """Up to EMBEDDED_ROWS rows as `{"data": […], "more": bool}`."""
        alias = f"{self.definition.name}_rows"
        source = rows.subquery(alias)
        shown = sa.select(*self.projection(alias, (), embeds)).select_from(source).subquery()
        numbered = sa.select(
            row_json(shown).label("j"), sa.func.row_number().over().label("n")
        ).subquery()
        kept = sa.func.json_agg(numbered.c.j).filter(numbered.c.n <= EMBEDDED_ROWS)
        document = sa.func.json_build_object(
            "data",
            sa.func.coalesce(kept, sa.cast(sa.literal("[]"), JSON)),
            "more",
            sa.func.count() > EMBEDDED_ROWS,
        )
        return sa.select(document).select_from(numbered).scalar_subquery()

    # -- whole statements

    def list_statement(self, ask: Ask, cursor: Sequence[object] | None) -> ListStatement:
        """A page: JSON text, the number of rows found up to one more, and the last row's keys."""
        inner = self.rows(ask, cursor)
        statement, kinds = self.page(ask, inner)
        return ListStatement(compiled(statement), kinds, inner)

    def page(self, ask: Ask, inner: Rows) -> tuple[Select[Any], tuple[type, ...]]:
        """The same as a select over its rows, and the Python types of the cursor's values."""
        keys = sort_keys(ask.sorts)
        source = inner.subquery("t")
        columns = Columns.of(self.table, "t")
        shown = sa.select(*self.projection("t", ask.fields, ask.embeds)).lateral("x")
        last: list[ColumnElement[Any]] = []
        kinds: list[type] = []
        for place, sort in enumerate(keys):
            column = self._key(sort, columns)
            last.append(column.label(f"k{place}"))
            kinds.append(kind_of(column))
        number = sa.func.row_number().over().label("n")
        page = (
            sa.select(whole_row(shown).label("j"), number, *last)
            .select_from(source.join(shown, sa.true()))
            .subquery("p")
        )
        most = sa.literal_column(str(int(ask.limit)), sa.BigInteger)
        data = sa.func.json_agg(page.c.j).filter(page.c.n <= most)
        final = [
            sa.func.max(page.c[f"k{i}"]).filter(page.c.n == most)
            if kinds[i] is not UUID and kinds[i] is not bool
            else sa.func.array_agg(page.c[f"k{i}"])[most]
            for i in range(len(keys))
        ]
        named = (one.label(f"last{place}") for place, one in enumerate(final))
        found = sa.func.count().label("found")
        return sa.select(data.label("data"), found, *named).select_from(page), tuple(kinds)

    def place_statement(self, ask: Ask) -> Statement:
        """The place of one record in the order of a list: the values of its keys."""
        keys = sort_keys(ask.sorts)
        rows = self.matching(EVERYTHING.narrowed(deleted=ask.deleted))
        rows = rows.where(self.table.c.id == sa.bindparam("id", type_=UUID_TYPE))
        return compiled(rows.with_only_columns(*(self._key_column(s) for s in keys)))

    def beside_statement(self, ask: Ask, place: Sequence[object], *, backwards: bool) -> Statement:
        """The id of the record that stands after a place in a list, or before it."""
        inner = self._back(ask, place) if backwards else self.rows(ask, place)
        columns = Columns.of(self.table, "b")
        one = sa.literal_column("1", sa.BigInteger)
        return compiled(sa.select(columns["id"]).select_from(inner.subquery("b")).limit(one))

    def _back(self, ask: Ask, place: Sequence[object]) -> Rows:
        """The last row before a place: of those without a first value, else of those with one."""
        keys, base, key = sort_keys(ask.sorts), self.matching(ask), self._key_column
        columns, one = [key(s) for s in keys], sa.literal_column("1", sa.BigInteger)
        order = [reversed_(c, s) for c, s in zip(columns, keys, strict=True)]
        if place[0] is not None:
            return base.where(before(keys, columns, place)).order_by(*order).limit(one)
        rest = before(keys[1:], columns[1:], place[1:], offset=1)
        none = base.where(columns[0].is_(None), rest).order_by(*order[1:]).limit(one)
        first = columns[0].asc() if keys[0].descending else columns[0].desc()
        some = base.where(columns[0].is_not(None)).order_by(first, *order[1:]).limit(one)
        return sa.union_all(none, some).limit(one)

    def one_statement(
        self, fields: Sequence[str], embeds: Sequence[Embed], *, deleted: bool = False
    ) -> Statement:
        """One record by id: JSON text and its version."""
        rows = self.matching(Ask(deleted=deleted))
        rows = rows.where(self.table.c.id == sa.bindparam("id", type_=UUID_TYPE))
        source = rows.subquery("t")
        lateral = sa.select(*self.projection("t", fields, embeds)).lateral("x")
        version = Columns.of(self.table, "t")["version"]
        statement = sa.select(row_json(lateral), version).select_from(
            source.join(lateral, sa.true())
        )
        return compiled(statement)

    def many_statement(self, fields: Sequence[str], embeds: Sequence[Embed]) -> Statement:
        """Records by their ids, in the order of the ids: JSON text of a list."""
        rows = self.matching()
        ids = sa.bindparam("ids", type_=ARRAY(UUID_TYPE))
        rows = rows.where(self.table.c.id == sa.any_(ids))
        source = rows.subquery("t")
        lateral = sa.select(*self.projection("t", fields, embeds)).lateral("x")
        place = sa.func.array_position(ids, Columns.of(self.table, "t")["id"])
        inner = (
            sa.select(row_json(lateral).label("j"), place.label("place"))
            .select_from(source.join(lateral, sa.true()))
            .order_by(place)
            .subquery("p")
        )
        return compiled(sa.select(sa.func.json_agg(inner.c.j)))

    def ids_statement(self, ask: Ask) -> Statement:
        """The ids of the rows that match, in order, after one and up to a number."""
        identity = self.table.c.id
        rows = self.matching(ask).with_only_columns(identity)
        rows = rows.where(identity > sa.bindparam("after", type_=UUID_TYPE)).order_by(identity)
        return compiled(rows.limit(sa.bindparam("most", type_=sa.BigInteger)))

    def count_statement(self, ask: Ask, most: int) -> Statement:
        """How many rows match, counted up to a bound."""
        rows = self.matching(ask)
        found = (
            rows.with_only_columns(sa.literal_column("1", sa.Integer))
            .limit(sa.literal_column(str(int(most))))
            .subquery()
        )
        return compiled(sa.select(sa.func.count()).select_from(found))


def _more(ask: Ask) -> ColumnElement[int]:
    """One row more than a page has, which tells whether there are others."""
    return sa.literal_column(str(int(ask.limit) + 1), sa.BigInteger)


def _paired(holder: Definition, relation: Field, row: Columns, *, back: bool) -> Select[Any]:
    """The ids that a to-many relation of `holder` pairs with a row, seen from either side."""
    slots = SLOTS.alias()
    here, there = slots.c.record_id, slots.c.ref_value
    if back:
        here, there = there, here
    return sa.select(there).where(
        slots.c.tenant_id == TENANT,
        slots.c.field == name_of(slot_field(holder, relation)),
        here == row["id"],
    )


def _retired(definition: Definition) -> ColumnElement[Any]:
    """The keys of custom fields that the tenant retired; asked once per statement."""
    fields = CUSTOM_FIELDS.alias()
    names = sa.func.array_agg(fields.c.name, type_=ARRAY(sa.Text))
    currencies = sa.func.array_agg(fields.c.name.op("||")("_currency"), type_=ARRAY(sa.Text))
    empty = sa.literal_column("ARRAY[]::text[]", ARRAY(sa.Text))
    return (
        sa.select(sa.func.coalesce(names.op("||")(currencies), empty))
        .where(
            fields.c.tenant_id == TENANT,
            fields.c.type == name_of(definition.name),
            fields.c.retired_at.is_not(None),
        )
        .scalar_subquery()
    )
