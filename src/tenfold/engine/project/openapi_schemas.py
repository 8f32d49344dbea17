"""The schemas of a record type: as it is read, made and changed, and the bodies around them."""

from __future__ import annotations

from collections.abc import Iterator

from tenfold.engine.aggregate import FUNCTIONS, GROUPED, ROWS, SUMMED
from tenfold.engine.ask import EMBEDDED_ROWS
from tenfold.engine.definition import Definition, Field
from tenfold.engine.project.openapi_shared import ATOMIC, closed, enveloped, nullable, schema
from tenfold.engine.registry import Registry
from tenfold.engine.types import (
    AnyRef,
    Choice,
    Choices,
    File,
    LongText,
    Many,
    Ref,
    Stage,
    Text,
    User,
)
from tenfold.engine.types.base import Schema

BULK = 10_000
_EXAMPLE_ID = "01a1fd8f-6b58-78c8-969e-b2e315ce8b54"


def name_of(definition: Definition) -> str:
    """`card_set` as the name of a schema: CardSet."""
    return "".join(part.capitalize() for part in definition.name.split("_"))


def plural_of(definition: Definition) -> str:
    """The same for many records."""
    return "".join(part.capitalize() for part in definition.plural.split("_"))


def schemas(definition: Definition, registry: Registry) -> Schema:
    """All schemas that one record type brings."""
    name, own = name_of(definition), schema(name_of(definition))
    made: Schema = {
        name: read(definition, registry),
        f"{name}Create": create(definition),
        f"{name}Change": change(definition),
        f"{name}Answer": enveloped(own),
        f"{name}List": enveloped({"type": "array", "items": own}, schema("PageMeta")),
        f"{name}Batch": enveloped({"type": "array", "items": own}),
        f"{name}Inside": _inside(own),
        f"{name}BulkAnswer": enveloped(
            {
                "type": "array",
                "items": nullable(own),
                "description": "The records as they are now, in your order; null where refused.",
            },
            schema("BulkMeta"),
        ),
        f"{name}BulkCreate": _bulk(schema(f"{name}Create")),
        f"{name}BulkChange": _bulk(schema(f"{name}ChangeById")),
        f"{name}ChangeById": _by_id(definition),
        f"{name}Upsert": _upsert(definition),
    }
    for field in definition.fields.values():
        if isinstance(field.type, Choice | Choices):
            made[enum_name(definition, field)] = {
                "type": "string",
                "enum": list(field.type.options),
                "description": _about(field),
                "x-labels": {o: field.type.label(o) for o in field.type.options},
            }
    if definition.status:
        made[f"{name}Move"] = _move(definition, definition.status)
    if found := secrets(definition):
        made[f"{name}SecretField"] = {"type": "string", "enum": found}
        chosen = schema(f"{name}SecretField")
        value_ = {"type": ["string", "null"], "description": "Null where it is empty."}
        made[f"{name}Reveal"] = closed({"field": chosen})
        made[f"{name}RevealAnswer"] = enveloped(closed({"field": chosen, "value": value_}))
    made[f"{name}Figures"] = figures(definition)
    rows = {"type": "array", "items": schema(f"{name}Figures"), "maxItems": ROWS}
    made[f"{name}Aggregate"] = enveloped(rows, schema("AggregateMeta"))
    return made


def secrets(definition: Definition) -> list[str]:
    """The fields that only a reveal opens."""
    return [f.name for f in definition.fields.values() if f.type.kind == "secret"]


def figures(definition: Definition) -> Schema:
    """One group of an aggregate: the values that make the group, its count and its figures."""
    properties: Schema = {}
    for field in definition.fields.values():
        if field.type.kind in GROUPED:
            properties[field.json_name] = nullable(_described(field, _shown(definition, field)))
        if field.currency:
            properties[field.currency.name] = nullable(schema("Currency"))
        if field.type.kind in SUMMED:
            properties |= {
                f"{name}_{field.name}": {"type": ["number", "null"]} for name in FUNCTIONS
            }
    properties["count"] = {"type": "integer", "minimum": 0}
    return closed(properties, ("count",), description="A group; only what was asked for is there.")


def read(definition: Definition, registry: Registry) -> Schema:
    """A record as it is answered; fields that you may not see or did not ask for are absent."""
    properties: Schema = {}
    for field in definition.fields.values():
        if isinstance(field.type, Many):
            continue
        one = _described(field, _shown(definition, field))
        if not field.writable:
            one["readOnly"] = True
        maybe = field.nullable or field.type.kind in ("rollup", "computed")
        properties[field.json_name] = nullable(one) if maybe else one
        if field.currency:
            currency = {**schema("Currency"), **({} if field.writable else {"readOnly": True})}
            properties[f"{field.name}_currency"] = nullable(currency) if maybe else currency
    properties["custom"] = _custom("Your organisation's own fields.")
    for embed, other, one in _embeds(definition, registry):
        about = f"With `embed={embed}`."
        properties[embed] = {**one, "readOnly": True, "x-embed": other.name, "description": about}
    return closed(properties, ("id",), description=definition.doc)


def create(definition: Definition) -> Schema:
    """What a new record is made of."""
    properties = _written(definition, defaults=True)
    required = [f.json_name for f in definition.fields.values() if f.required and f.writable]
    about = f"A new {definition.label.lower()}."
    return closed(properties, required, description=about, examples=[_example(definition)])


def _example(definition: Definition) -> Schema:
    """The least that makes a new record."""
    wanted = [f for f in definition.fields.values() if f.required and f.writable]
    return {f.json_name: _EXAMPLE_ID if _points(f) else f.type.sample(1) for f in wanted}


def _points(field: Field) -> bool:
    return isinstance(field.type, Ref | User | File)


def change(definition: Definition) -> Schema:
    """The fields to change; those left out stay, null empties."""
    about = f"Changes of a {definition.label.lower()}: only the fields given; null empties."
    return closed(_written(definition), (), description=about)


def enum_name(definition: Definition, field: Field) -> str:
    """The name of the schema with a field's options."""
    return name_of(definition) + "".join(part.capitalize() for part in field.name.split("_"))


def value(definition: Definition, field: Field) -> Schema:
    """One value of a field as a client writes it, without null."""
    if isinstance(field.type, Choice):
        return schema(enum_name(definition, field))
    if isinstance(field.type, Choices):
        return {**field.type.schema(), "items": schema(enum_name(definition, field))}
    return dict(field.type.schema())


def _shown(definition: Definition, field: Field) -> Schema:
    """One value of a field as it is answered: an address always in parts."""
    found = value(definition, field)
    return dict(found["anyOf"][0]) if field.type.kind == "address" else found


def _written(definition: Definition, *, defaults: bool = False) -> Schema:
    properties: Schema = {}
    for field in definition.fields.values():
        if not field.writable:
            continue
        one = _described(field, value(definition, field))
        if not field.nullable and isinstance(field.type, Text | LongText):
            one["minLength"] = 1
        if defaults and field.default is not None:
            one["default"] = field.default
        properties[field.json_name] = nullable(one) if field.nullable else one
        if field.type.kind == "money":
            about = f"Goes with {field.json_name}. Left out: the record's, or your organisation's."
            properties[f"{field.name}_currency"] = {**schema("Currency"), "description": about}
    properties["custom"] = _custom("Your organisation's own fields, by name; null empties.")
    return properties


def _described(field: Field, one: Schema) -> Schema:
    one = {**one, **_hints(field)}
    about = " ".join(text for text in (_about(field), one.get("description", "")) if text)
    made: Schema = {**one, "description": about}
    if field.reso:
        made["x-reso-name"] = field.reso
    if field.unique:
        made["x-unique"] = True
    return made


def _hints(field: Field) -> Schema:
    """Where the records live that a relation points to, and what a value looks like."""
    if isinstance(field.type, Ref):
        return {"x-relation": field.type.to}
    if isinstance(field.type, User) and field.writable:
        return {"x-relation": "member"}
    if isinstance(field.type, AnyRef):
        return {"x-relation": list(field.type.among) or "any"}
    if isinstance(field.type, File):
        return {"x-relation": "file"}
    return {"examples": [field.type.sample(1)]} if field.type.kind in _SHOWN else {}


# Kinds whose form no standard `format` tells.
_SHOWN = frozenset({"phone", "address"})


def _about(field: Field) -> str:
    return field.help or f"{field.label}."


def _custom(about: str) -> Schema:
    return {"type": "object", "additionalProperties": True, "description": about}


def _embeds(definition: Definition, registry: Registry) -> Iterator[tuple[str, Definition, Schema]]:
    """What `embed` may show inside: one related record, or the first of a list."""
    for field in definition.relations.values():
        if isinstance(field.type, Ref):
            other = registry.by_name[field.type.to]
            yield field.name, other, nullable(schema(name_of(other)))
        elif isinstance(field.type, Many):
            other = registry.by_name[field.type.to]
            yield field.name, other, nullable(schema(f"{name_of(other)}Inside"))
    for name, (other, _) in registry.backs.get(definition.name, {}).items():
        yield name, other, nullable(schema(f"{name_of(other)}Inside"))


def _inside(own: Schema) -> Schema:
    """Related records shown inside another."""
    listed = {"type": "array", "items": own, "maxItems": EMBEDDED_ROWS}
    return closed({"data": listed, "more": {"type": "boolean"}})


def _bulk(row: Schema) -> Schema:
    return closed(
        {"records": {"type": "array", "items": row, "maxItems": BULK}, "atomic": ATOMIC},
        ("records",),
    )


def _by_id(definition: Definition) -> Schema:
    identity: Schema = {"type": "string", "format": "uuid"}
    version: Schema = {
        "type": ["integer", "null"],
        "description": "The version as you read it; another one refuses the row (412).",
    }
    properties = {"id": identity, "version": version, **_written(definition)}
    about = f"Changes of one {definition.label.lower()}."
    return closed(properties, ("id",), description=about)


def _upsert(definition: Definition) -> Schema:
    keys = [f.json_name for f in definition.unique_fields]
    rows = {"type": "array", "items": schema(f"{name_of(definition)}Change"), "maxItems": BULK}
    key = {"type": "string", "enum": keys, "description": "The unique field that finds a record."}
    return closed({"key": key, "records": rows, "atomic": ATOMIC}, ("key", "records"))


def _move(definition: Definition, stage: Stage) -> Schema:
    options = stage.options
    ways = {o: [n for n in options if n != o and stage.may_move(o, n)] for o in options}
    listed = "\n".join(f"- from `{old}` to {_listed(new)}" for old, new in ways.items())
    to: Schema = {
        **schema(enum_name(definition, definition.fields["status"])),
        "description": f"The stage to go to:\n{listed}",
        "x-moves": ways,
    }
    reason: Schema = {
        "type": "string",
        "maxLength": 1_000,
        "default": "",
        "description": "Why; it stays with the change.",
    }
    return closed({"to": to, "reason": reason}, ("to",))


def _listed(stages: list[str]) -> str:
    return ", ".join(f"`{stage}`" for stage in stages) or "nothing"
