"""Passkeys on pages: where they work, what the browser is asked, what it answered."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import msgspec
from litestar.response.base import ASGIResponse

from tenfold.kernel.errors import TenfoldError
from tenfold.kernel.language import say
from tenfold.web import respond
from tenfold.web.pages.entering import gate_of
from tenfold.web.pages.session import Form, Req, here, kept_cookies


@dataclass(frozen=True, slots=True)
class Hindrance:
    """Why passkeys can't work at this address, and where they would."""

    text: str
    href: str = ""
    place: str = ""


def hindrance(request: Req) -> Hindrance | None:
    """None where they work: at a name, by https or on one's own machine (WebAuthn, 5.1.3)."""
    parts = urlsplit(gate_of(request).client(request).origin)
    name, scheme = parts.hostname or "", parts.scheme
    try:
        machine = ipaddress.ip_address(name)
    except ValueError:
        if scheme == "https" or name == "localhost":
            return None
        return Hindrance(say("Passkeys need an address that begins with https."))
    if not machine.is_loopback:
        return Hindrance(say("Passkeys need a name and https, not an address in figures."))
    place = f"localhost:{parts.port}" if parts.port else "localhost"
    return Hindrance(say("Passkeys need a name."), f"http://{place}{here(request)}", place)


def answer_of(form: Form) -> dict[str, Any]:
    """What the browser's passkey answered; empty where that can't be read."""
    try:
        return msgspec.json.decode(form.get("credential"), type=dict[str, Any])
    except (msgspec.DecodeError, UnicodeEncodeError):
        return {}


def asks(request: Req, token: str, options: Mapping[str, Any] | None) -> ASGIResponse:
    """What the browser is to ask its passkey, and the token to bring the answer back with."""
    body = msgspec.json.encode({"token": token, "options": options})
    return _json(request, body, 200)


def refused(request: Req, error: TenfoldError) -> ASGIResponse:
    """Why it is not asked."""
    return _json(request, msgspec.json.encode(respond.error_body(error)), error.status)


def _json(request: Req, body: bytes, status: int) -> ASGIResponse:
    return ASGIResponse(
        body=body,
        status_code=status,
        headers={"cache-control": "no-store"},
        cookies=kept_cookies(request),
        media_type=respond.JSON,
    )
