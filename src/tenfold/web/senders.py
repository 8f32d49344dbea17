"""Whether what comes with a cookie was sent by a page of ours: the one check against CSRF."""

from __future__ import annotations

from collections.abc import Collection
from urllib.parse import urlsplit

from tenfold.kernel.errors import Forbidden
from tenfold.kernel.settings import Settings
from tenfold.web.desk import header
from tenfold.web.policy import secure
from tenfold.web.scope import Notes

_SAME = ("", "same-origin", "none")


def check_sender(settings: Settings, scope: Notes, others: Collection[str] = ()) -> None:
    """Raise Forbidden where a browser says that a page of another site sent the request.

    `others` are origins that may. A browser names the page's origin with everything but a plain
    GET, or says at least whether it is ours; who says neither is no browser, and was not tricked.
    """
    origin = header(scope, b"origin")
    site = header(scope, b"sec-fetch-site")
    if origin in others and origin:
        return
    if origin:
        fine = site in _SAME and _ours(settings, scope, origin)
    else:
        referer = header(scope, b"referer")
        fine = site in _SAME and (not referer or _ours(settings, scope, referer))
    if not fine:
        page = f"a page of {origin[:200]}" if origin else "another site's page"
        raise Forbidden(
            f"This came from {page}, so nothing was changed. Do it here.", code="WRONG_ORIGIN"
        )


def _ours(settings: Settings, scope: Notes, text: str) -> bool:
    """Whether an address is one of this installation's, under the name that it was reached by."""
    try:
        parts = urlsplit(text)
    except ValueError:  # no browser sends such
        return False
    if parts.scheme not in ("http", "https") or not parts.netloc:
        return False
    if secure(settings) and parts.scheme != "https":
        return False
    known = urlsplit(settings.address)
    # Which hosts reach us was checked at the edge.
    host = str(scope["tenfold.host"])
    return parts.netloc.lower() in (known.netloc.lower(), host.lower())
