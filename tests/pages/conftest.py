"""People who use the pages without JavaScript, and those who use a real browser."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import TYPE_CHECKING, Any
from urllib.parse import urljoin

import httpx
import pytest
from tests.conftest import MakeOrganisation, Running
from tests.factories import Organisation, Somebody
from tests.pages.html import Element, parse

if TYPE_CHECKING:
    from tests.pages.newcomers import Newcomer

HTML = {"accept": "text/html"}


class Visitor:
    """Somebody with a browser that runs no script: links, forms, cookies, redirects."""

    def __init__(self, http: httpx.AsyncClient) -> None:
        self.http = http
        self.answer = httpx.Response(0)
        self.page = Element("", {})

    async def get(self, path: str, **options: Any) -> Element:
        """Open a page, following redirects."""
        return await self._send("GET", path, **options)

    async def post(self, path: str, pairs: list[tuple[str, str]], **options: Any) -> Element:
        """Send a form as it is given."""
        body = str(httpx.QueryParams(pairs)).encode()
        headers = {"content-type": "application/x-www-form-urlencoded"} | options.pop("headers", {})
        return await self._send("POST", path, content=body, headers=headers, **options)

    async def upload(
        self, path: str, values: dict[str, str], file: tuple[str, bytes], **headers: str
    ) -> Element:
        """Send a form with a file, as browsers encode it."""
        return await self._send("POST", path, data=values, files={"file": file}, headers=headers)

    async def send(self, form: Element, button: str = "", **typed: Any) -> Element:
        """Fill in a form of the page and send it; a name with `__` stands for one with a dot."""
        typed = {name.replace("__", "."): value for name, value in typed.items()}
        pairs = [p for p in form.fields() if p[0] not in typed]
        for name, value in typed.items():
            values = value if isinstance(value, list) else [value]
            pairs += [(name, str(v)) for v in values]
        if button:
            name, _, value = button.partition("=")
            pairs.append((name, value))
        path = form.get("action", str(self.answer.url.path))
        if form.get("method", "get") == "post":
            return await self.post(path, pairs)
        return await self.get(f"{path}?{httpx.QueryParams(pairs)}")

    async def _send(self, method: str, path: str, **options: Any) -> Element:
        headers = HTML | options.pop("headers", {})
        address = urljoin(str(self.answer.url) if self.answer.status_code else "", path)
        self.answer = await self.http.request(
            method, address, headers=headers, follow_redirects=True, **options
        )
        self.page = parse(self.answer.text)
        return self.page

    @property
    def path(self) -> str:
        """Where the visitor is."""
        return self.answer.url.path

    def form(self, action: str) -> Element:
        """The page's form that is sent to an address."""
        return next(f for f in self.page.all("form") if f.get("action") == action)

    @property
    def toast(self) -> str:
        """What was said at the foot of the page."""
        return " ".join(t.text for t in self.page.all(class_="toasts"))


@pytest.fixture
async def anybody(app: Running) -> AsyncIterator[Visitor]:
    """Somebody who is not signed in."""
    transport = httpx.ASGITransport(app.app)  # pyright: ignore[reportArgumentType]
    async with httpx.AsyncClient(transport=transport, base_url="http://tenfold.test") as http:
        yield Visitor(http)


Visit = Callable[[Somebody], Visitor]


@pytest.fixture
async def visit(app: Running) -> AsyncIterator[Visit]:
    """Signs a person in by the cookie that the sign-in page sets."""
    opened: list[httpx.AsyncClient] = []

    def make(somebody: Somebody) -> Visitor:
        transport = httpx.ASGITransport(app.app)  # pyright: ignore[reportArgumentType]
        http = httpx.AsyncClient(transport=transport, base_url="http://tenfold.test")
        http.cookies.set("session", somebody.token, domain="tenfold.test")
        opened.append(http)
        return Visitor(http)

    yield make
    for one in opened:
        await one.aclose()


@pytest.fixture
async def visitor(visit: Visit, admin: Somebody) -> Visitor:
    """The owner of the test's organisation, signed in."""
    return visit(admin)


@pytest.fixture
async def ada(free: Running) -> AsyncIterator[Newcomer]:
    """Somebody without an account yet, in a browser."""
    from tests.pages.newcomers import Newcomer, browser  # noqa: PLC0415 - it builds on Visitor

    async with browser(free) as http:
        yield Newcomer(http)


@pytest.fixture
async def elsewhere(free: Running) -> AsyncIterator[Newcomer]:
    """Another browser."""
    from tests.pages.newcomers import Newcomer, browser  # noqa: PLC0415 - it builds on Visitor

    async with browser(free) as http:
        yield Newcomer(http)


Make = Callable[..., Awaitable[dict[str, Any]]]


@pytest.fixture
async def make(client: httpx.AsyncClient, admin: Somebody) -> Make:
    """Makes records through the API: `await make("leads", first_name=…)`."""

    async def one(plural: str, **values: Any) -> dict[str, Any]:
        answer = await client.post(f"/v1/{plural}", json=values, headers=admin.headers)
        assert answer.status_code == 201, answer.text
        return answer.json()["data"]

    return one


@pytest.fixture
async def lead(make: Make) -> dict[str, Any]:
    """One lead."""
    return await make(
        "leads", first_name="Zoë", last_name="Ünal", email="zoe@example.com", budget=1_000_000
    )


__all__ = ["MakeOrganisation", "Organisation"]
