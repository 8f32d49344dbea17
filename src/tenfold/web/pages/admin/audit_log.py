"""The audit log: how far it is sealed, and the file that anybody can verify."""

from __future__ import annotations

from typing import Any

from litestar import get
from litestar.response import Stream
from litestar.response.base import ASGIResponse

from tenfold.audit import summary
from tenfold.audit.logs import CHANGES, SECURITY_EVENTS
from tenfold.kernel.language import mark, say
from tenfold.web.api.audit_log import audit_file
from tenfold.web.pages import cells
from tenfold.web.pages.admin.around import entering, looking, page
from tenfold.web.pages.session import Req

PLACE = "/admin/security/audit-log"
_CALLED = {
    CHANGES.name: (mark("Changes of records"), "history"),
    SECURITY_EVENTS.name: (mark("Security events"), "shield-check"),
}


@get(PLACE)
async def audit_log_page(request: Req) -> ASGIResponse:
    """What is sealed, and where to get it."""
    claims = await entering(request, "page-admin-audit-log")
    async with looking(request, claims) as guest:
        found = {one.log: one for one in await summary.chains(guest.reader)}
        eyes = guest.eyes({})
        rows: list[dict[str, Any]] = [
            {
                "name": say(name),
                "icon": icon,
                "chain": found.get(log),
                "sealed": cells.moment_cell(found[log].sealed_at, eyes) if log in found else None,
            }
            for log, (name, icon) in _CALLED.items()
        ]
        return page(guest, "audit_log.html", say("Audit log"), rows=rows)


@get(f"{PLACE}/file")
async def audit_log_file(request: Req) -> Stream:
    """The file."""
    claims = await entering(request, "page-admin-audit-log-file")
    async with looking(request, claims):
        pass  # only an administrator comes this far
    return audit_file(request, lambda: looking(request, claims))


HANDLERS = [audit_log_page, audit_log_file]
