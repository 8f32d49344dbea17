"""A posted form that brings a file along."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager

from litestar.datastructures import UploadFile

from tenfold.accounts.identity.tokens import Claims
from tenfold.kernel.errors import BadRequest
from tenfold.kernel.language import say
from tenfold.web.desk import header
from tenfold.web.pages.session import Form, Req, check_signed
from tenfold.web.parts import parts_of

_KIND = "multipart/form-data"


@asynccontextmanager
async def signed_upload(
    request: Req, claims: Claims
) -> AsyncGenerator[tuple[Form, UploadFile | None]]:
    """A form of one of our own pages with this session's token, and the file that was chosen."""
    kind = header(request.scope, b"content-type").partition(";")[0].strip().lower()
    if kind != _KIND:
        raise BadRequest(say("Send the form as a browser does."))
    pairs: list[tuple[str, str]] = []
    upload: UploadFile | None = None
    async with parts_of(request) as parts:
        for name, value in parts:
            if isinstance(value, UploadFile):
                upload = value
            else:
                pairs.append((name, value))
        form = Form(pairs)
        check_signed(request, claims, form)
        yield form, upload


async def pieces(upload: UploadFile) -> AsyncIterator[bytes]:
    """The file's bytes as they arrive."""
    while piece := await upload.read(1 << 16):
        yield piece
