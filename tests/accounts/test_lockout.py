"""Five failures lock an account for a while: half an hour, doubling to a day, never for ever."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from tests.accounts.conftest import Browser
from tests.accounts.test_sign_in import code, events
from tests.conftest import Running
from tests.factories import Owner

from tenfold.accounts.identity.lockout import FIRST, LONGEST, Standing

pytestmark = pytest.mark.anyio


async def fail(browser: Browser, times: int) -> list[int]:
    return [(await browser.login("wrong")).status_code for _ in range(times)]


async def test_fifth_failure_locks_and_the_right_password_does_not_help(
    browser: Browser, owner: Owner
) -> None:
    await browser.register()
    assert await fail(browser, 5) == [401] * 5
    answer = await browser.login()
    assert (answer.status_code, code(answer)) == (423, "ACCOUNT_LOCKED")
    assert 1_795 <= int(answer.headers["retry-after"]) <= 1_800
    assert await events(owner, browser.user["id"]) == [
        "registered",
        *["login_failed"] * 5,
        "account_locked",
        "locked_account_attempt",
    ]


async def test_unknown_account_locks_like_a_known_one(browser: Browser) -> None:
    assert await fail(browser, 6) == [401] * 5 + [423]


async def test_lock_ends_doubles_and_is_forgotten_after_a_success(
    browser: Browser, later: Any
) -> None:
    await browser.register()
    await fail(browser, 5)
    later(timedelta(minutes=30, seconds=1))
    assert await fail(browser, 5) == [401] * 5
    later(timedelta(minutes=59))
    assert (await browser.login()).status_code == 423
    later(timedelta(minutes=2))
    assert (await browser.login()).status_code == 200
    assert await fail(browser, 5) == [401] * 5
    later(timedelta(minutes=31))
    assert (await browser.login()).status_code == 200


async def test_tries_while_locked_do_not_prolong_the_lock(browser: Browser, later: Any) -> None:
    await browser.register()
    await fail(browser, 5)
    later(timedelta(minutes=29))
    assert await fail(browser, 10) == [423] * 10
    later(timedelta(minutes=2))
    assert (await browser.login()).status_code == 200


async def test_a_success_forgets_four_failures(browser: Browser) -> None:
    await browser.register()
    for _ in range(3):
        assert await fail(browser, 4) == [401] * 4
        assert (await browser.login()).status_code == 200


async def test_guesses_sent_at_once_are_counted_one_by_one(browser: Browser) -> None:
    await browser.register()
    answers = await asyncio.gather(*(browser.login(f"wrong {n}") for n in range(20)))
    codes = sorted(a.status_code for a in answers)
    assert codes == [401] * 5 + [423] * 15


async def test_right_guess_among_wrong_ones_comes_too_late(
    browser: Browser, other: Browser, free: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    await browser.register()
    browser.http.cookies.clear()  # from its own device it would be let in
    other.email = browser.email
    passwords = free.app.app.state.gate.accounts.passwords
    real, held, go_on = passwords.matches, asyncio.Event(), asyncio.Event()

    async def slow(stored: str | None, password: str) -> bool:
        right = await real(stored, password)
        if right:
            held.set()
            await go_on.wait()
        return right

    monkeypatch.setattr(passwords, "matches", slow)
    right = asyncio.create_task(browser.login())
    await held.wait()  # it was let in before the account was locked
    await fail(other, 5)
    go_on.set()
    assert (await right).status_code == 423


async def test_twenty_right_sign_ins_at_once_all_succeed(browser: Browser) -> None:
    await browser.register()
    answers = await asyncio.gather(*(browser.login() for _ in range(20)))
    assert {a.status_code for a in answers} == {200}


async def test_a_lock_does_not_end_the_sessions_there_are(browser: Browser, other: Browser) -> None:
    await browser.register()
    other.email = browser.email
    await fail(other, 5)
    assert (await browser.call("GET", "/v1/auth/me")).status_code == 200
    assert (await browser.post("refresh")).status_code == 200


def test_locks_double_to_a_day_and_never_beyond() -> None:
    moment, standing, lengths = datetime(2026, 11, 21, tzinfo=UTC), Standing(), []
    for _ in range(30):
        for _ in range(5):
            standing = standing.after_failure(moment)
        assert standing.locked_until is not None
        lengths.append(standing.locked_until - moment)
        moment = standing.locked_until + timedelta(minutes=1)
    assert lengths[:6] == [FIRST * 2**n for n in range(6)]
    assert lengths[6:] == [LONGEST] * 24


def test_failures_are_forgotten_after_a_quiet_day() -> None:
    moment = datetime(2026, 11, 21, tzinfo=UTC)
    standing = Standing(4, 3, None, moment)
    assert standing.after_failure(moment + timedelta(hours=25)).failures == 1
    assert standing.after_failure(moment + timedelta(hours=23)).locks == 4
