"""Who else may say who somebody is: providers to sign in with, and issuers of tokens.

Both are written as JSON lists in the settings; what is wrong with one is told without showing it,
for there are secrets in it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TypeVar
from urllib.parse import urlsplit
from uuid import UUID

import msgspec

SCOPES = ("openid", "email", "profile")
SHARED_SECRET_BYTES = 32
"""What a key of HS256 must have at least (RFC 7518, 3.2)."""
_KEY = re.compile(r"[a-z][a-z0-9-]{0,29}")


class ProviderSetting(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A provider of OpenID Connect to sign in with, known by its discovery address."""

    key: str
    """What it is called in addresses, such as `auth0`."""
    issuer: str
    """What it calls itself; `/.well-known/openid-configuration` lies below."""
    client_id: str
    client_secret: str = ""
    label: str = ""
    """What it is called on buttons."""
    scopes: Sequence[str] = SCOPES
    trust_mfa: bool = False
    """Whether a second factor that it says it has asked for counts as ours."""


class IssuerSetting(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An issuer whose access tokens are good here, for people who are linked to theirs."""

    issuer: str
    audience: str
    """What its tokens must be meant for."""
    jwks_uri: str = ""
    """Where its public keys are; empty: as its discovery document says."""
    shared_secret: str = ""
    """The key of one that signs by HS256, as older Supabase projects do, instead of public keys."""
    organization: UUID | None = None
    """Where its people work; empty: where they belong first."""
    organization_claim: str = ""
    """The claim in which its tokens name one of our organisations by its id."""
    trust_mfa: bool = False
    """Whether a second factor that its tokens tell of counts as ours."""


def read_providers(text: str) -> tuple[ProviderSetting, ...]:
    """The providers of a setting; raises ValueError with what it takes."""
    found = _read(text, ProviderSetting)
    for one in found:
        if not _KEY.fullmatch(one.key):
            raise ValueError("a `key` of lower-case letters, digits and - for each provider")
        if not one.client_id.strip():
            raise ValueError(f"the `client_id` that {one.key} knows this installation by")
        if "openid" not in one.scopes:
            raise ValueError(f"`openid` among the `scopes` of {one.key}")
        _need_issuer(one.issuer)
    if len({one.key for one in found}) < len(found):
        raise ValueError("another `key` for each provider")
    return found


def read_issuers(text: str) -> tuple[IssuerSetting, ...]:
    """The outside issuers of a setting; raises ValueError with what it takes."""
    found = _read(text, IssuerSetting)
    for one in found:
        _need_issuer(one.issuer)
        if not one.audience.strip():
            raise ValueError(f"the `audience` that tokens of {one.issuer} are meant for")
        if one.jwks_uri and one.shared_secret:
            raise ValueError(f"`jwks_uri` or `shared_secret` of {one.issuer}, not both")
        if one.jwks_uri:
            _need_address(one.jwks_uri, "jwks_uri")
        if one.shared_secret and len(one.shared_secret.encode()) < SHARED_SECRET_BYTES:
            raise ValueError(f"a `shared_secret` of {SHARED_SECRET_BYTES} bytes or more")
    if len({one.issuer for one in found}) < len(found):
        raise ValueError("each issuer once")
    return found


T = TypeVar("T")


def _read(text: str, kind: type[T]) -> tuple[T, ...]:
    if not text.strip():
        return ()
    try:
        return msgspec.json.decode(text, type=tuple[kind, ...])
    except msgspec.DecodeError as error:  # a ValidationError is one, and names no values
        raise ValueError(f"a JSON list of objects ({error})") from None


def _need_issuer(text: str) -> None:
    _need_address(text, "issuer")
    if "?" in text or "#" in text:
        raise ValueError("an `issuer` without ? and #")


def _need_address(text: str, name: str) -> None:
    """Raise ValueError unless it is an address; where it leads, the client of calls judges."""
    try:
        parts = urlsplit(text)
    except ValueError:
        parts = urlsplit("")
    if parts.scheme not in ("https", "http") or not parts.hostname:
        raise ValueError(f"as `{name}` an address like https://login.example.com")
