"""Security events: administrators read and search what concerns their organisation."""

from __future__ import annotations

import msgspec
import pytest
from tests.accounts.conftest import Browser, opened
from tests.accounts.letters import written
from tests.accounts.test_second_factors import data
from tests.conftest import Serve
from tests.factories import Owner

from tenfold.kernel.settings import Settings

pytestmark = pytest.mark.anyio


async def test_admins_search_the_events_of_their_organisation(
    browser: Browser, other: Browser
) -> None:
    await browser.register()
    await other.register()
    await browser.login("wrong")
    await browser.login()
    found = data(await browser.call("GET", "/v1/security-events"))
    assert [e["event_type"] for e in found] == ["login_success", "login_failed", "registered"]
    assert {e["email"] for e in found} == {browser.email}
    (failed,) = data(await browser.call("GET", "/v1/security-events?event_type=login_failed"))
    assert failed["ip_address"] == "127.0.0.1"
    two = "/v1/security-events?event_type=login_failed,registered&limit=1"
    page = (await browser.call("GET", two)).json()
    assert page["meta"]["has_more"] is True
    rest = (await browser.call("GET", f"{two}&cursor={page['meta']['next_cursor']}")).json()
    assert [e["event_type"] for e in page["data"] + rest["data"]] == ["login_failed", "registered"]
    mine, theirs = browser.user["id"], other.user["id"]
    assert len(data(await browser.call("GET", f"/v1/security-events?user_id={mine}"))) == 3
    assert data(await browser.call("GET", f"/v1/security-events?user_id={theirs}")) == []
    assert data(await browser.call("GET", "/v1/security-events?ip_address=192.0.2.1")) == []
    later = "since=2999-01-01T00:00:00Z"
    assert data(await browser.call("GET", f"/v1/security-events?{later}")) == []


async def test_what_is_done_to_teams_is_written_down(browser: Browser) -> None:
    await browser.register()
    team = data(await browser.call("POST", "/v1/teams", {"name": "North"}), 201)["id"]
    data(await browser.call("PATCH", f"/v1/teams/{team}", {"name": "Far north"}))
    data(await browser.call("PATCH", f"/v1/teams/{team}", {"name": "Far north"}))
    data(await browser.call("DELETE", f"/v1/teams/{team}"))
    found = data(await browser.call("GET", "/v1/security-events?event_type=permission_changed"))
    told = [(e["detail"]["done"], e["detail"]["team"]["name"]) for e in found]
    assert told == [("deleted", "Far north"), ("changed", "Far north"), ("made", "North")]
    assert found[1]["detail"]["before"]["name"] == "North"


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("event_type=nothing", "event_type"),
        ("user_id=me", "user_id"),
        ("since=yesterday", "since"),
        ("until=x", "until"),
        ("cursor=x", "cursor"),
        ("kind=x", "kind"),
    ],
)
async def test_a_search_names_what_it_does_not_take(
    browser: Browser, query: str, field: str
) -> None:
    await browser.register()
    answer = await browser.call("GET", f"/v1/security-events?{query}")
    assert (answer.status_code, list(answer.json()["error"]["fields"])) == (400, [field])


async def test_many_failures_from_one_address_are_told_once(
    serve: Serve, settings: Settings, owner: Owner
) -> None:
    told = "operator@example.com"
    watched = msgspec.structs.replace(settings, sign_in_per_minute=0, alert_mail=told)
    place = ("198.51.100.77", 4711)
    async with serve(watched) as running, opened(running, transport_client=place) as browser:
        for account in range(14):
            browser.email = f"nobody{account}@example.com"
            assert (await browser.login("wrong")).status_code == 401
        letters = await written(running, told)
    assert [k.letter.kind for k in letters] == ["brute_force"]
    assert "198.51.100.77" in letters[0].letter.text
    noted = "SELECT count(*) FROM tenfold.security_events WHERE ip_address = $1 AND event_type = $2"
    assert await owner.fetchval(noted, place[0], "brute_force") == 1


async def test_many_failures_from_one_network_are_told_once(
    serve: Serve, settings: Settings, owner: Owner
) -> None:
    told = "operator6@example.com"
    watched = msgspec.structs.replace(settings, sign_in_per_minute=0, alert_mail=told)
    async with serve(watched) as running:
        for n in range(14):
            place = (f"2001:db8:77:1::{n + 1:x}", 4711)
            async with opened(running, transport_client=place) as browser:
                browser.email = f"nobody{n}@example.com"
                assert (await browser.login("wrong")).status_code == 401
        letters = await written(running, told)
    assert ["2001:db8:77:1::/64" in k.letter.text for k in letters] == [True]
