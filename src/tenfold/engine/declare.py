"""What a pack writes: typed classes that say what its records are, and nothing of how they work.

The annotation carries the meaning (a field type, a plain Python type or an enumeration), the
specifier only the rest. Nothing here computes; `compile` reads the declarations. What a docstring
says of an option, after its name, is the text of docs/reference/declarations.md.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from dataclasses import field as attribute
from decimal import Decimal as PyDecimal
from typing import Any, ClassVar, cast

from tenfold.engine.definition import Agenda, Grant, Index, Moment, Scope, Way
from tenfold.kernel.channels import Channel

OWN: Scope = "own"
"""The records that one owns."""
TEAM: Scope = "team"
"""Also those of one's team."""
OPEN: Scope = "open"
"""All but those that others marked private; for reading, where the class has a `private` field."""
ALL: Scope = "all"
"""All of the organisation's."""

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

    plural: its name in addresses and tables.
    label: what people read of one record.
    label_plural: what people read of several.
    icon: its icon; see the list below.
    sort: the order of a list that asks for none: up to three fields, `-` before one that falls.
    cache: seconds that a finished page may be kept at most; None: never.
    private: the choice field whose value `private` keeps a record to its owner where others read
        TEAM or OPEN.
    strict: whether it also keeps the record from those who read ALL, the organisation's owners and
        administrators among them; it is then seen by nobody else until it is shared.
    belongs_to: the relation whose record is named before its own title: `Aoi Abe, Analyst`.
    named_by: fields by which a record without a title is called, the first that has a value.
    guide: what to begin with, in a sentence; who is new reads those of a pack in their order.
    correspondence: whether what is written to people and comes back is kept as records of this
        type, in the fields subject, kind, at, direction, about and body.
    listed: whether it has a place of its own among the pages; else it shows where it is used.
    """

    indexes: ClassVar[Iterable[Index]] = ()
    agenda: ClassVar[Iterable[Moment]] = ()
    contacted: ClassVar[Iterable[Way]] = ()
    access: ClassVar[Mapping[str, Grant]] = {}
    options: ClassVar[Mapping[str, Any]] = {}

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__()
        cls.options = options


def field(
    *,
    default: Any = _UNSET,
    begins: Mapping[str, Mapping[Any, Any]] | None = None,
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
    unit: str = "",
    after: str = "",
    handed_over: str = "",
) -> Any:
    """A field of the type that its annotation says.

    default: what it is where nothing is given; it is then not required.
    begins: what it is instead where a choice declared before it has some values:
        `{"source": {Source.GOOGLE: Privacy.PRIVATE}}`. It holds for new records alone.
    label: what people read; made from its name where it is not given.
    help: a sentence on it, for people and for the API's description.
    filter: lists are often filtered by it: an index.
    sort: lists are often sorted by it: an index, and texts then sort without case and accents.
    search: it is found by its words, with this weight: A weighs most, D least.
    private: its words are found only by those who see every field marked so.
    title: it names a record to people; several together, like a first and a last name.
    unique: no two live records have the same; it is then a key for upserts and imports.
    reso: its name in the RESO data dictionary.
    aliases: other headings under which imports find it.
    section: the part of the record page it stands in.
    min: the least that is taken.
    max: the most that is taken.
    places: decimal places.
    max_length: how many characters are taken at most.
    labels: what people read for the values of a choice; made from the values where not given.
    unit: a unit of area, which imports read, the choice beside it that names one, or `percent`.
    after: the date or moment before which it can't be, like the beginning of what ends with it.
    handed_over: of a `User` whose work it is: the condition in SQL, on columns of the row, under
        which it goes to whom a leaver's records go; `true` for all records.
    """
    common = {
        "begins": begins or {},
        "label": label,
        "help": help,
        "filter": filter,
        "sort": sort,
        "search": search,
        "private": private,
        "unit": unit,
        "after": after,
        "handed_over": handed_over,
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
    """A relation to other records, annotated `Ref` (one), `Many` or `AnyRef` (one of any type).

    to: the name of the other type, in text; not for `AnyRef`.
    back: the name of the list on the other side, by which it is embedded and rolled up.
    on_delete: what becomes of it when the other record is deleted, of a `Ref`; see below.
    among: the names of the types that an `AnyRef` may point to; none named: any.
    label: what people read; made from its name where it is not given.
    help: a sentence on it, for people and for the API's description.
    filter: whether it has an index, by which lists are filtered and holders found.
    reso: its name in the RESO data dictionary.
    aliases: other headings under which imports find it.
    section: the part of the record page it stands in.
    """
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
    """The stage of a record's work, always the field `status`, annotated with an enum.

    default: the stage of a new record.
    moves: for a stage, those that may follow it. A stage that is not named may go anywhere, one
        with an empty set nowhere; another move is refused (409 `MOVE_NOT_ALLOWED`).
    label: what people read; made from its name where it is not given.
    help: a sentence on it, for people and for the API's description.
    reso: its name in the RESO data dictionary.
    labels: what people read for the stages; made from the values where not given.
    """
    allowed = {str(old): frozenset(map(str, new)) for old, new in (moves or {}).items()}
    common = {"label": label, "help": help, "reso": reso, "filter": True}
    return Specifier("pipeline", default, common, _given({"moves": allowed, "labels": labels}))


def generated(
    sql: str, *, label: str = "", help: str = "", sort: bool = False, reso: str = ""
) -> Any:
    """A field that PostgreSQL computes when a row is written, and stores: it filters and sorts.

    An amount has the currency of the first amount that `sql` names.

    sql: the expression; it names columns of the same row alone, and nothing that changes by itself.
    label: what people read; made from its name where it is not given.
    help: a sentence on it, for people and for the API's description.
    sort: lists are often sorted by it: an index.
    reso: its name in the RESO data dictionary.
    """
    common = {"label": label, "help": help, "sort": sort, "reso": reso}
    return Specifier("generated", _UNSET, common, {"sql": sql})


def computed(sql: str, *, label: str = "", help: str = "", reso: str = "") -> Any:
    """A field that PostgreSQL computes at each read; not for filters or sorts.

    sql: the expression; it names this row's columns as `{t}.name`. `{today}` is the date where the
        organisation is.
    label: what people read; made from its name where it is not given.
    help: a sentence on it, for people and for the API's description.
    reso: its name in the RESO data dictionary.
    """
    common = {"label": label, "help": help, "reso": reso}
    return Specifier("computed", _UNSET, common, {"sql": sql})


def rollup(relation: str, function: str = "count", over: str = "", *, label: str = "") -> Any:
    """A figure over the records that point here, as far as the reader may see them.

    relation: the `back` of a to-one relation to this type.
    function: count, sum, min, max or avg.
    over: the other type's field that is summed up; not for count. Mixed currencies give none.
    label: what people read; made from its name where it is not given.
    """
    parameters = {"relation": relation, "function": function, "over": over}
    return Specifier("rollup", _UNSET, {"label": label}, parameters)


def index(*fields: str, where: str = "", name: str = "") -> Index:
    """An index behind the tenant over the records that are not deleted; one of the `indexes`.

    fields: the fields in their order, `-` before one that is usually read falling.
    where: a condition in SQL on columns of the row: only such records are in it.
    name: its name; made from the table and the fields where it is not given.
    """
    return Index(fields, where, name)


def moment(
    field: str,
    kind: Agenda,
    *,
    open: Mapping[str, object] | None = None,
    people: Iterable[str] = (),
) -> Moment:
    """A date that belongs into somebody's day on the home page; one of the `agenda`.

    field: the date or moment.
    kind: `task`: to be done by then; `meeting`: begins then; `deadline`: ends by itself then;
        `new`: since then it waits for somebody.
    open: the values that fields have as long as it matters: `{"status": ["active", "pending"]}`.
    people: the fields that say whose it is, the first that is filled in; the owner comes last.
    """
    given = (open or {}).items()
    return Moment(field, kind, tuple((n, _spelled(v)) for n, v in given), tuple(people))


def by(channel: Channel, *fields: str, only: str = "", unless: str = "") -> Way:
    """A way to write to the person that a record is; one of the `contacted`.

    A text message needs leave each time, a mail where it is a mailing. Without any, the first
    field of that kind is the way. Fields `language` and `time_zone` are heeded where there are.

    channel: `email` or `sms`.
    fields: the fields with addresses or numbers, the first that is filled in.
    only: the field that says they agreed.
    unless: the field that says they refused.
    """
    return Way(channel, fields, only, unless)


def _spelled(value: object) -> tuple[str, ...]:
    if isinstance(value, list):
        items = cast("list[object]", value)
        return tuple(text for one in items for text in _spelled(one))
    return (str(value).lower() if isinstance(value, bool) else str(value),)


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
    """What one role may do with the records of a type; one of its `access`, by the role's name.

    Owners and administrators of an organisation may do everything without a grant; managers may
    too, but open no secrets and see nothing that others marked private. See `strict`.

    read: whose records the role reads: OWN, TEAM, OPEN or ALL.
    create: whether it makes records.
    update: whose records it changes: OWN, TEAM or ALL.
    delete: whose records it deletes and restores: OWN, TEAM or ALL.
    reveal: the secret fields that it may open; each time is written down.
    hide: the fields that do not exist for it.
    read_only: the fields that it sees and may not set.
    """
    return Grant(
        read, create, update, delete, frozenset(reveal), frozenset(hide), frozenset(read_only)
    )


def _given(parameters: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in parameters.items() if value is not None}
