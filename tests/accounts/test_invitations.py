"""Invitations: by mail, good once, for the address they were sent to and nobody else."""

from __future__ import annotations

import asyncio
import re
from datetime import timedelta
from typing import Any

import pytest
from tests.accounts.conftest import Browser, confirmed, opened
from tests.accounts.letters import written
from tests.accounts.test_second_factors import data
from tests.accounts.test_sign_in import code, events
from tests.conftest import Running
from tests.factories import Owner

from tenfold.accounts.organisation import invitations
from tenfold.kernel.ids import new_id

pytestmark = pytest.mark.anyio
NEWCOMER = {"firstName": "Grace", "lastName": "Hopper", "password": "copper meadow violin 17"}


async def invite(running: Running, browser: Browser, email: str, **more: Any) -> str:
    """Invite an address; answers the secret of the link in the letter."""
    data(await browser.call("POST", "/v1/invitations", {"email": email, **more}), 201)
    (letter, *_) = [k for k in await written(running, email) if k.letter.kind == "invitation"]
    found = re.search(r"/join/(\S+)", letter.letter.text)
    assert found is not None
    return found[1]


async def test_a_newcomer_joins_with_the_roles_they_were_invited_with(
    free: Running, browser: Browser, other: Browser, owner: Owner
) -> None:
    await confirmed(browser, owner)
    team = data(await browser.call("POST", "/v1/teams", {"name": "North"}), 201)["id"]
    place = {"role": "manager", "roles": ["agent"], "team_id": team}
    link = await invite(free, browser, other.email, **place)
    seen = data(await other.post("invitation", {"token": link}))
    assert seen == {
        "email": other.email,
        "organization": "Analytical Engines",
        "invitedBy": "Ada Byron",
        "hasAccount": False,
    }
    joined = data(await other.post("invitation/join", {"token": link, **NEWCOMER}), 201)
    other.token = joined["token"]
    assert (joined["user"]["role"], joined["user"]["emailVerified"]) == ("manager", True)
    member = data(await browser.call("GET", f"/v1/members/{joined['user']['id']}"))
    assert {k: member[k] for k in place} == place
    assert member["first_name"] == "Grace"
    again = await other.post("invitation/join", {"token": link, **NEWCOMER})
    assert (again.status_code, code(again)) == (404, "NOT_FOUND")
    (invitation,) = data(await browser.call("GET", "/v1/invitations"))
    assert invitation["state"] == "accepted"
    assert data(await browser.call("GET", "/v1/invitations?open=true")) == []
    assert await events(owner, joined["user"]["id"]) == ["invitation_accepted", "login_success"]


async def test_of_twenty_who_join_at_once_one_does(
    free: Running, browser: Browser, other: Browser, owner: Owner
) -> None:
    await confirmed(browser, owner)
    link = await invite(free, browser, other.email)
    tries = [other.post("invitation/join", {"token": link, **NEWCOMER}) for _ in range(20)]
    codes = sorted(a.status_code for a in await asyncio.gather(*tries))
    assert codes[0] == 201
    assert set(codes[1:]) <= {404, 409}


async def test_who_has_an_account_joins_signed_in_to_it(
    free: Running, browser: Browser, other: Browser, owner: Owner
) -> None:
    await confirmed(browser, owner)
    await other.register(organization="Elsewhere")
    link = await invite(free, browser, other.email)
    assert data(await other.post("invitation", {"token": link}))["hasAccount"] is True
    refused = await other.post("invitation/join", {"token": link, **NEWCOMER})
    assert (refused.status_code, code(refused)) == (409, "EMAIL_TAKEN")
    assert (await other.post("invitation/accept", {"token": link})).status_code == 401
    joined = data(await other.call("POST", "/v1/auth/invitation/accept", {"token": link}))
    assert joined["user"]["organization"]["name"] == "Analytical Engines"
    other.token = joined["token"]
    me = data(await other.call("GET", "/v1/auth/me"))
    assert {one["name"] for one in me["organizations"]} == {"Analytical Engines", "Elsewhere"}
    elsewhere = next(o["id"] for o in me["organizations"] if o["name"] == "Elsewhere")
    old = other.token
    switched = data(await other.call("POST", "/v1/auth/switch", {"organizationId": elsewhere}))
    other.token = switched["token"]
    assert switched["user"]["role"] == "owner"
    other.token = old
    assert (await other.call("GET", "/v1/auth/me")).status_code == 401, "that session is over"


async def test_an_invitation_is_for_its_address_alone(
    free: Running, browser: Browser, other: Browser, owner: Owner
) -> None:
    await confirmed(browser, owner)
    await other.register()
    link = await invite(free, browser, "somebody.else@example.com")
    refused = await other.call("POST", "/v1/auth/invitation/accept", {"token": link})
    assert (refused.status_code, code(refused)) == (403, "FORBIDDEN")


async def test_taken_back_replaced_or_old_it_opens_nothing(
    free: Running, browser: Browser, other: Browser, later: Any, owner: Owner
) -> None:
    await confirmed(browser, owner)
    first = await invite(free, browser, other.email)
    second = await invite(free, browser, other.email)
    assert (await other.post("invitation", {"token": first})).status_code == 404
    (one,) = data(await browser.call("GET", "/v1/invitations?open=true"))
    taken = data(await browser.call("DELETE", f"/v1/invitations/{one['id']}"))
    assert taken["state"] == "revoked"
    assert (await other.post("invitation", {"token": second})).status_code == 404
    third = await invite(free, browser, other.email)
    later(timedelta(days=7, seconds=1))
    body = {"token": third, **NEWCOMER}
    assert (await other.post("invitation/join", body)).status_code == 404


async def test_who_may_invite_and_as_what(free: Running, browser: Browser, owner: Owner) -> None:
    await confirmed(browser, owner)
    link = await invite(free, browser, "adm@example.org", role="admin")
    async with opened(free) as admin:
        joined = await admin.post("invitation/join", {"token": link, **NEWCOMER})
        admin.token = data(joined, 201)["token"]
        owner = {"email": "x@example.org", "role": "owner"}
        refused = await admin.call("POST", "/v1/invitations", owner)
        assert refused.status_code == 403
        unknown = {"email": "x@example.org", "roles": ["wizard"]}
        refused = await admin.call("POST", "/v1/invitations", unknown)
        assert list(refused.json()["error"]["fields"]) == ["roles"]
        again = await admin.call("POST", "/v1/invitations", {"email": browser.email})
        assert (again.status_code, code(again)) == (409, "DUPLICATE")


async def test_another_organisations_invitation_is_not_found(
    browser: Browser, other: Browser, owner: Owner
) -> None:
    await confirmed(browser, owner)
    await other.register()
    made = data(await browser.call("POST", "/v1/invitations", {"email": "y@example.org"}), 201)
    for method in ("GET", "DELETE"):
        answer = await other.call(method, f"/v1/invitations/{made['id']}")
        assert answer.status_code == 404


async def test_who_has_not_confirmed_their_own_address_invites_nobody(
    free: Running, browser: Browser
) -> None:
    await browser.register()
    refused = await browser.call("POST", "/v1/invitations", {"email": "z@example.org"})
    assert (refused.status_code, code(refused)) == (403, "EMAIL_NOT_VERIFIED")
    assert [k for k in await written(free, "z@example.org") if k.letter.kind == "invitation"] == []


async def test_an_address_gets_few_invitations_an_hour_from_all_organisations(
    free: Running, browser: Browser, other: Browser, owner: Owner, later: Any
) -> None:
    email = f"{new_id().hex}@example.com"
    await confirmed(browser, owner)
    await confirmed(other, owner)
    for one in (browser, browser, browser, other, other):
        await invite(free, one, email)
    for one in (browser, other):
        refused = await one.call("POST", "/v1/invitations", {"email": email})
        assert (refused.status_code, code(refused)) == (429, "RATE_LIMITED")
        assert 3_500 < int(refused.headers["retry-after"]) <= 3_600
    await invite(free, browser, f"other.{email}")
    later(timedelta(hours=1, seconds=1))
    await other.login()
    await invite(free, other, email)


async def test_an_organisation_sends_so_many_invitations_a_day(
    free: Running,
    browser: Browser,
    other: Browser,
    owner: Owner,
    monkeypatch: pytest.MonkeyPatch,
    later: Any,
) -> None:
    monkeypatch.setattr(invitations, "MOST_A_DAY", 2)
    await confirmed(browser, owner)
    await confirmed(other, owner)
    emails = [f"{new_id().hex}@example.com" for _ in range(3)]
    for email in emails[:2]:
        await invite(free, browser, email)
    refused = await browser.call("POST", "/v1/invitations", {"email": emails[2]})
    assert (refused.status_code, code(refused)) == (429, "RATE_LIMITED")
    assert int(refused.headers["retry-after"]) > 86_000
    await invite(free, other, emails[2])
    later(timedelta(days=1, seconds=1))
    await browser.login()
    await invite(free, browser, emails[2])
