"""What every request needs: the database, the engine's parts, and who is asking."""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from functools import cached_property
from time import monotonic
from typing import Any, cast
from uuid import UUID

from litestar import Request
from litestar.types import Scope

from tenfold.accounts import people
from tenfold.accounts.identity.api_keys import ApiKeys
from tenfold.accounts.identity.tokens import Claims, Tokens
from tenfold.accounts.people import Caller, People
from tenfold.automation import Automations
from tenfold.db.database import Database, Late, Reader, Transaction
from tenfold.db.glance import Glance
from tenfold.db.keys import Keyring
from tenfold.engine.access import Person
from tenfold.engine.definition import Definition
from tenfold.engine.query import Query
from tenfold.engine.records import Records
from tenfold.engine.registry import Registry
from tenfold.engine.tailored import Tailored
from tenfold.engine.tenants import Tenants
from tenfold.exchange.importing import Exchange
from tenfold.kernel.context import Context
from tenfold.kernel.errors import Forbidden, NotFound, Unauthenticated
from tenfold.kernel.settings import Settings
from tenfold.messages import Messages
from tenfold.web.limits import Limits
from tenfold.web.scope import Notes, notes

MEMBERS, DEFINITIONS = "members", "definitions"
_KNOWN_TENANTS = 100_000
CLAIMS, UNSIGNED = "tenfold.claims", "tenfold.unsigned"
"""Where a request notes who signed it, or else why nobody did: message and code."""
Versions = tuple[int, ...]


class Pages:
    """Finished answers to questions, each under the versions of what it shows, bounded in bytes."""

    def __init__(self, most_bytes: int) -> None:
        self._kept: OrderedDict[object, tuple[float, Versions, bytes]] = OrderedDict()
        self._most, self._size = most_bytes, 0
        self.hits = self.misses = 0

    def __contains__(self, question: object) -> bool:
        """Whether an answer is kept, be it of these versions or of earlier ones."""
        return question in self._kept

    def get(self, question: object, versions: Versions) -> bytes | None:
        """The answer at these very versions, if it is kept and not too old."""
        found = self._kept.get(question)
        if found is None or found[1] != versions or found[0] < monotonic():
            self.misses += 1
            return None
        self.hits += 1
        self._kept.move_to_end(question)
        return found[2]

    def put(self, question: object, versions: Versions, body: bytes, seconds: float) -> None:
        """Keep an answer for so long at most, letting go of those unused longest."""
        if len(body) > self._most:
            return
        if (before := self._kept.pop(question, None)) is not None:
            self._size -= len(before[2])
        self._kept[question] = (monotonic() + seconds, versions, body)
        self._size += len(body)
        while self._size > self._most:
            _, (_, _, gone) = self._kept.popitem(last=False)
            self._size -= len(gone)


@dataclass(frozen=True, slots=True)
class Visit:
    """One request's reader: connection, person, and the type as their organisation has it."""

    reader: Reader
    person: Person
    definition: Definition

    @property
    def versions(self) -> Versions:
        """Those of members, definitions and the topics asked for."""
        return tuple(self.reader.versions)


@dataclass(frozen=True, slots=True)
class Entered:
    """A reader and who reads, where the question is about no type in particular."""

    reader: Reader
    person: Person


@dataclass(frozen=True, slots=True)
class Seen:
    """What is known of a caller, at the versions of members and definitions it was asked at."""

    known: tuple[int, int]
    person: Person
    definition: Definition


@dataclass(frozen=True, slots=True)
class Glimpse:
    """The same from what is known of the caller: its first row proves it, or raises AskFirst."""

    reader: Glance
    person: Person
    definition: Definition

    @property
    def versions(self) -> Versions:
        """Those of members, definitions and the topics asked for; none before the first row."""
        return tuple(self.reader.versions)


class Desk:
    """The composition of the parts that requests use; made once per process."""

    def __init__(
        self,
        settings: Settings,
        database: Database,
        registry: Registry,
        query: Query,
        records: Records,
        tokens: Tokens,
        keyring: Keyring,
        limits: Limits,
    ) -> None:
        self.settings, self.database, self.registry = settings, database, registry
        self.limits = limits
        self.query, self.records, self.tokens, self.keyring = query, records, tokens, keyring
        self.people, self.tailored, self.keys = People(), Tailored(), ApiKeys(database)
        self.known: dict[UUID, tuple[int, int]] = {}
        self.pages = Pages(settings.page_cache_bytes)

    @cached_property
    def exchange(self) -> Exchange:
        """What imports and exports need."""
        return Exchange.of(self.settings, self.database, self.records, people.acting)

    @cached_property
    def tenants(self) -> Tenants:
        """Organisations as what works for them sees them."""
        return Tenants(self.registry)

    @cached_property
    def automations(self) -> Automations:
        """What automations need."""
        return Automations.of(self.messages, self.settings.address)

    @cached_property
    def messages(self) -> Messages:
        """What messages need."""
        return Messages.of(self.settings, self.keyring, self.tenants, self.query, self.records)

    def claims(self, scope: Scope) -> Claims:
        """Who signed the request, from its bearer token; raises Unauthenticated."""
        return bearer(notes(scope), self.tokens)

    def signed_in(self, scope: Scope) -> Claims:
        """Who signed in; raises Forbidden for an API key, which has no account to look after."""
        claims = self.claims(scope)
        if claims.kind == "key":
            raise Forbidden(
                "This is for people who have signed in, not for API keys; see /v1/api-keys/current."
            )
        return claims

    def shipped(self, plural: str) -> Definition:
        """The declared type of an address; raises NotFound."""
        found = self.registry.named(plural)
        if found is None:
            raise NotFound(
                f"There are no {plural[:60]!r} here; see /openapi.json for what there is."
            )
        return found

    def seen(self, claims: Claims, shipped: Definition) -> Seen | None:
        """The person as they were when last seen, and the type; None where they were not."""
        known = self.known.get(claims.tenant)
        if known is None:
            return None
        members, definitions = known
        person = self.people.known(claims, members)
        definition = self.tailored.known(claims.tenant, shipped, definitions)
        if person is None or definition is None or person.blocked:
            return None
        return Seen(known, person, definition)

    def glimpse(self, claims: Claims, shipped: Definition, topics: Sequence[str]) -> Glimpse | None:
        """A reader as the person that they were when last seen; None where they were not."""
        seen = self.seen(claims, shipped)
        if seen is None:
            return None
        topics = [MEMBERS, DEFINITIONS, *topics]
        reader = self.database.glance(claims.tenant, topics, seen.known)
        return Glimpse(reader, seen.person, seen.definition)

    def late(self, seen: Seen, context: Context) -> AbstractAsyncContextManager[Late]:
        """A write transaction as the person that they were; raises AskFirst where they changed."""
        return self.database.late(context, [MEMBERS, DEFINITIONS], seen.known)

    @asynccontextmanager
    async def visit(
        self, claims: Claims, shipped: Definition, topics: Sequence[str]
    ) -> AsyncGenerator[Visit]:
        """A connection that reads as the person, in one trip when nothing about them changed."""
        async with self.database.read(claims.tenant, [MEMBERS, DEFINITIONS, *topics]) as reader:
            yield await self._visit(reader, claims, shipped)

    @asynccontextmanager
    async def change(
        self, claims: Claims, shipped: Definition, context: Context
    ) -> AsyncGenerator[tuple[Transaction, Visit]]:
        """A write transaction as the person."""
        topics = [MEMBERS, DEFINITIONS]
        known = self.known.get(claims.tenant)
        async with self.database.transaction(context, topics, known) as transaction:
            yield transaction, await self._visit(transaction, claims, shipped)

    @asynccontextmanager
    async def enter(self, claims: Claims) -> AsyncGenerator[Entered]:
        """A connection that reads as the person, about no type in particular."""
        async with self.database.read(claims.tenant, [MEMBERS, DEFINITIONS]) as reader:
            yield Entered(reader, await self._person(reader, claims))

    @asynccontextmanager
    async def begin(
        self, claims: Claims, context: Context
    ) -> AsyncGenerator[tuple[Transaction, Caller]]:
        """A write transaction as the person, about no type in particular."""
        known = self.known.get(claims.tenant)
        async with self.database.transaction(context, [MEMBERS, DEFINITIONS], known) as transaction:
            yield transaction, await self._person(transaction, claims)

    async def _visit(self, reader: Reader, claims: Claims, shipped: Definition) -> Visit:
        person = await self._person(reader, claims)
        versions = reader.versions
        definition = await self.tailored.get(reader, claims.tenant, shipped, versions[1])
        return Visit(reader, person, definition)

    async def _person(self, reader: Reader, claims: Claims) -> Caller:
        versions = reader.versions
        if len(self.known) > _KNOWN_TENANTS:
            self.known.clear()
        self.known[claims.tenant] = (versions[0], versions[1])
        person = await self.people.get(reader, claims, versions[0])
        person.need_unblocked()
        self.limits.of_organisation(claims.tenant, person.per_minute)
        return person

    def context(self, claims: Claims, scope: Scope) -> Context:
        """The context of a write by this request."""
        request = cast("Mapping[str, Any]", scope).get("tenfold.request_id", "")
        return Context(
            tenant=claims.tenant,
            actor=claims.user,
            request=request,
            session=claims.session,
            key=claims.session if claims.kind == "key" else None,
        )


def bearer(noted: Notes, tokens: Tokens) -> Claims:
    """Who signed the request, from its bearer token, looked at once; raises Unauthenticated."""
    found: Claims | tuple[str, str] | None = noted.get(CLAIMS) or noted.get(UNSIGNED)
    if found is None:
        try:
            found = noted[CLAIMS] = tokens.verify(token_of(noted))
        except Unauthenticated as error:
            found = noted[UNSIGNED] = error.message, error.code
    if not isinstance(found, Claims):
        raise Unauthenticated(found[0], code=found[1])
    return found


def signed_by(noted: Notes, key: Claims | None) -> None:
    """Note for whom the request's API key acts, or that it is no good."""
    if key is not None:
        noted[CLAIMS] = key
    else:
        error = Unauthenticated("This API key is not known; it may have been revoked.")
        noted[UNSIGNED] = error.message, error.code


def token_of(scope: Notes) -> str:
    """The bearer token that a request brings; raises Unauthenticated."""
    given = _header(scope, b"authorization")
    if not given:
        raise Unauthenticated("Sign in first: no access token was sent.", code="NO_TOKEN")
    kind, _, token = given.partition(" ")
    if kind.lower() != "bearer" or not token:
        raise Unauthenticated("Send the access token as `Authorization: Bearer …`.")
    return token.strip()


def desk_of(request: Request[Any, Any, Any]) -> Desk:
    """The process's desk."""
    return request.app.state.desk


def tag(*parts: object) -> str:
    """A strong ETag of what decides a body."""
    return f'"{hashlib.blake2b(repr(parts).encode(), digest_size=12).hexdigest()}"'


def _header(scope: Scope | Notes, name: bytes) -> str:
    for key, value in scope["headers"]:
        if key == name:
            return value.decode("latin-1")
    return ""


header = _header
