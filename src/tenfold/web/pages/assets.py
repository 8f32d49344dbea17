"""The pages' files under names that change with their content, so that browsers may keep them."""

from __future__ import annotations

import asyncio
import hashlib
import re
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable

import brotli
from litestar import get
from litestar.response.base import ASGIResponse

from tenfold.kernel.errors import NotFound, Unavailable
from tenfold.web.desk import header
from tenfold.web.pages.session import Req, routed
from tenfold.web.respond import coding_of

_TYPES = {
    "css": "text/css",
    "js": "text/javascript",
    "svg": "image/svg+xml",
    "png": "image/png",
    "woff2": "font/woff2",
    "txt": "text/plain",
    "json": "application/json",
}
_PACKED = frozenset({"css", "js", "svg", "txt"})
_URL = re.compile(r"url\(\"?([^)\"]+)\"?\)")
# The sheets of app.css in their order: what comes later may rely on what came before.
SHEETS = (
    "tokens",
    "dark",
    "base",
    "frame",
    "controls",
    "cells",
    "table",
    "lists",
    "board",
    "calendar",
    "record",
    "home",
    "form",
    "edit",
    "timeline",
    "imports",
    "sign-in",
    "settings",
    "admin",
    "sections",
    "dialogs",
    "states",
    "components",
    "narrow",
)
# The modules of pages.js in their order: what app.js shares, the others use.
SCRIPTS = (
    "app",
    "toast",
    "loading",
    "edit",
    "palette",
    "lists",
    "drag",
    "mention",
    "record",
    "drop",
    "drafts",
    "passkeys",
)
_COMMENTS = re.compile(r"/\*.*?\*/", re.DOTALL)
_INDENTS = re.compile(r"\n\s*")


@dataclass(frozen=True, slots=True)
class Asset:
    """One file as it is served."""

    name: str
    body: bytes
    type: str

    @property
    def etag(self) -> str:
        """The content's hash, which is also in the name."""
        return f'"{self.name.rsplit(".", 2)[1]}"'


class Assets:
    """All files of the pages, by their plain names and by those with the hash."""

    def __init__(self, contents: Mapping[str, bytes]) -> None:
        self._names: dict[str, str] = {}
        self._served: dict[str, Asset] = {}
        for name, body in contents.items():
            self._add(name, body)

    def address(self, name: str) -> str:
        """Where a file is served: `/static/app.3f2a91c07b.css`."""
        found = self._names.get(name)
        if found is None:
            raise Unavailable(f"The pages' file {name} is missing; run `make install`.")
        return f"/static/{found}"

    @property
    def addresses(self) -> list[str]:
        """Where all files are served."""
        return [f"/static/{name}" for name in self._served]

    def find(self, name: str) -> Asset | None:
        """The file of a name with a hash."""
        return self._served.get(name)

    def _add(self, name: str, body: bytes) -> None:
        stem, _, kind = name.rpartition(".")
        digest = hashlib.sha256(body).hexdigest()[:10]
        full = f"{stem}.{digest}.{kind}"
        self._names[name] = full
        self._served[full] = Asset(full, body, _TYPES.get(kind, "application/octet-stream"))

    def add_styles(self, sheets: Mapping[str, str]) -> None:
        """Join the style sheets into app.css, its `url(name)` pointing to the served names."""
        text = "\n".join(_both(sheets[name]) if name == "dark" else sheets[name] for name in SHEETS)
        whole = _URL.sub(lambda found: f'url("{self.address(found[1])}")', text)
        self._add("app.css", _INDENTS.sub("\n", _COMMENTS.sub("", whole)).encode())

    def add_scripts(self, scripts: Mapping[str, str]) -> None:
        """Join the modules into pages.js, each in a block of its own: each file costs a visitor
        a request, and a thousand bytes of headers."""
        blocks = (f"{{ // {name}.js\n{scripts[name]}}}" for name in SCRIPTS)
        self._add("pages.js", "\n".join(blocks).encode())


def _both(dark: str) -> str:
    """The dark values for who chose them, and for who follows a system that is dark."""
    chosen, system = ':root[data-theme="dark"]', ':root:not([data-theme="light"])'
    return f"{dark}\n@media (prefers-color-scheme: dark) {{\n{dark.replace(chosen, system)}}}\n"


@cache
def assets() -> Assets:
    """The files that ship, read once per process."""
    root = files("tenfold.web") / "static"
    contents = {
        name: path.read_bytes()
        for name, path in _walk(root, "")
        if not name.startswith("css/") and name.rpartition(".")[2] in _TYPES
    }
    made = Assets({n: b for n, b in contents.items() if n.removesuffix(".js") not in SCRIPTS})
    made.add_scripts({name: contents[f"{name}.js"].decode() for name in SCRIPTS})
    made.add_styles({s: (root / "css" / f"{s}.css").read_text("utf-8") for s in SHEETS})
    return made


def _walk(folder: Traversable, prefix: str) -> list[tuple[str, Traversable]]:
    found: list[tuple[str, Traversable]] = []
    for entry in folder.iterdir():
        name = prefix + entry.name
        found.extend(_walk(entry, f"{name}/") if entry.is_dir() else [(name, entry)])
    return found


@get("/static/{name:path}", exclude_from_auth=True)
async def static_file(request: Req, name: str) -> ASGIResponse:
    """A file of the pages; it never changes under its name, so it may be kept for a year."""
    routed(request, "static")
    found = assets().find(name.lstrip("/"))
    if found is None:
        raise NotFound("There is no such file.")
    headers = {
        "cache-control": "public, max-age=31536000, immutable",
        "etag": found.etag,
        "vary": "Accept-Encoding",
    }
    if header(request.scope, b"if-none-match") == found.etag:
        return ASGIResponse(status_code=304, headers=headers)
    body = found.body
    coding = coding_of(header(request.scope, b"accept-encoding"), ("br", "gzip"))
    if coding and found.name.rpartition(".")[2] in _PACKED:
        # Once in each process; beside what others ask for, because the best takes its time.
        body = await asyncio.to_thread(_packed, found, coding)
        headers["content-encoding"] = coding
    return ASGIResponse(body=body, headers=headers, media_type=found.type)


@cache
def _packed(found: Asset, coding: str) -> bytes:
    """A file as small as it gets."""
    return _PACKERS[coding](found.body)


def _gzip(body: bytes) -> bytes:
    packer = zlib.compressobj(9, wbits=31)
    return packer.compress(body) + packer.flush()


def _brotli(body: bytes) -> bytes:
    return brotli.compress(body, quality=11)  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]


_PACKERS: Mapping[str, Callable[[bytes], bytes]] = {"br": _brotli, "gzip": _gzip}
