"""Where to go after signing in: nowhere but to a page of ours."""

from __future__ import annotations

from urllib.parse import quote, urlsplit


def safe_next(text: str) -> str:
    """Where to go after signing in: a path of ours, else the home page."""
    control = any(ord(c) < 33 or c == "\x7f" for c in text)
    if control or not text.startswith("/") or text[1:2] in ("/", "\\") or "\\" in text:
        return "/"
    try:
        parts = urlsplit(text)
    except ValueError:
        return "/"
    if parts.scheme or parts.netloc:
        return "/"
    # A header holds nothing but ASCII, and a browser asks for anything else like this.
    return "".join(c if c.isascii() else quote(c, errors="replace") for c in text)
