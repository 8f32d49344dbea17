"""Who knocks: the address and program of a request, before anybody is signed in."""

from __future__ import annotations

import hashlib
import ipaddress
from dataclasses import dataclass


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
        """What limits count: the address, or the /64 of IPv6, of which one person has plenty."""
        try:
            found = ipaddress.ip_address(self.address)
        except ValueError:
            return self.address
        if isinstance(found, ipaddress.IPv6Address):
            return str(ipaddress.ip_network((found, 64), strict=False))
        return str(found)
