"""Requests signed by an outside issuer's token: recognised before their handler asks who it is."""

from __future__ import annotations

from typing import Any, cast

from litestar import Request

from tenfold.accounts.identity.outside_tokens import OutsideTokens
from tenfold.kernel.errors import TenfoldError
from tenfold.web.desk import REFUSAL, desk_of, header


async def recognise(request: Request[Any, Any, Any]) -> None:
    """Note whom the token stands for, or why it is no good; our own are left to the desk."""
    kind, _, token = header(request.scope, b"authorization").partition(" ")
    token = token.strip()
    if kind.lower() != "bearer" or not token or token in desk_of(request).tokens:
        return
    outside: OutsideTokens = request.app.state.outside_tokens
    noted = cast("dict[str, Any]", request.scope)
    try:
        if (claims := await outside.claims(token)) is not None:
            noted["tenfold.claims"] = claims
    except TenfoldError as error:
        noted[REFUSAL] = error
