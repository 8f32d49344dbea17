"""What makes the pages an app that people install: its manifest, its worker, its page offline."""

from __future__ import annotations

import json
from functools import cache

from litestar import get
from litestar.response.base import ASGIResponse

from tenfold.kernel.language import say
from tenfold.web.pages import render
from tenfold.web.pages.assets import assets
from tenfold.web.pages.session import Req, routed

# What the page offline is made of; the worker brings these when it is installed.
_OFFLINE = ("app.css", "pages.js", "mark.svg", "vendor/inter-latin.woff2", "vendor/icons.svg")


@get("/manifest.webmanifest", exclude_from_auth=True)
async def manifest(request: Req) -> ASGIResponse:
    """The app as systems install it (W3C Web Application Manifest)."""
    routed(request, "manifest")
    at = assets().address
    icons = [
        _icon(at("mark.svg"), "any", "image/svg+xml"),
        _icon(at("icons/icon-192.png"), "192x192"),
        _icon(at("icons/icon-512.png"), "512x512"),
        {**_icon(at("icons/maskable-512.png"), "512x512"), "purpose": "maskable"},
    ]
    shortcuts = [("Search", "/search"), ("Tasks", "/tasks"), ("Contacts", "/contacts")]
    body = {
        "id": "/",
        "name": "Tenfold",
        "short_name": "Tenfold",
        "start_url": "/",
        "scope": "/",
        "display": "standalone",
        "background_color": "#ffffff",
        "theme_color": "#4b44d6",
        "icons": icons,
        "shortcuts": [{"name": say(name), "url": url} for name, url in shortcuts],
    }
    return _kept(json.dumps(body).encode(), "application/manifest+json")


@get("/worker.js", exclude_from_auth=True)
async def worker(request: Req) -> ASGIResponse:
    """The service worker: files of the pages are kept, pages never; offline it says so."""
    routed(request, "worker")
    return _kept(_worker(), "text/javascript")


@get("/offline", exclude_from_auth=True)
async def offline(request: Req) -> ASGIResponse:
    """What is shown where the server can't be reached; it holds nothing of anybody."""
    routed(request, "page-offline")
    return render.bare(request, "offline.html")


@cache
def _worker() -> bytes:
    """The worker with the names of the files that it keeps."""
    at = assets()
    found = at.find(at.address("worker.js").removeprefix("/static/"))
    assert found is not None
    files = json.dumps([at.address(name) for name in _OFFLINE])
    return f"const FILES = {files};\n".encode() + found.body


def _icon(src: str, sizes: str, kind: str = "image/png") -> dict[str, str]:
    return {"src": src, "sizes": sizes, "type": kind}


def _kept(body: bytes, kind: str) -> ASGIResponse:
    return ASGIResponse(body=body, headers={"cache-control": "no-cache"}, media_type=kind)


HANDLERS = [manifest, worker, offline]
