"""Requests that two servers could read differently, sent to `tenfold serve` byte by byte (row
"Smuggling/headers").

What stands here is what the server does. Both Content-Length and Transfer-Encoding are read as RFC
9112, 6.3 allows: by Transfer-Encoding alone, and the connection ends with the answer, so that
nothing after it is taken for a request. Everything else is refused.
"""

from __future__ import annotations

import asyncio
import re
import socket
import time
from collections import Counter
from dataclasses import dataclass

import httpx
import pytest
from tests import factories
from tests.served import Served

HOST = b"Host: localhost\r\n"
NEXT = b"GET /v1/smuggled HTTP/1.1\r\n" + HOST + b"\r\n"
CHUNKED = b"Transfer-Encoding: chunked\r\n"
NOTHING = b"0\r\n\r\n"


@dataclass(frozen=True, slots=True)
class Heard:
    """What came back: the statuses of the answers, all of it, and whether it was cut off before a
    last request for the state of the server was answered."""

    statuses: list[int]
    text: bytes
    closed: bool


def exchange(served: Served, raw: bytes) -> Heard:
    """Send this, and a last request."""
    url, got = httpx.URL(served.address), b""
    last = b"GET /v1/health HTTP/1.1\r\n" + HOST + b"Connection: close\r\n\r\n"
    with socket.create_connection((url.host, url.port or 80), timeout=10) as connection:
        try:
            connection.sendall(raw)
            while b"\r\n\r\n" not in got and (piece := connection.recv(65_536)):
                got += piece
            connection.sendall(last)
            while piece := connection.recv(65_536):
                got += piece
        except ConnectionError:
            pass
    statuses = [int(one) for one in re.findall(rb"HTTP/1\.[01] (\d{3}) ", got)]
    return Heard(statuses, got, b'"status":"ready"' not in got)


def post(*headers: bytes, body: bytes = b"", version: bytes = b"1.1") -> bytes:
    """A POST to the API with these headers."""
    lines = b"".join(headers)
    return b"POST /v1/auth/logout HTTP/%b\r\n%b%b\r\n%b" % (version, HOST, lines, body)


def get(*headers: bytes) -> bytes:
    """A GET of the API with these headers."""
    return b"GET /v1/nothing HTTP/1.1\r\n%b%b\r\n" % (HOST, b"".join(headers))


REFUSED = {
    "two lengths": post(b"Content-Length: 6\r\nContent-Length: 5\r\n", body=b"abcdef"),
    "a list of lengths": post(b"Content-Length: 6, 6\r\n", body=b"abcdef"),
    "a length with a sign": post(b"Content-Length: +6\r\n", body=b"abcdef"),
    "a negative length": post(b"Content-Length: -1\r\n", body=b"abcdef"),
    "a length in hex": post(b"Content-Length: 0x6\r\n", body=b"abcdef"),
    "a length and a coding that is none": post(
        b"Transfer-Encoding: identity\r\nContent-Length: 3\r\n", body=b"abc"
    ),
    "another coding": post(b"Transfer-Encoding: xchunked\r\n", body=NOTHING),
    "chunked, but not last": post(b"Transfer-Encoding: chunked, identity\r\n", body=NOTHING),
    "codings twice": post(CHUNKED, b"Transfer-Encoding: identity\r\n", body=NOTHING),
    "a coding behind a tab": post(b"Transfer-Encoding: \x0bchunked\r\n", body=NOTHING),
    "a space before the colon": post(b"Transfer-Encoding : chunked\r\n", body=NOTHING),
    "chunks in HTTP/1.0": post(CHUNKED, body=NOTHING, version=b"1.0"),
    "a folded line": get(b"X-A: b\r\n c\r\n"),
    "a folded coding": post(b"Transfer-Encoding:\r\n chunked\r\n", body=NOTHING),
    "CR in a value": get(b"X-A: b\rX-B: c\r\n"),
    "NUL in a value": get(b"X-A: b\x00c\r\n"),
    "a space in a name": get(b"X A: b\r\n"),
    "no name": get(b": b\r\n"),
    "no colon": get(b"nonsense\r\n"),
    "another version": get().replace(b"HTTP/1.1", b"HTTP/9.9"),
    "no host": b"GET /v1/nothing HTTP/1.1\r\n\r\n",
    "two hosts": get(b"Host: evil.example\r\n"),
    "an unknown host": get().replace(b"localhost", b"evil.example"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_could_be_read_in_two_ways_is_refused(running: Served, name: str) -> None:
    heard = exchange(running, REFUSED[name])
    assert heard.statuses[0] == 400
    by_us = "host" in name  # what the server itself refuses ends the connection
    assert heard.closed != by_us
    if not by_us:
        followed = exchange(running, REFUSED[name] + NEXT)
        assert set(followed.statuses) <= {400}
        assert len(followed.statuses) <= 1


@pytest.mark.parametrize(
    ("raw", "status"),
    [
        (get(b"X-A: %b\r\n" % (b"a" * 600_000)), 431),
        (get(*[b"X-%d: a\r\n" % n for n in range(101)]), 431),
        (get().replace(b"/v1/nothing", b"/" + b"a" * 70_000), 414),
    ],
    ids=["a giant header", "many headers", "a giant address"],
)
def test_what_is_too_large_is_refused(running: Served, raw: bytes, status: int) -> None:
    heard = exchange(running, raw)
    # Where it closes before all was sent, the answer may be lost on the way.
    assert (heard.statuses or [status], heard.closed) == ([status], True)


@pytest.mark.parametrize(
    "headers",
    [(b"Content-Length: 6\r\n", CHUNKED), (CHUNKED, b"Content-Length: 6\r\n")],
    ids=["length first", "coding first"],
)
def test_a_length_beside_chunks_smuggles_nothing(
    running: Served, headers: tuple[bytes, ...]
) -> None:
    heard = exchange(running, post(*headers, body=NOTHING + NEXT))
    assert (heard.statuses, heard.closed) == ([200], True)
    assert b"nothing at this address" not in heard.text


@pytest.mark.parametrize(
    "body", [b"xyz\r\nabc\r\n0\r\n\r\n", b"3\nabc\n0\n\n", b"ffffffffffffffff1\r\nabc", b"-1\r\n"]
)
def test_chunks_that_are_none_are_no_body(running: Served, body: bytes) -> None:
    raw = post(CHUNKED, b"Content-Type: application/json\r\n", body=body + NEXT)
    heard = exchange(running, raw.replace(b"/logout", b"/login"))
    assert (heard.statuses, heard.closed) == ([400], True)


def test_a_body_that_looks_like_a_request_is_a_body(running: Served) -> None:
    heard = exchange(running, post(b"Content-Length: %d\r\n" % len(NEXT), body=NEXT))
    assert (heard.statuses, heard.closed) == ([200, 200], False)


def test_a_request_that_follows_another_is_answered(running: Served) -> None:
    heard = exchange(running, get() + NEXT)  # else the tests above would show nothing
    assert (heard.statuses, heard.closed) == ([404, 404, 200], False)


@pytest.mark.parametrize(
    "path", [b"/login?next=/%0d%0aX-Evil:%201", b"/%0d%0aX-Evil:%201", b"/leads?a=%0aX-Evil:1"]
)
def test_no_value_of_a_request_becomes_a_line_of_the_answer(running: Served, path: bytes) -> None:
    named = b"X-Request-Id: a%0d%0aX-Evil\r\n"
    heard = exchange(running, b"GET %b HTTP/1.1\r\n%b%b\r\n" % (path, HOST, named))
    assert len(heard.statuses) == 2
    assert not re.search(rb"^x-evil", heard.text, re.IGNORECASE | re.MULTILINE)


# -- the processes of a server


@pytest.mark.anyio
async def test_all_processes_of_a_server_count_together(
    running: Served, owner: factories.Owner
) -> None:
    made = await factories.organisation(owner, running.tokens, "Served")
    person = await made.person("owner")

    async def ask() -> int:
        async with httpx.AsyncClient(base_url=running.address, timeout=20) as client:
            return (await client.get("/v1/leads", headers=person.headers)).status_code

    began = time.monotonic()
    found = Counter([await one for one in asyncio.as_completed([ask() for _ in range(60)])])
    given_back = int((time.monotonic() - began) * 20 / 60) + 1
    assert set(found) == {200, 429}
    assert 20 <= found[200] <= 20 + given_back
