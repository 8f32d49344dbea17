"""From an address that somebody typed to the network addresses that may be connected to.

Every call goes through here, and so does every hop of a redirect. The name is resolved once; what
was checked is what is connected to, so that a second answer of the name server is never used.
"""

from __future__ import annotations

import asyncio
import re
import socket
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

import httpx

from tenfold.kernel.errors import Unavailable
from tenfold.outside.places import Address, Network, is_public, read_address, within
from tenfold.outside.threads import aside

Resolve = Callable[[str, int], Awaitable[Sequence[str]]]
"""The network addresses of a name; raises OSError where it has none."""

_LONGEST = 2_048
_MOST_ADDRESSES = 4
_LOOKUPS = 16
_PORTS = {"http": 80, "https": 443}
# A name as it is registered or mapped (RFC 1123, and _ as some have it). Its last label is never a
# number: `127.1`, `0x7f.1`, `2130706433` and `0177.0.0.1` are addresses to every resolver.
_NAME = re.compile(
    r"(?=.{1,253}$)(?:[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?\.)*"
    r"(?!\d+$|0x[0-9a-f]*$)[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?"
)
_AUTHORITY_END = re.compile(r"[/?#]")


class OutsideError(Unavailable):
    """A call to another server that may not be made, or that failed; the message says which."""

    def __init__(self, reason: str) -> None:
        super().__init__(f"The address {reason}.")
        self.reason = reason
        """The same without a subject, to be said of a field."""


@dataclass(frozen=True, slots=True)
class Terms:
    """What one kind of call may do and take."""

    most: int = 1 << 20
    """Bytes that the answer's body may have, unpacked."""
    seconds: float = 10.0
    """How long all of it may take, with its redirects and the body."""
    connect_seconds: float = 5.0
    hops: int = 3
    """Redirects that are followed; 0: the redirect is the answer."""
    http: bool = False
    """Whether a server of the internet may be spoken to without encryption."""
    ports: frozenset[int] = frozenset(_PORTS.values())
    """Ports of the internet's servers."""


TERMS = Terms()
"""What a call may do unless its kind says otherwise."""


@dataclass(frozen=True, slots=True)
class Target:
    """Where to send a request, and the checked network addresses to send it to."""

    url: httpx.URL
    addresses: tuple[str, ...]


class Targets:
    """Checks addresses; the ranges that an operator named are free in port and scheme."""

    def __init__(self, named: Sequence[Network] = (), resolve: Resolve | None = None) -> None:
        self._named = tuple(named)
        self._resolve = resolve or _asked
        self._lookups = asyncio.Semaphore(_LOOKUPS)

    async def find(self, url: str, terms: Terms) -> Target:
        """The target that an address means; raises OutsideError with what is wrong with it."""
        parsed = _parsed(url)
        host = parsed.raw_host.decode()
        port = _PORTS[parsed.scheme] if parsed.port is None else parsed.port
        plain = parsed.scheme == "http" and not terms.http
        if not self._named:  # needs no look at where it leads
            _need(plain, port, terms)
        literal = read_address(host)
        found = [literal] if literal else await self._addresses(host, port)
        # One address that may not be called spoils the name: it would be a matter of luck.
        if not found or not all(is_public(one) or within(one, self._named) for one in found):
            raise OutsideError("leads to no server on the internet that may be called")
        if not all(within(one, self._named) for one in found):
            _need(plain, port, terms)
        return Target(parsed, tuple(str(one) for one in found[:_MOST_ADDRESSES]))

    async def _addresses(self, host: str, port: int) -> list[Address]:
        """What a name means; nothing where there is no such name, which is not told apart."""
        task = asyncio.create_task(self._lookup(host, port))
        task.add_done_callback(_seen)
        # Who stops waiting leaves the thread to its end, and its place is taken for as long.
        texts = await asyncio.shield(task)
        found = [read_address(text) for text in dict.fromkeys(texts)]
        return [] if None in found else [one for one in found if one]

    async def _lookup(self, host: str, port: int) -> Sequence[str]:
        async with self._lookups:
            try:
                return await self._resolve(host, port)
            except (OSError, UnicodeError):
                return ()


def _parsed(url: str) -> httpx.URL:
    """The parts of an address whose every spelling means the same to all; raises OutsideError."""
    unlike = OutsideError("must be like https://example.com/file.csv")
    if len(url) > _LONGEST:
        raise unlike
    try:
        parsed = httpx.URL(url)
        host = parsed.raw_host.decode()
    except (httpx.InvalidURL, ValueError):
        raise unlike from None
    if parsed.scheme not in _PORTS:
        raise OutsideError("must begin with https://")
    if not host or parsed.port == 0 or (parsed.port or 1) > 65_535:
        raise unlike
    if "@" in _AUTHORITY_END.split(url.partition("://")[2], 1)[0]:
        raise OutsideError("must not hold a user name or password")
    # Figures must stand there as they are: other scripts' digits and dots are mapped to them.
    usual = read_address(host) is not None and host in url
    if not usual and not _NAME.fullmatch(host):
        raise OutsideError("must name its host by a name, or by an address in its usual form")
    return parsed.copy_with(fragment=None)


def _need(plain: bool, port: int, terms: Terms) -> None:
    """Raise OutsideError for what only the operator's own ranges may have."""
    if plain:
        raise OutsideError("must begin with https://")
    if port not in terms.ports:
        listed = " or ".join(str(one) for one in sorted(terms.ports))
        raise OutsideError(f"must have no other port than {listed}")


async def _asked(host: str, port: int) -> Sequence[str]:
    found = await aside(lambda: socket.getaddrinfo(host, port, type=socket.SOCK_STREAM))
    return [str(one[4][0]) for one in found]


def _seen(task: asyncio.Task[Sequence[str]]) -> None:
    if not task.cancelled():
        task.exception()
