"""Who may open the pages of administration, what surrounds them, and how their forms are done."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from litestar.response.base import ASGIResponse

from tenfold.accounts.identity.tokens import Claims
from tenfold.accounts.organisation.administrator import Administrator, need_administrator
from tenfold.kernel.errors import NotFound, TenfoldError
from tenfold.kernel.ids import parse_id
from tenfold.kernel.language import mark, say
from tenfold.web.api.administration import administering, told_outside
from tenfold.web.api.auth import client_of
from tenfold.web.desk import desk_of
from tenfold.web.pages import render
from tenfold.web.pages.admin.sections import GROUPS, active
from tenfold.web.pages.door import signed_in
from tenfold.web.pages.frame import Guest, visiting
from tenfold.web.pages.refusals import refusal
from tenfold.web.pages.session import Flash, Form, Req, here, keep_flash, routed, signed_form
from tenfold.web.pages.settings import Root, placed

_ROOT = Root(
    mark("Administration"),
    "/admin",
    "sliders-horizontal",
    tuple((one.label, one.href, one.icon) for group in GROUPS for one in group.sections),
)

PAGE = 50
"""How many rows a page of a list has."""


@dataclass(frozen=True, slots=True)
class Act:
    """A form of an administrator."""

    request: Req
    claims: Claims
    form: Form

    @asynccontextmanager
    async def changing(self) -> AsyncGenerator[Administrator]:
        """The transaction that does what the form asks, all or nothing."""
        async with administering(self.request, self.claims) as act:
            yield act

    def done(self, said: str, place: str, undo: str = "", more: str = "") -> ASGIResponse:
        """Go to a page, which says what was done, and where more of it is shown."""
        keep_flash(self.request, Flash(said, undo=undo, more=more))
        return render.to(self.request, place)

    def refused(self, error: TenfoldError, place: str) -> ASGIResponse:
        """Go to a page, which says why not."""
        keep_flash(self.request, Flash(refusal(error), kind="problem"))
        return render.to(self.request, place)


async def acting(request: Req, route: str) -> Act:
    """What a form brings; raises where nobody is signed in, or it is not ours."""
    claims = await entering(request, route)
    return Act(request, claims, await signed_form(request, claims))


async def entering(request: Req, route: str) -> Claims:
    """Who opens a page."""
    routed(request, route)
    return await signed_in(request)


@asynccontextmanager
async def looking(request: Req, claims: Claims) -> AsyncGenerator[Guest]:
    """A connection that reads for an administrator; raises Forbidden for everybody else."""
    async with (
        told_outside(request, desk_of(request), claims),
        visiting(request, claims) as guest,
    ):
        need_administrator(guest.person, client_of(request.scope))
        yield guest


def page(
    guest: Guest,
    template: str,
    title: str,
    *,
    status: int = 200,
    headers: Mapping[str, str] | None = None,
    **view: Any,
) -> ASGIResponse:
    """A page of administration, beside their places."""
    where = (guest.request, f"admin/{template}", guest, say(title))
    view |= {"sections": GROUPS, "at": active(here(guest.request))}
    return placed(*where, _ROOT, status=status, headers=headers, **view)


def identified(text: str) -> UUID:
    """The id in an address or a form; what can't be one is simply not found."""
    found = parse_id(text)
    if found is None:
        raise nothing_here()
    return found


def nothing_here() -> NotFound:
    """What an address or a form means, and is not there."""
    return NotFound(say("There is nothing here"))
