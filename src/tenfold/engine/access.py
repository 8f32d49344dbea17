"""Access is a value: a person's grants for a type, compiled once, with a hash as its shape."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Literal
from uuid import UUID

from tenfold.engine.definition import SCOPES, Definition, Field, Grant, Scope
from tenfold.engine.scopes import READ, REVEAL, WRITE, Scopes
from tenfold.engine.types import Locale, Secret
from tenfold.engine.types.other import IndexedSecret
from tenfold.kernel.clock import today
from tenfold.kernel.errors import Forbidden
from tenfold.kernel.language import say, say_as, within

ORGANISATION_ROLES = ("owner", "admin", "manager", "member", "read-only")
_ALL = Grant(read="all", create=True, update="all", delete="all")
# Managers do everything, but what people marked private stays theirs.
_OPEN = Grant(read="open", create=True, update="all", delete="all")


@dataclass(frozen=True, slots=True)
class Shared:
    """Records of one type that were shared with a person or a team of theirs, one by one."""

    ids: tuple[UUID, ...] = ()
    changeable: frozenset[UUID] = frozenset()


@dataclass(frozen=True, slots=True)
class Access:
    """What one person may do with the records of one type.

    `hidden` fields do not exist for them, `locked` ones can't be set, `reveal` names the secrets
    they may open. `widened` says that what is `shared` reaches beyond their scope for reading.
    `shape` is the same for all whose statements and answers look alike.
    """

    read: Scope = "none"
    create: bool = False
    update: Scope = "none"
    delete: Scope = "none"
    hidden: frozenset[str] = frozenset()
    locked: frozenset[str] = frozenset()
    reveal: frozenset[str] = frozenset()
    shared: Shared = field(default_factory=Shared, compare=False)
    widened: bool = False
    shape: str = field(default="", compare=False)
    by_key: bool = field(default=False, compare=False)
    """Whether an API key confines it."""

    def sees(self, one: Field) -> bool:
        """Whether the person may know the field."""
        return one.name not in self.hidden

    def sets(self, one: Field) -> bool:
        """Whether the person may set the field."""
        return one.writable and one.name not in self.locked and self.sees(one)

    def operators(self, one: Field) -> Sequence[str]:
        """What the person may filter the field by; only who may reveal a secret finds by it."""
        closed = isinstance(one.type, IndexedSecret) and one.name not in self.reveal
        return Secret.operators if closed else one.type.operators

    def need(self, verb: str, definition: Definition) -> None:
        """Raise Forbidden where the person may not do this to any record of the type."""
        granted = self.create if verb == "create" else getattr(self, verb) != "none"
        if not granted and self.by_key:
            raise Forbidden(
                say(
                    "This API key may not %(verb)s %(label_plural)s: its scopes do not name it, "
                    "or the role that it acts with does not allow it.",
                    verb=say_as("verb", verb),
                    label_plural=within(definition.label_plural),
                )
            )
        if not granted:
            raise Forbidden(
                say(
                    "Your role does not allow you to %(verb)s %(label_plural)s. Ask an "
                    "administrator of your organisation.",
                    verb=say_as("verb", verb),
                    label_plural=within(definition.label_plural),
                )
            )
        if verb == "create" and any(True for _ in self.lacking(definition)):
            raise Forbidden(
                say(
                    "Your role allows you to create %(label_plural)s, and keeps a field from you "
                    "that each of them needs. Ask an administrator of your organisation.",
                    label_plural=within(definition.label_plural),
                )
            )

    def lacking(self, definition: Definition) -> Iterator[Field]:
        """The fields without which no record can be made, and that they may not set."""
        if self.hidden or self.locked:
            every = definition.fields.values()
            yield from (f for f in every if f.required and f.writable and not self.sets(f))


@dataclass(frozen=True, slots=True)
class Person:
    """A member of a tenant with roles and teams, and what they compile to."""

    user: UUID
    tenant: UUID
    role: str
    roles: frozenset[str] = frozenset()
    teams: tuple[UUID, ...] = ()
    team: UUID | None = None
    own_roles: Mapping[str, Mapping[str, Grant]] = field(
        default_factory=dict[str, Mapping[str, Grant]]
    )
    locale: Locale = field(default_factory=Locale)
    zone: str = "UTC"
    """The organisation's time zone, which says when its day begins."""
    scopes: Scopes | None = None
    """To what the API key that acts for them is confined; None where they act themselves."""
    per_minute: int | None = field(default=None, compare=False)
    """Requests a minute that the organisation has for each of its people; None: the usual."""
    beyond: bool = False
    """Whether they act for the organisation, and strict privacy does not bind them."""
    shared: Mapping[str, Shared] = field(default_factory=dict[str, Shared])
    """What was shared with them, by type."""
    shared_mark: str = ""
    """The same for all with whom the same was shared; empty for nothing."""
    _made: dict[str, Access] = field(default_factory=dict[str, Access], compare=False)

    def access(self, definition: Definition) -> Access:
        """What the person may do with records of a type; compiled once per person and type."""
        found = self._made.get(definition.name)
        if found is None:
            found = self._made[definition.name] = compile_access(definition, self)
        return found

    def beyond_privacy(self) -> Person:
        """The same person where they put back what was handed over, private records too."""
        return replace(self, beyond=True, _made={})

    @property
    def today(self) -> date:
        """The organisation's local date."""
        return today(self.zone)

    def bound(self, **values: object) -> dict[str, object]:
        """What every statement may bind of its reader, and its own values."""
        for name, one in self.shared.items():
            values[shared_bind(name)] = one.ids
        return {
            **values,
            "tenant": self.tenant,
            "user": self.user,
            "teams": list(self.teams),
            "today": self.today,
        }

    @property
    def administers(self) -> bool:
        """Whether the person may change people, roles, fields and types."""
        within = self.scopes is None or self.scopes.admin
        return within and self.role in ("owner", "admin")


def shared_bind(name: str) -> str:
    """The name by which statements bind what of a type was shared; no field can have it."""
    return f"_shared_{name}"


@dataclass(frozen=True, slots=True)
class Source:
    """A grant and the role that it comes from."""

    role: str
    origin: Literal["organization", "shipped", "own"]
    grant: Grant


def compile_access(definition: Definition, person: Person) -> Access:
    """The union of all grants of a person's roles; the role read-only gets no more than reading.

    What was shared adds records to those that their roles let them read, and nothing without.
    """
    access = _union([source.grant for source in sources(definition, person)])
    access = confined(access, definition.name, person.scopes)
    hidden = _with_what_tells(access.hidden, definition)
    shared = _shared_within(person, definition.name)
    widened = bool(shared.ids) and _narrow(access.read, definition)
    found_by = sorted(access.reveal & _indexed(definition))
    decides = (access.read, sorted(hidden), found_by, *(("shared",) if widened else ()))
    shape = hashlib.sha256(repr(decides).encode()).hexdigest()[:12]
    return replace(access, hidden=hidden, shared=shared, widened=widened, shape=shape)


def _shared_within(person: Person, kind: str) -> Shared:
    """What of a type was shared with a person, as far as the scopes of an API key let it be."""
    shared, scopes = person.shared.get(kind) or Shared(), person.scopes
    if scopes is None:
        return shared
    read = shared.ids if scopes.gives(READ, kind) else ()
    return Shared(read, shared.changeable if scopes.gives(WRITE, kind) else frozenset())


def _narrow(read: Scope, definition: Definition) -> bool:
    """Whether somebody who may read the type may find that there are records they can't."""
    return read in ("own", "team") or (read == "open" and bool(definition.private))


def confined(access: Access, kind: str, scopes: Scopes | None) -> Access:
    """What of somebody's access to a type the scopes of an API key leave."""
    if scopes is None:
        return access
    writes = scopes.gives(WRITE, kind)
    return replace(
        access,
        read=access.read if scopes.gives(READ, kind) else "none",
        create=access.create and writes,
        update=access.update if writes else "none",
        delete=access.delete if writes else "none",
        reveal=access.reveal if scopes.gives(REVEAL, kind) else frozenset(),
        by_key=True,
    )


def _indexed(definition: Definition) -> frozenset[str]:
    """The secrets by which records are found."""
    return frozenset(n for n, s in definition.secrets.items() if isinstance(s, IndexedSecret))


def sources(definition: Definition, person: Person) -> list[Source]:
    """Where a person's access to a type comes from: what `compile_access` unites, by role.

    Where privacy is strict, no role reads what others marked private.
    """
    found = _sources(definition, person)
    if not definition.strict or person.beyond:
        return found
    narrowed = (replace(s, grant=replace(s.grant, read="open")) for s in found)
    return [new if s.grant.read == "all" else s for s, new in zip(found, narrowed, strict=True)]


def _sources(definition: Definition, person: Person) -> list[Source]:
    found = list(_granted(definition, person))
    if person.role in ("owner", "admin"):
        secrets = frozenset(definition.secrets)
        everything = Grant("all", True, "all", "all", reveal=secrets)
        return [*found, Source(person.role, "organization", everything)]
    if person.role == "manager":
        return [*found, Source("manager", "organization", _everything(definition))]
    if person.role == "read-only":
        reads = [s for s in found if s.grant.read != "none"]
        kept = [
            Source(s.role, s.origin, Grant(read=s.grant.read, hide=s.grant.hide)) for s in reads
        ]
        reading = Grant(read=_everything(definition).read)
        return kept or [Source("read-only", "organization", reading)]
    return found


def _everything(definition: Definition) -> Grant:
    """All of a type, without what people marked private."""
    return _OPEN if definition.private else _ALL


def _granted(definition: Definition, person: Person) -> Iterable[Source]:
    for role in sorted({person.role, *person.roles}):
        if found := definition.access.get(role):
            yield Source(role, "shipped", found)
        if found := person.own_roles.get(role, {}).get(definition.name):
            yield Source(role, "own", found)


def _union(grants: list[Grant]) -> Access:
    """Each verb as far as some role lets it; fields as the roles that reach furthest have them.

    What a role shows, reveals or lets be set counts for the records that it reaches alone, so that
    two roles never add up to more than both (see docs/decisions/0004-roles-united.md).
    """
    read, update = _widest(g.read for g in grants), _widest(g.update for g in grants)
    readers = [g for g in grants if g.read == read != "none"]
    changers = [g for g in grants if g.update == update != "none"]
    writers = changers or [g for g in grants if g.create]
    return Access(
        read=read,
        create=any(g.create for g in grants),
        update=update,
        delete=_widest(g.delete for g in grants),
        hidden=_common(g.hide for g in readers),
        locked=_common(g.read_only | g.hide for g in writers),
        reveal=frozenset[str]().union(*(g.reveal - g.hide for g in readers)),
    )


def _widest(scopes: Iterable[Scope]) -> Scope:
    given: list[Scope] = ["none", *scopes]
    return max(given, key=SCOPES.index)


def _with_what_tells(hidden: frozenset[str], definition: Definition) -> frozenset[str]:
    """Hidden fields, and all that is computed from them: their values could be told from it."""
    if not hidden:
        return hidden
    while True:
        more = {f.name for f in definition.fields.values() if not hidden.isdisjoint(f.uses)}
        if more <= hidden:
            return hidden
        hidden |= more


def _common(sets: Iterable[frozenset[str]]) -> frozenset[str]:
    first, *others = [*sets] or [frozenset[str]()]
    return first.intersection(*others)
