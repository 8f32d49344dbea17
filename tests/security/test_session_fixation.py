"""A session that somebody else prepared is never the one that is signed in."""

from __future__ import annotations

import base64
from typing import Any

import httpx
import msgspec
import pytest
from tests.accounts.conftest import PASSWORD, Browser, browser, opened
from tests.authenticator import Authenticator
from tests.conftest import Running

__all__ = ["browser"]
pytestmark = pytest.mark.anyio


def _session(token: str) -> str:
    part = token.split(".")[1]
    claims: dict[str, Any] = msgspec.json.decode(
        base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))
    )
    return claims["sid"]


async def _me(http: httpx.AsyncClient, token: str) -> int:
    answer = await http.get("/v1/auth/me", headers={"authorization": f"Bearer {token}"})
    return answer.status_code


async def test_a_cookie_that_was_put_there_is_not_signed_in(
    free: Running, browser: Browser
) -> None:
    async with opened(free) as attacker:
        await attacker.register()
        await browser.register()
        planted = attacker.refresh_token
        async with opened(free) as victim:
            victim.email = browser.email
            victim.http.cookies.set("refreshToken", planted, domain="tenfold.test")
            assert (await victim.login()).status_code == 200
            sent = victim.http.cookies.jar
            assert planted not in {one.value for one in sent if one.path != "/"} | {victim.token}
            assert _session(victim.token) != _session(attacker.token)
            mine = (await victim.call("GET", "/v1/auth/me")).json()["data"]["user"]["email"]
            assert mine == browser.email
        refreshed = await attacker.post("refresh")
        found = refreshed.json()["data"]
        theirs = await attacker.http.get(
            "/v1/auth/me", headers={"authorization": f"Bearer {found['accessToken']}"}
        )
        assert theirs.json()["data"]["user"]["email"] == attacker.email


async def test_each_sign_in_has_a_session_of_its_own(browser: Browser) -> None:
    await browser.register()
    seen = {_session(browser.token)}
    for _ in range(2):
        await browser.login(PASSWORD)
        seen.add(_session(browser.token))
    assert len(seen) == 3


async def test_who_rises_gets_a_new_session_and_the_old_one_ends(browser: Browser) -> None:
    await browser.register()
    before = browser.token
    asked = (await browser.call("POST", "/v1/auth/passkeys/options")).json()["data"]
    credential = Authenticator(origin="http://127.0.0.1:8000").create(asked["options"])
    body = {"token": asked["token"], "credential": credential}
    risen = (await browser.call("POST", "/v1/auth/passkeys", body)).json()["data"]["token"]
    assert _session(risen) != _session(before)
    assert await _me(browser.http, risen) == 200
    assert await _me(browser.http, before) == 401
