"""Calls that are made: to the address that was checked, each hop, never for too long or much."""

from __future__ import annotations

import asyncio
import gzip
import socket
from pathlib import Path

import pytest
from tests.outside.certificates import authority
from tests.outside.servers import Asked, Names, always, answer, canary, hosting, listening, moved

from tenfold.kernel.errors import Invalid
from tenfold.outside.calls import Outside
from tenfold.outside.places import networks
from tenfold.outside.targets import OutsideError, Terms

pytestmark = pytest.mark.anyio

HERE = networks("127.0.0.1/32")


def outside(*addresses: str) -> Outside:
    """A client that an operator let call 127.0.0.1, where all names lead."""
    return Outside(HERE, resolve=always(*(addresses or ("127.0.0.1",))))


async def test_the_answer_comes_whole_and_the_name_stays() -> None:
    async with hosting(lambda _: answer(b"hello", "201 Created", x_one="1")) as host:
        found = await outside().fetch(
            f"http://shop.example:{host.port}/a?b=c#d", method="POST", content=b"ping"
        )
    assert (found.status, found.body, found.headers["X-One"]) == (201, b"hello", "1")
    assert found.url == f"http://shop.example:{host.port}/a?b=c"
    asked = host.asked[0]
    assert (asked.method, asked.path, asked.body) == ("POST", "/a?b=c", b"ping")
    assert asked.headers["host"] == f"shop.example:{host.port}"


async def test_tls_is_begun_for_the_name_and_checked_against_it(tmp_path: Path) -> None:
    signs = authority(tmp_path, "shop.example")
    url = "https://{}:{}/"
    async with hosting(lambda _: answer(b"safe"), tls=signs.server) as host:
        trusting = Outside(HERE, resolve=always("127.0.0.1"), tls=signs.client)
        found = await trusting.fetch(url.format("shop.example", host.port))
        assert found.body == b"safe"
        assert signs.names == ["shop.example"]
        with pytest.raises(OutsideError, match="no certificate that can be trusted"):
            await trusting.fetch(url.format("other.example", host.port))
        with pytest.raises(OutsideError, match="no certificate that can be trusted"):
            await outside().fetch(url.format("shop.example", host.port))
    assert len(host.asked) == 1


async def test_the_second_answer_of_a_name_server_is_never_used() -> None:
    """DNS rebinding: a name that first leads to a server and then inside."""
    async with (
        hosting(lambda _: answer(b"first")) as host,
        canary(host.port, ["127.0.0.2"]) as bird,
    ):
        names = Names(**{"turn.example": [["127.0.0.1"], ["127.0.0.2"]]})
        found = await Outside(HERE, resolve=names).fetch(f"http://turn.example:{host.port}/")
        assert (found.body, names.asked) == (b"first", ["turn.example"])
        with pytest.raises(OutsideError, match="leads to no server"):
            await Outside(HERE, resolve=names).fetch(f"http://turn.example:{host.port}/")
    assert bird.connections == 0


async def test_what_was_fine_when_it_was_saved_is_checked_at_the_call() -> None:
    async with canary() as bird:
        names = Names(**{"later.example": [["93.184.216.34"], ["127.0.0.1"]]})
        terms = Terms(http=True, ports=frozenset({bird.port}))
        client = Outside(resolve=names)
        await client.check(f"http://later.example:{bird.port}/", terms=terms)
        with pytest.raises(OutsideError, match="leads to no server"):
            await client.fetch(f"http://later.example:{bird.port}/", terms=terms)
    assert bird.connections == 0


async def test_the_next_checked_address_is_tried() -> None:
    with socket.socket() as deaf:
        # Held but not listened on: nobody else's server can answer at the first address.
        deaf.bind(("127.0.0.1", 0))
        port = deaf.getsockname()[1]
        async with hosting(lambda _: answer(b"second"), at="127.0.0.2", port=port) as host:
            client = Outside(
                networks("127.0.0.1, 127.0.0.2"), resolve=always("127.0.0.1", "127.0.0.2")
            )
            assert (await client.fetch(f"http://two.example:{host.port}/")).body == b"second"


async def test_named_ranges_are_the_only_ones_inside() -> None:
    async with canary(at=["127.0.0.1", "127.0.0.2"]) as bird:
        client = Outside(HERE, resolve=always("127.0.0.2"))
        with pytest.raises(Invalid, match="leads to no server"):
            await client.check(f"http://other.example:{bird.port}/")
        await client.check(f"http://127.0.0.1:{bird.port}/")
        # Its freedom of port and scheme is not the internet's.
        public = Outside(HERE, resolve=always("93.184.216.34"))
        with pytest.raises(Invalid, match="begin with https"):
            await public.check("http://example.com/")
        with pytest.raises(Invalid, match="no other port"):
            await public.check("https://example.com:9000/")
    assert bird.connections == 0


@pytest.mark.parametrize(
    "to",
    [
        "http://127.0.0.2:{port}/",
        "http://[::1]:{port}/",
        "http://[::ffff:127.0.0.2]:{port}/",
        "http://0x7f.2:{port}/",
        "http://2130706434:{port}/",
        "//127.0.0.2:{port}/",
        "http://host.example@127.0.0.2:{port}/",
        "http://inside.example:{port}/",
        "http://169.254.169.254/latest/meta-data/",
        "file:///etc/passwd",
        "gopher://127.0.0.2:{port}/",
        "https://127.0.0.2\\@host.example:{port}/",
        "http://[",
    ],
)
async def test_a_redirect_does_not_lead_inside(to: str) -> None:
    async with canary(at=["127.0.0.2", "::1"]) as bird:
        place = to.format(port=bird.port)
        async with hosting(lambda _: moved(place)) as host:
            names = Names(
                **{"host.example": [["127.0.0.1"]] * 2, "inside.example": [["127.0.0.2"]]}
            )
            with pytest.raises(OutsideError, match="redirects to") as refusal:
                await Outside(HERE, resolve=names).fetch(f"http://host.example:{host.port}/")
    assert bird.connections == 0
    assert "127.0.0" not in refusal.value.message


async def test_each_hop_is_resolved_once_and_followed() -> None:
    def reply(asked: Asked) -> bytes:
        return answer(b"there") if asked.path == "/b" else moved(f"http://two.example:{port}/b")

    async with hosting(reply) as host:
        port = host.port
        names = Names(**{"one.example": [["127.0.0.1"]], "two.example": [["127.0.0.1"]]})
        found = await Outside(HERE, resolve=names).fetch(f"http://one.example:{port}/a")
    assert (found.body, found.url) == (b"there", f"http://two.example:{port}/b")
    assert names.asked == ["one.example", "two.example"]


async def test_redirects_end() -> None:
    async with hosting(lambda asked: moved(f"{asked.path}x")) as host:
        with pytest.raises(OutsideError, match="more than 3 times"):
            await outside().fetch(f"http://one.example:{host.port}/")
        assert len(host.asked) == 4
        found = await outside().fetch(f"http://one.example:{host.port}/", terms=Terms(hops=0))
    assert (found.status, found.headers["location"]) == (302, "/x")


async def test_encryption_is_not_given_up_on_the_way(tmp_path: Path) -> None:
    signs = authority(tmp_path, "shop.example")
    async with canary(at=["127.0.0.1"]) as bird:
        place = f"http://shop.example:{bird.port}/"
        async with hosting(lambda _: moved(place), tls=signs.server) as host:
            client = Outside(HERE, resolve=always("127.0.0.1"), tls=signs.client)
            with pytest.raises(OutsideError, match="without encryption"):
                await client.fetch(f"https://shop.example:{host.port}/")
    assert bird.connections == 0


SECRETS = {"Authorization": "Bearer s3cret", "Cookie": "id=s3cret", "X-Api-Key": "s3cret"}


@pytest.mark.parametrize("status", ["301 x", "302 x", "303 x", "307 x", "308 x"])
async def test_another_server_sees_no_credentials(status: str) -> None:
    async with hosting(lambda _: answer()) as other:
        place = f"http://other.example:{other.port}/"
        async with hosting(lambda _: moved(place, status)) as first:
            await outside().fetch(f"http://first.example:{first.port}/", headers=SECRETS)
    assert "s3cret" in str(first.asked[0].headers)
    assert "s3cret" not in str(other.asked[0].headers)


async def test_the_same_server_sees_them_again() -> None:
    def reply(asked: Asked) -> bytes:
        return answer() if asked.path == "/b" else moved("/b")

    async with hosting(reply) as host:
        await outside().fetch(f"http://one.example:{host.port}/a", headers=SECRETS)
    assert host.asked[1].headers["authorization"] == "Bearer s3cret"


@pytest.mark.parametrize("status", ["307 x", "308 x"])
async def test_what_was_sent_does_not_go_to_another_server(status: str) -> None:
    async with canary(at=["127.0.0.1"]) as bird:
        place = f"http://other.example:{bird.port}/"
        async with hosting(lambda _: moved(place, status)) as first:
            url = f"http://first.example:{first.port}/"
            with pytest.raises(OutsideError, match="sent to another server"):
                await outside().fetch(url, method="POST", content=b"client_secret=s3cret")
    assert bird.connections == 0


async def test_no_cookie_is_kept_between_calls() -> None:
    async with hosting(lambda _: answer(set_cookie="id=1")) as host:
        client = outside()
        for _ in range(2):
            await client.fetch(f"http://one.example:{host.port}/")
    assert [asked.headers["cookie"] for asked in host.asked] == [None, None]


async def test_proxies_of_the_environment_are_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    async with canary(at=["127.0.0.1"]) as bird, hosting(lambda _: answer(b"straight")) as host:
        for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
            monkeypatch.setenv(name, f"http://127.0.0.1:{bird.port}")
        for name in ("NO_PROXY", "no_proxy"):
            monkeypatch.delenv(name, raising=False)
        found = await outside().fetch(f"http://one.example:{host.port}/")
    assert (found.body, bird.connections) == (b"straight", 0)


SMALL = Terms(most=1_000)


@pytest.mark.parametrize(
    "reply",
    [
        answer(b"x" * 1_001),
        answer(b"", content_length="1001"),
        b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * 1_001,
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n400\r\n" + b"x" * 1_024,
        answer(gzip.compress(b"x" * 1_001, mtime=0), content_encoding="gzip"),
        answer(gzip.compress(b"x" * 10_000_000, mtime=0), content_encoding="gzip"),
    ],
)
async def test_a_body_has_a_bound(reply: bytes) -> None:
    async with hosting(lambda _: reply) as host:
        with pytest.raises(OutsideError, match="more than 1,000 bytes"):
            await outside().fetch(f"http://one.example:{host.port}/", terms=SMALL)


async def test_a_packed_body_is_opened_by_pieces() -> None:
    """Ten million bytes in ten thousand never are in memory together."""
    packed = gzip.compress(b"x" * 10_000_000, mtime=0)
    async with hosting(lambda _: answer(packed, content_encoding="gzip")) as host:
        url, terms = f"http://one.example:{host.port}/", Terms(most=20_000_000)
        async with outside().opened(url, terms=terms) as (_, pieces):
            sizes = [len(piece) async for piece in pieces]
    assert sum(sizes) == 10_000_000
    assert max(sizes) <= 65_536
    assert host.asked[0].headers["accept-encoding"] == "gzip"


@pytest.mark.parametrize(
    "reply",
    [
        answer(b"x" * 9, content_length="10"),
        answer(gzip.compress(b"hello", mtime=0)[:-9], content_encoding="gzip"),
        answer(b"no gzip", content_encoding="gzip"),
        answer(b"x", content_encoding="br"),
        b"220 mail.example ESMTP\r\n",
        b"",
        b"HTTP/1.1 200 OK\r\nx: " + b"x" * 200_000 + b"\r\n\r\n",
    ],
)
async def test_half_and_strange_answers_are_failures(reply: bytes) -> None:
    async with hosting(lambda _: reply) as host:
        with pytest.raises(OutsideError) as failed:
            await outside().fetch(f"http://one.example:{host.port}/")
    assert str(failed.value).startswith("The address ")
    assert failed.value.status == 503


async def test_a_server_that_is_not_there_is_told_in_a_sentence() -> None:
    async with hosting(lambda _: b"") as host:
        pass
    with pytest.raises(OutsideError, match=r"^The address can't be reached\.$"):
        await outside().fetch(f"http://one.example:{host.port}/")


async def test_silence_has_an_end() -> None:
    async def wait(_reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
        await asyncio.Event().wait()

    async with listening(wait) as port:
        with pytest.raises(OutsideError, match=r"did not answer within 0.05 seconds"):
            await outside().fetch(f"http://one.example:{port}/", terms=Terms(seconds=0.05))


async def test_drops_of_an_answer_have_an_end() -> None:
    """The whole has a bound, not only each wait."""

    async def drip(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 100000\r\n\r\n")
        while True:
            writer.write(b"x")
            await writer.drain()
            await asyncio.sleep(0.005)

    async with listening(drip) as port:
        with pytest.raises(OutsideError, match=r"did not answer within 0.1 seconds"):
            await outside().fetch(f"http://one.example:{port}/", terms=Terms(seconds=0.1))


async def test_a_name_server_that_hangs_holds_up_nobody_for_long() -> None:
    async def hang(_host: str, _port: int) -> list[str]:
        await asyncio.Event().wait()
        return []

    client = Outside(resolve=hang)
    with pytest.raises(OutsideError, match="did not answer within"):
        await client.fetch("https://slow.example/", terms=Terms(seconds=0.02))
    with pytest.raises(Invalid, match="could not be looked up in time"):
        await client.check("https://slow.example/", terms=Terms(seconds=0.02))


async def test_what_the_caller_does_with_the_body_is_its_own_affair() -> None:
    async with hosting(lambda _: answer(b"hello")) as host:
        with pytest.raises(TimeoutError):
            async with outside().opened(f"http://one.example:{host.port}/"):
                raise TimeoutError


async def test_one_asker_does_not_take_all_the_room() -> None:
    async def wait(_reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
        await asyncio.Event().wait()

    client = outside()

    async def call(port: int, asker: str) -> None:
        terms = Terms(seconds=0.2)
        async with client.opened(f"http://one.example:{port}/", terms=terms, asker=asker):
            pass

    async with listening(wait) as port:
        outcomes = await asyncio.gather(
            *(call(port, "one") for _ in range(5)), call(port, "other"), return_exceptions=True
        )
    told = [str(outcome) for outcome in outcomes]
    assert told.count("The address did not answer within 0.2 seconds.") == 5
    assert told[4].startswith("The address must wait for other calls")
    async with hosting(lambda _: answer()) as host:
        await call(host.port, "one")
