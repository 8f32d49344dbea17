"""The contract of /v1/auth: names, codes, cookie, and a token that works at once."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import httpx
import msgspec
import pytest
from argon2 import PasswordHasher
from tests.accounts.conftest import PASSWORD, Browser, opened
from tests.conftest import Serve
from tests.factories import Owner
from tests.security.conftest import somewhere

from tenfold.kernel.settings import Settings

pytestmark = pytest.mark.anyio


def code(answer: httpx.Response) -> str:
    """The code of a refusal, in the one envelope."""
    body = answer.json()
    assert body["success"] is False
    assert set(body["error"]) == {"code", "message", "fields"}
    return body["error"]["code"]


async def events(owner: Owner, user: str) -> list[str]:
    rows = await owner.fetch(
        "SELECT event_type FROM tenfold.security_events WHERE user_id = $1::uuid ORDER BY id", user
    )
    return [r[0] for r in rows]


async def test_register_answers_a_token_that_works_at_once(browser: Browser) -> None:
    answer = await browser.register()
    assert answer.status_code == 201
    data = answer.json()["data"]
    assert set(data) == {"user", "token", "expiresIn"}
    assert data["expiresIn"] == "15m"
    names = {"id", "email", "emailVerified", "firstName", "lastName", "role", "organization"}
    names |= {"language", "region", "timezone"}
    assert set(data["user"]) == names
    assert data["user"]["role"] == "owner"
    assert data["user"]["organization"]["name"] == "Analytical Engines"
    made = await browser.call("POST", "/v1/leads", {"first_name": "A", "last_name": "B"})
    assert made.status_code == 201
    assert answer.headers["cache-control"] == "no-store"


async def test_cookie_is_http_only_and_lax(browser: Browser) -> None:
    answer = await browser.register()
    refresh, device = (text.split("; ") for text in answer.headers.get_list("set-cookie"))
    assert refresh[0].startswith("refreshToken=")
    assert set(refresh[1:]) == {"Path=/", "Max-Age=604800", "HttpOnly", "SameSite=Lax"}
    assert device[0].startswith("device=")
    assert {"HttpOnly", "SameSite=Lax"} <= set(device[1:])


async def test_cookie_is_secure_where_the_address_is_https(
    serve: Serve, settings: Settings
) -> None:
    secure = msgspec.structs.replace(
        settings, public_url="https://crm.example.com", sign_in_per_minute=0
    )
    async with (
        serve(secure) as running,
        opened(running, base_url="https://crm.example.com") as browser,
    ):
        answer = await browser.register()
        for text, cookie in zip(
            answer.headers.get_list("set-cookie"), ("refreshToken", "device"), strict=True
        ):
            name, *parts = text.split("; ")
            assert name.startswith(f"__Host-{cookie}=")
            assert {"Secure", "HttpOnly", "SameSite=Lax", "Path=/"} <= set(parts)
        assert (await browser.post("refresh")).status_code == 200
        plain = {"cookie": f"refreshToken={browser.http.cookies['__Host-refreshToken']}"}
        browser.http.cookies.clear()
        assert code(await browser.post("refresh", headers=plain)) == "NO_REFRESH_TOKEN"


@pytest.mark.parametrize(
    ("changes", "expected", "field"),
    [
        ({"email": None}, "MISSING_FIELDS", "email"),
        ({"firstName": ""}, "MISSING_FIELDS", "firstName"),
        ({"organization": "   "}, "INVALID_FIELDS", "organization"),
        ({"email": "not an address"}, "INVALID_FIELDS", "email"),
        ({"password": "short"}, "INVALID_FIELDS", "password"),
        ({"password": "password1"}, "INVALID_FIELDS", "password"),
        ({"password": "analytical engines"}, "INVALID_FIELDS", "password"),
        ({"password": "x" * 201}, "INVALID_FIELDS", "password"),
        ({"password": 12345678}, "INVALID_FIELDS", "password"),
        ({"lastName": "a\x00b"}, "INVALID_FIELDS", "lastName"),
        ({"lastName": "x" * 101}, "INVALID_FIELDS", "lastName"),
        ({"first_name": "Ada"}, "UNKNOWN_FIELD", "first_name"),
    ],
)
async def test_register_names_what_is_wrong(
    browser: Browser, changes: dict[str, Any], expected: str, field: str
) -> None:
    answer = await browser.register(**changes)
    assert answer.status_code == 400
    assert code(answer) == expected
    assert set(answer.json()["error"]["fields"]) == {field}


async def test_all_missing_fields_are_named_together(browser: Browser) -> None:
    answer = await browser.post("register", {})
    names = {"email", "password", "firstName", "lastName", "organization"}
    assert set(answer.json()["error"]["fields"]) == names


async def test_an_address_registers_once_however_it_is_spelled(
    browser: Browser, other: Browser
) -> None:
    await browser.register()
    answer = await other.register(email=f" {browser.email.upper()} ")
    assert (answer.status_code, code(answer)) == (409, "EMAIL_TAKEN")


async def test_many_registrations_of_one_address_make_one_account(
    browser: Browser, owner: Owner
) -> None:
    before = await owner.fetchval("SELECT count(*) FROM tenfold.tenants")
    answers = await asyncio.gather(*(browser.register() for _ in range(6)))
    assert sorted(a.status_code for a in answers) == [201, 409, 409, 409, 409, 409]
    assert await owner.fetchval("SELECT count(*) FROM tenfold.tenants") == before + 1


async def test_login_answers_the_person_and_a_token(browser: Browser, owner: Owner) -> None:
    await browser.register()
    browser.email = browser.email.upper()
    answer = await browser.login()
    assert answer.status_code == 200
    body = answer.json()
    assert body["success"] is True
    assert set(body["data"]) == {"user", "token", "expiresIn"}
    assert body["data"]["user"]["firstName"] == "Ada"
    assert (await browser.call("GET", "/v1/leads")).status_code == 200
    assert await events(owner, browser.user["id"]) == ["registered", "login_success"]


async def test_wrong_password_and_unknown_account_answer_alike(
    browser: Browser, other: Browser
) -> None:
    await browser.register()
    wrong, unknown = await browser.login("wrong"), await other.login("wrong")
    assert wrong.status_code == unknown.status_code == 401
    assert code(wrong) == "INVALID_CREDENTIALS"
    assert wrong.json() == unknown.json()
    assert "set-cookie" not in wrong.headers


async def test_inactive_user_can_not_sign_in(browser: Browser, owner: Owner) -> None:
    await browser.register()
    await owner.execute("UPDATE tenfold.users SET active = false WHERE email = $1", browser.email)
    answer = await browser.login()
    assert (answer.status_code, code(answer)) == (401, "INVALID_CREDENTIALS")
    assert (await browser.post("refresh")).status_code == 401


@pytest.mark.parametrize("body", [{}, {"email": "a@example.com"}, {"password": "x"}])
async def test_login_without_its_fields_is_missing_fields(browser: Browser, body: Any) -> None:
    answer = await browser.post("login", body)
    assert (answer.status_code, code(answer)) == (400, "MISSING_FIELDS")


@pytest.mark.parametrize("email", ["nobody", "a@b", "\u0130@example.com", "x" * 900, "a b@c.d"])
async def test_login_with_a_strange_address_is_refused_like_any(
    browser: Browser, email: str
) -> None:
    browser.email = email
    answer = await browser.login("whatever it is")
    assert (answer.status_code, code(answer)) == (401, "INVALID_CREDENTIALS")


async def test_me_tells_who_and_where(browser: Browser) -> None:
    await browser.register()
    answer = await browser.call("GET", "/v1/auth/me")
    data = answer.json()["data"]
    assert data["user"] == browser.user
    here = browser.user["organization"]
    assert data["organizations"] == [{**here, "role": "owner"}]


async def test_me_without_and_with_a_bad_token(browser: Browser) -> None:
    answer = await browser.http.get("/v1/auth/me")
    assert (answer.status_code, code(answer)) == (401, "NO_TOKEN")
    browser.token = "a.b.c"
    answer = await browser.call("GET", "/v1/auth/me")
    assert (answer.status_code, code(answer)) == (401, "INVALID_TOKEN")


async def test_access_token_expires_after_15_minutes(browser: Browser, later: Any) -> None:
    await browser.register()
    later(timedelta(minutes=14, seconds=55))
    assert (await browser.call("GET", "/v1/auth/me")).status_code == 200
    later(timedelta(seconds=10))
    answer = await browser.call("GET", "/v1/auth/me")
    assert (answer.status_code, code(answer)) == (401, "INVALID_TOKEN")


async def test_person_of_two_organisations_chooses_one(
    browser: Browser, other: Browser, owner: Owner
) -> None:
    await browser.register()
    await other.register(organization="Second")
    second = other.user["organization"]
    await owner.execute(
        "INSERT INTO tenfold.members (tenant_id, user_id, role) "
        "VALUES ($1::uuid, $2::uuid, 'member')",
        second["id"],
        browser.user["id"],
    )
    first = browser.user["organization"]
    await browser.login()
    assert browser.user["organization"] == first
    await browser.login(organizationId=second["id"])
    assert browser.user["organization"] == second
    assert browser.user["role"] == "member"
    mine = (await browser.call("GET", "/v1/auth/me")).json()["data"]["organizations"]
    assert mine == [{**first, "role": "owner"}, {**second, "role": "member"}]
    answer = await other.login(organizationId=first["id"])
    assert answer.status_code == 404


async def test_sign_ins_of_one_address_are_limited(serve: Serve, settings: Settings) -> None:
    few = msgspec.structs.replace(settings, sign_in_per_minute=3)
    new = (somewhere(), 1)
    async with serve(few) as running, opened(running, transport_client=new) as browser:
        codes = [(await browser.login("x")).status_code for _ in range(4)]
        assert codes == [401, 401, 401, 429]
        answer = await browser.register()
        assert (answer.status_code, code(answer)) == (429, "RATE_LIMITED")
        assert int(answer.headers["retry-after"]) >= 1


async def test_password_is_stored_as_argon2id(browser: Browser, owner: Owner) -> None:
    await browser.register()
    stored = await owner.fetchval(
        "SELECT password_hash FROM tenfold.users WHERE email = $1", browser.email
    )
    assert stored.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert PASSWORD not in stored


async def test_old_hash_is_renewed_at_sign_in(browser: Browser, owner: Owner) -> None:
    await browser.register()
    old = PasswordHasher(time_cost=1, memory_cost=1_024, parallelism=1).hash(PASSWORD)
    change = "UPDATE tenfold.users SET password_hash = $2 WHERE email = $1"
    await owner.execute(change, browser.email, old)
    assert (await browser.login()).status_code == 200
    stored = await owner.fetchval(
        "SELECT password_hash FROM tenfold.users WHERE email = $1", browser.email
    )
    assert stored.startswith("$argon2id$v=19$m=19456")
    assert (await browser.login()).status_code == 200
