"""Letters that no mail server takes, to be read on the machine itself: for trying things out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from litestar import get
from litestar.response.base import ASGIResponse

from tenfold.kernel.clock import now
from tenfold.kernel.errors import NotFound
from tenfold.kernel.language import say
from tenfold.mail import outbox
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


@get(["/outbox", "/outbox/{secret:str}"])
async def outbox_page(request: Req, secret: str = "", to: str = "") -> ASGIResponse:
    """The newest letters, to whom their address was told; elsewhere there is no such page."""
    routed(request, "page-outbox")
    desk = desk_of(request)
    if not readable(request) or not outbox.opens(desk.keyring, secret):
        raise NotFound("There is nothing at this address.")
    async with desk.database.system() as reader:
        found = await kept(reader, desk.keyring, to.strip().lower()[:320] or None)
    zone = zone_of(cookie(request, "zone"))
    eyes = cells.Reader(now(), zone, "", "", desk.registry)
    shown = [_shown(one, desk.settings.address, eyes) for one in found]
    view: dict[str, Any] = {"letters": shown, "to": to, "all": request.scope["path"]}
    return render.bare(request, "door/outbox.html", headers={"cache-control": "no-store"}, **view)


def readable(request: Req) -> bool:
    """Whether only this machine serves the installation, is asked, and asks.

    The name that is asked for must be the machine's, too: another site's name may be made to lead
    here (DNS rebinding), and its scripts would read what we answer.
    """
    scope = request.scope
    if not outbox.offered(desk_of(request).settings):
        return False
    if any(header(scope, name) for name in _FORWARDED):
        return False
    names = (client_of(scope).address, _name(header(scope, b"host")))
    return all(outbox.loopback(name) for name in names)


def waits(request: Req) -> bool:
    """Whether letters are not sent, so that they are read on the host (`tenfold outbox`)."""
    return not desk_of(request).settings.mail_url


def told(request: Req, sent: str, kept: str = "") -> str:
    """What is said of a letter: `sent` where a mail server takes it, else `kept`, and where it is.

    The outbox's own address is told to nobody but whoever runs the installation.
    """
    if not waits(request):
        return sent
    where = say(
        "No mail server is set up: the letter waits in the outbox (“tenfold outbox” on the host)."
    )
    return f"{kept} {where}".strip()


def _name(host: str) -> str:
    """The name in a Host header, without its port."""
    try:
        return urlsplit(f"//{host}").hostname or ""
    except ValueError:
        return ""


def _shown(one: Kept, address: str, eyes: cells.Reader) -> Shown:
    letter, paragraphs = one.letter, one.letter.text.split("\n\n")
    lines = tuple(_line(text.strip(), address) for text in paragraphs if text.strip())
    return Shown(letter.subject, letter.recipient, cells.moment_cell(one.created_at, eyes), lines)


def _line(text: str, address: str) -> Line:
    """A link leads to the name that is asked for now, as cookies are kept for each apart."""
    ours = text.startswith(f"{address}/") and " " not in text
    return Line(text, text.removeprefix(address) if ours else "")


HANDLERS = [outbox_page]
