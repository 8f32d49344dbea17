"""A form that was sent from a list: whose, of which type, and where to go back to."""

from __future__ import annotations

from dataclasses import dataclass

from litestar.response.base import ASGIResponse

from tenfold.accounts.identity.tokens import Claims
from tenfold.engine.definition import Definition
from tenfold.web.desk import Desk, desk_of
from tenfold.web.pages import render
from tenfold.web.pages.door import signed_in
from tenfold.web.pages.session import Flash, Form, Req, form_token, keep_flash, routed, signed_form
from tenfold.web.safe_next import safe_next


@dataclass(frozen=True, slots=True)
class Sent:
    """A form of somebody who is signed in, before anything is held."""

    request: Req
    desk: Desk
    shipped: Definition
    claims: Claims
    form: Form

    @property
    def back(self) -> str:
        """The list as it was shown."""
        return safe_next(self.form.get("back") or f"/{self.shipped.path}")

    def refused(self, why: str) -> ASGIResponse:
        """Say why not, in the page as it is: what was chosen and typed stays; or back there."""
        flash = Flash(why, kind="problem")
        if not render.scripted(self.request):
            keep_flash(self.request, flash)
            return render.to(self.request, self.back)
        csrf = form_token(self.desk, self.claims)
        headers = {"hx-retarget": ".toasts", "hx-reswap": "innerHTML", "hx-push-url": "false"}
        return render.partial(
            self.request,
            "parts/told.html",
            status=409,
            headers=headers,
            flash=flash,
            csrf=csrf,
            here=True,
        )


async def sent(request: Req, plural: str, route: str) -> Sent:
    """What a form asks; raises where nobody is signed in, or it is not theirs."""
    routed(request, route)
    desk = desk_of(request)
    shipped = desk.shipped(plural)
    claims = await signed_in(request)
    return Sent(request, desk, shipped, claims, await signed_form(request, claims))
