"""One's own e-mail address is changed by a link to the new one, and told to the one before."""

from __future__ import annotations

import hashlib
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from tests.accounts.conftest import PASSWORD, Browser, confirmed
from tests.accounts.letters import link_in, work_off, written
from tests.accounts.test_links import link_for
from tests.accounts.test_second_factors import data
from tests.accounts.test_sign_in import code, events
from tests.conftest import Running
from tests.factories import Owner

pytestmark = pytest.mark.anyio
ASK, USE = "/v1/auth/change-email", "/v1/auth/change-email/use"
_PROVISIONED = "UPDATE tenfold.members SET external_id = '00u1' WHERE user_id = $1"
_HASHES = "SELECT token_hash, email FROM tenfold.links WHERE user_id = $1 AND kind = 'email'"


def another(browser: Browser) -> str:
    """An address that nobody has."""
    return f"{browser.email[:11]}.new@example.com"


async def asked(running: Running, browser: Browser, email: str) -> str:
    """Ask for another address, and read the link in the letter to it."""
    answer = await browser.call("POST", ASK, {"email": email})
    assert (answer.status_code, answer.json()["data"]) == (202, {}), answer.text
    await work_off(running)
    return link_in((await written(running, email.lower()))[0])


async def address(browser: Browser) -> str:
    """The address of who is signed in."""
    return data(await browser.call("GET", "/v1/auth/me"))["user"]["email"]


async def kinds(running: Running, email: str) -> list[str]:
    """What was written to an address, the newest first."""
    return [one.letter.kind for one in await written(running, email)]


async def test_an_address_changes_once_the_link_in_the_letter_to_it_is_used(
    free: Running, browser: Browser, other: Browser, owner: Owner
) -> None:
    await confirmed(browser, owner)
    old, new = browser.email, another(browser)
    other.email = old
    await other.login()
    secret = await asked(free, browser, new.upper())
    (letter,) = await written(free, new)
    assert "Ada" not in letter.letter.text, "nobody writes to strangers through us"
    assert old not in letter.letter.text
    assert (await kinds(free, old))[0] == "email_change_asked"
    assert new in (await written(free, old))[0].letter.text
    assert await address(browser) == old, "nothing has changed yet"
    assert data(await browser.call("POST", USE, {"token": secret})) == {"email": new}
    assert await address(browser) == new, "this session goes on"
    assert (await other.call("GET", "/v1/leads")).status_code == 401, "all others have ended"
    assert (await other.post("refresh")).status_code == 401
    assert (await other.login()).status_code == 401
    other.email = new
    assert (await other.login()).status_code == 200
    assert (await kinds(free, old))[0] == "email_changed"
    assert "email_changed" in await events(owner, browser.user["id"])
    again = await browser.call("POST", USE, {"token": secret})
    assert (again.status_code, code(again)) == (404, "NOT_FOUND")


async def test_the_link_is_stored_as_its_hash_alone(
    free: Running, browser: Browser, owner: Owner
) -> None:
    await confirmed(browser, owner)
    secret = await asked(free, browser, another(browser))
    rows = await owner.fetch(_HASHES, UUID(browser.user["id"]))
    assert [bytes(row[0]) for row in rows] == [hashlib.sha256(secret.encode()).digest()]


async def test_it_needs_a_fresh_proof(browser: Browser, owner: Owner, later: Any) -> None:
    await confirmed(browser, owner)
    later(timedelta(minutes=11))
    refused = await browser.call("POST", ASK, {"email": another(browser)})
    assert (refused.status_code, code(refused)) == (403, "STEP_UP_REQUIRED")


async def test_an_address_that_is_taken_is_told_in_the_letter_to_it_alone(
    free: Running, browser: Browser, other: Browser, owner: Owner
) -> None:
    await confirmed(browser, owner)
    await confirmed(other, owner)
    taken = await browser.call("POST", ASK, {"email": other.email})
    unknown = await browser.call("POST", ASK, {"email": another(browser)})
    assert (taken.status_code, taken.content) == (unknown.status_code, unknown.content)
    await work_off(free)
    (letter,) = [k for k in await written(free, other.email) if k.letter.kind == "has_account"]
    assert "/change-email/" not in letter.letter.text
    assert await kinds(free, another(browser)) == ["new_email"]
    assert (await kinds(free, browser.email))[:2] == ["email_change_asked"] * 2


async def test_an_address_that_was_taken_meanwhile_stays_theirs(
    free: Running, browser: Browser, other: Browser, owner: Owner
) -> None:
    await confirmed(browser, owner)
    other.email = another(browser)
    secret = await asked(free, browser, other.email)
    await confirmed(other, owner)
    refused = await browser.call("POST", USE, {"token": secret})
    assert (refused.status_code, code(refused)) == (409, "EMAIL_TAKEN")
    assert await address(browser) == browser.email


async def test_nobody_else_uses_the_link(
    free: Running, browser: Browser, other: Browser, owner: Owner
) -> None:
    await confirmed(browser, owner)
    await confirmed(other, owner)
    secret = await asked(free, browser, another(browser))
    stranger = await browser.post("change-email/use", {"token": secret})
    assert (stranger.status_code, code(stranger)) == (401, "NO_TOKEN")
    refused = await other.call("POST", USE, {"token": secret})
    assert (refused.status_code, code(refused)) == (403, "FORBIDDEN")
    data(await browser.call("POST", USE, {"token": secret}))


async def test_the_link_ends_after_half_an_hour(
    free: Running, browser: Browser, owner: Owner, later: Any
) -> None:
    await confirmed(browser, owner)
    secret = await asked(free, browser, another(browser))
    later(timedelta(minutes=30, seconds=1))
    await browser.login()
    assert (await browser.call("POST", USE, {"token": secret})).status_code == 404


async def test_links_that_were_mailed_before_let_nobody_in(
    free: Running, browser: Browser, owner: Owner
) -> None:
    await confirmed(browser, owner)
    sign_in = await link_for(free, browser, "sign-in-link")
    reset = await link_for(free, browser, "password-reset")
    earlier = await asked(free, browser, f"first.{browser.email}")
    for email in (another(browser), browser.email):  # there, and back again
        data(await browser.call("POST", USE, {"token": await asked(free, browser, email)}))
    for path, body in (
        ("sign-in-link/use", {"token": sign_in}),
        ("password-reset/use", {"token": reset, "password": f"{PASSWORD} again"}),
    ):
        assert (await browser.post(path, body)).status_code == 404, path
    assert (await browser.call("POST", USE, {"token": earlier})).status_code == 404


async def test_a_new_password_ends_a_change_that_somebody_began(
    free: Running, browser: Browser, other: Browser, owner: Owner
) -> None:
    await confirmed(browser, owner)
    other.email = browser.email
    await other.login()
    secret = await asked(free, other, another(browser))
    body = {"currentPassword": PASSWORD, "newPassword": f"{PASSWORD} again"}
    browser.token = data(await browser.call("POST", "/v1/auth/password", body))["token"]
    assert (await browser.call("POST", USE, {"token": secret})).status_code == 404


async def test_five_letters_an_hour_are_enough(
    free: Running, browser: Browser, owner: Owner
) -> None:
    await confirmed(browser, owner)
    for n in range(7):
        await browser.call("POST", ASK, {"email": f"{n}.{browser.email}"})
    await work_off(free)
    sent = [await kinds(free, f"{n}.{browser.email}") for n in range(7)]
    assert sorted(sent) == [[], [], *[["new_email"]] * 5]


@pytest.mark.parametrize("email", ["", "nobody", "a@b", "x" * 400 + "@example.com"])
async def test_what_is_no_address_is_told(browser: Browser, email: str) -> None:
    await browser.register()
    refused = await browser.call("POST", ASK, {"email": email})
    assert (refused.status_code, list(refused.json()["error"]["fields"])) == (400, ["email"])


async def test_ones_own_address_is_told(browser: Browser) -> None:
    await browser.register()
    refused = await browser.call("POST", ASK, {"email": browser.email.upper()})
    assert refused.json()["error"]["fields"] == {"email": "is your address already"}


async def test_whom_a_directory_knows_keeps_their_address(
    free: Running, browser: Browser, owner: Owner
) -> None:
    await confirmed(browser, owner)
    secret = await asked(free, browser, another(browser))
    await owner.execute(_PROVISIONED, UUID(browser.user["id"]))
    for path, body in ((ASK, {"email": another(browser)}), (USE, {"token": secret})):
        refused = await browser.call("POST", path, body)
        assert (refused.status_code, code(refused)) == (403, "FORBIDDEN"), path
        assert "A directory of Analytical Engines" in refused.json()["error"]["message"]
    assert await address(browser) == browser.email


async def test_who_added_somebody_unasked_learns_nothing_of_them_and_holds_them_nowhere(
    free: Running, browser: Browser, other: Browser, owner: Owner
) -> None:
    """An organisation knows whom it added by an address by that address, until they come."""
    await confirmed(browser, owner)
    await confirmed(other, owner)
    added = await other.call("POST", "/v1/members", {"email": browser.email})
    assert added.status_code == 201, added.text
    mine = UUID(browser.user["id"])
    await owner.execute(
        "UPDATE tenfold.members SET external_id = '00u1' WHERE user_id = $1 AND known_at IS NULL",
        mine,
    )
    assert (await browser.login("wrong horse battery")).status_code == 401
    assert (await browser.login()).status_code == 200
    old, new = browser.email, another(browser)
    secret = await asked(free, browser, new)
    assert data(await browser.call("POST", USE, {"token": secret})) == {"email": new}
    seen = (await other.call("GET", "/v1/security-events?limit=100")).text
    for word in (new, "login_failed", "email_changed", "new_device"):
        assert word not in seen, word
    assert "member_deactivated" in seen
    members = (await other.call("GET", "/v1/members")).text
    assert new not in members
    assert old not in members
    at_home = (await browser.call("GET", "/v1/security-events?limit=100")).text
    assert "email_changed" in at_home
    assert "login_failed" in at_home
