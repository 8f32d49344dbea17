"""Valid values for any declared type, and how each comes back: told by hand, not by the engine."""

from __future__ import annotations

import unicodedata
from datetime import datetime
from decimal import Decimal
from typing import Any

from tenfold.engine.definition import Definition, Field

MASK = "••••"
PEOPLE_AND_RECORDS = ("ref", "any_ref", "user", "file", "many")


def writable(definition: Definition) -> list[Field]:
    """The fields that a client may set."""
    return [f for f in definition.fields.values() if f.writable]


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
