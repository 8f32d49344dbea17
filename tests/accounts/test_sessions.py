"""Refresh tokens rotate; one that comes back ends its session, at once and everywhere."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import msgspec
import pytest
from tests.accounts.conftest import Browser, opened
from tests.accounts.test_sign_in import code, events
from tests.conftest import Running, Serve
from tests.factories import Organisation, Owner

from tenfold.accounts.client import Client
from tenfold.accounts.identity.sessions import Proof, Sessions
from tenfold.cli import people
from tenfold.kernel.context import Context
from tenfold.kernel.settings import Settings
from tenfold.web.desk import Desk

pytestmark = pytest.mark.anyio
_WAITS = "SELECT count(*) FROM pg_stat_activity WHERE $1 = ANY (pg_blocking_pids(pid))"


async def refresh_with(browser: Browser, token: str, **headers: str) -> Any:
    """Refresh with a token of one's own choice."""
    browser.http.cookies.clear()
    return await browser.post("refresh", headers={"cookie": f"refreshToken={token}", **headers})


async def test_refresh_gives_a_new_token_each_time(browser: Browser) -> None:
    await browser.register()
    seen = {browser.token}
    cookies = {browser.refresh_token}
    for _ in range(3):
        answer = await browser.post("refresh")
        assert answer.status_code == 200
        assert set(answer.json()["data"]) == {"accessToken", "expiresIn"}
        assert answer.json()["data"]["expiresIn"] == "15m"
        seen.add(answer.json()["data"]["accessToken"])
        cookies.add(browser.refresh_token)
        browser.token = answer.json()["data"]["accessToken"]
        assert (await browser.call("GET", "/v1/auth/me")).status_code == 200
    assert len(seen) == len(cookies) == 4


async def test_refresh_without_a_cookie(browser: Browser) -> None:
    answer = await browser.post("refresh")
    assert (answer.status_code, code(answer)) == (401, "NO_REFRESH_TOKEN")


async def test_refresh_with_a_forged_token(browser: Browser) -> None:
    answer = await refresh_with(browser, "x" * 43)
    assert (answer.status_code, code(answer)) == (401, "INVALID_TOKEN")


async def test_reuse_ends_the_whole_family(browser: Browser, owner: Owner) -> None:
    await browser.register()
    first = browser.refresh_token
    tokens = [first]
    for _ in range(3):
        answer = await browser.post("refresh")
        browser.token = answer.json()["data"]["accessToken"]
        tokens.append(browser.refresh_token)
    answer = await refresh_with(browser, first)
    assert (answer.status_code, code(answer)) == (401, "INVALID_TOKEN")
    for token in tokens:
        assert (await refresh_with(browser, token)).status_code == 401
    assert (await browser.call("GET", "/v1/auth/me")).status_code == 401
    assert await events(owner, browser.user["id"]) == ["registered", "token_reuse"]


async def test_reuse_leaves_other_sessions_alone(browser: Browser, other: Browser) -> None:
    await browser.register()
    other.email = browser.email
    await other.login()
    first = browser.refresh_token
    await browser.post("refresh")
    await browser.post("refresh")
    assert (await refresh_with(browser, first)).status_code == 401
    assert (await other.call("GET", "/v1/auth/me")).status_code == 200
    assert (await other.post("refresh")).status_code == 200


async def test_lost_answer_is_given_again_to_the_same_client(browser: Browser) -> None:
    await browser.register()
    first = browser.refresh_token
    await browser.post("refresh")
    second = browser.refresh_token
    again = await refresh_with(browser, first)
    assert again.status_code == 200
    assert again.headers["set-cookie"].startswith(f"refreshToken={second};")


async def test_lost_answer_is_not_given_to_another_client(browser: Browser) -> None:
    await browser.register()
    first = browser.refresh_token
    await browser.post("refresh")
    second = browser.refresh_token
    stolen = await refresh_with(browser, first, **{"user-agent": "thief"})
    assert stolen.status_code == 401
    assert (await refresh_with(browser, second)).status_code == 401


async def test_lost_answer_is_not_given_after_the_grace(browser: Browser, later: Any) -> None:
    await browser.register()
    first = browser.refresh_token
    await browser.post("refresh")
    second = browser.refresh_token
    later(timedelta(seconds=11))
    assert (await refresh_with(browser, first)).status_code == 401
    assert (await refresh_with(browser, second)).status_code == 401


async def test_twenty_refreshes_at_once_get_one_successor(browser: Browser, owner: Owner) -> None:
    await browser.register()
    first = browser.refresh_token
    answers = await asyncio.gather(*(refresh_with(browser, first) for _ in range(20)))
    assert {a.status_code for a in answers} == {200}
    assert len({a.headers["set-cookie"] for a in answers}) == 1
    assert len({a.json()["data"]["accessToken"] for a in answers}) == 20
    rows = await owner.fetchval(
        "SELECT count(*) FROM tenfold.refresh_tokens WHERE user_id = $1::uuid", browser.user["id"]
    )
    assert rows == 2


async def test_no_descendant_outlives_a_reuse_that_races_with_a_refresh(
    browser: Browser, owner: Owner
) -> None:
    for _ in range(5):
        await browser.register()
        await browser.login()
        first = browser.refresh_token
        await browser.post("refresh")
        second = browser.refresh_token
        await asyncio.gather(
            refresh_with(browser, second),
            refresh_with(browser, first, **{"user-agent": "thief"}),
        )
        alive = await owner.fetchval(
            "SELECT count(*) FROM tenfold.sessions WHERE ended_at IS NULL AND id = "
            "(SELECT family_id FROM tenfold.refresh_tokens WHERE token_hash = sha256($1::bytea))",
            first.encode(),
        )
        assert alive == 0


async def test_no_session_outlives_a_new_password_that_races_with_a_refresh(
    desk: Desk, organisation: Organisation, owner: Owner
) -> None:
    who, sessions, client = await organisation.person(), Sessions(b"k" * 32, 7, 10), Client()
    context, parts = Context(who.tenant, who.id), SimpleNamespace(keyring=desk.keyring)
    async with desk.database.transaction(context) as tx:
        session, token = await sessions.start(tx, who.id, who.tenant, client, Proof(("pwd",)))
    async with desk.database.transaction(context) as tx:
        assert (await sessions.rotate(tx, session, token, client))[0] == "rotated"
        rotating = tx.connection.get_server_pid()
        changing = asyncio.create_task(
            people._replace_password(parts, desk.database, who.email, "new")
        )
        for _ in range(500):
            if await owner.fetchval(_WAITS, rotating):
                break
            await asyncio.sleep(0.01)
    await changing
    alive = "SELECT count(*) FROM tenfold.sessions WHERE user_id = $1 AND ended_at IS NULL"
    assert await owner.fetchval(alive, who.id) == 0


async def test_refresh_token_is_good_for_seven_days(browser: Browser, later: Any) -> None:
    await browser.register()
    later(timedelta(days=6, hours=23))
    assert (await browser.post("refresh")).status_code == 200
    later(timedelta(days=7, minutes=1))
    assert (await refresh_with(browser, browser.refresh_token)).status_code == 401


async def test_logout_ends_the_session_everywhere_at_once(
    browser: Browser, free: Running, app: Running, owner: Owner
) -> None:
    await browser.register()
    token, refresh = browser.token, browser.refresh_token
    async with opened(app) as elsewhere:  # another process of the same installation
        elsewhere.token = token
        assert (await elsewhere.call("GET", "/v1/leads")).status_code == 200
        answer = await browser.post("logout")
        assert answer.status_code == 200
        assert answer.json() == {"success": True, "data": {}}
        assert "Max-Age=0" in answer.headers["set-cookie"]
        assert browser.refresh_token == ""
        gone = await elsewhere.call("GET", "/v1/leads")
        assert (gone.status_code, code(gone)) == (401, "INVALID_TOKEN")
    assert (await browser.call("GET", "/v1/auth/me")).status_code == 401
    assert (await refresh_with(browser, refresh)).status_code == 401
    assert await events(owner, browser.user["id"]) == ["registered", "logout"]


async def test_logout_by_access_token_alone(browser: Browser) -> None:
    await browser.register()
    browser.http.cookies.clear()
    answer = await browser.call("POST", "/v1/auth/logout")
    assert answer.status_code == 200
    assert (await browser.call("GET", "/v1/auth/me")).status_code == 401


async def test_logout_of_nobody_is_fine(browser: Browser) -> None:
    assert (await browser.post("logout")).status_code == 200
    browser.token = "nonsense"
    assert (await browser.call("POST", "/v1/auth/logout")).status_code == 200


@pytest.mark.parametrize("path", ["refresh", "logout"])
async def test_another_sites_page_can_not_use_the_cookie(browser: Browser, path: str) -> None:
    await browser.register()
    for origin in ("https://evil.example", "null", "http://tenfold.test.evil.example"):
        answer = await browser.post(path, headers={"origin": origin})
        assert (answer.status_code, code(answer)) == (403, "WRONG_ORIGIN")
    answer = await browser.post(path, headers={"origin": "http://tenfold.test"})
    assert answer.status_code == 200


async def test_tokens_are_stored_as_hashes(browser: Browser, owner: Owner) -> None:
    await browser.register()
    row = await owner.fetchrow(
        "SELECT token_hash, t::text AS whole FROM tenfold.refresh_tokens t "
        "WHERE user_id = $1::uuid",
        browser.user["id"],
    )
    assert row is not None
    assert len(row["token_hash"]) == 32
    assert browser.refresh_token not in row["whole"]


async def test_what_expired_long_ago_is_forgotten(browser: Browser, owner: Owner) -> None:
    await browser.register()
    await browser.post("refresh")
    await browser.login("wrong")
    user = browser.user["id"]
    account = await owner.fetchval(
        "SELECT detail ->> 'account' FROM tenfold.security_events "
        "WHERE user_id = $1::uuid AND event_type = 'login_failed'",
        user,
    )

    async def left(tokens: str, events: str, failures: str) -> tuple[int, int, int]:
        """What is left of each when it is so old."""
        await owner.execute(
            "UPDATE tenfold.refresh_tokens SET expires_at = now() - $2::text::interval "
            "WHERE user_id = $1::uuid",
            user,
            tokens,
        )
        await owner.execute(
            "UPDATE tenfold.security_events SET created_at = now() - $2::text::interval "
            "WHERE user_id = $1::uuid",
            user,
            events,
        )
        await owner.execute(
            "UPDATE tenfold.sign_in_failures SET at = now() - $2::text::interval "
            "WHERE starts_with(encode(account_hash, 'hex'), $1)",
            account,
            failures,
        )
        for _ in range(2):  # a family's first token goes after the others
            await owner.execute("SELECT tenfold.forget()")
        row = await owner.fetchrow(
            "SELECT (SELECT count(*) FROM tenfold.refresh_tokens WHERE user_id = $1::uuid), "
            "(SELECT count(*) FROM tenfold.security_events WHERE user_id = $1::uuid), "
            "(SELECT count(*) FROM tenfold.sign_in_failures "
            "WHERE starts_with(encode(account_hash, 'hex'), $2))",
            user,
            account,
        )
        assert row is not None
        return row[0], row[1], row[2]

    assert await left("29 days", "11 months", "23 hours") == (2, 2, 1)
    assert await left("31 days", "13 months", "25 hours") == (0, 0, 0)


async def test_refreshing_too_often_does_not_lose_the_session(
    serve: Serve, settings: Settings
) -> None:
    few = msgspec.structs.replace(settings, rate_per_minute=2)
    async with serve(few) as running, opened(running) as browser:
        await browser.register()
        codes = [(await browser.post("refresh")).status_code for _ in range(3)]
        assert codes == [200, 200, 429]
        running.desk.limits.person = None
        assert (await browser.post("refresh")).status_code == 200
