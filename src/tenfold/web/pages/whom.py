"""Whom to ask: the people who may give one more than one has."""

from __future__ import annotations

from litestar import get
from litestar.response.base import ASGIResponse

from tenfold.kernel.language import say
from tenfold.web.pages import hues
from tenfold.web.pages.cells import Cell
from tenfold.web.pages.door import signed_in
from tenfold.web.pages.frame import visiting
from tenfold.web.pages.session import Req, routed
from tenfold.web.pages.settings import page

# Owners before admins; a few are enough to be helped.
_WHO = """SELECT u.id, u.first_name, u.last_name, u.email, m.role
FROM tenfold.members m JOIN tenfold.users u ON u.id = m.user_id
WHERE m.tenant_id = $1 AND m.role IN ('owner', 'admin') AND m.active AND u.active
    AND u.kind = 'person'
ORDER BY m.role DESC, u.first_name, u.last_name, u.id LIMIT 20"""


@get("/settings/whom-to-ask")
async def whom_page(request: Req) -> ASGIResponse:
    """Who administers the organisation, with a way to write to them."""
    routed(request, "page-settings-whom")
    claims = await signed_in(request)
    async with visiting(request, claims, blocked=True) as guest:
        found = await guest.reader.rows(_WHO, claims.tenant)
        people = [
            (
                Cell("person", name, hue=hues.of_id(str(one)), title=hues.initials(name)),
                email,
                say("Owner") if role == "owner" else say("Administrator"),
            )
            for one, first, last, email, role in found
            if (name := f"{first} {last}".strip() or email)
        ]
        return page(request, "settings/whom.html", guest, say("Whom to ask"), people=people)


HANDLERS = [whom_page]
