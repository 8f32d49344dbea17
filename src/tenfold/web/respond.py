"""Answers in the one envelope of the API, as bytes."""

from __future__ import annotations

import re
import zlib
from collections.abc import Mapping, Sequence

import msgspec
from litestar import Response
from litestar.response.base import ASGIResponse

from tenfold.kernel.errors import TenfoldError

JSON = "application/json"
_WORTH_IT = 1_400
_HEADERS = {"cache-control": "private, no-cache", "vary": "Accept-Encoding, Authorization"}
_NO_GZIP = re.compile(r"gzip\s*;\s*q=0(\.0*)?\s*(,|$)", re.ASCII | re.IGNORECASE)
_encode = msgspec.json.encode


def document(
    body: bytes,
    *,
    status: int = 200,
    headers: Mapping[str, str] | None = None,
    encodings: str = "",
) -> ASGIResponse:
    """A JSON answer; compressed (gzip level 1) where the client takes it and it is worth it."""
    all_headers = {**_HEADERS, **(headers or {})}
    if len(body) > _WORTH_IT and takes_gzip(encodings):
        packer = zlib.compressobj(1, wbits=31)
        body = packer.compress(body) + packer.flush()
        all_headers["content-encoding"] = "gzip"
    return ASGIResponse(body=body, status_code=status, headers=all_headers, media_type=JSON)


def takes_gzip(encodings: str) -> bool:
    """Whether an Accept-Encoding takes gzip."""
    return "gzip" in encodings and not (";" in encodings and _NO_GZIP.search(encodings))


def current(given: str, etag: str) -> bool:
    """Whether If-None-Match names this ETag, weakly as proxies send it or among others."""
    if not given or given == etag:
        return bool(given)
    return etag in [one.strip().removeprefix("W/") for one in given.split(",")]


def data(
    value: object, *, status: int = 200, headers: Mapping[str, str] | None = None
) -> ASGIResponse:
    """`{"success": true, "data": …}` of a Python value."""
    return raw(_encode(value), status=status, headers=headers)


def raw(
    json: bytes,
    *,
    status: int = 200,
    headers: Mapping[str, str] | None = None,
    encodings: str = "",
) -> ASGIResponse:
    """`{"success": true, "data": …}` of JSON that is ready."""
    body = b'{"success":true,"data":' + json + b"}"
    return document(body, status=status, headers=headers, encodings=encodings)


def listed(json: bytes, meta: Mapping[str, object]) -> bytes:
    """The body of a list: its rows' JSON and its meta."""
    return b'{"success":true,"data":' + json + b',"meta":' + _encode(meta) + b"}"


def encoded(value: object) -> bytes:
    """A value as JSON bytes."""
    return _encode(value)


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


def error_body(error: TenfoldError) -> dict[str, object]:
    """An error as the API says it."""
    return {"code": error.code, "message": error.message, "fields": dict(error.fields)}
