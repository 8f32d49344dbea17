"""Salesforce's tree export (`sf data export tree --plan`): how its files point at each other."""

from __future__ import annotations

import msgspec

from tenfold.exchange.rows import NotReadable, Value, Values
from tenfold.kernel.language import say

TYPE = "attributes.type"
REFERENCE = "attributes.referenceId"


class Step(msgspec.Struct, frozen=True, rename="camel"):
    """One step of a plan: files of one record type, to be read in this order."""

    sobject: str
    files: list[str]
    save_refs: bool = False
    resolve_refs: bool = False


def plan_of(content: bytes) -> list[Step]:
    """The steps of a plan file, in the order in which they must be imported."""
    try:
        return msgspec.json.decode(content, type=list[Step])
    except msgspec.DecodeError as error:
        raise NotReadable(
            say(
                "The plan can't be read: %(why)s. It is a list of objects with sobject and files.",
                why=error,
            )
        ) from None


def own_reference(values: Values) -> str | None:
    """The name by which other records of the export point at this one."""
    value = values.get(REFERENCE)
    return value if isinstance(value, str) and value else None


def pointed_at(value: Value) -> str | None:
    """The record that a value like `@BrokerRef1` points at."""
    is_reference = isinstance(value, str) and value.startswith("@") and value[1:].isidentifier()
    return value[1:] if is_reference and isinstance(value, str) else None
