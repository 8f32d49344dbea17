"""The read path: a list, a record, several records, a count, as JSON that PostgreSQL made."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeVar
from uuid import UUID

from tenfold.db.database import Reader
from tenfold.db.glance import Glance
from tenfold.db.keys import Keyring
from tenfold.engine.access import Person
from tenfold.engine.ask import SHARED, Ask, Embed, related, topics
from tenfold.engine.bound import key_values
from tenfold.engine.cursor import Cursors
from tenfold.engine.definition import Definition
from tenfold.engine.filtering import Filter, Group
from tenfold.engine.registry import Registry
from tenfold.engine.sealing import found_by
from tenfold.engine.sql import ListStatement, Statement
from tenfold.engine.statement import PersonReading
from tenfold.engine.types.other import IndexedSecret
from tenfold.kernel.errors import NotFound
from tenfold.kernel.ids import NIL
from tenfold.kernel.language import say, within

COUNTED = 1_001
"""One more than a count goes up to."""
_T = TypeVar("_T")


class Shapes:
    """Statements by their shape: bounded, least recently used out first, misses counted."""

    def __init__(self, most: int = 2_000) -> None:
        self._kept: OrderedDict[Hashable, Any] = OrderedDict()
        self._most = most
        self.misses = 0

    def get(self, key: Hashable, make: Callable[[], _T]) -> _T:
        """The statement of a shape, made where it is new."""
        found = self._kept.get(key)
        if found is None:
            self.misses += 1
            found = self._kept[key] = make()
            if len(self._kept) > self._most:
                self._kept.popitem(last=False)
        else:
            self._kept.move_to_end(key)
        return found


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a list: its rows as JSON text, and what the answer's meta says."""

    data: bytes
    limit: int
    next_cursor: str | None
    has_more: bool
    count: int | None
    count_kind: str


class Query:
    """Reads records for people; holds only caches of statements."""

    def __init__(self, registry: Registry, cursors: Cursors, keyring: Keyring) -> None:
        self.registry, self.cursors, self.shapes = registry, cursors, Shapes()
        self._keyring = keyring

    async def page(
        self, reader: Reader | Glance, person: Person, definition: Definition, ask: Ask
    ) -> Page:
        """One page of a list, within what the person may see."""
        person.access(definition).need("read", definition)
        identity = identity_of(definition, ask)
        values: list[Any] | None = None
        if ask.cursor:
            kinds = self._list(person, definition, ask, None).kinds
            values = self.cursors.open(identity, ask.cursor, kinds)
        statement = self._list(person, definition, ask, values)
        bound = person.bound(**await self.values(reader, person, definition, ask, values))
        row = await reader.row(statement.page.text, *statement.page.arguments(bound))
        assert row is not None
        found: int = row[1]
        more = found > ask.limit
        last = row[2 : 2 + len(statement.kinds)]
        cursor = self.cursors.seal(identity, last) if more and not ask.page else None
        count, kind = await self._count(reader, person, definition, ask, found)
        return Page(row[0] or b"[]", ask.limit, cursor, more, count, kind)

    async def one(
        self,
        reader: Reader | Glance,
        person: Person,
        definition: Definition,
        identity: UUID,
        *,
        fields: Sequence[str] = (),
        embeds: Sequence[Embed] = (),
        deleted: bool = False,
    ) -> tuple[bytes, int]:
        """One record's JSON and version; raises NotFound where the person can't see it."""
        person.access(definition).need("read", definition)
        key = ("one", *self.shape(person, definition, embeds), tuple(fields), deleted)
        statement = self.shapes.get(
            key,
            lambda: PersonReading(definition, person, self.registry).one_statement(
                fields, embeds, deleted=deleted
            ),
        )
        bound = person.bound(id=identity)
        row = await reader.row(statement.text, *statement.arguments(bound))
        if row is None:
            raise missing(definition, identity)
        return row[0], row[1]

    async def neighbour(
        self,
        reader: Reader,
        person: Person,
        definition: Definition,
        ask: Ask,
        identity: UUID,
        *,
        backwards: bool = False,
    ) -> UUID | None:
        """The record that stands next to one in a list, or before it; None at the list's end.

        The one need not be in the list: it has a place in its order all the same.
        """
        person.access(definition).need("read", definition)
        asked = replace(ask, cursor="", page=0, limit=1, fields=("id",), embeds=())
        key = (*self.shape(person, definition, ()), sort_shapes(asked), asked.deleted)
        reading = PersonReading(definition, person, self.registry)
        statement = self.shapes.get(("place", *key), lambda: reading.place_statement(asked))
        bound = person.bound(id=identity, **key_values(definition, asked, None))
        row = await reader.row(statement.text, *statement.arguments(bound))
        if row is None:
            return None
        place = list(row)
        nulls = tuple(value is None for value in place)
        key = ("beside", *key, filter_shapes(asked), nulls, backwards)
        statement = self.shapes.get(
            key, lambda: reading.beside_statement(asked, place, backwards=backwards)
        )
        bound = person.bound(**await self.values(reader, person, definition, asked, place))
        return await reader.value(statement.text, *statement.arguments(bound))

    async def several(
        self,
        reader: Reader,
        person: Person,
        definition: Definition,
        ids: Sequence[UUID],
        *,
        fields: Sequence[str] = (),
        embeds: Sequence[Embed] = (),
    ) -> bytes:
        """The records of these ids that the person can see, as a JSON list in the ids' order."""
        person.access(definition).need("read", definition)
        key = ("many", *self.shape(person, definition, embeds), tuple(fields))
        statement = self.shapes.get(
            key,
            lambda: PersonReading(definition, person, self.registry).many_statement(fields, embeds),
        )
        bound = person.bound(ids=list(ids))
        return (await reader.value(statement.text, *statement.arguments(bound))) or b"[]"

    async def ids(
        self,
        reader: Reader,
        person: Person,
        definition: Definition,
        ask: Ask,
        *,
        after: UUID = NIL,
        most: int = 1_000,
    ) -> list[UUID]:
        """The ids of the records that meet a question's conditions, in order; `after` goes on."""
        person.access(definition).need("read", definition)
        asked = ask.narrowed()
        key = ("ids", *self.shape(person, definition, ()), filter_shapes(asked), asked.deleted)
        statement = self.shapes.get(
            key, lambda: PersonReading(definition, person, self.registry).ids_statement(asked)
        )
        values = await self.values(reader, person, definition, asked)
        bound = person.bound(**values, after=after, most=most)
        return [row[0] for row in await reader.rows(statement.text, *statement.arguments(bound))]

    async def _count(
        self,
        reader: Reader | Glance,
        person: Person,
        definition: Definition,
        ask: Ask,
        found: int,
    ) -> tuple[int | None, str]:
        """The count that was asked for, or the one that is known for nothing."""
        if not ask.cursor and ask.page < 2 and found <= ask.limit:
            return found, "exact"
        if ask.count != "capped":
            return None, "none"
        bare = ask.narrowed()
        key = ("count", *self.shape(person, definition, ()), filter_shapes(bare), bare.deleted)
        statement = self.shapes.get(
            key,
            lambda: PersonReading(definition, person, self.registry).count_statement(bare, COUNTED),
        )
        bound = person.bound(**await self.values(reader, person, definition, bare))
        count: int = await reader.value(statement.text, *statement.arguments(bound))
        return (count, "exact") if count < COUNTED else (COUNTED - 1, "at_least")

    async def values(
        self,
        reader: Reader | Glance,
        person: Person,
        definition: Definition,
        ask: Ask,
        cursor: Sequence[object] | None = None,
    ) -> dict[str, object]:
        """What a question binds; keys are asked for only where it is about a secret's value."""
        values = key_values(definition, ask, cursor)
        secrets = {
            f"f{place}": one
            for place, one in enumerate(ask.conditions)
            if isinstance(one.field.type, IndexedSecret) and one.operator != "null"
        }
        if secrets:
            keys = await self._keyring.keys(reader, person.tenant)
            values |= {n: found_by(keys, definition, one) for n, one in secrets.items()}
        return values

    def _list(
        self, person: Person, definition: Definition, ask: Ask, cursor: Sequence[object] | None
    ) -> ListStatement:
        nulls = None if cursor is None else tuple(value is None for value in cursor)
        key = (
            "list",
            *self.shape(person, definition, ask.embeds),
            filter_shapes(ask),
            sort_shapes(ask),
            ask.fields,
            nulls,
            bool(ask.page),
            ask.limit,
            ask.deleted,
        )
        return self.shapes.get(
            key,
            lambda: PersonReading(definition, person, self.registry).list_statement(ask, cursor),
        )

    def shape(
        self, person: Person, definition: Definition, embeds: Sequence[Embed]
    ) -> tuple[Hashable, ...]:
        """All that decides a statement's text beside the question itself.

        Rollups are figures of other types: a written row's answer depends on the access to them.
        """
        access = person.access(definition)
        seen = [
            (name, person.access(self.registry.by_name[name]).shape)
            for name in topics(definition, embeds, self.registry)[1:]
        ]
        return (definition.name, definition.digest, access.shape, tuple(seen), tuple(embeds))


def missing(definition: Definition, identity: UUID) -> NotFound:
    """The answer for a record that is not there or not theirs to see."""
    return NotFound(
        say(
            "There is no %(label)s with the id %(identity)s.",
            label=within(definition.label),
            identity=identity,
        )
    )


def filter_shapes(ask: Ask) -> tuple[Hashable, ...]:
    """All that decides the text of a question's conditions."""
    shapes = tuple(_shape(f) for f in ask.filters)
    if ask.where is not None:
        shapes = (*shapes, _shape(ask.where))
    return shapes if ask.among is None else (*shapes, SHARED)


def sort_shapes(ask: Ask) -> tuple[Hashable, ...]:
    """All that decides the text of a question's order."""
    return tuple(
        (s.field.json_name, s.field.custom, s.field.type.kind, s.descending) for s in ask.sorts
    )


def _shape(part: Filter | Group) -> Hashable:
    if isinstance(part, Group):
        return (part.any, *(_shape(one) for one in part.parts))
    name = part.field.type.kind if part.field.custom else part.field.name
    return name, part.field.custom, part.operator, part.value is False


def identity_of(definition: Definition, ask: Ask) -> str:
    """What a cursor belongs to: the type, its filters with their values, and its sorts."""
    asked = [_said(f) for f in (*ask.filters, *((ask.where,) if ask.where else ()))]
    sorts = [(s.field.json_name, s.descending) for s in ask.sorts]
    return repr((definition.name, asked, sorts, ask.deleted, ask.among is not None))


def _said(part: Filter | Group) -> object:
    if isinstance(part, Group):
        return (part.any, *(_said(one) for one in part.parts))
    return part.field.json_name, part.operator, str(part.value), part.currency


__all__ = [
    "COUNTED",
    "Page",
    "Query",
    "Shapes",
    "Statement",
    "filter_shapes",
    "identity_of",
    "missing",
    "related",
    "sort_shapes",
]
