"""Only a configured proxy says from where a request came (RELIABILITY, row "Rate bypass")."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from structlog.testing import capture_logs
from tests.conftest import Serve
from tests.security.conftest import At, network, somewhere

from tenfold.kernel.settings import SettingError, Settings, from_environment
from tenfold.web.proxies import Proxies

pytestmark = pytest.mark.anyio
PROXY, SECOND, CLIENT = "192.0.2.1", "192.0.2.2", "198.51.100.7"
TRUSTED = "192.0.2.0/24, 2001:db8:ff::1"


def whence(peer: str | None, *headers: tuple[str, str], trusted: str = TRUSTED) -> Any:
    """From where a request is held to come."""
    pairs = [(name.encode(), value.encode()) for name, value in headers]
    scope = {"client": (peer, 1) if peer is not None else None, "scheme": "http", "headers": pairs}
    return Proxies(trusted).whence(scope, dict(pairs))


@pytest.mark.parametrize(
    ("peer", "said", "address"),
    [
        (PROXY, [CLIENT], CLIENT),
        (PROXY, [f"203.0.113.9, {CLIENT}"], CLIENT),
        (PROXY, [f"203.0.113.9, {CLIENT}, {SECOND}"], CLIENT),
        (PROXY, [f"{PROXY}, {CLIENT}, {SECOND},{PROXY}"], CLIENT),
        (PROXY, ["203.0.113.9", CLIENT], CLIENT),
        (PROXY, [CLIENT, SECOND], CLIENT),
        (PROXY, [f"{SECOND}, {PROXY}"], SECOND),
        (PROXY, [f"{CLIENT}:4711"], CLIENT),
        (PROXY, ["[2001:db8::5]:4711"], "2001:db8::5"),
        (PROXY, ["2001:db8::5"], "2001:db8::5"),
        (PROXY, [f"::ffff:{CLIENT}"], CLIENT),
        (f"::ffff:{PROXY}", [CLIENT], CLIENT),
        ("2001:db8:ff::1", [CLIENT], CLIENT),
        (PROXY, [f"{CLIENT}, unknown"], PROXY),
        (PROXY, [f"{CLIENT}, _hidden, {SECOND}"], SECOND),
        (PROXY, [f"{CLIENT}, "], PROXY),
        (PROXY, [""], PROXY),
        (PROXY, [], PROXY),
        ("203.0.113.1", [CLIENT], "203.0.113.1"),
        ("2001:db8:ff::2", [CLIENT], "2001:db8:ff::2"),
        ("127.0.0.1", [CLIENT], "127.0.0.1"),
    ],
)
def test_an_address_is_believed_from_the_right_as_far_as_our_proxies_go(
    peer: str, said: list[str], address: str
) -> None:
    assert whence(peer, *[("x-forwarded-for", one) for one in said]).address == address


def test_scheme_and_host_are_believed_of_our_proxies_alone() -> None:
    headers = [("host", "a"), ("x-forwarded-proto", "https"), ("x-forwarded-host", "evil, b")]
    assert whence(PROXY, *headers)[1:] == ("https", "b", True)
    assert whence(CLIENT, *headers)[1:] == ("http", "a", False)
    assert whence(PROXY, ("host", "a"), ("x-forwarded-proto", "gopher"))[1:3] == ("http", "a")


@pytest.mark.parametrize(
    ("peer", "told"),
    [("127.0.0.1", True), ("10.1.2.3", True), (None, True), ("198.51.100.7", True),
     ("8.8.8.8", False), (PROXY, False)],
)  # fmt: skip
def test_a_proxy_that_was_forgotten_is_told_once(peer: str | None, told: bool) -> None:
    pairs = [(b"x-forwarded-for", CLIENT.encode())]
    scope = {"client": (peer, 1) if peer else None, "scheme": "http", "headers": pairs}
    proxies = Proxies(TRUSTED)
    with capture_logs() as logs:
        proxies.whence({**scope, "headers": []}, {})
        assert not logs
        for _ in range(3):
            proxies.whence(scope, dict(pairs))
    assert len(logs) == int(told)
    if told:
        assert f"TENFOLD_TRUSTED_PROXIES={peer or 'unix'}" in logs[0]["fix"]


@pytest.mark.parametrize("name", ["forwarded", "x-real-ip", "x-client-ip", "true-client-ip"])
def test_other_headers_are_never_believed(name: str) -> None:
    assert whence(PROXY, (name, f"for={CLIENT}"), (name, CLIENT)).address == PROXY


def test_who_comes_by_a_socket_is_a_proxy_only_where_that_is_said() -> None:
    said = ("x-forwarded-for", CLIENT)
    for peer in (None, "", "unix:/run/tenfold"):
        assert whence(peer, said).address == ""
        assert whence(peer, said, trusted="unix").address == CLIENT
    assert whence("203.0.113.1", said, trusted="unix").address == "203.0.113.1"


def test_without_a_proxy_nothing_is_believed() -> None:
    assert whence("127.0.0.1", ("x-forwarded-for", CLIENT), trusted="").address == "127.0.0.1"


_TEXT = st.text(st.characters(max_codepoint=255, exclude_characters="\r\n\x00"), max_size=60)


@given(st.lists(_TEXT, max_size=4), _TEXT, _TEXT)
def test_nothing_a_stranger_sends_changes_where_they_come_from(
    said: list[str], scheme: str, host: str
) -> None:
    pairs = [(b"x-forwarded-for", one.encode("latin-1")) for one in said]
    pairs += [(b"x-forwarded-proto", scheme.encode("latin-1"))]
    pairs += [(b"x-forwarded-host", host.encode("latin-1"))]
    scope = {"client": (CLIENT, 1), "scheme": "http", "headers": pairs}
    assert Proxies(TRUSTED).whence(scope, dict(pairs))[:3] == (CLIENT, "http", "")
    # And of a proxy's own line, what stands left of the client's address, which it wrote itself.
    line = ", ".join([*said, CLIENT]).encode("latin-1")
    scope = {"client": (PROXY, 1), "scheme": "http", "headers": [(b"x-forwarded-for", line)]}
    assert Proxies(TRUSTED).whence(scope, {}).address == CLIENT


async def test_clients_behind_our_proxy_are_counted_apart_and_spoofs_are_not(
    serve: Serve, few: Settings, at: At
) -> None:
    proxy = somewhere()
    behind = msgspec.structs.replace(few, trusted_proxies=f"{proxy}, 2001:db8:ff::/48")
    async with serve(behind) as running:
        client = at(running, proxy)

        async def asked(said: str) -> int:
            answer = await client.get("/login", headers={"x-forwarded-for": said})
            return answer.status_code

        one, two, site = somewhere(), somewhere(), network()
        assert [await asked(f"10.0.0.{n}, {one}") for n in range(6)] == [200] * 5 + [429]
        assert [await asked(two) for _ in range(6)] == [200] * 5 + [429]
        rotated = [await asked(f"{site}:7:{n:x}::{n:x}") for n in range(6)]
        assert rotated == [200] * 5 + [429]
        direct = at(running)
        spoofed = [
            (await direct.get("/login", headers={"x-forwarded-for": f"10.0.0.{n}"})).status_code
            for n in range(6)
        ]
        assert spoofed == [200] * 5 + [429]


async def test_where_a_sign_in_came_from_is_kept_as_it_was(
    serve: Serve, settings: Settings, at: At, owner: Any
) -> None:
    proxy, address = somewhere(), somewhere()
    async with serve(msgspec.structs.replace(settings, trusted_proxies=proxy)) as running:
        body = {"email": "nobody@example.com", "password": "x"}
        said = {"x-forwarded-for": f"203.0.113.1, {address}", "x-real-ip": "203.0.113.2"}
        await at(running, proxy).post("/v1/auth/login", json=body, headers=said)
    noted = await owner.fetchval(
        "SELECT count(*) FROM tenfold.security_events WHERE ip_address = $1", address
    )
    assert noted == 1


@pytest.mark.parametrize("wrong", ["10.0.0.0/8, proxy", "10.0.0.1/8", "*", "unix:/run/x"])
def test_what_is_no_network_is_refused(wrong: str) -> None:
    with pytest.raises(SettingError, match="TENFOLD_TRUSTED_PROXIES"):
        from_environment({"TENFOLD_TRUSTED_PROXIES": wrong})
