"""Authlib's client of OAuth 2.0, made to speak through the one guarded client of ours."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

import httpx
from authlib.oauth2 import OAuth2Error  # pyright: ignore[reportMissingTypeStubs]
from authlib.oauth2.client import OAuth2Client  # pyright: ignore[reportMissingTypeStubs]

from tenfold.kernel.errors import Unauthenticated
from tenfold.outside.calls import Outside
from tenfold.outside.targets import OutsideError, Terms

Tokens = Mapping[str, Any]


class CodeClient:
    """The authorization code flow with PKCE (RFC 6749, 7636) at one provider."""

    def __init__(
        self, outside: Outside, terms: Terms, *, client_id: str, secret: str, method: str, back: str
    ) -> None:
        self._client = _Guarded(
            outside,
            terms,
            client_id=client_id,
            client_secret=secret or None,
            token_endpoint_auth_method=method if secret else "none",
            redirect_uri=back,
            code_challenge_method="S256",
        )

    def address(self, at: str, state: str, verifier: str, **more: str) -> str:
        """Where to send the browser; without a verifier there is no PKCE."""
        made = cast("Any", self._client).create_authorization_url(
            at, state=state, code_verifier=verifier or None, **more
        )
        return cast("str", made[0])

    async def tokens(self, at: str, code: str, verifier: str) -> Tokens:
        """What the provider gives for a code; raises Unauthenticated, or OutsideError."""
        more = {"code_verifier": verifier} if verifier else {}
        try:
            found = await cast("Any", self._client).fetch_token(
                at, grant_type="authorization_code", code=code, **more
            )
        except OAuth2Error as error:
            raise Unauthenticated(f"It did not take the code back ({error.error}).") from None
        except (httpx.HTTPError, ValueError):
            raise OutsideError("did not answer as it should") from None
        return cast("Tokens", found)


class _Guarded(OAuth2Client):
    """Sends what Authlib has written, as its own clients for other libraries do."""

    def __init__(self, outside: Outside, terms: Terms, **more: Any) -> None:
        super().__init__(None, **more)  # pyright: ignore[reportUnknownMemberType]
        self._outside, self._terms = outside, terms

    async def _fetch_token(
        self,
        url: str,
        body: str = "",
        headers: Mapping[str, str] | None = None,
        auth: Any = None,
        method: str = "POST",
        **_more: Any,
    ) -> Any:
        to, named, content = auth.prepare(method, url, dict(headers or {}), body)
        answer = await self._outside.fetch(
            to, method=method, headers=named, content=content.encode(), terms=self._terms
        )
        read = httpx.Response(
            answer.status, content=answer.body, request=httpx.Request(method, url)
        )
        return cast("Any", self).parse_response_token(read)
