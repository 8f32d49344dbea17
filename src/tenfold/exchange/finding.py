"""Finds the records that a file's relations name: by id, key, e-mail or title, many at once."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.sql.elements import ColumnElement

from tenfold.db.database import Reader
from tenfold.engine.access import Person
from tenfold.engine.definition import Definition, Field
from tenfold.engine.query import Query
from tenfold.engine.sql import UUID_TYPE, Statement, compiled
from tenfold.engine.statement import PersonReading
from tenfold.engine.types import Columns, Locale, Refused
from tenfold.kernel.ids import parse_id
from tenfold.kernel.language import say, within
from tenfold.kernel.text import fold, sort_key

_PEOPLE = """SELECT u.id, lower(u.email), lower(u.first_name || ' ' || u.last_name)
FROM tenfold.members m JOIN tenfold.users u ON u.id = m.user_id
WHERE m.tenant_id = $1 AND m.active AND (u.id = ANY ($2) OR lower(u.email) = ANY ($3)
    OR m.known_at IS NOT NULL AND lower(u.first_name || ' ' || u.last_name) = ANY ($3))"""
_MOST = 20_000

Answer = UUID | str
"""The record that was found, or the sentence that says why none was."""


class Absent(str):
    """The sentence where nothing is of the name; several of one name are another matter."""

    __slots__ = ()


class Finder:
    """Looks up relations for one person; remembers what it found, never what it did not."""

    def __init__(self, query: Query, locale: Locale) -> None:
        self._query, self._locale = query, locale
        self._known: dict[tuple[str, str, bool], UUID] = {}

    async def find(
        self,
        reader: Reader,
        person: Person,
        to: str,
        texts: Iterable[str],
        *,
        references: bool = False,
        definition: Definition | None = None,
    ) -> dict[str, Answer]:
        """For each text the record of a type, within what the person may read, or why none.

        `definition` is given for a type that a tenant made.
        """
        wanted = dict.fromkeys(texts)
        found: dict[str, Answer] = {}
        for text in wanted:
            if (known := self._known.get((to, text, references))) is not None:
                found[text] = known
        left = [text for text in wanted if text not in found]
        if left:
            if to == "user":
                fresh = await _people(reader, person, left)
            else:
                known_type = definition or self._query.registry.by_name[to]
                fresh = await self._fresh(reader, person, known_type, left, references)
            for text, answer in fresh.items():
                if isinstance(answer, UUID) and len(self._known) < _MOST:
                    self._known[to, text, references] = answer
            found |= fresh
        return found

    async def keyed(
        self,
        reader: Reader,
        person: Person,
        definition: Definition,
        key: Field,
        texts: Iterable[str],
    ) -> dict[str, Answer]:
        """For each text that some records have in this field the record, or that they are many."""
        return await self._by(reader, person, definition, key, list(dict.fromkeys(texts)))

    async def _fresh(
        self,
        reader: Reader,
        person: Person,
        definition: Definition,
        texts: Sequence[str],
        references: bool,
    ) -> dict[str, Answer]:
        word = within(definition.label)
        if person.access(definition).read == "none":
            why = say("You may not read %(things)s.", things=within(definition.label_plural))
            return dict.fromkeys(texts, why)
        answers: dict[str, Answer] = {}
        ways = _ways(definition, person)
        for one in [w for w in ways if w.name == "external_id"] if references else ways:
            left = [text for text in texts if text not in answers]
            if left:
                answers |= await self._by(reader, person, definition, one, left)
        if not references and (left := [text for text in texts if text not in answers]):
            answers |= await self._by_names(reader, person, definition, left)
        for text in texts:
            if text not in answers:
                why = say(
                    "There is no %(type)s %(name)s; import it first or let missing ones be made.",
                    type=word,
                    name=_quoted(text),
                )
                answers[text] = Absent(why)
        return answers

    async def _by(
        self,
        reader: Reader,
        person: Person,
        definition: Definition,
        one: Field,
        texts: Sequence[str],
    ) -> dict[str, Answer]:
        """The records whose field has these values."""
        values: dict[Any, list[str]] = {}
        for text in texts:
            value = self._value(one, text)
            if value is not None:
                values.setdefault(value, []).append(text)
        if not values:
            return {}
        reading = PersonReading(definition, person, self._query.registry)
        key = ("find", one.name, definition.name, definition.digest, reading.access.shape)
        statement = self._query.shapes.get(key, lambda: _statement(reading, one))
        rows = await reader.rows(
            statement.text, *statement.arguments({**person.bound(), "values": list(values)})
        )
        return {
            text: _one(definition, within(one.label), text, many, identity)
            for value, many, identity in rows
            for text in values.get(value, ())
        }

    def _value(self, one: Field, text: str) -> Any:
        if one.type.kind == "id":
            return parse_id(text)
        if one.folded:
            return sort_key(text)
        try:
            return one.type.parse(text, self._locale)[0]
        except Refused:
            return None

    async def _by_names(
        self, reader: Reader, person: Person, definition: Definition, texts: Sequence[str]
    ) -> dict[str, Answer]:
        """The records that two fields together name: a first and a last name."""
        titles = [f for f in definition.title_fields if f.folded]
        access = person.access(definition)
        if len(titles) != 2 or not all(access.sees(f) for f in titles):
            return {}
        firsts, lasts = _splits(texts)
        reading = PersonReading(definition, person, self._query.registry)
        key = ("find names", definition.name, definition.digest, reading.access.shape)
        statement = self._query.shapes.get(key, lambda: _two(reading, titles))
        bound = {**person.bound(), "firsts": firsts, "lasts": lasts}
        rows = await reader.rows(statement.text, *statement.arguments(bound))
        by_name: dict[str, tuple[int, UUID]] = {}
        for first, last, many, identity in rows:
            before, _ = by_name.get(name := f"{first} {last}", (0, identity))
            by_name[name] = (before + many, identity)
        return {
            text: _one(definition, say("name"), text, *by_name[fold(text)])
            for text in texts
            if fold(text) in by_name
        }


def _ways(definition: Definition, person: Person) -> list[Field]:
    """The fields that may name a record, the surest first."""
    access = person.access(definition)
    fields = [f for f in definition.fields.values() if access.sees(f)]
    uniques = [f for f in fields if f.unique and f.name != "external_id"]
    first = [definition.fields[name] for name in ("id", "external_id")]
    emails = [f for f in fields if f.type.kind == "email"][:1]
    titles = list(definition.title_fields) if len(definition.title_fields) == 1 else []
    titles = [f for f in titles if access.sees(f) and f.type.kind in ("text", "address")]
    return list({f.name: f for f in (*first, *uniques, *emails, *titles)}.values())


def _statement(reading: PersonReading, one: Field) -> Statement:
    """Of each value that some records have: how many they are, and one of them."""
    columns = Columns.of(reading.table)
    way = one.type.sorted_by if one.folded else one.type.compared
    column = way(one.name, columns)
    rows = reading.matching().where(
        column == sa.any_(sa.bindparam("values", type_=ARRAY(column.type)))
    )
    return compiled(_counted(rows, reading, column))


def _two(reading: PersonReading, titles: Sequence[Field]) -> Statement:
    columns = Columns.of(reading.table)
    names = [one.type.sorted_by(one.name, columns) for one in titles]
    given = [
        sa.bindparam(bind, type_=ARRAY(name.type))
        for bind, name in zip(("firsts", "lasts"), names, strict=True)
    ]
    typed = [sa.column(bind, name.type) for bind, name in zip("ab", names, strict=True)]
    pairs = sa.func.unnest(*given).table_valued(*typed, name="v").render_derived()
    rows = reading.matching().where(sa.tuple_(*names).in_(sa.select(*pairs.c)))
    return compiled(_counted(rows, reading, *names))


def _counted(rows: sa.Select[Any], reading: PersonReading, *by: ColumnElement[Any]) -> Any:
    """Not row by row: of what thousands are called alike they would crowd out the others."""
    some = sa.func.array_agg(reading.table.c.id, type_=ARRAY(UUID_TYPE))[1]
    return rows.with_only_columns(*by, sa.func.count(), some).group_by(*by)


async def _people(reader: Reader, person: Person, texts: Sequence[str]) -> dict[str, Answer]:
    """Members by id, e-mail or name."""
    ids = [key for text in texts if (key := parse_id(text)) is not None]
    names = {" ".join(text.lower().split()): text for text in texts}
    rows = await reader.rows(_PEOPLE, person.tenant, ids, list(names))
    found: dict[str, set[UUID]] = {}
    for identity, email, name in rows:
        for text in {str(identity), email, name} & {*names, *map(str, ids)}:
            found.setdefault(text, set()).add(identity)
    answers: dict[str, Answer] = {}
    for text in texts:
        ids_of = found.get(" ".join(text.lower().split()), set())
        if len(ids_of) == 1:
            answers[text] = next(iter(ids_of))
        elif ids_of:
            answers[text] = say(
                "Several people are called %(name)s; give the e-mail address.", name=_quoted(text)
            )
        else:
            why = say(
                "Nobody in your organisation is %(name)s; give an e-mail address.",
                name=_quoted(text),
            )
            answers[text] = Absent(why)
    return answers


def _one(definition: Definition, by: str, text: str, many: int, identity: UUID) -> Answer:
    if many == 1:
        return identity
    return say(
        "%(n)s %(things)s have the %(field)s %(value)s; give an id or external id.",
        n=many,
        things=within(definition.label_plural),
        field=by,
        value=_quoted(text),
    )


def _splits(texts: Sequence[str]) -> tuple[list[str], list[str]]:
    """All ways to part names in two: the first halves, and each one's second."""
    ways: set[tuple[str, str]] = set()
    for text in texts:
        words = sort_key(text).split()
        for place in range(1, min(len(words), 8)):
            ways.add((" ".join(words[:place]), " ".join(words[place:])))
    pairs = sorted(ways)
    return [first for first, _ in pairs], [last for _, last in pairs]


def _quoted(text: str) -> str:
    return repr(text if len(text) <= 60 else f"{text[:57]}...")
