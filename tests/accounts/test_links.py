"""Links by mail: good once, confirmed by POST, for a while, and nothing of them is stored."""

from __future__ import annotations

import asyncio
import json
from datetime import timedelta
from typing import Any

import pytest
from tests.accounts.conftest import PASSWORD, Browser
from tests.accounts.letters import link_in, work_off, written
from tests.accounts.test_lockout import fail
from tests.accounts.test_sign_in import code, events
from tests.conftest import Running
from tests.factories import Owner

pytestmark = pytest.mark.anyio
NEW = "copper meadow violin 17"


async def link_for(running: Running, browser: Browser, kind: str, **more: Any) -> str:
    """Ask for a link and read it in the letter."""
    answer = await browser.post(kind, {"email": browser.email}, **more)
    assert (answer.status_code, answer.json()["data"]) == (202, {})
    await work_off(running)
    wanted = kind.replace("-", "_")
    letters = await written(running, browser.email)
    return link_in(next(one for one in letters if one.letter.kind.startswith(wanted)))


async def test_a_link_signs_in_once(free: Running, browser: Browser, owner: Owner) -> None:
    await browser.register()
    link = await link_for(free, browser, "sign-in-link")
    answer = await browser.post("sign-in-link/use", {"token": link})
    assert answer.status_code == 200, answer.text
    browser.token = answer.json()["data"]["token"]
    assert answer.json()["data"]["user"]["emailVerified"] is True
    assert (await browser.call("GET", "/v1/leads")).status_code == 200
    again = await browser.post("sign-in-link/use", {"token": link})
    assert (again.status_code, code(again)) == (404, "NOT_FOUND")
    assert await events(owner, browser.user["id"]) == [
        "registered",
        "sign_in_link_requested",
        "login_success",
    ]


async def test_of_twenty_who_use_a_link_at_once_one_gets_in(
    free: Running, browser: Browser
) -> None:
    await browser.register()
    link = await link_for(free, browser, "sign-in-link")
    used = [browser.post("sign-in-link/use", {"token": link}) for _ in range(20)]
    assert sorted(a.status_code for a in await asyncio.gather(*used)) == [200] + [404] * 19


async def test_a_link_ends_after_a_quarter_of_an_hour(
    free: Running, browser: Browser, later: Any
) -> None:
    await browser.register()
    link = await link_for(free, browser, "sign-in-link")
    later(timedelta(minutes=15, seconds=1))
    assert (await browser.post("sign-in-link/use", {"token": link})).status_code == 404


async def test_in_another_browser_a_link_asks_for_whom_it_is(
    free: Running, browser: Browser, other: Browser
) -> None:
    await browser.register()
    link = await link_for(free, browser, "sign-in-link")
    asked = await other.post("sign-in-link/use", {"token": link})
    assert (asked.status_code, list(asked.json()["error"]["fields"])) == (400, ["email"])
    wrong = await other.post("sign-in-link/use", {"token": link, "email": other.email})
    assert wrong.status_code == 400
    right = await other.post("sign-in-link/use", {"token": link, "email": browser.email.upper()})
    assert right.status_code == 200


async def test_who_has_no_account_gets_the_same_answer_and_no_letter(
    free: Running, browser: Browser, other: Browser
) -> None:
    await browser.register()
    for kind in ("sign-in-link", "password-reset"):
        known = await browser.post(kind, {"email": browser.email})
        unknown = await other.post(kind, {"email": other.email})
        assert known.content == unknown.content
        assert known.status_code == unknown.status_code == 202
        assert known.headers.keys() == unknown.headers.keys()
    await work_off(free)
    assert await written(free, other.email) == []


async def test_five_letters_an_hour_are_enough(free: Running, browser: Browser, later: Any) -> None:
    await browser.register()
    for _ in range(8):
        await browser.post("sign-in-link", {"email": browser.email})
    await work_off(free)
    sent = [k for k in await written(free, browser.email) if k.letter.kind == "sign_in_link"]
    assert len(sent) == 5
    later(timedelta(minutes=61))
    await link_for(free, browser, "sign-in-link")


async def test_a_reset_lets_the_owner_of_a_locked_account_in(
    free: Running, browser: Browser, other: Browser, owner: Owner
) -> None:
    await browser.register()
    other.email = browser.email
    await fail(other, 5)
    assert (await other.login()).status_code == 423
    link = await link_for(free, other, "password-reset")
    weak = await other.post("password-reset/use", {"token": link, "password": "password1"})
    assert (weak.status_code, list(weak.json()["error"]["fields"])) == (400, ["password"])
    answer = await other.post("password-reset/use", {"token": link, "password": NEW})
    assert answer.status_code == 200, answer.text
    other.token = answer.json()["data"]["token"]
    assert (await other.call("GET", "/v1/leads")).status_code == 200
    assert (await browser.call("GET", "/v1/leads")).status_code == 401, "all others have ended"
    assert (await browser.post("refresh")).status_code == 401
    assert (await other.login(PASSWORD)).status_code == 401
    assert (await other.login(NEW)).status_code == 200
    again = await other.post("password-reset/use", {"token": link, "password": NEW})
    assert again.status_code == 404
    assert "password_reset" in await events(owner, browser.user["id"])
    kinds = [k.letter.kind for k in await written(free, browser.email)]
    assert {"account_locked", "password_reset", "password_changed"} <= set(kinds)


async def test_an_address_is_confirmed_by_the_link_of_the_first_letter(
    free: Running, browser: Browser
) -> None:
    answer = await browser.register()
    assert answer.json()["data"]["user"]["emailVerified"] is False
    (letter,) = await written(free, browser.email)
    assert letter.letter.kind == "verify_email"
    assert "Ada" not in letter.letter.text, "who types another's address writes nothing to them"
    token = {"token": link_in(letter)}
    stranger = await browser.post("verify-email/use", token)
    assert (stranger.status_code, code(stranger)) == (401, "NO_TOKEN")
    used = await browser.call("POST", "/v1/auth/verify-email/use", token)
    assert used.status_code == 200
    me = (await browser.call("GET", "/v1/auth/me")).json()["data"]["user"]
    assert me["emailVerified"] is True
    again = await browser.call("POST", "/v1/auth/verify-email")
    assert (again.status_code, code(again)) == (409, "DUPLICATE")


async def test_a_link_is_good_for_its_own_purpose_alone(free: Running, browser: Browser) -> None:
    await browser.register()
    verify = link_in((await written(free, browser.email))[0])
    for path, body in (
        ("sign-in-link/use", {"token": verify}),
        ("password-reset/use", {"token": verify, "password": NEW}),
    ):
        assert (await browser.post(path, body)).status_code == 404


async def test_a_link_to_an_address_that_changed_is_void(
    free: Running, browser: Browser, owner: Owner
) -> None:
    await browser.register()
    link = await link_for(free, browser, "sign-in-link")
    await owner.execute(
        "UPDATE tenfold.users SET email = 'x' || email WHERE id = $1::uuid", browser.user["id"]
    )
    assert (await browser.post("sign-in-link/use", {"token": link})).status_code == 404


async def test_nothing_in_the_database_opens_the_door(
    free: Running, browser: Browser, owner: Owner
) -> None:
    await browser.register()
    link = await link_for(free, browser, "sign-in-link")
    for table in ("links", "mails", "security_events"):
        rows = await owner.fetch(f"SELECT t.*::text FROM tenfold.{table} t")
        assert rows
        assert not any(link in json.dumps([str(v) for v in row]) for row in rows)
    jobs = await owner.fetch("SELECT payload::text FROM jobs.job")
    assert jobs
    assert not any(link in row[0] for row in jobs)
