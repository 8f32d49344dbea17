"""Sign-in with providers: who is let in, who is linked to whom, and what is refused."""

from __future__ import annotations

import asyncio
import json
import secrets
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import timedelta
from types import SimpleNamespace
from typing import Any
from urllib.parse import urlencode

import httpx
import msgspec
import pytest
from tests.accounts.conftest import PASSWORD, Browser, confirmed, opened
from tests.accounts.idp import (
    CLIENT,
    SECRET,
    Idp,
    Person,
    by_public_key,
    other_key,
    own_provider,
    query,
    real_provider,
    sign,
)
from tests.accounts.letters import written
from tests.accounts.test_second_factors import add_passkey, data, with_app
from tests.accounts.test_sign_in import code, events
from tests.conftest import Running, Serve
from tests.factories import Owner
from tests.outside.servers import canary, listening

from tenfold.kernel.settings import Settings
from tenfold.outside.calls import Outside
from tenfold.web.api.auth_oidc import link_address

pytestmark = pytest.mark.anyio
HERE = "http://127.0.0.1:8000"
HTML = {"accept": "text/html"}
KNOWN = {"client_id": CLIENT, "client_secret": SECRET}


@dataclass
class Site:
    """The application, and the providers that it knows."""

    running: Running
    own: Idp
    second: Idp


@pytest.fixture(scope="module")
def real() -> Iterator[str]:
    """A provider that we did not write."""
    with real_provider() as issuer:
        yield issuer


@pytest.fixture(scope="module")
async def started(
    serve: Serve, settings: Settings, real: str, anyio_backend: str
) -> AsyncIterator[Site]:
    """The application with its providers."""
    async with AsyncExitStack() as stack:
        own, second = [await stack.enter_async_context(own_provider()) for _ in range(2)]
        listed = [
            {"key": "own", "label": "Own", "issuer": own.issuer, **KNOWN},
            {"key": "second", "issuer": second.issuer, **KNOWN, "trust_mfa": True},
            {"key": "real", "issuer": real, **KNOWN},
        ]
        running = await stack.enter_async_context(serve(with_providers(settings, listed, 20.0)))
        yield Site(running, own, second)


def with_providers(settings: Settings, listed: list[dict[str, Any]], seconds: float) -> Settings:
    """Settings with providers on this machine."""
    return msgspec.structs.replace(
        settings,
        sign_in_per_minute=0,
        oidc_providers=json.dumps(listed),
        outside_networks="127.0.0.0/8",
        provider_seconds=seconds,
    )


@pytest.fixture
def site(started: Site) -> Site:
    """The same, with providers that are honest again."""
    for one in (started.own, started.second):
        for name, value in vars(Idp(issuer=one.issuer, key=one.key)).items():
            setattr(one, name, value)
    return started


@pytest.fixture
async def browser(site: Site) -> AsyncIterator[Browser]:
    """A browser of somebody who has no account yet."""
    async with opened(site.running) as made:
        yield made


@pytest.fixture
async def other(site: Site) -> AsyncIterator[Browser]:
    """Another browser."""
    async with opened(site.running) as made:
        yield made


async def leave(browser: Browser, key: str = "own", **asked: str) -> str:
    """Where a provider's button leads the browser."""
    path = f"/v1/auth/oidc/{key}/start"
    answer = await browser.http.get(path, params=asked, headers=HTML)
    assert answer.status_code == 303, answer.text
    return answer.headers["location"]


async def come_back(
    browser: Browser, returned: dict[str, str], key: str = "own", **headers: str
) -> httpx.Response:
    """The browser at our door again, as the provider sent it."""
    path = f"/v1/auth/oidc/{key}/callback?{urlencode(returned)}"
    return await browser.http.get(path, headers=headers)


async def through(
    browser: Browser, idp: Idp, person: Person, key: str = "own", **asked: str
) -> httpx.Response:
    """All the way, answered in JSON."""
    return await come_back(browser, idp.agree(await leave(browser, key, **asked), person), key)


async def newcomer(browser: Browser, idp: Idp, person: Person, key: str = "own") -> None:
    """Register by a provider."""
    asked = data(await through(browser, idp, person, key))
    assert asked == {
        "signInFirst": False,
        "email": person.email,
        "firstName": "Grace",
        "lastName": "Hopper",
    }
    body = {"organization": "Compilers"}
    made = data(await browser.post("oidc/register", body), 201)
    browser.token, browser.user = made["token"], made["user"]


async def link(browser: Browser, idp: Idp, person: Person, key: str = "own") -> httpx.Response:
    """Link an identity from one's settings."""
    begun = data(await browser.call("POST", f"/v1/auth/oidc/{key}/link", {}))
    return await come_back(browser, idp.agree(begun["url"], person), key)


async def mine(browser: Browser) -> list[dict[str, Any]]:
    """One's identities."""
    return data(await browser.call("GET", "/v1/auth/identities"))


async def linked(owner: Owner, person: Person) -> int:
    """How many accounts somebody is linked to."""
    return await owner.fetchval(
        "SELECT count(*) FROM tenfold.identities WHERE subject = $1", person.subject
    )


async def told(owner: Owner, browser: Browser, *events_: str) -> list[str]:
    found = await events(owner, browser.user["id"])
    return [one for one in found if one in events_]


# -- a provider that we did not write


async def agree_at(address: str, subject: str) -> dict[str, str]:
    """Sign in at the real provider, as its form does."""
    async with httpx.AsyncClient() as there:
        answer = await there.post(address, data={"sub": subject})
    assert answer.status_code == 302, answer.text
    assert answer.headers["location"].startswith(f"{HERE}/v1/auth/oidc/real/callback?")
    return query(answer.headers["location"])


async def real_person(real: str, **claims: Any) -> Person:
    """Somebody at the real provider."""
    person = Person()
    async with httpx.AsyncClient() as there:
        body = {**person.told, **claims}
        await there.put(f"{real}/users/{person.subject}", json=body)
    return person


async def test_somebody_new_registers_and_then_signs_in(
    browser: Browser, other: Browser, real: str, owner: Owner
) -> None:
    person = await real_person(real)
    asked = data(
        await come_back(
            browser, await agree_at(await leave(browser, "real"), person.subject), "real"
        )
    )
    assert (asked["signInFirst"], asked["email"]) == (False, person.email)
    assert await linked(owner, person) == 0
    made = data(await browser.post("oidc/register", {"organization": "Compilers"}), 201)
    assert made["user"]["emailVerified"] is True
    assert made["user"]["organization"]["name"] == "Compilers"
    back = await agree_at(await leave(other, "real"), person.subject)
    again = data(await come_back(other, back, "real"))
    assert again["user"]["id"] == made["user"]["id"]
    assert other.http.cookies["refreshToken"]
    other.token = again["token"]
    (session,) = [s for s in data(await other.call("GET", "/v1/auth/sessions")) if s["current"]]
    assert session["methods"] == ["fed"]
    assert (await other.call("GET", "/v1/leads")).status_code == 200


async def test_an_address_that_the_provider_has_not_verified_opens_nothing(
    browser: Browser, other: Browser, real: str, owner: Owner
) -> None:
    await confirmed(other, owner)
    for verified in (False, None, "yes", 1):
        person = await real_person(real, email=other.email, email_verified=verified)
        back = await agree_at(await leave(browser, "real"), person.subject)
        refused = await come_back(browser, back, "real")
        assert (refused.status_code, code(refused)) == (403, "EMAIL_NOT_VERIFIED")
        assert await linked(owner, person) == 0
    assert "refreshToken" not in browser.http.cookies


async def test_a_code_is_good_once_at_the_real_provider(browser: Browser, real: str) -> None:
    person = await real_person(real)
    back = await agree_at(await leave(browser, "real"), person.subject)
    data(await come_back(browser, back, "real"))
    later = query(await leave(browser, "real"))
    refused = await come_back(browser, {**back, "state": later["state"]}, "real")
    assert (refused.status_code, code(refused)) == (401, "INVALID_TOKEN")


# -- what the browser sees


async def test_pages_lead_there_and_back(browser: Browser, other: Browser, site: Site) -> None:
    person = Person()
    begun = await leave(browser, next="/leads")
    answer = await come_back(browser, site.own.agree(begun, person), **HTML)
    assert (answer.status_code, answer.headers["location"]) == (303, "/sign-in/new")
    page = await browser.http.get("/sign-in/new")
    assert person.email in page.text
    assert "What is your organisation called?" in page.text
    form = {"content-type": "application/x-www-form-urlencoded"}
    blank = await browser.http.post("/sign-in/new", content="organization=+", headers=form)
    assert (blank.status_code, "is required" in blank.text) == (400, True)
    done = await browser.http.post("/sign-in/new", content="organization=Nanoseconds", headers=form)
    assert (done.status_code, done.headers["location"]) == (303, "/leads")
    assert (await browser.http.get("/leads")).status_code == 200
    assert "offer" not in browser.http.cookies
    begun = await leave(other, next="/leads")
    again = await come_back(other, site.own.agree(begun, person), **HTML)
    assert (again.status_code, again.headers["location"]) == (303, "/leads")
    assert (await other.http.get("/leads")).status_code == 200


async def test_where_to_go_afterwards_is_a_page_of_ours(browser: Browser, site: Site) -> None:
    person = Person()
    await newcomer(browser, site.own, person)
    for bad in ("https://evil.example/", "//evil.example", "/\\evil.example"):
        begun = await leave(browser, next=bad)
        answer = await come_back(browser, site.own.agree(begun, person), **HTML)
        assert (answer.status_code, answer.headers["location"]) == (303, "/")


async def test_the_owner_of_an_account_signs_in_first_and_then_links(
    browser: Browser, other: Browser, site: Site, owner: Owner
) -> None:
    await confirmed(browser, owner)
    person = Person(email=browser.email)
    answer = await come_back(other, site.own.agree(await leave(other), person), **HTML)
    assert answer.headers["location"] == "/sign-in/known"
    assert "Sign in to it" in (await other.http.get("/sign-in/known")).text
    assert await linked(owner, person) == 0
    form = {"content-type": "application/x-www-form-urlencoded"}
    body = urlencode({"email": browser.email, "password": PASSWORD, "next": "/sign-in/link"})
    signed = await other.http.post("/login", content=body, headers=form)
    assert signed.headers["location"] == "/sign-in/link"
    page = await other.http.get("/sign-in/link")
    assert "Link Own to your account?" in page.text
    assert await linked(owner, person) == 0
    forged = await other.http.post("/sign-in/link", content="answer=yes", headers=form)
    assert forged.status_code == 403
    token = page.text.partition('name="csrf" value="')[2].partition('"')[0]
    yes = urlencode({"answer": "yes", "csrf": token})
    assert (await other.http.post("/sign-in/link", content=yes, headers=form)).status_code == 303
    assert await linked(owner, person) == 1
    assert data(await through(browser, site.own, person))["user"]["email"] == browser.email
    assert await told(owner, browser, "identity_linked") == ["identity_linked"]
    (letter,) = [
        one.letter.text
        for one in await written(site.running, browser.email)
        if "was linked" in one.letter.text
    ]
    assert f"Own ({browser.email}) was linked to your account." in letter


async def test_an_offer_is_only_for_the_account_with_its_address(
    browser: Browser, other: Browser, site: Site, owner: Owner
) -> None:
    await confirmed(browser, owner)
    await confirmed(other, owner)
    person = Person(email=browser.email)
    assert data(await through(other, site.own, person))["signInFirst"] is True
    refused = await other.call("POST", "/v1/auth/identities")
    assert (refused.status_code, code(refused)) == (403, "FORBIDDEN")
    assert await linked(owner, person) == 0
    assert data(await through(browser, site.own, person))["signInFirst"] is True
    data(await browser.call("POST", "/v1/auth/identities"), 201)
    assert await linked(owner, person) == 1


async def test_nobody_registers_with_an_address_that_has_an_account(
    browser: Browser, other: Browser, site: Site, owner: Owner
) -> None:
    await confirmed(browser, owner)
    person = Person(email=browser.email)
    data(await through(other, site.own, person))
    taken = await other.post("oidc/register", {"organization": "Mine now"})
    assert (taken.status_code, code(taken)) == (409, "EMAIL_TAKEN")
    assert await linked(owner, person) == 0


# -- several identities on one account


async def test_several_providers_on_one_account(
    browser: Browser, other: Browser, site: Site, owner: Owner
) -> None:
    await confirmed(browser, owner)
    first, second = Person(), Person()
    assert data(await link(browser, site.own, first)) == {"label": "Own"}
    assert data(await link(browser, site.second, second, "second")) == {"label": "Second"}
    assert [(one["label"], one["email"], one["signsIn"]) for one in await mine(browser)] == [
        ("Own", first.email, True),
        ("Second", second.email, True),
    ]
    for idp, person, key in ((site.own, first, "own"), (site.second, second, "second")):
        entered = data(await through(other, idp, person, key))
        assert entered["user"]["email"] == browser.email


async def test_an_identity_belongs_to_one_account(
    browser: Browser, other: Browser, site: Site, owner: Owner
) -> None:
    await confirmed(browser, owner)
    await confirmed(other, owner)
    person = Person()
    data(await link(browser, site.own, person))
    data(await link(browser, site.own, person))  # their own already
    refused = await link(other, site.own, person)
    assert (refused.status_code, code(refused)) == (409, "DUPLICATE")
    assert await mine(other) == []


async def test_linking_needs_somebody_who_has_proved_lately_who_they_are(
    browser: Browser, site: Site, owner: Owner
) -> None:
    await confirmed(browser, owner)
    old = "UPDATE tenfold.sessions SET sure_at = now() - interval '11 minutes' WHERE user_id = $1"
    begun = data(await browser.call("POST", "/v1/auth/oidc/own/link", {}))
    await owner.execute(old, browser.user["id"])
    refused = await browser.call("POST", "/v1/auth/oidc/own/link", {})
    assert (refused.status_code, code(refused)) == (403, "STEP_UP_REQUIRED")
    person = Person()
    late = await come_back(browser, site.own.agree(begun["url"], person))
    assert (late.status_code, code(late)) == (403, "STEP_UP_REQUIRED")
    assert await linked(owner, person) == 0


async def test_an_account_whose_address_is_not_confirmed_is_no_trap_for_its_owner(
    browser: Browser, site: Site, owner: Owner
) -> None:
    """Who registers with another's address can't leave a door of theirs open."""
    await browser.register()
    person = Person()
    refused = await link(browser, site.own, person)
    assert (refused.status_code, code(refused)) == (403, "EMAIL_NOT_VERIFIED")
    assert await linked(owner, person) == 0
    data(await link(browser, site.own, Person(email=browser.email)))
    confirmed_at = await owner.fetchval(
        "SELECT email_verified_at FROM tenfold.users WHERE email = $1", browser.email
    )
    assert confirmed_at is not None
    data(await link(browser, site.own, person))


async def test_a_session_that_ended_meanwhile_links_nothing(
    browser: Browser, site: Site, owner: Owner
) -> None:
    await confirmed(browser, owner)
    begun = data(await browser.call("POST", "/v1/auth/oidc/own/link", {}))
    await browser.call("POST", "/v1/auth/logout")
    person = Person()
    refused = await come_back(browser, site.own.agree(begun["url"], person))
    assert (refused.status_code, code(refused)) == (401, "INVALID_TOKEN")
    assert await linked(owner, person) == 0


async def test_unlinking_never_takes_the_last_way_in(
    browser: Browser, site: Site, owner: Owner
) -> None:
    person, another = Person(), Person()
    await newcomer(browser, site.own, person)
    (only,) = await mine(browser)
    refused = await browser.call("DELETE", f"/v1/auth/identities/{only['id']}")
    assert (refused.status_code, code(refused)) == (409, "LAST_WAY_IN")
    assert await linked(owner, person) == 1
    data(await link(browser, site.second, another, "second"))
    data(await browser.call("DELETE", f"/v1/auth/identities/{only['id']}"))
    assert [one["email"] for one in await mine(browser)] == [another.email]
    gone = await browser.call("DELETE", f"/v1/auth/identities/{only['id']}")
    assert (gone.status_code, code(gone)) == (404, "NOT_FOUND")
    assert await told(owner, browser, "identity_unlinked") == ["identity_unlinked"]
    letters = [one.letter.text for one in await written(site.running, person.email)]
    assert any("Own was unlinked from your account." in text for text in letters)


async def test_a_provider_is_a_way_in_for_who_removes_password_or_passkey(
    browser: Browser, site: Site, owner: Owner
) -> None:
    await confirmed(browser, owner)
    refused = await browser.call("DELETE", "/v1/auth/password")
    assert (refused.status_code, code(refused)) == (409, "LAST_WAY_IN")
    assert (await browser.login()).status_code == 200
    data(await link(browser, site.own, Person()))
    await add_passkey(browser)
    data(await browser.call("DELETE", "/v1/auth/password"))
    (key,) = data(await browser.call("GET", "/v1/auth/factors"))["passkeys"]
    data(await browser.call("DELETE", f"/v1/auth/passkeys/{key['id']}"))
    (only,) = await mine(browser)
    last = await browser.call("DELETE", f"/v1/auth/identities/{only['id']}")
    assert (last.status_code, code(last)) == (409, "LAST_WAY_IN")


async def test_who_left_is_not_let_in(
    browser: Browser, other: Browser, site: Site, owner: Owner
) -> None:
    person = Person()
    await newcomer(browser, site.own, person)
    await owner.execute("UPDATE tenfold.users SET active = false WHERE id = $1", browser.user["id"])
    refused = await through(other, site.own, person)
    assert (refused.status_code, code(refused)) == (401, "INVALID_TOKEN")


async def test_who_was_invited_joins_with_their_provider(
    browser: Browser, other: Browser, site: Site, owner: Owner
) -> None:
    await confirmed(browser, owner)
    person = Person()
    data(await browser.call("POST", "/v1/invitations", {"email": person.email}), 201)
    (letter,) = await written(site.running, person.email)
    secret = letter.letter.text.partition("/join/")[2].split()[0]
    begun = await leave(other, next=f"/join/{secret}")
    await come_back(other, site.own.agree(begun, person), **HTML)
    assert "Join Analytical Engines" in (await other.http.get("/sign-in/new")).text
    form = {"content-type": "application/x-www-form-urlencoded"}
    assert (await other.http.post("/sign-in/new", content="", headers=form)).status_code == 303
    entered = data(await through(other, site.own, person))
    assert entered["user"]["organization"]["name"] == "Analytical Engines"
    assert entered["user"]["role"] == "member"


async def test_an_invitation_is_for_its_address_alone(
    browser: Browser, other: Browser, site: Site, owner: Owner
) -> None:
    await confirmed(browser, owner)
    invited, person = Person(), Person()
    data(await browser.call("POST", "/v1/invitations", {"email": invited.email}), 201)
    (letter,) = await written(site.running, invited.email)
    secret = letter.letter.text.partition("/join/")[2].split()[0]
    data(await through(other, site.own, person))
    refused = await other.post("oidc/register", {"invitation": secret})
    assert (refused.status_code, code(refused)) == (403, "FORBIDDEN")


# -- second factors


async def test_a_second_factor_is_asked_for_after_a_provider(
    browser: Browser, other: Browser, site: Site, owner: Owner
) -> None:
    app, _ = await with_app(browser)
    await owner.execute(
        "UPDATE tenfold.users SET email_verified_at = now() WHERE email = $1", browser.email
    )
    person, trusted = Person(claims={"amr": ["pwd", "mfa"]}), Person(claims={"amr": ["mfa"]})
    data(await link(browser, site.own, person))
    data(await link(browser, site.second, trusted, "second"))
    asked = data(await through(other, site.own, person))  # says so, but is not trusted with it
    assert asked["mfaRequired"] is True
    answer = {"token": asked["token"], "code": app.code()}
    other.token = data(await other.post("second-factor", answer))["token"]
    sessions = data(await other.call("GET", "/v1/auth/sessions"))
    assert {"fed", "otp", "mfa"} in [set(one["methods"]) for one in sessions]
    entered = data(await through(other, site.second, trusted, "second"))
    assert entered["user"]["email"] == browser.email
    site.second.change_claims = lambda claims: claims.pop("amr")
    assert data(await through(other, site.second, trusted, "second"))["mfaRequired"] is True


# -- attacks


def claims(**changed: Any) -> Callable[[Idp], None]:
    """An ID token with other claims; None leaves one out."""

    def change(told: dict[str, Any]) -> None:
        told.update(changed)
        for name in [name for name, value in changed.items() if value is None]:
            del told[name]

    return lambda idp: setattr(idp, "change_claims", change)


def moved(name: str, seconds: int) -> Callable[[Idp], None]:
    """An ID token whose moment lies elsewhere."""

    def change(told: dict[str, Any]) -> None:
        told[name] = told["iat"] + seconds

    return lambda idp: setattr(idp, "change_claims", change)


def forged(forge: Callable[[Idp, dict[str, Any], dict[str, Any]], str]) -> Callable[[Idp], None]:
    """An ID token that is made otherwise."""

    def lie(idp: Idp) -> None:
        idp.forge = lambda header, told: forge(idp, header, told)

    return lie


LIES: dict[str, Callable[[Idp], None]] = {
    "another nonce": claims(nonce=secrets.token_urlsafe(32)),
    "no nonce": claims(nonce=None),
    "another issuer": claims(iss="https://accounts.google.com"),
    "another audience": claims(aud="another-client"),
    "several audiences without ours": claims(aud=["one", "two"]),
    "our audience among others, for another": claims(aud=[CLIENT, "two"], azp="two"),
    "our audience among others, for nobody": claims(aud=["two", CLIENT]),
    "another authorized party": claims(azp="another-client"),
    "no subject": claims(sub=None),
    "an empty subject": claims(sub=""),
    "a subject that is a number": claims(sub=7),
    "no expiry": claims(exp=None),
    "no time": claims(iat=None),
    "another access token's hash": claims(at_hash="bm90IGl0cyBoYXNoIGF0IGFsbA"),
    "expired": moved("exp", -120),
    "not yet": moved("nbf", 600),
    "from the future": moved("iat", 600),
    "an expiry that is no number": claims(exp="tomorrow"),
    "an endless expiry": claims(exp=float("nan")),
    "unsigned": forged(lambda _idp, h, told: sign({**h, "alg": "none"}, told, None)),
    "signed with the public key": forged(lambda idp, h, told: by_public_key(h, told, idp.key)),
    "signed with another key of that name": forged(
        lambda _idp, h, told: sign({**h, "alg": "RS256"}, told, other_key())
    ),
    "an unknown key": forged(
        lambda _idp, h, told: sign({**h, "alg": "RS256", "kid": "x"}, told, other_key("x"))
    ),
    "a key on the disk": forged(
        lambda _idp, h, told: by_public_key({**h, "kid": "../../../dev/null"}, told, other_key())
    ),
    "no token at all": lambda idp: setattr(
        idp, "change_tokens", lambda tokens: tokens.pop("id_token")
    ),
    "a token that is none": forged(lambda *_: "a.b.c"),
    "half a token": forged(lambda *_: "eyJhbGciOiJFUzI1NiJ9"),
}


@pytest.mark.parametrize("lie", LIES)
async def test_an_id_token_that_is_not_right_lets_nobody_in(
    browser: Browser, other: Browser, site: Site, lie: str
) -> None:
    person = Person()
    await newcomer(browser, site.own, person)
    LIES[lie](site.own)
    refused = await through(other, site.own, person)
    assert (refused.status_code, code(refused)) == (401, "INVALID_TOKEN")
    assert "refreshToken" not in other.http.cookies


async def test_the_honest_provider_lets_in(browser: Browser, other: Browser, site: Site) -> None:
    """What the test above refuses is refused because of the lie."""
    person = Person()
    await newcomer(browser, site.own, person)
    for good in (claims(azp=CLIENT), claims(aud=[CLIENT]), moved("exp", -30), moved("iat", 30)):
        good(site.own)
        assert data(await through(other, site.own, person))["user"]["email"] == person.email


@pytest.mark.parametrize("name", ["jku", "x5u", "kid"])
async def test_no_address_in_a_token_is_ever_asked(
    browser: Browser, other: Browser, site: Site, name: str
) -> None:
    person = Person()
    await newcomer(browser, site.own, person)
    async with canary() as bird:
        at = f"http://127.0.0.1:{bird.port}/keys"
        header = {"alg": "RS256", name: at, "jwk": other_key().as_dict(private=False)}
        site.own.forge = lambda h, told: sign({**h, **header}, told, other_key())
        refused = await through(other, site.own, person)
        assert (refused.status_code, code(refused)) == (401, "INVALID_TOKEN")
    assert bird.connections == 0


async def test_a_state_is_good_in_its_own_browser_and_once(
    browser: Browser, other: Browser, site: Site, owner: Owner
) -> None:
    person = Person()
    await newcomer(browser, site.own, person)
    begun = site.own.agree(await leave(other), person)
    kept = other.http.cookies["provider"]
    victim = await come_back(browser, begun)
    assert (victim.status_code, code(victim)) == (401, "INVALID_TOKEN")
    await leave(browser)
    swapped = await come_back(browser, begun)
    assert (swapped.status_code, code(swapped)) == (401, "INVALID_TOKEN")
    data(await come_back(other, begun))
    other.http.cookies.set("provider", kept)
    again = await come_back(other, {**begun, "code": "another"})
    assert (again.status_code, code(again)) == (401, "INVALID_TOKEN")
    assert "begun in this browser" in again.json()["error"]["message"]
    for broken in ("", kept[:-4], "x" * 40, kept + "é"):
        other.http.cookies.clear()
        raw = {"cookie": f"provider={broken}".encode()}
        refused = await other.http.get(
            f"/v1/auth/oidc/own/callback?{urlencode(begun)}",
            headers=raw,  # pyright: ignore[reportArgumentType]
        )
        assert (refused.status_code, code(refused)) == (401, "INVALID_TOKEN")


async def test_what_was_begun_must_be_finished_in_time(
    browser: Browser, site: Site, later: Callable[[timedelta], None]
) -> None:
    begun = site.own.agree(await leave(browser), Person())
    later(timedelta(minutes=11))
    refused = await come_back(browser, begun)
    assert (refused.status_code, code(refused)) == (401, "INVALID_TOKEN")
    assert site.own.paths.count("/token") == 0


async def test_an_answer_of_one_provider_is_not_taken_for_anothers(
    browser: Browser, other: Browser, site: Site
) -> None:
    """Mix-up (RFC 9700, 4.4): no code is sent to a provider that did not make it."""
    person = Person()
    await newcomer(browser, site.own, person)
    mixed = site.own.agree(await leave(other, "second"), person)
    refused = await come_back(other, mixed, "second")
    assert (refused.status_code, code(refused)) == (401, "INVALID_TOKEN")
    assert "another provider" in refused.json()["error"]["message"]
    mixed = site.own.agree(await leave(other, "second"), person)
    del mixed["iss"]  # though the provider says that it always sends it
    refused = await come_back(other, mixed, "second")
    assert (refused.status_code, code(refused)) == (401, "INVALID_TOKEN")
    elsewhere = site.own.agree(await leave(other), person)
    refused = await come_back(other, elsewhere, "second")
    assert (refused.status_code, code(refused)) == (401, "INVALID_TOKEN")
    assert "/token" not in site.second.paths


async def test_each_provider_has_an_address_of_its_own_to_come_back_to(
    browser: Browser, site: Site
) -> None:
    for key in ("own", "second"):
        asked = query(await leave(browser, key))
        assert asked["redirect_uri"] == f"{HERE}/v1/auth/oidc/{key}/callback"


async def test_a_code_that_was_meant_for_another_browser_is_refused(
    browser: Browser, other: Browser, site: Site
) -> None:
    """PKCE and nonce: an attacker's code (or a stolen one) does nothing elsewhere."""
    person = Person()
    await newcomer(browser, site.own, person)
    begun = await leave(other)
    asked = query(begun)
    assert asked["code_challenge_method"] == "S256"
    assert len(asked["code_challenge"]) == 43
    assert {"state", "nonce"} <= asked.keys()
    stolen = site.own.agree(await leave(browser), person)
    refused = await come_back(other, {**stolen, "state": asked["state"]})
    assert (refused.status_code, code(refused)) == (401, "INVALID_TOKEN")
    assert "invalid_grant" in refused.json()["error"]["message"]


@pytest.mark.parametrize(
    "downgrade", [{"code_challenge_method": "plain"}, {"code_challenge": None}]
)
async def test_a_request_whose_proof_key_was_taken_away_ends_in_nothing(
    browser: Browser, other: Browser, site: Site, downgrade: dict[str, Any]
) -> None:
    person = Person()
    await newcomer(browser, site.own, person)
    begun = await leave(other)
    asked = {**query(begun), **downgrade}
    weakened = {name: value for name, value in asked.items() if value is not None}
    returned = site.own.agree(f"{site.own.issuer}/authorize?{urlencode(weakened)}", person)
    refused = await come_back(other, returned)
    assert (refused.status_code, code(refused)) == (401, "INVALID_TOKEN")


async def test_no_other_page_makes_somebody_link(
    browser: Browser, site: Site, owner: Owner
) -> None:
    """An attacker's link would lead the victim's identity to the attacker's account."""
    await confirmed(browser, owner)
    browser.http.cookies.set("session", browser.token)
    for sealed in ("yes", "x" * 200, "é"):
        answer = await browser.http.get(f"/v1/auth/oidc/own/start?link={sealed}")
        assert (answer.status_code, code(answer)) == (403, "FORBIDDEN")
        assert "provider" not in browser.http.cookies


async def test_a_link_on_ones_settings_links(
    browser: Browser, other: Browser, site: Site, owner: Owner
) -> None:
    """It leads on for the session that it was made for, in its browser, for ten minutes."""
    form = {"content-type": "application/x-www-form-urlencoded"}
    await confirmed(browser, owner)
    await confirmed(other, owner)
    for one in (browser, other):
        body = urlencode({"email": one.email, "password": PASSWORD})
        assert (await one.http.post("/login", content=body, headers=form)).status_code == 303
    desk = site.running.desk
    claims = desk.tokens.verify(browser.http.cookies["session"])
    asked = SimpleNamespace(app=SimpleNamespace(state=SimpleNamespace(desk=desk)))
    place = link_address(asked, claims, "own", "/leads")  # pyright: ignore[reportArgumentType]
    stolen = await other.http.get(place)
    assert (stolen.status_code, code(stolen)) == (403, "FORBIDDEN")
    begun = await browser.http.get(place, headers=HTML)
    person = Person()
    done = await come_back(browser, site.own.agree(begun.headers["location"], person), **HTML)
    assert (done.status_code, done.headers["location"]) == (303, "/leads")
    assert await linked(owner, person) == 1
    assert data(await through(other, site.own, person))["user"]["email"] == browser.email
    browser.http.cookies.clear()
    signed_out = await browser.http.get(place)
    assert (signed_out.status_code, code(signed_out)) == (401, "INVALID_TOKEN")


async def test_a_link_on_ones_settings_grows_old(
    browser: Browser, site: Site, owner: Owner, later: Callable[[timedelta], None]
) -> None:
    await confirmed(browser, owner)
    desk = site.running.desk
    claims = desk.tokens.verify(browser.token)
    browser.http.cookies.set("session", browser.token)
    asked = SimpleNamespace(app=SimpleNamespace(state=SimpleNamespace(desk=desk)))
    place = link_address(asked, claims, "own", "/")  # pyright: ignore[reportArgumentType]
    later(timedelta(minutes=11))
    refused = await browser.http.get(place)
    assert (refused.status_code, code(refused)) == (403, "FORBIDDEN")


async def test_what_userinfo_tells_must_be_about_the_same_person(
    browser: Browser, other: Browser, site: Site
) -> None:
    person = Person()
    site.own.change_claims = lambda told: [told.pop(n) for n in ("email", "email_verified")]  # pyright: ignore[reportAttributeAccessIssue]
    assert data(await through(browser, site.own, person))["email"] == person.email
    assert "/userinfo" in site.own.paths
    site.own.change_tokens = lambda tokens: site.own.people.update(
        {tokens["access_token"]: Person()}
    )
    refused = await through(other, site.own, person)
    assert (refused.status_code, code(refused)) == (401, "INVALID_TOKEN")


async def test_refusals_are_noted(browser: Browser, site: Site, owner: Owner) -> None:
    site.own.change_claims = lambda told: told.pop("nonce")
    await through(browser, site.own, Person())
    row = await owner.fetchrow(
        "SELECT event_type, detail FROM tenfold.security_events WHERE detail->>'provider' = 'own' "
        "ORDER BY created_at DESC, id DESC LIMIT 1"
    )
    assert row["event_type"] == "login_failed"
    assert "nonce" in json.loads(row["detail"])["reason"]


async def test_who_says_no_at_the_provider_is_told_in_plain_words(browser: Browser) -> None:
    asked = query(await leave(browser))
    returned = {"error": "access_denied", "state": asked["state"]}
    answer = await come_back(browser, returned, **HTML)
    assert answer.status_code == 401
    assert "Own did not let you in" in answer.text
    assert answer.headers["content-type"].startswith("text/html")


# -- a provider that does not answer


async def test_a_provider_that_is_silent_holds_nobody_up(serve: Serve, settings: Settings) -> None:
    async def silent(_reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
        await asyncio.Event().wait()

    async with listening(silent) as port:
        issuer = f"http://127.0.0.1:{port}"
        listed = [{"key": "silent", "label": "Silence", "issuer": issuer, **KNOWN}]
        async with (
            serve(with_providers(settings, listed, 0.2)) as running,
            opened(running) as browser,
        ):
            answer = await browser.http.get("/v1/auth/oidc/silent/start", headers=HTML)
            assert answer.status_code == 503
            assert "Silence does not answer just now" in answer.text
            assert (await browser.http.get("/login")).status_code == 200
            (button,) = data(await browser.http.get("/v1/auth/providers"))
            assert (button["label"], button["url"]) == ("Silence", "/v1/auth/oidc/silent/start")
            assert (await browser.register()).status_code == 201
            assert (await browser.login()).status_code == 200


async def test_a_request_waits_no_longer_than_it_is_set(
    serve: Serve, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All calls of a request together: each of them is quick enough by itself."""
    async with own_provider() as idp:
        listed = [{"key": "slow", "issuer": idp.issuer, **KNOWN}]
        async with (
            serve(with_providers(settings, listed, 0.5)) as running,
            opened(running) as browser,
        ):
            back = idp.agree(await leave(browser, "slow"), Person())
            real = Outside.fetch

            async def slow(self: Outside, url: str, **more: Any) -> Any:
                await asyncio.sleep(0.3)
                return await real(self, url, **more)

            monkeypatch.setattr(Outside, "fetch", slow)
            refused = await come_back(browser, back, "slow")
            assert (refused.status_code, code(refused)) == (503, "UNAVAILABLE")


async def test_a_provider_that_fails_lets_nobody_in(browser: Browser, site: Site) -> None:
    begun = site.own.agree(await leave(browser), Person())
    site.own.down = True
    answer = await come_back(browser, begun)
    assert (answer.status_code, code(answer)) == (503, "UNAVAILABLE")


async def test_a_provider_that_is_not_known_is_not_found(browser: Browser) -> None:
    answer = await browser.http.get("/v1/auth/oidc/nobody/start")
    assert (answer.status_code, code(answer)) == (404, "NOT_FOUND")
