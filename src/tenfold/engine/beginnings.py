"""How records are found by the beginning of what they are called, as one types it.

Each way is one that an index can go where there is one, as a box asks while somebody types.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.sql.elements import ColumnElement

from tenfold.engine.conditions import compared
from tenfold.engine.definition import Field
from tenfold.engine.naming import holder_reading, own_title_sql, title_fields
from tenfold.engine.sql import UUID_TYPE
from tenfold.engine.statement import PersonReading
from tenfold.engine.types import Columns
from tenfold.kernel.text import fold

_LAST = "\U0010ffff"
_SHORT = 2
_SPLITS = 4
"""After how many words at most a second field may begin: Ana Maria de la | Cruz."""
_HOLDERS = sa.literal_column("100", sa.Integer)
"""Of how many people of a name the records are suggested."""


@dataclass(frozen=True, slots=True)
class Typed:
    """What was typed: as it is, its folded words, and those on both sides of a comma."""

    text: str
    parts: Mapping[str, Sequence[str]]

    @classmethod
    def of(cls, text: str) -> Typed:
        folded = fold(text)[:100]
        before, _, after = folded.partition(", ")
        parts = {"whole": folded, "before": before, "after": after}
        return cls(" ".join(text.split())[:100], {n: t.split() for n, t in parts.items()})

    @property
    def after(self) -> bool:
        """Whether words follow a comma."""
        return bool(self.parts["after"])

    @property
    def rare(self) -> bool:
        """Whether it is long enough that few records begin so."""
        return len(self.text) > _SHORT

    @property
    def shape(self) -> tuple[int, ...]:
        """What of it decides a statement's text; empty without any words."""
        counts = [min(len(words), _SPLITS + 1) for words in self.parts.values()]
        return (*counts, self.rare) if counts[0] else ()

    def splits(self, part: str) -> range:
        """The places where the words of a part may go over from one field to another."""
        return range(1, min(len(self.parts[part]), _SPLITS + 1))

    def values(self) -> dict[str, object]:
        """The values that statements are bound to."""
        named: dict[str, str] = {}
        for part, words in self.parts.items():
            named[part] = " ".join(words)
            for at in self.splits(part):
                named[f"{part}_{at}"] = " ".join(words[:at])
                named[f"{part}_{at}_rest"] = " ".join(words[at:])
        ends = {f"{name}_end": text + _LAST for name, text in named.items()}
        return {"typed": self.text, **named, **ends}


def beginnings(reading: PersonReading, typed: Typed) -> list[ColumnElement[bool]]:
    """The ways in which a record's name may begin with what was typed; none without any text."""
    return [*_by_own(reading, typed, "whole"), *_by_named(reading), *_by_holder(reading, typed)]


def _by_own(reading: PersonReading, typed: Typed, part: str) -> list[ColumnElement[bool]]:
    """By one title field, or by two of them that share the words."""
    keys = _keys(reading)
    ways = [compared(key, "prefix", part) for key in keys]
    for at in typed.splits(part):
        ways += [
            sa.and_(
                compared(one, "prefix", f"{part}_{at}"),
                compared(other, "prefix", f"{part}_{at}_rest"),
            )
            for one in keys
            for other in keys
            if one is not other
        ]
    return ways


def _by_named(reading: PersonReading) -> list[ColumnElement[bool]]:
    """By e-mail or telephone, and without any title by whatever it is called instead."""
    columns = Columns.of(reading.table)
    named = [reading.definition.fields[n] for n in reading.definition.named_by]
    found_by = [f for f in named if f.filter and _exact(f) and reading.access.sees(f)]
    ways = [compared(f.type.compared(f.name, columns), "prefix", "whole") for f in found_by]
    if named:
        shown = own_title_sql(reading)
        # Text is folded where it is stored only: other letters are found as they are written.
        alike = [
            sa.func.starts_with(shown, sa.bindparam("typed", type_=sa.Text)),
            sa.func.starts_with(sa.func.lower(shown), sa.bindparam("whole", type_=sa.Text)),
        ]
        untitled = [key.is_(None) for key in _keys(reading)]
        ways.append(sa.and_(*untitled, sa.or_(*alike)))
    return ways


def _by_holder(reading: PersonReading, typed: Typed) -> list[ColumnElement[bool]]:
    """By what it belongs to, and after a comma by its own title as well."""
    inner = holder_reading(reading)
    if inner is None:
        return []
    ways = _by_own(inner, typed, "before")
    if not ways:
        return []
    held = inner.matching().where(sa.or_(*ways)).with_only_columns(inner.table.c.id)
    # An array is looked up in the index, also beside other ways.
    some = sa.func.array(held.limit(_HOLDERS).scalar_subquery(), type_=ARRAY(UUID_TYPE))
    is_held = reading.table.c[f"{reading.definition.belongs_to}_id"] == sa.any_(some)
    if not typed.after:
        return [is_held]
    return [sa.and_(is_held, own) for own in _by_own(reading, typed, "after")]


def _keys(reading: PersonReading) -> list[ColumnElement[Any]]:
    """What the title fields that are texts are found by."""
    columns = Columns.of(reading.table)
    keys = [_key(one, columns) for one in title_fields(reading)]
    return [key for key in keys if isinstance(key.type, sa.Text)]


def _key(one: Field, columns: Columns) -> ColumnElement[Any]:
    """What a folded word is compared with: the folded key, or the value in lower case.

    The latter (addresses, e-mails) has no index: it reads the tenant's rows of the type.
    """
    key = one.type.sorted_by(one.name, columns)
    return key if one.folded else sa.func.lower(key, type_=key.type)


def _exact(one: Field) -> bool:
    """Whether a value is stored as a folded word is spelled."""
    return one.type.kind in ("email", "phone")


__all__ = ["Typed", "beginnings"]
