"""Pages of other sites that may call the API: those of the setting, and no others.

What a browser sends by itself comes along only where sign-in needs its cookie; everything else is
asked with a token, which only a page that was given it can send.
"""

from __future__ import annotations

from collections.abc import Mapping

from tenfold.kernel.settings import Settings, listed
from tenfold.web.scope import Notes

Headers = list[tuple[bytes, bytes]]
_API, _WITH_COOKIE = "/v1/", "/v1/auth/"
_SHOWN = b"ETag, Location, RateLimit, RateLimit-Policy, Retry-After, X-Request-Id"
_METHODS = b"GET, HEAD, POST, PUT, PATCH, DELETE"
_TAKEN = b"Authorization, Content-Type, If-Match, If-None-Match, Idempotency-Key, X-Request-Id"
_HOUR = b"3600"


class Cors:
    """The allow-list of origins."""

    def __init__(self, settings: Settings) -> None:
        self.origins = frozenset(listed(settings.cors_origins))
        self._origins = frozenset(one.encode() for one in self.origins)

    def preflight(self, scope: Notes, headers: Mapping[bytes, bytes]) -> Headers | None:
        """The answer to a browser that asks whether a page of the list may ask; None: no answer."""
        if not self._origins or scope["method"] != "OPTIONS":
            return None
        origin = headers.get(b"origin", b"")
        if origin not in self._origins or b"access-control-request-method" not in headers:
            return None
        if not scope["path"].startswith(_API):
            return None
        return [
            (b"access-control-allow-methods", _METHODS),
            (b"access-control-allow-headers", _TAKEN),
            (b"access-control-max-age", _HOUR),
        ]

    def headers(self, scope: Notes, origin: bytes) -> Headers:
        """What goes along with every answer to a request of this origin."""
        if not self._origins or not scope["path"].startswith(_API):
            return []
        vary = (b"vary", b"Origin")
        if origin not in self._origins:
            return [vary]
        made = [
            vary,
            (b"access-control-allow-origin", origin),
            (b"access-control-expose-headers", _SHOWN),
        ]
        if scope["path"].startswith(_WITH_COOKIE):
            made.append((b"access-control-allow-credentials", b"true"))
        return made
