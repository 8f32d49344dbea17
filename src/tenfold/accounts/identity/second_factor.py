"""Whether a token tells that its person gave a second factor."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

_TOLD = {
    "http://schemas.openid.net/pape/policies/2007/06/multi-factor",
    "phr",
    "phrh",
}


def told_second_factor(claims: Mapping[str, Any]) -> bool:
    """By `amr` (RFC 8176), by `acr` (PAPE, EAP), or by `aal`, which is Supabase's."""
    amr, acr = claims.get("amr"), claims.get("acr")
    listed = "mfa" in cast("list[object]", amr) if isinstance(amr, list) else False
    return listed or (isinstance(acr, str) and acr in _TOLD) or claims.get("aal") == "aal2"
