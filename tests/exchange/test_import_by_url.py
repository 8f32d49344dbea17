"""A file to import that Tenfold fetches itself, by the guarded client and under the same rules."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import httpx
import msgspec
import pytest
from tests.conftest import Running, Serve
from tests.exchange.imports import Person, working
from tests.factories import Organisation
from tests.outside.servers import Host, always, answer, canary, hosting, moved

from tenfold.kernel.settings import Settings
from tenfold.outside.calls import Outside
from tenfold.outside.places import networks
from tenfold.web.desk import Desk

pytestmark = pytest.mark.anyio
ROWS = b"First Name,Last Name,Email\nGrace,Hopper,grace@example.com\nAda,Byron,ada@example.com\n"


@pytest.fixture
async def person(client: httpx.AsyncClient, organisation: Organisation) -> Person:
    return Person(client, await organisation.person("owner"))


@pytest.fixture
def inside(app: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    """Lets the application call 127.0.0.1, where all names lead."""
    client = Outside(networks("127.0.0.1"), resolve=always("127.0.0.1"))
    monkeypatch.setattr(app.app.app.state, "outside", client)


@pytest.fixture
async def host(inside: None) -> AsyncIterator[Host]:
    """Answers with the rows, and redirects from /moved."""

    def reply(asked: Any) -> bytes:
        if asked.path == "/moved":
            return moved("/people%20today.csv?x=1")
        return answer(b"nobody", "404 x") if asked.path == "/gone" else answer(ROWS)

    async with hosting(reply) as found:
        yield found


def url_of(host: Host, path: str = "/people.csv") -> str:
    return f"http://files.example:{host.port}{path}"


async def refusal(person: Person, path: str = "/v1/imports", **body: Any) -> dict[str, str]:
    sent = {"type": "leads", **body}
    found = await person.client.post(path, json=sent, headers=person.who.headers)
    assert found.status_code in (400, 403), found.text
    return found.json()["error"].get("fields", {})


async def test_a_file_is_fetched_and_imported(person: Person, host: Host, desk: Desk) -> None:
    body = {"type": "leads", "url": url_of(host, "/moved"), "mapping": {"Email": None}}
    shown = await person.post("/v1/imports/preview", body)
    assert shown["first"][0]["values"]["last_name"] == "Hopper"
    async with working(desk):
        begun = await person.post("/v1/imports", body, 202)
        assert begun["filename"] == "people today.csv"
        done = await person.finished(begun["id"])
    assert (done["state"], done["counts"]["created"]) == ("completed", 2), done
    people = await person.every("leads")
    assert {(one["last_name"], one["email"]) for one in people} == {
        ("Hopper", None),
        ("Byron", None),
    }


async def test_a_name_of_ones_own_is_kept(person: Person, host: Host) -> None:
    body = {"type": "leads", "url": url_of(host), "filename": "mine.csv"}
    assert (await person.post("/v1/imports", body, 202))["filename"] == "mine.csv"


@pytest.mark.parametrize(
    "url",
    [
        "http://example.com/x.csv",
        "https://127.0.0.1/x.csv",
        "https://[::ffff:169.254.169.254]/x.csv",
        "file:///etc/passwd",
        "https://me@example.com/x.csv",
        "https://localhost/x.csv",
    ],
)
async def test_an_address_inside_is_refused_by_its_field(person: Person, url: str) -> None:
    for path in ("/v1/imports", "/v1/imports/preview"):
        assert set(await refusal(person, path, url=url)) == {"url"}


async def test_a_redirect_inside_calls_nobody(person: Person, inside: None) -> None:
    async with canary(at=["127.0.0.2"]) as bird:
        async with hosting(lambda _: moved(f"http://127.0.0.2:{bird.port}/")) as host:
            told = await refusal(person, url=url_of(host))
        assert told == {"url": "redirects to one that may not be called"}
        assert bird.connections == 0


async def test_what_the_server_says_is_told(person: Person, host: Host) -> None:
    gone = await refusal(person, url=url_of(host, "/gone"))
    assert gone == {"url": "answered 404 instead of a file"}


async def test_a_file_keeps_to_the_size_of_files(
    settings: Settings, serve: Serve, organisation: Organisation, host: Host
) -> None:
    """Where the operator's setting names the range, its addresses may be called."""
    small = msgspec.structs.replace(settings, import_bytes=50, outside_networks="127.0.0.1/32")
    async with serve(small) as running:
        person = Person(running.client, await organisation.person("owner"))
        told = await refusal(person, url=f"http://127.0.0.1:{host.port}/people.csv")
    assert told == {"url": "answered with more than 50 bytes"}


async def test_nobody_is_called_for_who_may_not_import(
    client: httpx.AsyncClient, organisation: Organisation, host: Host
) -> None:
    reader = Person(client, await organisation.person("read-only"))
    for path in ("/v1/imports", "/v1/imports/preview"):
        assert await refusal(reader, path, url=url_of(host)) == {}
    owner = Person(client, await organisation.person("owner"))
    assert set(await refusal(owner, url=url_of(host), type="")) == {"type"}
    assert set(await refusal(owner, url=url_of(host), type="nothing")) == {"type"}
    assert set(await refusal(owner, url=url_of(host), content="a,b")) == {"url"}
    wrong = await refusal(owner, url=url_of(host), values={"nothing": {"a": "b"}})
    assert set(wrong) == {"values.nothing"}, wrong
    assert host.asked == []


async def test_sent_again_with_its_key_it_is_not_fetched_again(person: Person, host: Host) -> None:
    headers = {**person.who.headers, "idempotency-key": "a file by its address"}
    body = {"type": "leads", "url": url_of(host)}
    first = await person.client.post("/v1/imports", json=body, headers=headers)
    again = await person.client.post("/v1/imports", json=body, headers=headers)
    assert (first.status_code, again.json()) == (202, first.json())
    assert len(host.asked) == 1
