"""Requests signed by an outside issuer's token: recognised before anybody asks who signed them."""

from __future__ import annotations

from tenfold.accounts.identity.outside_tokens import OutsideTokens
from tenfold.accounts.identity.tokens import Tokens
from tenfold.kernel.errors import Unauthenticated
from tenfold.web.desk import CLAIMS, UNSIGNED, token_of
from tenfold.web.scope import Notes


async def recognise(scope: Notes, tokens: Tokens, outside: OutsideTokens) -> None:
    """Note whom the token stands for, or why it is no good; our own are left to be looked at.

    Raises Unavailable where the issuer's keys can't be had.
    """
    try:
        token = token_of(scope)
        if token not in tokens and (claims := await outside.claims(token)) is not None:
            scope[CLAIMS] = claims
    except Unauthenticated as error:
        scope[UNSIGNED] = error.message, error.code
