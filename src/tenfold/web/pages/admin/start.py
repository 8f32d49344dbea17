"""The first page of administration: what there is, and a search over it."""

from __future__ import annotations

from typing import Any

from litestar import get
from litestar.response.base import ASGIResponse

from tenfold.kernel.language import say
from tenfold.web.pages.admin.around import entering, looking, page
from tenfold.web.pages.admin.sections import found
from tenfold.web.pages.session import Req


@get("/admin")
async def start_page(request: Req, q: str = "") -> ASGIResponse:
    """The sections by group; with words, the settings that have them."""
    claims = await entering(request, "page-admin")
    async with looking(request, claims) as guest:
        words = " ".join(q.split())[:100]
        view: dict[str, Any] = {"words": words, "hits": found(words)}
        return page(guest, "start.html", say("Administration"), **view)


HANDLERS = [start_page]
