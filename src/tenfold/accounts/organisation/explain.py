"""What somebody may do with each record type, and which of their roles grants it."""

from __future__ import annotations

import msgspec

from tenfold.engine.access import Person, Source, sources
from tenfold.engine.definition import Definition, Scope


class Reason(msgspec.Struct, frozen=True, kw_only=True):
    """A role that grants something; `origin` is organization, shipped (a pack's) or own."""

    role: str
    origin: str


class Reach(msgspec.Struct, frozen=True, kw_only=True):
    """How far a verb reaches (none, own, team … all), and the roles that let it."""

    scope: Scope
    because: list[Reason]


class Permission(msgspec.Struct, frozen=True, kw_only=True):
    """Whether something is allowed, and the roles that allow it."""

    allowed: bool
    because: list[Reason]


class Explained(msgspec.Struct, frozen=True, kw_only=True):
    """What one may do with the records of a type.

    `read_only` are fields that can be seen and not set, `reveal` secrets that may be opened.
    """

    type: str
    label: str
    path: str
    read: Reach
    create: Permission
    update: Reach
    delete: Reach
    read_only: list[str]
    reveal: list[str]


def explain(definition: Definition, person: Person) -> Explained:
    """A person's access to a type with its reasons; hidden fields are not spoken of."""
    access, found = person.access(definition), sources(definition, person)
    fields = [*definition.fields.values(), *definition.custom_fields.values()]
    locked = [f for f in fields if f.name in access.locked and access.sees(f)]
    secret = [f for f in fields if f.name in access.reveal and access.sees(f)]

    def reach(verb: str, scope: Scope) -> Reach:
        having = [s for s in found if scope != "none" and getattr(s.grant, verb) == scope]
        return Reach(scope=scope, because=_reasons(having))

    creators = [s for s in found if s.grant.create]
    return Explained(
        type=definition.name,
        label=definition.label_plural,
        path=f"/v1/{definition.path}",
        read=reach("read", access.read),
        create=Permission(allowed=access.create, because=_reasons(creators)),
        update=reach("update", access.update),
        delete=reach("delete", access.delete),
        read_only=[f.json_path for f in locked],
        reveal=[f.json_name for f in secret],
    )


def _reasons(found: list[Source]) -> list[Reason]:
    return [Reason(role=s.role, origin=s.origin) for s in found]
