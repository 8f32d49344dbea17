"""Sign-in with GitHub: OAuth 2.0 without OpenID Connect, who it is told by its API."""

from __future__ import annotations

from typing import TypeVar
from urllib.parse import urlsplit

import msgspec

from tenfold.accounts.identity.issuers import read, terms_of
from tenfold.accounts.identity.oauth import CodeClient
from tenfold.accounts.identity.shown import Back, Begun, Shown, address, names
from tenfold.kernel.errors import Unauthenticated
from tenfold.outside.calls import Outside

_PUBLIC = "https://github.com"
_SCOPE = "read:user user:email"
T = TypeVar("T")


class _User(msgspec.Struct, frozen=True):
    """The part that we read of GET /user."""

    id: int
    name: str | None = None


class _Email(msgspec.Struct, frozen=True):
    """The part that we read of GET /user/emails."""

    email: str
    primary: bool = False
    verified: bool = False


class GitHub:
    """GitHub, or a GitHub Enterprise Server."""

    key, label = "github", "GitHub"

    def __init__(
        self, at: str, client_id: str, secret: str, outside: Outside, seconds: float, back: str
    ) -> None:
        self.issuer, self._outside = at, outside
        self._terms = terms_of(at, seconds)
        self._client_id, self._secret, self._back = client_id, secret, back

    @property
    def _client(self) -> CodeClient:
        return CodeClient(
            self._outside,
            self._terms,
            client_id=self._client_id,
            secret=self._secret,
            method="client_secret_post",
            back=self._back,
        )

    @property
    def _api(self) -> str:
        return "https://api.github.com" if self.issuer == _PUBLIC else f"{self.issuer}/api/v3"

    async def address(self, begun: Begun) -> str:
        """Where to send the browser."""
        at = f"{self.issuer}/login/oauth/authorize"
        return self._client.address(at, begun.state, begun.verifier, scope=_SCOPE)

    async def shown(self, begun: Begun, back: Back) -> Shown:
        """Who came back; raises Unauthenticated, or OutsideError."""
        if back.issuer and urlsplit(back.issuer).netloc != urlsplit(self.issuer).netloc:
            raise Unauthenticated("The answer came from another provider.")
        at = f"{self.issuer}/login/oauth/access_token"
        tokens = await self._client.tokens(at, back.code, begun.verifier)
        bearer = tokens.get("access_token")
        if not isinstance(bearer, str):
            raise Unauthenticated("It did not say who you are.")
        user = await self._ask("/user", bearer, _User)
        emails = await self._ask("/user/emails", bearer, list[_Email])
        first = next((one for one in emails if one.primary), None)
        told = {"email": first.email, "email_verified": first.verified} if first else {}
        email, verified = address(told)
        given, family = names({"name": user.name})
        return Shown(
            provider=self.key,
            issuer=self.issuer,
            subject=str(user.id),
            email=email,
            verified=verified,
            first_name=given,
            last_name=family,
        )

    async def _ask(self, path: str, bearer: str, kind: type[T]) -> T:
        headers = {"authorization": f"Bearer {bearer}", "accept": "application/vnd.github+json"}
        answer = await self._outside.fetch(self._api + path, headers=headers, terms=self._terms)
        return read(answer, kind)
