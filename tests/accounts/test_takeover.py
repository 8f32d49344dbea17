"""What a session, a password or another's address must not become: each was a way in once."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from tests.accounts.conftest import PASSWORD, Browser
from tests.accounts.letters import link_in, work_off, written
from tests.accounts.test_links import NEW, link_for
from tests.accounts.test_second_factors import add_passkey, data, with_app
from tests.accounts.test_sign_in import code
from tests.conftest import Running
from tests.factories import Owner

pytestmark = pytest.mark.anyio
Later = Callable[[timedelta], None]
APP = "/v1/auth/totp"


async def needs_proof(browser: Browser, method: str, path: str, body: Any = None) -> None:
    refused = await browser.call(method, path, body)
    assert (refused.status_code, code(refused)) == (403, "STEP_UP_REQUIRED"), path


async def place(browser: Browser) -> dict[str, str]:
    """The organisation that they are in."""
    mine = data(await browser.call("GET", "/v1/auth/me"))["organizations"]
    return {"organizationId": mine[0]["id"]}


async def test_to_switch_proves_nothing(browser: Browser, later: Later) -> None:
    await browser.register()
    later(timedelta(minutes=11))
    await needs_proof(browser, "POST", APP)
    here = await place(browser)
    browser.token = data(await browser.call("POST", "/v1/auth/switch", here))["token"]
    await needs_proof(browser, "POST", APP)


async def test_no_switch_prolongs_a_session(browser: Browser, later: Later, owner: Owner) -> None:
    await browser.register()
    here = await place(browser)
    later(timedelta(days=1))
    browser.token = data(await browser.post("refresh"))["accessToken"]
    browser.token = data(await browser.call("POST", "/v1/auth/switch", here))["token"]
    rows = await owner.fetch(
        "SELECT created_at, ended_at FROM tenfold.sessions WHERE user_id = $1 ORDER BY id",
        browser.user["id"],
    )
    assert len({row["created_at"] for row in rows}) == 1
    assert [row["ended_at"] is None for row in rows] == [False, True]


async def test_a_new_password_needs_the_second_factor_too(browser: Browser, later: Later) -> None:
    await with_app(browser)
    later(timedelta(minutes=11))
    change = {"currentPassword": PASSWORD, "newPassword": NEW}
    await needs_proof(browser, "POST", "/v1/auth/password", change)
    await needs_proof(browser, "DELETE", APP)


async def test_a_new_password_proves_nothing_else(browser: Browser, later: Later) -> None:
    await browser.register()
    later(timedelta(minutes=11))
    change = {"currentPassword": PASSWORD, "newPassword": NEW}
    browser.token = data(await browser.call("POST", "/v1/auth/password", change))["token"]
    await needs_proof(browser, "POST", APP)


async def test_sessions_without_the_second_factor_end_with_it(
    browser: Browser, other: Browser
) -> None:
    await browser.register()
    other.email = browser.email
    await other.login()
    await add_passkey(browser)
    assert (await other.call("GET", "/v1/leads")).status_code == 401
    assert (await other.post("refresh")).status_code == 401
    assert (await browser.call("GET", "/v1/leads")).status_code == 200


async def test_without_a_second_factor_no_session_has_proved_one(
    browser: Browser, owner: Owner
) -> None:
    await with_app(browser)
    data(await browser.call("DELETE", APP))
    methods = await owner.fetch(
        "SELECT methods FROM tenfold.sessions WHERE user_id = $1 AND ended_at IS NULL",
        browser.user["id"],
    )
    assert ["mfa" in one[0] for one in methods] == [False]


@pytest.mark.parametrize("kind", ["sign-in-link", "password-reset"])
async def test_who_only_typed_an_address_keeps_nothing_once_it_is_proved(
    free: Running, browser: Browser, other: Browser, kind: str
) -> None:
    await with_app(browser)
    squatter, other.email = browser, browser.email
    link = await link_for(free, other, kind)
    given = {"token": link} | ({"password": NEW} if kind == "password-reset" else {})
    answer = await other.post(
        f"{kind}/use", {**given, "email": other.email} if kind == "sign-in-link" else given
    )
    entered = data(answer)
    assert "mfaRequired" not in entered, "their app is not asked for"
    other.token = entered["token"]
    assert data(await other.call("GET", "/v1/auth/me"))["user"]["emailVerified"] is True
    assert (await squatter.call("GET", "/v1/leads")).status_code == 401
    assert (await squatter.post("refresh")).status_code == 401
    wrong = await squatter.post("login", {"email": squatter.email, "password": PASSWORD})
    assert (wrong.status_code, code(wrong)) == (401, "INVALID_CREDENTIALS")


async def test_ones_own_browser_keeps_all_of_it(free: Running, browser: Browser) -> None:
    await with_app(browser)
    link = await link_for(free, browser, "sign-in-link")
    asked = data(await browser.post("sign-in-link/use", {"token": link}))
    assert asked["mfaRequired"] is True


async def test_an_address_is_confirmed_by_nobody_else(
    free: Running, browser: Browser, other: Browser
) -> None:
    await browser.register()
    await other.register()
    letter = (await written(free, browser.email))[-1]
    refused = await other.call("POST", "/v1/auth/verify-email/use", {"token": link_in(letter)})
    assert (refused.status_code, code(refused)) == (403, "FORBIDDEN")


async def test_a_new_password_voids_what_was_begun_with_the_old_one(
    free: Running, browser: Browser, other: Browser, later: Later
) -> None:
    app, _ = await with_app(browser)
    other.email = browser.email
    asked = data(await other.post("login", {"email": browser.email, "password": PASSWORD}))
    link = await link_for(free, browser, "sign-in-link")
    change = {"currentPassword": PASSWORD, "newPassword": NEW}
    data(await browser.call("POST", "/v1/auth/password", change))
    late = await other.post("second-factor", {"token": asked["token"], "code": app.code()})
    assert late.status_code == 401
    assert (await other.post("sign-in-link/use", {"token": link})).status_code == 404


async def test_an_ended_session_joins_nothing(
    free: Running, browser: Browser, other: Browser, owner: Owner
) -> None:
    await browser.register()
    await other.register()
    link = await link_for(free, browser, "sign-in-link")
    await browser.post("sign-in-link/use", {"token": link})
    data(await browser.call("POST", "/v1/invitations", {"email": other.email}), 201)
    await work_off(free)
    letter = next(k for k in await written(free, other.email) if "/join/" in k.letter.text)
    secret = letter.letter.text.partition("/join/")[2].split()[0]
    await other.post("logout", headers={"authorization": f"Bearer {other.token}"})
    late = await other.call("POST", "/v1/auth/invitation/accept", {"token": secret})
    assert late.status_code == 401
    member = "SELECT count(*) FROM tenfold.members WHERE user_id = $1"
    assert await owner.fetchval(member, other.user["id"]) == 1
