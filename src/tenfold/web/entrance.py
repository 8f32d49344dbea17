"""What is settled before a request is looked at: from where it comes, to whom, how often.

Everything is counted here, before any work is done for it, so that no spelling of an address and no
method gets around it: for the person whose token or session it brings, else for its address. Left
open is only what a refresh token tells, which the database must be asked: who looks it up counts,
and what nobody counted by the time it is answered is counted for its address then.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from urllib.parse import quote

from litestar.response.base import ASGIResponse

from tenfold.accounts.identity.api_keys import ApiKeys, key_in
from tenfold.accounts.identity.outside_tokens import OutsideTokens
from tenfold.accounts.identity.tokens import Claims, Tokens
from tenfold.db.database import BUSY
from tenfold.kernel.errors import BadRequest, Unauthenticated, Unavailable
from tenfold.kernel.settings import Settings
from tenfold.web.cors import Cors
from tenfold.web.desk import bearer, signed_by
from tenfold.web.hosts import Hosts
from tenfold.web.limits import Limits
from tenfold.web.limits.limits import address_of, counted, uncounted
from tenfold.web.outside_tokens import recognise
from tenfold.web.policy import REPORTS, secure
from tenfold.web.proxies import Proxies, forwarded
from tenfold.web.respond import busy
from tenfold.web.scope import Notes
from tenfold.web.senders import check_sender

HEALTH, METRICS = "/v1/health", "/metrics"
_PROGRAMS = ("/v1/", "/scim/")
_RENEWAL, _NO_PAGES = "/v1/auth/refresh", ("/v1/", "/docs", "/openapi", "/metrics", "/static")
_READS = ("GET", "HEAD")
_SAFE = (*_READS, "OPTIONS")
_SEARCHES = ("search", "pick", "search/", "pick/")
_SEARCH = re.compile(r"/v1/(?:[^/]+/)?search/?|/search/?|/[^/]+/pick/?")
_SESSION = re.compile(rb"(?:^|;\s*)(?:__Host-)?session=([^;\s]+)")
_REFRESH = b"refreshToken="
Found = Mapping[bytes, bytes]


class Entrance:
    """The way in of one server process; what has a type alone is there once it has started."""

    limits: Limits
    keys: ApiKeys
    outside: OutsideTokens

    def __init__(self, settings: Settings, tokens: Tokens, free: Collection[str]) -> None:
        self._settings, self._tokens = settings, tokens
        self._free = frozenset((HEALTH, *free))
        self._proxies = Proxies(settings.trusted_proxies)
        self._hosts, self.cors = Hosts(settings), Cors(settings)
        self._secure = secure(settings)

    async def enter(self, scope: Notes, headers: Found) -> ASGIResponse | None:
        """An answer that needs no more work, or None; raises TooMany, BadRequest or Forbidden.

        The scope says from now on who is the client, not which proxy stands between.
        """
        whence = self._proxies.whence(scope, headers)
        scope["client"] = (whence.address, 0)
        scope["scheme"], scope["tenfold.host"] = whence.scheme, whence.host
        if scope["path"] in self._free and scope["method"] in _READS:
            uncounted(scope)
        elif (allowed := self.cors.preflight(scope, headers)) is not None:
            uncounted(scope)
            return ASGIResponse(status_code=204, headers=_texts(allowed))
        else:
            await self._count(scope, headers)
        if scope["path"] == HEALTH:  # probes know nothing but an address
            return None
        several = len(headers) < len(scope["headers"]) and _times(scope, b"host") > 1
        self._check_host("" if several else whence.host)
        if self._secure and whence.scheme == "http" and scope["path"] != METRICS:
            return self._by_https(scope, headers, proxied=whence.proxied)
        if scope["method"] not in _SAFE and b"authorization" not in headers:
            self._check_sender(scope)
        return None

    async def leave(self, scope: Notes) -> None:
        """Count what was answered to nobody known; raises TooMany."""
        if not counted(scope):
            await self.limits.count_address(scope)

    async def _count(self, scope: Notes, headers: Found) -> None:
        cookies = headers.get(b"cookie", b"")
        claims = await self._signed(scope, headers, cookies)
        if counted(scope):
            return
        if claims is None:
            if _REFRESH not in cookies or not _renews(scope["path"]):
                await self.limits.count_address(scope)
        elif _searches(scope, headers):
            await self.limits.count_search(scope, claims.user)
        else:
            await self.limits.count_person(scope, claims.user, claims.tenant)

    async def _signed(self, scope: Notes, headers: Found, cookies: bytes) -> Claims | None:
        """Whose token or session this is. A session's counts, but signs nothing of the API."""
        try:
            if given := headers.get(b"authorization"):
                if key := key_in(given.decode("latin-1")):
                    return await self._of_key(scope, key)
                await self._recognise(scope)
                return bearer(scope, self._tokens)
            session = _SESSION.search(cookies)
            return self._tokens.verify(session[1].decode("latin-1")) if session else None
        except Unauthenticated:
            return None

    async def _of_key(self, scope: Notes, key: str) -> Claims | None:
        """For whom an API key acts. One not seen before counts for its address: to look it up is
        work."""
        found = self.keys.known(key)
        if found is None:
            await self.limits.count_address(scope)
            try:
                found = await self.keys.find(key)
            except BUSY as error:
                raise busy(error) from error
        signed_by(scope, found)
        if found is not None:
            self.keys.used(found, address_of(scope))
        return found

    async def _recognise(self, scope: Notes) -> None:
        """Note whom another issuer's token stands for. To wait for its keys counts: it is work."""
        if not self.outside:
            return
        try:
            await recognise(scope, self._tokens, self.outside)
        except Unavailable:
            await self.limits.count_address(scope)
            raise

    def _check_host(self, host: str) -> None:
        if not self._hosts.know(host):
            raise BadRequest(
                f"This installation is not known as {host[:100]!r}; its operator can name it in "
                "TENFOLD_PUBLIC_URL or TENFOLD_HOSTS.",
                code="UNKNOWN_HOST",
            )

    def _check_sender(self, scope: Notes) -> None:
        """Raise Forbidden for what a page of another site sends: a cookie may come along, or be
        set. What is signed by a header is sent by nobody who was not given it."""
        if scope["path"] == REPORTS:
            return
        others = self.cors.origins if scope["path"].startswith("/v1/") else ()
        check_sender(self._settings, scope, others)

    def _by_https(self, scope: Notes, headers: Found, *, proxied: bool) -> ASGIResponse:
        """Send who looks at a page to the public address (308); nothing else is taken in the clear.

        A program that is sent on would go on sending its token so, and a form has sent its already.
        """
        public = self._settings.address
        said = headers.get(b"x-forwarded-proto", b"https")
        if not proxied and forwarded(headers) and said.strip() != b"http":
            # It may have come by https: who is sent there would be sent there for ever.
            raise BadRequest(
                "This came by http from a proxy that is not trusted. Its operator can name the "
                "proxy in TENFOLD_TRUSTED_PROXIES.",
                code="HTTPS_REQUIRED",
            )
        program = scope["path"].startswith(_PROGRAMS) or b"authorization" in headers
        if program or scope["method"] not in _READS:
            raise BadRequest(
                f"Ask by https, at {public}. What was just sent could be read on the way: replace "
                "a password or a key that was in it.",
                code="HTTPS_REQUIRED",
            )
        if proxied and b"x-forwarded-proto" not in headers:
            raise BadRequest(
                "This came from a trusted proxy that does not say by what: its operator can have "
                "it send X-Forwarded-Proto.",
                code="HTTPS_REQUIRED",
            )
        path = quote(scope["path"], safe="/~:@!$&'()*+,;=")
        query = scope["query_string"].decode("latin-1")
        there = f"{public}/{path.lstrip('/')}" + (f"?{query}" if query else "")
        return ASGIResponse(status_code=308, headers={"location": there})


def _renews(path: str) -> bool:
    """Whether a refresh token tells whose request it is: asked for a new one, and by pages."""
    return path == _RENEWAL or not path.startswith(_NO_PAGES)


def _searches(scope: Notes, headers: Found) -> bool:
    """Whether somebody types: suggestions, and lists that change with each letter."""
    path = scope["path"]
    if scope["method"] not in _READS:
        return False
    if path.endswith(_SEARCHES):
        return _SEARCH.fullmatch(path) is not None
    typed = headers.get(b"hx-request-type") == b"partial" and b"q=" in scope["query_string"]
    return typed and not path.startswith("/v1/")


def _times(scope: Notes, header: bytes) -> int:
    """How often a request brings a header."""
    return sum(name == header for name, _ in scope["headers"])


def _texts(pairs: list[tuple[bytes, bytes]]) -> dict[str, str]:
    return {name.decode(): value.decode() for name, value in pairs}
