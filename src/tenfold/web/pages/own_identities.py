"""Who one is at providers: what stands on the overview of one's security, and to unlink it."""

from __future__ import annotations

from dataclasses import dataclass

from litestar import post
from litestar.response.base import ASGIResponse

from tenfold.accounts.identity.tokens import Claims
from tenfold.accounts.organisation.administrator import is_sure
from tenfold.kernel.errors import Conflict, NotFound
from tenfold.kernel.ids import parse_id
from tenfold.kernel.language import say
from tenfold.web.api.auth_oidc import link_address
from tenfold.web.pages import cells, render
from tenfold.web.pages.cells import EMPTY, Cell
from tenfold.web.pages.entering import Provider, gate_of
from tenfold.web.pages.frame import Guest
from tenfold.web.pages.security_place import PLACE, problem
from tenfold.web.pages.session import Flash, Req, keep_flash
from tenfold.web.pages.settings import acting


@dataclass(frozen=True, slots=True)
class Identity:
    """Somebody that one is elsewhere."""

    id: str
    label: str
    email: str
    signs_in: bool
    """Whether one signs in with it; else programs use its tokens here."""
    added: Cell
    used: Cell


async def identities_of(guest: Guest, claims: Claims) -> list[Identity]:
    """Those that are linked."""
    eyes = guest.eyes()
    found = await gate_of(guest.request).linking.mine(guest.reader, claims)
    return [
        Identity(
            id=str(one.id),
            label=one.label,
            email=one.email or "",
            signs_in=one.signs_in,
            added=cells.moment_cell(one.created_at, eyes),
            used=cells.moment_cell(one.used_at, eyes) if one.used_at is not None else EMPTY,
        )
        for one in found
    ]


def linkable(guest: Guest, claims: Claims) -> list[Provider]:
    """Where one may go to link who one is there; who has not proved it lately does that first.

    They are addresses, not forms: a form's answer may not lead to another site.
    """
    request = guest.request
    if not is_sure(guest.person):
        first = render.query("/confirm", next=PLACE)
        return [Provider(p.label, first) for p in gate_of(request).provided.providers.all]
    return [
        Provider(p.label, link_address(request, claims, p.key, PLACE))
        for p in gate_of(request).provided.providers.all
    ]


@post(f"{PLACE}/identities/remove", status_code=200)
async def unlink(request: Req) -> ASGIResponse:
    """Take an identity away; what its tokens allowed ends at once."""
    act = await acting(request, "page-settings-identity-remove")
    try:
        identity = parse_id(act.form.get("identity"))
        if identity is None:
            raise NotFound(say("You are not linked there any more."))
        await act.gate.linking.unlink(act.claims, identity, act.client)
    except (Conflict, NotFound) as error:
        return problem(request, error)
    keep_flash(request, Flash(say("It is unlinked, and no longer lets you in.")))
    return render.to(request, PLACE)


HANDLERS = [unlink]
