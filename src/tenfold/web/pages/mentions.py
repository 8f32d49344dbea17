"""The ids that a page must show by name, gathered so that one query finds all names."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, cast
from uuid import UUID

from tenfold.engine.definition import Definition, Field
from tenfold.engine.registry import Registry
from tenfold.engine.titles import USER
from tenfold.engine.types import AnyRef, Many, Ref, User
from tenfold.kernel.ids import parse_id
from tenfold.web.pages.cells import Record


class Mentions(dict[str, set[UUID]]):
    """Ids by the type of what they name."""

    def add(self, kind: str, identity: object) -> None:
        """Note one id; what is none is left out."""
        if found := parse_id(str(identity)):
            self.setdefault(kind, set()).add(found)

    def value(self, one: Field, value: object) -> None:
        """Note what a relation's value points to."""
        if not value:
            return
        if isinstance(one.type, Many) and isinstance(value, list):
            for item in cast("list[object]", value):
                self.add(one.type.to, item)
        elif isinstance(one.type, Ref):
            self.add(one.type.to, value)
        elif isinstance(one.type, User):
            self.add(USER, value)
        elif isinstance(one.type, AnyRef) and isinstance(value, dict):
            pointer = cast("dict[str, Any]", value)
            self.add(str(pointer.get("type")), pointer.get("id"))

    def record(
        self, fields: Iterable[Field], record: Record, registry: Registry | None = None
    ) -> None:
        """Note what a record's relations point to, but those whose name was read along."""
        for one in fields:
            if registry is None or not _named(one, record, registry):
                self.value(one, record.get(one.json_name))

    def merge(self, other: Mentions) -> Mentions:
        """Both together."""
        for kind, ids in other.items():
            self.setdefault(kind, set()).update(ids)
        return self


def _named(one: Field, record: Record, registry: Registry) -> bool:
    """Whether a related record was read along with all that it is called by."""
    if not isinstance(one.type, Ref) or one.name not in record:
        return False
    return registry.by_name[one.type.to].names_itself


def mentioned(definition: Definition, record: Record, registry: Registry) -> Mentions:
    """What a record's own fields name."""
    found = Mentions()
    found.record(definition.fields.values(), record, registry)
    return found
