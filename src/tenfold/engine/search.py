"""Search: full text by word and prefix, ranked, within the tenant and the reader's scope.

The words of a record lie in a tsvector whose lexemes carry the tenant; a finder function reaches
its index (project/tables.py) and the ids are joined back to the protected table. One or two
letters alone are looked up in the sorted keys of the titles instead: a full-text prefix that
short would match too much to rank.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY

from tenfold.db.database import Reader
from tenfold.engine.access import Access, Person, shared_bind
from tenfold.engine.ask import EVERYTHING, Ask
from tenfold.engine.definition import Definition
from tenfold.engine.naming import hint_sql, title_shape, title_sql
from tenfold.engine.project.tables import SCHEMA
from tenfold.engine.query import Query, filter_shapes
from tenfold.engine.sql import Statement, compiled
from tenfold.engine.statement import PersonReading
from tenfold.engine.types import Columns
from tenfold.engine.words import stem
from tenfold.kernel.errors import Invalid
from tenfold.kernel.text import spelled, words

RANKED = 150
"""How many hits of a common word are ranked: enough for a page, few enough for a keystroke."""
SIFTED = 10_000
"""How many hits are looked through where filters leave some of them only."""
_MOST_WORDS = 8
_SHORT = 2
_ID = sa.UUID(as_uuid=True)
_LAST = "\U0010ffff"


@dataclass(frozen=True, slots=True)
class Found:
    """What was found in one type: its hits as JSON text."""

    definition: Definition
    json: bytes


def searchable(definition: Definition, access: Access) -> bool:
    """Whether a person can find records of a type by words."""
    fields = [f for f in definition.fields.values() if f.search and not f.private]
    # Words of a hidden field lie in the same vector: finding by them would give them away.
    return access.read != "none" and bool(fields) and all(access.sees(f) for f in fields)


def tsquery(text: str, prefix: str) -> str:
    """The full-text query: every word, as a prefix or by its stem; raises Invalid without any."""
    found = dict(zip(words(text), spelled(text), strict=True))
    if not found:
        raise Invalid({"q": "needs at least one letter or digit"})
    parts: list[str] = []
    for word, other in list(found.items())[:_MOST_WORDS]:
        options = [f"'{prefix}:{w[:100]}':*" for w in dict.fromkeys((word, other))]
        roots = dict.fromkeys(stem(w) for w in (word, other) if stem(w) != w)
        options += [f"'{prefix}:{root}'" for root in roots]
        parts.append(f"({' | '.join(options)})")
    return " & ".join(parts)


class Search:
    """Finds records by words; statements are kept with those of the query."""

    def __init__(self, query: Query) -> None:
        self.query = query

    async def records(
        self,
        reader: Reader,
        person: Person,
        definition: Definition,
        text: str,
        limit: int,
        within: Ask | None = None,
    ) -> bytes:
        """The best hits of one type as a JSON list of whole records.

        `within` keeps those that pass its filters, shows its fields, and says whether to look
        among the deleted.
        """
        access = person.access(definition)
        access.need("read", definition)
        if not searchable(definition, access):
            return b"[]"
        asked = within or EVERYTHING
        statement = self._statement(person, definition, text, limit, asked)
        bound = await self.query.values(reader, person, definition, asked.narrowed())
        arguments = _arguments(statement, person, definition, text, bound)
        row = await reader.value(statement.text, *arguments)
        return row or b"[]"

    async def found(
        self, reader: Reader, person: Person, definition: Definition, ask: Ask
    ) -> bytes:
        """The best hits of a list's words; none where there is nothing to look for in them."""
        try:
            return await self.records(reader, person, definition, ask.words, ask.limit, ask)
        except Invalid:
            return b"[]"

    async def everywhere(
        self, reader: Reader, person: Person, types: Sequence[Definition], text: str, limit: int
    ) -> list[Found]:
        """The best hits of each type, as JSON lists of `{type, id, title, hint, rank}`."""
        found: list[Found] = []
        shown = [d for d in types if searchable(d, person.access(d))]
        statement = self._all(person, shown, text, limit)
        if statement is None:
            return found
        values = _values(person, text)
        values["private"] = False
        rows = await reader.rows(statement.text, *statement.arguments(values))
        names = {d.name: d for d in shown}
        return [Found(names[r[0]], r[1]) for r in rows if r[1] is not None]

    def _all(
        self, person: Person, types: Sequence[Definition], text: str, limit: int
    ) -> Statement | None:
        if not types:
            return None
        short = _is_short(text)
        shapes = tuple(title_shape(self.query.registry, person, d) for d in types)
        key = ("search everywhere", shapes, short, limit)

        def make() -> Statement:
            parts: list[Any] = []
            for one in types:
                reading = PersonReading(one, person, self.query.registry)
                hits = _hits(reading, short, limit)
                columns = Columns.of(reading.table, hits.name)
                title = title_sql(reading, columns)
                rows: sa.Subquery = sa.select(
                    sa.literal_column(f"'{one.name}'", sa.Text).label("type"),
                    hits.c.id,
                    title.label("title"),
                    hint_sql(reading, columns, title).label("hint"),
                    hits.c.rank,
                ).subquery(f"{one.name}_hits")
                listed: sa.Select[Any, Any] = sa.select(
                    sa.literal_column(f"'{one.name}'", sa.Text).label("type"),
                    sa.func.json_agg(sa.func.row_to_json(rows.table_valued())).label("hits"),  # pyright: ignore[reportAttributeAccessIssue, reportUnknownArgumentType, reportUnknownMemberType]
                )
                parts.append(listed.select_from(rows))
            return compiled(sa.union_all(*parts))

        return self.query.shapes.get(key, make)

    def _statement(
        self, person: Person, definition: Definition, text: str, limit: int, asked: Ask
    ) -> Statement:
        short = _is_short(text)
        shape = self.query.shape(person, definition, asked.embeds)
        question = (filter_shapes(asked), asked.fields, asked.deleted)
        key = ("search", *shape, *question, short, limit)

        def make() -> Statement:
            reading = PersonReading(definition, person, self.query.registry)
            hits = _hits(reading, short, limit, asked)
            chosen = reading.projection(hits.name, asked.fields, asked.embeds)
            shown = sa.select(*chosen).lateral("x")
            row = sa.func.row_to_json(shown.table_valued())  # pyright: ignore[reportAttributeAccessIssue, reportUnknownArgumentType, reportUnknownMemberType, reportUnknownVariableType]
            rows = sa.select(row.label("j")).select_from(hits.join(shown, sa.true())).subquery()  # pyright: ignore[reportUnknownMemberType, reportUnknownArgumentType]
            return compiled(sa.select(sa.func.json_agg(rows.c.j)))

        return self.query.shapes.get(key, make)


def _hits(reading: PersonReading, short: bool, limit: int, asked: Ask = EVERYTHING) -> Any:
    """The rows found, best first, with their rank, as a subquery named after the type."""
    table = reading.table
    definition = reading.definition
    rows = reading.matching(asked).with_only_columns(table)
    bound = sa.literal_column(str(int(limit)), sa.BigInteger)
    if short:
        keys = [table.c[f"{f.name}_key"] for f in definition.title_fields if f.folded]
        start, end = sa.bindparam("start", type_=sa.Text), sa.bindparam("end", type_=sa.Text)
        parts = [
            rows.where(key >= start, key < end)
            .add_columns(sa.literal_column("1.0", sa.Float).label("rank"))
            .order_by(key, table.c.id)
            .limit(bound)
            for key in keys
        ]
        if not parts:
            nothing = rows.add_columns(sa.literal_column("0", sa.Float).label("rank"))
            return nothing.where(sa.false()).subquery(f"{definition.name}_found")
        # UNION also drops what was found by two of the keys; tsvector and jsonb can be compared.
        both = sa.union(*parts).subquery()
        order = (*(both.c[key.name] for key in keys), both.c.id)
        return sa.select(both).order_by(*order).limit(bound).subquery(f"{definition.name}_found")
    private = "search_private" in table.c
    most = SIFTED if filter_shapes(asked) else max(RANKED, limit)
    finder = _finder(definition, private, reading.access, most, gone=asked.deleted)
    ranked = rows.join(finder, finder.c.id == table.c.id).add_columns(finder.c.rank.label("rank"))
    ordered = ranked.order_by(finder.c.rank.desc(), table.c.id.desc()).limit(bound)
    return ordered.subquery(f"{definition.name}_found")


def _finder(definition: Definition, private: bool, access: Access, most: int, *, gone: bool) -> Any:
    """The call of a type's finder as a table `f(id, rank)`, with what was shared beside it."""
    # Nothing is private in most types: there "open" is all of them.
    read = "all" if access.read == "open" and not definition.private else access.read
    scope = {
        "all": "NULL::uuid, NULL::uuid[]",
        "open": "CAST(:user AS uuid), NULL::uuid[]",
        "own": "CAST(:user AS uuid), '{}'::uuid[]",
        "team": "CAST(:user AS uuid), CAST(:teams AS uuid[])",
    }[read]
    made = f"'{definition.name}'" if definition.tenant_made else "NULL"
    secret = "CAST(:private AS boolean)" if private else "false"
    call = (
        f"SELECT f.id, f.rank FROM {SCHEMA}.find_{definition.table}"
        f"(CAST(:query AS tsquery), {secret}, {scope}, {most}, {str(gone).lower()}, {made}) AS f"
    )
    kinds: dict[str, Any] = {"query": sa.Text, "private": sa.Boolean, "user": _ID}
    kinds |= {"teams": ARRAY(_ID), "tenant": _ID, shared_bind(definition.name): ARRAY(_ID)}
    if access.widened:
        shared = f"{call} UNION ALL {_among_shared(definition, private)}"
        call = f"SELECT f.id, max(f.rank) AS rank FROM ({shared}) AS f GROUP BY f.id"
    binds = [sa.bindparam(n, type_=kind) for n, kind in kinds.items() if f":{n} " in call]
    columns = (sa.column("id", _ID), sa.column("rank", sa.Float))
    escaped = call.replace("::", r"\:\:")
    return sa.text(escaped).bindparams(*binds).columns(*columns).subquery("f")


def _among_shared(definition: Definition, private: bool) -> str:
    """What the finder leaves out before its cap: looked up by the ids, of which there are few."""
    query, vector = "CAST(:query AS tsquery)", "s.search"
    condition = f"s.search @@ {query}"
    if private:
        by_all = "CAST(:private AS boolean)"
        vector = f"CASE WHEN {by_all} THEN coalesce(s.search || s.search_private, s.search) END"
        condition += f" OR ({by_all} AND s.search_private @@ {query})"
    return (
        f"SELECT s.id, ts_rank(coalesce({vector}, s.search), {query}) AS rank "
        f"FROM {SCHEMA}.{definition.table} AS s WHERE s.tenant_id = CAST(:tenant AS uuid) "
        f"AND s.id = ANY (CAST(:{shared_bind(definition.name)} AS uuid[])) AND ({condition})"
    )


def _is_short(text: str) -> bool:
    found = words(text)
    return len(found) == 1 and len(found[0]) <= _SHORT


def _values(person: Person, text: str) -> dict[str, object]:
    values = person.bound()
    if _is_short(text):
        (word,) = words(text)
        return {**values, "start": word, "end": word + _LAST}
    return {**values, "query": tsquery(text, person.tenant.hex[-8:])}


def _arguments(
    statement: Statement,
    person: Person,
    definition: Definition,
    text: str,
    bound: Mapping[str, object],
) -> list[object]:
    access = person.access(definition)
    private = all(access.sees(f) for f in definition.fields.values() if f.private)
    return statement.arguments({**bound, **_values(person, text), "private": private})
