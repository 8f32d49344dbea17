"""Whichever way somebody comes in, the same is asked of them; and how long it lasts."""

from __future__ import annotations

import secrets
from base64 import b32decode, urlsafe_b64decode
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from tests.accounts.conftest import Browser
from tests.accounts.test_links import NEW, link_for
from tests.accounts.test_second_factors import answer, data, with_app
from tests.accounts.test_sign_in import code
from tests.conftest import Running

from tenfold.accounts.identity import passwords, recovery, totp
from tenfold.accounts.identity.breached import Breached
from tenfold.accounts.identity.passwords import LEAST, weakness
from tenfold.accounts.identity.secrets_kept import new_secret

pytestmark = pytest.mark.anyio


# -- the second factor


@pytest.mark.parametrize(
    ("kind", "body"), [("sign-in-link", {}), ("password-reset", {"password": NEW})]
)
async def test_a_link_does_not_get_around_the_second_factor(
    free: Running, browser: Browser, kind: str, body: dict[str, str]
) -> None:
    app, _ = await with_app(browser)
    link = await link_for(free, browser, kind)
    asked = data(await browser.post(f"{kind}/use", {"token": link, **body}))
    assert asked["mfaRequired"] is True
    assert set(asked["methods"]) == {"totp", "recoveryCode"}
    browser.token = asked["token"]
    assert (await browser.call("GET", "/v1/leads")).status_code == 401
    browser.token = data(await answer(browser, asked, code=app.code()))["token"]
    assert (await browser.call("GET", "/v1/leads")).status_code == 200


# -- passwords


@pytest.mark.parametrize(
    "password",
    [
        "plumharbourlantern",
        "PLUMHARBOURLANTERN",
        "98167 44021 73356 20",
        "§±æø⌘ ¬∆˚¡™£¢",
        "  plum harbour lantern  ",
        "plum harbour lantern " * 9,
    ],
)
async def test_a_password_of_any_kind_is_taken_and_compared_whole(
    browser: Browser, password: str
) -> None:
    assert (await browser.register(password=password)).status_code == 201
    assert (await browser.login(password)).status_code == 200
    assert (await browser.login(password[:-1])).status_code == 401
    assert (await browser.login(password + "x")).status_code == 401
    if password.swapcase() != password:
        assert (await browser.login(password.swapcase())).status_code == 401
    if password.strip() != password:
        assert (await browser.login(password.strip())).status_code == 401


def test_the_most_used_passwords_are_refused() -> None:
    """More than the 3,000 that ASVS asks for, of those that are long enough; in capitals too."""
    used = [word for word in Breached()._common if len(word) >= LEAST]
    assert len(used) > 10_000
    assert not [word for word in used if "breach" not in weakness(word)]
    assert not [word for word in used[:100] if "breach" not in weakness(word.upper())]


@pytest.mark.parametrize("word", ["tenfoldcrm", "TenfoldAdmin", "tenfoldlogin"])
def test_words_of_the_product_are_refused(word: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "guess" in weakness(word)
    monkeypatch.setattr(passwords, "OURS", ())
    assert not weakness(word), "it is the list that refuses it"


async def test_a_password_does_not_grow_old(
    browser: Browser, later: Callable[[timedelta], None]
) -> None:
    await browser.register()
    later(timedelta(days=3_650))
    assert (await browser.login()).status_code == 200
    assert (await browser.call("GET", "/v1/leads")).status_code == 200


async def test_nothing_is_asked_that_others_know(browser: Browser) -> None:
    """Neither hints nor questions about one's mother: only what is listed is taken."""
    for name in ("hint", "passwordHint", "secretQuestion", "securityAnswer"):
        refused = await browser.register(**{name: "Rex"})
        assert (refused.status_code, code(refused)) == (400, "UNKNOWN_FIELD")
    document = (await browser.http.get("/openapi.json")).json()
    kinds = document["components"]["schemas"]
    assert set(kinds["Register"]["properties"]) == {
        "email",
        "password",
        "firstName",
        "lastName",
        "organization",
    }


# -- sessions


async def test_nobody_stays_signed_in_for_more_than_a_month(
    browser: Browser, later: Callable[[timedelta], None]
) -> None:
    await browser.register()
    for _ in range(4):
        later(timedelta(days=6))
        assert (await browser.post("refresh")).status_code == 200
    later(timedelta(days=5, hours=23))
    renewed = await browser.post("refresh")
    assert renewed.status_code == 200
    browser.token = renewed.json()["data"]["accessToken"]
    assert (await browser.call("GET", "/v1/leads")).status_code == 200
    later(timedelta(hours=2))
    assert (await browser.post("refresh")).status_code == 401
    assert (await browser.call("GET", "/v1/leads")).status_code == 401


# -- what nobody guesses


def ones(words: list[bytes]) -> list[float]:
    """For each bit, in which share of the words it is set."""
    return [
        sum(word[at // 8] >> (at % 8) & 1 for word in words) / len(words)
        for at in range(len(words[0]) * 8)
    ]


@pytest.mark.parametrize(
    ("make", "bits"),
    [
        (lambda: urlsafe_b64decode(new_secret() + "="), 256),
        (lambda: b32decode(totp.random_base32()), 160),
    ],
    ids=["links, refresh tokens and the like", "keys of authenticator apps"],
)
def test_every_bit_of_a_secret_is_drawn(make: Callable[[], bytes], bits: int) -> None:
    words = [make() for _ in range(500)]
    assert len(set(words)) == len(words)
    assert {len(word) * 8 for word in words} == {bits}
    assert all(0.3 < share < 0.7 for share in ones(words))


async def test_recovery_codes_are_drawn_letter_by_letter(
    browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn: list[str] = []
    real: Any = secrets.choice

    def choice(letters: str) -> str:
        drawn.append(letters)
        return real(letters)

    monkeypatch.setattr(recovery.secrets, "choice", choice)
    _, codes = await with_app(browser)
    assert len(drawn) == sum(len(one.replace("-", "")) for one in codes) == 120
    assert {len(set(letters)) for letters in drawn} == {31}  # 12 of them: 59 bits
    assert len(set(codes)) == 10
