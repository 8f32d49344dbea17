"""Google, LinkedIn and GitHub as they document themselves: servers on this machine say the same."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlsplit

import msgspec
import pytest
from joserfc.jwk import RSAKey
from tests.accounts.conftest import Browser, opened
from tests.accounts.idp import Idp, Person, as_json, query, sign
from tests.accounts.test_oidc import HTML, come_back, leave
from tests.accounts.test_second_factors import data
from tests.accounts.test_sign_in import code
from tests.conftest import Running, Serve
from tests.outside.servers import Asked, answer, hosting

from tenfold.kernel.settings import Settings
from tenfold.outside.calls import Answer, Outside
from tenfold.outside.places import networks

pytestmark = pytest.mark.anyio


class Elsewhere(Outside):
    """The client of calls on a machine where the internet is one server."""

    port = 0

    async def fetch(self, url: str, **more: Any) -> Answer:
        """Ask the server of this machine instead, by a path that begins with the host."""
        parts = urlsplit(url)
        if parts.hostname != "127.0.0.1":
            url = f"http://127.0.0.1:{self.port}/{parts.hostname}{parts.path}"
        return await super().fetch(url, **more)


@dataclass
class Internet:
    """What Google, LinkedIn and GitHub answer."""

    key: Any = field(
        default_factory=lambda: RSAKey.generate_key(2048, {"kid": "k1", "alg": "RS256"})
    )
    codes: dict[str, tuple[Person, dict[str, str]]] = field(default_factory=dict)
    emails: list[dict[str, Any]] = field(default_factory=list)
    user: dict[str, Any] = field(default_factory=dict)
    sent: dict[str, str] = field(default_factory=dict)

    def reply(self, asked: Asked) -> bytes:
        """The answer to a request."""
        self.sent = {n: v[0] for n, v in parse_qs(asked.body.decode()).items()}
        keys = as_json({"keys": [self.key.as_dict(private=False)]})
        match asked.path:
            case "/accounts.google.com/.well-known/openid-configuration":
                return as_json(GOOGLE)
            case "/www.linkedin.com/oauth/.well-known/openid-configuration":
                return as_json(LINKEDIN)
            case "/www.googleapis.com/oauth2/v3/certs" | "/www.linkedin.com/oauth/openid/jwks":
                return keys
            case "/oauth2.googleapis.com/token":
                return self._google(asked)
            case "/www.linkedin.com/oauth/v2/accessToken":
                return self._linkedin()
            case "/login/oauth/access_token":
                return self._github(asked)
            case "/api/v3/user":
                assert asked.headers["authorization"] == "Bearer gho_token"
                return as_json(self.user)
            case "/api/v3/user/emails":
                return as_json(self.emails)
            case _:
                return answer(asked.path.encode(), "404 Not Found")

    def _google(self, asked: Asked) -> bytes:
        assert asked.headers["authorization"].startswith("Basic ")
        person, begun = self.codes.pop(self.sent["code"])
        assert self.sent["code_verifier"]
        told = {"iss": "https://accounts.google.com", "azp": "google-id", "aud": "google-id"}
        made = self._id_token({**told, **person.told, "nonce": begun["nonce"], "hd": "example.com"})
        return as_json(
            {
                "access_token": "ya29.token",
                "expires_in": 3599,
                "scope": "openid https://www.googleapis.com/auth/userinfo.email",
                "token_type": "Bearer",
                "id_token": made,
            }
        )

    def _linkedin(self) -> bytes:
        """No verifier, the secret in the body, no nonce in the token, and "true" as a text."""
        wrong = "code_verifier" in self.sent or self.sent.get("client_secret") != "linkedin-secret"
        if wrong:
            told = {"error": "invalid_client", "error_description": "Client authentication failed"}
            return as_json(told, "401 Unauthorized")
        person, _ = self.codes.pop(self.sent["code"])
        told = {"iss": "https://www.linkedin.com/oauth", "aud": "linkedin-id", **person.told}
        made = self._id_token({**told, "email_verified": "true", "locale": "en_US"})
        return as_json(
            {
                "access_token": "AQX",
                "expires_in": 5183999,
                "scope": "email,openid,profile",
                "token_type": "Bearer",
                "id_token": made,
            }
        )

    def _github(self, asked: Asked) -> bytes:
        if asked.headers["accept"] != "application/json":
            return answer(b"access_token=gho_token&scope=user%3Aemail&token_type=bearer")
        if self.codes.pop(self.sent["code"], None) is None or "code_verifier" not in self.sent:
            return as_json({"error": "bad_verification_code", "error_description": "Expired."})
        scope = "read:user,user:email"
        return as_json({"access_token": "gho_token", "scope": scope, "token_type": "bearer"})

    def _id_token(self, claims: dict[str, Any]) -> str:
        header = {"alg": "RS256", "kid": self.key.kid, "typ": "JWT"}
        honest = Idp(issuer=claims["iss"], key=self.key)
        honest.forge = lambda _header, told: sign(header, told, self.key)
        return honest.token(claims)

    def agree(self, address: str, person: Person) -> dict[str, str]:
        """What the browser comes back with."""
        asked = query(address)
        self.codes["the-code"] = (person, asked)
        return {"code": "the-code", "state": asked["state"]}


GOOGLE = {
    "issuer": "https://accounts.google.com",
    "authorization_endpoint": "https://accounts.google.com/o/oauth2/v2/auth",
    "token_endpoint": "https://oauth2.googleapis.com/token",
    "userinfo_endpoint": "https://openidconnect.googleapis.com/v1/userinfo",
    "jwks_uri": "https://www.googleapis.com/oauth2/v3/certs",
    "response_types_supported": ["code", "token", "id_token"],
    "subject_types_supported": ["public"],
    "id_token_signing_alg_values_supported": ["RS256"],
    "token_endpoint_auth_methods_supported": ["client_secret_post", "client_secret_basic"],
    "code_challenge_methods_supported": ["plain", "S256"],
}
LINKEDIN = {
    "issuer": "https://www.linkedin.com/oauth",
    "authorization_endpoint": "https://www.linkedin.com/oauth/v2/authorization",
    "token_endpoint": "https://www.linkedin.com/oauth/v2/accessToken",
    "userinfo_endpoint": "https://api.linkedin.com/v2/userinfo",
    "jwks_uri": "https://www.linkedin.com/oauth/openid/jwks",
    "response_types_supported": ["code"],
    "subject_types_supported": ["pairwise"],
    "id_token_signing_alg_values_supported": ["RS256"],
    "scopes_supported": ["openid", "profile", "email"],
}


@pytest.fixture(scope="module")
async def internet(anyio_backend: str) -> AsyncIterator[Internet]:
    """The providers."""
    made = Internet()
    async with hosting(made.reply) as host:
        Elsewhere.port = host.port
        yield made


@pytest.fixture(scope="module")
async def site(serve: Serve, settings: Settings, internet: Internet) -> AsyncIterator[Running]:
    """The application with all three."""
    changed = msgspec.structs.replace(
        settings,
        sign_in_per_minute=0,
        provider_seconds=20.0,  # a busy machine stands still for seconds
        google_client_id="google-id",
        google_client_secret="google-secret",
        github_client_id="github-id",
        github_client_secret="github-secret",
        github_url=f"http://127.0.0.1:{Elsewhere.port}",
        linkedin_client_id="linkedin-id",
        linkedin_client_secret="linkedin-secret",
    )
    client = Elsewhere(networks("127.0.0.1/32"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Outside, "of", classmethod(lambda *_: client))
        async with serve(changed) as running:
            yield running


@pytest.fixture
async def browser(site: Running) -> AsyncIterator[Browser]:
    """A browser of somebody who has no account yet."""
    async with opened(site) as made:
        yield made


async def test_their_buttons_are_there_in_order(browser: Browser) -> None:
    listed = data(await browser.http.get("/v1/auth/providers"))
    assert [one["label"] for one in listed] == ["Google", "GitHub", "LinkedIn"]


@pytest.mark.parametrize("key", ["google", "linkedin"])
async def test_somebody_registers_with_it(browser: Browser, internet: Internet, key: str) -> None:
    person = Person()
    begun = await leave(browser, key)
    told = data(await come_back(browser, internet.agree(begun, person), key))
    assert (told["email"], told["firstName"]) == (person.email, "Grace")
    made = data(await browser.post("oidc/register", {"organization": "Compilers"}), 201)
    assert made["user"]["emailVerified"] is True
    again = internet.agree(await leave(browser, key), person)
    assert data(await come_back(browser, again, key))["user"]["id"] == made["user"]["id"]


async def test_google_is_asked_as_it_wants_to_be(browser: Browser) -> None:
    begun = await leave(browser, "google")
    assert begun.startswith("https://accounts.google.com/o/oauth2/v2/auth?")
    asked = query(begun)
    assert asked["scope"] == "openid email profile"
    assert (asked["client_id"], asked["code_challenge_method"]) == ("google-id", "S256")


async def test_linkedin_is_asked_without_what_it_does_not_take(browser: Browser) -> None:
    begun = await leave(browser, "linkedin")
    assert begun.startswith("https://www.linkedin.com/oauth/v2/authorization?")
    assert "code_challenge" not in query(begun)


async def test_a_nonce_of_linkedins_counts_where_there_is_one(
    browser: Browser, internet: Internet
) -> None:
    person = Person(claims={"nonce": "of another sign-in"})
    returned = internet.agree(await leave(browser, "linkedin"), person)
    refused = await come_back(browser, returned, "linkedin")
    assert (refused.status_code, code(refused)) == (401, "INVALID_TOKEN")


def octocat(internet: Internet, **primary: Any) -> str:
    """Somebody at GitHub, whose addresses are told by another call."""
    person = Person()
    number = int(person.subject[:12], 16)
    internet.user = {"login": "octocat", "id": number, "name": "Mona Lisa Octocat", "email": None}
    internet.emails = [
        {"email": "old@example.com", "primary": False, "verified": True, "visibility": None},
        {"email": person.email, "primary": True, "verified": True, "visibility": None, **primary},
    ]
    return person.email


async def test_github_tells_the_verified_primary_address(
    browser: Browser, internet: Internet
) -> None:
    email = octocat(internet)
    begun = await leave(browser, "github")
    asked = query(begun)
    assert begun.startswith(f"http://127.0.0.1:{Elsewhere.port}/login/oauth/authorize?")
    assert (asked["scope"], asked["code_challenge_method"]) == ("read:user user:email", "S256")
    told = data(await come_back(browser, internet.agree(begun, Person()), "github"))
    assert told == {
        "signInFirst": False,
        "email": email,
        "firstName": "Mona Lisa",
        "lastName": "Octocat",
    }
    made = data(await browser.post("oidc/register", {"organization": "Octodex"}), 201)
    octocat_again = internet.agree(await leave(browser, "github"), Person())
    internet.emails[1]["email"] = "renamed@example.com"  # it is the id that counts
    entered = data(await come_back(browser, octocat_again, "github"))
    assert entered["user"]["id"] == made["user"]["id"]


@pytest.mark.parametrize("primary", [{"verified": False}, {"primary": False}])
async def test_github_without_a_verified_primary_address_opens_nothing(
    browser: Browser, internet: Internet, primary: dict[str, Any]
) -> None:
    octocat(internet, **primary)
    returned = internet.agree(await leave(browser, "github"), Person())
    refused = await come_back(browser, returned, "github")
    assert (refused.status_code, code(refused)) == (403, "EMAIL_NOT_VERIFIED")


async def test_github_refuses_a_code_with_the_status_200(
    browser: Browser, internet: Internet
) -> None:
    returned = internet.agree(await leave(browser, "github"), Person())
    refused = await come_back(browser, {**returned, "code": "used"}, "github")
    assert (refused.status_code, code(refused)) == (401, "INVALID_TOKEN")
    assert "bad_verification_code" in refused.json()["error"]["message"]


async def test_an_answer_of_another_provider_is_not_githubs(
    browser: Browser, internet: Internet
) -> None:
    returned = internet.agree(await leave(browser, "github"), Person())
    mixed = {**returned, "iss": "https://accounts.google.com"}
    refused = await come_back(browser, mixed, "github")
    assert (refused.status_code, code(refused)) == (401, "INVALID_TOKEN")


async def test_a_name_that_is_not_told_is_asked_for(browser: Browser, internet: Internet) -> None:
    octocat(internet)
    internet.user["name"] = None
    returned = internet.agree(await leave(browser, "github"), Person())
    await come_back(browser, returned, "github", **HTML)
    assert 'name="first_name"' in (await browser.http.get("/sign-in/new")).text
    refused = await browser.post("oidc/register", {"organization": "Octodex"})
    assert (refused.status_code, code(refused)) == (400, "MISSING_FIELDS")
    assert json.loads(refused.text)["error"]["fields"].keys() == {"firstName", "lastName"}
