"""Which network addresses may be called: the internet's, and ranges that an operator names."""

from __future__ import annotations

from collections.abc import Sequence
from ipaddress import (
    IPv4Address,
    IPv4Network,
    IPv6Address,
    IPv6Network,
    ip_address,
    ip_network,
)

from tenfold.kernel.settings import listed

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

# What `is_global` lets through and is nobody's host: protocol assignments and the anycast of 6to4.
_NEVER_V4 = (IPv4Network("192.0.0.0/24"), IPv4Network("192.88.99.0/24"))
# All that is handed out for single hosts of the internet lies here. Outside of it are the forms
# with an IPv4 address inside: mapped (::ffff:0:0/96), compatible (::/96), NAT64 (64:ff9b::/32).
_UNICAST_V6 = IPv6Network("2000::/3")
# Protocol assignments with Teredo and ORCHID, 6to4, and documentation.
_NEVER_V6 = (IPv6Network("2001::/23"), IPv6Network("2002::/16"), IPv6Network("3fff::/20"))


def is_public(address: Address) -> bool:
    """Whether it can be a single host of the internet, and leads nowhere else."""
    if not address.is_global or address.is_multicast or address.is_reserved:
        return False
    if isinstance(address, IPv4Address):
        return not any(address in network for network in _NEVER_V4)
    within = address in _UNICAST_V6 and address.scope_id is None
    return within and not any(address in network for network in _NEVER_V6)


def networks(text: str) -> tuple[Network, ...]:
    """The ranges of the setting `outside_networks`; raises ValueError."""
    return tuple(ip_network(one) for one in listed(text))


def within(address: Address, named: Sequence[Network]) -> bool:
    """Whether it lies in one of the ranges."""
    return any(address in network for network in named)


def read_address(text: str) -> Address | None:
    """An address in its usual form; None for all else, also for one of a zone."""
    try:
        return None if "%" in text else ip_address(text)
    except ValueError:
        return None
