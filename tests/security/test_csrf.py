"""Nothing that comes with a cookie is done for a page of another site (row "CSRF")."""

from __future__ import annotations

from typing import Any

import httpx
import msgspec
import pytest
from tests.conftest import Running, Serve
from tests.factories import Owner, Somebody
from tests.security.conftest import At

from tenfold.kernel.ids import new_id
from tenfold.kernel.settings import Settings

pytestmark = pytest.mark.anyio
PASSWORD = "plum harbour lantern 42"
FORM = "application/x-www-form-urlencoded"
OURS = "http://tenfold.test"
FOREIGN: list[dict[str, str]] = [
    {"origin": "https://evil.example"},
    {"origin": "null"},
    {"origin": "http://tenfold.test.evil.example"},
    {"origin": "http://tenfold.test:81"},
    {"origin": "ftp://tenfold.test"},
    {"origin": "http://["},
    {"origin": "tenfold.test"},
    {"origin": OURS, "sec-fetch-site": "cross-site"},
    {"sec-fetch-site": "cross-site"},
    {"sec-fetch-site": "same-site"},
    {"referer": "https://evil.example/tenfold.test"},
]
"""What browsers say of a page of another site, with an Origin and without."""
OWN: list[dict[str, str]] = [
    {"origin": OURS, "sec-fetch-site": "same-origin"},
    {"origin": OURS},
    {"sec-fetch-site": "same-origin"},
    {"referer": f"{OURS}/leads"},
    {},
]
"""What they say of ours; and what a program says, which has no cookies of anybody else."""


@pytest.fixture
async def signed(app: Running, at: At) -> httpx.AsyncClient:
    """A browser that is signed in, with all cookies."""
    client = at(app)
    person = {"email": f"{new_id().hex}@example.com", "password": PASSWORD}
    names = {"firstName": "Ada", "lastName": "Byron", "organization": "Looms"}
    answer = await client.post("/v1/auth/register", json={**person, **names})
    assert answer.status_code == 201
    await client.post("/login", data=person)
    assert {"session", "refreshToken"} <= set(client.cookies)
    return client


@pytest.mark.parametrize("said", FOREIGN, ids=str)
@pytest.mark.parametrize("kind", [FORM, "application/json", "text/plain", ""])
async def test_a_cross_site_request_is_refused(
    signed: httpx.AsyncClient, said: dict[str, str], kind: str
) -> None:
    before = dict(signed.cookies)
    headers = {**said, **({"content-type": kind} if kind else {})}
    for path in ("/v1/auth/refresh", "/v1/auth/logout", "/v1/auth/login", "/login", "/logout"):
        body = b'{"email":"mallory@example.com","password":"her own password"}'
        answer = await signed.post(path, content=body, headers=headers)
        assert answer.status_code == 403, path
        assert "set-cookie" not in answer.headers, path
    assert dict(signed.cookies) == before
    assert (await signed.get("/")).status_code == 200


@pytest.mark.parametrize("said", OWN, ids=str)
async def test_what_our_own_pages_send_is_done(
    signed: httpx.AsyncClient, said: dict[str, str]
) -> None:
    assert (await signed.post("/v1/auth/refresh", headers=said)).status_code == 200
    assert (await signed.post("/v1/auth/logout", headers=said)).status_code == 200


async def test_a_session_cookie_signs_nothing_of_the_api(
    signed: httpx.AsyncClient,
) -> None:
    body = {"first_name": "Mallory", "last_name": "M"}
    for method, path, sent in (
        ("GET", "/v1/leads", None),
        ("POST", "/v1/leads", body),
        ("GET", "/v1/auth/me", None),
        ("POST", "/v1/members", {}),
    ):
        answer = await signed.request(method, path, json=sent)
        assert (answer.status_code, answer.json()["error"]["code"]) == (401, "NO_TOKEN"), path


async def test_a_listed_site_may_refresh_but_send_no_form(
    serve: Serve, settings: Settings, at: At
) -> None:
    app_ = "https://app.example.com"
    listed = msgspec.structs.replace(settings, cors_origins=app_)
    said = {"origin": app_, "sec-fetch-site": "cross-site"}
    async with serve(listed) as running:
        client = at(running)
        answer = await client.post("/v1/auth/refresh", headers=said)
        assert answer.json()["error"]["code"] == "NO_REFRESH_TOKEN"
        form = {"email": "a@example.com", "password": "x"}
        assert (await client.post("/login", data=form, headers=said)).status_code == 403


@pytest.mark.parametrize(
    ("origin", "status"),
    [
        ("https://crm.example.com", 401),
        ("http://crm.example.com", 403),
        ("https://crm.example.com:8443", 403),
        ("https://example.com", 403),
    ],
)
async def test_by_https_the_scheme_counts_too(
    serve: Serve, settings: Settings, at: At, origin: str, status: int
) -> None:
    secure = msgspec.structs.replace(settings, public_url="https://crm.example.com")
    async with serve(secure) as running:
        client = at(running, base="https://crm.example.com")
        answer = await client.post("/v1/auth/refresh", headers={"origin": origin})
    assert answer.status_code == status


async def test_nothing_is_changed_by_get(
    app: Running, at: At, admin: Somebody, owner: Owner
) -> None:
    """Every address that writes, asked by GET and HEAD as somebody who may do all."""
    client = at(app)
    client.cookies.set("session", admin.token, domain="tenfold.test")
    paths = (await client.get("/openapi.json")).json()["paths"]
    writing = [path for path, item in paths.items() if set(item) & {"post", "patch", "delete"}]
    only = [path for path in writing if "get" not in paths[path]]
    before = await _state(owner, admin)
    for path in only:
        address = path.replace("{record_id}", str(new_id())).replace("{", "").replace("}", "")
        for method in ("GET", "HEAD"):
            answer = await client.request(method, address, headers=admin.headers)
            assert answer.status_code in (404, 405), address
    pages = [route.path for route in app.app.app.routes if not route.path.startswith("/v1")]
    for path in pages:
        address = path.replace("{plural:str}", "leads").replace("{record_id:str}", str(new_id()))
        await client.get(address, headers={"accept": "text/html"})
    assert len(only) > 20
    assert await _state(owner, admin) == before


async def _state(owner: Owner, somebody: Somebody) -> list[Any]:
    """Whatever a write would leave behind."""
    return [
        await owner.fetchval(f"SELECT count(*) FROM tenfold.{table} WHERE tenant_id = $1", tenant)
        for table in ("change_log", "security_events", "members", "roles", "batches")
        for tenant in [somebody.tenant]
    ]
