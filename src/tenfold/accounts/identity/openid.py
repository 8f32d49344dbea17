"""Sign-in with a provider of OpenID Connect: the code flow with PKCE, state, nonce and issuer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast

from authlib.oidc.core import CodeIDToken  # pyright: ignore[reportMissingTypeStubs]
from joserfc.errors import JoseError

from tenfold.accounts.identity.issuers import Issuer, Metadata
from tenfold.accounts.identity.oauth import CodeClient
from tenfold.accounts.identity.second_factor import told_second_factor
from tenfold.accounts.identity.shown import Back, Begun, Shown, address, names
from tenfold.kernel import clock
from tenfold.kernel.errors import Unauthenticated
from tenfold.kernel.providers import ProviderSetting
from tenfold.outside.calls import Outside
from tenfold.outside.targets import OutsideError

LEEWAY = 60
"""Seconds by which the provider's clock may differ from ours."""


@dataclass(frozen=True, slots=True)
class Habits:
    """Where a provider keeps less of the standards than others."""

    pkce: bool = True
    nonce: bool = True
    method: str = ""
    """How it wants to be shown the client's secret; empty: as it says itself."""


class OpenId:
    """One provider of OpenID Connect."""

    def __init__(
        self,
        setting: ProviderSetting,
        outside: Outside,
        seconds: float,
        back: str,
        habits: Habits | None = None,
    ) -> None:
        self._setting, self._outside, self._back = setting, outside, back
        self._issuer = Issuer(outside, setting.issuer, seconds)
        self._habits = habits or Habits()

    @property
    def key(self) -> str:
        """What it is called in addresses."""
        return self._setting.key

    @property
    def label(self) -> str:
        """What it is called on buttons."""
        return self._setting.label or self._setting.key.capitalize()

    @property
    def issuer(self) -> str:
        """Under which name its people are known here."""
        return self._setting.issuer

    async def address(self, begun: Begun) -> str:
        """Where to send the browser."""
        says = await self._issuer.metadata.get()
        at = says.authorization_endpoint
        if not at.startswith(self._scheme):
            raise OutsideError("names no page to sign in at")
        scope = " ".join(self._setting.scopes)
        verifier = begun.verifier if self._habits.pkce else ""
        return self._client(says).address(at, begun.state, verifier, scope=scope, nonce=begun.nonce)

    async def shown(self, begun: Begun, back: Back) -> Shown:
        """Who came back; raises Unauthenticated, or OutsideError."""
        says = await self._issuer.metadata.get()
        self._need_issuer(says, back)
        verifier = begun.verifier if self._habits.pkce else ""
        tokens = await self._client(says).tokens(says.token_endpoint, back.code, verifier)
        given = tokens.get("id_token")
        if not isinstance(given, str):
            raise Unauthenticated("It did not say who you are.")
        claims = await self._claims(given, tokens, begun)
        told = claims if "email" in claims else await self._told(says, claims, tokens)
        email, verified = address(told)
        first, last = names(told)
        return Shown(
            provider=self.key,
            issuer=self.issuer,
            subject=claims["sub"],
            email=email,
            verified=verified,
            first_name=first,
            last_name=last,
            mfa=self._setting.trust_mfa and told_second_factor(claims),
        )

    def _need_issuer(self, says: Metadata, back: Back) -> None:
        """Refuse what another issuer sent back (RFC 9207)."""
        wanted = says.authorization_response_iss_parameter_supported
        if (back.issuer or wanted) and back.issuer != self.issuer:
            raise Unauthenticated("The answer came from another provider.")

    async def _claims(
        self, given: str, tokens: Mapping[str, Any], begun: Begun
    ) -> Mapping[str, Any]:
        """The claims of an ID token that was made for us, now, in answer to this very question."""
        token = await self._issuer.signed(given)
        ours = self._setting.client_id
        options = {
            "iss": {"essential": True, "value": self.issuer},
            "aud": {"essential": True, "value": ours},
            "sub": {"essential": True},
        }
        nonce = begun.nonce if self._habits.nonce or "nonce" in token.claims else None
        params = {"nonce": nonce, "client_id": ours, "access_token": tokens.get("access_token")}
        made = CodeIDToken(token.claims, token.header, options, params)
        try:
            cast("Any", made).validate(now=int(clock.now().timestamp()), leeway=LEEWAY)
        except (JoseError, ValueError, TypeError) as error:
            raise Unauthenticated(f"Its answer is not valid ({error}).") from None
        if not 0 < len(token.claims["sub"]) <= 255:
            raise Unauthenticated("It did not say who you are.")
        return token.claims

    async def _told(
        self, says: Metadata, claims: Mapping[str, Any], tokens: Mapping[str, Any]
    ) -> Mapping[str, Any]:
        """What it tells of them where the ID token tells less; it must be about the same one."""
        if not says.userinfo_endpoint or not isinstance(tokens.get("access_token"), str):
            return claims
        bearer = f"Bearer {tokens['access_token']}"
        found = await self._issuer.ask(says.userinfo_endpoint, dict[str, Any], authorization=bearer)
        if found.get("sub") != claims["sub"]:
            raise Unauthenticated("It told of somebody else than who signed in.")
        return found

    def _client(self, says: Metadata) -> CodeClient:
        offered = says.token_endpoint_auth_methods_supported
        basic = "client_secret_basic"
        method = basic if basic in offered or "client_secret_post" not in offered else ""
        return CodeClient(
            self._outside,
            self._issuer.terms,
            client_id=self._setting.client_id,
            secret=self._setting.client_secret,
            method=self._habits.method or method or "client_secret_post",
            back=self._back,
        )

    @property
    def _scheme(self) -> str:
        return "http" if self.issuer.startswith("http:") else "https:"
