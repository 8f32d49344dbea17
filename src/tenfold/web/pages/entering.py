"""What follows every way of signing in on pages: the session's cookies, or a second factor."""

from __future__ import annotations

from dataclasses import dataclass

from litestar.response.base import ASGIResponse

from tenfold.accounts.client import Client
from tenfold.accounts.identity import challenges
from tenfold.accounts.identity.entrance import Asked, Signed
from tenfold.web.api.auth import Gate, knock
from tenfold.web.pages import render
from tenfold.web.pages.session import Req, cookie, keep_cookie, kept_cookies

WAITING = "waiting"
"""The cookie of a sign-in that waits for its second factor."""
SECOND_FACTOR = "/login/second-factor"


@dataclass(frozen=True, slots=True)
class Provider:
    """Somebody else whom people may sign in with."""

    label: str
    href: str


def providers(request: Req, after: str) -> list[Provider]:
    """Whom else people may sign in with, in their order; none of them is asked for it."""
    offered = gate_of(request).provided.providers.all
    return [Provider(p.label, then(f"/v1/auth/oidc/{p.key}/start", after)) for p in offered]


def gate_of(request: Req) -> Gate:
    """The process's gate."""
    return request.app.state.gate


async def knocked(request: Req) -> Client:
    """Who knocks, counted as a try; raises TooMany."""
    return await knock(request, gate_of(request))


def entered(request: Req, found: Signed | Asked, after: str) -> ASGIResponse:
    """Go where one was going, or to the question for the second factor first."""
    if isinstance(found, Asked):
        keep_cookie(request, WAITING, found.token, int(challenges.LIFE.total_seconds()))
        return render.to(request, then(SECOND_FACTOR, after))
    keep_signed(request, found)
    return render.to(request, after)


def then(path: str, after: str) -> str:
    """An address that knows where to go from it."""
    return path if after == "/" else render.query(path, next=after)


def keep_signed(request: Req, signed: Signed) -> None:
    """Keep a new session in the browser, and what knows the browser."""
    keep_cookie(request, "session", signed.token)
    kept_cookies(request).extend(gate_of(request).cookies.of_sign_in(signed))
    if cookie(request, WAITING):
        keep_cookie(request, WAITING, "", 0)


def keep_session(request: Req, access: str, refresh: str) -> None:
    """Keep both tokens in the browser, or remove them."""
    keep_cookie(request, "session", access)
    keep_cookie(request, "refreshToken", refresh)


def device(request: Req) -> str:
    """What knows this browser."""
    return cookie(request, "device")[:200]


def browser(request: Req) -> str:
    """What tells that a sign-in link comes back to the browser that asked for it."""
    return cookie(request, "browser")[:200]


def keep_browser(request: Req, secret: str) -> None:
    """Keep it until the link is too old."""
    keep_cookie(request, "browser", secret)
