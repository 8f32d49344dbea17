"""What a file to import may weigh: a form goes to the disk, other bodies are held in memory."""

from __future__ import annotations

import asyncio
import json
import threading
from typing import Any

import httpx
import pytest
from tests.conftest import Running
from tests.exchange.imports import Person, working
from tests.factories import Organisation

from tenfold.exchange import import_files
from tenfold.web import edge
from tenfold.web.api import idempotency
from tenfold.web.desk import Desk

pytestmark = pytest.mark.anyio
ROW = "Grace,Hopper\n"


@pytest.fixture
async def person(client, organisation: Organisation) -> Person:
    return Person(client, await organisation.person("owner"))


def rows(size: int) -> str:
    return "First Name,Last Name\n" + ROW * (size // len(ROW))


async def test_a_json_body_is_no_larger_than_any_other(person: Person, desk: Desk):
    text = rows(1_000) + f"Grace,{'r' * 10_000}\n" * (desk.settings.body_limit // 10_000)
    body = json.dumps({"type": "leads", "content": text})
    for kind in ("application/json", ""):
        headers = {**person.who.headers, "content-type": kind}
        answer = await person.client.post("/v1/imports/preview", content=body, headers=headers)
        assert answer.status_code == 413, answer.text
    sent = {"file": ("rows.csv", text.encode())}
    answer = await person.client.post(
        "/v1/imports/preview", data={"type": "leads"}, files=sent, headers=person.who.headers
    )
    assert answer.status_code == 200, answer.text


async def test_a_form_sent_again_with_its_key_has_one_effect(person: Person, monkeypatch):
    async def held(_request: object) -> bytes:
        pytest.fail("the body of a form is held in memory")

    monkeypatch.setattr(idempotency.Request, "body", held)
    headers = {**person.who.headers, "idempotency-key": "a file"}

    async def send(content: str, name: str = "rows.csv", **options: str):
        sent = {"file": (name, content.encode())}
        return await person.client.post(
            "/v1/imports", data={"type": "leads", **options}, files=sent, headers=headers
        )

    first, again = await send(rows(200_000)), await send(rows(200_000))
    assert (first.status_code, again.status_code) == (202, 202), first.text
    assert again.headers["idempotency-replayed"] == "true"
    assert again.json() == first.json()
    for other in (
        await send(rows(200_000) + ROW),
        await send(rows(200_000), "other.csv"),
        await send(rows(200_000), dry_run="true"),
    ):
        assert other.status_code == 422, other.text


async def test_what_a_form_says_besides_files_is_bounded_while_it_arrives(person: Person):
    """It is held in memory: a form is refused at the first piece too many, not at its end."""
    sent = 0

    async def form(*names: str):
        nonlocal sent
        for name in names:
            yield b'--x\r\nContent-Disposition: form-data; name="%b"\r\n\r\n' % name.encode()
            for _ in range(40):
                sent += 100_000
                yield b"a" * 100_000
            yield b"\r\n"
        yield b"--x--\r\n"

    headers = {**person.who.headers, "content-type": "multipart/form-data; boundary=x"}
    for path in ("/v1/imports", "/v1/imports/preview"):
        sent = 0
        answer = await person.client.post(path, content=form("options"), headers=headers)
        assert answer.status_code == 413, answer.text
        assert "besides files may have at most 1,000,000 bytes" in answer.text
        assert sent < 1_500_000


async def test_many_small_parts_are_bounded_together(person: Person):
    small = {f"part{n}": "a" * 200_000 for n in range(6)}
    sent = {"file": ("rows.csv", rows(100).encode())}
    for data, status in ((small, 413), ({f"p{n}": "" for n in range(1_001)}, 413)):
        answer = await person.client.post(
            "/v1/imports", data=data, files=sent, headers=person.who.headers
        )
        assert answer.status_code == status, answer.text


@pytest.mark.parametrize(
    ("ends", "says"), [(True, "The connection ended"), (False, "nothing came for 0.1 seconds")]
)
@pytest.mark.parametrize("path", ["/v1/leads", "/v1/auth/login", "/v1/imports"])
async def test_a_body_that_stops_before_its_end_is_refused(
    app: Running, person: Person, monkeypatch: pytest.MonkeyPatch, path: str, ends: bool, says: str
):
    monkeypatch.setattr(edge, "PATIENCE_SECONDS", 0.1)

    async def stopping(scope: Any, _receive: Any, send: Any) -> None:
        came = [{"type": "http.request", "body": b"{", "more_body": True}]

        async def receive() -> Any:
            if not came and not ends:
                await asyncio.sleep(60)
            return came.pop() if came else {"type": "http.disconnect"}

        await app.app(scope, receive, send)

    transport = httpx.ASGITransport(stopping)
    async with httpx.AsyncClient(transport=transport, base_url="http://tenfold.test") as http:
        async with asyncio.timeout(5):
            answer = await http.post(path, json={}, headers=person.who.headers)
    assert answer.status_code == 400, answer.text
    assert says in answer.text


async def test_nobody_waits_for_the_disk_of_another(person: Person, monkeypatch):
    synced = list[threading.Thread]()
    monkeypatch.setattr(
        import_files.os, "fsync", lambda _file: synced.append(threading.current_thread())
    )
    await person.post("/v1/imports/preview", {"type": "leads", "content": rows(100)})
    assert len(synced) == 1
    assert threading.main_thread() not in synced


@pytest.mark.parametrize(
    ("kind", "body", "says"),
    [
        ("", b"--x--", "boundary"),
        ("; boundary=x", b"", "can't be read"),
        ("; boundary=x", b"no form at all", "can't be read"),
        ("; boundary=x", b'--x\r\nContent-Disposition: form-data; name="a"\r\n\r\nhalf', "read"),
        (
            "; boundary=x",
            b'--x\r\nContent-Disposition: form-data; name="type"\r\n\r\n\xff\r\n--x--\r\n',
            "'type' is not text in UTF-8",
        ),
    ],
)
async def test_a_form_that_can_not_be_read(person: Person, kind: str, body: bytes, says: str):
    headers = {**person.who.headers, "content-type": f"multipart/form-data{kind}"}
    answer = await person.client.post("/v1/imports", content=body, headers=headers)
    assert answer.status_code == 400, answer.text
    assert says in answer.text


@pytest.mark.parametrize(
    ("name", "text"), [("a.json", '[{"name":'), ("a.json", "[1, 2]"), ("a.ndjson", '{"a\n{"b\n')]
)
async def test_json_of_which_nothing_can_be_read_is_told_alike(
    person: Person, desk: Desk, name: str, text: str
) -> None:
    body = {"type": "leads", "filename": name, "content": text}
    answer = await person.client.post("/v1/imports/preview", json=body, headers=person.who.headers)
    told = answer.json()["error"]["fields"]["file"]
    assert answer.status_code == 400
    assert told.startswith("The file could not be read: ")
    async with working(desk):
        view = await person.imported(text, "leads", filename=name)
    assert (view["state"], view["error"]) == ("failed", told)
