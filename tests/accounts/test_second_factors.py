"""Second factors: asked at sign-in, good once, five tries; passkeys as the second or only one."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import Any

import httpx
import pyotp
import pytest
from tests.accounts.conftest import PASSWORD, Browser
from tests.accounts.letters import written
from tests.accounts.test_sign_in import code, events
from tests.authenticator import Authenticator
from tests.conftest import Running
from tests.factories import Owner

from tenfold.kernel import clock

pytestmark = pytest.mark.anyio
SITE = "http://127.0.0.1:8000"


def data(answer: httpx.Response, status: int = 200) -> Any:
    """The data of an answer that must have this status."""
    assert answer.status_code == status, answer.text
    return answer.json()["data"]


class App:
    """An authenticator app."""

    def __init__(self, key: str) -> None:
        self._totp = pyotp.TOTP(key)

    def code(self, steps: int = 0) -> str:
        """The code of now, or so many steps of 30 seconds away."""
        return self._totp.at(clock.now(), counter_offset=steps)


async def with_app(browser: Browser) -> tuple[App, list[str]]:
    """Register and set up an authenticator app; answers it and the recovery codes."""
    await browser.register()
    key = data(await browser.call("POST", "/v1/auth/totp"), 201)
    app = App(key["secret"])
    assert key["uri"].startswith("otpauth://totp/")
    assert key["picture"].startswith("<svg")
    made = data(await browser.call("POST", "/v1/auth/totp/confirm", {"code": app.code(-1)}))
    browser.token = made["token"]
    return app, made["recoveryCodes"]


async def with_passkey(browser: Browser, *, verifies: bool = True) -> Authenticator:
    """Register and add a passkey."""
    await browser.register()
    return await add_passkey(browser, verifies=verifies)


async def add_passkey(browser: Browser, *, verifies: bool = True) -> Authenticator:
    asked = data(await browser.call("POST", "/v1/auth/passkeys/options"))
    key = Authenticator(SITE, verifies)
    body = {"token": asked["token"], "credential": key.create(asked["options"]), "name": "Phone"}
    browser.token = data(await browser.call("POST", "/v1/auth/passkeys", body), 201)["token"]
    return key


async def ask(browser: Browser) -> dict[str, Any]:
    """Sign in with the password and be asked for the second factor."""
    body = {"email": browser.email, "password": "plum harbour lantern 42"}
    asked = data(await browser.post("login", body))
    assert asked["mfaRequired"] is True
    assert set(asked) == {"mfaRequired", "token", "methods", "passkey"}
    return asked


async def answer(browser: Browser, asked: dict[str, Any], **factor: Any) -> httpx.Response:
    """Answer the question for a second factor."""
    return await browser.post("second-factor", {"token": asked["token"], **factor})


# -- one-time passwords


async def test_the_password_alone_does_not_let_in_any_more(browser: Browser) -> None:
    app, codes = await with_app(browser)
    assert len(set(codes)) == 10
    asked = await ask(browser)
    assert asked["methods"] == ["totp", "recoveryCode"]
    assert (await answer(browser, asked, code="000000")).status_code == 401
    browser.token = data(await answer(browser, asked, code=app.code()))["token"]
    assert (await browser.call("GET", "/v1/leads")).status_code == 200
    assert (await answer(browser, asked, code=app.code(1))).status_code == 401, "answered once"


async def test_a_code_may_come_with_the_password(browser: Browser) -> None:
    app, _ = await with_app(browser)
    body = {"email": browser.email, "password": "plum harbour lantern 42"}
    wrong = await browser.post("login", {**body, "code": "000000"})
    assert (wrong.status_code, code(wrong)) == (401, "INVALID_CODE")
    assert "token" in data(await browser.post("login", {**body, "code": app.code()}))


async def test_a_code_is_good_once_and_in_its_time(browser: Browser, later: Any) -> None:
    app, _ = await with_app(browser)
    used = app.code()
    data(await answer(browser, await ask(browser), code=used))
    assert (await answer(browser, await ask(browser), code=used)).status_code == 401
    later(timedelta(minutes=5))
    for steps in (-2, 2):
        assert (await answer(browser, await ask(browser), code=app.code(steps))).status_code == 401
    data(await answer(browser, await ask(browser), code=app.code(-1)))
    data(await answer(browser, await ask(browser), code=app.code(1)))


async def test_of_ten_who_send_one_code_at_once_one_gets_in(browser: Browser) -> None:
    app, _ = await with_app(browser)
    asked = [await ask(browser) for _ in range(4)]
    answers = await asyncio.gather(*(answer(browser, one, code=app.code()) for one in asked))
    assert sorted(a.status_code for a in answers) == [200, 401, 401, 401]


async def test_guessing_codes_locks_them_whatever_the_browser(
    browser: Browser, other: Browser, owner: Owner, later: Any
) -> None:
    app, codes = await with_app(browser)
    asked = await ask(browser)
    for _ in range(5):
        assert code(await answer(browser, asked, code="000000")) == "INVALID_CODE"
    other.email = browser.email
    for one in (browser, other):
        locked = await answer(one, await ask(one), code=app.code())
        assert (locked.status_code, code(locked)) == (423, "ACCOUNT_LOCKED")
        assert (await answer(one, await ask(one), recoveryCode=codes[0])).status_code == 423
    assert {"mfa_failed", "account_locked"} <= set(await events(owner, browser.user["id"]))
    later(timedelta(minutes=31))
    data(await answer(browser, await ask(browser), code=app.code()))


async def test_a_recovery_code_is_good_once_and_told_to_its_owner(
    free: Running, browser: Browser, owner: Owner
) -> None:
    _, codes = await with_app(browser)
    data(await answer(browser, await ask(browser), recoveryCode=codes[3].upper()))
    assert (await answer(browser, await ask(browser), recoveryCode=codes[3])).status_code == 401
    factors = data(await browser.call("GET", "/v1/auth/factors"))
    assert factors["recoveryCodes"] == 9
    assert "recovery_code_used" in await events(owner, browser.user["id"])
    assert any("9 are left" in k.letter.text for k in await written(free, browser.email))


async def test_new_recovery_codes_void_the_old_ones(browser: Browser) -> None:
    _, codes = await with_app(browser)
    fresh = data(await browser.call("POST", "/v1/auth/recovery-codes"), 201)["recoveryCodes"]
    assert not set(fresh) & set(codes)
    assert (await answer(browser, await ask(browser), recoveryCode=codes[0])).status_code == 401
    data(await answer(browser, await ask(browser), recoveryCode=fresh[0]))


async def test_no_key_and_no_code_is_stored_in_clear(browser: Browser, owner: Owner) -> None:
    await browser.register()
    key = data(await browser.call("POST", "/v1/auth/totp"), 201)["secret"]
    code_ = pyotp.TOTP(key).now()
    made = data(await browser.call("POST", "/v1/auth/totp/confirm", {"code": code_}))
    sealed = await owner.fetchval(
        "SELECT sealed FROM tenfold.totp WHERE user_id = $1::uuid", browser.user["id"]
    )
    assert key.encode() not in sealed
    hashes = await owner.fetch("SELECT code_hash FROM tenfold.recovery_codes")
    plain = {one.replace("-", "").encode() for one in made["recoveryCodes"]}
    assert not any(word in row[0] for row in hashes for word in plain)


async def test_removing_the_app_ends_the_question(browser: Browser, owner: Owner) -> None:
    await with_app(browser)
    data(await browser.call("DELETE", "/v1/auth/totp"))
    assert (await browser.login()).status_code == 200
    assert browser.token
    assert "mfa_disabled" in await events(owner, browser.user["id"])
    assert data(await browser.call("GET", "/v1/auth/factors"))["recoveryCodes"] == 0


# -- passkeys


async def test_a_passkey_is_the_second_factor(browser: Browser) -> None:
    key = await with_passkey(browser, verifies=False)
    asked = await ask(browser)
    assert asked["methods"] == ["passkey", "recoveryCode"]
    browser.token = data(await answer(browser, asked, passkey=key.get(asked["passkey"])))["token"]
    assert (await browser.call("GET", "/v1/leads")).status_code == 200


async def test_a_passkey_alone_signs_in(browser: Browser, other: Browser) -> None:
    key = await with_passkey(browser)
    asked = data(await other.post("passkey/options"))
    assert asked["options"]["userVerification"] == "required"
    body = {"token": asked["token"], "credential": key.get(asked["options"])}
    other.token = data(await other.post("passkey", body))["token"]
    me = data(await other.call("GET", "/v1/auth/me"))["user"]
    assert me["email"] == browser.email
    assert (await other.post("passkey", body)).status_code == 401, "the question is answered"


async def test_a_passkey_that_does_not_check_its_owner_is_not_enough_alone(
    browser: Browser, other: Browser
) -> None:
    key = await with_passkey(browser, verifies=False)
    asked = data(await other.post("passkey/options"))
    body = {"token": asked["token"], "credential": key.get(asked["options"])}
    assert (await other.post("passkey", body)).status_code == 401


async def test_a_locked_account_opens_to_its_passkey(browser: Browser, other: Browser) -> None:
    key = await with_passkey(browser)
    other.email = browser.email
    for _ in range(6):
        await other.login("wrong")
    assert (await other.login()).status_code == 423
    asked = data(await other.post("passkey/options"))
    body = {"token": asked["token"], "credential": key.get(asked["options"])}
    data(await other.post("passkey", body))


@pytest.mark.parametrize(
    "change",
    [
        {"origin": "https://evil.example"},
        {"challenge": "AAAA"},
        {"type": "webauthn.create"},
    ],
)
async def test_an_answer_to_another_question_is_refused(
    browser: Browser, other: Browser, change: dict[str, str]
) -> None:
    key = await with_passkey(browser)
    asked = data(await other.post("passkey/options"))
    body = {"token": asked["token"], "credential": key.get(asked["options"], **change)}
    refused = await other.post("passkey", body)
    assert (refused.status_code, code(refused)) == (401, "INVALID_CREDENTIALS")


async def test_a_copied_passkey_is_refused(browser: Browser, other: Browser) -> None:
    key = await with_passkey(browser)
    copy = replace(key)
    for _ in range(2):
        asked = data(await other.post("passkey/options"))
        body = {"token": asked["token"], "credential": key.get(asked["options"])}
        data(await other.post("passkey", body))
    asked = data(await other.post("passkey/options"))
    body = {"token": asked["token"], "credential": copy.get(asked["options"])}
    assert (await other.post("passkey", body)).status_code == 401, "its count goes back"


async def test_a_passkey_for_another_site_is_not_taken(browser: Browser) -> None:
    await browser.register()
    asked = data(await browser.call("POST", "/v1/auth/passkeys/options"))
    strange = Authenticator("https://evil.example").create(asked["options"])
    refused = await browser.call(
        "POST", "/v1/auth/passkeys", {"token": asked["token"], "credential": strange}
    )
    assert (refused.status_code, list(refused.json()["error"]["fields"])) == (400, ["credential"])


async def test_passkeys_alone_and_never_none(browser: Browser, other: Browser) -> None:
    key = await with_passkey(browser)
    data(await browser.call("DELETE", "/v1/auth/password"))
    other.email = browser.email
    assert (await other.login()).status_code == 401
    (mine,) = data(await browser.call("GET", "/v1/auth/factors"))["passkeys"]
    last = await browser.call("DELETE", f"/v1/auth/passkeys/{mine['id']}")
    assert (last.status_code, code(last)) == (409, "LAST_WAY_IN")
    asked = data(await other.post("passkey/options"))
    body = {"token": asked["token"], "credential": key.get(asked["options"])}
    data(await other.post("passkey", body))
    again = {"newPassword": "violet anchor kettle 9"}
    browser.token = data(await browser.call("POST", "/v1/auth/password", again))["token"]
    data(await browser.call("DELETE", f"/v1/auth/passkeys/{mine['id']}"))


async def test_passkeys_are_named_and_listed_for_their_owner_alone(
    browser: Browser, other: Browser
) -> None:
    await with_passkey(browser)
    await other.register()
    (mine,) = data(await browser.call("GET", "/v1/auth/factors"))["passkeys"]
    address = f"/v1/auth/passkeys/{mine['id']}"
    data(await browser.call("PATCH", address, {"name": "  My   phone "}))
    assert (await other.call("PATCH", address, {"name": "Mine"})).status_code == 404
    assert (await other.call("DELETE", address)).status_code == 404
    (mine,) = data(await browser.call("GET", "/v1/auth/factors"))["passkeys"]
    assert mine["name"] == "My phone"


# -- proving it anew, and what needs it


async def test_what_is_dangerous_asks_for_a_fresh_proof(browser: Browser, later: Any) -> None:
    app, _ = await with_app(browser)
    later(timedelta(minutes=11))
    old = browser.token
    for method, path in (
        ("DELETE", "totp"),
        ("POST", "recovery-codes"),
        ("POST", "passkeys/options"),
        ("DELETE", "password"),
    ):
        refused = await browser.call(method, f"/v1/auth/{path}")
        assert (refused.status_code, code(refused)) == (403, "STEP_UP_REQUIRED"), path
    asked = data(await browser.call("POST", "/v1/auth/step-up/options"))
    assert asked["methods"] == ["totp", "recoveryCode"]
    by_password = {"password": "plum harbour lantern 42"}
    refused = await browser.call("POST", "/v1/auth/step-up", by_password)
    assert (refused.status_code, code(refused)) == (401, "INVALID_CODE")
    risen = await browser.call("POST", "/v1/auth/step-up", {"code": app.code()})
    browser.token = data(risen)["token"]
    data(await browser.call("POST", "/v1/auth/recovery-codes"), 201)
    browser.token = old
    assert (await browser.call("GET", "/v1/leads")).status_code == 401, "the old id is over"


async def test_who_has_no_second_factor_proves_it_with_the_password(
    browser: Browser, later: Any
) -> None:
    await browser.register()
    later(timedelta(minutes=11))
    assert (await browser.call("POST", "/v1/auth/totp")).status_code == 403
    for _ in range(5):
        wrong = await browser.call("POST", "/v1/auth/step-up", {"password": "wrong"})
        assert (wrong.status_code, code(wrong)) == (401, "INVALID_CREDENTIALS")
    right = {"password": "plum harbour lantern 42"}
    assert (await browser.call("POST", "/v1/auth/step-up", right)).status_code == 423
    later(timedelta(minutes=31))
    await browser.post("refresh")
    await browser.login()
    later(timedelta(minutes=11))
    browser.token = data(await browser.call("POST", "/v1/auth/step-up", right))["token"]
    data(await browser.call("POST", "/v1/auth/totp"), 201)


async def test_a_passkey_proves_it_anew(browser: Browser, later: Any) -> None:
    key = await with_passkey(browser)
    later(timedelta(minutes=11))
    asked = data(await browser.call("POST", "/v1/auth/step-up/options"))
    body = {"token": asked["token"], "passkey": key.get(asked["passkey"])}
    browser.token = data(await browser.call("POST", "/v1/auth/step-up", body))["token"]
    data(await browser.call("POST", "/v1/auth/recovery-codes"), 201)


# -- sessions, password, organisation


async def test_sessions_are_listed_and_ended(browser: Browser, other: Browser) -> None:
    await browser.register()
    other.email = browser.email
    await other.login()
    found = data(await browser.call("GET", "/v1/auth/sessions"))
    assert [one["current"] for one in found].count(True) == 1
    assert {tuple(one["methods"]) for one in found} == {("pwd",)}
    (strange,) = [one["id"] for one in found if not one["current"]]
    data(await browser.call("DELETE", f"/v1/auth/sessions/{strange}"))
    assert (await other.call("GET", "/v1/leads")).status_code == 401
    assert (await other.post("refresh")).status_code == 401
    await other.login()
    assert data(await browser.call("POST", "/v1/auth/sessions/end-others")) == {"ended": 1}
    assert (await other.call("GET", "/v1/leads")).status_code == 401
    assert (await browser.call("GET", "/v1/leads")).status_code == 200


async def test_a_new_password_needs_the_old_one_and_ends_other_sessions(
    free: Running, browser: Browser, other: Browser
) -> None:
    await browser.register()
    other.email = browser.email
    await other.login()
    body = {"currentPassword": "wrong", "newPassword": "violet anchor kettle 9"}
    refused = await browser.call("POST", "/v1/auth/password", body)
    assert (refused.status_code, list(refused.json()["error"]["fields"])) == (
        400,
        ["currentPassword"],
    )
    body["currentPassword"] = "plum harbour lantern 42"
    weak = await browser.call("POST", "/v1/auth/password", {**body, "newPassword": "letmein123"})
    assert list(weak.json()["error"]["fields"]) == ["newPassword"]
    old = browser.token
    browser.token = data(await browser.call("POST", "/v1/auth/password", body))["token"]
    assert (await browser.call("GET", "/v1/leads")).status_code == 200
    assert (await other.call("GET", "/v1/leads")).status_code == 401
    browser.token = old
    assert (await browser.call("GET", "/v1/leads")).status_code == 401
    assert any(k.letter.kind == "password_changed" for k in await written(free, browser.email))


async def test_a_sign_in_from_a_new_device_is_told(
    free: Running, browser: Browser, other: Browser, owner: Owner
) -> None:
    await browser.register()
    await browser.login()
    assert "new_device" not in await events(owner, browser.user["id"])
    other.email = browser.email
    await other.post(
        "login",
        {"email": browser.email, "password": "plum harbour lantern 42"},
        headers={"user-agent": "Another browser"},
    )
    assert "new_device" in await events(owner, browser.user["id"])
    (letter,) = [k for k in await written(free, browser.email) if k.letter.kind == "new_device"]
    assert "Another browser" in letter.letter.text


async def test_a_browser_without_its_cookie_is_new_and_takes_no_others_place(
    free: Running, browser: Browser, other: Browser, owner: Owner
) -> None:
    """Somebody behind the same address, with the same browser, who knows the password."""
    for one in (browser, other):
        one.http.headers["user-agent"] = "Mozilla/5.0 (X11; Linux x86_64) Firefox/140.0"
    await browser.register()
    other.email = browser.email
    assert (await other.login()).status_code == 200
    assert "new_device" in await events(owner, browser.user["id"])
    assert "new_device" in [k.letter.kind for k in await written(free, browser.email)]
    stranger = Browser(other.http, browser.email)
    stranger.http.cookies.clear()
    for _ in range(6):
        await stranger.login("wrong")
    assert (await stranger.login()).status_code == 423
    assert (await browser.login()).status_code == 200, "its own cookie is as good as before"


async def test_a_program_without_cookies_is_one_device_and_takes_nobodys_cookie(
    browser: Browser, other: Browser, owner: Owner
) -> None:
    await browser.register()
    other.email = browser.email
    for _ in range(2):
        other.http.cookies.clear()
        assert (await other.login()).status_code == 200
    assert "new_device" not in await events(owner, browser.user["id"])
    other.http.cookies.clear()
    for _ in range(6):
        await other.login("wrong")
    assert (await other.login()).status_code == 423
    assert (await browser.login()).status_code == 200


async def test_the_owners_own_device_is_let_in_while_strangers_lock_the_account(
    browser: Browser, other: Browser
) -> None:
    await browser.register()
    other.email = browser.email
    other.http.headers["user-agent"] = "Stranger"
    for _ in range(6):
        await other.login("wrong")
    assert (await other.login()).status_code == 423
    assert (await browser.login()).status_code == 200
    assert [(await browser.login("wrong")).status_code for _ in range(6)] == [401] * 5 + [423]


async def test_an_answer_of_nothing_is_no_wrong_one(browser: Browser) -> None:
    """What was left out is named, and counts as no guess."""
    await browser.register()
    for body in ({}, {"code": "123456"}):
        for _ in range(6):
            answer = await browser.call("POST", "/v1/auth/step-up", body)
            assert (answer.status_code, code(answer)) == (400, "MISSING_FIELDS"), answer.text
            assert "password" in answer.json()["error"]["fields"]
    right = await browser.call("POST", "/v1/auth/step-up", {"password": PASSWORD})
    assert right.status_code == 200, right.text
    answer = await browser.post("second-factor", {"token": "x" * 43})
    assert (answer.status_code, code(answer)) == (400, "MISSING_FIELDS")
