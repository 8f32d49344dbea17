"""All shipped definitions of an installation, found by name or by plural."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property

from tenfold.engine.compile import compile_all
from tenfold.engine.custom_types import CustomRecord, placeholder
from tenfold.engine.declare import Record
from tenfold.engine.definition import CUSTOM_TABLE, Definition, Field
from tenfold.engine.types import Many, Ref

CUSTOM = "custom~"


class Registry:
    """The compiled record types, immutable once made; `stored` are those that have a table."""

    def __init__(self, packs: Mapping[str, Iterable[type[Record]]]) -> None:
        self.stored = compile_all({**packs, "custom": [CustomRecord]})
        self.by_name = {n: d for n, d in self.stored.items() if d.plural != CUSTOM_TABLE}
        self.by_plural = {d.plural: d for d in self.by_name.values()}

    def __iter__(self) -> Iterator[Definition]:
        return iter(self.by_name.values())

    def named(self, plural: str) -> Definition | None:
        """The type of an address; `custom~vehicles` is a tenant's own, known only by name yet."""
        if plural.startswith(CUSTOM):
            name = plural.removeprefix(CUSTOM)
            return placeholder(self._custom, name) if name.isidentifier() else None
        return self.by_plural.get(plural)

    @property
    def _custom(self) -> Definition:
        return next(d for d in self.stored.values() if d.plural == CUSTOM_TABLE)

    @cached_property
    def packs(self) -> dict[str, list[Definition]]:
        """The definitions by their pack, in order of declaration."""
        found: dict[str, list[Definition]] = {}
        for definition in self:
            found.setdefault(definition.pack, []).append(definition)
        return found

    @cached_property
    def backs(self) -> dict[str, dict[str, tuple[Definition, Field]]]:
        """For each type, the lists that come back to it: name → (the other type, its relation)."""
        found: dict[str, dict[str, tuple[Definition, Field]]] = {}
        for definition in self:
            for field in definition.relations.values():
                kind = field.type
                if isinstance(kind, Ref | Many) and kind.back:
                    found.setdefault(kind.to, {})[kind.back] = (definition, field)
        return found

    def pointing_to(self, definition: Definition) -> list[tuple[Definition, Field]]:
        """The relations to one record of this type: (the other type, its relation)."""
        return [
            (other, field)
            for other in self
            for field in other.relations.values()
            if getattr(field.type, "to", "") == definition.name and not field.type.many
        ]
