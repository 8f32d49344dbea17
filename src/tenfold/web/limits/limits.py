"""Which limits there are, whom they count, and where: in memory, or everywhere together."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from typing import Any
from uuid import UUID

import structlog

from tenfold.accounts.client import network
from tenfold.kernel.errors import Unavailable
from tenfold.kernel.settings import Settings
from tenfold.web.limits.breaker import Breaker
from tenfold.web.limits.limit import Allowance, Limit
from tenfold.web.limits.memory import Memory
from tenfold.web.limits.shared import Shared
from tenfold.web.scope import Notes

_NOTED = "tenfold.allowances"
_MOST_OWN = 100_000
_log = structlog.get_logger()


class Limits:
    """The limits of one server process.

    Where machines share their counts, what those allow is counted in this machine's memory too:
    it takes over at once when the others can't be reached, and knows what was used.
    """

    def __init__(
        self, settings: Settings, memory: Memory, key: bytes, shared: Shared | None = None
    ) -> None:
        self._memory, self._shared = memory, shared
        self._breaker = Breaker()
        self._key = key
        self.person = _limit("person", settings.rate_per_minute, 60)
        self.search = _limit("search", settings.search_per_minute, 60)
        self.address = _limit("address", settings.rate_anonymous, 900)
        self.sign_in = _limit("sign-in", settings.sign_in_per_minute, 60)
        self._own: dict[UUID, Limit | None] = {}
        self._hashes: dict[str, Callable[[], Any]] = {}

    async def count_person(self, scope: Notes, user: UUID, tenant: UUID | None = None) -> None:
        """Count a request of a person, whatever they signed it with, once; raises TooMany."""
        if counted(scope):
            return
        limit = self._own.get(tenant, self.person) if tenant is not None else self.person
        await self._count(scope, limit, user.bytes)

    async def count_search(self, scope: Notes, user: UUID) -> None:
        """Count a search as somebody types, which does not eat what else they may; or TooMany."""
        await self._count(scope, self.search, user.bytes)

    async def count_address(self, scope: Notes) -> None:
        """Count a request of nobody known by its network; raises TooMany."""
        await self._count(scope, self.address, network(address_of(scope)).encode())

    async def count_sign_in(self, scope: Notes) -> None:
        """Count a try to sign in, or for what else strangers make us work; raises TooMany."""
        if not counted(scope):
            await self.count_address(scope)
        await self._count(scope, self.sign_in, network(address_of(scope)).encode())

    def of_organisation(self, tenant: UUID, per_minute: int | None) -> None:
        """Take note of what an organisation allows each of its people; None: as all others."""
        if per_minute is None:
            self._own.pop(tenant, None)
            return
        known = self._own.get(tenant)
        if known is None or known.most != per_minute:
            if len(self._own) >= _MOST_OWN:
                self._own.clear()
            self._own[tenant] = _limit("person", per_minute, 60)

    async def take(self, limit: Limit, key: bytes) -> Allowance:
        """Count one request of a key; in memory this waits for nobody."""
        hashed = self._hash(limit.name, key)
        if self._shared is None or not self._breaker.lets():
            return self._memory.take(limit, hashed)
        try:
            busy = await self._shared.take(limit, hashed)
        except Unavailable as error:
            if self._breaker.failed():
                _log.warning("limits are counted by this machine alone", error=error.message)
            return self._memory.take(limit, hashed)
        if self._breaker.worked():
            _log.info("limits are counted by all machines together again")
        everywhere = Allowance(limit, busy)
        if everywhere.wait:
            return everywhere
        # Where the others forgot, as a server does that was started again, this machine did not.
        # A request more than here is no sign of it: the clocks are two.
        here = self._memory.take(limit, hashed, slack=limit.step)
        return here if not limit.allows(here.busy - limit.step) else everywhere

    async def share(self, shared: Shared | None) -> None:
        """Count with others there from now on."""
        before, self._shared = self._shared, shared
        if before is not None:
            await before.close()

    async def close(self) -> None:
        """Let go of the file and of connections."""
        self._memory.close()
        if self._shared is not None:
            await self._shared.close()

    async def _count(self, scope: Notes, limit: Limit | None, key: bytes) -> None:
        noted = scope.setdefault(_NOTED, [])
        if limit is None:
            return
        allowance = await self.take(limit, key)
        noted.append(allowance)
        if allowance.wait:
            raise allowance.refused()

    def _hash(self, name: str, key: bytes) -> bytes:
        """What is remembered of a key; from it nobody can tell whose it is."""
        begun = self._hashes.get(name)
        if begun is None:
            person = name.encode()[:16]
            begun = hashlib.blake2b(digest_size=16, key=self._key, person=person).copy
            self._hashes[name] = begun
        hashed = begun()
        hashed.update(key)
        return hashed.digest()


def counted(scope: Notes) -> bool:
    """Whether the request was counted already, or need not be."""
    return _NOTED in scope


def uncounted(scope: Notes) -> None:
    """Say that this request need not be counted."""
    scope[_NOTED] = ()


def allowances(scope: Notes) -> Sequence[Allowance]:
    """What the limits that counted this request have left."""
    return scope.get(_NOTED, ())


def address_of(scope: Notes) -> str:
    """The address that a request came from, as the edge decided."""
    client = scope.get("client")
    return client[0] if client else ""


def _limit(name: str, most: int, window: int) -> Limit | None:
    return Limit(name, most, window) if most > 0 else None
