"""Refusals in the look of the pages, and the way to the sign-in page."""

from __future__ import annotations

from urllib.parse import quote

import structlog
from litestar import Response
from litestar.exceptions import HTTPException

from tenfold.db.database import BUSY
from tenfold.kernel.errors import NotFound, TenfoldError
from tenfold.kernel.language import mark, say
from tenfold.web import respond
from tenfold.web.desk import header
from tenfold.web.pages import render, speaking
from tenfold.web.pages.refusals import refusal
from tenfold.web.pages.session import (
    Req,
    SignInFirst,
    address_of,
    cookie,
    here,
    keep_cookie,
    kept_cookies,
)

_log = structlog.get_logger()
_TITLES = {
    400: mark("That address can't be read"),
    403: mark("You may not do this"),
    404: mark("There is nothing here"),
    405: mark("That is not possible here"),
    409: mark("That collides with something"),
    413: mark("That is too large"),
    429: mark("A little slower, please"),
    503: mark("We can't reach the data"),
}
_WRONG, _FAILED = mark("Something went wrong"), mark("That did not work")
_SET_UP = ("/settings/security", "shield-check", mark("Set one up"))
_WHOM = ("/settings/whom-to-ask", "users", mark("See whom to ask"))
# What may be otherwise in a moment.
_PASSING = (429, 500, 503)
_TEXTS = {
    404: mark("The page or record is gone, was never here, or is not yours to see."),
    405: mark("Go back and use the buttons of the page."),
    500: mark("Something went wrong on our side. It has been noted; try again in a moment."),
}


def wants_page(request: Req) -> bool:
    """Whether a refusal should be a page: somebody looks at it, not a program."""
    if _of_api(request) or request.scope["path"].startswith(("/metrics", "/openapi")):
        return False
    return "text/html" in header(request.scope, b"accept")


def _of_api(request: Req) -> bool:
    """Whether the address was meant for the API, however it is written."""
    path = request.scope["path"].lower()
    return path == "/v1" or path.startswith("/v1/")


def _not_there() -> Response[bytes]:
    """The answer to /V1/leads, which only looks like the address of a page."""
    text = "There is nothing at this address; the API's begin with /v1, in small letters."
    return respond.failure(NotFound(text))


def refused(request: Req, error: TenfoldError) -> Response[bytes]:
    """A named error as a page; somebody who must sign in is sent there."""
    if _of_api(request):
        return _not_there()
    if error.status == 401:
        return _to_sign_in(request)
    if error.code == "STEP_UP_REQUIRED":
        return _to_confirm(request)
    title = say(_TITLES.get(error.status, _WRONG))
    text = say(_TEXTS[500]) if error.status == 500 else refusal(error)
    if error.status == 404:
        text = say(_TEXTS[404])
    ways = _ways(request, error.status)
    if error.code == "MFA_REQUIRED":
        title, ways = say("A second factor comes first"), [_SET_UP]
    return render.error_page(request, error.status, title, text, dict(error.headers), ways)


def _ways(request: Req, status: int) -> list[tuple[str, str, str]]:
    """How one goes on: once more where that may help, to whoever may help, home."""
    if status in _PASSING and request.method == "GET":
        again = (_asked(request), "refresh-cw", mark("Try again"))
        return [again, render.HOME]
    if status == 403 and cookie(request, "session"):
        return [render.HOME, _WHOM]
    return [render.HOME]


def _asked(request: Req) -> str:
    """The address that was asked for, of whose page a part may be: then that page's."""
    if render.scripted(request):
        return _shown(request)
    query = request.scope["query_string"].decode("latin-1")
    return here(request) + (f"?{query}" if query else "")


def unknown(request: Req, error: HTTPException) -> Response[bytes]:
    """What the router refuses."""
    if _of_api(request):
        return _not_there()
    status = error.status_code
    speaking.to_browser(request)
    title = say(_TITLES.get(status, _FAILED))
    text = say(_TEXTS.get(status, str(error.detail)))
    return render.error_page(request, status, title, text, ways=_ways(request, status))


def busy(request: Req, error: Exception) -> Response[bytes]:
    """What the database gave up, since others had what it needed."""
    return refused(request, respond.busy(error))


def broken(request: Req, error: Exception) -> Response[bytes]:
    """A mistake of ours: noted in one line, whatever was typed, told without its details."""
    _log.error("request failed", exc_info=error)
    ways = _ways(request, 500)
    return render.error_page(request, 500, say(_WRONG), say(_TEXTS[500]), ways=ways)


def _to_sign_in(request: Req) -> Response[bytes]:
    """The sign-in page, and afterwards back to where one was."""
    query = request.scope["query_string"].decode("latin-1")
    before = here(request) + (f"?{query}" if query else "")
    scripted = render.scripted(request)
    part = header(request.scope, b"hx-request-type") == "partial"
    if request.method != "GET" or (scripted and part):
        before = _shown(request)
    # A token that is good but whose session has ended would lead back here for ever.
    keep_cookie(request, "session", "")
    address = "/login" if before == "/" else f"/login?next={quote(before)}"
    if scripted:  # the whole page goes there, not the part that was asked for
        headers = {"hx-redirect": address, "cache-control": "no-store"}
        return Response(b"", headers=headers, cookies=kept_cookies(request), media_type=render.HTML)
    return Response(
        content=b"",
        status_code=303,
        headers={"location": address, "cache-control": "no-store"},
        cookies=kept_cookies(request),
        media_type=render.HTML,
    )


def _to_confirm(request: Req) -> Response[bytes]:
    """The page where one proves who one is; a form goes there whole (307), and on from there."""
    query = request.scope["query_string"].decode("latin-1")
    place = request.scope["path"] + (f"?{query}" if query else "")
    if request.method == "GET":
        status, address = 303, render.query("/confirm", next=here(request))
    else:
        status, address = 307, render.query("/confirm", act=place, next=_shown(request))
    return Response(
        content=b"",
        status_code=status,
        headers={"location": address, "cache-control": "no-store"},
        cookies=kept_cookies(request),
        media_type=render.HTML,
    )


def _shown(request: Req) -> str:
    """The page that the browser shows while it asks: where to go back to."""
    scope = request.scope
    return address_of(header(scope, b"hx-current-url") or header(scope, b"referer"))[1] or "/"


HANDLERS = {
    TenfoldError: refused,
    HTTPException: unknown,
    **dict.fromkeys(BUSY, busy),
    Exception: broken,
}
__all__ = ["HANDLERS", "SignInFirst", "wants_page"]
