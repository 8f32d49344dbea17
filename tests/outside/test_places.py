"""Which addresses are single hosts of the internet, by the registries of IANA and beyond them."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tenfold.kernel.settings import SettingError, from_environment
from tenfold.outside.places import is_public, networks, read_address, within

# Special-purpose registries (IANA), and forms that carry an address within an address.
SPECIAL = """
0.0.0.0/8 10.0.0.0/8 100.64.0.0/10 127.0.0.0/8 169.254.0.0/16 172.16.0.0/12 192.0.0.0/24
192.0.2.0/24 192.88.99.0/24 192.168.0.0/16 198.18.0.0/15 198.51.100.0/24 203.0.113.0/24
224.0.0.0/4 240.0.0.0/4 255.255.255.255/32 ::/128 ::1/128 ::/96 ::ffff:0:0/96 64:ff9b::/96
64:ff9b:1::/48 100::/64 2001::/23 2001:db8::/32 2002::/16 3fff::/20 5f00::/16 fc00::/7
fe80::/10 fec0::/10 ff00::/8
""".split()  # noqa: SIM905 - shorter


@pytest.mark.parametrize("network", SPECIAL)
@given(data=st.data())
@settings(max_examples=25, derandomize=True, database=None, deadline=None)
def test_no_address_of_a_special_range_is_public(network: str, data: st.DataObject) -> None:
    whole = ip_network(network)
    number = data.draw(st.integers(int(whole[0]), int(whole[-1])))
    assert not is_public(type(whole[0])(number))


@pytest.mark.parametrize("network", SPECIAL)
def test_neither_end_of_a_special_range_is_public(network: str) -> None:
    whole = ip_network(network)
    assert not is_public(whole[0])
    assert not is_public(whole[-1])


@pytest.mark.parametrize(
    "text", ["8.8.8.8", "1.1.1.1", "93.184.216.34", "2606:4700::1111", "2a00:1450:4001::200e"]
)
def test_servers_of_the_internet_are_public(text: str) -> None:
    assert is_public(ip_address(text))


@given(number=st.integers(0, 2**32 - 1))
@settings(max_examples=300, derandomize=True, database=None, deadline=None)
def test_an_address_within_an_address_is_never_public(number: int) -> None:
    for prefix in ("::ffff:", "::", "64:ff9b::"):
        assert not is_public(IPv6Address(f"{prefix}{IPv4Address(number)}"))
    assert not is_public(IPv6Address((0x2002 << 112) | (number << 80)))


def test_an_address_of_a_zone_is_none_of_ours() -> None:
    assert read_address("fe80::1%eth0") is None
    assert not is_public(ip_address("2606:4700::1%eth0"))


def test_ranges_are_named_with_commas() -> None:
    named = networks(" 10.1.2.0/24, fd00::/64,192.168.7.9 ")
    assert within(ip_address("10.1.2.77"), named)
    assert within(ip_address("192.168.7.9"), named)
    assert not within(ip_address("192.168.7.8"), named)
    assert not within(ip_address("::ffff:10.1.2.77"), named)
    assert networks("") == ()


def test_a_range_that_is_none_is_told() -> None:
    with pytest.raises(SettingError, match=r"TENFOLD_OUTSIDE_NETWORKS=10\.0\.0\.1/8 can't be used"):
        from_environment({"TENFOLD_OUTSIDE_NETWORKS": "fd00::/64, 10.0.0.1/8"})
