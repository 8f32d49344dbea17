"""The one client for calls to other servers: webhooks, discovery, imports by address.

What it refuses, it refuses twice: when an address is saved (`check`) and at each call (`fetch`,
`opened`), at every hop. Nothing is kept between calls: no connections, no cookies, and neither
proxies nor credentials of the environment are used.
"""

from __future__ import annotations

import asyncio
import ssl
from collections import Counter
from collections.abc import AsyncGenerator, AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import cached_property

import httpcore
import httpx

from tenfold.kernel.errors import Invalid
from tenfold.kernel.settings import Settings
from tenfold.outside.asks import OURS, Ask
from tenfold.outside.bodies import unpacked
from tenfold.outside.places import Network, networks
from tenfold.outside.targets import TERMS, OutsideError, Resolve, Targets, Terms
from tenfold.outside.wire import sent, told

_AT_ONCE, _EACH = 32, 4
_REDIRECTS = frozenset({301, 302, 303, 307, 308})


@dataclass(frozen=True, slots=True)
class Answer:
    """What a server answered: its body whole, or empty where it is read by pieces."""

    status: int
    headers: httpx.Headers
    url: str
    """Where it came from, after redirects."""
    body: bytes = b""


class Outside:
    """Makes calls to other servers; one serves a process."""

    def __init__(
        self,
        named: Sequence[Network] = (),
        *,
        resolve: Resolve | None = None,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self._targets = Targets(named, resolve)
        self._given_tls = tls
        self._room = asyncio.Semaphore(_AT_ONCE)
        self._busy: Counter[object] = Counter()

    @classmethod
    def of(cls, settings: Settings) -> Outside:
        """The client of an installation."""
        return cls(networks(settings.outside_networks))

    @cached_property
    def _tls(self) -> ssl.SSLContext:
        """Trusts what SSL_CERT_FILE or SSL_CERT_DIR name, else the well-known authorities."""
        return self._given_tls or httpx.create_ssl_context()

    async def check(self, url: str, *, field: str = "url", terms: Terms = TERMS) -> None:
        """Raise Invalid, naming the field, for an address that no call would be made to."""
        try:
            async with asyncio.timeout(terms.seconds):
                await self._targets.find(url, terms)
        except OutsideError as error:
            raise Invalid({field: error.reason}) from None
        except TimeoutError:
            raise Invalid({field: "could not be looked up in time; try again"}) from None

    async def fetch(
        self,
        url: str,
        *,
        method: str = "GET",
        headers: Mapping[str, str] | None = None,
        content: bytes = b"",
        terms: Terms = TERMS,
        asker: object = None,
    ) -> Answer:
        """The whole answer, whatever its status; raises OutsideError."""
        async with self.opened(
            url, method=method, headers=headers, content=content, terms=terms, asker=asker
        ) as (answer, pieces):
            body = b"".join([piece async for piece in pieces])
        return Answer(answer.status, answer.headers, answer.url, body)

    @asynccontextmanager
    async def opened(
        self,
        url: str,
        *,
        method: str = "GET",
        headers: Mapping[str, str] | None = None,
        content: bytes = b"",
        terms: Terms = TERMS,
        asker: object = None,
    ) -> AsyncGenerator[tuple[Answer, AsyncIterator[bytes]]]:
        """The answer's head, and its body to be read by pieces; raises OutsideError.

        One `asker`, such as an organisation, has no more than a few calls at once.
        """
        ours = {**OURS, **{name.lower(): value for name, value in (headers or {}).items()}}
        limit = asyncio.timeout(terms.seconds)
        try:
            async with (
                limit,
                self._turn(asker),
                self._room,
                self._followed(Ask(method, url, ours, content), terms) as it,
            ):
                yield it
        except TimeoutError:
            if limit.expired():
                raise OutsideError(f"did not answer within {terms.seconds:g} seconds") from None
            raise

    @asynccontextmanager
    async def _turn(self, asker: object) -> AsyncGenerator[None]:
        if asker is not None and self._busy[asker] >= _EACH:
            raise OutsideError("must wait for other calls that are on their way; try again shortly")
        self._busy[asker] += 1
        try:
            yield
        finally:
            self._busy[asker] -= 1
            if not self._busy[asker]:
                del self._busy[asker]

    @asynccontextmanager
    async def _followed(
        self, ask: Ask, terms: Terms
    ) -> AsyncGenerator[tuple[Answer, AsyncIterator[bytes]]]:
        """The answer of the last address that others redirected to, each of them checked."""
        target = await self._targets.find(ask.url, terms)
        for left in range(terms.hops, -1, -1):
            async with sent(target, ask.request(target), terms, self._tls) as raw:
                headers = httpx.Headers(raw.headers)
                place = headers.get("location", "") if raw.status in _REDIRECTS else ""
                if not place or not terms.hops:
                    length = headers.get("content-length", "")
                    if length.isascii() and length.isdigit() and int(length[:19]) > terms.most:
                        raise OutsideError(f"answered with more than {terms.most:,} bytes")
                    packing = headers.get("content-encoding", "")
                    body = unpacked(_arriving(raw), packing, terms.most)
                    yield Answer(raw.status, headers, str(target.url)), body
                    return
            if not left:
                raise OutsideError(f"redirects more than {terms.hops} times")
            ask = ask.onward(raw.status, target.url, place)
            try:
                target = await self._targets.find(ask.url, terms)
            except OutsideError:
                raise OutsideError("redirects to one that may not be called") from None


async def _arriving(raw: httpcore.Response) -> AsyncIterator[bytes]:
    with told():
        async for piece in raw.aiter_stream():
            yield piece
