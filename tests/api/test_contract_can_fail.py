"""Each promise of the contract broken on purpose: its check must turn red."""

from __future__ import annotations

from base64 import urlsafe_b64decode
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID

import httpx
import msgspec
import pytest
from litestar import Response
from tests.api import contract
from tests.conformance.world import World
from tests.guards import counted

from tenfold.accounts.identity.tokens import Claims, Tokens
from tenfold.engine import ask, cursor
from tenfold.engine.query import Query
from tenfold.engine.types import Money
from tenfold.kernel import errors
from tenfold.web import respond
from tenfold.web.api import records, requests
from tenfold.web.api.idempotency import Kept
from tenfold.web.desk import Glimpse, Visit

pytestmark = pytest.mark.anyio


def _always(value: Any) -> Callable[..., Any]:
    return lambda *args, **more: value


@asynccontextmanager
async def _every_time(request: Any, tx: Any, claims: Any) -> AsyncIterator[Kept]:
    """No key is remembered."""
    yield Kept(tx, claims, "", b"", None)


@asynccontextmanager
async def _whatever_the_body(request: Any, tx: Any, claims: Any) -> AsyncIterator[Kept]:
    """A key is answered again, whatever was asked with it."""
    key = request.headers.get("idempotency-key", "")
    row = await tx.row(
        "SELECT status, body FROM tenfold.idempotency_keys WHERE tenant_id = $1 AND key = $2",
        claims.tenant,
        key,
    )
    answer = None
    if row is not None:
        headers = {"idempotency-replayed": "true", "location": "x", "etag": "x"}
        answer = respond.document(row["body"], status=row["status"], headers=headers)
    yield Kept(tx, claims, key, b"", answer)


def _shape(error: errors.TenfoldError) -> Response[bytes]:
    """Another shape of errors."""
    body = msgspec.json.encode({"detail": error.message})
    return Response(body, status_code=error.status, media_type="application/json")


async def _uncounted(*args: Any) -> tuple[None, str]:
    return None, "none"


def _unverified(self: Tokens, token: str) -> Claims:
    """What a token says is believed, whoever signed it."""
    try:
        middle = token.split(".")[1]
        said = msgspec.json.decode(urlsafe_b64decode(middle + "=" * (-len(middle) % 4)))
        user, tenant, session = (UUID(said[name]) for name in ("sub", "tid", "sid"))
    except (IndexError, ValueError):
        raise errors.Unauthenticated("The access token is not valid.") from None
    return Claims(user, tenant, session, float(said["exp"]))


BREACHES: list[tuple[Any, str, Any, contract.Check]] = [
    (records, "if_match", _always(None), contract.check_lost_update),
    (records, "if_match", _always(None), contract.check_two_writers),
    (requests, "once", _every_time, contract.check_idempotency),
    (requests, "once", _every_time, contract.check_in_flight),
    (requests, "once", _whatever_the_body, contract.check_idempotency),
    (requests, "once", _whatever_the_body, contract.check_keys_are_personal),
    (cursor.hmac, "compare_digest", _always(True), contract.check_cursor),
    (ask, "MOST", 1_000, contract.check_paging),
    (ask, "LIMIT", 20, contract.check_paging),
    (records, "tag", _always('"same"'), contract.check_etag),
    (Query, "_count", _uncounted, contract.check_capped_count),
    (errors.TooLarge, "code", "BAD_REQUEST", contract.check_bodies),
    (respond, "failure", _shape, contract.check_questions),
    (respond, "failure", _shape, contract.check_addresses),
    (Tokens, "_check", _unverified, contract.check_signed_in),
    (Money, "parse", lambda self, value, at: (int(value), at.currency), contract.check_amounts),
]


@pytest.mark.parametrize(
    ("owner_of", "name", "broken", "check"),
    BREACHES,
    ids=[f"{name}-{check.__name__}" for _, name, _, check in BREACHES],
)
async def test_breach_is_seen(
    place: World,
    monkeypatch: pytest.MonkeyPatch,
    owner_of: Any,
    name: str,
    broken: Any,
    check: contract.Check,
) -> None:
    monkeypatch.setattr(owner_of, name, broken)
    with pytest.raises((AssertionError, TypeError)):
        await check(place)


async def test_stale_page_is_seen(
    place: World, elsewhere: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Pages are kept without regard to what changed."""
    monkeypatch.setattr(Visit, "versions", (0, 0, 0))
    monkeypatch.setattr(Glimpse, "versions", (0, 0, 0))
    with pytest.raises(AssertionError, match="stale"):
        await contract.check_cache(place, elsewhere)


async def test_pages_that_are_not_kept_are_seen(
    place: World, elsewhere: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(records, "_seconds", _always(None))
    with pytest.raises(AssertionError):
        await contract.check_cache(place, elsewhere)


async def test_limit_that_is_off_is_seen(place: World) -> None:
    with pytest.raises(AssertionError):
        await contract.check_limits(place, place.app.client)


async def test_a_statement_too_many_is_seen(place: World, monkeypatch: pytest.MonkeyPatch) -> None:
    original = Query.page

    async def page(self: Query, reader: Any, *rest: Any) -> Any:
        for _ in range(3):
            await reader.value("SELECT 1")
        return await original(self, reader, *rest)

    monkeypatch.setattr(Query, "page", page)
    with counted() as counter, pytest.raises(AssertionError):
        await contract.check_queries(place, counter)
