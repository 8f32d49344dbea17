"""Valid values for any declared type, and how each comes back: told by hand, not by the engine."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from tenfold.engine.definition import Definition, Field

MASK = "••••"
PEOPLE_AND_RECORDS = ("ref", "any_ref", "user", "file", "many")


def writable(definition: Definition) -> list[Field]:
    """The fields that a client may set, custom ones too."""
    declared = [f for f in definition.fields.values() if f.writable]
    return [*declared, *definition.custom_fields.values()]


def name_of(field: Field) -> str:
    """The field's name in questions and refusals."""
    return f"custom.{field.name}" if field.custom else field.json_name


def shown(field: Field, record: Mapping[str, Any]) -> Any:
    """A field's value in a record's JSON."""
    return record["custom"].get(field.name) if field.custom else record[field.json_name]


def put(body: dict[str, Any], field: Field, value: Any) -> dict[str, Any]:
    """Give a field a value in a body."""
    if field.custom:
        body["custom"] = {**body.get("custom", {}), field.name: value}
    else:
        body[field.json_name] = value
    return body


def in_order(definition: Definition, body: dict[str, Any]) -> dict[str, Any]:
    """The body with what ends after what it begins with: times that come wrong are exchanged."""
    for one in definition.fields.values():
        if one.after and body.get(one.name) and body.get(one.after):
            body[one.after], body[one.name] = sorted((body[one.after], body[one.name]))
    return body


def flat(record: Mapping[str, Any]) -> dict[str, Any]:
    """A record with its custom fields beside the others."""
    custom = {f"custom.{name}": value for name, value in record["custom"].items()}
    return {**{k: v for k, v in record.items() if k != "custom"}, **custom}


def another(field: Field, than: object, n: int) -> object:
    """A sample that differs from a value, where the field has two."""
    if field.type.kind == "secret":
        return field.type.sample(n)
    for k in range(n, n + 50):
        value = field.type.sample(k)
        if same(field, than, value) is False:
            return value
    return than


def same(field: Field, shown: Any, given: Any) -> bool:
    """Whether what the API shows is what was given."""
    if given is None or shown is None:
        return given is None and shown is None
    match field.type.kind:
        case "secret":
            return shown == MASK
        case "text" | "choice" | "stage":
            return shown == " ".join(given.split())
        case "long_text" | "rich_text":
            return shown == given.strip()
        case "email":
            return shown == given.lower()
        case "money" if isinstance(shown, dict):  # a custom amount has its currency with it
            return Decimal(str(shown["amount"])) == Decimal(str(given))
        case "decimal" | "money":
            return Decimal(str(shown)) == Decimal(str(given))
        case "datetime":
            return datetime.fromisoformat(shown) == datetime.fromisoformat(given)
        case _:
            return shown == given


def folded(text: str) -> str:
    """A text as people sort it: without case and accents (a plain second spelling of the rule)."""
    plain = unicodedata.normalize("NFKD", text.casefold())
    return " ".join("".join(c for c in plain if not unicodedata.combining(c)).split())


def line(address: dict[str, str]) -> str:
    """A postal address in one line."""
    region = f"{address.get('state', '')} {address.get('postal_code', '')}".strip()
    parts = (address.get("street"), address.get("street2"), address.get("city"), region)
    return ", ".join(part for part in (*parts, address.get("country")) if part)
