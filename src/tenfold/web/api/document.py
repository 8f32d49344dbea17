"""/openapi.json, made when it is first asked for, and /docs, which shows it part by part."""

from __future__ import annotations

import gzip
import hashlib
from collections.abc import Callable, Iterable, Mapping
from functools import cache, partial
from pathlib import Path
from threading import Lock
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
from tenfold.web.api.document_parts import Part, cut, parts
from tenfold.web.api.endpoint import Endpoint
from tenfold.web.desk import header
from tenfold.web.metrics import named
from tenfold.web.pages.frame import PACKS
from tenfold.web.pages.render import render

SHARED = "For every type"
STATIC = Path(__file__).parents[1] / "static"
_FILES: Mapping[str, tuple[str, str]] = {
    "swagger-ui.css": ("vendor/swagger-ui.css", "text/css"),
    "swagger-ui.js": ("vendor/swagger-ui.js", "text/javascript"),
    "docs.css": ("docs.css", "text/css"),
    "docs.js": ("docs.js", "text/javascript"),
}
ASSETS = [f"/docs/{name}" for name in _FILES]
"""Where those files are served."""
Req = Request[Any, Any, Any]


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
    """The routes of the document and of the pages that show it."""
    pages = _Pages(partial(publish, registry, address, list(endpoints)))

    @get("/openapi.json")
    async def openapi_document(request: Req) -> ASGIResponse:
        """The published document."""
        return await _made(request, pages.document, "openapi")

    @get("/docs")
    async def docs_contents(request: Req) -> ASGIResponse:
        """The parts of the document."""
        return await _made(request, pages.contents)

    @get("/docs/{name:str}")
    async def docs_page(request: Req) -> ASGIResponse:
        """A part to read and to try, its document, or what the page loads to show it."""
        return await _made(request, partial(pages.found, request.path_params["name"]))

    return [openapi_document, docs_contents, docs_page]


async def _made(request: Req, make: Callable[[], Published], name: str = "docs") -> ASGIResponse:
    named(request.scope, name)
    return (await anyio.to_thread.run_sync(make)).answer(request)


class _Pages:
    """The document and what is below /docs, each made when it is first asked for and then kept."""

    def __init__(self, publish: Callable[[], Published]) -> None:
        self._published, self._lock = cache(publish), Lock()
        self.contents = cache(self._contents)
        self.found = cache(self._found)
        self._parts = cache(self._cut)

    def document(self) -> Published:
        """The document; all who ask first wait for one to make it."""
        with self._lock:
            return self._published()

    def _whole(self) -> Any:
        return msgspec.json.decode(self.document().body)

    def _cut(self) -> dict[str, Part]:
        return {part.address: part for part in parts(self._whole())}

    def _contents(self) -> Published:
        groups: dict[str, list[Part]] = {}
        for part in self._parts().values():
            groups.setdefault(_label(part.group), []).append(part)
        return Published(render("docs.html", groups=groups).encode(), "text/html")

    def _found(self, name: str) -> Published:
        """A page, `listings`; its document, `listings.json`; or one of its files."""
        if name in _FILES:
            return _file(name)
        part = self._parts().get(name.removesuffix(".json"))
        if part is None:
            raise NotFound("There is nothing at this address.")
        if name == part.address:
            return Published(render("docs_part.html", part=part).encode(), "text/html")
        made = cut(self._whole(), part)
        return Published(msgspec.json.encode(made), "application/json")


def _label(pack: str) -> str:
    return PACKS.get(pack) or pack.replace("_", " ").capitalize() or SHARED


@cache
def _file(name: str) -> Published:
    """One of the page's files; compressed when it is first asked for."""
    path, media_type = _FILES[name]
    try:
        return Published((STATIC / path).read_bytes(), media_type)
    except FileNotFoundError:
        raise NotFound(f"{path} is not installed; run `make assets`.") from None
