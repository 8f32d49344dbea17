"""Browsers that sign in, and a clock that can be moved."""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest
from tests.conftest import Running
from tests.factories import Owner, Somebody

PASSWORD = "plum harbour lantern 42"


@dataclass
class Browser:
    """A client with cookies of its own, and what it registered with."""

    http: httpx.AsyncClient
    email: str = field(default_factory=lambda: f"{secrets.token_hex(6)}@example.com")
    token: str = ""
    user: dict[str, Any] = field(default_factory=dict)

    async def post(self, path: str, body: Any = None, **more: Any) -> httpx.Response:
        """POST below /v1/auth."""
        return await self.http.post(f"/v1/auth/{path}", json=body, **more)

    async def register(self, **changes: Any) -> httpx.Response:
        """Register with this browser's address."""
        body = {
            "email": self.email,
            "password": PASSWORD,
            "firstName": "Ada",
            "lastName": "Byron",
            "organization": "Analytical Engines",
            **changes,
        }
        answer = await self.post("register", {k: v for k, v in body.items() if v is not None})
        if answer.status_code == 201:
            self.token, self.user = answer.json()["data"]["token"], answer.json()["data"]["user"]
        return answer

    async def login(self, password: str = PASSWORD, **more: Any) -> httpx.Response:
        """Sign in with this browser's address."""
        answer = await self.post("login", {"email": self.email, "password": password, **more})
        if answer.status_code == 200:
            self.token, self.user = answer.json()["data"]["token"], answer.json()["data"]["user"]
        return answer

    async def call(self, method: str, path: str, body: Any = None, **more: Any) -> httpx.Response:
        """Any request, signed with the access token."""
        headers = {"authorization": f"Bearer {self.token}", **more.pop("headers", {})}
        return await self.http.request(method, path, json=body, headers=headers, **more)

    @property
    def refresh_token(self) -> str:
        """The refresh token in the cookie."""
        return self.http.cookies.get("refreshToken") or ""


async def confirmed(browser: Browser, owner: Owner, **changes: Any) -> None:
    """Register with a password, and confirm the address."""
    assert (await browser.register(**changes)).status_code == 201
    await owner.execute(
        "UPDATE tenfold.users SET email_verified_at = now() WHERE email = $1", browser.email
    )


@asynccontextmanager
async def opened(running: Running, **more: Any) -> AsyncIterator[Browser]:
    """A browser at an application."""
    place = more.pop("transport_client", ("127.0.0.1", 123))
    transport = httpx.ASGITransport(running.app, client=place)
    options: dict[str, Any] = {"base_url": "http://tenfold.test", **more}
    async with httpx.AsyncClient(transport=transport, **options) as http:
        yield Browser(http)


@pytest.fixture
async def browser(free: Running) -> AsyncIterator[Browser]:
    """A browser of somebody who has no account yet."""
    async with opened(free) as made:
        yield made


@pytest.fixture
async def other(free: Running) -> AsyncIterator[Browser]:
    """Another browser."""
    async with opened(free) as made:
        yield made


class Api:
    """Asks the worker's application as anybody."""

    def __init__(self, client: httpx.AsyncClient) -> None:
        self.client = client

    async def ask(
        self, who: Somebody, method: str, path: str, body: Any = None, **headers: str
    ) -> httpx.Response:
        """One request below /v1."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return await self.client.request(
            method, f"/v1/{path}", json=body, headers={**who.headers, **named}
        )

    async def data(
        self, who: Somebody, method: str, path: str, body: Any = None, status: int = 0
    ) -> Any:
        """The data of an answer that must succeed."""
        answer = await self.ask(who, method, path, body)
        expected = status or (201 if method == "POST" else 200)
        assert answer.status_code == expected, answer.text
        return answer.json()["data"]

    async def refused(
        self, who: Somebody, method: str, path: str, body: Any = None
    ) -> tuple[int, str, dict[str, str]]:
        """Status, code and fields of an answer that must be a refusal."""
        answer = await self.ask(who, method, path, body)
        error = answer.json()["error"]
        return answer.status_code, error["code"], error["fields"]

    async def lead(self, who: Somebody, **fields: Any) -> str:
        """The id of a new lead."""
        body = {"first_name": "Ann", "last_name": "Lee", **fields}
        return (await self.data(who, "POST", "leads", body))["id"]

    async def leads(self, who: Somebody, query: str = "") -> list[str]:
        """The ids of the leads that somebody sees."""
        return [row["id"] for row in await self.data(who, "GET", f"leads?{query}")]


@pytest.fixture
def api(client: httpx.AsyncClient) -> Api:
    """Asks the worker's application as anybody."""
    return Api(client)
