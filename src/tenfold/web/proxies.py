"""From where a request came and to which host: what a configured proxy says, and nobody else.

`X-Forwarded-For` is read from its right end, for as long as the one who wrote the entry is a proxy
of ours; the first address that is none is the client. `Forwarded` and `X-Real-IP` are never
believed: a proxy that sets only `X-Forwarded-For` passes on whatever a client puts into them.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from ipaddress import ip_address, ip_network
from typing import NamedTuple

import structlog

from tenfold.accounts.client import plain_address
from tenfold.kernel.settings import listed
from tenfold.web.scope import Notes

UNIX = "unix"
_HOPS = 20
_log = structlog.get_logger()


class Whence(NamedTuple):
    """The client's address (empty: not known), how it reached us, and under which name."""

    address: str
    scheme: str
    host: str
    proxied: bool
    """Whether a proxy of ours said so."""


class Proxies:
    """The proxies that an installation believes."""

    def __init__(self, trusted: str) -> None:
        names = listed(trusted)
        # Who connects to a socket of the file system has no address, and counts as a proxy only
        # where that is said: else all of them together are one stranger.
        self._unix = UNIX in names
        self._networks = tuple(ip_network(name) for name in names if name != UNIX)
        self._none = not names
        self._told = False
        self._trusts = lru_cache(maxsize=10_000)(self._is_ours)

    def whence(self, scope: Notes, headers: Mapping[bytes, bytes]) -> Whence:
        """From where a request came; `headers` are those of the scope by name."""
        client = scope.get("client")
        peer = plain_address(client[0]) if client else ""
        host = headers.get(b"host", b"").decode("latin-1")
        if self._none or not self._trusts(peer):
            if not self._told and forwarded(headers):
                self._tell(peer)
            return Whence(peer, scope["scheme"], host, proxied=False)
        said = _last(headers, b"x-forwarded-proto")
        return Whence(
            self._client(peer, scope),
            said if said in ("http", "https") else scope["scheme"],
            _last(headers, b"x-forwarded-host") or host,
            proxied=True,
        )

    def _tell(self, peer: str) -> None:
        """Say once that what seems to be a proxy is not believed; strangers may say anything."""
        if peer and not ip_address(peer).is_private:
            return
        self._told = True
        _log.warning(
            "X-Forwarded-* is passed over: it comes from an address that is not trusted",
            address=peer or UNIX,
            fix=f"if that is your proxy, set TENFOLD_TRUSTED_PROXIES={peer or UNIX}",
        )

    def _client(self, peer: str, scope: Notes) -> str:
        """The first address from the right that is no proxy of ours, or the last one that is."""
        lines = [value for name, value in scope["headers"] if name == b"x-forwarded-for"]
        entries = b",".join(lines).decode("latin-1").split(",")
        address = peer
        for entry in entries[: -_HOPS - 1 : -1]:
            if not self._trusts(address):
                break
            named = _address(entry)
            if not named:
                break
            address = named
        return address

    def _is_ours(self, address: str) -> bool:
        if not address:
            return self._unix
        found = ip_address(address)
        return any(found in one for one in self._networks)


def forwarded(headers: Mapping[bytes, bytes]) -> bool:
    """Whether somebody says that they pass on what others ask."""
    return b"x-forwarded-for" in headers or b"x-forwarded-proto" in headers


def _last(headers: Mapping[bytes, bytes], name: bytes) -> str:
    """What the nearest proxy said: it may have added its word to those that it was sent."""
    return headers.get(name, b"").decode("latin-1").rpartition(",")[2].strip()


def _address(entry: str) -> str:
    """The address of an entry, which may come with a port; empty for `unknown` and the like."""
    text = entry.strip()
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    return plain_address(text)
