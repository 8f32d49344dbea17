"""Letters that no mail server takes, to be read on the machine itself: for trying things out."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from typing import Any, Literal
from urllib.parse import urlsplit

from litestar import get
from litestar.response.base import ASGIResponse

from tenfold.kernel.clock import now
from tenfold.kernel.errors import NotFound
from tenfold.mail.letters import Kept, kept
from tenfold.web.api.auth import client_of
from tenfold.web.desk import desk_of, header
from tenfold.web.pages import cells, render
from tenfold.web.pages.session import Req, cookie, routed
from tenfold.web.pages.words import zone_of

# What a proxy that stands before us adds: its peer is no longer the reader.
_FORWARDED = (b"forwarded", b"x-forwarded-for", b"x-real-ip", b"via")


@dataclass(frozen=True, slots=True)
class Line:
    """A paragraph of a letter, or the link that it is."""

    text: str
    href: str = ""


@dataclass(frozen=True, slots=True)
class Shown:
    """A letter as the page shows it."""

    subject: str
    recipient: str
    when: cells.Cell
    lines: tuple[Line, ...]


@get("/outbox")
async def outbox_page(request: Req, to: str = "") -> ASGIResponse:
    """The newest letters, where nobody else could read them; elsewhere there is no such page."""
    routed(request, "page-outbox")
    if not readable(request):
        raise NotFound("There is nothing at this address.")
    desk = desk_of(request)
    async with desk.database.system() as reader:
        found = await kept(reader, desk.keyring, to.strip().lower()[:320] or None)
    zone = zone_of(cookie(request, "zone"))
    eyes = cells.Reader(now(), zone, "", "", desk.registry)
    shown = [_shown(one, desk.settings.address, eyes) for one in found]
    view: dict[str, Any] = {"letters": shown, "to": to}
    return render.bare(request, "door/outbox.html", headers={"cache-control": "no-store"}, **view)


def readable(request: Req) -> bool:
    """Whether only this machine serves the installation, is asked, and asks.

    The name that is asked for must be the machine's, too: another site's name may be made to lead
    here (DNS rebinding), and its scripts would read what we answer.
    """
    settings, scope = desk_of(request).settings, request.scope
    if settings.mail_url or settings.public_url or not _loopback(settings.host):
        return False
    if any(header(scope, name) for name in _FORWARDED):
        return False
    return _loopback(client_of(scope).address) and _loopback(_name(header(scope, b"host")))


def hint(request: Req) -> Literal["", "host", "page"]:
    """Where letters are to be found that are not sent: on the host, or on the page as well."""
    if desk_of(request).settings.mail_url:
        return ""
    return "page" if readable(request) else "host"


def _name(host: str) -> str:
    """The name in a Host header, without its port."""
    try:
        return urlsplit(f"//{host}").hostname or ""
    except ValueError:
        return ""


def _loopback(name: str) -> bool:
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return name == "localhost"


def _shown(one: Kept, address: str, eyes: cells.Reader) -> Shown:
    letter, paragraphs = one.letter, one.letter.text.split("\n\n")
    lines = tuple(_line(text.strip(), address) for text in paragraphs if text.strip())
    return Shown(letter.subject, letter.recipient, cells.moment_cell(one.created_at, eyes), lines)


def _line(text: str, address: str) -> Line:
    """A link leads to the name that is asked for now, as cookies are kept for each apart."""
    ours = text.startswith(f"{address}/") and " " not in text
    return Line(text, text.removeprefix(address) if ours else "")


HANDLERS = [outbox_page]
