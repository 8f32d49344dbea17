"""Pages of other sites may call the API only where the setting names their origin."""

from __future__ import annotations

from collections.abc import AsyncIterator

import httpx
import msgspec
import pytest
from tests.conftest import Running, Serve
from tests.factories import Somebody
from tests.security.conftest import At

from tenfold.kernel.settings import SettingError, Settings, from_environment

pytestmark = pytest.mark.anyio
OURS, EVIL = "https://app.example.com", "https://evil.example"
ALIKE = [
    EVIL,
    "null",
    "https://app.example.com.evil.example",
    "https://app.example.com:444",
    "http://app.example.com",
    "https://APP.example.com",
    "https://app.example.comevil",
    "https://app.example.com/",
    "https://xapp.example.com",
    "*",
]


@pytest.fixture(scope="module")
async def open_to(serve: Serve, settings: Settings, anyio_backend: str) -> AsyncIterator[Running]:
    """An application that two other sites may call."""
    listed = msgspec.structs.replace(settings, cors_origins=f"{OURS}, http://localhost:3000")
    async with serve(listed) as running:
        yield running


def preflight(client: httpx.AsyncClient, path: str, origin: str) -> object:
    """What a browser asks before it lets a page ask."""
    headers = {"origin": origin, "access-control-request-method": "PATCH"}
    return client.options(path, headers=headers)


def allowed(answer: httpx.Response) -> dict[str, str]:
    """What the answer allows pages of other sites."""
    start = "access-control-"
    return {k.removeprefix(start): v for k, v in answer.headers.items() if k.startswith(start)}


async def test_a_listed_page_may_ask_and_read(open_to: Running, at: At, admin: Somebody) -> None:
    client = at(open_to)
    asked = await preflight(client, "/v1/leads", OURS)
    assert (asked.status_code, asked.content) == (204, b"")
    found = allowed(asked)
    assert found["allow-origin"] == OURS
    assert "PATCH" in found["allow-methods"]
    assert {"Authorization", "Idempotency-Key", "If-Match"} <= set(
        found["allow-headers"].split(", ")
    )
    answer = await client.get("/v1/leads", headers={**admin.headers, "origin": OURS})
    assert answer.status_code == 200
    assert allowed(answer)["allow-origin"] == OURS
    assert "allow-credentials" not in allowed(answer)
    shown = set(allowed(answer)["expose-headers"].split(", "))
    assert {"ETag", "RateLimit", "Location", "X-Request-Id", "Retry-After"} <= shown
    assert "Origin" in answer.headers.get_list("vary")


async def test_refusals_can_be_read_too(open_to: Running, at: At) -> None:
    for path, status in (("/v1/leads", 401), ("/v1/nothing", 404), ("/v1/auth/refresh", 405)):
        answer = await at(open_to).get(path, headers={"origin": OURS})
        assert (answer.status_code, allowed(answer)["allow-origin"]) == (status, OURS)


@pytest.mark.parametrize("origin", ALIKE)
async def test_no_other_page_may(open_to: Running, at: At, admin: Somebody, origin: str) -> None:
    client = at(open_to)
    for path in ("/v1/leads", "/v1/auth/refresh"):
        answers = [await preflight(client, path, origin)]
        answers.append(await client.get(path, headers={**admin.headers, "origin": origin}))
        for answer in answers:
            assert allowed(answer) == {}
            assert "Origin" in answer.headers.get_list("vary")  # caches keep them apart


async def test_the_cookie_comes_along_only_to_sign_in(open_to: Running, at: At) -> None:
    client = at(open_to)
    for path, with_cookie in (
        ("/v1/auth/refresh", True),
        ("/v1/auth/logout", True),
        ("/v1/auth/login", True),
        ("/v1/leads", False),
        ("/v1/authors", False),
    ):
        answer = await preflight(client, path, OURS)
        assert (allowed(answer).get("allow-credentials") == "true") == with_cookie
        assert allowed(answer)["allow-origin"] != "*"


async def test_pages_and_documents_are_for_nobody_else(open_to: Running, at: At) -> None:
    client = at(open_to)
    for path in ("/", "/login", "/leads", "/docs", "/openapi.json", "/metrics"):
        assert allowed(await client.get(path, headers={"origin": OURS})) == {}
        assert allowed(await preflight(client, path, OURS)) == {}


async def test_without_the_setting_nobody_may(app: Running, at: At) -> None:
    answer = await at(app).get("/v1/leads", headers={"origin": OURS})
    assert allowed(answer) == {}
    asked = await preflight(at(app), "/v1/leads", OURS)
    assert (asked.status_code, allowed(asked)) == (204, {})
    assert "PATCH" not in asked.headers["allow"]  # the answer to any OPTIONS, which says no more


@pytest.mark.parametrize(
    "wrong", ["*", "https://*.example.com", "app.example.com", f"{OURS}/", f"{OURS}/x", "null"]
)
def test_what_is_no_exact_origin_is_refused(wrong: str) -> None:
    with pytest.raises(SettingError, match="TENFOLD_CORS_ORIGINS"):
        from_environment({"TENFOLD_CORS_ORIGINS": wrong})
