"""Templates become answers: whole pages, partials for htmx, redirects."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import Any, cast
from urllib.parse import urlencode

import zstandard
from jinja2 import Environment, PackageLoader, StrictUndefined
from litestar import Response
from litestar.response.base import ASGIResponse

from tenfold.kernel.language import manner, mark, say, say_as, say_n, within
from tenfold.web.desk import header
from tenfold.web.pages import speaking, words
from tenfold.web.pages.assets import assets
from tenfold.web.pages.frame import Frame, look
from tenfold.web.pages.session import Req, kept_cookies, swapped
from tenfold.web.respond import coding_of

HTML = "text/html"
# How values and fields look, the same in every template.
_MACROS = {
    "macros/steps.html": ("steps",),
    "macros/show.html": ("icon", "avatar", "sign", "cell", "short", "stuck"),
    "macros/field.html": ("field",),
    "macros/entry.html": ("entry", "told", "passkey"),
    "macros/lists.html": ("said_parts", "view_fields"),
    "macros/agenda.html": ("agenda_line",),
    "macros/states.html": ("bones", "failed", "denied"),
    "macros/acts.html": ("act", "sure", "choose", "ticks", "looked_up"),
}
_WORTH_IT = 1_400
HOME = ("/", "house", mark("Go home"))
"""A way to go on: address, icon, words."""
_HEADERS = {
    "cache-control": "private, no-cache",
    "vary": "Cookie, HX-Request, Accept-Encoding, Accept-Language",
}


@cache
def environment() -> Environment:
    """The templates that ship; unknown names are errors, everything is escaped."""
    made = Environment(
        loader=PackageLoader("tenfold.web", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        auto_reload=False,
        extensions=["jinja2.ext.i18n"],
    )
    made.policies["ext.i18n.trimmed"] = True
    _speaking(made)
    shared = cast("dict[str, Any]", made.globals)
    shared["static"] = assets().address
    for file, names in _MACROS.items():
        module = made.get_template(file).module
        shared.update({name: getattr(module, name) for name in names})
    return made


def _speaking(made: Environment) -> None:
    """Give templates `_`, `ngettext` and `{% trans %}`, whose texts are in the reader's language.

    A text is markup of ours, or of a translator of ours; values that are put in are escaped.
    """
    extended: Any = made  # the extension gives the environment methods
    extended.install_gettext_callables(say, say_n, newstyle=True, pgettext=say_as)
    made.filters["within"] = within
    made.filters["number"] = words.number


def page(
    request: Req,
    template: str,
    frame: Frame,
    *,
    status: int = 200,
    headers: Mapping[str, str] | None = None,
    **view: Any,
) -> ASGIResponse:
    """A page in its frame."""
    text = render(template, frame=frame, look=frame.look, **view)
    return _answer(request, text, status, headers)


def bare(
    request: Req,
    template: str,
    *,
    status: int = 200,
    headers: Mapping[str, str] | None = None,
    **view: Any,
) -> ASGIResponse:
    """A page without a frame: nobody is signed in."""
    return _answer(request, render(template, look=look(request), **view), status, headers)


def partial(
    request: Req,
    template: str,
    *,
    status: int = 200,
    headers: Mapping[str, str] | None = None,
    **view: Any,
) -> ASGIResponse:
    """The part of a page that htmx swaps in."""
    return _answer(request, render(template, **view), status, headers)


def render(template: str, **view: Any) -> str:
    """A template's text, in the language that was settled for the one who reads it."""
    return environment().get_template(template).render(language=manner().language, **view)


def scripted(request: Req) -> bool:
    """Whether htmx asks, for a part or for the page."""
    return header(request.scope, b"hx-request") == "true"


def wants(request: Req, target: str) -> bool:
    """Whether htmx asks for this part of the page alone."""
    return swapped(request) == target


def begins(request: Req, target: str) -> bool:
    """Whether htmx asks for a part alone whose name begins so: one of several of a kind."""
    return swapped(request).partition("-")[0] == target


def query(path: str, **values: str) -> str:
    """An address with parameters."""
    return f"{path}?{urlencode(values)}"


def to(request: Req, address: str) -> ASGIResponse:
    """See there next (303), so that loading again repeats nothing."""
    headers = {"location": address, "cache-control": "no-store"}
    return ASGIResponse(status_code=303, headers=headers, cookies=kept_cookies(request))


def error_page(
    request: Req,
    status: int,
    title: str,
    text: str,
    headers: dict[str, str] | None = None,
    ways: Sequence[tuple[str, str, str]] = (HOME,),
) -> Response[bytes]:
    """A refusal in the look of the pages, and the ways to go on, the best one first."""
    speaking.to_browser(request)
    view: dict[str, Any] = {
        "status": status,
        "title": title,
        "text": text,
        "ways": [(href, sign, say(what)) for href, sign, what in ways],
    }
    body = render("error.html", look=look(request), **view)
    return Response(
        content=body.encode(),
        status_code=status,
        # Never inside a part of another page.
        headers={**(headers or {}), "cache-control": "no-store", "hx-retarget": "body"},
        cookies=kept_cookies(request),
        media_type=HTML,
    )


def _gzip(body: bytes) -> bytes:
    packer = zlib.compressobj(5, wbits=31)
    return packer.compress(body) + packer.flush()


def _zstd(body: bytes) -> bytes:
    return zstandard.compress(body, 3)


# Half a millisecond for a list of fifty, a fifth smaller than the quickest way.
_PACKERS: Mapping[str, Callable[[bytes], bytes]] = {"zstd": _zstd, "gzip": _gzip}


def _answer(
    request: Req, text: str, status: int, more: Mapping[str, str] | None = None
) -> ASGIResponse:
    body, headers = text.encode(), {**_HEADERS, **(more or {})}
    coding = coding_of(header(request.scope, b"accept-encoding"), tuple(_PACKERS))
    if coding and len(body) > _WORTH_IT:
        body = _PACKERS[coding](body)
        headers["content-encoding"] = coding
    return ASGIResponse(
        body=body,
        status_code=status,
        headers=headers,
        cookies=kept_cookies(request),
        media_type=HTML,
    )
