"""Where the overview of one's security is, and the way back to it."""

from __future__ import annotations

from litestar.response.base import ASGIResponse

from tenfold.kernel.errors import TenfoldError
from tenfold.web.pages import render
from tenfold.web.pages.session import Flash, Req, keep_flash

PLACE = "/settings/security"


def problem(request: Req, error: TenfoldError) -> ASGIResponse:
    """Back to the overview, which says why not."""
    keep_flash(request, Flash(error.message, kind="problem"))
    return render.to(request, PLACE)
