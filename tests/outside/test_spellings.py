"""Addresses that lead inside, however they are spelt: refused at save and at call, nobody called.

The name server of these tests answers whatever it is asked with this machine, as the worst would.
"""

from __future__ import annotations

import socket
from collections.abc import AsyncIterator
from ipaddress import IPv4Address

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.outside.servers import Canary, Names, always, canary

from tenfold.kernel.errors import Invalid
from tenfold.outside.calls import Outside
from tenfold.outside.targets import OutsideError, Terms

pytestmark = pytest.mark.anyio

INSIDE = st.sampled_from(
    """127.0.0.1 127.9.9.9 0.0.0.0 10.0.0.1 172.16.0.1 192.168.1.1 169.254.169.254 100.64.0.1
    224.0.0.1 255.255.255.255""".split()  # noqa: SIM905 - shorter
)


@pytest.fixture(scope="module")
async def bird(anyio_backend: str) -> AsyncIterator[Canary]:
    """Listens wherever a call that got through would arrive."""
    async with canary() as found:
        yield found


async def refused(url: str, bird: Canary, outside: Outside | None = None) -> str:
    """Why it is refused at save, which is why it is refused at the call; nobody was called."""
    outside = outside or Outside(resolve=always("127.0.0.1", "::1"))
    lenient = Terms(http=True, ports=frozenset({80, 443, bird.port}), seconds=5)
    before = bird.connections
    with pytest.raises(Invalid) as saved:
        await outside.check(url, field="address", terms=lenient)
    with pytest.raises(OutsideError) as called:
        await outside.fetch(url, terms=lenient)
    assert bird.connections == before
    assert saved.value.fields == {"address": called.value.reason}
    return called.value.reason


def _number(draw: st.DrawFn, value: int) -> str:
    form = draw(st.sampled_from(["{}", "{:#x}", "{:#X}", "0{:o}", "000{:o}", "0x000{:x}"]))
    return form.format(value)


@st.composite
def figures(draw: st.DrawFn) -> str:
    """An address as inet_aton takes it: one to four numbers, decimal, octal or hexadecimal."""
    number = int(IPv4Address(draw(INSIDE)))
    parts: list[str] = []
    for _ in range(draw(st.integers(0, 3))):
        shift = 8 * (3 - len(parts))
        parts.append(_number(draw, (number >> shift) & 255))
    rest = number & ((1 << (8 * (4 - len(parts)))) - 1)
    return ".".join([*parts, _number(draw, rest)])


@st.composite
def within(draw: st.DrawFn) -> str:
    """The same inside an IPv6 address."""
    four = IPv4Address(draw(INSIDE))
    high, low = int(four) >> 16, int(four) & 0xFFFF
    forms = [
        f"[::ffff:{four}]",
        f"[::FFFF:{high:x}:{low:x}]",
        f"[0:0:0:0:0:ffff:{high:x}:{low:x}]",
        f"[::{four}]",
        f"[64:ff9b::{four}]",
        f"[2002:{high:x}:{low:x}::]",
        f"[fe80::{high:x}:{low:x}%25eth0]",
        f"[fe80::{high:x}:{low:x}%eth0]",
        "[::1]",
        "[::]",
        "[fd00::1]",
        "[fe80::1]",
        "[ff02::1]",
    ]
    return draw(st.sampled_from(forms))


_DIGITS = ["０１２３４５６７８９", "⓪①②③④⑤⑥⑦⑧⑨", "⁰¹²³⁴⁵⁶⁷⁸⁹", "٠١٢٣٤٥٦٧٨٩", "𝟎𝟏𝟐𝟑𝟒𝟓𝟔𝟕𝟖𝟗"]


@st.composite
def scripts(draw: st.DrawFn) -> str:
    """The same in digits and dots of other scripts, which IDNA or NFKC may map to ours."""
    text = draw(INSIDE)
    digits = draw(st.sampled_from(["0123456789", *_DIGITS]))
    dot = draw(st.sampled_from([".", "。", "．", "｡"]))
    return "".join(dot if c == "." else digits[int(c)] for c in text)


@st.composite
def addresses(draw: st.DrawFn) -> str:
    """A web address that leads inside by one of these spellings."""
    host = draw(figures() | within() | scripts() | st.sampled_from(["localhost", "metadata"]))
    if draw(st.booleans()) and host[0] != "[":
        host = "".join(f"%{ord(c):02x}" if draw(st.booleans()) and c.isascii() else c for c in host)
    host += draw(st.sampled_from(["", "", "", "."]))
    user = draw(st.sampled_from(["", "", "", "user@", "user:word@", "example.com@", "@"]))
    scheme = draw(st.sampled_from(["http", "https", "HTTP", "Https"]))
    port = draw(st.sampled_from(["", ":{port}", ":80", ":443"]))
    rest = draw(st.sampled_from(["", "/", "/latest/meta-data/", "?q=1", "#part", "/a@b"]))
    return f"{scheme}://{user}{host}{port}{rest}"


@given(url=addresses())
@settings(
    max_examples=400,
    derandomize=True,
    database=None,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
async def test_no_spelling_leads_inside(bird: Canary, url: str) -> None:
    assert await refused(url.format(port=bird.port), bird)


@pytest.mark.parametrize(
    "url",
    [
        "gopher://example.com/",
        "file:///etc/passwd",
        "ftp://example.com/x",
        "//example.com/x",
        "example.com",
        "javascript:alert(1)",
        "https:example.com",
        "https:///x",
        "https://",
        "",
        "https://exa mple.com/",
        "https://example.com\\@127.0.0.1/",
        "https://127.0.0.1\\.example.com/",
        "https://example.com\r\nHost: x/",
        "https://example.com/\x00",
        "https://example.com:0/",
        "https://example.com:70000/",
        "https://example.com:x/",
        "https://[::1/",
        "https://[::1].example.com/",
        "https://[v1.x]/",
        "https://-x.example.com/",
        "https://example..com/",
        "https://.example.com/",
        "https://example.com/" + "x" * 3_000,
        "https://" + "x" * 64 + ".com/",
        "https://①.com/",
        "https://93。184。216。34/",
        "https://0x5db8d822/",
        "https://example.com./",
        "https://user@example.com/",
        "https://exam\u200bple.com/",
    ],
)
async def test_what_is_no_plain_web_address_is_refused(bird: Canary, url: str) -> None:
    public = Outside(resolve=always("93.184.216.34"))
    assert (await refused(url, bird, public)).startswith("must ")


@pytest.mark.parametrize("address", ["10.0.0.7", "127.0.0.1", "::1", "fe80::1%eth0", "0.0.0.0"])
async def test_a_name_that_leads_inside_sounds_like_one_that_is_not_there(
    bird: Canary, address: str
) -> None:
    names = Names(**{"here.example": [[address]] * 2})
    outside = Outside(resolve=names)
    there = await refused(f"http://here.example:{bird.port}/", bird, outside)
    assert there == await refused(f"http://nowhere.example:{bird.port}/", bird, outside)
    assert names.asked == ["here.example"] * 2 + ["nowhere.example"] * 2


async def test_one_address_inside_spoils_the_name(bird: Canary) -> None:
    outside = Outside(resolve=always("93.184.216.34", "127.0.0.1"))
    await refused(f"http://both.example:{bird.port}/", bird, outside)


async def test_the_hosts_file_and_the_system_are_not_trusted_either(bird: Canary) -> None:
    outside = Outside()  # asks as the system does, which knows localhost
    assert socket.getaddrinfo("localhost", None)
    await refused(f"http://localhost:{bird.port}/", bird, outside)


async def test_other_ports_and_plain_http_are_for_who_allows_them() -> None:
    outside = Outside(resolve=always("93.184.216.34"))
    with pytest.raises(Invalid, match="no other port than 80 or 443"):
        await outside.check("https://example.com:22/")
    with pytest.raises(Invalid, match="begin with https"):
        await outside.check("http://example.com/")
    await outside.check("https://example.com/")
    await outside.check("https://example.com:8443/", terms=Terms(ports=frozenset({8443})))
    await outside.check("http://example.com/", terms=Terms(http=True))


@pytest.mark.parametrize(
    "url", ["https://bücher.example/x?a=b@c", "https://8.8.8.8/", "https://[2606:4700::1111]:443/"]
)
async def test_usual_addresses_are_taken(url: str) -> None:
    await Outside(resolve=always("93.184.216.34")).check(url)
