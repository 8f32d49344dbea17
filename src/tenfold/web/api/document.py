"""/openapi.json, made once when the process starts, and /docs, which shows it."""

from __future__ import annotations

import gzip
import hashlib
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import anyio.to_thread
import msgspec
from litestar import Request, get
from litestar.handlers import HTTPRouteHandler
from litestar.response.base import ASGIResponse

from tenfold.engine.project.openapi import document
from tenfold.engine.registry import Registry
from tenfold.kernel.errors import NotFound
from tenfold.web import respond
from tenfold.web.api import document_endpoints as described
from tenfold.web.api.endpoint import Endpoint
from tenfold.web.desk import header
from tenfold.web.metrics import named

STATIC = Path(__file__).parents[1] / "static"
_FILES: Mapping[str, tuple[str, str]] = {
    "swagger-ui.css": ("vendor/swagger-ui.css", "text/css"),
    "swagger-ui.js": ("vendor/swagger-ui.js", "text/javascript"),
    "docs.css": ("docs.css", "text/css"),
    "docs.js": ("docs.js", "text/javascript"),
}
Req = Request[Any, Any, Any]
_PAGE = b"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Tenfold API</title>
<link rel="stylesheet" href="/docs/swagger-ui.css">
<link rel="stylesheet" href="/docs/docs.css">
<link rel="icon" href="data:,">
</head>
<body>
<div id="docs"></div>
<noscript>This page needs JavaScript. The document it shows is at
<a href="/openapi.json">/openapi.json</a>.</noscript>
<script src="/docs/swagger-ui.js"></script>
<script src="/docs/docs.js"></script>
</body>
</html>
"""


class Published:
    """Bytes that never change while the process lives, plain and compressed, with their ETag."""

    def __init__(self, body: bytes, media_type: str) -> None:
        self.body, self.media_type = body, media_type
        self._packed = gzip.compress(body, 9, mtime=0)
        self._etag = f'"{hashlib.blake2b(body, digest_size=12).hexdigest()}"'

    def answer(self, request: Req) -> ASGIResponse:
        """The bytes, or 304 where the client has them."""
        headers = {"etag": self._etag, "cache-control": "no-cache", "vary": "Accept-Encoding"}
        if respond.current(header(request.scope, b"if-none-match"), self._etag):
            return ASGIResponse(status_code=304, headers=headers)
        body = self.body
        if respond.coding_of(header(request.scope, b"accept-encoding"), ("gzip",)):
            body, headers = self._packed, {**headers, "content-encoding": "gzip"}
        return ASGIResponse(body=body, headers=headers, media_type=self.media_type)


def publish(registry: Registry, address: str, endpoints: Iterable[Endpoint]) -> Published:
    """The document of the record types and of these endpoints, ready to be served."""
    more = described.parts(registry, endpoints)
    whole = document(registry, address, more.paths, more.schemas, more.tags)
    return Published(msgspec.json.encode(whole), "application/json")


def handlers(
    registry: Registry, address: str, endpoints: Iterable[Endpoint]
) -> list[HTTPRouteHandler]:
    """The routes of the document and of the page that shows it."""
    published, page = publish(registry, address, endpoints), Published(_PAGE, "text/html")

    @get("/openapi.json")
    async def openapi_document(request: Req) -> ASGIResponse:
        """The published document."""
        named(request.scope, "openapi")
        return published.answer(request)

    @get("/docs")
    async def docs_page(request: Req) -> ASGIResponse:
        """The document to read and to try."""
        named(request.scope, "docs")
        return page.answer(request)

    return [openapi_document, docs_page, docs_file]


@get("/docs/{name:str}")
async def docs_file(request: Req) -> ASGIResponse:
    """The scripts and style sheets of that page."""
    named(request.scope, "docs")
    name: str = request.path_params["name"]
    if name not in _FILES:
        raise NotFound("There is nothing at this address.")
    found = await anyio.to_thread.run_sync(_file, name)
    return found.answer(request)


@cache
def _file(name: str) -> Published:
    """One of the page's files; compressed when it is first asked for."""
    path, media_type = _FILES[name]
    try:
        return Published((STATIC / path).read_bytes(), media_type)
    except FileNotFoundError:
        raise NotFound(f"{path} is not installed; run `make assets`.") from None
