"""Bytes in letters that addresses, cookies and forms bear, in one spelling each."""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode


def spelled(raw: bytes) -> str:
    """Bytes as base64url without padding (RFC 4648, section 5)."""
    return urlsafe_b64encode(raw).rstrip(b"=").decode("ascii")


def unspelled(text: str) -> bytes:
    """What `spelled` made into this very text; raises ValueError for any other spelling.

    The library's decoder passes over letters that are none of its own, and bits that say nothing:
    one and the same would have many spellings.
    """
    raw = urlsafe_b64decode(text.encode("ascii") + b"=" * (-len(text) % 4))
    if spelled(raw) != text:
        raise ValueError("is no base64url in its usual spelling")
    return raw
