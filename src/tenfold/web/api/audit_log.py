"""The audit log with its seals as a file, for administrators."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Protocol

from litestar import get
from litestar.response import Stream

from tenfold.accounts.people import Caller
from tenfold.audit import exporting
from tenfold.audit.logs import SECURITY_EVENTS
from tenfold.db.transaction import Reader
from tenfold.web.api.administration import Req, visiting
from tenfold.web.api.exports import saved
from tenfold.web.api.requests import check_parameters, pairs


class Reading(Protocol):
    """Who reads, and by what connection."""

    @property
    def reader(self) -> Reader: ...
    @property
    def person(self) -> Caller: ...


@get("/v1/audit-log")
async def export_audit_log(request: Req) -> Stream:
    """Who changed what and when, and the seals by which anybody can verify it, a line each.

    What records said before and after stays out of it, as no reader may see all of it; what
    stands for it is there, and is verified.
    """
    check_parameters(dict(pairs(request.scope["query_string"])), ())

    @asynccontextmanager
    async def opened() -> AsyncGenerator[Reading]:
        async with visiting(request, "audit_log") as visit:
            visit.need_administrator()
            yield visit

    async with opened():
        pass  # only an administrator comes this far
    return audit_file(request, opened)


def audit_file(request: Req, opened: Callable[[], AbstractAsyncContextManager[Reading]]) -> Stream:
    """The file, written while it is sent; each page of it is read as who may, still."""

    @asynccontextmanager
    async def reading() -> AsyncGenerator[Reader]:
        async with opened() as visit:
            yield visit.reader

    async def pieces() -> AsyncGenerator[bytes]:
        async with opened() as visit:
            tenant = visit.person.tenant
        contents = frozenset({SECURITY_EVENTS.name})
        async for line in exporting.lines(reading, tenant, contents):
            yield line

    return saved(request, pieces(), exporting.MEDIA, "audit-log.ndjson")


HANDLERS = [export_audit_log]
