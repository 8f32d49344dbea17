"""The query parameters of a list: filters by field and operator, sort, fields, embeds."""

from __future__ import annotations

from collections.abc import Iterator

from tenfold.engine import ask
from tenfold.engine.definition import Definition, Field
from tenfold.engine.project.openapi_schemas import enum_name, name_of, value
from tenfold.engine.project.openapi_shared import ref, schema
from tenfold.engine.registry import Registry
from tenfold.engine.types import Choices, Many
from tenfold.engine.types.base import FieldType, Schema
from tenfold.engine.types.numbers import Currency
from tenfold.engine.types.other import Expression, IndexedSecret

_WORDS = {
    "eq": "{} is this.",
    "ne": "{} is not this.",
    "in": "{} is one of these, separated by commas (at most 100).",
    "gt": "{} is above this.",
    "gte": "{} is this or above.",
    "lt": "{} is below this.",
    "lte": "{} is this or below.",
    "prefix": "{} begins with this.",
    "null": "{} is empty (true) or has a value (false).",
}
# Kinds whose filter takes any text, though a value of the field must have a form.
_TEXTS = frozenset({"text", "email", "phone", "url", "address", "any_ref", "tags", "secret"})


def filters(definition: Definition) -> dict[str, Schema]:
    """The filter parameters of a type by the name of their component."""
    return dict(_filters(definition))


def filter_refs(definition: Definition) -> list[Schema]:
    """References to them, for operations."""
    return [ref("parameters", component) for component, _ in _filters(definition)]


def plain(definition: Definition, registry: Registry) -> dict[str, Schema]:
    """The sort, fields and embed parameters of a type by the name of their component."""
    name = name_of(definition)
    sortable = "|".join([*_sortable(definition), _CUSTOM])
    shown = "|".join([*definition.by_json, "custom"])
    made = {
        f"{name}_sort": _text(
            "sort",
            f"Up to {ask.SORTS} fields, separated by commas; `-` for descending. Amounts are "
            "sorted within each currency; custom and generated ones by their minor units alone.",
            f"^-?({sortable})(,-?({sortable})){{0,{ask.SORTS - 1}}}$",
            definition.default_sort,
        ),
        f"{name}_fields": _text(
            "fields",
            "Only these fields, separated by commas; the id always comes along.",
            f"^({shown})(,({shown}))*$",
        ),
    }
    embeds = embeddable(definition, registry)
    if embeds:
        deeper = r"(\.[a-z][a-z0-9_]*)?"
        one = f"({'|'.join(embeds)}){deeper}"
        made[f"{name}_embed"] = _text(
            "embed",
            f"Related records shown inside, up to {ask.EMBEDS}, separated by commas; "
            f"`a.b` goes one deeper. There are: {', '.join(embeds)}.",
            f"^{one}(,{one}){{0,{ask.EMBEDS - 1}}}$",
        )
    return made


def embeddable(definition: Definition, registry: Registry) -> list[str]:
    """The names that `embed` takes."""
    return [*definition.relations, *registry.backs.get(definition.name, {})]


_CUSTOM = r"custom\.[a-z][a-z0-9_]*"


def _filters(definition: Definition) -> Iterator[tuple[str, Schema]]:
    for field in (one for own in definition.fields.values() for one in _with_currency(own)):
        for operator in field.type.operators:
            name = field.json_name if operator == "eq" else f"{field.json_name}[{operator}]"
            yield (
                f"{name_of(definition)}_{field.json_name}_{operator}",
                {
                    "name": name,
                    "in": "query",
                    "description": _about(field, operator),
                    "schema": _taken(definition, field, operator),
                },
            )


def _with_currency(field: Field) -> Iterator[Field]:
    """A field, and behind an amount its currency."""
    yield field
    if field.currency:
        yield field.currency


def _about(field: Field, operator: str) -> str:
    """What a filter finds; amounts of other currencies than one it never does."""
    said = _WORDS[operator].format(field.label)
    if isinstance(field.type, IndexedSecret) and operator != "null":
        said += " However it is written; for those who may reveal it."
    if not field.currency or operator == "null":
        return said
    return f"{said} In the currency of `{field.currency.name}`, or else your organisation's."


def _taken(definition: Definition, field: Field, operator: str) -> Schema:
    """What a filter takes."""
    if operator == "null":
        return {"type": "boolean"}
    if operator in ("in", "prefix"):
        return {"type": "string"}
    if isinstance(field.type, Choices):
        return schema(enum_name(definition, field))
    if isinstance(field.type, Many):
        return {"type": "string", "format": "uuid"}
    kind: FieldType = field.type.of if isinstance(field.type, Expression) else field.type
    if kind.kind in _TEXTS:
        return {"type": "string"}
    if isinstance(field.type, Currency):
        return schema("Currency")
    found = value(definition, field)
    return {k: v for k, v in found.items() if k not in ("description", "readOnly", "default")}


def _sortable(definition: Definition) -> Iterator[str]:
    for field in definition.fields.values():
        if field.sortable:
            yield field.json_name


def _text(name: str, about: str, pattern: str, default: str | None = None) -> Schema:
    kind: Schema = {"type": "string", "pattern": pattern}
    if default is not None:
        kind["default"] = default
    return {"name": name, "in": "query", "description": about, "schema": kind}
