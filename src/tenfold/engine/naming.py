"""What a record is called: from the JSON that was read of it, and as SQL.

Its title is made of its title fields; without any it is called by the first of `named_by` that has
a value, and before either stands what it belongs to: `Aoi Abe, Analyst`.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from typing import Any, cast

import sqlalchemy as sa
from sqlalchemy.sql.elements import ColumnElement

from tenfold.engine.access import Person
from tenfold.engine.definition import Definition, Field
from tenfold.engine.registry import Registry
from tenfold.engine.statement import PersonReading
from tenfold.engine.types import Address, Columns, Ref
from tenfold.engine.types.contact import one_line

_PLAIN = frozenset(
    [
        "text",
        "email",
        "phone",
        "url",
        "choice",
        "stage",
        "integer",
        "decimal",
        "money",
        "date",
        "datetime",
        "generated",
    ]
)


def title_of(definition: Definition, record: Mapping[str, object], registry: Registry) -> str:
    """The title of a record read as JSON with those it is named after, as the reader sees them."""
    holder = definition.belongs_to
    before = _related(definition, holder, record, registry) if holder else ""
    own = _own(definition, record)
    for name in () if own else definition.named_by:
        own = own or _word(definition.fields[name], record)
        own = own or _related(definition, name, record, registry)
    parts = [part for part in (before, own) if part]
    return ", ".join(parts) or f"{definition.label} {str(record.get('id', ''))[-8:]}"


def own_title(definition: Definition, record: Mapping[str, object]) -> str:
    """What a record read as JSON says itself of what it is called; empty where it doesn't."""
    words = (_word(definition.fields[name], record) for name in definition.named_by)
    return _own(definition, record) or next(filter(None, words), "")


def _own(definition: Definition, record: Mapping[str, object]) -> str:
    return " ".join(word for f in definition.title_fields if (word := _word(f, record)))


def _word(one: Field, record: Mapping[str, object]) -> str:
    value = record.get(one.json_name)
    if isinstance(one.type, Address) and isinstance(value, dict):
        return one_line({str(k): str(v) for k, v in cast("dict[Any, Any]", value).items()})
    if isinstance(one.type, Ref) or value is None or isinstance(value, dict | list):
        return ""
    return str(value)


def _related(
    definition: Definition, name: str, record: Mapping[str, object], registry: Registry
) -> str:
    """The title of a related record that was read along with this one."""
    one, other = definition.fields[name], record.get(name)
    if not isinstance(one.type, Ref) or not isinstance(other, dict):
        return ""
    return _own(registry.by_name[one.type.to], cast("dict[str, object]", other))


def title_sql(reading: PersonReading, rows: Columns | None = None) -> ColumnElement[str]:
    """The title as SQL, from what the reader may see; `rows` where they have another alias."""
    columns = rows or Columns.of(reading.table)
    belongs_to = reading.definition.belongs_to
    holder = _related_sql(reading, columns, belongs_to) if belongs_to else None
    own = _own_or_else(reading, columns)
    if holder is None:
        return sa.func.coalesce(own, _untitled(reading, columns))
    joined = sa.func.concat_ws(_text(", "), holder, own)
    return sa.func.coalesce(_filled(joined), _untitled(reading, columns))


def title_shape(registry: Registry, person: Person, definition: Definition) -> tuple[Hashable, ...]:
    """What decides the text of `title_sql`: the type, those it is named after, and the access."""
    related = (
        definition.fields[name].type
        for name in (definition.belongs_to, *definition.named_by)
        if name
    )
    seen = [definition, *(registry.by_name[one.to] for one in related if isinstance(one, Ref))]
    return tuple((one.name, one.digest, person.access(one).shape) for one in seen)


def own_title_sql(reading: PersonReading) -> ColumnElement[str]:
    """The title as SQL, without what the record belongs to."""
    columns = Columns.of(reading.table)
    return sa.func.coalesce(_own_or_else(reading, columns), _untitled(reading, columns))


def hint_sql(
    reading: PersonReading, columns: Columns, title: ColumnElement[str]
) -> ColumnElement[Any]:
    """What tells records of one title apart: the first of mail, phone and address that is filled.

    Only from what everybody who sees the record sees of it; NULL where nothing tells, as where it
    is called by its mail already.
    """
    kinds = ("email", "phone", "address")
    fields = [
        one
        for kind in kinds
        for one in reading.definition.fields.values()
        if one.type.kind == kind and reading.access.sees(one) and not one.title and not one.private
    ]
    known = [_filled(text_sql(one, columns)) for one in fields]
    if not known:
        return sa.cast(sa.null(), sa.Text)
    return sa.func.nullif(sa.func.coalesce(*known), title)


def holder_reading(reading: PersonReading) -> PersonReading | None:
    """How the reader sees what a record belongs to; None where they may not see both."""
    name = reading.definition.belongs_to
    return _related_reading(reading, name) if name else None


def title_fields(reading: PersonReading) -> list[Field]:
    """The title fields that the reader may see and that can be said in words."""
    return [f for f in reading.definition.title_fields if reading.access.sees(f) and _has_text(f)]


def text_sql(one: Field, columns: Columns) -> ColumnElement[Any]:
    """A field's value as text."""
    if isinstance(one.type, Address):
        return one.type.compared(one.name, columns)
    return sa.cast(one.type.select(one.name, columns), sa.Text)


def _own_or_else(reading: PersonReading, columns: Columns) -> ColumnElement[Any]:
    """The words of the title fields, else the first of `named_by`; NULL without any."""
    ways = [_own_sql(reading, columns)]
    for name in reading.definition.named_by:
        one = reading.definition.fields[name]
        if isinstance(one.type, Ref):
            ways.append(_related_sql(reading, columns, name))
        elif reading.access.sees(one):
            ways.append(_filled(text_sql(one, columns)))
    known = [way for way in ways if way is not None]
    return sa.func.coalesce(*known) if known else sa.cast(sa.null(), sa.Text)


def _own_sql(reading: PersonReading, columns: Columns) -> ColumnElement[Any] | None:
    parts = [text_sql(one, columns) for one in title_fields(reading)]
    return _filled(sa.func.concat_ws(_text(" "), *parts)) if parts else None


def _related_sql(reading: PersonReading, columns: Columns, name: str) -> ColumnElement[Any] | None:
    """A related record's own title, under the reader's access to it."""
    inner = _related_reading(reading, name)
    title = _own_sql(inner, Columns.of(inner.table)) if inner else None
    if inner is None or title is None:
        return None
    rows = inner.matching().where(inner.table.c.id == columns[f"{name}_id"])
    return rows.with_only_columns(title).scalar_subquery()


def _related_reading(reading: PersonReading, name: str) -> PersonReading | None:
    one = reading.definition.fields[name]
    assert isinstance(one.type, Ref)
    other = reading.registry.by_name[one.type.to]
    inner = PersonReading(other, reading.person, reading.registry)
    return inner if inner.access.read != "none" and reading.access.sees(one) else None


def _untitled(reading: PersonReading, columns: Columns) -> ColumnElement[str]:
    short = sa.func.right(sa.cast(columns["id"], sa.Text), 8)
    return _text(f"{reading.definition.declared_label.replace(chr(39), '')} ").op("||")(short)


def _filled(text: ColumnElement[Any]) -> ColumnElement[Any]:
    return sa.func.nullif(text, _text(""))


def _text(words: str) -> ColumnElement[str]:
    """Words of ours as they stand in the statement."""
    return sa.literal_column(f"'{words}'", sa.Text)


def _has_text(one: Field) -> bool:
    return isinstance(one.type, Address) or one.type.kind in _PLAIN


__all__ = [
    "hint_sql",
    "holder_reading",
    "own_title",
    "own_title_sql",
    "text_sql",
    "title_fields",
    "title_of",
    "title_shape",
    "title_sql",
]
