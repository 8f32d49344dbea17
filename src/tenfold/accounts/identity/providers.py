"""The providers of an installation, from its settings."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from urllib.parse import urlsplit

from tenfold.accounts.identity.shown import Provider
from tenfold.kernel.errors import NotFound
from tenfold.kernel.providers import ProviderSetting, read_providers
from tenfold.kernel.settings import READY_MADE, Settings
from tenfold.outside.calls import Outside

GOOGLE, LINKEDIN = "https://accounts.google.com", "https://www.linkedin.com/oauth"


def back_to(settings: Settings, key: str) -> str:
    """Where a provider sends the browser back to: one address for each, from our own alone."""
    return f"{settings.address}/v1/auth/oidc/{key}/callback"


class Providers:
    """The providers of an installation, as its settings are now."""

    def __init__(self, settings: Settings, outside: Outside) -> None:
        self._outside = outside
        self.renew(settings)

    def renew(self, settings: Settings) -> None:
        """Take over other settings."""
        self.by_key: Mapping[str, Provider] = {
            one.key: one for one in _made(settings, self._outside)
        }

    @property
    def all(self) -> Sequence[Provider]:
        """The providers, in the order of their buttons."""
        return list(self.by_key.values())

    @property
    def issuers(self) -> Sequence[str]:
        """Under which names their people are known here."""
        return [one.issuer for one in self.all]

    def named(self, key: str) -> Provider:
        """The provider of an address; raises NotFound."""
        found = self.by_key.get(key)
        if found is None:
            raise NotFound(f"Nobody signs in with {key[:40]!r} here; see /v1/auth/providers.")
        return found

    def label(self, issuer: str) -> str:
        """What an issuer is called to people, whether they sign in with it or not."""
        for one in self.all:
            if one.issuer == issuer:
                return one.label
        return urlsplit(issuer).hostname or issuer


def signing_in(settings: Settings) -> list[str]:
    """The names of those issuers by which people sign in."""
    ready = {
        GOOGLE: settings.google_client_id,
        settings.github_url: settings.github_client_id,
        LINKEDIN: settings.linkedin_client_id,
    }
    listed = [one.issuer for one in read_providers(settings.oidc_providers)]
    return [*(issuer for issuer, known in ready.items() if known), *listed]


def _made(settings: Settings, outside: Outside) -> Iterator[Provider]:
    listed = read_providers(settings.oidc_providers)
    google, github, linkedin = (
        getattr(settings, f"{name}_client_id") and getattr(settings, f"{name}_client_secret")
        for name in READY_MADE
    )
    ready = google or github or linkedin
    if not (listed or ready):
        return  # Authlib takes a while to load, and is of no use then
    from tenfold.accounts.identity.github import GitHub  # noqa: PLC0415
    from tenfold.accounts.identity.openid import Habits, OpenId  # noqa: PLC0415

    seconds = settings.provider_seconds
    if google:
        at_google = ProviderSetting(
            key="google",
            label="Google",
            issuer=GOOGLE,
            client_id=settings.google_client_id,
            client_secret=settings.google_client_secret,
        )
        yield OpenId(at_google, outside, seconds, back_to(settings, "google"))
    if github:
        yield GitHub(
            settings.github_url,
            settings.github_client_id,
            settings.github_client_secret,
            outside,
            seconds,
            back_to(settings, "github"),
        )
    if linkedin:
        at_linkedin = ProviderSetting(
            key="linkedin",
            label="LinkedIn",
            issuer=LINKEDIN,
            client_id=settings.linkedin_client_id,
            client_secret=settings.linkedin_client_secret,
        )
        # It refuses a code with a verifier, and its ID tokens leave out the nonce.
        habits = Habits(pkce=False, nonce=False, method="client_secret_post")
        yield OpenId(at_linkedin, outside, seconds, back_to(settings, "linkedin"), habits)
    for one in listed:
        yield OpenId(one, outside, seconds, back_to(settings, one.key))
