"""Secrets that are handed out once and kept as their hash: links, challenges, devices, keys."""

from __future__ import annotations

import hashlib
import secrets


def new_secret() -> str:
    """A secret of 256 random bits, in letters that addresses and cookies bear."""
    return secrets.token_urlsafe(32)


def digest(secret: str) -> bytes:
    """The form in which such a secret is stored: with 256 random bits it needs no salt."""
    return hashlib.sha256(secret.encode()).digest()
