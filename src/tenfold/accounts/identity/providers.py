"""The providers of an installation, from its settings."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from tenfold.accounts.identity.shown import Provider
from tenfold.kernel.providers import ProviderSetting, read_providers
from tenfold.kernel.settings import Settings
from tenfold.outside.calls import Outside

GOOGLE, LINKEDIN = "https://accounts.google.com", "https://www.linkedin.com/oauth"


def back_to(settings: Settings, key: str) -> str:
    """Where a provider sends the browser back to: one address for each, from our own alone."""
    return f"{settings.address}/v1/auth/oidc/{key}/callback"


def providers(settings: Settings, outside: Outside) -> Mapping[str, Provider]:
    """The providers that people may sign in with, by key, in the order of their buttons."""
    return {one.key: one for one in _made(settings, outside)}


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
    ready = settings.google_client_id or settings.github_client_id or settings.linkedin_client_id
    if not (listed or ready):
        return  # Authlib takes a while to load, and is of no use then
    from tenfold.accounts.identity.github import GitHub  # noqa: PLC0415
    from tenfold.accounts.identity.openid import Habits, OpenId  # noqa: PLC0415

    seconds = settings.provider_seconds
    if settings.google_client_id:
        google = ProviderSetting(
            key="google",
            label="Google",
            issuer=GOOGLE,
            client_id=settings.google_client_id,
            client_secret=settings.google_client_secret,
        )
        yield OpenId(google, outside, seconds, back_to(settings, "google"))
    if settings.github_client_id:
        yield GitHub(
            settings.github_url,
            settings.github_client_id,
            settings.github_client_secret,
            outside,
            seconds,
            back_to(settings, "github"),
        )
    if settings.linkedin_client_id:
        linkedin = ProviderSetting(
            key="linkedin",
            label="LinkedIn",
            issuer=LINKEDIN,
            client_id=settings.linkedin_client_id,
            client_secret=settings.linkedin_client_secret,
        )
        # It refuses a code with a verifier, and its ID tokens leave out the nonce.
        habits = Habits(pkce=False, nonce=False, method="client_secret_post")
        yield OpenId(linkedin, outside, seconds, back_to(settings, "linkedin"), habits)
    for one in listed:
        yield OpenId(one, outside, seconds, back_to(settings, one.key))
