"""What a pack writes: typed classes that say what its records are, and nothing of how they work.

The annotation carries the meaning (a field type, a plain Python type or an enumeration), the
specifier only the rest. Nothing here computes; `compile` reads the declarations.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from dataclasses import field as attribute
from decimal import Decimal as PyDecimal
from typing import Any, ClassVar

from tenfold.engine.definition import Grant, Index, Scope

OWN: Scope = "own"
TEAM: Scope = "team"
OPEN: Scope = "open"
ALL: Scope = "all"

_UNSET: Any = object()


@dataclass(frozen=True, slots=True)
class Specifier:
    """What a declaration adds to an annotation; read by `compile`."""

    kind: str = "field"
    default: Any = _UNSET
    common: Mapping[str, Any] = attribute(default_factory=dict[str, Any])
    parameters: Mapping[str, Any] = attribute(default_factory=dict[str, Any])

    @property
    def has_default(self) -> bool:
        """Whether a default was given."""
        return self.default is not _UNSET


class Record:
    """Base of all declared record types; the docstring is the help and the OpenAPI text.

    Class keywords: `plural` (the name in addresses and tables), `label`, `label_plural`,
    `icon`, `cache` (seconds a finished page may be kept at most; None: never), `private` (the
    choice field whose value `private` keeps a record to its owner, where the scope is OPEN).
    """

    indexes: ClassVar[Iterable[Index]] = ()
    access: ClassVar[Mapping[str, Grant]] = {}
    options: ClassVar[Mapping[str, Any]] = {}

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__()
        cls.options = options


def field(
    *,
    default: Any = _UNSET,
    label: str = "",
    help: str = "",
    filter: bool = False,
    sort: bool = False,
    search: str = "",
    private: bool = False,
    title: bool = False,
    unique: bool = False,
    reso: str = "",
    aliases: Iterable[str] = (),
    section: str = "",
    min: float | PyDecimal | None = None,
    max: float | PyDecimal | None = None,
    places: int | None = None,
    max_length: int | None = None,
    labels: Mapping[str, str] | None = None,
) -> Any:
    """A field. `filter` and `sort` make an index; `search` is its weight; `title` names records."""
    common = {
        "label": label,
        "help": help,
        "filter": filter,
        "sort": sort,
        "search": search,
        "private": private,
        "title": title,
        "unique": unique,
        "reso": reso,
        "aliases": tuple(aliases),
        "section": section,
    }
    parameters = {
        "least": min,
        "most": max,
        "places": places,
        "max_length": max_length,
        "labels": labels,
    }
    return Specifier("field", default, common, _given(parameters))


def relation(
    to: str = "",
    *,
    back: str = "",
    on_delete: str = "restrict",
    among: Iterable[str] = (),
    label: str = "",
    help: str = "",
    filter: bool = True,
    reso: str = "",
    aliases: Iterable[str] = (),
    section: str = "",
) -> Any:
    """A relation to the type named `to`; `back` is the name of the list on the other side."""
    common = {
        "label": label,
        "help": help,
        "filter": filter,
        "reso": reso,
        "aliases": tuple(aliases),
        "section": section,
    }
    parameters = {"to": to, "back": back, "on_delete": on_delete, "among": tuple(among)}
    return Specifier("relation", _UNSET, common, parameters)


def pipeline(
    *,
    default: Any,
    moves: Mapping[Any, Iterable[Any]] | None = None,
    label: str = "",
    help: str = "",
    reso: str = "",
    labels: Mapping[str, str] | None = None,
) -> Any:
    """The stage of a record's work; `moves` says which stages may follow one (not named: any)."""
    allowed = {str(old): frozenset(map(str, new)) for old, new in (moves or {}).items()}
    common = {"label": label, "help": help, "reso": reso, "filter": True}
    return Specifier("pipeline", default, common, _given({"moves": allowed, "labels": labels}))


def generated(
    sql: str, *, label: str = "", help: str = "", sort: bool = False, reso: str = ""
) -> Any:
    """A field that PostgreSQL stores beside its row; `sql` may only name columns of the same row.

    An amount carries the currency of the first amount that `sql` names.
    """
    common = {"label": label, "help": help, "sort": sort, "reso": reso}
    return Specifier("generated", _UNSET, common, {"sql": sql})


def computed(sql: str, *, label: str = "", help: str = "", reso: str = "") -> Any:
    """A field that PostgreSQL computes at each read; `sql` names this row's columns as {t}.name."""
    common = {"label": label, "help": help, "reso": reso}
    return Specifier("computed", _UNSET, common, {"sql": sql})


def rollup(relation: str, function: str = "count", over: str = "", *, label: str = "") -> Any:
    """A count, sum, min, max or avg over the records of a relation's other side."""
    parameters = {"relation": relation, "function": function, "over": over}
    return Specifier("rollup", _UNSET, {"label": label}, parameters)


def index(*fields: str, where: str = "", name: str = "") -> Index:
    """An index behind the tenant over the records that are not deleted."""
    return Index(fields, where, name)


def can(
    *,
    read: Scope = "none",
    create: bool = False,
    update: Scope = "none",
    delete: Scope = "none",
    reveal: Iterable[str] = (),
    hide: Iterable[str] = (),
    read_only: Iterable[str] = (),
) -> Grant:
    """What one role may do with the records of a type."""
    return Grant(
        read, create, update, delete, frozenset(reveal), frozenset(hide), frozenset(read_only)
    )


def _given(parameters: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in parameters.items() if value is not None}
