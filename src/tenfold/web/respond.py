"""Answers in the one envelope of the API, as bytes."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Any

import brotli  # pyright: ignore[reportMissingTypeStubs]
import msgspec
import structlog
import zstandard
from litestar import Request, Response
from litestar.response.base import ASGIResponse
from litestar.types import Receive, Scope, Send

from tenfold.kernel.answers import encoded
from tenfold.kernel.errors import TenfoldError, Unavailable

JSON = "application/json"
_WORTH_IT = 1_400
_KEPT = {b"cache-control": b"private, no-cache", b"vary": b"Accept-Encoding, Authorization"}
_HEADERS = {b"content-type": JSON.encode(), **_KEPT}
_NONE: Mapping[str, str] = {}
_encode = msgspec.json.encode
_log = structlog.get_logger()


class Answer(ASGIResponse):
    """Bytes with headers that are ready; as the framework makes them they cost 3 % of a read."""

    __slots__ = ("pairs",)

    def __init__(self, body: bytes, status: int, headers: Mapping[bytes, bytes]) -> None:
        self.body, self.status_code, self.pairs = body, status, list(headers.items())

    def encode_headers(self) -> list[tuple[bytes, bytes]]:
        """The headers as they are sent."""
        return self.pairs

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002
        """Send the answer."""
        await send(
            {"type": "http.response.start", "status": self.status_code, "headers": self.pairs}
        )
        await send({"type": "http.response.body", "body": self.body, "more_body": False})


def document(
    body: bytes,
    *,
    status: int = 200,
    headers: Mapping[str, str] = _NONE,
    encodings: str = "",
) -> Answer:
    """A JSON answer; compressed (lowest level) where the client takes it and it is worth it."""
    sent = {**_HEADERS, **{name.encode(): value.encode() for name, value in headers.items()}}
    if encodings and len(body) > _WORTH_IT and (coding := coding_of(encodings)):
        body = _PACKERS[coding](body)
        sent[b"content-encoding"] = coding.encode()
    sent[b"content-length"] = b"%d" % len(body)
    return Answer(body, status, sent)


def unchanged(etag: str) -> Answer:
    """The answer to a client that has this already: nothing but its headers."""
    return Answer(b"", 304, {**_KEPT, b"etag": etag.encode()})


@lru_cache(maxsize=256)
def coding_of(encodings: str, ours: Sequence[str] = ("zstd", "br", "gzip")) -> str:
    """What an Accept-Encoding likes best of ours, the first of equals; empty for the body as it is.

    RFC 9110, 12.5.3: a weight of 0 forbids, * stands for all that is not named.
    """
    likes: dict[str, float] = {}
    for one in encodings.lower().split(","):
        name, *parameters = (part.strip() for part in one.split(";"))
        likes[name] = min((_weight(p) for p in parameters), default=1.0)
    others = likes.get("*", 0.0)
    best = max(ours, key=lambda name: likes.get(name, others))
    liked = likes.get(best, others)
    return best if liked > 0 and liked >= likes.get("identity", 0.0) else ""


def _weight(parameter: str) -> float:
    """The weight that a parameter gives, `q=0.5`; one that can't be read forbids."""
    name, _, number = parameter.partition("=")
    if name.strip() != "q":
        return 1.0
    try:
        return min(max(float(number), 0.0), 1.0)
    except ValueError:
        return 0.0


def _gzip(body: bytes) -> bytes:
    packer = zlib.compressobj(1, wbits=31)
    return packer.compress(body) + packer.flush()


def _brotli(body: bytes) -> bytes:
    return brotli.compress(body, quality=1)  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]


def _zstd(body: bytes) -> bytes:
    return zstandard.compress(body, 1)


_PACKERS: Mapping[str, Callable[[bytes], bytes]] = {"zstd": _zstd, "br": _brotli, "gzip": _gzip}


def current(given: str, etag: str) -> bool:
    """Whether If-None-Match names this ETag, weakly as proxies send it or among others."""
    if not given or given == etag:
        return bool(given)
    return etag in [one.strip().removeprefix("W/") for one in given.split(",")]


def data(
    value: object,
    *,
    status: int = 200,
    headers: Mapping[str, str] = _NONE,
    cookies: Sequence[str] = (),
) -> Answer:
    """`{"success": true, "data": …}` of a Python value, with what it sets as cookies."""
    answer = raw(encoded(value), status=status, headers=headers)
    answer.pairs.extend((b"set-cookie", one.encode()) for one in cookies)
    return answer


def raw(
    json: bytes,
    *,
    status: int = 200,
    headers: Mapping[str, str] = _NONE,
    encodings: str = "",
) -> Answer:
    """`{"success": true, "data": …}` of JSON that is ready."""
    body = b'{"success":true,"data":' + json + b"}"
    return document(body, status=status, headers=headers, encodings=encodings)


def meta(
    limit: int, cursor: str | None, *, count: int | None = None, kind: str = "none"
) -> dict[str, object]:
    """The meta of a list: the cursor of the next page, where there is one."""
    return {
        "limit": limit,
        "next_cursor": cursor,
        "has_more": cursor is not None,
        "count": count,
        "count_kind": kind,
        "cached": False,
    }


def listed(json: bytes, meta: Mapping[str, object]) -> bytes:
    """The body of a list: its rows' JSON and its meta."""
    return b'{"success":true,"data":' + json + b',"meta":' + _encode(meta) + b"}"


def joined(items: Sequence[bytes | None]) -> bytes:
    """A JSON list of values that are JSON already."""
    return b"[" + b",".join(item if item is not None else b"null" for item in items) + b"]"


def failure(error: TenfoldError) -> Response[bytes]:
    """`{"success": false, "error": …}`, the one shape of every refusal."""
    headers = {"cache-control": "no-store", **error.headers}
    return Response(
        content=_encode({"success": False, "error": error_body(error)}),
        status_code=error.status,
        headers=headers,
        media_type=JSON,
    )


def ready(answer: Response[bytes], request: Request[Any, Any, Any]) -> ASGIResponse:
    """A refusal for a handler whose other answers are ready to be sent."""
    return answer.to_asgi_response(None, request)  # pyright: ignore[reportUnknownMemberType]


def busy(error: Exception) -> Unavailable:
    """How the database's giving up (`db.database.BUSY`) is told; noted, since it should be rare."""
    _log.warning("the database is busy", error=str(error))
    return Unavailable("The database is busy; try again shortly.")


def error_body(error: TenfoldError) -> dict[str, object]:
    """An error as the API says it."""
    return {"code": error.code, "message": error.message, "fields": dict(error.fields)}
