"""Security events: administrators read and search what concerns their organisation."""

from __future__ import annotations

import csv
import io
import json
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec
import pytest
from tests.accounts.conftest import PASSWORD, Browser, confirmed, opened
from tests.accounts.letters import work_off, written
from tests.accounts.test_second_factors import data
from tests.conftest import MakeOrganisation, Running, Serve
from tests.factories import Organisation, Owner, Somebody
from tests.security.conftest import somewhere

from tenfold.accounts.identity import spraying
from tenfold.cli.security_events import Asked, show_events
from tenfold.jobs import enqueue
from tenfold.kernel.context import Context
from tenfold.kernel.errors import Invalid, NotFound
from tenfold.kernel.ids import NIL
from tenfold.kernel.settings import Settings

pytestmark = pytest.mark.anyio
_JOIN = """INSERT INTO tenfold.members (tenant_id, user_id, role, active)
VALUES ($1, $2, 'member', $3)"""
_OF_PERSON = """SELECT event_type, tenant_id, detail::text AS detail
FROM tenfold.security_events WHERE user_id = $1"""
_GOT_IN = """INSERT INTO tenfold.security_events (id, tenant_id, user_id, event_type)
VALUES (gen_random_uuid(), $1, $2, 'login_success')"""


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


# -- of an account, to all its organisations


async def test_what_happens_to_an_account_is_told_to_all_its_organisations(
    browser: Browser, owner: Owner, make_organisation: MakeOrganisation
) -> None:
    await confirmed(browser, owner)
    first, person = UUID(browser.user["organization"]["id"]), UUID(browser.user["id"])
    second, left = (await make_organisation("Second")).id, (await make_organisation("Left")).id
    for tenant, active in ((second, True), (left, False)):
        await owner.execute(_JOIN, tenant, person, active)
    await browser.login("wrong")
    await browser.login()
    for path, body in (
        ("password", {"currentPassword": PASSWORD, "newPassword": f"{PASSWORD} again"}),
        ("totp", None),
    ):
        answer = await browser.call("POST", f"/v1/auth/{path}", body)
        assert answer.is_success, answer.text
        browser.token = answer.json()["data"].get("token", browser.token)
    rows = await owner.fetch(_OF_PERSON, person)
    told = Counter((row["event_type"], row["tenant_id"]) for row in rows)
    assert max(told.values()) == 1
    assert {tenant for _, tenant in told} == {first, second}
    by_event = {event: {t for e, t in told if e == event} for event, _ in told}
    assert by_event["login_failed"] == by_event["password_changed"] == {first, second}
    assert by_event["login_success"] == by_event["registered"] == {first}
    for row in rows:
        elsewhere = {str(first), str(second), str(left)} - {str(row["tenant_id"])}
        assert not [one for one in elsewhere if one in row["detail"]], row["event_type"]


async def test_going_to_another_organisation_does_not_tell_it_of_the_one_before(
    browser: Browser, owner: Owner, make_organisation: MakeOrganisation
) -> None:
    await browser.register()
    second, person = (await make_organisation("Second")).id, UUID(browser.user["id"])
    await owner.execute(_JOIN, second, person, True)
    data(await browser.call("POST", "/v1/auth/switch", {"organizationId": str(second)}))
    (row,) = await owner.fetch(_OF_PERSON + " AND tenant_id = $2", person, second)
    assert row["event_type"] == "organization_switched"
    assert browser.user["organization"]["id"] not in row["detail"]


async def test_a_failure_counts_once_however_many_organisations_hear_of_it(
    serve: Serve, settings: Settings, owner: Owner, make_organisation: MakeOrganisation
) -> None:
    place = ("198.51.100.43", 1)
    free = msgspec.structs.replace(settings, sign_in_per_minute=0)
    async with serve(free) as running, opened(running, transport_client=place) as browser:
        await browser.register()
        for name in ("Second", "Third", "Fourth"):
            tenant = (await make_organisation(name)).id
            await owner.execute(_JOIN, tenant, UUID(browser.user["id"]), True)
        for _ in range(4):
            assert (await browser.login("wrong")).status_code == 401
    noted = "SELECT count(*) FROM tenfold.security_events WHERE ip_address = $1 AND event_type = $2"
    assert await owner.fetchval(noted, place[0], "login_failed") == 16
    assert await owner.fetchval(noted, place[0], "brute_force") == 0


# -- tries to sign in as many people of one organisation


async def _failing(running: Running, people: Sequence[Somebody]) -> None:
    """Sign-ins of people fail, each from an address of its own."""
    for one in people:
        async with opened(running, transport_client=(somewhere(), 1)) as browser:
            browser.email = one.email
            assert (await browser.login("wrong")).status_code == 401


async def _looked(running: Running) -> None:
    async with running.desk.database.transaction(Context(NIL, None)) as tx:
        await enqueue(tx.connection, spraying.SPRAYED_JOB, {}, tenant=NIL)
    await work_off(running)


async def _tried(owner: Owner, organisation: Organisation) -> list[dict[str, Any]]:
    asked = """SELECT detail FROM tenfold.security_events
    WHERE tenant_id = $1 AND event_type = 'brute_force'"""
    return [json.loads(row[0]) for row in await owner.fetch(asked, organisation.id)]


async def test_whoever_administers_is_told_that_many_of_their_people_are_tried(
    serve: Serve, settings: Settings, owner: Owner, organisation: Organisation, later: Any
) -> None:
    operator = "operator7@example.com"
    watched = msgspec.structs.replace(settings, sign_in_per_minute=0, alert_mail=operator)
    boss, admin = [await organisation.person(role) for role in ("owner", "admin")]
    people = [await organisation.person("member", name=f"p{n}") for n in range(6)]
    async with serve(watched) as running:
        await _failing(running, people[:5])
        await _failing(running, people[:1])
        await _looked(running)
        assert await _tried(owner, organisation) == [], "five are no attack"
        await _failing(running, people[5:])
        await _looked(running)
        await _looked(running)
        (told,) = await _tried(owner, organisation)
        assert (told["people"], told["addresses"], len(told["from"])) == (6, 7, 5)
        for who in (boss.email, admin.email):
            (letter,) = [k for k in await written(running, who) if k.letter.kind == "people_tried"]
            assert "6 people of" in letter.letter.text
        assert not await written(running, people[0].email)
        (letter,) = await written(running, operator)
        assert "6 people of" in letter.letter.text
        later(timedelta(hours=1, minutes=1))
        await _failing(running, people)
        await _looked(running)
        assert len(await _tried(owner, organisation)) == 2, "an hour later it is told again"


async def test_who_gets_in_after_all_was_not_tried(
    serve: Serve, settings: Settings, owner: Owner, organisation: Organisation
) -> None:
    free = msgspec.structs.replace(settings, sign_in_per_minute=0)
    people = [await organisation.person("member", name=f"p{n}") for n in range(6)]
    async with serve(free) as running:
        await _failing(running, people)
        await owner.execute(_GOT_IN, organisation.id, people[0].id)
        await _looked(running)
    assert await _tried(owner, organisation) == []


# -- for whoever runs the installation


async def test_the_operator_sees_what_is_no_organisations(
    serve: Serve, settings: Settings, owner: Owner, capsysbinary: Any
) -> None:
    address = "198.51.100.41"
    said: list[str] = []

    async def shown(form: str = "text", **asked: Any) -> list[str]:
        said.clear()
        await show_events(settings, Asked(address=address, **asked), form, said.append)
        return [*said]

    assert await shown() == ["There is no such event."]
    async with (
        serve(settings) as running,
        opened(running, transport_client=(address, 1)) as browser,
    ):
        await browser.register()
        name = browser.user["organization"]["name"]
        browser.email = "nobody.at.all@example.com"
        await browser.login("wrong")
    registered, failed = await shown()
    assert f"registered    {address}  {name}" in registered
    assert f"login_failed  {address}  -" in failed
    words = failed.split()
    for asked in ({"nobodys": True}, {"types": "login_failed"}, {"many": 1}):
        (alone,) = await shown(**asked)
        assert alone.split() == words, asked
    tenant = browser.user["organization"]["id"]
    (alone,) = await shown(organisation=tenant)
    assert alone.split() == registered.split()
    tomorrow = datetime.now(UTC).replace(tzinfo=None) + timedelta(days=1)
    assert await shown(since=tomorrow) == ["There is no such event."]
    (text,) = await shown("json")
    assert [one["organization"] for one in json.loads(text)] == [name, None]
    await shown("csv", nobodys=True)
    (row,) = csv.DictReader(io.StringIO(capsysbinary.readouterr().out.decode()))
    assert (row["event_type"], row["ip_address"], row["tenant_id"]) == ("login_failed", address, "")
    assert row["request_id"]


async def test_what_strangers_wrote_steers_no_terminal(settings: Settings, owner: Owner) -> None:
    add = """INSERT INTO tenfold.security_events (id, event_type, ip_address, detail)
    VALUES (gen_random_uuid(), 'login_failed', '198.51.100.42', $1)"""
    await owner.execute(add, json.dumps({"reason": "\x1b[2J\u202egone\x9b"}))
    said: list[str] = []
    await show_events(settings, Asked(address="198.51.100.42"), "text", said.append)
    assert said[0].endswith("reason=\ufffd[2J\ufffdgone\ufffd")


@pytest.mark.parametrize(
    "asked",
    [
        {"types": "explosion"},
        {"many": 0},
        {"many": 100_001},
        {"organisation": "Looms", "nobodys": True},
    ],
)
async def test_what_the_operator_can_not_ask_is_told(
    settings: Settings, asked: dict[str, Any]
) -> None:
    with pytest.raises(Invalid):
        await show_events(settings, Asked(**asked), "text", print)
    with pytest.raises(NotFound):
        await show_events(settings, Asked(organisation="Nobody & Sons"), "text", print)
