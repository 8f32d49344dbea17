"""Signing in and out by the pages, and going where one was going."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from tests.conftest import Running
from tests.factories import Owner, Somebody
from tests.pages.conftest import Visit, Visitor
from tests.pages.newcomers import Newcomer

from tenfold.kernel.ids import new_id
from tenfold.web.safe_next import safe_next

pytestmark = pytest.mark.anyio
PASSWORD = "Correct-Horse-9-Battery"


@pytest.fixture
async def account(client: httpx.AsyncClient) -> dict[str, Any]:
    """A person with a password."""
    email = f"{new_id().hex}@example.com"
    person = {"email": email, "password": PASSWORD, "firstName": "Ada", "lastName": "Byron"}
    answer = await client.post("/v1/auth/register", json={**person, "organization": "Looms & Co"})
    assert answer.status_code == 201
    client.cookies.clear()
    return person


async def test_sign_in_leads_to_the_page_that_was_asked_for(
    anybody: Visitor, account: dict[str, Any]
) -> None:
    await anybody.get("/leads?status=new")
    assert anybody.path == "/login"
    await anybody.send(anybody.form("/login"), email=account["email"], password=PASSWORD)
    assert (anybody.answer.status_code, anybody.path) == (200, "/leads")
    assert anybody.answer.url.query == b"status=new"
    assert "Looms & Co" in anybody.page.text


async def test_wrong_password_is_told_kindly_and_the_address_kept(
    anybody: Visitor, account: dict[str, Any]
) -> None:
    await anybody.get("/login")
    await anybody.send(anybody.form("/login"), email=account["email"], password="no")
    assert anybody.answer.status_code == 401
    assert "e-mail address or the password is wrong" in anybody.page.one(role="alert").text
    assert anybody.page.one(id="f-email")["value"] == account["email"]
    assert anybody.page.one(id="f-password").has("autofocus")


async def test_empty_fields_are_asked_for(anybody: Visitor) -> None:
    await anybody.get("/login")
    await anybody.send(anybody.form("/login"), email="", password="")
    assert anybody.answer.status_code == 400
    assert "Enter your e-mail address" in anybody.page.one(role="alert").text


async def test_cookies_are_kept_from_scripts(anybody: Visitor, account: dict[str, Any]) -> None:
    await anybody.get("/login")
    pairs = [("email", account["email"]), ("password", PASSWORD)]
    browser = {"user-agent": "Mozilla/5.0"}
    answer = await anybody.http.post("/login", data=dict(pairs), headers=browser)
    kept = [c.lower() for c in answer.headers.get_list("set-cookie")]
    assert answer.status_code == 303
    assert {c.partition("=")[0] for c in kept} == {"session", "refreshtoken", "device"}
    assert all("httponly" in c and "samesite=lax" in c and "path=/" in c for c in kept)


async def test_expired_session_is_renewed_without_a_word(
    anybody: Visitor, account: dict[str, Any]
) -> None:
    await anybody.get("/login")
    await anybody.send(anybody.form("/login"), email=account["email"], password=PASSWORD)
    before = anybody.http.cookies["refreshToken"]
    anybody.http.cookies.delete("session")
    await anybody.get("/contacts")
    assert (anybody.answer.status_code, anybody.path) == (200, "/contacts")
    assert anybody.http.cookies["session"]
    assert anybody.http.cookies["refreshToken"] != before


async def test_sign_out_ends_the_session(anybody: Visitor, account: dict[str, Any]) -> None:
    await anybody.get("/login")
    await anybody.send(anybody.form("/login"), email=account["email"], password=PASSWORD)
    session = anybody.http.cookies["session"]
    await anybody.send(anybody.page.all("form", action="/logout")[0])
    assert anybody.path == "/login"
    assert "session" not in anybody.http.cookies
    anybody.http.cookies.set("session", session, domain="tenfold.test")
    await anybody.get("/")
    assert anybody.path == "/login"


async def test_signed_in_person_is_not_asked_again(visitor: Visitor) -> None:
    await visitor.get("/login?next=/leads")
    assert visitor.path == "/leads"


async def test_ended_session_asks_to_sign_in(
    app: Running, visit: Visit, admin: Somebody, owner: Any
) -> None:
    visitor = visit(admin)
    await owner.execute("UPDATE tenfold.sessions SET ended_at = now() WHERE id = $1", admin.session)
    await visitor.get("/leads")
    assert visitor.path == "/login"
    assert visitor.answer.url.params["next"] == "/leads"


@pytest.mark.parametrize(
    ("given", "safe"),
    [
        ("/leads?status=new", "/leads?status=new"),
        ("/", "/"),
        ("", "/"),
        ("leads", "/"),
        ("//evil.example", "/"),
        ("/\\evil.example", "/"),
        ("https://evil.example", "/"),
        ("javascript:alert(1)", "/"),
        ("/\t/evil.example", "/"),
        ("/\n/evil.example", "/"),
        ("/leads\\x", "/"),
        ("///evil.example", "/"),
    ],
)
def test_next_stays_with_us(given: str, safe: str) -> None:
    assert safe_next(given) == safe


@pytest.mark.parametrize("target", ["//evil.example/x", "https://evil.example", "/\\evil.example"])
async def test_sign_in_never_leads_to_another_site(
    anybody: Visitor, account: dict[str, Any], target: str
) -> None:
    data = {"email": account["email"], "password": PASSWORD, "next": target}
    answer = await anybody.http.post("/login", data=data)
    assert (answer.status_code, answer.headers["location"]) == (303, "/")


@pytest.mark.parametrize(
    ("zone", "home"),
    [
        ("Europe/Berlin", ("DE", "EUR", "Europe/Berlin")),
        ("Asia/Kolkata", ("IN", "INR", "Asia/Kolkata")),
        ("Etc/GMT+3", ("US", "USD", "Etc/GMT+3")),
        ("Mars/Base", ("US", "USD", "UTC")),
        ("", ("US", "USD", "UTC")),
    ],
)
async def test_a_new_organisation_begins_where_its_founders_browser_is(
    ada: Newcomer, owner: Owner, zone: str, home: tuple[str, str, str]
) -> None:
    if zone:
        ada.http.cookies.set("zone", zone)
    name = f"Looms {new_id().hex}"
    await ada.register(organization=name)
    query = "SELECT region, currency, timezone FROM tenfold.tenants WHERE name = $1"
    assert tuple(await owner.fetchrow(query, name)) == home
