"""Where to go after signing in: nowhere but to a page of ours."""

from __future__ import annotations

from urllib.parse import urlsplit


def safe_next(text: str) -> str:
    """Where to go after signing in: a path of ours, else the home page."""
    control = any(ord(c) < 33 or c == "\x7f" for c in text)
    if control or not text.startswith("/") or text[1:2] in ("/", "\\") or "\\" in text:
        return "/"
    try:
        parts = urlsplit(text)
    except ValueError:
        return "/"
    return "/" if parts.scheme or parts.netloc else text
