"""Providers and issuers by settings: what is wrong is told by its name, and secrets can change."""

from __future__ import annotations

import json
from typing import Any

import pytest
from tests.accounts.idp import CLIENT, Person, own_provider
from tests.accounts.test_oidc import come_back, leave, opened, with_providers
from tests.accounts.test_second_factors import data
from tests.conftest import Serve

from tenfold.kernel.settings import SettingError, Settings, from_environment, with_secrets

SECRET = "a-secret-that-nobody-is-shown-0123456789"
PROVIDER = {"key": "auth0", "issuer": "https://x.auth0.com/", "client_id": "tenfold"}
ISSUER = {"issuer": "https://p.supabase.co/auth/v1", "audience": "authenticated"}


def environment(name: str, value: object) -> dict[str, str]:
    text = value if isinstance(value, str) else json.dumps(value)
    return {f"TENFOLD_{name}": text}


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("OIDC_PROVIDERS", "[", "a JSON list"),
        ("OIDC_PROVIDERS", {"key": "x"}, "a JSON list"),
        ("OIDC_PROVIDERS", [{**PROVIDER, "client_secret": 7}], "a JSON list"),
        ("OIDC_PROVIDERS", [{"key": "auth0", "client_secret": SECRET}], "`issuer`"),
        ("OIDC_PROVIDERS", [{**PROVIDER, "secret": SECRET}], "`secret`"),
        ("OIDC_PROVIDERS", [{**PROVIDER, "key": "Auth 0", "client_secret": SECRET}], "a `key`"),
        ("OIDC_PROVIDERS", [{**PROVIDER, "client_id": " "}], "the `client_id`"),
        ("OIDC_PROVIDERS", [{**PROVIDER, "issuer": "x.auth0.com"}], "as `issuer` an address"),
        ("OIDC_PROVIDERS", [{**PROVIDER, "issuer": "https://x/?a=b"}], "without ? and #"),
        ("OIDC_PROVIDERS", [{**PROVIDER, "issuer": "https://[x/"}], "as `issuer` an address"),
        ("OIDC_PROVIDERS", [{**PROVIDER, "scopes": ["email"]}], "`openid` among the `scopes`"),
        ("OIDC_PROVIDERS", [PROVIDER, PROVIDER], "another `key` for each"),
        ("OUTSIDE_ISSUERS", "no JSON", "a JSON list"),
        ("OUTSIDE_ISSUERS", [{"issuer": "https://x"}], "`audience`"),
        ("OUTSIDE_ISSUERS", [{**ISSUER, "audience": ""}], "the `audience`"),
        ("OUTSIDE_ISSUERS", [{**ISSUER, "shared_secret": "short"}], "32 bytes or more"),
        (
            "OUTSIDE_ISSUERS",
            [{**ISSUER, "shared_secret": SECRET, "jwks_uri": "https://x/keys"}],
            "not both",
        ),
        ("OUTSIDE_ISSUERS", [{**ISSUER, "jwks_uri": "/keys"}], "as `jwks_uri` an address"),
        ("OUTSIDE_ISSUERS", [{**ISSUER, "organization": "ours"}], "a JSON list"),
        ("OUTSIDE_ISSUERS", [ISSUER, ISSUER], "each issuer once"),
        ("OUTSIDE_ISSUERS", [{**ISSUER, "issuer": "http://127.0.0.1:8000"}], "other than this"),
        ("GITHUB_URL", "github.com", "an address like"),
        ("PROVIDER_SECONDS", "0", "more than 0"),
    ],
)
def test_a_wrong_value_names_its_setting(name: str, value: object, told: str) -> None:
    with pytest.raises(SettingError) as refused:
        from_environment(environment(name, value))
    assert f"TENFOLD_{name}" in str(refused.value)
    assert told in str(refused.value)
    assert SECRET not in str(refused.value)


@pytest.mark.parametrize("name", ["GOOGLE", "GITHUB", "LINKEDIN"])
def test_a_client_and_its_secret_go_together(name: str) -> None:
    both = [f"TENFOLD_{name}_CLIENT_ID", f"TENFOLD_{name}_CLIENT_SECRET"]
    for one in both:
        with pytest.raises(SettingError) as refused:
            from_environment({one: SECRET})
        assert all(word in str(refused.value) for word in both)
        assert SECRET not in str(refused.value)
    taken = {**dict.fromkeys(both, SECRET), **environment("OIDC_PROVIDERS", [PROVIDER])}
    assert from_environment(taken).oidc_providers
    key = name.lower()
    taken |= environment("OIDC_PROVIDERS", [{**PROVIDER, "key": key}])
    with pytest.raises(SettingError, match=f"another `key` than {key}"):
        from_environment(taken)


def test_a_clients_secret_may_come_from_elsewhere() -> None:
    given = {"TENFOLD_GOOGLE_CLIENT_ID": "id", "TENFOLD_SECRETS_FROM": "file:///run/secrets"}
    settings = from_environment(given)
    assert with_secrets(settings, {"google_client_secret": SECRET}).google_client_secret == SECRET
    with pytest.raises(SettingError, match="TENFOLD_GOOGLE_CLIENT_SECRET"):
        with_secrets(settings, {})


def test_secrets_are_not_shown() -> None:
    listed = [{**PROVIDER, "client_secret": SECRET}]
    shown = repr(from_environment(environment("OIDC_PROVIDERS", listed)))
    assert "oidc_providers=***" in shown
    assert SECRET not in shown


@pytest.mark.anyio
async def test_a_changed_secret_is_used_without_a_restart(
    serve: Serve, settings: Settings, anyio_backend: str
) -> None:
    async with own_provider() as idp:

        def listed(secret: str) -> list[dict[str, Any]]:
            known = {"client_id": CLIENT, "client_secret": secret}
            return [{"key": "own", "issuer": idp.issuer, **known}]

        async with (
            serve(with_providers(settings, listed("the first"), 20.0)) as running,
            opened(running) as browser,
        ):
            idp.secret = "the first"
            person = Person()
            begun = await leave(browser)
            assert data(await come_back(browser, idp.agree(begun, person)))["email"] == person.email
            idp.secret = "the second"
            begun = await leave(browser)
            refused = await come_back(browser, idp.agree(begun, person))
            assert refused.status_code == 401
            current = running.app.app.state.current  # pyright: ignore[reportAttributeAccessIssue]
            current.source = Secrets(oidc_providers=json.dumps(listed("the second")))
            current._looked = 0.0
            await current.look()
            begun = await leave(browser)
            assert data(await come_back(browser, idp.agree(begun, person)))["email"] == person.email


class Secrets:
    """A place where secrets are kept."""

    def __init__(self, **kept: str) -> None:
        self.kept = kept

    def read(self) -> dict[str, str]:
        """All of them."""
        return self.kept
