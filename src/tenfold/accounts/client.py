"""Who knocks: the address and program of a request, before anybody is signed in."""

from __future__ import annotations

import hashlib
import ipaddress
from dataclasses import dataclass
from functools import lru_cache


@dataclass(frozen=True, slots=True)
class Client:
    """Where a request came from."""

    address: str = ""
    agent: str = ""
    request: str = ""
    origin: str = ""
    """The address of ours that they came by, such as https://crm.example.com."""

    @property
    def digest(self) -> bytes:
        """A hash of the program's name, to tell whether the same client asks again."""
        return hashlib.sha256(self.agent.encode()).digest()

    @property
    def network(self) -> str:
        """What limits count."""
        return network(self.address)


@lru_cache(maxsize=10_000)
def plain_address(text: str) -> str:
    """An IP address in its one form, IPv4 also where it is mapped into IPv6; empty for others."""
    try:
        found = ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return ""
    mapped = found.ipv4_mapped if isinstance(found, ipaddress.IPv6Address) else None
    return str(mapped or found)


@lru_cache(maxsize=10_000)
def network(address: str) -> str:
    """What limits count: the address, or the /64 of IPv6, of which one person has plenty."""
    plain = plain_address(address)
    return str(ipaddress.ip_network((plain, 64), strict=False)) if ":" in plain else plain
