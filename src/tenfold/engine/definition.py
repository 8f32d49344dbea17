"""The frozen definition of a record type: what every artefact is projected from."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Literal

from tenfold.engine.types import (
    Choice,
    DateTime,
    FieldType,
    Integer,
    Many,
    Ref,
    Rollup,
    Secret,
    Stage,
    Text,
    User,
)
from tenfold.engine.types.identity import Id
from tenfold.engine.types.numbers import Currency, Money
from tenfold.kernel.channels import Channel
from tenfold.kernel.language import say_as

# "open" is all but what others marked private; see Definition.private.
Scope = Literal["none", "own", "team", "open", "all"]
SCOPES: tuple[Scope, ...] = ("none", "own", "team", "open", "all")
# What is to be done, when people meet, what ends by itself, and what is new and waits for somebody.
Agenda = Literal["task", "meeting", "deadline", "new"]
CHANNELS: Mapping[Channel, str] = {"email": "email", "sms": "phone"}
"""How people are written to, and the kind of field that says where."""
TIMES = ("date", "datetime")
"""The kinds of fields that say when."""
AGENDA: tuple[Agenda, ...] = ("task", "meeting", "deadline", "new")
PRIVATE = "private"
CUSTOM_TABLE, CUSTOM_TYPE = "custom_records", "custom_record"


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One field of a record type.

    `search` is the weight A to D of its words in full-text search; `private` keeps them to the
    vector that only some may use. `column` is its stable storage name: a renamed field keeps it.
    `uses` names the fields that its SQL computes it from: who may not see one may not see it.
    `begins` are defaults for the values of a choice before it: its name, the value, the default.
    `handed_over` is the condition under which a person goes to another with what they leave.
    `after` is the field that it can't be before.
    `unit` is what it is measured in, or the choice beside it that says so.
    What is `declared_…` is English, or what an organisation wrote; people read `label`, `help` and
    `section`, which are in the language of the page that is made.
    """

    name: str
    type: FieldType
    required: bool = False
    nullable: bool = True
    default: object = None
    begins: tuple[tuple[str, str, object], ...] = ()
    declared_label: str = ""
    declared_help: str = ""
    filter: bool = False
    sort: bool = False
    search: str = ""
    private: bool = False
    title: bool = False
    unique: bool = False
    system: bool = False
    reso: str = ""
    aliases: tuple[str, ...] = ()
    custom: bool = False
    declared_section: str = ""
    uses: tuple[str, ...] = ()
    unit: str = ""
    after: str = ""
    handed_over: str = ""

    @property
    def json_name(self) -> str:
        """The field's name in JSON."""
        return self.type.json_name(self.name)

    @property
    def json_path(self) -> str:
        """Where it stands in a record's JSON: what grants, filters, forms and mistakes call it."""
        return f"custom.{self.name}" if self.custom else self.json_name

    @property
    def label(self) -> str:
        """What people read, in their language; an organisation's own field is as it wrote it."""
        return self.declared_label if self.custom else say_as("field", self.declared_label)

    @property
    def help(self) -> str:
        """What people read beside it, in their language."""
        return self.declared_help if self.custom else say_as("help", self.declared_help)

    @property
    def section(self) -> str:
        """The title under which it stands in forms, in the reader's language."""
        said = self.declared_section
        return said if self.custom else say_as("section", said)

    @property
    def writable(self) -> bool:
        """Whether a client may ever set it."""
        return self.type.writable and not self.system

    @property
    def currency(self) -> Field | None:
        """An amount's currency as filters and sorts name it; None for what is no amount."""
        column = self.type.currency_column(self.name)
        if not column:
            return None
        return Field(
            name=f"{self.name}_currency",
            type=Currency(column=column),
            declared_label=f"{self.declared_label} currency",
            custom=self.custom,
        )

    @property
    def within(self) -> Field | None:
        """The currency that an amount is found and sorted within, by one index over both.

        What is computed may have a currency without an amount, or the other way round, and custom
        amounts lie in slots: these are sorted by their numbers alone.
        """
        return self.currency if isinstance(self.type, Money) and not self.custom else None

    @property
    def folded(self) -> bool:
        """Whether a key without case and accents is stored beside it (kernel/text.py)."""
        return isinstance(self.type, Text) and self.type.folded

    @property
    def by_key(self) -> bool:
        """Whether only that key has an index, which must then be asked for too."""
        return self.folded and not (self.filter or self.unique)

    @property
    def sortable(self) -> bool:
        """Whether a list can be sorted by it; a currency comes with its amount."""
        if self.type.many or isinstance(self.type, Currency) or not self.type.ordered:
            return False
        return not set(self.type.operators) <= {"null"}

    @property
    def column_names(self) -> tuple[str, ...]:
        """The names of its columns."""
        return tuple(column.named(self.name) for column in self.type.columns())


@dataclass(frozen=True, slots=True)
class Index:
    """An index behind the tenant: fields in order, `-` for descending, with a condition or none."""

    fields: tuple[str, ...]
    where: str = ""
    name: str = ""


@dataclass(frozen=True, slots=True)
class Moment:
    """A date of a record that belongs into somebody's day, as long as the record is open.

    `open` are the fields and the values that they have then, as an address spells them; `people`
    those that say whose it is, the first that is filled in, and the owner last.
    """

    field: str
    kind: Agenda
    open: tuple[tuple[str, tuple[str, ...]], ...] = ()
    people: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Way:
    """How one writes to the person that a record is: where to, and what gives or takes leave."""

    channel: Channel
    fields: tuple[str, ...]
    only: str = ""
    unless: str = ""


@dataclass(frozen=True, slots=True)
class Grant:
    """What one role may do with the records of one type; no grant, no access."""

    read: Scope = "none"
    create: bool = False
    update: Scope = "none"
    delete: Scope = "none"
    reveal: frozenset[str] = frozenset()
    hide: frozenset[str] = frozenset()
    read_only: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Definition:
    """A compiled record type, shipped or made by a tenant."""

    name: str
    plural: str
    pack: str
    declared_doc: str
    fields: Mapping[str, Field]
    indexes: tuple[Index, ...] = ()
    access: Mapping[str, Grant] = field(default_factory=dict[str, Grant])
    source: str = ""
    cache_seconds: int | None = 300
    default_sort: str = "-created_at"
    custom_fields: Mapping[str, Field] = field(default_factory=dict[str, Field])
    retired: bool = False
    tenant_made: bool = False
    declared_label: str = ""
    declared_plural: str = ""
    icon: str = ""
    private: str = ""
    strict: bool = False
    belongs_to: str = ""
    named_by: tuple[str, ...] = ()
    listed: bool = True
    agenda: tuple[Moment, ...] = ()
    contacted: tuple[Way, ...] = ()
    correspondence: bool = False
    declared_guide: str = ""

    @property
    def label(self) -> str:
        """What people call one, in their language; see Field."""
        return self.declared_label if self.tenant_made else say_as("type", self.declared_label)

    @property
    def label_plural(self) -> str:
        """What people call several, in their language."""
        return self.declared_plural if self.tenant_made else say_as("type", self.declared_plural)

    @property
    def doc(self) -> str:
        """What one is, in the reader's language."""
        return self.declared_doc if self.tenant_made else say_as("doc", self.declared_doc)

    @property
    def guide(self) -> str:
        """What to begin with, in the reader's language."""
        return say_as("guide", self.declared_guide)

    @cached_property
    def digest(self) -> str:
        """Changes whenever the shipped fields do; custom fields are bound, so tenants share it."""
        parts = repr((sorted(self.fields.items()), self.retired))
        return hashlib.sha256(f"{self.name}{parts}".encode()).hexdigest()[:16]

    @cached_property
    def title_field(self) -> Field:
        """The field that names a record to people."""
        titled = [f for f in self.fields.values() if f.title]
        texts = [f for f in self.fields.values() if isinstance(f.type, Text) and not f.system]
        return (titled or texts or [self.fields["id"]])[0]

    @cached_property
    def title_fields(self) -> tuple[Field, ...]:
        """All fields that together name a record (a first and a last name, say)."""
        return tuple(f for f in self.fields.values() if f.title) or (self.title_field,)

    @cached_property
    def unique_fields(self) -> tuple[Field, ...]:
        """The fields whose value no other record of the tenant has."""
        return tuple(f for f in self.fields.values() if f.unique)

    @cached_property
    def naming(self) -> tuple[Field, ...]:
        """The fields by which a record may be called, where its title alone may be empty."""
        if not self.named_by:
            return ()
        return (*self.title_fields, *(self.fields[name] for name in self.named_by))

    @cached_property
    def names_itself(self) -> bool:
        """Whether a record's own fields tell what it is called, without any related record."""
        named = (self.fields[name].type for name in self.named_by)
        return not self.belongs_to and not any(isinstance(kind, Ref) for kind in named)

    @cached_property
    def by_json(self) -> Mapping[str, Field]:
        """The fields by their names in JSON."""
        return {f.json_name: f for f in self.fields.values()}

    @cached_property
    def secrets(self) -> Mapping[str, Secret]:
        """The fields that are stored encrypted, by name."""
        return {n: f.type for n, f in self.fields.items() if isinstance(f.type, Secret)}

    def way(self, channel: Channel) -> Way | None:
        """How one writes to the person that a record is; None where that can't be."""
        for one in self.contacted:
            if one.channel == channel:
                return one
        kind = CHANNELS[channel]
        every = (*self.fields.values(), *self.custom_fields.values())
        named = (f.json_path for f in every if f.type.kind == kind)
        return next((Way(channel, (name,)) for name in named), None)

    @property
    def status(self) -> Stage | None:
        """The stage field's type, where there is one."""
        found = self.fields.get("status")
        return found.type if found and isinstance(found.type, Stage) else None

    @cached_property
    def relations(self) -> Mapping[str, Field]:
        """The fields that point to records of a declared type."""
        return {n: f for n, f in self.fields.items() if isinstance(f.type, Ref | Many)}

    @cached_property
    def rolled_up(self) -> tuple[str, ...]:
        """The lists that its rollups are figures of."""
        rollups = [f.type for f in self.fields.values() if isinstance(f.type, Rollup)]
        return tuple(dict.fromkeys(rollup.relation for rollup in rollups))

    def end_of(self, start: Field) -> Field | None:
        """The date or moment that ends what begins with this one."""
        return next((one for one in self.fields.values() if one.after == start.name), None)

    @property
    def table(self) -> str:
        """The table of its records; all that tenants made share one, told apart by `kind`."""
        return CUSTOM_TABLE if self.tenant_made else self.plural

    @property
    def logged(self) -> str:
        """Its name in the change log, which knows tables only."""
        return CUSTOM_TYPE if self.tenant_made else self.name

    @property
    def path(self) -> str:
        """Where its records live below /v1."""
        return f"custom/{self.plural}" if self.tenant_made else self.plural

    def own_fields(self) -> Iterator[Field]:
        """The declared fields, without those that every type has."""
        return (f for f in self.fields.values() if not f.system)

    def with_custom(self, fields: Mapping[str, Field], *, retired: bool = False) -> Definition:
        """The same type with a tenant's custom fields; `retired` where some are no longer shown."""
        if not fields and not retired:
            return self
        return replace(self, custom_fields=dict(fields), retired=retired)


def _system(
    name: str, kind: FieldType, label: str, help_: str, *, sort: bool = False, nullable: bool = True
) -> Field:
    return Field(
        name=name,
        type=kind,
        declared_label=label,
        declared_help=help_,
        system=True,
        filter=sort,
        sort=sort,
        nullable=nullable,
    )


SYSTEM_FIELDS: Mapping[str, Field] = {
    f.name: f
    for f in (
        Field(
            name="owner",
            type=User(),
            declared_label="Owner",
            declared_help="Who answers for it.",
            filter=True,
        ),
        Field(
            name="team",
            type=User(),
            declared_label="Team",
            declared_help="The owner's team.",
            system=True,
        ),
        Field(
            name="external_id",
            type=Text(max_length=200),
            declared_label="External ID",
            declared_help="Its key in another system; unique among the records of its type.",
            filter=True,
            unique=True,
        ),
        _system(
            "created_at", DateTime(), "Created", "When it was made.", sort=True, nullable=False
        ),
        _system("created_by", Id(), "Created by", "Who made it."),
        _system(
            "updated_at",
            DateTime(),
            "Updated",
            "When it was last changed.",
            sort=True,
            nullable=False,
        ),
        _system("deleted_at", DateTime(), "Deleted", "When it was deleted, if it was."),
        _system(
            "version", Integer(), "Version", "Rises with every change; see ETag.", nullable=False
        ),
    )
}

__all__ = [
    "PRIVATE",
    "SCOPES",
    "SYSTEM_FIELDS",
    "Choice",
    "Definition",
    "Field",
    "Grant",
    "Index",
    "Scope",
]
