"""The files and options of an import as a client sends them: a multipart form, or JSON."""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass
from typing import Any

import msgspec
from litestar.datastructures import UploadFile

from tenfold.exchange import starting
from tenfold.exchange.import_files import ImportFiles, pieces_of
from tenfold.exchange.import_state import Options
from tenfold.exchange.starting import Upload, shown_name
from tenfold.kernel.errors import Invalid
from tenfold.kernel.structs import convert
from tenfold.web.api.requests import Req, fields_of
from tenfold.web.desk import header
from tenfold.web.parts import parts_of

_OPTION_NAMES = tuple(f.name for f in msgspec.structs.fields(Options))


class ImportRequest(msgspec.Struct, kw_only=True):
    """An import as JSON: the file's text, its bytes in base64, or where it is to be fetched.

    A form takes the same names but `url`.
    """

    type: str = ""
    filename: str = ""
    content: str = ""
    content_base64: str = ""
    url: str = ""
    """An https:// address that answers with the file; `type` must be named then."""
    files: list[dict[str, str]] = []
    options: Options = msgspec.field(default_factory=Options)


@dataclass(frozen=True, slots=True)
class Sent:
    """The files, stored, and what was asked for; the digest of a form, whose body is not kept."""

    uploads: list[Upload]
    kind: str
    options: Options
    digest: bytes = b""
    url: str = ""
    """Where the file is to be fetched from; the uploads are empty then."""
    filename: str = ""


async def received(request: Req, files: ImportFiles, most: int) -> Sent:
    """The files, stored, and what was asked for, of a multipart form or of JSON."""
    kind = header(request.scope, b"content-type").partition(";")[0].strip().lower()
    if kind == "multipart/form-data":
        return await _form(request, files, most)
    body = dict(await fields_of(request))
    direct = {name: body.pop(name) for name in list(body) if name in _OPTION_NAMES}
    if direct:
        chosen = body.get("options")
        body["options"] = {**(chosen if isinstance(chosen, dict) else {}), **direct}
    asked = convert(body, ImportRequest)
    options = starting.check(asked.options)
    if asked.url:
        if asked.files or asked.content or asked.content_base64:
            raise Invalid({"url": "stands instead of a file: leave out the one or the other"})
        return Sent([], asked.type, options, url=asked.url, filename=asked.filename)
    given = asked.files or [
        {
            "filename": asked.filename,
            "content": asked.content,
            "content_base64": asked.content_base64,
        }
    ]
    uploads: list[Upload] = []
    for number, one in enumerate(given):
        content = _content(one)
        if content:
            stored = await files.store(number, pieces_of(content), most)
            uploads.append(Upload(shown_name(one.get("filename", "")), stored))
    return Sent(uploads, asked.type, options)


async def _form(request: Req, files: ImportFiles, most: int) -> Sent:
    uploads: list[Upload] = []
    said: dict[str, str] = {}
    whole = hashlib.sha256()
    async with parts_of(request) as parts:
        for name, value in parts:
            plain = "" if isinstance(value, UploadFile) else value
            whole.update(repr((name, plain)).encode())
            if isinstance(value, UploadFile):
                one = hashlib.sha256()
                stored = await files.store(len(uploads), _stream(value, one.update), most)
                whole.update(one.digest() + repr(value.filename).encode())
                uploads.append(Upload(shown_name(value.filename), stored))
            else:
                said[name] = value
    kind = said.pop("type", "")
    chosen = starting.check(convert(_chosen(said), Options))
    return Sent(uploads, kind, chosen, whole.digest())


def _chosen(said: Mapping[str, str]) -> dict[str, object]:
    """The options that a form names, each by itself or together as `options`."""
    values: dict[str, object] = {}
    for name, value in said.items():
        if name == "options":
            values |= _decoded(name, value, dict)
        elif name in _OPTION_NAMES:
            values[name] = _option(name, value)
        elif name != "filename":
            raise Invalid({name[:100]: f"is not expected; there are {', '.join(_OPTION_NAMES)}"})
    return values


def _option(name: str, text: str) -> object:
    """One option of a form: lists and objects as JSON, a list also parted by commas."""
    if name in ("mapping", "values", "types"):
        return _decoded(name, text, dict)
    if name in ("create_missing", "leave_missing"):
        if not text.startswith("["):
            return [part.strip() for part in text.split(",") if part.strip()]
        return _decoded(name, text, list)
    if name in ("dry_run", "header"):
        if text not in ("true", "false"):
            raise Invalid({name: "must be true or false"})
        return text == "true"
    return text


def _decoded(name: str, text: str, kind: type) -> Any:
    try:
        value = msgspec.json.decode(text or ("[]" if kind is list else "{}"))
    except msgspec.DecodeError:
        value = None
    if not isinstance(value, kind):
        raise Invalid({name: "must be JSON: a list" if kind is list else "must be a JSON object"})
    return value


def _content(one: Mapping[str, str]) -> bytes:
    if text := one.get("content_base64"):
        try:
            return base64.b64decode(text, validate=True)
        except (binascii.Error, ValueError):
            raise Invalid({"content_base64": "must be base64"}) from None
    return one.get("content", "").encode(errors="replace")


async def _stream(upload: UploadFile, hear: Callable[[bytes], None]) -> AsyncIterator[bytes]:
    """The file's bytes as they arrive; `hear` is told each piece."""
    while piece := await upload.read(1 << 16):
        hear(piece)
        yield piece
