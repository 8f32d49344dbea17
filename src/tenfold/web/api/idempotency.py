"""Idempotency-Key: the same request sent twice has one effect and the same answer, for 24 hours.

The answer is stored in the transaction of its effect, and an advisory lock held by that transaction
tells a request in flight: a crash in between leaves neither the effect nor the answer.
"""

from __future__ import annotations

import hmac
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

import msgspec
from litestar import Request
from litestar.response.base import ASGIResponse

from tenfold.accounts.identity.tokens import Claims
from tenfold.db.database import Transaction
from tenfold.kernel.errors import Conflict, Invalid, KeyReused
from tenfold.web import respond
from tenfold.web.desk import desk_of, header

_LOCK = "SELECT pg_try_advisory_xact_lock(hashtextextended($1, 0))"
_FIND = """SELECT request, status, headers, body FROM tenfold.idempotency_keys
WHERE tenant_id = $1 AND user_id = $2 AND key = $3 AND created_at > now() - interval '24 hours'"""
_KEEP = """INSERT INTO tenfold.idempotency_keys
(tenant_id, user_id, key, request, status, headers, body) VALUES ($1, $2, $3, $4, $5, $6, $7)
ON CONFLICT (tenant_id, user_id, key) DO UPDATE SET request = excluded.request,
status = excluded.status, headers = excluded.headers, body = excluded.body, created_at = now()"""


class Kept:
    """The place of a request's answer: what was answered before, or where to keep it now."""

    def __init__(
        self, tx: Transaction, claims: Claims, key: str, request: bytes, answer: ASGIResponse | None
    ) -> None:
        self._tx, self._claims, self._key, self._request = tx, claims, key, request
        self.answer = answer

    async def keep(self, answer: ASGIResponse) -> ASGIResponse:
        """Store the answer with its effect, if the request carried a key."""
        if self._key:
            shown = {"etag", "location"}
            headers = {
                k.decode(): v.decode()
                for k, v in answer.encode_headers()
                if k.decode().lower() in shown
            }
            await self._tx.execute(
                _KEEP,
                self._claims.tenant,
                self._claims.whose,
                self._key,
                self._request,
                answer.status_code,
                msgspec.json.encode(headers).decode(),
                answer.body,
            )
        return answer


async def whole_body(request: Request[Any, Any, Any]) -> None:
    """Wait for the body while nothing is held: a client may send it slowly."""
    await request.body()


@asynccontextmanager
async def once(
    request: Request[Any, Any, Any], tx: Transaction, claims: Claims, content: bytes = b""
) -> AsyncGenerator[Kept]:
    """Answer from before, or run and keep the answer; 409 in flight, 422 for another request.

    `content` stands for a body that is not held in memory.
    """
    key = header(request.scope, b"idempotency-key")
    if not key:
        yield Kept(tx, claims, "", b"", None)
        return
    if len(key) > 255 or not key.isprintable():
        raise Invalid({"Idempotency-Key": "must have 1 to 255 printable characters"})
    whole = f"{request.method} {request.url.path}\n".encode()
    whole += content or await request.body()
    # Keyed, since the body may hold a secret that is short enough to be guessed.
    keys = desk_of(request).keyring.derived("idempotency")()
    digests = [hmac.digest(key, whole, "sha256") for key in keys]
    if not await tx.value(_LOCK, f"{claims.tenant}{claims.whose}{key}"):
        raise Conflict(
            "A request with this Idempotency-Key is still being worked on; try again shortly.",
            code="IN_FLIGHT",
        )
    row = await tx.row(_FIND, claims.tenant, claims.whose, key)
    if row is None:
        yield Kept(tx, claims, key, digests[0], None)
        return
    if row["request"] not in digests:
        raise KeyReused("This Idempotency-Key was used for another request; make a new one.")
    headers = {**msgspec.json.decode(row["headers"]), "idempotency-replayed": "true"}
    answer = respond.document(row["body"], status=row["status"], headers=headers)
    yield Kept(tx, claims, key, digests[0], answer)
