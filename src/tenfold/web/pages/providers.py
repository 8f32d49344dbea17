"""Pages for somebody whom a provider knows and we do not yet; the buttons that lead there."""

from __future__ import annotations

from typing import Any

from litestar import get, post
from litestar.response.base import ASGIResponse

from tenfold.accounts.identity.with_provider import Newcomer, Offer
from tenfold.kernel.errors import Invalid, Unauthenticated
from tenfold.kernel.language import say
from tenfold.web import respond
from tenfold.web.api.auth import knock
from tenfold.web.api.auth_providers import KEPT_BYTES, checked_names, checked_organization
from tenfold.web.api.bodies import STRANGERS_BYTES
from tenfold.web.desk import desk_of
from tenfold.web.pages import door, render
from tenfold.web.pages.entering import gate_of
from tenfold.web.pages.session import (
    Flash,
    Req,
    cookie,
    form_token,
    keep_cookie,
    keep_flash,
    read_form,
    routed,
    signed_form,
)
from tenfold.web.safe_next import safe_next

_JOIN = "/join/"


@get("/sign-in/known")
async def known(request: Req) -> ASGIResponse:
    """Say that there is an account with this address, and that its owner signs in first."""
    routed(request, "page-provider-known")
    offer = _offer(request)
    if offer is None:
        return _too_late(request)
    return render.bare(request, "provider_known.html", **_view(request, offer))


@get("/sign-in/link")
async def ask_link(request: Req) -> ASGIResponse:
    """Ask whether to link the identity that one came with, once one has signed in."""
    routed(request, "page-provider-link")
    claims = await door.signed_in(request)
    offer = _offer(request)
    if offer is None:
        return _too_late(request)
    csrf = form_token(desk_of(request), claims)
    return render.bare(request, "provider_link.html", csrf=csrf, **_view(request, offer))


@post("/sign-in/link", status_code=200, request_max_body_size=STRANGERS_BYTES)
async def link(request: Req) -> ASGIResponse:
    """Link it, or leave it."""
    routed(request, "page-provider-link")
    claims = await door.signed_in(request)
    form = await signed_form(request, claims)
    offer, gate = _offer(request), gate_of(request)
    if offer is None:
        return _too_late(request)
    if form.get("answer") == "yes":
        label = await gate.linking.take(claims, _kept(request), gate.client(request))
        keep_flash(request, Flash(say("%(label)s is linked to your account.", label=label)))
    keep_cookie(request, "offer", "")
    return render.to(request, safe_next(offer.after))


@get("/sign-in/new")
async def ask_newcomer(request: Req) -> ASGIResponse:
    """Ask somebody new for the name of their organisation."""
    routed(request, "page-provider-new")
    offer = _offer(request)
    if offer is None:
        return _too_late(request)
    return await _newcomer(request, offer, None)


@post("/sign-in/new", status_code=200, request_max_body_size=STRANGERS_BYTES)
async def newcomer(request: Req) -> ASGIResponse:
    """Make the organisation, or join the one that one was invited to."""
    routed(request, "page-provider-new")
    form = await read_form(request)
    offer, gate = _offer(request), gate_of(request)
    if offer is None:
        return _too_late(request)
    shown, secret = offer.shown, _invitation(offer)
    try:
        client, device = await knock(request, gate), gate.device(request)
        first = form.get("first_name")[:100] or shown.first_name
        names = checked_names(first, form.get("last_name")[:100] or shown.last_name)
        if secret:
            found = await gate.joining.with_provider(secret, shown, names, client, device)
        else:
            organization = checked_organization(form.get("organization")[:200])
            new = Newcomer(organization, *names, zone=cookie(request, "zone"))
            found = await gate.provided.register(_kept(request), new, client, device)
    except Invalid as error:
        return await _newcomer(request, offer, error)
    keep_cookie(request, "offer", "")
    return door.entered(request, found, "/" if secret else safe_next(offer.after))


async def _newcomer(request: Req, offer: Offer, problem: Invalid | None) -> ASGIResponse:
    secret = _invitation(offer)
    joins = (await gate_of(request).joining.look(secret)).organisation if secret else ""
    told = problem.message if problem else ""
    status = problem.status if problem else 200
    view: dict[str, Any] = {**_view(request, offer), "joins": joins, "problem": told}
    return render.bare(request, "provider_new.html", status=status, **view)


def _invitation(offer: Offer) -> str:
    """The secret of the invitation that somebody was about to accept; empty: of none."""
    return offer.after.removeprefix(_JOIN) if offer.after.startswith(_JOIN) else ""


def _view(request: Req, offer: Offer) -> dict[str, Any]:
    label = gate_of(request).provided.providers.named(offer.shown.provider).label
    return {"shown": offer.shown, "label": label}


def _offer(request: Req) -> Offer | None:
    """What the browser keeps of somebody who came from a provider; None where it is too old."""
    try:
        return gate_of(request).provided.offered(_kept(request))
    except Unauthenticated:
        return None


def _kept(request: Req) -> str:
    return cookie(request, "offer")[:KEPT_BYTES]


def _too_late(request: Req) -> ASGIResponse:
    text = say("This was not finished in time. Go to the sign-in page and begin again.")
    return respond.ready(render.error_page(request, 400, say("Begin again"), text), request)


HANDLERS = [known, ask_link, link, ask_newcomer, newcomer]
