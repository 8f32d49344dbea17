"""Everything that happened to a record, in one stream: its changes, and what was made about it.

What was made about it are the records of other types that point to it, each under the reader's
own access: somebody else's private note is not there. One statement reads a page of all of them; it
goes on from a place, never from a number. What is to be done next comes along with the first page.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.sql.elements import ColumnElement

from tenfold.db.database import Reader
from tenfold.engine import changes
from tenfold.engine.access import Person
from tenfold.engine.changes import NEWEST, Change
from tenfold.engine.definition import Definition, Field
from tenfold.engine.query import Query
from tenfold.engine.registry import Registry
from tenfold.engine.sql import TENANT, UUID_TYPE, Statement, compiled, name_of, row_json
from tenfold.engine.statement import PersonReading
from tenfold.engine.types import AnyRef, Boolean, Columns, DateTime, LongText, Ref, RichText
from tenfold.engine.types.base import TEXT
from tenfold.kernel import digits
from tenfold.kernel.clock import now

Only = Literal["", "notes", "activity", "changes"]
ONLY: tuple[Only, ...] = ("", "notes", "activity", "changes")
DONE, SOON = "done", 1
"""The field that says of what is to be done that it is; how many of a type are looked ahead for."""
_LAST = datetime(9_000, 1, 1, tzinfo=UTC)
_LOG = sa.table(
    "change_log",
    *(sa.column(n, UUID_TYPE) for n in ("tenant_id", "record_id", "actor_id", "batch_id")),
    *(sa.column(n, sa.Text) for n in ("type", "operation", "reason")),
    *(sa.column(n, sa.BigInteger) for n in ("seq", "version")),
    sa.column("at", sa.DateTime(timezone=True)),
    sa.column("old", sa.Text),
    sa.column("new", sa.Text),
    schema="tenfold",
)
_AT, _KEY = sa.bindparam("before_at", type_=_LOG.c.at.type), sa.bindparam("before_key", type_=TEXT)
_RECORD = sa.bindparam("record", type_=UUID_TYPE)


@dataclass(frozen=True, slots=True)
class Place:
    """Where a page ended: the moment and key of its last entry, and its last change's number."""

    at: datetime
    key: str
    seq: int = NEWEST

    def __str__(self) -> str:
        """As it stands in an address."""
        return f"{self.at.isoformat()}~{self.key}~{self.seq}"

    @classmethod
    def parse(cls, text: str) -> Place | None:
        """The place that an address names; None for anything else."""
        try:
            at, key, seq = text.split("~")
            moment = datetime.fromisoformat(at)
            return cls(moment.astimezone(UTC), key[:40], int(seq[:18])) if moment.tzinfo else None
        except (ValueError, OverflowError):
            return None


@dataclass(frozen=True, slots=True)
class Made:
    """A record that was made about another: when it was, or will be, and by whom it was made."""

    definition: Definition
    record: Mapping[str, Any]
    at: datetime
    by: UUID | None


@dataclass(frozen=True, slots=True)
class Page:
    """A page of the stream, newest first; `earlier` is where the next begins, `ahead` the open."""

    entries: tuple[Change | Made, ...] = ()
    earlier: Place | None = None
    ahead: tuple[Made, ...] = ()


# -- what the declarations say of types


def moment(definition: Definition) -> Field | None:
    """The field that says when a record of the type happens: its first required moment."""
    own = (f for f in definition.own_fields() if isinstance(f.type, DateTime))
    return next((f for f in own if not f.nullable), None)


def due(definition: Definition) -> Field | None:
    """Until when something is to be done, or when it takes place; None for what has no end."""
    if isinstance(getattr(definition.fields.get(DONE), "type", None), Boolean):
        own = (f for f in definition.own_fields() if isinstance(f.type, DateTime))
        return next((f for f in own if f.sort or f.filter), None)
    stage = definition.status
    return moment(definition) if stage and any(map(stage.ends, stage.options)) else None


def body(definition: Definition) -> Field | None:
    """The text of a note: long, and what the record is about; others have a text as well."""
    long = [f for f in definition.own_fields() if isinstance(f.type, LongText | RichText)]
    return next((f for f in long if not f.nullable), next(iter(long), None))


def is_note(definition: Definition) -> bool:
    """Whether records of the type are there for their text."""
    one = body(definition)
    return one is not None and not one.nullable


def pointing(
    definition: Definition, person: Person, registry: Registry
) -> Iterator[tuple[Definition, tuple[Field, ...]]]:
    """The types whose records may be about a record of this one, as the person may see it."""
    for other in registry:
        access = person.access(other)
        if access.read == "none" or not other.listed:
            continue
        found = tuple(f for f in other.fields.values() if access.sees(f) and _to(f, definition))
        if found:
            yield other, found


def _to(one: Field, definition: Definition) -> bool:
    if isinstance(one.type, AnyRef):
        return not one.type.among or definition.name in one.type.among
    return isinstance(one.type, Ref) and one.type.to == definition.name


# -- reading


async def stream(
    query: Query,
    reader: Reader,
    person: Person,
    definition: Definition,
    current: Mapping[str, Any],
    *,
    limit: int,
    before: Place | None = None,
    only: Only = "",
) -> Page:
    """A page of everything about a record that the person may read; the record is `current`."""
    types = tuple(pointing(definition, person, query.registry))
    seen = tuple((d.name, d.digest, person.access(d).shape) for d, _ in types)
    key = ("stream", definition.name, seen, limit, before is None, only)
    statement = query.shapes.get(
        key,
        lambda: _Stream(query.registry, person, definition, types, limit).statement(
            only, first=before is None
        ),
    )
    place = before or Place(_LAST, "")
    bound = person.bound(
        record=UUID(str(current["id"])),
        logged=definition.logged,
        before_at=place.at,
        before_key=place.key,
        now=now(),
    )
    rows = await reader.rows(statement.text, *statement.arguments(bound))
    past = [row for row in rows if not row["ahead"]]
    beside = await changes.beside(reader, person, definition, current, place.seq)
    access = person.access(definition)
    entries: list[Change | Made] = []
    seq = place.seq
    for row in past[:limit]:
        if row["type"] == "change":
            change = changes.of_log(digits.decode(row["j"]), row["at"], definition, access, beside)
            seq = change.id
            entries.append(change)
        else:
            entries.append(_made(query.registry, row))
    last = past[limit - 1] if len(past) > limit else None
    earlier = Place(last["at"], last["key"], seq) if last else None
    ahead = sorted((_made(query.registry, r) for r in rows if r["ahead"]), key=urgency)
    return Page(tuple(entries), earlier, tuple(ahead))


def urgency(one: Made) -> tuple[bool, datetime]:
    """By what things to be done are in order: what has no time comes after what has one."""
    until = due(one.definition)
    return until is None or one.record.get(until.json_name) is None, one.at


def _made(registry: Registry, row: Any) -> Made:
    return Made(registry.by_name[row["type"]], digits.decode(row["j"]), row["at"], row["by"])


class _Stream:
    """Builds the statement of a stream: one arm for changes, one for each type, put together."""

    def __init__(
        self,
        registry: Registry,
        person: Person,
        definition: Definition,
        types: Sequence[tuple[Definition, tuple[Field, ...]]],
        limit: int,
    ) -> None:
        self._registry, self._person, self._definition = registry, person, definition
        self._types, self._limit = types, limit

    def statement(self, only: Only, *, first: bool) -> Statement:
        """The whole statement; one row more than the limit tells whether there are others."""
        arms = [self._changes(first=first)] if only in ("", "changes") else []
        for other, fields in self._types:
            if only == "" or (only != "changes" and is_note(other) == (only == "notes")):
                arms.append(self._past(other, fields, first=first))
        every = _union(arms).subquery("e")
        past = sa.select(every).order_by(every.c.at.desc(), every.c.key.desc()).limit(self._most)
        parts: list[Any] = [sa.select(past.subquery("p"))]
        if first and only == "":
            ahead = [(d, f) for d, f in self._types if self._foresees(d)]
            parts += [sa.select(self._ahead(*one).subquery(f"{one[0].name}_a")) for one in ahead]
        return compiled(sa.union_all(*parts))

    @property
    def _most(self) -> ColumnElement[int]:
        return sa.literal_column(str(self._limit + 1), sa.BigInteger)

    def _changes(self, *, first: bool) -> Any:
        log = _LOG
        key = sa.func.lpad(sa.cast(log.c.seq, sa.Text), 20, "0").op("COLLATE")(
            sa.literal_column('"C"')
        )
        told = ("seq", "operation", "version", "reason", "batch_id", "actor_id")
        pairs: list[Any] = []
        for name in told:
            pairs += [sa.literal_column(f"'{name}'"), log.c[name]]
        for name in ("old", "new"):
            pairs += [sa.literal_column(f"'{name}'"), sa.cast(log.c[name], sa.Text)]
        rows = (
            _arm("change", log.c.at, key, log.c.actor_id, sa.func.json_build_object(*pairs))
            .select_from(log)
            .where(
                log.c.tenant_id == TENANT,
                log.c.record_id == _RECORD,
                log.c.type == sa.bindparam("logged", type_=sa.Text),
                log.c.operation != sa.literal_column("'reseal'", sa.Text),
            )
        )
        if not first:
            rows = rows.where(_earlier(log.c.at, key))
        return rows.order_by(log.c.at.desc(), log.c.seq.desc()).limit(self._most)

    def _past(self, other: Definition, fields: Sequence[Field], *, first: bool) -> Any:
        """What was made of one type, the last first."""
        reading, rows = self._rows(other, fields)
        columns = Columns.of(reading.table)
        one = moment(other)
        at = columns[one.name] if one and reading.access.sees(one) else columns["created_at"]
        key = _text(columns["id"])
        if not first:
            rows = rows.where(_earlier(at, key))
        found = rows.order_by(at.desc(), columns["id"].desc()).limit(self._most)
        return self._shown(reading, found, at.name.rpartition(".")[2], ahead=False)

    def _foresees(self, other: Definition) -> bool:
        """Whether the person sees what tells until when something is to be done, and that it is."""
        access, until = self._person.access(other), due(other)
        told = other.fields["status" if other.status else DONE] if until else None
        return until is not None and told is not None and access.sees(until) and access.sees(told)

    def _ahead(self, other: Definition, fields: Sequence[Field]) -> Any:
        """What of one type is to be done next."""
        reading, rows = self._rows(other, fields)
        columns, one = Columns.of(reading.table), due(other)
        assert one is not None
        at = columns[one.name]
        stage = other.status
        if stage is None:
            rows = rows.where(sa.not_(columns[DONE]))
        else:
            going = [o for o in stage.options if not stage.ends(o)]
            listed = [sa.literal_column(f"'{o}'", sa.Text) for o in going]
            moment_ = sa.bindparam("now", type_=_LOG.c.at.type)
            rows = rows.where(columns["status"].in_(listed), at >= moment_)
        found = rows.order_by(at.asc().nulls_last(), columns["id"]).limit(
            sa.literal_column(str(SOON), sa.BigInteger)
        )
        return self._shown(reading, found, one.name, ahead=True)

    def _rows(
        self, other: Definition, fields: Sequence[Field]
    ) -> tuple[PersonReading, sa.Select[Any]]:
        reading = PersonReading(other, self._person, self._registry)
        columns = Columns.of(reading.table)
        ways: list[ColumnElement[bool]] = []
        for one in fields:
            way = columns[f"{one.name}_id"] == _RECORD
            if isinstance(one.type, AnyRef):
                way = sa.and_(way, columns[f"{one.name}_type"] == name_of(self._definition.name))
            ways.append(way)
        return reading, reading.matching().where(sa.or_(*ways))

    def _shown(self, reading: PersonReading, found: Any, at: str, *, ahead: bool) -> Any:
        alias = f"{reading.definition.name}_{'n' if ahead else 'm'}"
        source = found.subquery(alias)
        columns = Columns.of(reading.table, alias)
        names = tuple(reading.definition.fields)  # without the custom ones, which are not shown
        shown = sa.select(*reading.projection(alias, names)).lateral(f"{alias}_x")
        moment_ = sa.func.coalesce(columns[at], columns["created_at"])
        what = (moment_, _text(columns["id"]), columns["created_by"], row_json(shown))
        return _arm(reading.definition.name, *what, ahead=ahead).select_from(
            source.join(shown, sa.true())
        )


def _arm(kind: str, at: Any, key: Any, by: Any, document: Any, *, ahead: bool = False) -> Any:
    return sa.select(
        name_of(kind).label("type"),
        at.label("at"),
        key.label("key"),
        by.label("by"),
        sa.cast(document, sa.Text).label("j"),
        sa.literal_column("true" if ahead else "false", sa.Boolean).label("ahead"),
    )


def _union(arms: Sequence[Any]) -> Any:
    """Each arm with its own order and limit, all of them together."""
    wrapped = [sa.select(arm.subquery(f"arm{place}")) for place, arm in enumerate(arms)]
    return wrapped[0] if len(wrapped) == 1 else sa.union_all(*wrapped)


def _text(identity: ColumnElement[Any]) -> ColumnElement[str]:
    return sa.cast(identity, sa.Text).op("COLLATE")(sa.literal_column('"C"'))


def _earlier(at: ColumnElement[Any], key: ColumnElement[Any]) -> ColumnElement[bool]:
    return sa.and_(at <= _AT, sa.or_(at < _AT, key < _KEY))


__all__ = [
    "DONE",
    "ONLY",
    "Made",
    "Only",
    "Page",
    "Place",
    "body",
    "due",
    "is_note",
    "moment",
    "pointing",
    "stream",
    "urgency",
]
