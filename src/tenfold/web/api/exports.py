"""Exports: every record of a list, as a file."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Iterator
from contextlib import asynccontextmanager

from litestar import get
from litestar.response import Stream

from tenfold.engine import ask as asking
from tenfold.exchange import exporting
from tenfold.kernel.errors import Invalid
from tenfold.web.api.requests import Req, check_filters, known, pairs
from tenfold.web.desk import desk_of

Pieces = AsyncIterator[bytes] | Iterator[bytes]


@get("/v1/{plural:str}/export")
async def export_records(request: Req, plural: str) -> Stream:
    """Every record of a list, as it is filtered and sorted, as CSV, JSON or XLSX."""
    shipped = desk_of(request).shipped(plural)
    desk, claims = known(request, "export")
    given = pairs(request.scope["query_string"])
    check_filters(given, ("sort", "fields", "deleted"))
    own = {name: value for name, value in given if name in ("format", "bom")}
    form, bom = own.get("format", "csv"), own.get("bom", "false")
    if form not in exporting.FORMATS or bom not in ("true", "false"):
        raise Invalid({"format": "must be csv, json or xlsx, bom true or false"})

    @asynccontextmanager
    async def opened() -> AsyncGenerator[exporting.Reading]:
        async with desk.visit(claims, shipped, ()) as visit:
            yield exporting.Reading(visit.reader, visit.person, visit.definition)

    async with opened() as first:
        access = first.person.access(first.definition)
        access.need("read", first.definition)
        locale = first.person.locale
        asked = asking.parse(given, first.definition, access, locale, extra=("format", "bom"))
    pieces = exporting.export(desk.query, opened, asked, form, bom=bom == "true")
    return saved(request, pieces, exporting.FORMATS[form], f"{shipped.plural}.{form}")


def saved(request: Req, pieces: Pieces, kind: str, filename: str) -> Stream:
    """An answer that is saved as a file and kept nowhere else; to HEAD no piece of it is made."""
    plain = "".join(c if c.isascii() and (c.isalnum() or c in "._-") else "_" for c in filename)
    headers = {
        "content-disposition": f'attachment; filename="{plain}"',
        "cache-control": "private, no-store",
    }
    content = () if "tenfold.headers_only" in request.scope else pieces
    return Stream(content, media_type=kind, headers=headers)


HANDLERS = [export_records]
