"""Who is not signed in can't keep a server process busy."""

from __future__ import annotations

import threading
from typing import Any

import httpx
import msgspec
import pytest
from tests.accounts.conftest import Browser
from tests.conftest import Running, Serve
from tests.factories import Somebody

from tenfold.accounts.identity import passwords
from tenfold.kernel.ids import NIL, new_id
from tenfold.kernel.settings import Settings
from tenfold.web.api.bodies import STRANGERS_BYTES

pytestmark = pytest.mark.anyio
_OURS = [
    ("POST", "/v1/members"),
    ("PATCH", f"/v1/members/{NIL}"),
    ("POST", "/v1/teams"),
    ("PATCH", f"/v1/teams/{NIL}"),
    ("PATCH", "/v1/organization"),
    ("POST", "/v1/roles"),
    ("PATCH", "/v1/roles/seller"),
    ("POST", "/v1/custom-fields"),
    ("PATCH", f"/v1/custom-fields/{NIL}"),
    ("POST", "/v1/types"),
    ("PATCH", "/v1/types/vehicles"),
    ("POST", "/v1/leads"),
    ("POST", "/v1/leads/bulk"),
    ("POST", "/v1/imports"),
]


@pytest.mark.parametrize(("method", "path"), _OURS)
async def test_a_strangers_body_is_not_read(free: Running, method: str, path: str) -> None:
    async def unread(scope: Any, _receive: Any, send: Any) -> None:
        async def never() -> Any:
            pytest.fail("the body is read")

        await free.app(scope, never, send)

    transport = httpx.ASGITransport(unread)
    async with httpx.AsyncClient(transport=transport, base_url="http://tenfold.test") as http:
        answer = await http.request(method, path, json={})
    assert (answer.status_code, answer.json()["error"]["code"]) == (401, "NO_TOKEN")


@pytest.mark.parametrize("path", ["/v1/auth/login", "/v1/auth/register", "/login"])
@pytest.mark.parametrize("told", [True, False])
async def test_what_strangers_must_send_is_short(browser: Browser, path: str, told: bool) -> None:
    kind = "application/x-www-form-urlencoded" if path == "/login" else "application/json"
    body = b"a" * (STRANGERS_BYTES + 1)

    async def pieces() -> Any:
        yield body

    answer = await browser.http.post(
        path, content=body if told else pieces(), headers={"content-type": kind}
    )
    assert answer.status_code == 413


async def test_passwords_are_judged_beside_the_requests(
    browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, threads = passwords.zxcvbn, list[threading.Thread]()

    def judged(*given: Any, **more: Any) -> Any:
        threads.append(threading.current_thread())
        return real(*given, **more)

    monkeypatch.setattr(passwords, "zxcvbn", judged)
    await browser.register()
    body = {
        "first_name": "A",
        "last_name": "B",
        "email": f"{new_id().hex}@example.com",
        "password": "x" * 8,
    }
    answer = await browser.call("POST", "/v1/members", body)
    assert answer.status_code == 400, answer.text
    assert len(threads) == 2
    assert threading.main_thread() not in threads


async def test_a_request_counts_once(serve: Serve, settings: Settings, admin: Somebody) -> None:
    async with serve(msgspec.structs.replace(settings, rate_per_minute=10)) as running:
        body = {
            "email": f"{new_id().hex}@example.com",
            "first_name": "Ada",
            "last_name": "Lovelace",
            "password": "eleven purple staircases",
        }
        answer = await running.client.post("/v1/members", json=body, headers=admin.headers)
    assert answer.status_code == 201, answer.text
    assert answer.headers["ratelimit"].startswith('"person";r=9;')
