"""Who somebody is at a provider, as it has just said."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import msgspec

from tenfold.accounts.identity.account import plain_email


class Shown(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody's identity at a provider, with what it tells of them."""

    provider: str
    issuer: str
    subject: str
    email: str = ""
    """Their address in the form that accounts are known by; empty: not told."""
    verified: bool = False
    """Whether the provider has made sure that the address is theirs."""
    first_name: str = ""
    last_name: str = ""
    mfa: bool = False
    """Whether it asked for a second factor, and is trusted with that."""


class Begun(msgspec.Struct, frozen=True, kw_only=True):
    """What the browser keeps, sealed, while it is at the provider."""

    provider: str
    state: str
    nonce: str
    verifier: str
    until: float
    after: str = "/"
    link: tuple[str, str, str] | None = None
    """Whose account to link it to: person, organisation and session; None: to sign in."""


@dataclass(frozen=True, slots=True)
class Back:
    """What the browser comes back with from the provider."""

    state: str = ""
    code: str = ""
    issuer: str = ""
    error: str = ""


class Provider(Protocol):
    """A provider that people sign in with."""

    @property
    def key(self) -> str:
        """What it is called in addresses."""
        ...

    @property
    def label(self) -> str:
        """What it is called on buttons."""
        ...

    @property
    def issuer(self) -> str:
        """Under which name its people are known here."""
        ...

    async def address(self, begun: Begun) -> str:
        """Where to send the browser."""
        ...

    async def shown(self, begun: Begun, back: Back) -> Shown:
        """Who came back; raises Unauthenticated, or OutsideError."""
        ...


def names(claims: Mapping[str, Any]) -> tuple[str, str]:
    """First and last name, as far as they are told."""
    first, last = _text(claims, "given_name"), _text(claims, "family_name")
    if not (first or last):
        first, _, last = _text(claims, "name").rpartition(" ")
        first, last = (first, last) if first else (last, "")
    return first, last


def address(claims: Mapping[str, Any]) -> tuple[str, bool]:
    """The e-mail address that is told, and whether it is verified; LinkedIn says so in a text."""
    text = claims.get("email")
    if not isinstance(text, str) or not text.strip():
        return "", False
    verified = claims.get("email_verified")
    return plain_email(text), verified is True or verified == "true"


def _text(claims: Mapping[str, Any], name: str) -> str:
    found = claims.get(name)
    return " ".join(found.split())[:100] if isinstance(found, str) else ""
