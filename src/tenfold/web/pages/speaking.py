"""In which language a page speaks: the person's own, else the one their browser asks for.

The browser keeps the person's own, for pages that don't know who asks: refusals, the sign-in page.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

from tenfold.kernel.language import ENGLISH, LANGUAGES, speak
from tenfold.web.cookies import YEAR
from tenfold.web.desk import header
from tenfold.web.pages.session import Req, cookie, keep_cookie, scope_of

_SPOKEN = "tenfold.spoken"
_COOKIE = "language"
_LONGEST = 200


async def begin(request: Req) -> None:
    """Speak as the browser asks, before it is known who it is."""
    to_browser(request)


def to_browser(request: Req) -> None:
    """Speak as the browser asks, where nothing else was settled for this request."""
    if not scope_of(request).get(_SPOKEN):
        kept = cookie(request, _COOKIE)
        speak(kept if kept in LANGUAGES else asked_for(header(request.scope, b"accept-language")))


def to_person(request: Req, language: str, region: str) -> None:
    """Speak as the person chose; in the browser's language where they chose none."""
    scope_of(request)[_SPOKEN] = True
    if language != cookie(request, _COOKIE):
        keep_cookie(request, _COOKIE, language, YEAR)
    speak(language or asked_for(header(request.scope, b"accept-language")), region)


def asked_for(accepted: str) -> str:
    """The language of ours that an Accept-Language header likes best; English for none."""
    return next((tag for tag in _liked(accepted[:_LONGEST]) if tag in LANGUAGES), ENGLISH)


@lru_cache(maxsize=1_024)
def _liked(accepted: str) -> Sequence[str]:
    liked = [(quality, -place, tag) for place, (tag, quality) in enumerate(_wishes(accepted))]
    return [tag for quality, _, tag in sorted(liked, reverse=True) if quality > 0]


def _wishes(accepted: str) -> Sequence[tuple[str, float]]:
    """Languages and how much each is liked, in the order they came in."""
    found: list[tuple[str, float]] = []
    for part in accepted.split(","):
        tag, _, quality = part.partition(";")
        try:
            liked = float(quality.strip().removeprefix("q=") or 1)
        except ValueError:
            liked = 0.0
        found.append((tag.strip().lower().partition("-")[0], liked))
    return found
