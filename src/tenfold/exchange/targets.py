"""What a file's columns can go into: the fields of a record type, parts of addresses, relations."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from tenfold.engine.access import Access
from tenfold.engine.definition import Definition, Field
from tenfold.engine.types import Choice, Choices, Ref, Secret
from tenfold.engine.units import PERCENT
from tenfold.exchange.mapping import Target
from tenfold.exchange.rows import Value, as_text
from tenfold.exchange.salesforce_tree import pointed_at
from tenfold.exchange.synonyms import plain
from tenfold.exchange.values import KINDS
from tenfold.kernel.ids import parse_id
from tenfold.kernel.language import mark, say, within

ID = "id"
_OURS = 7
"""The version of the UUIDs that we make."""
FULL_NAME = "full_name"
CURRENCY = "currency"
STANDS_IN = {"list_price": "close_price"}
"""What a new record needs, and what a file may give in its place: sales name only their price."""

STREET_PARTS = ("street_number", "street_dir", "street_name", "street_suffix")
"""MLS exports part a street like this; the parts are joined in this order."""

_PARTS: Mapping[str, tuple[str, str, tuple[str, ...]]] = {
    "street": ("text", mark("Street"), ()),
    "street2": ("text", mark("Street 2"), ()),
    "city": ("text", mark("City"), ()),
    "state": ("text", mark("State"), ()),
    "postal_code": ("postal_code", mark("Postal code"), ()),
    "country": ("text", mark("Country"), ()),
    "street_number": ("text", mark("Street number"), ("street no", "house number", "st num")),
    "street_dir": (
        "text",
        mark("Street direction"),
        ("street dir prefix", "street direction prefix"),
    ),
    "street_name": ("text", mark("Street name"), ("st name",)),
    "street_suffix": ("text", mark("Street suffix"), ("street type",)),
}
# How Salesforce's and other programs' objects are called here.
_OBJECTS = {
    "account": "company",
    "organization": "company",
    "broker": "agent",
    "property": "listing",
    "home": "listing",
    "opportunity": "deal",
    "person": "contact",
    "university": "employer",
}


@dataclass(frozen=True, slots=True)
class Goal:
    """A target with what the importer must know about it; `field` is none for one of several."""

    target: Target
    field: Field | None
    part: str = ""

    @property
    def kind(self) -> str:
        """The kind of value that it takes."""
        return self.target.kind

    @property
    def own(self) -> Field:
        """Its field; a whole name, and the currency of all amounts, go into several."""
        if self.field is None:
            raise ValueError(f"{self.target.name} is no field")
        return self.field


def goals_of(definition: Definition, access: Access, *, own: bool = False) -> dict[str, Goal]:
    """The goals of a type by name, those that point elsewhere last; `id` only for our own files."""
    fields = [f for f in definition.fields.values() if access.sets(f)]
    fields += [f for f in definition.custom_fields.values() if access.sets(f)]
    found: dict[str, Goal] = {}
    addressed = priced = False
    for one in sorted(fields, key=lambda f: f.type.kind in ("ref", "any_ref", "user")):
        bare = not priced and CURRENCY not in definition.fields
        for goal in _goals(one, first_address=not addressed, bare_currency=bare):
            found[goal.target.name] = goal
        addressed = addressed or one.type.kind == "address"
        priced = priced or one.type.kind == "money"
    names = definition.fields
    if "first_name" in names and "last_name" in names and "full_name" not in names:
        found[FULL_NAME] = Goal(Target(FULL_NAME, say("Full name"), FULL_NAME), None)
    if own:
        found[ID] = Goal(Target(ID, "Id", ID), definition.fields.get(ID))
    return found


def exported_here(columns: Sequence[str], samples: Sequence[Mapping[str, Value]]) -> bool:
    """Whether a file is an export of ours, so that its `id` is a record's; else an external id."""
    if ID not in columns or "external_id" in columns:
        return ID in columns
    ids = [parse_id(as_text(row[ID])) for row in samples if row.get(ID)]
    return bool(ids) and all(one is not None and one.version == _OURS for one in ids)


def options_of(one: Field | None) -> dict[str, str]:
    """The options of a choice with their labels."""
    if one is None or not isinstance(one.type, Choice | Choices):
        return {}
    return {option: one.type.label(option) for option in one.type.options}


def type_of_object(sobject: str, names: Mapping[str, Definition]) -> str | None:
    """The record type that another program's object stands for, by its name."""
    name = plain(sobject)
    for definition in names.values():
        own = (definition.name, definition.plural, definition.label, definition.label_plural)
        own += (definition.declared_label, definition.declared_plural)
        if name in {plain(text) for text in own}:
            return definition.name
    known = _OBJECTS.get(name)
    return known if known in names else None


def references(
    columns: Sequence[str],
    samples: Sequence[Mapping[str, Value]],
    goals: Mapping[str, Goal],
    types: Mapping[str, Definition],
) -> dict[str, str]:
    """Columns that hold `@Refs` to other records of an export, with the relation each goes into."""
    found: dict[str, str] = {}
    for column in columns:
        texts = [row.get(column) for row in samples if row.get(column)]
        if not texts or not all(pointed_at(text) for text in texts):
            continue
        wanted = type_of_object(column, types)
        relations = [g for g in goals.values() if isinstance(g.field and g.field.type, Ref)]
        named = [g for g in relations if plain(column) in _names(g)]
        fitting = [g for g in relations if g.field and getattr(g.field.type, "to", "") == wanted]
        free = [g.target.name for g in (*named, *fitting) if g.target.name not in found.values()]
        if free:
            found[column] = free[0]
    return found


def _names(goal: Goal) -> set[str]:
    target = goal.target
    return {plain(text) for text in (target.name, target.label, *target.aliases)}


def _goals(one: Field, *, first_address: bool, bare_currency: bool) -> Iterator[Goal]:
    name = f"custom.{one.name}" if one.custom else one.name
    # A file is written in English as often as in the reader's language.
    aliases = (*one.aliases, one.declared_label)
    aliases += (*([one.reso] if one.reso else []), *([one.name] if one.custom else []))
    kind = _kind(one)
    if not kind:
        return
    if kind == "address" and first_address:
        aliases = (*aliases, "addresses", "full address", "postal address", "mailing address")
    target = Target(
        name,
        one.label,
        kind,
        aliases,
        one.required,
        measured=one.unit not in ("", PERCENT),
        secret=isinstance(one.type, Secret),
    )
    yield Goal(target, one)
    if kind in ("ref", "user") or one.type.kind == "file":
        # Our own exports have the id and, beside it, the title: the second serves elsewhere.
        yield Goal(Target(one.json_name, "", kind), one)
    if kind == "money" and one.currency:
        if bare_currency:
            yield Goal(Target(CURRENCY, say("Currency of all amounts"), CURRENCY), None)
        names = (one.currency.name,) if one.custom else ()
        yield Goal(Target(f"{name}_currency", one.currency.label, CURRENCY, names), one)
    if kind == "address":
        for part, (inner, label, more) in _PARTS.items():
            shown = say(label) if first_address else f"{one.label} {within(say(label))}"
            names = (*more, label) if first_address else ()
            yield Goal(Target(f"{name}.{part}", shown, inner, names), one, part)


def _kind(one: Field) -> str:
    """The kind by which the field's texts are read; empty for one that no file can fill."""
    kind = one.type.kind
    if kind in ("ref", "any_ref", "user", "json"):
        return kind
    if kind in ("secret", "file"):
        return "text"
    if kind == "rich_text":
        return "long_text"
    return kind if kind in KINDS else ""
