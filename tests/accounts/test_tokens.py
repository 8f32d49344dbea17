"""Access tokens that are not ours, not whole or not meant as such open nothing (row "JWT")."""

from __future__ import annotations

import hashlib
import hmac
import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from datetime import timedelta
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from tests.accounts.conftest import Browser, opened
from tests.accounts.test_links import link_for
from tests.accounts.test_second_factors import ask, with_app
from tests.accounts.test_sign_in import code
from tests.conftest import Running

from tenfold.accounts.identity.secrets_kept import new_secret
from tenfold.kernel import clock
from tenfold.kernel.ids import new_id

pytestmark = pytest.mark.anyio
Changes = dict[str, Any]


def packed(part: object) -> str:
    """A part of a token, as JOSE writes it."""
    raw = part if isinstance(part, bytes) else json.dumps(part).encode()
    return urlsafe_b64encode(raw).rstrip(b"=").decode()


def read(part: str) -> Any:
    return json.loads(urlsafe_b64decode(part + "=" * (-len(part) % 4)))


class Forger:
    """Makes tokens that look like ours, with our key or another one."""

    def __init__(self, running: Running, token: str) -> None:
        self.ours = Ed25519PrivateKey.from_private_bytes(
            running.desk.keyring.derive("access tokens")
        )
        self.header, self.claims = (read(part) for part in token.split(".")[:2])
        self.signature = token.split(".")[2]

    def signed(
        self, claims: Changes, header: Changes | None = None, by: Ed25519PrivateKey | None = None
    ) -> str:
        """A token with these changes; None takes a claim away."""
        said = {k: v for k, v in {**self.claims, **claims}.items() if v is not None}
        text = f"{packed({**self.header, **(header or {})})}.{packed(said)}"
        return f"{text}.{packed((by or self.ours).sign(text.encode()))}"

    def macked(self, key: bytes) -> str:
        """A token with a MAC under something that everybody may know."""
        text = f"{packed({**self.header, 'alg': 'HS256'})}.{packed(self.claims)}"
        return f"{text}.{packed(hmac.digest(key, text.encode(), hashlib.sha256))}"

    @property
    def public(self) -> bytes:
        """Our public key."""
        return self.ours.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)


@pytest.fixture
async def forger(free: Running, browser: Browser) -> Forger:
    """Somebody who has a token of their own."""
    await browser.register()
    return Forger(free, browser.token)


async def refused(browser: Browser, token: str) -> None:
    """It opens nothing."""
    browser.token = token
    answer = await browser.call("GET", "/v1/leads")
    assert (answer.status_code, code(answer)) == (401, "INVALID_TOKEN"), token


async def test_what_is_signed_as_ours_are_opens(browser: Browser, forger: Forger) -> None:
    assert forger.header["alg"] == "Ed25519"
    browser.token = forger.signed({"jti": "another"})
    assert (await browser.call("GET", "/v1/leads")).status_code == 200


@pytest.mark.parametrize("alg", ["none", "None", "NONE", "", "HS256", "RS256", "ES256"])
async def test_the_algorithm_is_ours_whatever_the_token_says(
    browser: Browser, forger: Forger, alg: str
) -> None:
    said = f"{packed({**forger.header, 'alg': alg})}.{packed(forger.claims)}"
    for signature in ("", forger.signature):
        await refused(browser, f"{said}.{signature}")
    await refused(browser, forger.signed({}, {"alg": alg}))


async def test_a_public_key_is_no_shared_secret(browser: Browser, forger: Forger) -> None:
    for key in (forger.public, packed(forger.public).encode(), b"", b"secret"):
        await refused(browser, forger.macked(key))


async def test_no_key_comes_with_the_token(browser: Browser, forger: Forger) -> None:
    mine = Ed25519PrivateKey.generate()
    raw = mine.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
    jwk = {"kty": "OKP", "crv": "Ed25519", "x": packed(raw)}
    for header in (
        {},
        {"jwk": jwk},
        {"jku": "https://evil.example/keys.json"},
        {"x5u": "https://evil.example/chain.pem"},
        {"x5c": [packed(raw)]},
        {"kid": "../../../../dev/null"},
        {"kid": "https://evil.example/key"},
        {"kid": None},
    ):
        await refused(browser, forger.signed({}, header, by=mine))


async def test_not_a_letter_may_be_changed(browser: Browser, forger: Forger) -> None:
    other = packed({**forger.claims, "sub": str(new_id())})
    head, claims = packed(forger.header), packed(forger.claims)
    flipped = "A" if forger.signature[9] != "A" else "B"
    for token in (
        f"{head}.{other}.{forger.signature}",
        f"{head}.{claims}.{forger.signature[:9]}{flipped}{forger.signature[10:]}",
        f"{head}.{claims}.",
        f"{head}.{claims}",
        f"{head}..{forger.signature}",
        "..",
    ):
        await refused(browser, token)


@pytest.mark.parametrize(
    "claims",
    [
        {"aud": "another"},
        {"aud": None},
        {"iss": "https://evil.example"},
        {"iss": None},
        {"exp": None},
        {"exp": "2999-01-01"},
        {"sub": None},
        {"sub": "me"},
        {"sid": None},
        {"tid": "' OR true --"},
    ],
    ids=str,
)
async def test_what_is_meant_for_others_or_not_whole_is_refused(
    browser: Browser, forger: Forger, claims: Changes
) -> None:
    await refused(browser, forger.signed(claims))


async def test_a_token_is_good_in_its_time(browser: Browser, forger: Forger, later: Any) -> None:
    moment = int(clock.now().timestamp())
    await refused(browser, forger.signed({"exp": moment - 1}))
    browser.token = forger.signed({"exp": moment + 60})
    assert (await browser.call("GET", "/v1/leads")).status_code == 200
    later(timedelta(seconds=61))
    await refused(browser, browser.token)


async def test_a_token_does_not_outlive_its_session(browser: Browser, forger: Forger) -> None:
    await refused(browser, forger.signed({"sid": str(new_id())}))


async def test_another_organisation_is_not_entered_by_naming_it(
    browser: Browser, other: Browser, forger: Forger
) -> None:
    await other.register()
    await refused(browser, forger.signed({"tid": other.user["organization"]["id"]}))


async def test_each_secret_is_good_for_its_own_purpose(free: Running, browser: Browser) -> None:
    """What signs in once, goes on with a sign-in or renews it is no access token, nor the other
    way round."""
    await with_app(browser)
    access, refresh = browser.token, browser.refresh_token
    for secret in (refresh, (await ask(browser))["token"], new_secret()):
        await refused(browser, secret)
    await refused(browser, await link_for(free, browser, "sign-in-link"))
    async with opened(free) as thief:
        for cookie in ("refreshToken", "session"):
            answer = await thief.post("refresh", headers={"cookie": f"{cookie}={access}"})
            assert answer.status_code == 401
        answer = await thief.post("second-factor", {"token": access, "code": "000000"})
        assert answer.status_code in (400, 401)


async def test_a_token_in_the_address_signs_nothing(browser: Browser, forger: Forger) -> None:
    token = forger.signed({})
    for name in ("access_token", "token", "authorization", "api_key", "session"):
        answer = await browser.http.get("/v1/leads", params={name: token})
        assert (answer.status_code, code(answer)) == (401, "NO_TOKEN"), name
